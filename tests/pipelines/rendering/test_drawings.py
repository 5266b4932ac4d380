import numpy as np
import pytest

from pipelines.rendering.drawings import Drawing, sort_drawings
from pipelines.rendering.pages import Box
from pipelines.rendering.storing import area_share, covered_share

SIZE = (600.0, 800.0)
WORDS: list[Box] = [(110, 110, 140, 120), (210, 110, 240, 120), (110, 150, 140, 160)]


def grid(left: float, top: float, columns: int, rows: int) -> list[Drawing]:
    """The rulings of a table with cells of 100 x 40 points."""
    right, bottom = left + 100 * columns, top + 40 * rows
    across = [Drawing((left, top + 40 * n, right, top + 40 * n + 1), True) for n in range(rows + 1)]
    down = [
        Drawing((left + 100 * n, top, left + 100 * n + 1, bottom), True) for n in range(columns + 1)
    ]
    return across + down


def kinds_of(drawings: list[Drawing], texts: list[Box]) -> tuple[int, int, int]:
    kinds = sort_drawings(drawings, np.array(texts, np.float64).reshape(-1, 4), SIZE)
    return len(kinds.tables), len(kinds.charts), len(kinds.figures)


BARS = [Drawing((110 + 40 * n, 300 - 30 * n, 140 + 40 * n, 400), True) for n in range(5)]
AXIS = [Drawing((100, 400, 320, 401), True)]
CURVES = [Drawing((100 + 40 * n, 300, 150 + 40 * n, 360), False) for n in range(5)]
BELOW: list[Box] = [(110, 364, 130, 372), (190, 364, 210, 372)]
LOWER: list[Box] = [(110, 610, 140, 620), (210, 610, 240, 620)]
LABELS: list[Box] = [(110, 404, 130, 412), (190, 404, 210, 412)]


@pytest.mark.parametrize(
    ("drawings", "texts", "kinds"),
    [
        (grid(100, 100, 3, 3), WORDS, (1, 0, 0)),
        (grid(100, 100, 1, 3), WORDS, (0, 0, 0)),  # lines between paragraphs
        (grid(100, 100, 3, 3), [], (0, 0, 0)),
        (BARS + AXIS, LABELS, (0, 1, 0)),
        (BARS + AXIS, [], (0, 0, 1)),
        (CURVES, BELOW, (0, 1, 0)),
        (CURVES, [], (0, 0, 1)),
        (grid(100, 600, 3, 3) + BARS + AXIS, LOWER + LABELS, (1, 1, 0)),
        ([Drawing((0, 0, 600, 800), True)], WORDS, (0, 0, 0)),  # the page's ground
        ([Drawing((50, 100, 550, 300), True)], WORDS, (0, 0, 0)),  # a box behind text
        ([Drawing((50, 400, 550, 401), True)], WORDS, (0, 0, 0)),
        ([Drawing((-900, -900, -100, -100), False)] * 9, WORDS, (0, 0, 0)),  # off the page
        ([Drawing((1, 1, 1e9, 1e9), False), *CURVES], BELOW, (0, 1, 0)),
        ([], WORDS, (0, 0, 0)),
    ],
)
def test_drawings_are_told_apart(
    drawings: list[Drawing], texts: list[Box], kinds: tuple[int, int, int]
) -> None:
    assert kinds_of(drawings, texts) == kinds


def test_what_overlaps_is_covered_once() -> None:
    assert covered_share([], SIZE) == 0
    assert covered_share([(0, 0, 300, 800), (100, 0, 300, 800)], SIZE) == 0.5
    assert covered_share([(-50, -50, 900, 900)], SIZE) == 1
    assert area_share((300, 400, 900, 900), SIZE) == 0.25
    assert area_share((700, 0, 900, 800), SIZE) == 0


def test_covered_cells_are_those_that_boxes_fill_one_by_one() -> None:
    dice = np.random.default_rng(1)
    corners = dice.integers(-20, 300, (400, 2, 2))
    boxes = np.hstack([corners.min(axis=1), corners.max(axis=1)]).astype(float)
    boxes[::50, 2] = boxes[::50, 0] - 5  # no box at all
    grid = np.zeros((256, 256), bool)
    for left, top, right, bottom in np.clip(boxes, 0, 256).astype(int):
        grid[top:bottom, left:right] = True
    assert covered_share(boxes[::50], (256.0, 256.0)) == 0
    assert covered_share(boxes, (256.0, 256.0)) == round(float(grid.mean()), 4)
