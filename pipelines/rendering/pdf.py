"""Pages of PDF: pictures, text layers, and what stands on them by their objects (PDFium).

Runs in a process of its own (see `pipelines.rendering.renderer`): PDFium is not thread-safe, and
some files crash it, hang it or have it swallow memory.
"""

import ctypes
import math
from collections import Counter
from collections.abc import Generator, Iterator

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from filters.page_captions import captions_in
from pipelines.rendering.drawings import Drawing, sort_drawings
from pipelines.rendering.fonts import is_drawn
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
from pipelines.rendering.pdf_tags import tagged_texts
from pipelines.rendering.storing import Box, area_share, one_line, stored_page

_POINTS = 72  # to an inch
_HEADING_SIZE = 1.15  # times that of running text
_DEEPEST_FORM = 4  # forms within forms
_MOST_OBJECTS = 20_000  # of a page looked at
_MOST_POINTS = 64  # of a path looked at: more are curves
_LEAST_FIGURE = 0.01  # of the page
_NEXT_LINE = 1.5  # times the size of a heading, from the foot of a line to that of the next
_WORD_SPACE = 0.15  # likewise, from a word to the next
_NOT_LATIN = 0x250  # Unicode: from here on
_NO_HEIGHT = 0.05  # points: no mark is that low
_INVISIBLE = raw.FPDF_TEXTRENDERMODE_INVISIBLE

Matrix = tuple[float, float, float, float, float, float]  # PDF 32000-1, 8.3.3
_UNMOVED: Matrix = (1, 0, 0, 1, 0, 0)


class PdfRenderer:
    """Renders PDFs one after another.

    Args:
      settings: how.
    """

    def __init__(self, settings: Rendering) -> None:
        self._settings = settings

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
            bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True)
            pixels = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
            bitmap.close()
            seen = _see(page)
        finally:
            page.close()
        return stored_page(number, pages, "pdf", pixels, seen, settings)


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


# What stands on a page


class _Run:
    """A text object: its box, the size of its letters, and itself, for its words."""

    __slots__ = ("box", "handle", "size")

    def __init__(self, box: Box, size: float, handle: object) -> None:
        self.box = box
        self.size = size
        self.handle = handle


class _Objects:
    """The objects of a page in the order in which they are drawn, forms opened.

    Boxes are in points from the page's upper left corner.
    """

    def __init__(self, page: pdfium.PdfPage) -> None:
        left, bottom, right, top = page.get_bbox()
        self.size = max(right - left, 1.0), max(top - bottom, 1.0)
        self.runs: list[_Run] = []
        self.images: list[Box] = []
        self.drawings: list[Drawing] = []
        self.fonts_missing = False
        self._corner = left, top
        self._sides = [ctypes.c_float() for _ in range(4)]  # made once: there are many objects
        self._places = [ctypes.byref(side) for side in self._sides]
        self._matrix = raw.FS_MATRIX()
        self._matrix_place = ctypes.byref(self._matrix)
        self._looked_at = 0
        count = raw.FPDFPage_CountObjects(page)
        for index in range(min(count, _MOST_OBJECTS)):
            self._take(raw.FPDFPage_GetObject(page, index), _UNMOVED, 0)

    def _take(self, handle: object, moved: Matrix, depth: int) -> None:
        self._looked_at += 1
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            if depth < _DEEPEST_FORM:
                inner = _times(_matrix(handle), moved)
                count = min(raw.FPDFFormObj_CountObjects(handle), _MOST_OBJECTS - self._looked_at)
                for index in range(count):
                    self._take(raw.FPDFFormObj_GetObject(handle, index), inner, depth + 1)
            return
        box = self._box(handle, moved)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            self._take_text(handle, box, moved)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            self.images.append(box)
        elif kind in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING):
            is_box = kind == raw.FPDF_PAGEOBJ_PATH and _is_box(handle)
            self.drawings.append(Drawing(box, is_box))

    def _take_text(self, handle: object, box: Box, moved: Matrix) -> None:
        if raw.FPDFTextObj_GetTextRenderMode(handle) == _INVISIBLE:
            return
        if not self.fonts_missing:
            font = raw.FPDFTextObj_GetFont(handle)
            self.fonts_missing = not raw.FPDFFont_GetIsEmbedded(font)
        raw.FPDFTextObj_GetFontSize(handle, self._places[0])
        raw.FPDFPageObj_GetMatrix(handle, self._matrix_place)
        by = self._matrix
        scale = abs(by.a * by.d - by.b * by.c)
        if moved is not _UNMOVED:
            scale *= abs(moved[0] * moved[3] - moved[1] * moved[2])
        self.runs.append(_Run(box, self._sides[0].value * math.sqrt(scale), handle))

    def _box(self, handle: object, moved: Matrix) -> Box:
        left, bottom, right, top = self._sides
        raw.FPDFPageObj_GetBounds(handle, *self._places)
        sides = left.value, bottom.value, right.value, top.value
        if moved is not _UNMOVED:
            sides = _moved(sides, moved)
        x, y = self._corner
        return sides[0] - x, y - sides[3], sides[2] - x, y - sides[1]


def _matrix(handle: object) -> Matrix:
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(handle, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    if then is _UNMOVED:
        return first
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
        e * p + f * r + t, e * q + f * s + u,
    )  # fmt: skip


def _moved(sides: Box, by: Matrix) -> Box:
    a, b, c, d, e, f = by
    corners = [(x, y) for x in (sides[0], sides[2]) for y in (sides[1], sides[3])]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _is_box(handle: object) -> bool:
    """Whether a path has only straight lines along the page's sides."""
    points = raw.FPDFPath_CountSegments(handle)
    if points > _MOST_POINTS:
        return False
    x, y = ctypes.c_float(), ctypes.c_float()
    before: tuple[float, float] | None = None
    for index in range(points):
        segment = raw.FPDFPath_GetPathSegment(handle, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_BEZIERTO:
            return False
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        here = x.value, y.value
        if kind == raw.FPDF_SEGMENT_LINETO and before and _is_slanting(before, here):
            return False
        before = here
    return True


def _is_slanting(start: tuple[float, float], end: tuple[float, float]) -> bool:
    return abs(end[0] - start[0]) > 1 and abs(end[1] - start[1]) > 1


def _see(page: pdfium.PdfPage) -> Seen:
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        objects = _Objects(page)
        size = objects.size
        runs = [run for run in objects.runs if run.box[2] > run.box[0]]
        kinds = sort_drawings(objects.drawings, [run.box for run in runs], size)
        images = [box for box in objects.images if area_share(box, size) >= _LEAST_FIGURE]
        links, in_links = _links(page, textpage)
        return Seen(
            size=size,
            text=text,
            text_boxes=[run.box for run in runs],
            font_sizes={run.size for run in runs},
            figures=images + kinds.figures,
            tables=kinds.tables,
            charts=kinds.charts,
            links=links,
            link_characters=in_links,
            missing_glyphs=_missing_glyphs(textpage, text) if objects.fonts_missing else 0,
            texts=[
                *_headings(runs, textpage),
                *(PageText(origin, one_line(caption)) for origin, caption in captions_in(text)),
                *tagged_texts(page),
            ],
        )
    finally:
        textpage.close()


def _headings(runs: list[_Run], textpage: pdfium.PdfTextPage) -> Iterator[PageText]:
    """Lines that are set larger than the running text, which most of the page is set in."""
    widths: Counter[float] = Counter()
    for run in runs:
        widths[round(2 * run.size) / 2] += round(run.box[2] - run.box[0])
    if not widths:
        return
    body = max(widths, key=lambda size: (widths[size], -size))
    line: list[str] = []
    before: _Run | None = None
    for run in runs:
        if run.size < _HEADING_SIZE * body:
            continue
        if before is not None and not _goes_on(before, run):
            yield PageText("page-heading", one_line("".join(line)))
            line = []
        elif before is not None and _is_apart(before, run):
            line.append(" ")
        line.append(_words(run, textpage))
        before = run
    if line:
        yield PageText("page-heading", one_line("".join(line)))


def _goes_on(before: _Run, run: _Run) -> bool:
    """Whether a run belongs to the heading of the one before it: as large, and close below."""
    return abs(run.size - before.size) < 1 and _drop(before, run) < _NEXT_LINE * run.size


def _is_apart(before: _Run, run: _Run) -> bool:
    """Whether a run begins another word than the one before it, or another line."""
    gap = run.box[0] - before.box[2]
    return gap > _WORD_SPACE * run.size or _drop(before, run) > 0.5 * run.size


def _drop(before: _Run, run: _Run) -> float:
    return abs(run.box[3] - before.box[3])


def _words(run: _Run, textpage: pdfium.PdfTextPage) -> str:
    length = raw.FPDFTextObj_GetText(run.handle, textpage, None, 0)
    if length <= 2:
        return ""
    buffer = ctypes.create_string_buffer(length)
    units = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
    raw.FPDFTextObj_GetText(run.handle, textpage, units, length)
    return buffer.raw[: length - 2].decode("utf-16-le", "ignore")


def _links(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> tuple[int, int]:
    """How many links a page has, and how many characters lie in them."""
    place, link, box = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
    links = characters = 0
    while links < _MOST_OBJECTS and raw.FPDFLink_Enumerate(page, place, link):
        links += 1
        if raw.FPDFLink_GetAnnotRect(link, box):
            sides = box.left, box.bottom, box.right, box.top
            characters += len("".join(textpage.get_text_bounded(*sides).split()))
    return links, characters


def _missing_glyphs(textpage: pdfium.PdfTextPage, text: str) -> int:
    """Characters that leave no mark: fonts that the file lacks were replaced by those here.

    PDFium brings Latin letters itself.
    """
    sides = [ctypes.c_double() for _ in range(4)]
    missing = 0
    for index, character in enumerate(text):
        if ord(character) < _NOT_LATIN or not is_drawn(character):
            continue
        if raw.FPDFText_GetCharBox(textpage, index, *sides):
            _, _, bottom, top = sides
            missing += top.value - bottom.value < _NO_HEIGHT
    return missing
