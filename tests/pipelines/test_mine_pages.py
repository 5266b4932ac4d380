"""`mine` over pages: those of the query's document first, then others; what is no negative."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from filters.score_bins import Scale
from pipelines.chosen import Chosen
from pipelines.errors import RecipeError
from pipelines.mining import MinePieces
from pipelines.why import show_way
from tests.conftest import counts, curate, digests, table
from tests.pipelines.made_embeddings import DIM, unit
from tests.pipelines.made_pages import MadeLibrary, MadePage, MadeQuery
from tests.pipelines.test_mine import differences, mined, negatives

LANGUAGES = ("de", "en", "fr")
THREE = """
cross_language = 0.0
[mine.negatives]
num_negatives = 3
relative_margin = 0.05
"""
DOCUMENTS = 15
HERE = "--direct_num_workers=1"


def _pages_of(document: int) -> int:
    return 2 + document % 4


def made(folder: Path) -> MadeLibrary:
    """Documents in three languages whose pages are about one thing, with two queries each."""
    library, random = MadeLibrary(folder), np.random.default_rng(5)
    subjects = random.normal(size=(5, DIM))
    for number in range(DOCUMENTS):
        about = unit(subjects[number % 5] + 0.3 * random.normal(size=DIM))
        language = LANGUAGES[number % 3]
        for at in range(_pages_of(number)):
            row = unit(about + 0.5 * random.normal(size=DIM) / DIM**0.25)
            page = library.page(f"document {number}", language, row)
            for origin in ("page-heading", "figure-caption"):
                near = unit(row + 0.1 * random.normal(size=DIM))
                library.query(page, f"{origin} {number} {at}", near, origin)
    return library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> MadeLibrary:
    return made(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def rows(library: MadeLibrary) -> list[dict[str, Any]]:
    """Those of a finished output, to look at and not to change."""
    return mined(library.write(THREE))


def half(of: np.ndarray) -> np.ndarray:
    return unit(of.astype(np.float16).astype(np.float64))


def expected(library: MadeLibrary, query: MadeQuery) -> dict[str, str]:
    """The slow way: uids of three negatives with their origins, none where there are fewer."""
    asked, own = half(query.row), query.page
    positive = float(asked @ half(own.row))

    def sound(pages: Iterator[MadePage]) -> list[str]:
        scored = sorted(((float(asked @ half(page.row)), page.uid) for page in pages), reverse=True)
        return [uid for score, uid in scored if score <= positive * 0.95]

    here = [page for page in library.pages if page.language == own.language and page != own]
    near = sound(page for page in here if page.document == own.document)
    far = sound(page for page in here if page.document != own.document)
    origins = [(uid, "document") for uid in near] + [(uid, "nearest") for uid in far]
    return dict(origins[:3])


def test_pages_of_the_document_come_first_then_the_nearest_others(
    library: MadeLibrary, rows: list[dict[str, Any]]
) -> None:
    queries = {query.id: query for query in library.queries}
    assert len(rows) == len(queries)
    mixed = 0
    for row in rows:
        query = queries[row["anchor_id"]]
        found = dict(zip(negatives(row), row["origins"], strict=True))
        assert found == expected(library, query)
        assert row["scores"][1:] == sorted(row["scores"][1:], reverse=True)
        mixed += len({*row["origins"]}) > 1
    assert mixed > 5


def test_rows_say_what_they_are_of(library: MadeLibrary, rows: list[dict[str, Any]]) -> None:
    queries = {query.id: query for query in library.queries}
    languages = {page.uid: page.language for page in library.pages}
    assert {row["anchor_origin"] for row in rows} == {"page-heading", "figure-caption"}
    for row in rows:
        query = queries[row["anchor_id"]]
        assert row["kind"] == "query-to-page"
        assert (row["anchor"], row["anchor_origin"]) == (query.text, query.origin)
        assert row["positive"] == row["positive_id"] == row["positive_uid"] == query.page.uid
        assert row["anchor_uid"] == query.page.uid
        assert row["negative_ids"] == row["negative_uids"] == negatives(row)
        assert row["negative_languages"] == [languages[uid] for uid in negatives(row)]
        assert {*row["negative_languages"]} == {row["positive_language"]}
        score = float(half(query.row) @ half(query.page.row))
        assert row["scores"][0] == pytest.approx(score, abs=1e-5)


def test_everything_is_accounted_for(library: MadeLibrary, rows: list[dict[str, Any]]) -> None:
    said = counts(library.folder / "out", "mine")
    assert said == {"triplet created": len(rows), "triplet kept": len(rows)}
    assert not differences(library.folder)
    told = json.loads((library.folder / "out/ledger/mine/negatives.json").read_text())["told"]
    taken = {name.split("\t")[1]: n for name, n in told.items() if name.endswith("taken")}
    assert sum(taken.values()) == 3 * len(rows)
    assert taken.keys() == {"document", "nearest"}
    for origin in taken:
        assert told[f"query-to-page\t{origin}\tpositive"] == len(rows)
    others = sum(2 * n * (n - 1) for n in map(_pages_of, range(DOCUMENTS)))
    assert told["query-to-page\tnearest\tsame-document"] == others


def test_a_share_is_of_the_document_and_one_of_other_languages(tmp_path: Path) -> None:
    library = made(tmp_path)
    shares = "from_document = 0.34\ncross_language = 0.34\n"
    found = mined(library.write(shares + THREE.replace("cross_language = 0.0", "")))
    documents = {page.uid: page.document for page in library.pages}
    assert len(found) > 0.7 * len(library.queries)
    for row in found:
        near = [documents[uid] == documents[row["positive"]] for uid in negatives(row)]
        assert near == [origin == "document" for origin in row["origins"]]
        assert row["origins"].count("cross-language") == 1
        foreign = [language != row["positive_language"] for language in row["negative_languages"]]
        assert foreign == [origin == "cross-language" for origin in row["origins"]]
    assert sum(row["origins"].count("document") == 1 for row in found) > 0.9 * len(found)


# What does not count

ALL = """
cross_language = 0.34
from_document = 0.34
incomplete = "complete"
[mine.negatives]
num_negatives = 3
relative_margin = 0.02
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return mined(crowded(tmp_path_factory.mktemp("whole")).write(ALL, 1, 1))


def crowded(folder: Path) -> MadeLibrary:
    """As `made`, with pages that come again in other documents, and as near as each other."""
    library = made(folder)
    for at, page in enumerate(library.pages[:20]):
        again = library.page(f"again {at % 4}", page.language, page.row, f"{page.text} once more")
        library.query(again, f"query {at}", page.row)
    return library


@pytest.mark.parametrize(
    ("parts", "shards", "mine", "workers"),
    [(5, 3, "index_rows = 100000", 1), (2, 7, "index_rows = 4", 1), (3, 1, "index_rows = 9", 2)],
)
def test_cuts_and_workers_change_nothing(
    whole: list[dict[str, Any]], tmp_path: Path, parts: int, shards: int, mine: str, workers: int
) -> None:
    recipe = crowded(tmp_path).write(mine + ALL, parts, shards)
    assert mined(recipe, f"--direct_num_workers={workers}") == whole


def test_the_order_of_pages_changes_nothing(whole: list[dict[str, Any]], tmp_path: Path) -> None:
    library = crowded(tmp_path)
    library.pages.reverse()
    library.queries.reverse()
    assert mined(library.write(ALL, 2, 2)) == whole


KILLED_AT_THE_SECOND_BLOCK = """
import os, signal, sys
from pipelines.driver import Job, run_job
from pipelines.mining import MinePieces

mine, done = MinePieces._mine, []

def dying(self, number):
    done.append(number)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return mine(self, number)

MinePieces._mine = dying
run_job(Job(sys.argv[1], ("mine",), None, tuple(sys.argv[2:])), print)
"""


def test_killed_and_run_again_it_mines_only_what_is_left(
    library: MadeLibrary,
    rows: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = made(tmp_path).write(THREE)
    program = [sys.executable, "-c", KILLED_AT_THE_SECOND_BLOCK, str(recipe), HERE]
    ran = subprocess.run(program, capture_output=True, env=os.environ)
    assert ran.returncode == -signal.SIGKILL
    again: list[int] = []
    mine = MinePieces._mine

    def counting(self: MinePieces, number: int) -> Any:
        again.append(number)
        return mine(self, number)

    monkeypatch.setattr(MinePieces, "_mine", counting)
    assert mined(recipe) == rows
    assert len(again) == len(LANGUAGES) - 1
    assert digests(tmp_path / "out/triplets") == digests(library.folder / "out/triplets")


# Guards


def planted(folder: Path) -> tuple[MadeLibrary, dict[str, MadePage]]:
    """A page whose nearest ones are each refused by another guard, in its document and others."""
    library = made(folder)
    row = library.pages[0].row
    near = [unit(row + 0.01 * at * library.pages[at].row) for at in range(1, 8)]
    hashed = "ab" * 32
    own = library.page("book", "en", row, "Chapter 7: kites", hashed)
    library.query(own, "How kites fly", unit(row + 0.3 * library.pages[50].row), "page-title")
    library.query(own, "A red kite", unit(row + 0.2 * library.pages[51].row), "figure-caption")
    pages = {"own": own}
    for document in ("book", "other book"):
        pages[f"copy in {document}"] = library.page(document, "en", near[0], pdq="aa" + hashed[2:])
        pages[f"asked in {document}"] = library.page(document, "en", near[1])
        pages[f"said in {document}"] = library.page(document, "en", near[2], "CHAPTER 12 – Kites!")
        twice = [library.page(document, "en", near[at], f"Twice, in {document}") for at in (3, 4)]
        pages |= {f"{at} of two in {document}": page for at, page in enumerate(twice)}
    for name, page in pages.items():
        if name.startswith("asked"):
            library.query(page, "how kites fly?", page.row)
        elif page is not own:
            library.query(page, f"Answer of {name}", page.row)
    return library, pages


OVERLOOKED = THREE.replace("relative_margin = 0.05", 'overlook = ["relative-margin"]')


def test_each_guard_refuses_its_own(tmp_path: Path) -> None:
    library, pages = planted(tmp_path)
    found = mined(library.write("from_document = 0.67\n" + OVERLOOKED))
    names = {page.uid: name for name, page in pages.items()}
    (title,) = [row for row in found if row["anchor"] == "How kites fly"]
    taken = {names.get(uid, "") for uid in negatives(title)}
    assert sorted(title["origins"]) == ["document", "nearest", "nearest"]
    assert not {name for name in taken if name.startswith(("own", "copy", "asked", "said"))}
    assert {"0 of two in book", "0 of two in other book"} <= taken
    (caption,) = [row for row in found if row["anchor"] == "A red kite"]
    assert "asked in book" in {names.get(uid, "") for uid in negatives(caption)}
    told = json.loads((tmp_path / "out/ledger/mine/negatives.json").read_text())["told"]
    for origin in ("document", "nearest"):
        for fault in ("near-picture", "same-text", "repeated-text", "positive"):
            assert told[f"query-to-page\t{origin}\t{fault}"], (origin, fault)
    assert "query-to-page\tdocument\tsame-document" not in told


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("near-picture", "copy in book"),
        ("same-text", "asked in book"),
        ('same-text", "repeated-text', "said in book"),
    ],
)
def test_a_guard_that_is_overlooked_lets_its_own_pass(
    tmp_path: Path, fault: str, name: str
) -> None:
    library, pages = planted(tmp_path)
    rules = OVERLOOKED.replace('"relative-margin"', f'"relative-margin", "{fault}"')
    (row,) = [row for row in mined(library.write(rules)) if row["anchor"] == "How kites fly"]
    assert pages[name].uid in negatives(row)


def test_pages_without_words_are_not_all_one(tmp_path: Path) -> None:
    library = made(tmp_path)
    row = library.pages[0].row
    for number in range(4):
        page = library.page("album", "en", unit(row + 0.1 * number), "· 7 ·")
        library.query(page, f"Photograph {number}", page.row)
    found = mined(library.write(OVERLOOKED))
    album = {page.uid for page in library.pages if page.document == "album"}
    of_album = [row for row in found if row["positive"] in album]
    assert len(of_album) == 4
    for row in of_album:
        assert {*negatives(row)} == album - {row["positive"]}


def test_a_page_asks_for_a_margin_of_its_own(
    library: MadeLibrary, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    """By default: a query must fit it less than its own queries do."""
    recipe = made(tmp_path).write(THREE)
    recipe.write_text(recipe.read_text().replace("picture_margin = 0.0\n", ""))
    own: dict[str, float] = {}
    for query in library.queries:
        cosine = float(half(query.page.row) @ half(query.row))
        own[query.page.uid] = min(own.get(query.page.uid, 1.0), cosine)

    def highest(found: list[dict[str, Any]]) -> float:
        return max(
            score / own[uid]
            for row in found
            for score, uid in zip(row["scores"][1:], row["negative_uids"], strict=True)
        )

    found = mined(recipe)
    assert highest(rows) > 0.9
    assert 0.75 < highest(found) <= 0.802
    told = json.loads((tmp_path / "out/ledger/mine/negatives.json").read_text())["told"]
    assert told["query-to-page\tdocument\town-margin"]


def test_what_the_teacher_says_of_mismatched_pages_is_a_bound(tmp_path: Path) -> None:
    recipe = made(tmp_path).write(THREE + "max_standing = 2.0")
    recipe.write_text(recipe.read_text().replace("[mine]\n", "[select]\n\n[mine]\n", 1))
    out = tmp_path / "out"
    (out / "selected").mkdir()
    (out / "pages").rename(out / "selected/pages")
    (out / "captions/pages").rename(out / "selected/queries")
    record = json.loads((out / "ledger/score/_stage.json").read_text())
    record |= {"stage": "select", "reads": {"score": "f"}}
    (out / "ledger/select").mkdir()
    (out / "ledger/select/_stage.json").write_text(json.dumps(record))
    scales = {language: Scale(0.1, 0.1) for language in LANGUAGES}
    chosen = Chosen(("teacher@0",), {}, scales, ())
    (out / "thresholds-documents.json").write_bytes(chosen.to_json())
    found = mined(recipe)
    assert found
    assert max(score for row in found for score in row["scores"][1:]) <= 0.3 + 1e-6
    told = json.loads((out / "ledger/mine/negatives.json").read_text())["told"]
    assert told["query-to-page\tdocument\tfits-by-teacher"]


# Rows that are short of negatives, and recipes


def test_short_rows_are_dropped_or_completed_and_why_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = made(tmp_path)
    lost = library.query(library.pages[1], "nobody understands", None)
    strict = THREE + "max_score = 0.3\nrange_max = 6"
    recipe = library.write(strict)
    kept = mined(recipe)
    said = counts(tmp_path / "out", "mine")
    assert said["triplet kept"] == len(kept)
    assert said["triplet rejected few-negatives"] > 0
    assert said["triplet rejected not-understood"] == 1
    assert said["triplet created"] == len(library.queries)
    assert not differences(tmp_path)
    refused = table(tmp_path / "out/ledger/mine")
    (row,) = [row for row in refused if row["reason"] == "not-understood"]
    assert show_way(str(tmp_path / "out"), row["id"])
    shown = capsys.readouterr().out
    assert "\n  query-to-page\n" in shown
    assert f"anchor {lost.id}" in shown
    assert f"positive {lost.page.uid}" in shown
    assert show_way(str(tmp_path / "out"), kept[0]["triplet_id"])
    assert "\n  query-to-page\n" in capsys.readouterr().out
    completed = mined(library.rewrite('incomplete = "complete"' + strict))
    assert len(completed) > len(kept)
    documents = {page.uid: page.document for page in library.pages}
    drawn = [row for row in completed if "drawn" in row["origins"]]
    assert drawn
    for row in drawn:
        assert max(row["scores"][1:]) <= 0.3 + 1e-6
        assert {*row["negative_languages"]} == {row["positive_language"]}
        for uid, origin in zip(negatives(row), row["origins"], strict=True):
            assert origin != "drawn" or documents[uid] != documents[row["positive"]]


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        ('kinds = ["text-text"]', "mine.kinds must have query-to-page where .*, got text-text"),
        ("from_document = 1.5", "from_document"),
    ],
)
def test_impossible_recipes_are_refused(tmp_path: Path, mine: str, words: str) -> None:
    (tmp_path / "files").mkdir()
    with pytest.raises(RecipeError, match=words):
        curate(MadeLibrary(tmp_path).rewrite(mine), stages=("mine",))
