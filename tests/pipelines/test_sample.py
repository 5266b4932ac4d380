import re
import tomllib
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.sample import (
    BACKGROUNDS,
    COLOURS,
    FORMATS,
    GRAMMARS,
    GRID,
    KINDS,
    Dice,
    Fact,
    Scene,
    Shape,
    compose_scene,
    draw_scene,
    list_facts,
    say_fact,
    write_sample,
)

# Written down again, apart from the module's grammar.
NOUNS = {
    "en": ("circle", "square", "triangle", "star", "ring", "cross"),
    "de": ("Kreis", "Quadrat", "Dreieck", "Stern", "Ring", "Kreuz"),
    "fr": ("cercle", "carré", "triangle", "étoile", "anneau", "croix"),
    "es": ("círculo", "cuadrado", "triángulo", "estrella", "anillo", "cruz"),
    "it": ("cerchio", "quadrato", "triangolo", "stella", "anello", "croce"),
    "nl": ("cirkel", "vierkant", "driehoek", "ster", "ring", "kruis"),
}
WORDS = {  # left, right, above, below
    "en": ("to the left of", "to the right of", "above", "below"),
    "de": ("links von", "rechts von", "über", "unter"),
    "fr": ("à gauche d'", "à droite d'", "au-dessus d'", "au-dessous d'"),
    "es": ("a la izquierda de", "a la derecha de", "encima de", "debajo de"),
    "it": ("a sinistra di", "a destra di", "al di sopra di", "al di sotto di"),
    "nl": ("links van", "rechts van", "boven", "onder"),
}
STEPS = (  # columns and rows from the second shape to the first, for each of these
    [(-1, 0), (-2, 0)],
    [(1, 0), (2, 0)],
    [(0, -1), (0, -2)],
    [(0, 1), (0, 2)],
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample") / "world", 120, 17).parent


@pytest.fixture(scope="module")
def rows(sample: Path) -> list[dict[str, Any]]:
    return pq.read_table(sample / "pairs.parquet").to_pylist()


def _hash_folder(folder: Path) -> str:
    total = blake2b()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder)} {path.stat().st_size} ".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _one_shape(shape: Shape, width: int = 300, height: int = 240) -> Scene:
    texture = bytes(64 * at % 251 for at in range(64 * 64))
    return Scene(0, width, height, BACKGROUNDS[0], texture, (shape,))


def _near(picture: Image.Image, colour: str) -> np.ndarray:
    """Which pixels, [height, width], are within 20 levels of the colour."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.int16)
    return np.abs(pixels - np.array(COLOURS[colour], dtype=np.int16)).max(axis=-1) <= 20


def test_same_seed_same_bytes_even_over_an_earlier_sample(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", 30, 5)
    write_sample(tmp_path / "b", 45, 6)
    assert _hash_folder(tmp_path / "a") != _hash_folder(tmp_path / "b")
    write_sample(tmp_path / "b", 30, 5)
    assert _hash_folder(tmp_path / "a") == _hash_folder(tmp_path / "b")


def test_another_seed_gives_other_pictures_and_captions(tmp_path: Path) -> None:
    tables = [
        pq.read_table(write_sample(tmp_path / str(seed), 20, seed).parent / "pairs.parquet")
        for seed in (0, 1)
    ]
    assert tables[0]["text"] != tables[1]["text"]
    assert not set(tables[0]["image"].to_pylist()) & set(tables[1]["image"].to_pylist())


def test_a_longer_sample_begins_with_the_shorter_one(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    write_sample(tmp_path, 7, 17)
    assert pq.read_table(tmp_path / "pairs.parquet").to_pylist() == rows[:7]


@pytest.mark.parametrize("count", [1, 2, 10, 31])
def test_rows_are_exactly_as_many_as_asked(tmp_path: Path, count: int) -> None:
    recipe = write_sample(tmp_path / "deep" / "world", count, 17)
    assert recipe == tmp_path / "deep" / "world" / "recipe.toml"
    table = pq.read_table(recipe.parent / "pairs.parquet")
    assert table.num_rows == count
    written = set(recipe.parent.glob("pictures/*/*"))
    assert written == {recipe.parent / image for image in table["image"].to_pylist()}


def test_the_table_is_what_the_recipe_says(sample: Path, rows: list[dict[str, Any]]) -> None:
    recipe = tomllib.loads((sample / "recipe.toml").read_text("utf-8"))
    (source,) = recipe["sources"]
    named = [source[f"{what}_column"] for what in ("url", "language", "caption", "licence")]
    assert (sample / source["path"]).is_file()
    assert set(rows[0]) == {*named, *source["keep_columns"]}
    assert recipe["languages"] == list(GRAMMARS)
    assert {row["language"] for row in rows} == set(GRAMMARS)
    assert {row["licence"] for row in rows} == {"CC0-1.0"}


def test_pictures_open_and_have_their_stated_format(
    sample: Path, rows: list[dict[str, Any]]
) -> None:
    formats = set()
    for image in {row["image"] for row in rows}:
        name = Path(image).name
        assert re.fullmatch(rf"pictures/{name[:2]}/[0-9a-f]{{32}}\.(jpg|png|webp)", image)
        with Image.open(sample / image) as picture:
            picture.load()
            assert picture.mode == "RGB"
            assert picture.format == FORMATS[name.split(".")[1]]
            assert 200 <= max(picture.size) <= 640
            formats.add(picture.format)
    assert formats == {"JPEG", "PNG", "WEBP"}


def test_a_picture_has_few_captions_each_in_another_language(rows: list[dict[str, Any]]) -> None:
    by_image: dict[str, list[str]] = {}
    for row in rows:
        by_image.setdefault(row["image"], []).append(row["language"])
    assert all(len(set(languages)) == len(languages) <= 4 for languages in by_image.values())
    assert 2.5 < len(rows) / len(by_image) < 3.5
    assert len({row["scene"] for row in rows}) == len(by_image)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", COLOURS)
def test_a_shape_is_drawn_in_its_colour_and_its_cell(kind: str, colour: str) -> None:
    column, row = KINDS.index(kind) % GRID, list(COLOURS).index(colour) % GRID
    areas = []
    for large in (False, True):
        near = _near(draw_scene(_one_shape(Shape(kind, colour, large, column, row))), colour)
        cell = near[row * 80 : (row + 1) * 80, column * 100 : (column + 1) * 100]
        assert near.sum() == cell.sum() > 200
        areas.append(int(near.sum()))
    assert 3 < areas[1] / areas[0] < 5  # twice the side


def test_the_saved_picture_shows_the_colour_too(sample: Path, rows: list[dict[str, Any]]) -> None:
    seen = set()
    for number, image in {row["scene"]: row["image"] for row in rows}.items():
        scene = compose_scene(Dice(17, number))
        with Image.open(sample / image) as picture:
            assert picture.size == (scene.width, scene.height)
            if len(scene.shapes) == 1:
                shares = {colour: _near(picture, colour).mean() for colour in COLOURS}
                assert max(shares, key=shares.__getitem__) == scene.shapes[0].colour
                assert shares[scene.shapes[0].colour] > 0.002
                seen.add(Path(image).suffix)
    assert seen == {".jpg", ".png", ".webp"}


def test_scenes_keep_their_promises() -> None:
    for index in range(300):
        scene = compose_scene(Dice(3, index))
        assert len(scene.texture) == 64 * 64
        assert len({shape.kind for shape in scene.shapes}) == len(scene.shapes) in (1, 2, 3)
        assert len({(shape.column, shape.row) for shape in scene.shapes}) == len(scene.shapes)
        relations = [fact.relation for fact in list_facts(scene) if fact.relation != "and"]
        assert bool(relations) == (len(scene.shapes) > 1)


@pytest.mark.parametrize("language", NOUNS)
def test_captions_are_true_of_their_scene(language: str) -> None:
    tried = set()
    kinds = dict(zip(NOUNS[language], KINDS, strict=True))
    for scene in (compose_scene(Dice(3, index)) for index in range(60)):
        shapes = {shape.kind: shape for shape in scene.shapes}
        for text in (say_fact(fact, language) for fact in list_facts(scene)):
            named = [shapes[kinds[word]] for word in re.findall(r"\w+", text) if word in kinds]
            found = [at for at, words in enumerate(WORDS[language]) if f" {words}" in text]
            if not found:
                assert named == list(scene.shapes)
                continue
            (a, b), (relation,) = named, found
            assert (a.column - b.column, a.row - b.row) in STEPS[relation]
            tried.add(relation)
    assert tried == {0, 1, 2, 3}


def test_a_row_says_one_of_its_scenes_facts(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        facts = list_facts(compose_scene(Dice(17, row["scene"])))
        assert row["text"] in {say_fact(fact, row["language"]) for fact in facts}
    assert len({row["text"] for row in rows}) > 0.9 * len(rows)


CIRCLE = Shape("circle", "red", True, 0, 1)
SQUARE = Shape("square", "green", True, 1, 0)
STAR = Shape("star", "black", False, 2, 1)
CROSS = Shape("cross", "purple", False, 1, 2)


@pytest.mark.parametrize(
    ("language", "fact", "caption"),
    [
        (
            "en",
            Fact((CIRCLE, STAR), "left"),
            "a large red circle to the left of a small black star",
        ),
        ("en", Fact((CIRCLE,), "and"), "a large red circle"),
        (
            "en",
            Fact((STAR, CROSS), "and"),
            "a small black star and a small purple cross",
        ),
        (
            "de",
            Fact((SQUARE, CROSS), "above"),
            "ein großes grünes Quadrat über einem kleinen violetten Kreuz",
        ),
        (
            "de",
            Fact((CROSS, CIRCLE), "right"),
            "ein kleines violettes Kreuz rechts von einem großen roten Kreis",
        ),
        ("de", Fact((STAR,), "and"), "ein kleiner schwarzer Stern"),
        (
            "fr",
            Fact((STAR, CIRCLE), "right"),
            "une petite étoile noire à droite d'un grand cercle rouge",
        ),
        (
            "fr",
            Fact((CROSS, SQUARE), "below"),
            "une petite croix violette au-dessous d'un grand carré vert",
        ),
        (
            "es",
            Fact((CIRCLE, STAR), "left"),
            "un círculo rojo grande a la izquierda de una estrella negra pequeña",
        ),
        (
            "es",
            Fact((SQUARE, CROSS), "above"),
            "un cuadrado verde grande encima de una cruz morada pequeña",
        ),
        (
            "it",
            Fact((STAR, CIRCLE), "right"),
            "una piccola stella nera a destra di un grande cerchio rosso",
        ),
        (
            "it",
            Fact((CIRCLE, STAR, CROSS), "and"),
            "un grande cerchio rosso, una piccola stella nera e una piccola croce viola",
        ),
        (
            "nl",
            Fact((SQUARE, CROSS), "above"),
            "een groot groen vierkant boven een klein paars kruis",
        ),
        (
            "nl",
            Fact((CIRCLE, STAR), "left"),
            "een grote rode cirkel links van een kleine zwarte ster",
        ),
    ],
)
def test_words_agree(language: str, fact: Fact, caption: str) -> None:
    assert say_fact(fact, language) == caption


@pytest.mark.parametrize("language", GRAMMARS)
def test_every_shape_has_its_own_name(language: str) -> None:
    shapes = [Shape(k, c, large, 0, 0) for k in KINDS for c in COLOURS for large in (False, True)]
    names = {say_fact(Fact((shape,), "and"), language) for shape in shapes}
    assert len(names) == len(shapes)
    assert all(len(name.split()) == 4 and "/" not in name and ":" not in name for name in names)


@pytest.mark.parametrize(
    ("rows", "seed", "message"),
    [
        (0, 1, "rows must be at least 1, got 0"),
        (-3, 1, "rows must be at least 1, got -3"),
        (1, -1, "seed must be at least 0, got -1"),
    ],
)
def test_impossible_numbers_are_refused(tmp_path: Path, rows: int, seed: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_sample(tmp_path / "world", rows, seed)
    assert not (tmp_path / "world").exists()


@pytest.mark.parametrize("name", ["notes.txt", "pictures/mine.jpg", "pairs.parquet"])
def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match="must be empty or hold an earlier sample"):
        write_sample(tmp_path, 1, 1)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("mine")
    with pytest.raises(FileExistsError, match="must be a folder, got a file"):
        write_sample(tmp_path / "world", 1, 1)
