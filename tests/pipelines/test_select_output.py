"""`select` after a teacher's scores: what pack, stats and why make of it."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.recount import recount
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.why import show_way
from tests.conftest import WORLD_ROWS, Curated, curate, table
from tests.model.checkpoints import ours

SELECT = """
[[score.teachers]]
model = "{model}"

[select.threshold]
by = "keep-fraction"
value = 0.5
min_group = 20
"""


@pytest.fixture(scope="module")
def output(curated: Curated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output to look at and not to change: scored, selected, packed."""
    folder: Path = tmp_path_factory.mktemp("selected")
    shutil.copytree(curated.output, folder / "out")
    text = (curated.output.parent / "recipe.toml").read_text("utf-8")
    recipe = folder / "recipe.toml"
    recipe.write_text(text + SELECT.format(model=ours(folder / "clip")), "utf-8")
    curate(recipe, stages=("score", "select", "pack"))
    return folder / "out"


def test_everything_adds_up_and_pack_has_what_was_selected(output: Path) -> None:
    account = recount(Folder(str(output)))
    assert not account.differences, [str(difference) for difference in account.differences]
    assert not account.unfinished
    counts = account.records["select"].counts
    rejected = counts["caption rejected below-threshold"]
    assert counts["caption in"] == counts["caption kept"] + rejected
    assert 0.4 < counts["caption kept"] / counts["caption in"] < 0.6
    kept = {row["caption_id"] for row in table(output / "selected/captions")}
    packed = sorted((output / "shards/pairs/train").glob("*.captions.parquet"))
    found = {id_ for path in packed for id_ in pq.read_table(path)["caption_id"].to_pylist()}
    assert found == kept
    assert account.records["pack"].reads == {"select": account.records["select"].fingerprint}


def test_stats_show_scores_by_language_and_pairs(
    output: Path, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_stats(str(output), str(world / "truth.parquet"))
    shown = capsys.readouterr().out
    assert "scores by language, least to greatest, | where the kept begin" in shown
    assert "the best pairs" in shown
    assert "nearest to a threshold" in shown
    assert "select below-threshold" in shown
    report = json.loads((output / "report/stats.json").read_text())
    assert sum(of["rows"] for of in report["truth"].values()) == WORLD_ROWS
    languages = report["selection"]["languages"]
    assert sum(said["captions"] for said in languages.values()) == len(
        table(output / "captions/source")
    )
    assert len(report["selection"]["examples"]) == 15


def test_why_tells_the_verdict(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in table(output / "ledger/select") if row["unit"] == "caption")
    assert show_way(str(output), row["id"])
    shown = capsys.readouterr().out
    assert "select rejected: below-threshold (score " in shown
    assert ", needs " in shown
    row = next(row for row in table(output / "ledger/select") if row["unit"] == "picture")
    assert show_way(str(output), row["id"])
    assert "select: rejected: no-caption" in capsys.readouterr().out
