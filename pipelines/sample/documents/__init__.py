"""Documents of the sample world: web pages and PDFs, a table of them, and the truth about them."""

from pipelines.sample.documents.writing import write_documents

__all__ = ["write_documents"]
