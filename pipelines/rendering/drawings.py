"""What a page's vector drawings are: tables, charts, figures, or rules and boxes behind text.

Marks that touch, or nearly so, are one drawing. Decided by what is drawn, not by how it looks.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.rendering.pages import Box
from pipelines.rendering.storing import area_share

_CELL = 3.0  # points: marks this close touch
_THIN = 2.5  # points: a rule
_LEAST = 0.01  # of the page
_WHOLE_PAGE = 0.9  # of the page: its background
_LEAST_MARKS = 4  # of a chart or figure
_LEAST_LINES = 3  # either way: two rows, two columns
_SAME_LINE = 2.0  # points
_LABELS = 2  # that a chart has
_MARGIN = 14.0  # points around a chart where its labels stand


class Drawing(NamedTuple):
    """A path.

    Attributes:
      box: left, top, right, bottom in points.
      is_box: whether it has only straight lines along the page's sides.
    """

    box: Box
    is_box: bool


@dataclass(slots=True)
class Kinds:
    """The boxes of drawings by what they are."""

    tables: list[Box] = field(default_factory=list)
    charts: list[Box] = field(default_factory=list)
    figures: list[Box] = field(default_factory=list)


def sort_drawings(
    drawings: list[Drawing], texts: NDArray[np.float64], size: tuple[float, float]
) -> Kinds:
    """Tells tables, charts and figures among the paths of a page.

    A table has three rulings or more each way and text between them; a chart four marks that are
    no rulings, and text beside them; a figure such marks and no text.

    Args:
      drawings: paths of the page.
      texts: boxes of its text, shape [texts, 4].
      size: of the page, in points.
    """
    kinds = Kinds()
    on_page = [
        drawing
        for drawing in drawings
        if _extent(drawing.box, size) > 0 and not _is_ground(drawing, size)
    ]
    for group in _groups(on_page, size):
        box = _hull([drawing.box for drawing in group])
        if area_share(box, size) < _LEAST:
            continue
        labels = _labels(texts, box)
        marks = [drawing for drawing in group if not _is_rule(drawing.box)]
        if labels >= _LABELS and _is_grid(group):
            kinds.tables.append(box)
        elif _are_bars(marks) or (
            len(marks) >= _LEAST_MARKS and not all(mark.is_box for mark in marks)
        ):
            (kinds.charts if labels >= _LABELS else kinds.figures).append(box)
    return kinds


def _extent(box: Box, size: tuple[float, float]) -> float:
    """Of the part on the page, the longer side."""
    width = min(box[2], size[0]) - max(box[0], 0)
    height = min(box[3], size[1]) - max(box[1], 0)
    return max(width, height) if min(width, height) >= 0 else 0.0


def _is_ground(drawing: Drawing, size: tuple[float, float]) -> bool:
    return area_share(drawing.box, size) > _WHOLE_PAGE


def _is_rule(box: Box) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) <= _THIN


def _groups(drawings: list[Drawing], size: tuple[float, float]) -> list[list[Drawing]]:
    """Drawings by the connected areas that their boxes make on a coarse grid."""
    if not drawings:
        return []
    scale = _CELL * max(1.0, max(size) / 3000)  # of posters: no more than a million cells
    shape = int(size[1] / scale) + 2, int(size[0] / scale) + 2
    grid = np.zeros(shape, np.uint8)
    places = []
    for drawing in drawings:
        left, top, right, bottom = (int(max(0.0, side) / scale) for side in drawing.box)
        right, bottom = min(right, shape[1] - 1), min(bottom, shape[0] - 1)
        left, top = min(left, right), min(top, bottom)
        grid[top : bottom + 1, left : right + 1] = 1
        places.append((top, left))
    _, labels = cv2.connectedComponents(grid, connectivity=8)
    groups: dict[int, list[Drawing]] = {}
    for drawing, place in zip(drawings, places, strict=True):
        groups.setdefault(int(labels[place]), []).append(drawing)
    return list(groups.values())


def _hull(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _labels(texts: NDArray[np.float64], box: Box) -> int:
    """How many texts meet a box or stand near it."""
    left, top, right, bottom = texts.T
    across = (left < box[2] + _MARGIN) & (right > box[0] - _MARGIN)
    down = (top < box[3] + _MARGIN) & (bottom > box[1] - _MARGIN)
    return int(np.count_nonzero(across & down))


def _is_grid(group: list[Drawing]) -> bool:
    """Whether rulings, or the sides of cells that share them, make two rows and two columns."""
    if any(not drawing.is_box for drawing in group):
        return False
    across, down = list[float](), list[float]()
    for drawing in group:
        left, top, right, bottom = drawing.box
        wide, high = right - left > _THIN, bottom - top > _THIN
        if wide and high:
            across += [top, bottom]
            down += [left, right]
        elif wide:
            across.append(top)
        elif high:
            down.append(left)
    return all(
        _LEAST_LINES <= _lines(sides) <= max(_LEAST_LINES, 0.75 * len(sides))
        or (_lines(sides) >= _LEAST_LINES and _are_rules(group))
        for sides in (across, down)
    )


def _are_rules(group: list[Drawing]) -> bool:
    return all(_is_rule(drawing.box) for drawing in group)


def _lines(sides: list[float]) -> int:
    """How many different lines sides lie on."""
    ordered = np.sort(np.array(sides))
    return int(1 + np.count_nonzero(np.diff(ordered) > _SAME_LINE)) if len(sides) else 0


def _are_bars(marks: list[Drawing]) -> bool:
    """Whether boxes stand on one line and end at different ones, as the bars of a chart."""
    if len(marks) < _LEAST_MARKS:
        return False
    boxes = np.array([mark.box for mark in marks if mark.is_box])
    if len(boxes) < _LEAST_MARKS:
        return False
    for foot, end in ((3, 1), (0, 2)):
        feet = boxes[np.abs(boxes[:, foot] - np.median(boxes[:, foot])) <= _SAME_LINE]
        if len(feet) >= _LEAST_MARKS and _lines(feet[:, end].tolist()) >= _LEAST_LINES:
            return True
    return False
