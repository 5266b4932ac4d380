"""A page's pixels to the stored picture and all measures of the page."""

import hashlib
import re
import unicodedata

import numpy as np

from pipelines.decoding import Decoding, encode
from pipelines.measuring import measured
from pipelines.rendering.pages import Box, Boxes, Kind, Page, PageText, Rendering, Seen
from pipelines.resizing import Bgrx, Pixels
from schemas.pages import PageMeasures
from schemas.rows import Measures

_GRID = 256  # cells a side: shares are counted on them, to less than a hundredth
_MOST_CHARS = 100_000  # of a page's text: ten times those of a dense one
_MOST_TEXTS = 1_000  # that can stand for a page
_LONGEST_TEXT = 300  # characters: longer ones are no headings and no captions
_HYPHEN = re.compile(r"[\x02\ufffe]\s*")  # PDFium's for one that a line's end brought about


def stored_page(
    number: int, pages: int, kind: Kind, pixels: Pixels | Bgrx, seen: Seen, settings: Rendering
) -> Page:
    """Encodes and measures a page.

    Args:
      number: of the page, from 1.
      pages: of its document.
      kind: of its document.
      pixels: of the page.
      seen: what stands on it.
      settings: how it is stored.
    """
    image = encode(pixels, Decoding(image_format=settings.image_format, quality=settings.quality))
    height, width = pixels.shape[:2]
    of_pixels = Measures(
        width=width,
        height=height,
        original_width=width,
        original_height=height,
        exif="{}",
        sha256=hashlib.sha256(image).hexdigest(),
        original_size=len(image),
        original_format=kind,
        **measured(pixels),
    )
    of_page = page_measures(number, pages, seen, of_pixels.ink)
    texts = _without_twins(seen.texts)[:_MOST_TEXTS]
    return Page(image, of_pixels, of_page, seen.text[:_MOST_CHARS], texts)


def page_measures(number: int, pages: int, seen: Seen, ink: float) -> PageMeasures:
    """Counts what was seen on a page."""
    lines = [line for whole in seen.text.splitlines() if (line := whole.rstrip())]
    words = seen.text.split()
    origins = [text.origin for text in seen.texts]
    return PageMeasures(
        page=number,
        pages=pages,
        characters=sum(map(len, words)),
        words=len(words),
        lines=len(lines),
        lines_to_number=sum(line[-1].isdecimal() for line in lines),
        text_share=covered_share(seen.text_boxes, seen.size),
        font_sizes=len({round(2 * size) for size in seen.font_sizes}),
        headings=origins.count("page-heading"),
        links=seen.links,
        link_characters=seen.link_characters,
        figures=len(seen.figures),
        figure_share=covered_share(seen.figures, seen.size),
        tables=len(seen.tables),
        table_share=covered_share(seen.tables, seen.size),
        charts=len(seen.charts),
        chart_share=covered_share(seen.charts, seen.size),
        ink=ink,
        missing_glyphs=seen.missing_glyphs,
    )


def covered_share(boxes: Boxes, size: tuple[float, float]) -> float:
    """The share of a page that boxes cover, what overlaps counted once.

    >>> covered_share([(0, 0, 50, 100), (25, 0, 50, 100)], (100, 100))
    0.5
    """
    if not len(boxes):
        return 0.0
    scale = np.array([_GRID / size[0], _GRID / size[1]] * 2)
    cells = np.clip(np.rint(np.array(boxes, dtype=np.float64) * scale), 0, _GRID).astype(int)
    left, top, right, bottom = cells.T
    right, bottom = np.maximum(left, right), np.maximum(top, bottom)
    # How many boxes begin in a cell less how many end there; summed both ways, that cover it.
    side = _GRID + 1
    corners = [(top, left), (bottom, right), (top, right), (bottom, left)]
    places = np.concatenate([rows * side + columns for rows, columns in corners])
    steps = np.repeat([1.0, 1.0, -1.0, -1.0], len(left))
    covering = np.bincount(places, steps, side**2).astype(np.int32).reshape(side, side)
    for axis in (0, 1):
        np.cumsum(covering, axis, out=covering)
    return round(float(np.count_nonzero(covering)) / _GRID**2, 4)


def area_share(box: Box, size: tuple[float, float]) -> float:
    """The share of a page that lies within a box, in [0, 1].

    >>> area_share((-10, 0, 50, 100), (100, 100))
    0.5
    """
    width = min(box[2], size[0]) - max(box[0], 0)
    height = min(box[3], size[1]) - max(box[1], 0)
    return max(0.0, width) * max(0.0, height) / (size[0] * size[1])


def one_line(text: str) -> str:
    """A heading or caption as one line, NFC; "" where it is too long to be one.

    >>> one_line("  Red\\n kites "), one_line("inter\\x02 national")
    ('Red kites', 'international')
    """
    line = unicodedata.normalize("NFC", " ".join(_HYPHEN.sub("", text).split()))
    return line if len(line) <= _LONGEST_TEXT else ""


def _without_twins(texts: list[PageText]) -> tuple[PageText, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text.text)
