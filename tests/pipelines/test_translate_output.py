"""What is told of translations: by `stats`, by `why`, in samples."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from filters.translation import TranslationFault
from pipelines.recount import recount
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.why import show_way
from tests.conftest import counts, curate, table
from tests.pipelines.translating import (
    HERE,
)


def test_everything_that_enters_or_is_made_is_accounted_for(translated: Path) -> None:
    account = recount(Folder(str(translated)))
    assert not account.differences, [str(difference) for difference in account.differences]
    assert not account.unfinished
    said = counts(translated, "translate")
    kept = len(table(translated / "captions/translated"))
    assert said["caption in"] == len(table(translated / "captions/source"))
    assert said["caption kept"] == said["caption in"] + kept
    assert account.records["pack"].counts["caption in"] == said["caption kept"]
    assert account.records["pack"].reads.keys() == {"translate"}
    assert not (translated / "_work/translate").exists()


def test_samples_have_translations_where_there_is_no_caption(translated: Path) -> None:
    packed = table(translated / "shards/pairs/train")
    captions = [row for row in packed if "origin" in row]
    samples = [row for row in packed if "txt" in row]
    made = [row for row in captions if row["origin"] == "translated"]
    assert {row["caption_id"] for row in made} == {
        row["caption_id"] for row in table(translated / "captions/translated")
    }
    assert all(row["parent"] for row in made)
    sources = {row["caption_id"]: row for row in captions if row["origin"] == "source"}
    assert all(row["parent"] == "" for row in sources.values())
    texts = {(row["uid"], row["text"]) for row in sources.values()}
    by_name = {(row["uid"], row["language"], row["text"]) for row in captions}
    for sample in samples:
        assert (sample["uid"], sample["txt"]) in texts
        for language in ("de", "ka"):
            said = sample[f"caption_{language}"]
            named = [n for n in by_name if n[:2] == (sample["uid"], language)]
            assert (sample["uid"], language, said) in named if said else not named


def test_a_gate_turns_translations_away(
    write_translating: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    curate(write_translating(tmp_path, overlook=""), HERE, stages=("translate", "pack"))
    output = tmp_path / "out"
    ledger = table(output / "ledger/translate")
    rejected = [row for row in ledger if row["fate"] == "rejected"]
    assert {row["reason"] for row in rejected} <= {*TranslationFault, "duplicate-caption"}
    assert len({row["reason"] for row in rejected}) > 1
    parents = {row["caption_id"]: row for row in table(output / "captions/source")}
    for row in ledger:
        pair, _, rest = row["detail"].partition(" of ")
        parent = parents[rest.partition(":")[0]]
        assert pair.startswith(f"{parent['language']}-")
        assert (row["parent"], row["row"]) == (parent["uid"], parent["row"])
    assert show_stats(str(output))
    shown = capsys.readouterr().out
    head, *lines = shown[shown.index("pair   ") :].splitlines()
    assert " ".join(head.split()) == "pair texts known translated kept lost most often as"
    pairs = json.loads((output / "ledger/translate/translations.json").read_text())["pairs"]
    for line in lines[:3]:
        pair, texts, *_ = line.split()
        assert int(texts) == pairs[pair]["texts"]
        assert len(line) <= 100
    report = json.loads((output / "report/stats.json").read_text())["translation"]
    made = counts(output, "translate")["caption created"]
    assert sum(of["created"] for of in report["pairs"].values()) == made
    assert "tokens a second and process" in shown
    assert show_way(str(output), rejected[0]["id"])
    way = capsys.readouterr().out
    assert f"rejected: {rejected[0]['reason']}" in way
    assert show_way(str(output), rejected[0]["parent"])


def test_why_follows_a_translation_to_its_source(
    translated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = table(translated / "captions/translated")[0]
    assert show_way(str(translated), row["caption_id"])
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if "translated to" in line and line[0] == ">")
    before = [line for line in lines[:at] if line.startswith("    caption ")]
    assert before[-1] == f"    caption {row['parent']}"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("captions/translated/part-00000.parquet", "translate, caption: expected"),
        ("captions/source/part-00000.parquet", "the sources of"),
    ],
)
def test_stats_finds_what_is_missing_of_translations(
    translated: Path, tmp_path: Path, file: str, said: str
) -> None:
    output = Path(shutil.copytree(translated, tmp_path / "out"))
    table_ = pq.read_table(output / file)
    pq.write_table(table_.slice(table_.num_rows // 2), output / file)
    differences = [str(of) for of in recount(Folder(str(output))).differences]
    assert any(said in line for line in differences), differences
