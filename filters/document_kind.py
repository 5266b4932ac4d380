"""What kind of document are these bytes? By the bytes, and where they do not say, by the server."""

import re
from typing import Literal

DocumentKind = Literal["pdf", "html", "markdown"]

_LOOKED_AT = 1024  # bytes: as far as readers of PDF look for its first line
_PDF = b"%PDF-"
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:(?><!--.*?-->)\s*)*"  # a comment is one
    rb"<(?:!doctype\s+html|html|head|body|title|meta)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_TYPES: dict[str, DocumentKind] = {
    "text/html": "html", "application/xhtml+xml": "html",
    "text/markdown": "markdown", "text/x-markdown": "markdown",
}  # fmt: skip
_SILENT = ("", "text/plain", "application/octet-stream", "binary/octet-stream")
_MARKDOWN_NAMES = (".md", ".markdown")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]+)", re.ASCII | re.IGNORECASE)


def document_kind(body: bytes, content_type: str, path: str) -> DocumentKind | None:
    """The kind of a document that was fetched, None where it is none that is rendered.

    Bytes that say that they are PDF or HTML are that, whatever the server says. Markdown has no
    sign: the server says so, or it says no more than "text" or "bytes" and the name does. What a
    name says alone is not believed of PDF and HTML, nor is a server that calls binary bytes text.

    Args:
      body: of the document.
      content_type: the header's value, or "".
      path: of its URL.

    >>> document_kind(b"%PDF-1.7 ...", "text/html", "/a"), document_kind(b"PK..", "", "/a.pdf")
    ('pdf', None)
    >>> document_kind(b"# Kites", "text/plain; charset=utf-8", "/kites.md")
    'markdown'
    """
    head = body[:_LOOKED_AT]
    if _HTML.match(head):  # first: a page may write of PDF
        return "html"
    if _PDF in head:
        return "pdf"
    if b"\0" in head:
        return None
    said = content_type.partition(";")[0].strip().lower()
    if said in _SILENT:
        return "markdown" if path.lower().endswith(_MARKDOWN_NAMES) else None
    return _TYPES.get(said)


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type header names, "" where it names none.

    >>> charset_of('text/html; charset="Windows-1251"')
    'Windows-1251'
    """
    found = _CHARSET.search(content_type)
    return found[1] if found else ""
