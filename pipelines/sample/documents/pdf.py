"""Writes a document as a PDF 1.4 with a text layer.

Written by hand in two of the standard fonts, which need no embedding and cover the languages of
windows-1252. Positions are points from the lower left.
"""

import textwrap
from dataclasses import dataclass, field
from itertools import pairwise

from pipelines.sample.charts import Chart
from pipelines.sample.documents.blocks import (
    Block,
    Bullets,
    Contents,
    Document,
    Figure,
    Heading,
    Page,
    Paragraph,
    Table,
    leader,
)
from pipelines.sample.documents.figures import HEIGHT, LETTER, WIDTH, Area, Label, Line, marks_of
from pipelines.sample.drawing import TONES
from pipelines.sample.spoiling import encode
from pipelines.sample.subjects import draw

PDF_LANGUAGES = ("en", "da", "nl", "fi", "fr", "de", "id", "it", "no", "pt", "es", "sv")

PAPER = (595, 842)  # points: A4
_MARGIN = 64
_TEXT_WIDTH = PAPER[0] - 2 * _MARGIN
_FOOT = 40  # of the page's number
_WIDTHS = {"F1": 0.5, "F2": 0.57}  # of a letter's height: how wide one is, give or take
_DIGIT = 0.556  # of its height: how wide each is in Helvetica

_TITLE, _HEADING, _TEXT, _CAPTION = 20, 14, 10, 9  # letters' heights
_LEADING = 1.4  # from line to line, in letters' heights
_PICTURE_WIDTH, _CHART_WIDTH = 200, 260
_COLUMNS = (0, 190, 390, _TEXT_WIDTH)  # where a table's columns begin, and the last one's end
_FONTS = b"/Font << /F1 3 0 R /F2 4 0 R >>"
_CATALOG, _PAGES, _REGULAR, _BOLD, _INFO, _FREE = range(1, 7)


@dataclass(slots=True)
class _Canvas:
    """What is drawn on a page so far.

    Attributes:
      height: where the next block begins.
      operators: a line each.
      pictures: JPEG files with their widths and heights in pixels, in the order of drawing.
    """

    height: float = PAPER[1] - _MARGIN
    operators: list[str] = field(default_factory=list)
    pictures: list[tuple[bytes, int, int]] = field(default_factory=list)

    def write(self, text: str, size: int, *, left: float = _MARGIN, font: str = "F1") -> None:
        """Writes one line at the current height."""
        self.write_at(left, self.height, text, size, font)

    def write_at(self, x: float, y: float, text: str, size: float, font: str = "F1") -> None:
        place = f"{x:.2f} {y:.2f} Td"
        self.operators.append(f"BT /{font} {size:.2f} Tf {place} {_literal(text)} Tj ET")

    def write_lines(self, text: str, size: int, *, left: float = _MARGIN, font: str = "F1") -> None:
        """Writes a text from margin to margin and goes below it."""
        for line in _wrap(text, PAPER[0] - _MARGIN - left, size, font):
            self.height -= size * _LEADING
            self.write(line, size, left=left, font=font)
        self.height -= size * 0.6

    def fill(self, points: tuple[tuple[float, float], ...], colour: str) -> None:
        self.operators.append(f"{_tone(colour)} rg {_path(points)} h f 0 g")

    def stroke(
        self, points: tuple[tuple[float, float], ...], colour: str, thickness: float
    ) -> None:
        style = f"{_tone(colour)} RG {thickness:.2f} w"
        self.operators.append(f"{style} {_path(points)} S 0 G")


def make_pdf(document: Document) -> bytes:
    """Returns the file, its catalog last: one that was cut has no pages.

    Raises UnicodeEncodeError for text that windows-1252 lacks.
    """
    objects: list[tuple[int, bytes]] = [
        (_REGULAR, _font(b"Helvetica")),
        (_BOLD, _font(b"Helvetica-Bold")),
        (_INFO, b"<< /Title %b >>" % _unicode(document.title)),
    ]
    kids, number = [], _FREE
    for at, page in enumerate(document.pages, start=1):
        canvas = _draw_page(page, at, document)
        names = [f"/P{n} {number + n} 0 R" for n in range(len(canvas.pictures))]
        objects += [(number + n, _picture(*it)) for n, it in enumerate(canvas.pictures)]
        number += len(canvas.pictures)
        content = "\n".join(canvas.operators).encode("cp1252")
        objects += [
            (number, b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)),
            (number + 1, _page(number, " ".join(names))),
        ]
        kids.append(f"{number + 1} 0 R")
        number += 2
    tree = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    catalog = f"<< /Type /Catalog /Pages {_PAGES} 0 R /Lang ({document.language}) >>"
    return _assemble([*objects, (_PAGES, tree.encode()), (_CATALOG, catalog.encode())])


def _draw_page(page: Page, number: int, document: Document) -> _Canvas:
    canvas = _Canvas()
    if not page.blocks:
        return canvas
    top, (width, _) = canvas.height, PAPER
    edge = width - _MARGIN if document.look else _MARGIN + 90
    canvas.fill(((_MARGIN, top), (edge, top), (edge, top + 8), (_MARGIN, top + 8)), document.accent)
    canvas.height -= 12
    for block in page.blocks:
        _draw_block(block, canvas, document.accent)
    canvas.write_at(width / 2 - 5, _FOOT, str(number), _CAPTION)
    return canvas


def _draw_block(block: Block, canvas: _Canvas, accent: str) -> None:
    match block:
        case Heading(level, text):
            canvas.write_lines(text, _TITLE if level == 1 else _HEADING, font="F2")
        case Paragraph(text):
            canvas.write_lines(text, _TEXT)
        case Bullets(items):
            for item in items:
                _draw_dot(canvas, accent)
                canvas.write_lines(item, _TEXT, left=_MARGIN + 14)
        case Contents(entries):
            for entry in entries:
                canvas.write_lines(leader(*entry), _TEXT)
        case Table():
            _draw_table(block, canvas)
        case Figure():
            _draw_figure(block, canvas)


def _draw_dot(canvas: _Canvas, colour: str) -> None:
    left, bottom = _MARGIN + 3.0, canvas.height - _TEXT * _LEADING + 2
    corners = ((0, 0), (4, 0), (4, 4), (0, 4))
    canvas.fill(tuple((left + x, bottom + y) for x, y in corners), colour)


def _draw_table(table: Table, canvas: _Canvas) -> None:
    canvas.write_lines(table.caption, _CAPTION)
    heights = [canvas.height]
    for row in (table.header, *table.rows):
        _draw_row(row, "F2" if row is table.header else "F1", canvas)
        heights.append(canvas.height)
    for height in heights:
        canvas.stroke(((_MARGIN, height), (_MARGIN + _TEXT_WIDTH, height)), "black", 0.7)
    for left in _COLUMNS:
        x = _MARGIN + left
        canvas.stroke(((x, heights[0]), (x, heights[-1])), "black", 0.7)
    canvas.height -= _TEXT


def _draw_row(row: tuple[str, ...], font: str, canvas: _Canvas) -> None:
    """Writes a row's cells, as high as the highest of them."""
    top, step = canvas.height, _CAPTION * _LEADING
    for (left, right), cell in zip(pairwise(_COLUMNS), row, strict=True):
        height = top
        for line in _wrap(cell, right - left - 8, _CAPTION, font):
            height -= step
            canvas.write_at(_MARGIN + left + 4, height, line, _CAPTION, font)
        canvas.height = min(canvas.height, height - step / 2)


def _draw_figure(figure: Figure, canvas: _Canvas) -> None:
    canvas.operators.append(f"/Figure << /Alt {_unicode(figure.alt).decode()} >> BDC")
    if figure.chart:
        _draw_chart(figure.chart, canvas)
    else:
        subject = figure.subject
        height = _PICTURE_WIDTH * subject.height / subject.width
        canvas.height -= height + _CAPTION
        name = f"P{len(canvas.pictures)}"
        canvas.pictures.append((encode(draw(subject), "jpg"), subject.width, subject.height))
        place = f"{_PICTURE_WIDTH} 0 0 {height:.2f} {_MARGIN} {canvas.height:.2f} cm"
        canvas.operators.append(f"q {place} /{name} Do Q")
    canvas.operators.append("EMC")
    canvas.write_lines(figure.caption, _CAPTION)


def _draw_chart(chart: Chart, canvas: _Canvas) -> None:
    scale = _CHART_WIDTH / WIDTH
    top = canvas.height
    canvas.height -= HEIGHT * scale

    def place(points: tuple[tuple[int, int], ...]) -> tuple[tuple[float, float], ...]:
        return tuple((_MARGIN + x * scale, top - y * scale) for x, y in points)

    for mark in marks_of(chart):
        match mark:
            case Area(points, colour):
                canvas.fill(place(points), colour)
            case Line(points, colour, thickness):
                canvas.stroke(place(points), colour, thickness * scale)
            case Label(at, text):
                ((x, y),) = place((at,))
                size = LETTER * scale
                canvas.write_at(x - len(text) * _DIGIT * size / 2, y, text, size)


def _font(name: bytes) -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /%b /Encoding /WinAnsiEncoding >>" % name


def _page(content: int, pictures: str) -> bytes:
    """Returns a page object; `content` is the number of its stream."""
    width, height = PAPER
    return (
        f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {width} {height}] /Contents "
        f"{content} 0 R /Resources << /XObject << {pictures} >> "
    ).encode() + b"%b >> >>" % _FONTS


def _picture(data: bytes, width: int, height: int) -> bytes:
    head = (
        f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB "
        f"/BitsPerComponent 8 /Filter /DCTDecode /Length {len(data)} >>\nstream\n"
    )
    return head.encode() + data + b"\nendstream"


def _wrap(text: str, width: float, size: int, font: str) -> list[str]:
    """Never breaks at a hyphen: readers of PDFs take it for one that was put in."""
    return textwrap.wrap(text, int(width / (size * _WIDTHS[font])), break_on_hyphens=False)


def _literal(text: str) -> str:
    """Returns a PDF string.

    >>> _literal("a (b)")
    '(a \\\\(b\\\\))'
    """
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"({escaped})"


def _unicode(text: str) -> bytes:
    """Returns a PDF string of any characters, for what is not drawn.

    >>> _unicode("aß")
    b'<FEFF006100DF>'
    """
    return b"<FEFF%b>" % text.encode("utf-16-be").hex().upper().encode()


def _path(points: tuple[tuple[float, float], ...]) -> str:
    first, *others = (f"{x:.2f} {y:.2f}" for x, y in points)
    return " ".join([f"{first} m", *(f"{point} l" for point in others)])


def _tone(colour: str) -> str:
    return " ".join(f"{level / 255:.3f}" for level in TONES[colour])


def _assemble(objects: list[tuple[int, bytes]]) -> bytes:
    """Returns a file of these numbered objects in their order, with its cross-reference table."""
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = {}
    for number, body in objects:
        offsets[number] = len(data)
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets))
    size = len(objects) + 1
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, entries)
        + b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (size, _CATALOG, _INFO)
        + b"startxref\n%d\n%%%%EOF\n" % len(data)
    )
