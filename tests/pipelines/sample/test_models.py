"""A sample world whose recipe goes on to what needs models, with the tiny ones that ship."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.sample import write_sample


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


def test_captions_are_said_in_other_languages(output: Path) -> None:
    captions = pq.read_table(output / "shards/pairs/train", filters=None).to_pylist()
    assert captions
