import time

import pytest

from filters.document_kind import document_kind

HTML = b"<!DOCTYPE html><title>Kites</title>"


@pytest.mark.parametrize(
    ("body", "content_type", "path", "kind"),
    [
        (b"%PDF-1.4 \xe2\xe3", "application/pdf", "/a", "pdf"),
        (b"\xef\xbb\xbf\n%PDF-1.4", "", "/a", "pdf"),
        (b"x" * 1020 + b"%PDF-", "application/pdf", "/a.pdf", None),
        (b"not there", "application/pdf", "/a.pdf", None),
        (HTML, "application/pdf", "/a.pdf", "html"),  # a page that says so in a PDF's place
        (HTML, "", "/a.md", "html"),
        (HTML + b"<p>The first line is %PDF-1.7", "text/html", "/a", "html"),
        (b"<!-- a -->\n <html lang=en>", "text/plain", "/a", "html"),
        (b"<!-- a --><!-- b > -->\n<!----><html>", "", "/a", "html"),
        (b'<?xml version="1.0"?>\n<html>', "application/xhtml+xml", "/a", "html"),
        (b"Kites without a tag", "text/html; charset=utf-8", "/a", "html"),
        (b"Kites\0", "text/html", "/a.html", None),
        (b"PK\3\4\0", "application/octet-stream", "/a.html", None),
        (b"# Kites", "text/markdown", "/a", "markdown"),
        (b"# Kites", "TEXT/Plain", "/a.MD", "markdown"),
        (b"# Kites", "", "/a.markdown", "markdown"),
        (b"# Kites", "text/plain", "/a.txt", None),
        (b"# Kites", "image/png", "/a.md", None),
        (b"\x89PNG\r\n\x1a\n\0", "image/png", "/a.pdf", None),
        (b"{}", "application/json", "/a", None),
    ],
)
def test_documents_are_told_by_their_bytes_then_by_their_server(
    body: bytes, content_type: str, path: str, kind: str | None
) -> None:
    assert document_kind(body, content_type, path) == kind


@pytest.mark.parametrize("part", [b"<!---->", b"<!-- ", b"<?xml ?>", b" ", b"<?xml"])
def test_no_document_takes_long(part: bytes) -> None:
    started = time.process_time()
    assert document_kind(part * 24 + b"x", "", "/a") is None
    assert time.process_time() - started < 1
