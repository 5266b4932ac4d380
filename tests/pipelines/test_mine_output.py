"""`mine` after a teacher's scores: what pack, stats and others make of it."""

import json
import shutil
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from model.evaluation_sets import DataError
from model.picture_triplets import PictureTriplets
from model.samples import TextSet
from pipelines.recount import recount
from pipelines.stats import show_stats
from pipelines.storage import Folder
from tests.conftest import Curated, curate, digests, table
from tests.model.checkpoints import ours

MINE = """
[[score.teachers]]
model = "{model}"

[mine]
picture_margin = 0.0
[mine.negatives]
num_negatives = 2
overlook = ["relative-margin"]
"""


@pytest.fixture(scope="module")
def output(curated: Curated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output to look at and not to change: scored, mined, packed."""
    folder: Path = tmp_path_factory.mktemp("mined")
    shutil.copytree(curated.output, folder / "out")
    text = (curated.output.parent / "recipe.toml").read_text("utf-8")
    recipe = folder / "recipe.toml"
    recipe.write_text(text + MINE.format(model=ours(folder / "clip")), "utf-8")
    curate(recipe, stages=("score", "mine", "pack"))
    return folder / "out"


def test_everything_adds_up_and_pack_has_what_was_mined(output: Path) -> None:
    account = recount(Folder(str(output)))
    assert not account.differences, [str(difference) for difference in account.differences]
    assert not account.unfinished
    said = account.records["mine"].counts
    captions = account.records["score"].counts["caption kept"]
    assert said["triplet created"] == 2 * captions
    mined = {row["triplet_id"]: row for row in table(output / "triplets")}
    assert len(mined) == said["triplet kept"] == account.records["pack"].counts["triplet kept"]
    assert account.records["pack"].reads["mine"] == account.records["mine"].fingerprint
    for kind in ("image-to-text", "text-to-image"):
        rows = table(output / "shards/triplets" / kind / "rows")
        train = table(output / "shards/triplets" / kind / "train")
        assert [mined.pop(row["triplet_id"]) for row in rows] == rows
        assert [{name: row[name] for name in train[0]} for row in rows] == train
        assert [*train[0]] == ["anchor", "positive", "negative_1", "negative_2", "scores"]
    assert not mined


def test_pictures_are_keys_of_the_packed_pairs(output: Path) -> None:
    keys = {
        key
        for path in (output / "shards/pairs/train").glob("[0-9]????.parquet")
        for key in pq.read_table(path)["key"].to_pylist()
    }
    for row in table(output / "shards/triplets/text-to-image/train"):
        assert {row["positive"], row["negative_1"], row["negative_2"]} <= keys


def test_others_read_them(output: Path) -> None:
    folder = output / "shards/triplets/image-to-text/train"
    loaded = load_dataset("parquet", data_dir=str(folder), split="train")
    assert loaded.column_names[:3] == ["anchor", "positive", "negative_1"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "image-to-text",
            "uids as anchor, .* such triplets go to images",
        ),
        ("text-to-image", "uids as positive"),
        ("image-to-text/train", "uids as anchor"),
        ("", "must hold Parquet .*: name .*shards/triplets/text-text, the triplets of texts alone"),
    ],
)
def test_the_trainer_refuses_pictures_for_texts(output: Path, kind: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        TextSet(str(output / "shards/triplets" / kind), 1.0, 2)


@pytest.mark.parametrize("kind", ["image-to-text", "text-to-image"])
def test_the_trainer_reads_packed_triplets_and_their_pictures(output: Path, kind: str) -> None:
    """Each row as packed, and each picture that a tar reader finds under its uid."""
    folder = output / "shards/triplets" / kind
    triplets = PictureTriplets(f"{folder}", f"{output}/shards/pairs", 1.0, 2)
    pairs = [pair for block in range(len(triplets.blocks)) for pair in triplets.read(block, "")]
    stored = {}
    for path in (output / "shards/pairs/train").glob("*.tar"):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".jpg"):
                    stored[member.name.removesuffix(".jpg")] = tar.extractfile(member).read()
    rows = table(folder / "rows")
    assert len(pairs) == len(rows) > 20
    for pair, row in zip(pairs, rows, strict=True):
        names, texts = [pair.name], [pair.text, *pair.hard_captions]
        names += [picture.name for picture in pair.near_pictures]
        said = [row["anchor"], row["positive"], row["negative_1"], row["negative_2"]]
        if kind == "text-to-image":
            said[:2] = reversed(said[:2])
        assert [names[0], *texts, *names[1:]] == said
        for picture in (pair.picture, *pair.near_pictures):
            body = Path(picture.tar.removeprefix("file://")).read_bytes()
            place = slice(picture.offset, picture.offset + picture.size)
            assert body[place] == stored[picture.name]


def test_stats_show_margins_refusals_and_triplets(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_stats(str(output))
    shown = capsys.readouterr().out
    assert "negatives of image-to-text: " in shown
    assert "candidates refused: positive " in shown
    assert "positive minus negative " in shown
    assert "anchor, positive, nearest negative" in shown
    report = json.loads((output / "report/stats.json").read_text())
    kinds = report["negatives"]["kinds"]
    assert kinds.keys() == {"image-to-text", "text-to-image"}
    triplets = report["stages"]["mine"]["units"]["triplet"]["kept"]
    assert sum(sum(of["taken"].values()) for of in kinds.values()) == 2 * triplets


def test_a_lost_part_is_told(output: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(output, tmp_path / "out"))
    before = digests(output / "triplets")
    part = next(
        path for path in sorted((copy / "triplets").iterdir()) if pq.read_table(path).num_rows
    )
    part.unlink()
    found = [str(difference) for difference in recount(Folder(str(copy))).differences]
    assert any("mine" in line and "triplets/" in line for line in found)
    assert digests(output / "triplets") == before
