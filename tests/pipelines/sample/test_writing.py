import io
import re
import tomllib
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.recipe_file import read_recipe
from pipelines.sample import write_sample
from pipelines.sample.defects import CAPTION_KINDS, PICTURE_KINDS
from pipelines.sample.dice import Dice
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.junk import garble
from pipelines.sample.spoiling import FORMATS
from pipelines.sample.subjects import compose, draw, facts_of
from pipelines.sample.world import POPULAR
from schemas.languages import ALL

ROWS = 1000
DECODES = set(PICTURE_KINDS) - {"corrupt", "missing"}
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample") / "clean", 200, 17).parent


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample") / "spoilt", ROWS, 18, 0.4).parent


def _rows(folder: Path) -> Rows:
    """The pairs, each with what is true of it."""
    pairs, truth = (
        pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("pairs", "truth")
    )
    return [truth | pair for pair, truth in zip(pairs, truth, strict=True)]


def _with(folder: Path, defect: str) -> Rows:
    found = [row for row in _rows(folder) if row["defect"] == defect]
    assert found
    return found


def _open(folder: Path, image: str) -> Image.Image:
    with Image.open(folder / image) as picture:
        return picture.convert("RGB")


def _hash_folder(folder: Path) -> str:
    total = blake2b()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder)} {path.stat().st_size} ".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _true_texts(row: dict[str, Any], seed: int, language: str | None = None) -> set[str]:
    language = language or row["language"]
    facts = facts_of(compose(Dice(seed, row["scene"])))
    return {say_fact(fact, GRAMMARS[language]) for fact in facts}


def test_same_seed_same_bytes_even_over_an_earlier_sample(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", 90, 5, 0.5)
    write_sample(tmp_path / "b", 100, 6, 0.5)
    assert _hash_folder(tmp_path / "a") != _hash_folder(tmp_path / "b")
    write_sample(tmp_path / "b", 90, 5, 0.5)
    assert _hash_folder(tmp_path / "a") == _hash_folder(tmp_path / "b")


def test_another_seed_gives_other_pictures_and_captions(tmp_path: Path) -> None:
    tables = [
        pq.read_table(write_sample(tmp_path / str(seed), 20, seed).parent / "pairs.parquet")
        for seed in (0, 1)
    ]
    assert tables[0]["text"] != tables[1]["text"]
    assert not set(tables[0]["image"].to_pylist()) & set(tables[1]["image"].to_pylist())


def test_a_longer_sample_begins_with_the_shorter_one(tmp_path: Path, clean: Path) -> None:
    write_sample(tmp_path, 7, 17)
    assert _rows(tmp_path) == _rows(clean)[:7]


@pytest.mark.parametrize("count", [1, 2, 10, 31])
def test_rows_are_exactly_as_many_as_asked(tmp_path: Path, count: int) -> None:
    recipe = write_sample(tmp_path / "deep" / "world", count, 17)
    assert recipe == tmp_path / "deep" / "world" / "recipe.toml"
    rows = _rows(recipe.parent)
    assert [row["row"] for row in rows] == list(range(count))
    written = set(recipe.parent.glob("pictures/*/*"))
    assert written == {recipe.parent / row["image"] for row in rows}


def test_the_table_is_what_the_recipe_says(clean: Path) -> None:
    recipe = tomllib.loads((clean / "recipe.toml").read_text("utf-8"))
    rows = pq.read_table(clean / "pairs.parquet").to_pylist()
    source, sentences = recipe["sources"]
    named = [source[f"{what}_column"] for what in ("url", "language", "caption", "licence")]
    assert (clean / source["path"]).is_file()
    assert set(rows[0]) == {*named, *source["keep_columns"]}
    assert recipe["languages"] == list(ALL)
    assert {row["language"] for row in rows} == set(ALL)
    assert {row["licence"] for row in rows} == {"CC0-1.0"}
    said = ("query", "positive", sentences["language_column"], sentences["query_language_column"])
    assert set(pq.read_schema(clean / sentences["path"]).names) == set(said)


def test_sentences_say_a_fact_in_two_languages(clean: Path) -> None:
    rows = pq.read_table(clean / "texts.parquet").to_pylist()
    assert len(rows) == 200
    assert {row["language"] for row in rows} == set(ALL)
    for number, row in enumerate(rows):
        facts = facts_of(compose(Dice(17, (1 << 40) + number)))
        said = [
            (
                say_fact(fact, GRAMMARS[row["query_language"]]),
                say_fact(fact, GRAMMARS[row["language"]]),
            )
            for fact in facts
        ]
        assert (row["query"], row["positive"]) in said
        assert row["language"] != row["query_language"]


def test_a_clean_world_is_clean(clean: Path) -> None:
    seen = set()
    for row in _rows(clean):
        assert (row["defect"], row["twin"], row["detail"]) == ("", -1, "")
        assert row["text"] in _true_texts(row, 17)
        name = Path(row["image"]).name
        assert re.fullmatch(rf"pictures/{name[:2]}/[0-9a-f]{{32}}\.(jpg|png|webp)", row["image"])
        with Image.open(clean / row["image"]) as picture:
            assert picture.format == FORMATS[name.split(".")[1]]
            assert picture.mode == "RGB"
            seen.add(picture.format)
    assert seen == {"JPEG", "PNG", "WEBP"}


def test_the_saved_picture_is_the_drawn_one(clean: Path) -> None:
    for row in _rows(clean)[::20]:
        drawn = np.asarray(draw(compose(Dice(17, row["scene"]))), dtype=float)
        saved = np.asarray(_open(clean, row["image"]), dtype=float)
        assert np.abs(drawn - saved).mean() < 4


def test_a_picture_has_few_captions_each_in_another_language(clean: Path) -> None:
    by_image: dict[str, list[str]] = {}
    for row in _rows(clean):
        by_image.setdefault(row["image"], []).append(row["language"])
    assert all(len(set(languages)) == len(languages) <= 4 for languages in by_image.values())
    assert 2.5 < 200 / len(by_image) < 3.5


def test_templates_held_out_are_other_sentences_of_the_same_pictures(
    tmp_path: Path, clean: Path
) -> None:
    write_sample(tmp_path, 200, 17, templates="held-out")
    trained, held_out = _rows(clean), _rows(tmp_path)
    assert [row["image"] for row in trained] == [row["image"] for row in held_out]
    assert not {row["text"] for row in trained} & {row["text"] for row in held_out}


def test_every_kind_has_its_share(spoilt: Path) -> None:
    counts = Counter(row["defect"] for row in _rows(spoilt))
    assert set(counts) == {"", *CAPTION_KINDS, *PICTURE_KINDS}
    assert counts["popular-caption"] >= 20
    assert 0.37 < 1 - counts[""] / ROWS < 0.44
    each = 0.4 * ROWS / len(CAPTION_KINDS + PICTURE_KINDS)
    for kind in set(CAPTION_KINDS) - {"popular-caption"}:
        assert abs(counts[kind] - each) <= 3, kind
    for kind in PICTURE_KINDS:  # in steps of a picture's two to four rows
        assert abs(counts[kind] - each) <= 9, kind


def test_a_pictures_defect_stands_on_all_its_rows(spoilt: Path) -> None:
    by_image: dict[str, set[str]] = {}
    for row in _rows(spoilt):
        by_image.setdefault(row["image"], set()).add(row["defect"])
    for defects in by_image.values():
        assert len(defects) == 1 or not defects & set(PICTURE_KINDS)


def test_captions_of_bad_pictures_are_good(spoilt: Path) -> None:
    rows = _rows(spoilt)
    others = {"contaminated-picture", "duplicate-picture", "near-duplicate"}
    for row in rows:
        if row["defect"] in set(PICTURE_KINDS) - others:
            assert row["text"] in _true_texts(row, 18)
        elif row["twin"] >= 0:
            assert row["text"] in _true_texts(rows[row["twin"]], 18, row["language"])


def test_twins_are_good_and_copied_once(spoilt: Path) -> None:
    rows = _rows(spoilt)
    copies = {row["image"]: row for row in rows if row["twin"] >= 0}
    assert {row["defect"] for row in copies.values()} == {"duplicate-picture", "near-duplicate"}
    originals = [rows[row["twin"]] for row in copies.values()]
    assert {row["defect"] for row in originals} == {""}
    assert len({row["image"] for row in originals}) == len(copies)
    for copy, original in zip(copies.values(), originals, strict=True):
        same = (spoilt / copy["image"]).read_bytes() == (spoilt / original["image"]).read_bytes()
        assert same == (copy["defect"] == "duplicate-picture")
        small = [
            np.asarray(_open(spoilt, row["image"]).resize((16, 16)), dtype=float)
            for row in (copy, original)
        ]
        assert np.abs(small[0] - small[1]).mean() < 50


@pytest.mark.parametrize("defect", sorted(DECODES))
def test_pictures_that_decode_do(spoilt: Path, defect: str) -> None:
    for row in _with(spoilt, defect):
        width, height = _open(spoilt, row["image"]).size
        assert (max(width, height) < 32) == (defect == "tiny")
        assert (max(width, height) > 5 * min(width, height)) == (defect == "extreme-aspect")


def test_blank_is_blank(spoilt: Path) -> None:
    deviations = {
        defect: [
            np.asarray(_open(spoilt, row["image"]), dtype=float).std(axis=(0, 1)).max()
            for row in _with(spoilt, defect)[:40]
        ]
        for defect in ("blank", "nearly-blank", "")
    }
    assert max(deviations["blank"]) < 0.5
    assert min(deviations["nearly-blank"]) > 0
    assert max(deviations["nearly-blank"]) < 5 < min(deviations[""])


def test_corrupt_is_corrupt_and_missing_is_missing(spoilt: Path) -> None:
    for row in _with(spoilt, "corrupt"):
        with pytest.raises((OSError, ValueError)):
            Image.open(io.BytesIO((spoilt / row["image"]).read_bytes())).load()
    assert not any((spoilt / row["image"]).exists() for row in _with(spoilt, "missing"))


@pytest.mark.parametrize("defect", ["mismatched", "mismatched-hard"])
def test_mismatched_captions_are_false(spoilt: Path, defect: str) -> None:
    for row in _with(spoilt, defect):
        assert row["text"] not in _true_texts(row, 18)


def test_texts_in_wrong_languages_say_the_truth_in_them(spoilt: Path) -> None:
    for row in _with(spoilt, "wrong-language"):
        spoken = row["detail"].removeprefix("text is ")
        assert spoken != row["language"]
        assert row["text"] in _true_texts(row, 18, spoken)
    for row in _with(spoilt, "foreign-language"):
        assert row["detail"].removeprefix("text is ") not in ALL
        assert row["language"] is None or row["language"] in ALL


def test_texts_have_what_their_defect_says(spoilt: Path) -> None:
    patterns = {
        "file-name": r"\.(jpe?g|png|webp)$",
        "personal-data": r"@(mail\.)?example\.|555|7946",
        "url": r"(https?://|www\.)",
        "markup": r"<|&|\[",
        "mojibake": "[ÂÃÄÅÇÈÎÏÐÑØÙÚàáâãìíåæçèéê]",
        "too-short": "^.{1,2}$",
        "repetition": r"(.+?)\1{5,}|(.+?)( \2){4,}",
    }
    for kind, pattern in patterns.items():
        for row in _with(spoilt, kind):
            assert re.search(pattern, row["text"], re.IGNORECASE), (kind, row["text"])
    assert {row["text"] for row in _with(spoilt, "popular-caption")} <= {t for _, t in POPULAR}


def test_a_popular_caption_is_on_many_pictures(spoilt: Path) -> None:
    rows = _with(spoilt, "popular-caption")
    assert len({row["image"] for row in rows}) == len(rows)
    common = Counter(row["text"] for row in _rows(spoilt) if not row["defect"]).most_common(1)
    assert common[0][1] < 5


def test_mojibake_can_be_read_back() -> None:
    for text in ("größer", "“x”", "красный круг", "円"):
        raw = garble(text)
        read = bytes(ord(c) if ord(c) < 256 else c.encode("cp1252")[0] for c in raw)
        assert read.decode() == text != raw


def test_only_what_is_contaminated_stands_in_the_evaluation_set(spoilt: Path) -> None:
    held = pq.read_table(spoilt / "evaluation" / "pairs.parquet").to_pylist()
    texts = {(row["language"], row["text"].rstrip(".。।۔")) for row in held}
    pictures = {(spoilt / "evaluation" / row["image"]).read_bytes() for row in held}
    rows = _rows(spoilt)
    for row in rows:
        said = (row["language"], re.sub(" +", " ", row["text"]).rstrip(".。।۔"))
        if row["defect"] in ("", "contaminated-caption"):
            assert (said in texts) == (row["defect"] == "contaminated-caption")
        path = spoilt / row["image"]
        if path.exists() and path.read_bytes() in pictures:
            assert row["defect"] == "contaminated-picture"
    contaminated = {row["image"]: row for row in _with(spoilt, "contaminated-picture")}
    for row in contaminated.values():
        how, _, original = row["detail"].partition(": ")
        same = (spoilt / row["image"]).read_bytes() == (spoilt / original).read_bytes()
        assert same == (how == "same bytes")
    used = len(contaminated) + len(_with(spoilt, "contaminated-caption"))
    assert len(held) > 2 * used


@pytest.mark.parametrize(
    ("rows", "seed", "defects", "message"),
    [
        (0, 1, 0.0, "rows must be at least 1, got 0"),
        (-3, 1, 0.0, "rows must be at least 1, got -3"),
        (1, -1, 0.0, "seed must be at least 0, got -1"),
        (1, 1, 0.95, r"defects must be in \[0, 0.9\], got 0.95"),
        (1, 1, float("nan"), r"defects must be in \[0, 0.9\], got nan"),
    ],
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, rows: int, seed: int, defects: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        write_sample(tmp_path / "world", rows, seed, defects)
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


def test_recipes_go_on_to_what_needs_models_where_asked(tmp_path: Path) -> None:
    for models in (False, True):
        of_pictures = read_recipe(str(write_sample(tmp_path, 1, 0, models=models)))
        of_documents = read_recipe(str(tmp_path / "documents.toml"))
        assert bool(of_pictures.translate) is bool(of_documents.select) is models
    assert of_documents.select
    assert of_documents.select.documents
