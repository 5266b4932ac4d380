"""The trainer reads what `mine` and `pack` make of texts."""

from pathlib import Path

from model.samples import TextSet
from tests.conftest import curate, table
from tests.pipelines.test_mine import THREE, made, mined


def test_packed_triplets_of_texts_are_trained_on(tmp_path: Path) -> None:
    world = made(tmp_path)
    world.pictures, world.captions = {}, []
    recipe = world.write('kinds = ["text-text"]\n' + THREE)
    rows = {row["triplet_id"]: row for row in mined(recipe)}
    curate(recipe, stages=("pack",))
    texts = TextSet(str(tmp_path / "out/shards/triplets/text-text"), 1.0, 3)
    assert texts.languages == {"en": 1.0}
    read = [sample for block in range(len(texts.blocks)) for sample in texts.read(block, "")]
    packed = table(tmp_path / "out/shards/triplets/text-text/rows")
    assert {row["triplet_id"] for row in packed} == rows.keys()
    assert {(of.anchor, of.positive, of.negatives) for of in read} == {
        (row["anchor"], row["positive"], tuple(row[f"negative_{n}"] for n in (1, 2, 3)))
        for row in rows.values()
    }
