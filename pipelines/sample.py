"""The sample world: small pictures of shapes with captions that are true of them.

It stands in for real data on a machine that has none. A scene is data; drawing it and saying what
is in it are separate functions of it, so that either can grow without the other.
"""

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import permutations
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageOps

Rgb = tuple[int, int, int]
T = TypeVar("T")

KINDS = ("circle", "square", "triangle", "star", "ring", "cross")
COLOURS: dict[str, Rgb] = {
    "red": (214, 32, 36),
    "orange": (245, 132, 20),
    "yellow": (250, 214, 20),
    "green": (34, 150, 62),
    "blue": (30, 84, 200),
    "purple": (120, 44, 150),
    "pink": (246, 128, 180),
    "black": (20, 20, 22),
}
RELATIONS = ("left", "right", "above", "below", "and")  # of the first shape to the second
GRID = 3  # cells along each side of a picture
BACKGROUNDS: tuple[Rgb, ...] = ((232, 232, 228), (212, 222, 230), (226, 218, 206), (208, 210, 208))
ASPECTS = ((1, 1), (4, 3), (3, 4), (3, 2), (2, 3))  # width to height
LONGER_SIDE = range(200, 641)  # pixels
SMALL, LARGE = 0.44, 0.88  # a shape's side as a share of its cell's shorter side
GRAIN = 8  # how far the background strays from its tone, in levels of 255
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}  # by file extension, Pillow's names

SCHEMA = pa.schema(
    {
        "image": pa.string(),  # path relative to the table's folder
        "language": pa.string(),
        "text": pa.string(),
        "scene": pa.int32(),
        "licence": pa.string(),
    }
)

RECIPE = """\
# The sample world: pictures of shapes, each with true captions in a few languages.
#   pairmill curate recipe.toml
output = "out"
seed = 17                    # of the order of the samples in the shards
languages = ["en", "de", "fr", "es", "it", "nl"]

[[sources]]
name = "sample"
task = "image-text"
format = "table"
path = "pairs.parquet"       # one row a caption; about three rows name the same picture
url_column = "image"
caption_column = "text"
language_column = "language"
licence_column = "licence"
keep_columns = ["scene"]     # the number of the scene that was drawn

[gather]
image_size = 224             # pixels
pictures_per_shard = 100     # small, so that a small sample has several shards
allow_local_files = true     # the pictures lie beside the table

[pack]
sample = "picture"           # all captions of a picture in one sample
samples_per_shard = 100
"""


@dataclass(frozen=True, slots=True)
class Dice:
    """Choices that depend on nothing but their names: each is blake2b of (seed, index, what).

    Attributes:
      seed: of the whole sample, 0 or more.
      index: of the scene that the choices are for, from 0.
    """

    seed: int
    index: int

    def digest(self, what: str, size: int = 8) -> bytes:
        """Returns `size` bytes, 1 to 64."""
        return blake2b(f"{self.seed}/{self.index}/{what}".encode(), digest_size=size).digest()

    def pick(self, what: str, options: Sequence[T]) -> T:
        """Returns one of `options`."""
        return options[int.from_bytes(self.digest(what), "big") % len(options)]

    def shuffle(self, what: str, options: Sequence[T]) -> list[T]:
        """Returns all of `options` in another order."""
        return sorted(options, key=lambda option: self.digest(f"{what}/{option}"))


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape in one cell of the grid.

    Attributes:
      kind: one of KINDS.
      colour: a key of COLOURS.
      large: whether it is LARGE in its cell; SMALL if not.
      column: of its cell, 0 (left) to GRID - 1.
      row: of its cell, 0 (top) to GRID - 1.
    """

    kind: str
    colour: str
    large: bool
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a picture is drawn from and its captions are made of.

    Attributes:
      number: of the scene in its sample, from 0.
      width: pixels; the longer of width and height is in LONGER_SIDE.
      height: pixels.
      background: the tone that its texture strays around, 0 to 255 each.
      texture: the background's noise, 64 * 64 bytes, row by row.
      shapes: one to three of different kinds, the first two in one row or one column.
    """

    number: int
    width: int
    height: int
    background: Rgb
    texture: bytes
    shapes: tuple[Shape, ...]


def compose_scene(dice: Dice) -> Scene:
    """Returns the scene that `dice` stands for."""
    longer = dice.pick("longer-side", LONGER_SIDE)
    across, down = dice.pick("aspect", ASPECTS)
    kinds = dice.shuffle("kinds", KINDS)
    cells = _choose_cells(dice)[: dice.pick("shapes", (1, 2, 2, 3))]
    looks = [(colour, large) for colour in COLOURS for large in (False, True)]
    return Scene(
        number=dice.index,
        width=longer * across // max(across, down),
        height=longer * down // max(across, down),
        background=dice.pick("background", BACKGROUNDS),
        texture=b"".join(dice.digest(f"texture/{line}", 64) for line in range(64)),
        shapes=tuple(
            Shape(kinds[at], *dice.pick(f"look/{at}", looks), *cell)
            for at, cell in enumerate(cells)
        ),
    )


def _choose_cells(dice: Dice) -> list[tuple[int, int]]:
    """Returns three (column, row), the second in line with the first, so that one is "above"."""
    cells = [(column, row) for column in range(GRID) for row in range(GRID)]
    first, *rest = dice.shuffle("cells", cells)
    second = next(cell for cell in rest if cell[0] == first[0] or cell[1] == first[1])
    third = next(cell for cell in rest if cell != second)
    return [first, second, third]


def draw_scene(scene: Scene) -> Image.Image:
    """Returns the scene as an RGB picture of its width and height."""
    dark, light = (tuple(tone + way * GRAIN for tone in scene.background) for way in (-1, 1))
    noise = Image.frombytes("L", (64, 64), scene.texture).resize((scene.width, scene.height))
    picture = ImageOps.colorize(noise, dark, light)
    cell = min(scene.width, scene.height) / GRID
    for shape in scene.shapes:
        side = round(cell * (LARGE if shape.large else SMALL))
        left = round((shape.column + 0.5) * scene.width / GRID - side / 2)
        top = round((shape.row + 0.5) * scene.height / GRID - side / 2)
        picture.paste(COLOURS[shape.colour], (left, top), _draw_mask(shape.kind, side))
    return picture


def _draw_mask(kind: str, side: int) -> Image.Image:
    """Returns a shape's cover of a square of `side` pixels, [side, side], drawn at twice that."""
    end = 2 * side - 1
    mask = Image.new("L", (2 * side, 2 * side))
    brush = ImageDraw.Draw(mask)
    match kind:
        case "circle":
            brush.ellipse((0, 0, end, end), fill=255)
        case "square":
            brush.rectangle((0, 0, end, end), fill=255)
        case "triangle":
            brush.polygon([(end / 2, 0), (end, end), (0, end)], fill=255)
        case "star":
            turns = [(math.pi * at / 5, side * (0.42 if at % 2 else 1)) for at in range(10)]
            corners = [(side + r * math.sin(turn), side - r * math.cos(turn)) for turn, r in turns]
            brush.polygon(corners, fill=255)
        case "ring":
            brush.ellipse((0, 0, end, end), outline=255, width=round(0.4 * side))
        case "cross":
            brush.rectangle((0.35 * end, 0, 0.65 * end, end), fill=255)
            brush.rectangle((0, 0.35 * end, end, 0.65 * end), fill=255)
    return mask.reduce(2)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true of a scene, in no language.

    Attributes:
      shapes: what it is about.
      relation: one of RELATIONS, of the first of two shapes to the second; `and`: they are all.
    """

    shapes: tuple[Shape, ...]
    relation: str


def list_facts(scene: Scene) -> list[Fact]:
    """Returns what a caption of the scene may say; relations within a row or a column only."""
    facts = [Fact(scene.shapes, "and")]
    for a, b in permutations(scene.shapes, 2):
        if a.row == b.row:
            facts.append(Fact((a, b), "left" if a.column < b.column else "right"))
        elif a.column == b.column:
            facts.append(Fact((a, b), "above" if a.row < b.row else "below"))
    return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The few words and rules of a language that a caption needs.

    Attributes:
      phrases: how a shape is named, by form: the noun's gender, or `object` after a relation in a
        language that has a case for it.
      nouns: in the order of KINDS, each with its gender after a colon.
      sizes: small, large; an adjective that agrees has a word for each form, with slashes between.
      colours: in the order of COLOURS, likewise.
      relations: in the order of RELATIONS, with a bar between; an apostrophe joins the next word.
    """

    phrases: dict[str, str]
    nouns: str
    sizes: str
    colours: str
    relations: str


GRAMMARS = {
    "en": Grammar(
        phrases={"n": "a {size} {colour} {noun}"},
        nouns="circle:n square:n triangle:n star:n ring:n cross:n",
        sizes="small large",
        colours="red orange yellow green blue purple pink black",
        relations="to the left of|to the right of|above|below|and",
    ),
    "de": Grammar(
        phrases={
            "m": "ein {size}er {colour}er {noun}",
            "n": "ein {size}es {colour}es {noun}",
            "object": "einem {size}en {colour}en {noun}",
        },
        nouns="Kreis:m Quadrat:n Dreieck:n Stern:m Ring:m Kreuz:n",
        sizes="klein groß",
        colours="rot orangefarben gelb grün blau violett rosafarben schwarz",
        relations="links von|rechts von|über|unter|und",
    ),
    "fr": Grammar(
        phrases={"m": "un {size} {noun} {colour}", "f": "une {size} {noun} {colour}"},
        nouns="cercle:m carré:m triangle:m étoile:f anneau:m croix:f",
        sizes="petit/petite grand/grande",
        colours="rouge orange jaune vert/verte bleu/bleue violet/violette rose noir/noire",
        relations="à gauche d'|à droite d'|au-dessus d'|au-dessous d'|et",
    ),
    "es": Grammar(
        phrases={"m": "un {noun} {colour} {size}", "f": "una {noun} {colour} {size}"},
        nouns="círculo:m cuadrado:m triángulo:m estrella:f anillo:m cruz:f",
        sizes="pequeño/pequeña grande",
        colours="rojo/roja naranja amarillo/amarilla verde azul morado/morada rosa negro/negra",
        relations="a la izquierda de|a la derecha de|encima de|debajo de|y",
    ),
    "it": Grammar(
        phrases={"m": "un {size} {noun} {colour}", "f": "una {size} {noun} {colour}"},
        nouns="cerchio:m quadrato:m triangolo:m stella:f anello:m croce:f",
        sizes="piccolo/piccola grande",
        colours="rosso/rossa arancione giallo/gialla verde blu viola rosa nero/nera",
        relations="a sinistra di|a destra di|al di sopra di|al di sotto di|e",
    ),
    "nl": Grammar(
        phrases={"c": "een {size} {colour} {noun}", "n": "een {size} {colour} {noun}"},
        nouns="cirkel:c vierkant:n driehoek:c ster:c ring:c kruis:n",
        sizes="kleine/klein grote/groot",
        colours="rode/rood oranje gele/geel groene/groen blauwe/blauw paarse/paars roze "
        "zwarte/zwart",
        relations="links van|rechts van|boven|onder|en",
    ),
}


def say_fact(fact: Fact, language: str) -> str:
    """Returns the fact as a caption in `language`, a key of GRAMMARS.

    >>> circle, star = Shape("circle", "red", True, 0, 1), Shape("star", "blue", False, 2, 1)
    >>> say_fact(Fact((circle, star), "left"), "de")
    'ein großer roter Kreis links von einem kleinen blauen Stern'
    """
    grammar = GRAMMARS[language]
    relation = grammar.relations.split("|")[RELATIONS.index(fact.relation)]
    *others, last = fact.shapes
    names = ", ".join(_name(shape, grammar) for shape in others)
    last_name = _name(last, grammar, is_object=fact.relation != "and")
    return f"{names} {relation} {last_name}".replace("' ", "'") if others else last_name


def _name(shape: Shape, grammar: Grammar, *, is_object: bool = False) -> str:
    """Returns the words for one shape, in agreement; `is_object` where it follows a relation."""
    noun, gender = grammar.nouns.split()[KINDS.index(shape.kind)].split(":")
    form = "object" if is_object and "object" in grammar.phrases else gender
    size = grammar.sizes.split()[shape.large].split("/")
    colour = grammar.colours.split()[list(COLOURS).index(shape.colour)].split("/")
    at = list(grammar.phrases).index(form)
    return grammar.phrases[form].format(
        size=size[at % len(size)], colour=colour[at % len(colour)], noun=noun
    )


def write_sample(folder: Path, rows: int, seed: int) -> Path:
    """Writes pictures, `pairs.parquet` with `rows` captions and a recipe, whose path it returns.

    The same seed gives the same bytes. Raises ValueError for impossible numbers and FileExistsError
    where `folder` holds anything but an earlier sample.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    _clear_folder(folder)
    table: list[dict[str, Any]] = []
    index = 0
    while len(table) < rows:
        dice = Dice(seed, index)
        scene = compose_scene(dice)
        image = _write_picture(folder, scene, dice)
        table += _caption_rows(image, scene, dice)[: rows - len(table)]
        index += 1
    pq.write_table(pa.Table.from_pylist(table, SCHEMA), folder / "pairs.parquet")
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE, "utf-8", newline="\n")
    return recipe


def _clear_folder(folder: Path) -> None:
    """Makes `folder`, or removes an earlier sample's pictures from it; anything else is refused."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} must be a folder, got a file")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        is_sample = pq.read_schema(folder / "pairs.parquet").equals(SCHEMA)
    except (FileNotFoundError, pa.ArrowInvalid):
        is_sample = False
    if any(folder.iterdir()) and not is_sample:
        raise FileExistsError(
            f"{folder} must be empty or hold an earlier sample, got no pairs.parquet of one"
        )
    if (folder / "pictures").exists():
        shutil.rmtree(folder / "pictures")


def _write_picture(folder: Path, scene: Scene, dice: Dice) -> str:
    """Draws and saves the scene; returns its path relative to `folder`."""
    extension = dice.pick("format", tuple(FORMATS))
    name = dice.digest("name", 16).hex()
    image = f"pictures/{name[:2]}/{name}.{extension}"
    (folder / image).parent.mkdir(parents=True, exist_ok=True)
    draw_scene(scene).save(folder / image, FORMATS[extension], quality=90, compress_level=3)
    return image


def _caption_rows(image: str, scene: Scene, dice: Dice) -> list[dict[str, Any]]:
    """Returns two to four rows of SCHEMA, each in another language, three on average."""
    facts = list_facts(scene)
    languages = dice.shuffle("languages", tuple(GRAMMARS))[: dice.pick("captions", (2, 3, 4))]
    texts = {name: say_fact(dice.pick(f"fact/{name}", facts), name) for name in languages}
    same = {"image": image, "scene": scene.number, "licence": "CC0-1.0"}
    return [{"language": language, "text": text, **same} for language, text in texts.items()]
