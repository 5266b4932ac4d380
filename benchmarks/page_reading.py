"""Reads documents for benchmarks of pages: their text, and what is known without a browser."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from textwrap import wrap

import markdown_it
import numpy as np
import pypdfium2 as pdfium

from schemas.pages import PageMeasures

SCREEN_LINES = 40
LINE_CHARS = 90  # half as many in scripts of wide characters

_EMPTY = PageMeasures(
    page=1, pages=1, characters=0, words=0, lines=0, lines_to_number=0, text_share=0.0,
    font_sizes=1, headings=0, links=0, link_characters=0, figures=0, figure_share=0.0, tables=0,
    table_share=0.0, charts=0, chart_share=0.0, ink=0.0, missing_glyphs=0,
)  # fmt: skip
_BLOCKS = re.compile(
    "address|article|blockquote|body|caption|center|dd|div|dl|dt|figcaption|figure|footer|form"
    "|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|svg|table|td|th|title|tr|ul"
)
_LARGE = "large picture"  # counted as a tag
_LARGE_SHARE = 0.2  # of a screen, that such a picture is taken to cover
_UNSEEN = frozenset(["script", "style", "head", "title"])


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page of a PDF, or a screen of a web page.

    Attributes:
      text: a line a line.
      measures: those that are not known here are 0.
      contents_characters: of the text, within what a web page marks as contents (`class="toc"`).
    """

    text: str
    measures: PageMeasures
    contents_characters: int = 0


def read_document(path: Path) -> Iterator[ReadPage]:
    """Yields the pages of a PDF, HTML or Markdown file, also gzipped."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    match path.name.removesuffix(".gz").rpartition(".")[2]:
        case "pdf":
            yield from _read_pdf(data)
        case "md":
            yield from _read_html(markdown_it.MarkdownIt().enable("table").render(data.decode()))
        case _:
            yield from _read_html(data.decode("utf-8", "replace"))


def _read_pdf(data: bytes) -> Iterator[ReadPage]:
    document = pdfium.PdfDocument(data)
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage().get_text_range().replace("\r\n", "\n").replace("\ufffe", "-\n")
        figures = [it for it in page.get_objects() if it.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE]
        boxes = [it.get_bounds() for it in figures]
        area = sum((right - left) * (top - bottom) for left, bottom, right, top in boxes)
        measures = replace(
            _EMPTY,
            page=number + 1,
            pages=len(document),
            characters=len("".join(text.split())),
            words=len(text.split()),
            lines=text.count("\n") + 1,
            figures=len(figures),
            figure_share=min(1.0, area / (page.get_width() * page.get_height())),
            ink=_ink(page),
        )
        yield ReadPage(text.strip(), measures)


def _ink(page: pdfium.PdfPage) -> float:
    luma = np.asarray(page.render(grayscale=True).to_numpy()).squeeze()
    commonest = np.bincount(luma.ravel(), minlength=256).argmax()
    return float((np.abs(luma.astype(int) - commonest) > 16).mean())


def _is_large(tag: str, width: str | None) -> bool:
    """Whether a picture is no icon: a drawing, or one that is stated to be wide."""
    return tag == "svg" or (tag == "img" and (width or "").isdecimal() and int(width or 0) >= 150)


@dataclass(slots=True)
class _Line:
    """A line of a web page, and how many of its characters are linked or contents."""

    text: str
    linked: int
    contents: int
    tags: Counter[str]


class _Reader(HTMLParser):
    """Cuts a web page into lines where its blocks begin and end."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[_Line] = []
        self._open: list[tuple[str, bool]] = []  # tags, and whether they are contents
        self._line = _Line("", 0, 0, Counter())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _BLOCKS.fullmatch(tag) or tag == "br":
            self.end_line()
        self._line.tags[tag] += 1
        self._line.tags[_LARGE] += _is_large(tag, dict(attrs).get("width"))
        if tag not in ("br", "img", "meta", "link", "hr", "input"):
            self._open.append((tag, "toc" in (dict(attrs).get("class") or "").split()))

    def handle_endtag(self, tag: str) -> None:
        if _BLOCKS.fullmatch(tag):
            self.end_line()
        while any(tag == opened for opened, _ in self._open) and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if not _UNSEEN.isdisjoint(tags):
            return
        lines = data.split("\n") if "pre" in tags else [" ".join(data.split("\n"))]
        for number, text in enumerate(lines):
            if number:
                self.end_line()
            self._line.text += text
            count = len("".join(text.split()))
            self._line.linked += count if "a" in tags else 0
            self._line.contents += count if any(is_toc for _, is_toc in self._open) else 0

    def end_line(self) -> None:
        if self._line.text.strip() or self._line.tags["img"]:
            self.lines.append(self._line)
            self._line = _Line("", 0, 0, Counter())


def _read_html(html: str) -> Iterator[ReadPage]:
    reader = _Reader()
    reader.feed(html)
    reader.end_line()
    screens = [screen for screen in _screens(reader.lines) if screen]
    for number, lines in enumerate(screens or [[]], start=1):
        yield _screen(lines, number, len(screens))


def _screens(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Yields lines for a screen each; a long one counts as those that it is set in."""
    screen: list[_Line] = []
    room = SCREEN_LINES
    for line in lines:
        for part in _set(line):
            screen.append(part)
            room -= 1
            if not room:
                yield screen
                screen, room = [], SCREEN_LINES
    yield screen


def _set(line: _Line) -> Iterator[_Line]:
    """Yields the lines that a long one is set in; links and contents are spread over them."""
    width = LINE_CHARS if line.text.isascii() or " " in line.text[:40] else LINE_CHARS // 2
    parts = wrap(line.text, width) or [""]
    whole = max(1, len("".join(line.text.split())))
    for number, part in enumerate(parts):
        count = len("".join(part.split()))
        linked, contents = line.linked * count // whole, line.contents * count // whole
        yield _Line(part, linked, contents, Counter() if number else line.tags)


def _screen(lines: list[_Line], number: int, pages: int) -> ReadPage:
    tags = sum((line.tags for line in lines), Counter[str]())
    text = "\n".join(line.text.strip() for line in lines)
    measures = replace(
        _EMPTY,
        page=number,
        pages=pages,
        characters=len("".join(text.split())),
        words=len(text.split()),
        lines=len(lines),
        headings=sum(tags[f"h{level}"] for level in range(1, 7)),
        links=tags["a"],
        link_characters=sum(line.linked for line in lines),
        figures=tags["img"] + tags["svg"],
        figure_share=min(1.0, _LARGE_SHARE * tags[_LARGE]),
        tables=tags["table"],
        ink=1.0 if lines else 0.0,
    )
    return ReadPage(text, measures, sum(line.contents for line in lines))
