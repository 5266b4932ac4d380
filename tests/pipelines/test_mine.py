"""`mine` over known embeddings: what is nearest, what is refused, and that cuts do not count."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from filters.score_bins import Scale
from pipelines.chosen import Chosen
from pipelines.errors import RecipeError
from pipelines.mine import MineStage
from pipelines.mining_rows import ANCHOR, ENTRY, PAIR
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.stages import Run
from pipelines.storage import Folder
from tests.conftest import counts, curate, digests, table
from tests.pipelines.made_embeddings import DIM, MadeWorld, uid_of, unit

LANGUAGES = ("de", "en", "fr")
PICTURES = 90
THREE = """
cross_language = 0.0
[mine.negatives]
num_negatives = 3
relative_margin = 0.05
"""


def made(folder: Path) -> MadeWorld:
    """Pictures in heaps, a caption near each in every language, and as many text pairs."""
    world, random = MadeWorld(folder), np.random.default_rng(5)
    heaps = random.normal(size=(6, DIM))
    for number in range(PICTURES):
        row = unit(heaps[number % 6] + 0.5 * random.normal(size=DIM))
        picture = world.picture(row, story=f"story {number % 30}")
        for language in LANGUAGES:
            near = unit(row + 0.15 * random.normal(size=DIM))
            world.caption(picture, language, f"{language} words of {number}", near)
        near = unit(row + 0.15 * random.normal(size=DIM))
        world.pair(f"question {number}", f"answer {number}", (row, near))
    return world


def mined(recipe: Path, *flags: str) -> list[dict[str, Any]]:
    curate(recipe, *flags, stages=("mine",))
    rows = table(recipe.parent / "out/triplets")
    return sorted(rows, key=lambda row: row["triplet_id"])


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


def negatives(row: dict[str, Any]) -> list[str]:
    return [row[f"negative_{number}"] for number in range(1, 4)]


def differences(folder: Path) -> list[str]:
    """What does not add up of the stage; what came before it was not made by stages."""
    account = recount(Folder(str(folder / "out")))
    return [str(of) for of in account.differences if of.stage == "mine"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> MadeWorld:
    return made(tmp_path_factory.mktemp("mined"))


@pytest.fixture(scope="module")
def rows(world: MadeWorld) -> list[dict[str, Any]]:
    return mined(world.write(THREE))


def expected(world: MadeWorld, row: dict[str, Any]) -> list[str]:
    """The slow way: all candidates sorted, the guards one by one."""
    candidates, query, own = _space(world, row)
    scores = [(float(query @ of), text, is_own) for text, of, is_own in candidates]
    positive = min(float(query @ of) for of in own)
    sound = [
        (score, text)
        for score, text, is_own in sorted(scores, reverse=True)
        if not is_own and score <= positive - abs(positive) * 0.05
    ]
    return [text for _, text in sound[:3]]


def _space(
    world: MadeWorld, row: dict[str, Any]
) -> tuple[list[tuple[str, np.ndarray, bool]], np.ndarray, list[np.ndarray]]:
    def half(of: np.ndarray) -> np.ndarray:
        return unit(of.astype(np.float16).astype(np.float64))

    if row["kind"] == "text-text":
        answers = [(text, half(world.texts[text])) for _, text, _, _ in world.pairs]
        space = [(text, of, text == row["positive"]) for text, of in answers]
        return space, half(world.texts[row["anchor"]]), [of for _, of, own in space if own]
    pictures = {uid_of(number): half(of[0]) for number, of in world.pictures.items()}
    captions = [
        (text, half(of), uid_of(picture) == row["anchor_uid"], language)
        for picture, language, text, of in world.captions
    ]
    if row["kind"] == "image-to-text":
        here = [of[:3] for of in captions if of[3] == row["positive_language"]]
        return here, pictures[row["anchor"]], [of for _, of, own in here if own]
    query = next(of for text, of, own, _ in captions if text == row["anchor"] and own)
    space = [(uid, of, uid == row["anchor_uid"]) for uid, of in pictures.items()]
    return space, query, [of for _, of, own in space if own]


@pytest.mark.parametrize("kind", ["text-text", "image-to-text", "text-to-image"])
def test_negatives_are_the_nearest_that_no_guard_refuses(
    world: MadeWorld, rows: list[dict[str, Any]], kind: str
) -> None:
    found = of_kind(rows, kind)
    assert len(found) == {"text-text": PICTURES}.get(kind, 3 * PICTURES)
    for row in found:
        assert negatives(row) == expected(world, row)
        assert row["scores"][1:] == sorted(row["scores"][1:], reverse=True)
        assert row["origins"] == ["nearest"] * 3


def test_everything_is_accounted_for(world: MadeWorld, rows: list[dict[str, Any]]) -> None:
    said = counts(world.folder / "out", "mine")
    assert said == {"triplet created": len(rows), "triplet kept": len(rows)}
    assert not differences(world.folder)
    report = json.loads((world.folder / "out/ledger/mine/negatives.json").read_text())
    taken = [name for name in report["told"] if name.endswith("taken")]
    assert sum(report["told"][name] for name in taken) == 3 * len(rows)
    assert report["told"]["image-to-text\tnearest\tpositive"] == 3 * PICTURES
    assert len(report["examples"]) == 9


# What does not count


def test_what_stands_is_passed_over_and_another_guard_builds_no_index(tmp_path: Path) -> None:
    world = made(tmp_path)
    recipe = world.write(THREE)
    mined(recipe)
    indexes = digests(tmp_path / "out/indexes")
    assert not [*(tmp_path / "out/indexes").rglob("rows")]  # which embeddings came by
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/indexes").rglob("*.npy")}
    events = curate(world.rewrite(THREE), stages=("mine",))
    assert [event["event"] for event in events] == ["skipped"]
    events = curate(world.rewrite(THREE + "max_score = 0.5"), stages=("mine",))
    steps = [event["name"] for event in events if event["event"] == "step"]
    assert steps == ["seeking negatives", "publishing"]
    assert digests(tmp_path / "out/indexes") == indexes
    assert {path: path.stat().st_mtime_ns for path in times} == times
    curate(world.rewrite("index_rows = 50" + THREE), stages=("mine",))
    assert len([*(tmp_path / "out/indexes").iterdir()]) == 1


def test_embeddings_are_in_no_table_that_is_shuffled() -> None:
    for schema in (ENTRY, ANCHOR, PAIR):
        kinds = {field.type for field in schema if field.name != "pdq"}
        assert not {pa.binary(), pa.large_binary()} & kinds
        assert {"part", "place"} <= {*schema.names}


def test_a_run_goes_on_with_what_has_no_marker(tmp_path: Path) -> None:
    recipe = read_recipe(str(made(tmp_path).write(THREE)))
    stage = MineStage(Run(recipe, None, (), (), 1, lambda _: None))
    work, fresh = Folder(str(tmp_path / "work")), tmp_path / "work/fresh"
    said, whole = stage.run(work), digests(fresh)
    (tmp_path / "work/done/block-00001.json").unlink()
    (fresh / "triplets/part-00001.parquet").unlink()
    stands = (fresh / "triplets/part-00000.parquet").stat().st_mtime_ns
    assert stage.run(work) == said
    assert digests(fresh) == whole
    assert (fresh / "triplets/part-00000.parquet").stat().st_mtime_ns == stands


def test_inverted_lists_find_nearly_the_same(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    recipe = made(tmp_path).write("exact_rows = 50\nprobes = 2" + THREE)
    found = {row["triplet_id"]: negatives(row) for row in mined(recipe)}
    assert [*(tmp_path / "out/indexes").rglob("*.centres.npy")]
    same = [len({*negatives(row)} & {*found.get(row["triplet_id"], ())}) for row in rows]
    assert sum(same) > 0.9 * 3 * len(rows)


# Guards


def test_translations_are_positives_and_other_languages_have_their_share(tmp_path: Path) -> None:
    loose = THREE.replace("cross_language = 0.0", "cross_language = 0.34")
    others = 'overlook = ["relative-margin", "same-text", "near-picture"]'
    recipe = made(tmp_path).write(loose.replace("relative_margin = 0.05", others))
    rows = mined(recipe)
    found = of_kind(rows, "image-to-text")
    assert found
    for row in found:
        assert row["anchor_uid"] not in row["negative_uids"]
        foreign = [language != row["positive_language"] for language in row["negative_languages"]]
        assert sum(foreign) == 1
        origins = ["cross-language" if is_so else "nearest" for is_so in foreign]
        assert row["origins"] == origins
    chosen = Counter(
        next(code for code in row["negative_languages"] if code != "en")
        for row in found
        if row["positive_language"] == "en"
    )
    assert chosen.keys() == {"de", "fr"}
    assert min(chosen.values()) > 25


def planted(folder: Path) -> tuple[MadeWorld, int]:
    """A picture whose nearest ones are each refused by another guard."""
    world = made(folder)
    row = world.pictures[0][0]
    near = [unit(row + 0.01 * at * world.pictures[at][0]) for at in range(1, 6)]
    hashed = "ab" * 32
    picture = world.picture(row, pdq=hashed, story="a story of its own")
    world.caption(picture, "en", "A kite, high up", unit(row + 0.3 * world.pictures[50][0]))
    copy = world.picture(near[0], pdq="aa" + hashed[2:])
    world.caption(copy, "en", "a copy", near[0])
    page = world.picture(near[1], story="a story of its own")
    world.caption(page, "en", "the next page", near[1])
    said = world.picture(near[2])
    world.caption(said, "en", "a kite high up!", near[2])
    twice = [world.picture(near[at]) for at in (3, 4)]
    for at, number in enumerate(twice):
        world.caption(number, "en", "Said twice" + "." * at, near[3 + at])
    return world, picture


GUARDED = """
kinds = ["image-to-text", "text-to-image"]
cross_language = 0.0
document_column = "story"
[mine.negatives]
num_negatives = 3
"""


def test_each_guard_refuses_its_own(tmp_path: Path) -> None:
    world, picture = planted(tmp_path)
    rows = mined(world.write(GUARDED + 'overlook = ["relative-margin"]'))
    (row,) = [
        row
        for row in of_kind(rows, "image-to-text")
        if row["anchor"] == uid_of(picture) and row["positive_language"] == "en"
    ]
    texts = {"a copy", "the next page", "a kite high up!"}
    assert not texts & {*negatives(row)}
    assert len({text.rstrip(".") for text in negatives(row)} & {"Said twice"}) == 1
    assert sum(text.startswith("Said twice") for text in negatives(row)) == 1
    (row,) = [row for row in of_kind(rows, "text-to-image") if row["anchor"] == "A kite, high up"]
    assert not {uid_of(picture + at) for at in range(4)} & {*negatives(row)}
    told = json.loads((tmp_path / "out/ledger/mine/negatives.json").read_text())["told"]
    for fault in ("near-picture", "same-document", "same-text", "repeated-text", "positive"):
        assert told[f"image-to-text\tnearest\t{fault}"]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("near-picture", "a copy"),
        ("same-document", "the next page"),
        ("same-text", "a kite high up!"),
    ],
)
def test_a_guard_that_is_overlooked_lets_its_own_pass(
    tmp_path: Path, fault: str, text: str
) -> None:
    world, picture = planted(tmp_path)
    rows = mined(world.write(GUARDED + f'overlook = ["relative-margin", "{fault}"]'))
    (row,) = [
        row
        for row in of_kind(rows, "image-to-text")
        if row["anchor"] == uid_of(picture) and row["positive_language"] == "en"
    ]
    assert text in negatives(row)


def test_what_the_teacher_says_of_mismatches_is_a_bound(tmp_path: Path) -> None:
    recipe = made(tmp_path).write(THREE + "max_standing = 2.0")
    recipe.write_text(recipe.read_text().replace("[mine]\n", "[select]\n\n[mine]\n", 1))
    out = tmp_path / "out"
    shutil.copytree(out / "screened", out / "selected")
    record = json.loads((out / "ledger/score/_stage.json").read_text())
    record |= {"stage": "select", "reads": {"score": "f"}}
    (out / "ledger/select").mkdir()
    (out / "ledger/select/_stage.json").write_text(json.dumps(record))
    scales = {"de": Scale(0.1, 0.1), "en": Scale(0.0, 0.2), "fr": Scale(0.2, 0.1)}
    (out / "thresholds.json").write_bytes(Chosen(("teacher@0",), {}, scales, ()).to_json())
    rows = mined(recipe)
    assert {row["kind"] for row in rows} == {"text-text", "image-to-text", "text-to-image"}
    highest = {"de": 0.3, "en": 0.4, "fr": 0.4}
    for row in rows:
        if row["kind"] != "text-text":
            assert max(row["scores"][1:]) <= highest[row["positive_language"]] + 1e-6
    told = json.loads((out / "ledger/mine/negatives.json").read_text())["told"]
    assert told["image-to-text\tnearest\tfits-by-teacher"]
    assert told["text-to-image\tnearest\tfits-by-teacher"]
    assert "text-text\tnearest\tfits-by-teacher" not in told


def test_a_picture_asks_for_a_wider_margin(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    """By default: below its own captions, be it the anchor or the negative."""
    world = made(tmp_path)
    recipe = world.write(THREE)
    recipe.write_text(recipe.read_text().replace("picture_margin = 0.0\n", ""))
    found = mined(recipe)
    assert of_kind(found, "text-text") == of_kind(rows, "text-text")
    pictures = {uid_of(n): np.asarray(of[0], np.float16) for n, of in world.pictures.items()}
    own: dict[str, float] = {}
    for number, _, _, caption in world.captions:
        cosine = float(unit(pictures[uid_of(number)]) @ unit(caption))
        own[uid_of(number)] = min(own.get(uid_of(number), 1.0), cosine)

    def shares(of: list[dict[str, Any]], kind: str) -> list[float]:
        """The nearest negative's cosine by that of the picture's own captions."""
        return [
            max(
                score / (row["scores"][0] if kind == "image-to-text" else own[uid])
                for score, uid in zip(row["scores"][1:], row["negative_uids"], strict=True)
            )
            for row in of_kind(of, kind)
        ]

    for kind in ("image-to-text", "text-to-image"):
        assert max(shares(rows, kind)) > 0.9
        assert len(shares(found, kind)) > 0.9 * len(shares(rows, kind))
        assert 0.75 < max(shares(found, kind)) <= 0.802
    told = json.loads((tmp_path / "out/ledger/mine/negatives.json").read_text())["told"]
    assert {name for name in told if "own-margin" in name} == {"text-to-image\tnearest\town-margin"}


# Rows that are short of negatives, and other origins


def test_short_rows_are_dropped_or_completed(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.caption(3, "en", "not understood", None)
    strict = THREE + "max_score = -0.35"
    recipe = world.write(strict)
    kept = mined(recipe)
    said = counts(tmp_path / "out", "mine")
    assert said["triplet kept"] == len(kept)
    assert said["triplet rejected few-negatives"] > 0
    assert said["triplet rejected not-understood"] == 2
    assert said["triplet created"] == sum(said.values()) - said["triplet created"]
    assert not differences(tmp_path)
    completed = mined(world.rewrite('incomplete = "complete"' + strict))
    assert len(completed) > len(kept)
    drawn = [row for row in completed if "drawn" in row["origins"]]
    assert drawn
    for row in drawn:
        assert max(row["scores"][1:]) <= -0.35
        assert row["anchor_uid"] not in row["negative_uids"] or not row["anchor_uid"]
        assert {*row["negative_languages"]} <= {row["positive_language"], ""}


def test_pictures_that_failed_when_scored_are_no_ones(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.caption(world.picture(None), "en", "of a picture that is lost", None)
    rows = mined(world.write(THREE))
    assert counts(tmp_path / "out", "mine") == {
        "triplet created": len(rows),
        "triplet kept": len(rows),
    }
    assert not differences(tmp_path)


def test_words_bring_their_share(tmp_path: Path) -> None:
    world = made(tmp_path)
    for at, letter in enumerate("abcd", start=40):
        query, answer, *rest = world.pairs[at]
        rows = world.texts[query], world.texts[answer]
        world.pairs[at] = (f"rare {letter}", f"rare answer {letter}", *rest)  # type: ignore[assignment]
        world.texts[f"rare {letter}"], world.texts[f"rare answer {letter}"] = rows
    rows = mined(world.write('kinds = ["text-text"]\nbm25 = 0.34' + THREE))
    found = [row for row in rows if row["anchor"].startswith("rare")]
    assert len(found) == 4
    for row in found:
        of = dict(zip(row["origins"], negatives(row), strict=True))
        assert of["bm25"].startswith("rare answer")
        assert Counter(row["origins"])["bm25"] == 1


def test_english_captions_are_edited(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.caption(7, "en", "Two red kites left of a boat", world.pictures[7][0])
    world.caption(7, "en", "two red kites right of a boat", world.pictures[7][0])
    rows = mined(world.write('kinds = ["image-to-text"]\nedited = 0.67' + THREE))
    (row,) = [row for row in rows if row["positive"] == "Two red kites left of a boat"]
    assert row["origins"] == ["nearest", "edited", "edited"]
    assert row["scores"][2:] == [0.0, 0.0]
    for text in negatives(row)[1:]:
        assert len({*text.split()} & {*row["positive"].split()}) in (5, 6)
        assert text.casefold() != "two red kites right of a boat"


def test_a_random_sample_stays_the_same(tmp_path: Path) -> None:
    chance = THREE + 'sampling_strategy = "random"'
    one = mined(made(tmp_path / "one").write(chance))
    two = mined(made(tmp_path / "two").write("index_rows = 17" + chance, 3, 2))
    assert one == two


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        ("bm25 = 0.9", "at most 1 together, got 0.15, 0.9, 0.0"),
        ('document_column = "page"', "document_column must be one of keep_columns, got 'page'"),
        ("[mine.negatives]\nmax_standing = 3.0", "max_standing needs a .select. and one teacher"),
        (
            "[mine.negatives]\nnum_negatives = 0",
            r"\n  mine.negatives.num_negatives must be in \[1, 100\], got 0",
        ),
        ("cross_language = nan", "at most 1 together, got nan, 0.0, 0.0"),
        (
            'kinds = ["text-text", "text-text"]',
            "mine.kinds must each be there once, got text-text, text-text",
        ),
    ],
)
def test_impossible_recipes_are_refused(tmp_path: Path, mine: str, words: str) -> None:
    recipe = MadeWorld(tmp_path).write(mine)
    with pytest.raises(RecipeError, match=words):
        curate(recipe, stages=("mine",))
