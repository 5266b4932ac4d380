"""Alternative texts of tagged PDFs (PDF 32000-1, 14.9.3)."""

import ctypes
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from pipelines.rendering.pages import PageText
from pipelines.rendering.storing import one_line

_MOST_ELEMENTS = 5_000  # of a page's tree, which may go round in circles


def tagged_texts(page: pdfium.PdfPage) -> Iterator[PageText]:
    """The alternative texts on a page, in the order of its tree; none where it is not tagged."""
    tree = raw.FPDF_StructTree_GetForPage(page)
    if not tree:
        return
    try:
        count = raw.FPDF_StructTree_CountChildren(tree)
        open_ = [
            raw.FPDF_StructTree_GetChildAtIndex(tree, n) for n in reversed(range(max(count, 0)))
        ]
        for _ in range(_MOST_ELEMENTS):
            if not open_:
                return
            element = open_.pop()
            if not element:
                continue
            if text := _alternative(element):
                yield PageText("alt-text", text)
            count = min(raw.FPDF_StructElement_CountChildren(element), _MOST_ELEMENTS)
            children = range(max(count, 0))
            open_ += [
                raw.FPDF_StructElement_GetChildAtIndex(element, n) for n in reversed(children)
            ]
    finally:
        raw.FPDF_StructTree_Close(tree)


def _alternative(element: object) -> str:
    length = raw.FPDF_StructElement_GetAltText(element, None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDF_StructElement_GetAltText(element, buffer, length)
    return one_line(buffer.raw[: length - 2].decode("utf-16-le", "ignore"))
