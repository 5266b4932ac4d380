"""What a scene of shapes is and what is true of it; drawing and saying it stand elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations

from pipelines.sample.dice import Dice

KINDS = ("circle", "square", "triangle", "star", "ring", "cross", "heart", "rhombus")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black")
TEXTURES = ("plain", "striped", "dotted")
BACKGROUNDS = ("white", "grey", "light blue", "beige")
GRID = 3  # cells along each side of a picture
PLACES = (
    "top left",
    "top",
    "top right",
    "left",
    "middle",
    "right",
    "bottom left",
    "bottom",
    "bottom right",
)
TOP, LEFT, RIGHT, BOTTOM = (PLACES.index(name) for name in ("top", "left", "right", "bottom"))
NOISE_SIDE = 24  # of a background's noise, before it is stretched
ASPECTS = ((1, 1), (4, 3), (3, 4), (3, 2), (2, 3))  # width to height
LONGER_SIDE = range(200, 449)  # pixels
MOST_SHAPES = 5

_COUNTS = ((1,), (2,), (3,), (4,), (1, 1), (1, 2), (2, 1), (1, 3), (3, 2), (1, 1, 1), (1, 2, 2))
_COUNTS_OF_MANY = tuple(counts for counts in _COUNTS if len(counts) > 1)


@dataclass(frozen=True, slots=True)
class Thing:
    """What a noun phrase names: some shapes that look alike.

    Attributes:
      kind: one of KINDS.
      colour: one of COLOURS.
      large: whether they are large; small if not.
      texture: one of TEXTURES.
      count: how many, 1 to 4.
    """

    kind: str
    colour: str
    large: bool
    texture: str
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """A thing and where its shapes are.

    Attributes:
      thing: what they are.
      cells: one a shape, of the GRID * GRID, row by row from the top left: indices of PLACES.
    """

    thing: Thing
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a picture is drawn from and its captions are made of.

    Attributes:
      width: pixels; the longer of width and height is in LONGER_SIDE.
      height: pixels.
      background: one of BACKGROUNDS.
      noise: what strays around the background's tone, NOISE_SIDE * NOISE_SIDE bytes, row by row.
      groups: one to three that differ in kind or colour, of MOST_SHAPES shapes together at most.
    """

    width: int
    height: int
    background: str
    noise: bytes
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true of a picture, in no language.

    Attributes:
      frame: the kind of sentence that says it: list, at, pair, background; of a chart, bars,
        rising, falling, slices.
      things: what it is about: one (at), two (pair) or all.
      places: of the things, indices of PLACES (at, pair).
      background: one of BACKGROUNDS (background).
      number: how many bars, points or slices a chart has.
      colours: of the line; of the highest and the lowest bar, the largest and the smallest slice.
    """

    frame: str
    things: tuple[Thing, ...] = ()
    places: tuple[int, ...] = ()
    background: str = ""
    number: int = 0
    colours: tuple[str, ...] = ()


def compose_scene(dice: Dice) -> Scene:
    """Returns the scene that `dice` stands for."""
    width, height = choose_size(dice)
    counts = dice.pick("counts", _COUNTS_OF_MANY if dice.pick("many", (0, 1, 1)) else _COUNTS)
    cells = _choose_cells(dice, sum(counts))
    groups: list[Group] = []
    for at, count in enumerate(counts):
        thing = _choose_thing(dice, at, count, {(g.thing.kind, g.thing.colour) for g in groups})
        groups.append(Group(thing, tuple(cells.pop(0) for _ in range(count))))
    background = dice.pick("background", BACKGROUNDS)
    return Scene(width, height, background, dice.noise(NOISE_SIDE**2), tuple(groups))


def choose_size(dice: Dice) -> tuple[int, int]:
    """Returns a picture's width and height in pixels."""
    longer = dice.pick("longer-side", LONGER_SIDE)
    across, down = dice.pick("aspect", ASPECTS)
    return longer * across // max(across, down), longer * down // max(across, down)


def rearrange(scene: Scene, dice: Dice) -> Scene:
    """Returns another picture of the same things before the same kind of background."""
    drawn = compose_scene(dice)
    cells = _choose_cells(dice, sum(group.thing.count for group in scene.groups))
    groups = tuple(
        Group(group.thing, tuple(cells.pop(0) for _ in group.cells)) for group in scene.groups
    )
    return replace(drawn, background=scene.background, groups=groups)


def _choose_thing(dice: Dice, at: int, count: int, taken: set[tuple[str, str]]) -> Thing:
    """Returns a thing of another kind or colour than those taken."""
    looks = [(kind, colour) for kind in KINDS for colour in COLOURS if (kind, colour) not in taken]
    alike = [look for look in looks if look[0] in {kind for kind, _ in taken}]
    is_alike = bool(alike) and dice.pick(f"alike/{at}", (True, False))
    kind, colour = dice.pick(f"look/{at}", alike if is_alike else looks)
    large = dice.pick(f"large/{at}", (False, True))
    texture = dice.pick(f"texture/{at}", ("plain", "plain", *TEXTURES))
    return Thing(kind, colour, large, texture, count)


def _choose_cells(dice: Dice, number: int) -> list[int]:
    """Returns `number` cells: at random, or so that later ones are further right or down."""
    cells = dice.shuffle("cells", range(GRID * GRID))[:number]
    match dice.pick("order", ("none", "rows", "columns")):
        case "rows":
            cells.sort()
        case "columns":
            cells.sort(key=lambda cell: (cell % GRID, cell // GRID))
    return cells


def list_facts(scene: Scene) -> list[Fact]:
    """Returns what a caption of the scene may say."""
    things = tuple(group.thing for group in scene.groups)
    facts = [Fact("list", things), Fact("background", things, background=scene.background)]
    facts += [
        Fact("at", (group.thing,), (place,))
        for group in scene.groups
        for place in _places_of(group)
    ]
    for a, b in permutations(scene.groups, 2):
        facts += [Fact("pair", (a.thing, b.thing), places) for places in _sides(a, b)]
    return facts


def _places_of(group: Group) -> Iterator[int]:
    """Yields where a group is: its one cell, or the edge that all its shapes are at."""
    columns, rows = _columns(group), _rows(group)
    if len(group.cells) == 1:
        yield group.cells[0]
    elif columns in ({0}, {GRID - 1}):
        yield LEFT if columns == {0} else RIGHT
    elif rows in ({0}, {GRID - 1}):
        yield TOP if rows == {0} else BOTTOM


def _sides(a: Group, b: Group) -> Iterator[tuple[int, int]]:
    """Yields on which sides of a picture two groups are, where they are apart."""
    if max(_columns(a)) < min(_columns(b)):
        yield LEFT, RIGHT
    if max(_columns(b)) < min(_columns(a)):
        yield RIGHT, LEFT
    if max(_rows(a)) < min(_rows(b)):
        yield TOP, BOTTOM
    if max(_rows(b)) < min(_rows(a)):
        yield BOTTOM, TOP


def _columns(group: Group) -> set[int]:
    return {cell % GRID for cell in group.cells}


def _rows(group: Group) -> set[int]:
    return {cell // GRID for cell in group.cells}
