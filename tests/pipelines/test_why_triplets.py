"""`pairmill why` of a triplet: what it is of, and what became of it."""

from pathlib import Path

import pytest

from pipelines.why import show_way
from tests.conftest import curate, table
from tests.pipelines.made_embeddings import uid_of
from tests.pipelines.test_mine import THREE, made, mined


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made output, and a language that has too few texts to be negatives."""
    world = made(tmp_path_factory.mktemp("why"))
    row = world.pictures[0][0]
    world.caption(0, "it", "poche parole", row)
    world.pairs.append(("question 0", "risposta", "it", ""))
    world.texts["risposta"] = row
    recipe = world.write(THREE)
    mined(recipe)
    return recipe.parent / "out"


def show(output: Path, id_: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert show_way(str(output), id_)
    return capsys.readouterr().out


@pytest.mark.parametrize("kind", ["text-text", "image-to-text", "text-to-image"])
def test_a_mined_triplet_is_shown(
    output: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = next(row for row in table(output / "triplets") if row["kind"] == kind)
    shown = show(output, row["triplet_id"], capsys)
    assert f"triplet {row['triplet_id']}\n  {kind}\n" in shown
    assert f"anchor {row['anchor_id']}" in shown
    assert f"positive {row['positive_id']}" in shown
    assert f"mine: kept, positive {row['scores'][0]:.4f}" in shown
    for number in (1, 2, 3):
        assert f"{row['scores'][number]:.4f}   nearest   " in shown
        assert row[f"negative_{number}"] in shown
    assert "pack: not finished" in shown
    assert row["triplet_id"] in show(output, row["triplet_id"][:12], capsys)


def test_a_triplet_that_was_turned_away_is_shown(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [row for row in table(output / "ledger/mine") if row["unit"] == "triplet"]
    of_texts = next(row for row in refused if not row["parent"])
    shown = show(output, of_texts["id"], capsys)
    assert "\n  text-text\n" in shown
    assert f"mine: rejected: few-negatives ({of_texts['detail']})" in shown
    of_pictures = next(row for row in refused if row["parent"] == uid_of(0))
    shown = show(output, of_pictures["id"], capsys)
    assert uid_of(0) in shown
    assert "-to-" in shown


def test_a_packed_triplet_is_found_in_its_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = made(tmp_path)
    world.pictures, world.captions = {}, []
    recipe = world.write('kinds = ["text-text"]\n' + THREE)
    mined(recipe)
    curate(recipe, stages=("pack",))
    part = "shards/triplets/text-text/rows/part-00000.parquet"
    row = table(tmp_path / "out/shards/triplets/text-text/rows")[0]
    shown = show(tmp_path / "out", row["triplet_id"], capsys)
    assert f"pack: kept\n  {part}: row 0 from 0" in shown
