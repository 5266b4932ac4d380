"""`mine` over the sample world's documents: scored, mined, packed, read by the trainer."""

import json
from pathlib import Path
from typing import Any

import pytest

from model.picture_triplets import PictureTriplets
from pipelines.recount import recount
from pipelines.sample import write_sample
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.why import show_way
from tests.conftest import counts, curate, table
from tests.pipelines.test_documents import samples

MINE = """
[mine]
picture_margin = 0.0
cross_language = 0.5
[mine.negatives]
num_negatives = 2
overlook = ["relative-margin"]

[pack]"""
KIND = "shards/triplets/query-to-page"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output to look at and not to change: eight documents in as many languages."""
    folder: Path = tmp_path_factory.mktemp("library")
    write_sample(folder, 1, 4, documents=8, models=True)
    recipe = folder / "documents.toml"
    text = recipe.read_text("utf-8")
    kept = text[: text.index("[select")] + MINE + text[text.index("[pack]") + len("[pack]") :]
    recipe.write_text(kept, "utf-8")
    curate(recipe, stages=("documents", "score", "mine", "pack"))
    return folder / "out-documents"


@pytest.fixture(scope="module")
def rows(output: Path) -> list[dict[str, Any]]:
    return table(output / "triplets")


def test_everything_adds_up_and_stats_tell_of_pages(
    output: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    account = recount(Folder(str(output)))
    assert not account.differences, [str(difference) for difference in account.differences]
    assert not account.unfinished
    said = counts(output, "mine")
    assert said["triplet created"] == counts(output, "score")["query kept"]
    assert len(rows) == said["triplet kept"] == counts(output, "pack")["triplet kept"] > 20
    assert show_stats(str(output))
    shown = capsys.readouterr().out
    assert "negatives of query-to-page: " in shown
    assert "candidates refused: " in shown
    assert "positive minus negative " in shown
    report = json.loads((output / "report/stats.json").read_text())
    taken = report["negatives"]["kinds"]["query-to-page"]["taken"]
    assert taken == {"cross-language": len(rows), "document": len(rows)}


def test_a_negative_is_of_the_document_and_carries_no_such_query(
    output: Path, rows: list[dict[str, Any]]
) -> None:
    pages = {row["uid"]: row for row in table(output / "pages")}
    queries = {row["caption_id"]: row for row in table(output / "captions/pages")}
    assert {row["anchor_origin"] for row in rows} >= {"page-title", "page-heading"}
    for row in rows:
        query, own = queries[row["anchor_id"]], pages[row["positive"]]
        assert (row["anchor"], row["anchor_origin"]) == (query["text"], query["origin"])
        assert query["uid"] == row["positive"] not in row["negative_uids"]
        for uid, origin in zip(row["negative_uids"], row["origins"], strict=True):
            is_near = pages[uid]["document"] == own["document"]
            assert is_near == (origin == "document")
            said = {of["text"].casefold() for of in queries.values() if of["uid"] == uid}
            assert row["anchor"].casefold() not in said


def test_why_tells_of_a_packed_triplet(
    output: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows[0]
    assert show_way(str(output), row["triplet_id"])
    shown = capsys.readouterr().out
    assert "\n  query-to-page\n" in shown
    assert f"{row['anchor_origin']}   " in shown
    assert f"positive {row['positive']}" in shown
    assert "   document   " in shown
    assert f"pack: kept\n  {KIND}/rows/" in shown


def test_the_trainer_reads_queries_with_their_pages_and_near_ones(
    output: Path, rows: list[dict[str, Any]]
) -> None:
    triplets = PictureTriplets(f"{output}/{KIND}", f"{output}/shards/documents", 1.0, 2)
    pairs = [pair for block in range(len(triplets.blocks)) for pair in triplets.read(block, "")]
    stored = {sample["key"]: sample["jpg"] for sample in samples(output / "shards/documents/train")}
    packed = table(output / KIND / "rows")
    assert len(pairs) == len(packed) == len(rows)
    for pair, row in zip(pairs, packed, strict=True):
        assert pair.text == row["anchor"]
        pictures = [pair.picture, *pair.near_pictures]
        assert [of.name for of in pictures] == [row["positive"], *row["negative_uids"]]
        for picture in pictures:
            body = Path(picture.tar.removeprefix("file://")).read_bytes()
            place = slice(picture.offset, picture.offset + picture.size)
            assert body[place] == stored[picture.name]
    assert sum(triplets.languages.values()) == pytest.approx(1.0)
    assert len(triplets.languages) > 4
