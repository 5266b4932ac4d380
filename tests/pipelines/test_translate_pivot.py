"""Translating by way of the pivot."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.translator import TranslatorSpec, load_translator
from pipelines import translate
from pipelines.errors import RunError
from pipelines.memory_imports import COLUMNS
from pipelines.recount import recount
from pipelines.storage import Folder
from tests.conftest import Curated, counts, curate, digests, table
from tests.model.endpoint import EndpointServer, reversed_words
from tests.pipelines.translating import (
    HERE,
    by_way_of_english,
)


def test_a_pivot_lies_between_where_no_model_says_it_at_once(
    write_translating: Callable[..., Path], nllb: Path, tmp_path: Path
) -> None:
    models = f'targets = ["en"]\n\n[[translate.models]]\nmodel = "{nllb}"\nsources = ["en"]\n'
    settings = 'into_languages = ["ka"]\npivot = "en"'
    recipe = write_translating(tmp_path, models=models, settings=settings)
    events = curate(recipe, HERE, stages=("translate",))
    output = tmp_path / "out"
    (later,) = (of["words"] for of in events if "out of the pivot" in of.get("words", ""))
    captions = table(output / "captions/source")
    english = sum(row["language"] == "en" for row in captions)
    made = counts(output, "translate")["caption created"]
    assert english > 0
    assert int(later.split()[0]) == made - english
    translator = load_translator(TranslatorSpec(model=str(nllb), threads=1))
    sources = {row["caption_id"]: row for row in table(output / "captions/source")}
    rows = table(output / "captions/translated")
    pivoted = [row for row in rows if " + " in row["engine"]]
    assert len(pivoted) > 5
    for row in rows:
        source = sources[row["parent"]]
        text, language = source["text"], source["language"]
        assert (row in pivoted) == (language != "en")
        if language != "en":
            text = translator.translate([text], [language], ["en"])[0].text
        assert row["text"] == translator.translate([text], ["en"], ["ka"])[0].text
    report = json.loads((output / "ledger/translate/translations.json").read_text())
    assert [of["texts"] > 5 for of in report["models"]] == [True, True]
    speeds = [json.loads(path.read_text()) for path in output.glob("memory/*/speed.json")]
    assert sorted(speed["tokens"] for speed in speeds) == sorted(
        sum(of["tokens"] for of in speed["pairs"].values()) for speed in speeds
    )
    timed = {pair: of for speed in speeds for pair, of in speed["pairs"].items()}
    assert timed.keys() == report["asked"].keys()
    assert {pair.partition("-")[2] for pair in timed} == {"en", "ka"}
    assert not recount(Folder(str(output))).differences


def test_what_comes_into_the_pivot_alike_leaves_it_once(
    write_translating: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translate, "_BUCKET_TRANSLATIONS", 20)

    def say(prompt: str) -> str:
        return "a red circle" if "into English" in prompt else reversed_words(prompt)

    server = EndpointServer(say)
    shared = by_way_of_english(server, memory='"../memory"')
    curate(write_translating(tmp_path / "one", **shared), HERE, stages=("translate",))
    prompts = [body["messages"][0]["content"] for body in server.asked]
    assert len([prompt for prompt in prompts if "into English" in prompt]) > 40  # some buckets'
    assert len(prompts) == len(set(prompts))
    output = tmp_path / "one/out"
    sources = {row["caption_id"]: row for row in table(output / "captions/source")}
    rows = table(output / "captions/translated")
    assert len(rows) > 20  # of a picture one, where English is alike
    for row in rows:
        source = sources[row["parent"]]
        said = source["text"] if source["language"] == "en" else "a red circle"
        assert row["text"] == said[::-1]
    assert not recount(Folder(str(output))).differences
    server.asked.clear()
    curate(write_translating(tmp_path / "two", **shared), HERE, stages=("translate",))
    server.close()
    assert not server.asked
    assert digests(tmp_path / "two/out/captions/translated") == digests(
        output / "captions/translated"
    )
    pairs = json.loads((tmp_path / "two/out/ledger/translate/translations.json").read_text())
    assert all(of["remembered"] == of["texts"] for of in pairs["pairs"].values())


def test_bundles_done_twice_by_way_of_the_pivot_give_the_same_bytes(
    write_translating: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EndpointServer()
    asked = by_way_of_english(server)
    curate(write_translating(tmp_path / "once", **asked), HERE, stages=("translate",))
    monkeypatch.setattr(translate, "_BUCKET_TRANSLATIONS", 20)
    twice = write_translating(tmp_path / "twice", **asked)
    curate(twice, HERE, "--direct_runner_bundle_repeat=1", stages=("translate",))
    server.close()
    expected = digests(tmp_path / "once/out/captions/translated")
    assert digests(tmp_path / "twice/out/captions/translated") == expected


def test_what_one_brings_into_the_pivot_is_no_one_elses(
    write_translating: Callable[..., Path], curated: Curated, tmp_path: Path
) -> None:
    server = EndpointServer()
    own = by_way_of_english(server, memory='"../shared"', memory_imports='["own.parquet"]')
    recipe = write_translating(tmp_path / "own", **own)
    source = next(r for r in table(curated.output / "captions/source") if r["language"] == "fr")
    brought = [[source["language"]], [source["text"]], ["en"], ["what I brought"]]
    pq.write_table(pa.table(brought, list(COLUMNS)), tmp_path / "own/own.parquet")
    curate(recipe, HERE, stages=("translate",))
    for memory in ("shared", "none"):
        settings = by_way_of_english(server, memory=f'"../{memory}"')
        curate(write_translating(tmp_path / memory, **settings), HERE, stages=("translate",))
    server.close()
    mine, shared, none = (
        {row["parent"]: row for row in table(tmp_path / run / "out/captions/translated")}
        for run in ("own", "shared", "none")
    )
    assert mine[source["caption_id"]]["text"] == "what I brought"[::-1]
    assert shared == none
    assert shared[source["caption_id"]]["text"] == source["text"]  # backwards twice
    assert mine[source["caption_id"]]["engine"].startswith("imported + other@")


def test_a_budget_is_of_both_turns(write_translating: Callable[..., Path], tmp_path: Path) -> None:
    server = EndpointServer()
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}\n'
    other = f'\n[[translate.models]]\nmodel = "other"\n{endpoint}targets = ["en"]'
    into = f'{endpoint}sources = ["en"]\ntargets = ["ka"]\nmax_requests = '
    settings = 'into_languages = ["ka"]\npivot = "en"'
    whole = write_translating(tmp_path / "whole", settings=settings, models=f"{into}0{other}")
    curate(whole, HERE, stages=("translate",))
    asked = sum(body["model"] != "other" for body in server.asked)
    server.asked.clear()
    few = f"{into}{asked - 1}{other}"
    with pytest.raises(RunError, match="does not suffice"):
        curate(
            write_translating(tmp_path / "few", settings=settings, models=few),
            HERE,
            stages=("translate",),
        )
    assert sum(body["model"] != "other" for body in server.asked) < asked
    server.close()
