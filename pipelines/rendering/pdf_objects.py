"""The objects of a PDF's page: where they stand and how large their letters are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from numpy.typing import NDArray

from pipelines.rendering.drawings import Drawing
from pipelines.rendering.pages import Box
from pipelines.rendering.pdfium_calls import (
    Address,
    address_of,
    call_each,
    font_of_text,
    get_bounds,
    get_font_size,
    get_matrix,
    get_point,
    is_embedded,
    kind_of,
    kind_of_point,
    mode_of_text,
    object_of_form,
    object_of_page,
    objects_of_form,
    objects_of_page,
    point_of_path,
    points_of_path,
)

MOST_OBJECTS = 20_000  # of a page looked at
_DEEPEST_FORM = 4  # forms within forms
_MOST_POINTS = 64  # of a path looked at: more are curves
_FLOAT = np.dtype(np.float32).itemsize

Floats = NDArray[np.float64]
Matrix = tuple[float, float, float, float, float, float]  # PDF 32000-1, 8.3.3
_DRAWN = (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
_UNMOVED: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class PageObjects:
    """What stands on a page, forms opened, in the order in which it is drawn.

    Boxes are `(left, top, right, bottom)` in points from the page's upper left corner.

    Attributes:
      size: of the page: width, height, points.
      texts: addresses of text objects that can be seen and have a width.
      text_boxes: of these, shape [texts, 4].
      font_sizes: of these as they stand on the page, points, shape [texts].
      thin_texts: addresses of those without a width.
      images: boxes of pictures.
      drawings: paths and shadings.
    """

    size: tuple[float, float]
    texts: list[int]
    text_boxes: Floats
    font_sizes: Floats
    thin_texts: list[int]
    images: list[Box]
    drawings: list[Drawing]


def page_objects(page: pdfium.PdfPage) -> PageObjects:
    """The first `MOST_OBJECTS` objects of a page."""
    left, bottom, right, top = page.get_bbox()
    found = _Found()
    holder = address_of(page)
    count = min(objects_of_page(holder), MOST_OBJECTS)
    _find(object_of_page, holder, count, _UNMOVED, 0, found)
    text_boxes = found.texts.boxes(left, top)
    is_wide = text_boxes[:, 2] > text_boxes[:, 0]
    handles = np.array(found.texts.handles, np.uint64)
    drawn = found.drawings.boxes(left, top).tolist()
    return PageObjects(
        size=(max(right - left, 1.0), max(top - bottom, 1.0)),
        texts=handles[is_wide].tolist(),
        text_boxes=text_boxes[is_wide],
        font_sizes=_font_sizes(found.texts)[is_wide],
        thin_texts=handles[~is_wide].tolist(),
        images=[(a, b, c, d) for a, b, c, d in found.images.boxes(left, top).tolist()],
        drawings=[
            Drawing((a, b, c, d), _is_box(handle))
            for handle, (a, b, c, d) in zip(found.drawings.handles, drawn, strict=True)
        ],
    )


def has_missing_font(texts: list[int]) -> bool:
    """Whether any of these text objects is in a font that the file does not bring."""
    return not all(map(is_embedded, set(map(font_of_text, texts))))


@dataclass(slots=True)
class _Kind:
    """Objects of a kind, and what the forms that they are in do to each.

    Attributes:
      handles: their addresses.
      moves: what is done to so many of them, one after another; together all.
    """

    handles: list[int] = field(default_factory=list)
    moves: list[tuple[int, Matrix]] = field(default_factory=list)

    def add(self, handles: list[int], moved: Matrix) -> None:
        self.handles += handles
        self.moves.append((len(handles), moved))

    def boxes(self, x: float, y: float) -> Floats:
        """Boxes from the point (x, y), the page's upper left corner."""
        sides = np.zeros((len(self.handles), 4), np.float32)
        call_each(get_bounds, self.handles, *(_places(sides, number) for number in range(4)))
        left, bottom, right, top = self._moved(sides.astype(np.float64).T)
        return np.stack([left - x, y - top, right - x, y - bottom], axis=1)

    def _moved(self, sides: Floats) -> Floats:
        """Sides, shape [4, objects], as forms move them."""
        if not self.are_moved():
            return sides
        a, b, c, d, e, f = self.matrices().T
        xs = np.stack([a * x + c * y + e for x in sides[::2] for y in sides[1::2]])
        ys = np.stack([b * x + d * y + f for x in sides[::2] for y in sides[1::2]])
        return np.stack([xs.min(axis=0), ys.min(axis=0), xs.max(axis=0), ys.max(axis=0)])

    def are_moved(self) -> bool:
        return any(moved is not _UNMOVED for _, moved in self.moves)

    def matrices(self) -> Floats:
        """What is done to each, shape [objects, 6]."""
        counts, moves = zip(*self.moves, strict=True)
        return np.repeat(np.array(moves, np.float64), counts, axis=0)


@dataclass(slots=True)
class _Found:
    """Objects by kind; `looked_at` counts all."""

    texts: _Kind = field(default_factory=_Kind)
    images: _Kind = field(default_factory=_Kind)
    drawings: _Kind = field(default_factory=_Kind)
    looked_at: int = 0

    def add(self, handles: list[int], kinds: list[int], moved: Matrix) -> None:
        """Takes objects that stand one after another."""
        self.looked_at += len(handles)
        of_kinds = list(zip(handles, kinds, strict=True))
        texts = [handle for handle, kind in of_kinds if kind == raw.FPDF_PAGEOBJ_TEXT]
        is_hidden = raw.FPDF_TEXTRENDERMODE_INVISIBLE
        seen = [handle for handle in texts if mode_of_text(handle) != is_hidden]
        self.texts.add(seen, moved)
        images = [handle for handle, kind in of_kinds if kind == raw.FPDF_PAGEOBJ_IMAGE]
        self.images.add(images, moved)
        drawn = [handle for handle, kind in of_kinds if kind in _DRAWN]
        self.drawings.add(drawn, moved)


def _find(
    get: Callable[..., Any],
    holder: Address,
    count: int,
    moved: Matrix,
    depth: int,
    found: _Found,
) -> None:
    """Sorts the first `count` objects of a page or form, what is in forms in its place."""
    handles: list[int] = list(map(get, repeat(holder, count), range(count)))
    kinds = list(map(kind_of, handles))
    forms = [place for place, kind in enumerate(kinds) if kind == raw.FPDF_PAGEOBJ_FORM]
    start = 0
    for place in forms:
        found.add(handles[start:place], kinds[start:place], moved)
        found.looked_at += 1
        start = place + 1
        if depth == _DEEPEST_FORM:
            continue
        form = handles[place]
        inner = min(objects_of_form(form), MOST_OBJECTS - found.looked_at)
        _find(object_of_form, form, inner, _times(_matrix(form), moved), depth + 1, found)
    found.add(handles[start:], kinds[start:], moved)


def _font_sizes(texts: _Kind) -> Floats:
    sizes = np.zeros((len(texts.handles), 1), np.float32)
    matrices = np.zeros((len(texts.handles), 6), np.float32)
    call_each(get_font_size, texts.handles, _places(sizes))
    call_each(get_matrix, texts.handles, _places(matrices))
    scales = _scales(matrices.astype(np.float64))
    if texts.are_moved():
        scales *= _scales(texts.matrices())
    return sizes[:, 0].astype(np.float64) * np.sqrt(scales)


def _places(table: NDArray[np.float32], column: int = 0) -> range:
    """The address of each row's number in a column."""
    start, step = table.ctypes.data + _FLOAT * column, _FLOAT * table.shape[1]
    return range(start, start + step * len(table), step)


def _scales(matrices: Floats) -> Floats:
    """What matrices, shape [objects, 6], make of an area, shape [objects]."""
    a, b, c, d, _, _ = matrices.T
    return np.asarray(np.abs(a * d - b * c), np.float64)


def _matrix(handle: int) -> Matrix:
    matrix = np.zeros(6, np.float32)
    get_matrix(handle, matrix.ctypes.data)
    a, b, c, d, e, f = matrix.tolist()
    return a, b, c, d, e, f


def _times(first: Matrix, then: Matrix) -> Matrix:
    if then is _UNMOVED:
        return first
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
        e * p + f * r + t, e * q + f * s + u,
    )  # fmt: skip


def _is_box(handle: int) -> bool:
    """Whether a drawing is a path with only straight lines along the page's sides."""
    if kind_of(handle) != raw.FPDF_PAGEOBJ_PATH:
        return False
    points = points_of_path(handle)
    if points > _MOST_POINTS:
        return False
    places = np.zeros((max(points, 0), 2), np.float32)
    place, kinds = places.ctypes.data, list[int]()
    for index in range(points):
        point = point_of_path(handle, index)
        kinds.append(kind_of_point(point))
        if kinds[-1] == raw.FPDF_SEGMENT_BEZIERTO:
            return False
        get_point(point, place, place + _FLOAT)
        place += 2 * _FLOAT
    return not any(
        kind == raw.FPDF_SEGMENT_LINETO and _is_slanting(before, here)
        for kind, before, here in zip(
            kinds[1:], places[:-1].tolist(), places[1:].tolist(), strict=True
        )
    )


def _is_slanting(start: list[float], end: list[float]) -> bool:
    return abs(end[0] - start[0]) > 1 and abs(end[1] - start[1]) > 1
