"""Pages of PDF: pictures, text layers, and what stands on them by their objects (PDFium).

Runs in a process of its own (see `pipelines.rendering.renderer`): PDFium is not thread-safe, and
some files crash it, hang it or have it swallow memory.
"""

import ctypes
import math
from collections.abc import Generator

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from filters.page_captions import captions_in
from pipelines.rendering.drawings import sort_drawings
from pipelines.rendering.pages import (
    Document,
    LostPage,
    Opened,
    Page,
    PageText,
    RenderError,
    RenderFault,
    Rendering,
    Seen,
)
from pipelines.rendering.pdf_objects import page_objects
from pipelines.rendering.pdf_tags import tagged_texts
from pipelines.rendering.pdf_texts import headings, links, missing_glyphs
from pipelines.rendering.storing import area_share, one_line, stored_page

_POINTS = 72  # to an inch
_BYTES = 4  # a pixel: PDFium draws these faster than three
_LEAST_FIGURE = 0.01  # of the page


class PdfRenderer:
    """Renders PDFs one after another. A page's pixels stand until the next one is rendered.

    Args:
      settings: how.
    """

    def __init__(self, settings: Rendering) -> None:
        self._settings = settings
        self._buffer: ctypes.Array[ctypes.c_ubyte] = (ctypes.c_ubyte * 0)()

    def render(
        self, document: Document, first: int
    ) -> Generator[Opened | Page | LostPage, None, None]:
        """What the document says of itself, then its pages from number `first` on.

        Raises:
          RenderError: where it has no pages that could be rendered.
        """
        try:
            opened = pdfium.PdfDocument(document.body)
        except pdfium.PdfiumError as error:
            is_locked = "assword" in str(error)
            fault = RenderFault.ENCRYPTED if is_locked else RenderFault.BROKEN
            raise RenderError(fault, str(error)) from error
        with opened:
            pages = len(opened)
            _check_pages(pages, self._settings.max_pages)
            title = one_line(opened.get_metadata_value("Title"))
            yield Opened(pages, title, _language(opened))
            for number in range(first, pages + 1):
                try:
                    yield self._page(opened, number, pages)
                except pdfium.PdfiumError as error:
                    yield LostPage(number, RenderFault.BROKEN_PAGE, str(error))
                except RenderError as error:
                    yield LostPage(number, error.fault, error.detail)

    def close(self) -> None:
        """Nothing is held between documents."""

    def _page(self, document: pdfium.PdfDocument, number: int, pages: int) -> Page:
        settings = self._settings
        scale = settings.dpi / _POINTS
        page = document[number - 1]
        try:
            width, height = page.get_size()
            size = math.ceil(width * scale), math.ceil(height * scale)
            if size[0] * size[1] > settings.max_pixels:
                raise RenderError(RenderFault.TOO_MANY_PIXELS, f"{size[0]} x {size[1]}")
            if min(size) < 1:
                raise RenderError(RenderFault.BROKEN_PAGE, f"{width} x {height} points")
            bitmap = page.render(
                scale=scale, may_draw_forms=False, prefer_bgrx=True, bitmap_maker=self._bitmap
            )
            pixels = bitmap.to_numpy()
            bitmap.close()
            seen = _see(page)
        finally:
            page.close()
        return stored_page(number, pages, "pdf", pixels, seen, settings)

    def _bitmap(
        self,
        width: int,
        height: int,
        format: int,  # noqa: A002  # pypdfium2's name for it
        rev_byteorder: bool,
    ) -> pdfium.PdfBitmap:
        """A bitmap in the one buffer that all pages are drawn in, one after another."""
        size = _BYTES * width * height
        if len(self._buffer) < size:
            self._buffer = (ctypes.c_ubyte * size)()
        return pdfium.PdfBitmap.new_native(
            width, height, format, rev_byteorder, buffer=self._buffer
        )


def _check_pages(pages: int, most: int) -> None:
    if not pages:
        raise RenderError(RenderFault.NO_PAGES, "it has no pages")
    if pages > most:
        raise RenderError(RenderFault.TOO_MANY_PAGES, f"{pages:,} pages, more than {most:,}")


def _language(document: pdfium.PdfDocument) -> str:
    """The catalog's `Lang`, or ""."""
    length = raw.FPDFCatalog_GetLanguage(document, None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFCatalog_GetLanguage(
        document, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length
    )
    return buffer.raw[: length - 2].decode("utf-16-le", "replace")


def _see(page: pdfium.PdfPage) -> Seen:
    """What stands on a page."""
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        objects = page_objects(page)
        size = objects.size
        kinds = sort_drawings(objects.drawings, objects.text_boxes, size)
        images = [box for box in objects.images if area_share(box, size) >= _LEAST_FIGURE]
        link_count, in_links = links(page, textpage)
        return Seen(
            size=size,
            text=text,
            text_boxes=objects.text_boxes,
            font_sizes=set(objects.font_sizes.tolist()),
            figures=images + kinds.figures,
            tables=kinds.tables,
            charts=kinds.charts,
            links=link_count,
            link_characters=in_links,
            missing_glyphs=missing_glyphs(objects, textpage, text),
            texts=[
                *headings(objects, textpage),
                *(PageText(origin, one_line(caption)) for origin, caption in captions_in(text)),
                *tagged_texts(page),
            ],
        )
    finally:
        textpage.close()
