"""Charts: bars, a line or a pie, what is true of them, and how they are drawn."""

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise

from PIL import Image, ImageDraw

from pipelines.sample.dice import Dice
from pipelines.sample.drawing import TONES, draw_background
from pipelines.sample.scenes import BACKGROUNDS, COLOURS, NOISE_SIDE, Fact, choose_size

FORMS = ("bars", "rising", "falling", "slices")
NUMBERS = range(3, 8)  # of bars, points or slices
LEVELS = (18, 31, 44, 57, 70, 83, 96)  # no two so near that one could take one for the other
INK = (70, 72, 78)

TURN = 240  # steps of a pie's full turn
DIRECTIONS = tuple(  # in ten-thousandths, from the top clockwise; rounding hides libm's last bits
    (round(1e4 * math.sin(math.tau * at / TURN)), round(-1e4 * math.cos(math.tau * at / TURN)))
    for at in range(TURN + 1)
)


@dataclass(frozen=True, slots=True)
class Chart:
    """All that a chart is drawn from and its captions are made of.

    Attributes:
      width: pixels.
      height: pixels.
      background: one of the scenes' BACKGROUNDS.
      noise: as a scene's.
      form: one of FORMS; a line is rising or falling throughout.
      values: some of LEVELS, each once, from left to right or clockwise from the top.
      colours: one a value; of a line, the first one is its.
      margins: left, top, right, bottom: in hundredths of width and height.
    """

    width: int
    height: int
    background: str
    noise: bytes
    form: str
    values: tuple[int, ...]
    colours: tuple[str, ...]
    margins: tuple[int, int, int, int]


def compose_chart(dice: Dice) -> Chart:
    """Returns the chart that `dice` stands for."""
    width, height = choose_size(dice)
    form, number = dice.pick("form", FORMS), dice.pick("number", NUMBERS)
    values = dice.shuffle("levels", LEVELS)[:number]
    if form in ("rising", "falling"):
        values.sort(reverse=form == "falling")
    left, top, right, bottom = (dice.pick(f"margin/{side}", range(5, 22)) for side in range(4))
    return Chart(
        width=width,
        height=height,
        background=dice.pick("background", BACKGROUNDS),
        noise=dice.noise(NOISE_SIDE**2),
        form=form,
        values=tuple(values),
        colours=tuple(dice.shuffle("colours", COLOURS)[:number]),
        margins=(left, top, right, bottom),
    )


def chart_fact(chart: Chart) -> Fact:
    """Returns the one thing that a caption of the chart says."""
    if chart.form in ("rising", "falling"):
        return Fact(chart.form, number=len(chart.values), colours=chart.colours[:1])
    most, least = (chart.values.index(find(chart.values)) for find in (max, min))
    ends = (chart.colours[most], chart.colours[least])
    return Fact(chart.form, number=len(chart.values), colours=ends)


def draw_chart(chart: Chart) -> Image.Image:
    """Returns the chart as an RGB picture of its width and height."""
    picture = draw_background(chart.width, chart.height, chart.background, chart.noise)
    left, top, right, bottom = chart.margins
    box = (
        chart.width * left // 100,
        chart.height * top // 100,
        chart.width * (100 - right) // 100,
        chart.height * (100 - bottom) // 100,
    )
    brush = ImageDraw.Draw(picture)
    if chart.form == "slices":
        _draw_pie(chart, box, brush)
        return picture
    brush.line([(box[0], box[1]), (box[0], box[3]), (box[2], box[3])], fill=INK, width=2)
    if chart.form == "bars":
        _draw_bars(chart, box, brush)
    else:
        _draw_line(chart, box, brush)
    return picture


def _draw_bars(chart: Chart, box: tuple[int, int, int, int], brush: ImageDraw.ImageDraw) -> None:
    left, top, right, bottom = box
    step = (right - left) / len(chart.values)
    for at, (value, colour) in enumerate(zip(chart.values, chart.colours, strict=True)):
        start, end = round(left + (at + 0.2) * step), round(left + (at + 0.85) * step)
        height = (bottom - top) * value // 100
        brush.rectangle((start, bottom - height, end, bottom), fill=TONES[colour])


def _draw_line(chart: Chart, box: tuple[int, int, int, int], brush: ImageDraw.ImageDraw) -> None:
    left, top, right, bottom = box
    step = (right - left) / len(chart.values)
    points = [
        (round(left + (at + 0.5) * step), bottom - (bottom - top) * value // 100)
        for at, value in enumerate(chart.values)
    ]
    thick = max(2, min(chart.width, chart.height) // 70)
    tone = TONES[chart.colours[0]]
    brush.line(points, fill=tone, width=thick)
    for x, y in points:
        brush.ellipse((x - 2 * thick, y - 2 * thick, x + 2 * thick, y + 2 * thick), fill=tone)


def _draw_pie(chart: Chart, box: tuple[int, int, int, int], brush: ImageDraw.ImageDraw) -> None:
    left, top, right, bottom = box
    x, y, radius = (left + right) // 2, (top + bottom) // 2, min(right - left, bottom - top) // 2
    total = sum(chart.values)
    turns = [TURN * turn // total for turn in accumulate(chart.values, initial=0)]
    for (start, end), colour in zip(pairwise(turns), chart.colours, strict=True):
        rim = [
            (x + across * radius // 10_000, y + down * radius // 10_000)
            for across, down in DIRECTIONS[start : end + 1]
        ]
        brush.polygon([(x, y), *rim], fill=TONES[colour])
