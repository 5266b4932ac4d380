"""A sample world whose recipe goes on to what needs models, with the tiny ones that ship."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.sample import write_sample
from schemas.layout import QUERY_TO_PAGE, TRIPLET_KINDS


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = write_sample(tmp_path_factory.mktemp("models"), 600, 11, 0.5, models=True)
    checked = CliRunner().invoke(app, ["doctor", str(recipe)])
    assert checked.exit_code == 0, checked.output
    made = CliRunner().invoke(app, ["curate", str(recipe), "--", "--direct_num_workers=1"])
    assert made.exit_code == 0, made.output
    return recipe.parent / "out"


def test_mismatched_captions_go_by_what_the_teacher_says(output: Path) -> None:
    (teacher,) = json.loads((output / "thresholds.json").read_text("utf-8"))["teachers"]
    assert teacher.startswith("tiny_teacher@")
    truth = str(output.parent / "truth.parquet")
    told = CliRunner().invoke(app, ["stats", str(output), "--truth", truth])
    assert told.exit_code == 0, told.output
    (line,) = (line for line in told.output.splitlines() if line.startswith("mismatched "))
    assert "select below-threshold" in line


def test_each_caption_is_said_in_another_language(output: Path) -> None:
    paths = sorted((output / "shards/pairs/train").glob("*.captions.parquet"))
    captions = {row["caption_id"]: row for path in paths for row in pq.read_table(path).to_pylist()}
    origins = Counter(row["origin"] for row in captions.values())
    assert origins["translated"] > 0.9 * origins["source"] > 0
    for row in captions.values():
        if row["origin"] == "translated":
            source = captions[row["parent"]]
            assert (source["origin"], source["uid"]) == ("source", row["uid"])
            assert row["language"] != source["language"]
            assert row["engine"].startswith("tiny_translator@")


def test_each_kind_of_triplet_is_mined_and_packed(output: Path) -> None:
    for kind in {*TRIPLET_KINDS} - {QUERY_TO_PAGE}:  # there are no pages
        names = pq.read_schema(output / f"shards/triplets/{kind}/train/part-00000.parquet").names
        assert names == ["anchor", "positive", "negative_1", "negative_2", "scores"]
        assert pq.read_table(output / f"shards/triplets/{kind}/rows").num_rows > 50
