"""Charts as lines and letters, in no format: what a web page and a PDF draw in their own ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeAlias

from pipelines.sample.charts import DIRECTIONS, TURN, Chart

WIDTH, HEIGHT = 1000, 600  # units of a drawing, from the top left
LETTER = 40  # units, the height of its letters

_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 60, 960, 560
_RADIUS = 250

Point: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon.

    Attributes:
      points: its corners.
      colour: one of the drawings' TONES.
    """

    points: tuple[Point, ...]
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points.

    Attributes:
      points: two or more.
      colour: one of the drawings' TONES.
      thickness: units.
    """

    points: tuple[Point, ...]
    colour: str
    thickness: int


@dataclass(frozen=True, slots=True)
class Label:
    """Letters.

    Attributes:
      at: the middle of their lower edge.
      text: digits.
    """

    at: Point
    text: str


Mark: TypeAlias = Area | Line | Label


def marks_of(chart: Chart) -> Iterator[Mark]:
    """Yields what a chart is drawn of, the labels in the order of its values."""
    if chart.form == "slices":
        yield from _slices(chart)
        return
    yield Line(((_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)), "black", 4)
    yield from _bars(chart) if chart.form == "bars" else _line(chart)


def _bars(chart: Chart) -> Iterator[Mark]:
    step = (_RIGHT - _LEFT) // len(chart.values)
    for at, (value, colour) in enumerate(zip(chart.values, chart.colours, strict=True)):
        left, right = _LEFT + at * step + step // 5, _LEFT + (at + 1) * step
        top = _height_of(value)
        yield Area(((left, _BOTTOM), (left, top), (right, top), (right, _BOTTOM)), colour)
        yield Label(((left + right) // 2, top - 10), str(value))


def _line(chart: Chart) -> Iterator[Mark]:
    step = (_RIGHT - _LEFT) // len(chart.values)
    points = tuple(
        (_LEFT + at * step + step // 2, _height_of(value)) for at, value in enumerate(chart.values)
    )
    yield Line(points, chart.colours[0], 12)
    for (x, y), value in zip(points, chart.values, strict=True):
        corners = ((x - 18, y), (x, y - 18), (x + 18, y), (x, y + 18))
        yield Area(corners, chart.colours[0])
        yield Label((x, y - 28), str(value))


def _slices(chart: Chart) -> Iterator[Mark]:
    x, y, total = WIDTH // 2, HEIGHT // 2, sum(chart.values)
    turns = [TURN * turn // total for turn in accumulate(chart.values, initial=0)]
    for (start, end), colour, value in zip(
        pairwise(turns), chart.colours, chart.values, strict=True
    ):
        rim = [_on_circle(x, y, _RADIUS, step) for step in range(start, end + 1)]
        yield Area(((x, y), *rim), colour)
        right, below = _on_circle(x, y, _RADIUS + 30, (start + end) // 2)
        yield Label((right, below + LETTER // 3), str(value))


def _height_of(value: int) -> int:
    return _BOTTOM - (_BOTTOM - _TOP) * value // 100


def _on_circle(x: int, y: int, radius: int, step: int) -> Point:
    right, down = DIRECTIONS[step]
    return x + right * radius // 10_000, y + down * radius // 10_000
