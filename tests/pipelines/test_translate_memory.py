"""What memories spare translators, and what they lose."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.translator import TranslatorSpec
from pipelines.errors import RecipeError, RunError
from pipelines.memory_imports import COLUMNS
from pipelines.transforms import translation
from tests.conftest import counts, curate, digests, table
from tests.model.endpoint import EndpointServer
from tests.pipelines.translating import (
    FEW,
    HERE,
    by_way_of_english,
    of_one,
    with_translate,
)


def test_a_text_is_translated_once_into_a_language(
    write_translating: Callable[..., Path], calls: list[Any], tmp_path: Path
) -> None:
    recipe = write_translating(tmp_path)
    path = tmp_path / "out/captions/source/part-00000.parquet"
    rows = pq.read_table(path).to_pylist()
    english = [row for row in rows if row["language"] == "en"]
    assert len(english) > 1
    for row in english:
        row["text"] = "a red circle"
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
    curate(recipe, HERE, stages=("translate",))
    asked = [pair for call in calls for pair in call]
    assert len(asked) == len(set(asked))
    same = [r for r in table(tmp_path / "out/captions/translated") if r["language"] == "ka"]
    parents = {row["caption_id"] for row in english}
    assert len({row["uid"] for row in same if row["parent"] in parents}) == len(
        {row["uid"] for row in english}
    )


def test_a_full_memory_loads_no_model(
    write_translating: Callable[..., Path],
    translated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = tmp_path / "shared"
    settings = f'{FEW}\nmemory = "{shared}"'
    curate(write_translating(tmp_path / "one", settings=settings), HERE, stages=("translate",))

    def refuse(spec: TranslatorSpec) -> NoReturn:
        raise AssertionError(f"{spec.model} is loaded")

    monkeypatch.setattr(translation, "load", refuse)
    again = write_translating(tmp_path / "two", settings=settings)
    events = curate(again, HERE, stages=("translate",))
    assert not any("translating by" in event.get("name", "") for event in events)
    expected = digests(translated / "captions/translated")
    assert digests(tmp_path / "two/out/captions/translated") == expected
    pairs = json.loads((tmp_path / "two/out/ledger/translate/translations.json").read_text())
    assert all(of["remembered"] == of["texts"] for of in pairs["pairs"].values())
    more = with_translate(again, Path("nowhere"), settings=settings)
    with pytest.raises(RecipeError, match=r"translate\.models"):
        curate(more, HERE, stages=("translate",))


def test_an_added_language_pays_only_for_itself(
    write_translating: Callable[..., Path], nllb: Path, calls: list[Any], tmp_path: Path
) -> None:
    recipe = write_translating(tmp_path)
    curate(recipe, HERE, stages=("translate",))
    calls.clear()
    curate(
        with_translate(recipe, nllb, settings='into_languages = ["de", "fi", "ka"]'),
        HERE,
        stages=("translate",),
    )
    assert {prefix for call in calls for _, prefix in call} == {("fin_Latn",)}


def test_a_killed_run_that_is_given_another_memory_loses_nothing(
    write_translating: Callable[..., Path], tmp_path: Path
) -> None:
    server = EndpointServer()
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}\nmax_requests = '
    settings = 'into_languages = ["de"]\nmemory = "first"'
    recipe = write_translating(tmp_path, settings=settings, models=endpoint + "60")
    with pytest.raises(RunError, match="does not suffice"):
        curate(recipe, HERE, stages=("translate",))
    assert server.asked
    settings = settings.replace("first", "second")
    curate(
        with_translate(recipe, Path("m"), settings=settings, models=endpoint + "0"),
        HERE,
        stages=("translate",),
    )
    server.close()
    made = counts(tmp_path / "out", "translate")
    assert made["caption created"] == made["caption kept"] - made["caption in"]


@pytest.mark.parametrize("pivot", [False, True])
def test_what_a_memory_has_lost_is_translated_again(
    write_translating: Callable[..., Path], tmp_path: Path, pivot: bool
) -> None:
    server = EndpointServer()
    whole = by_way_of_english(server) if pivot else of_one(server)
    curate(write_translating(tmp_path / "whole", **whole), HERE, stages=("translate",))
    asked, killed = len(server.asked), write_translating(tmp_path / "killed", **whole)
    server.asked.clear()
    server.replies = {asked - 2: (401, {}, b"who")}
    with pytest.raises(RunError, match="says status 401"):
        curate(killed, HERE, stages=("translate",))
    files = sorted((tmp_path / "killed/out/memory").rglob("*.parquet"))
    assert files
    files[-1].unlink()  # of the last translator
    server.replies = {}
    with pytest.raises(RunError, match="has lost translations since this run began"):
        curate(killed, HERE, stages=("translate",))
    curate(killed, HERE, stages=("translate",))
    server.close()
    expected = digests(tmp_path / "whole/out/captions/translated")
    assert digests(tmp_path / "killed/out/captions/translated") == expected


TMX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en" datatype="plaintext"/><body>
<tu><tuv xml:lang="{0}"><seg>{1}</seg></tuv><tuv xml:lang="de-DE"><seg>Ein <bpt>&lt;b&gt;</bpt>
Kreis</seg></tuv><tuv xml:lang="cs"><seg>kruh</seg></tuv></tu>
</body></tmx>
"""


def test_translations_of_ones_own_come_first(
    write_translating: Callable[..., Path], translated: Path, tmp_path: Path
) -> None:
    imports = 'memory_imports = ["own.tmx", "own.parquet"]'
    recipe = write_translating(tmp_path, settings=f"{FEW}\n{imports}")
    made = table(translated / "captions/translated")
    sources = {row["caption_id"]: row for row in table(translated / "captions/source")}
    german = next(row for row in made if row["language"] == "de")
    georgian = next(row for row in made if row["language"] == "ka")
    first, second = (sources[row["parent"]] for row in (german, georgian))
    (tmp_path / "own.tmx").write_text(
        TMX.format(first["language"].upper(), escape(first["text"])), "utf-8"
    )
    own = [[second["language"]], [second["text"]], ["kat"], ["წრე"]]
    pq.write_table(pa.table(own, list(COLUMNS)), tmp_path / "own.parquet")
    curate(recipe, HERE, stages=("translate",))
    rows = {
        (row["parent"], row["language"]): row for row in table(tmp_path / "out/captions/translated")
    }
    assert len(rows) == len(made)
    for parent, language, text in (
        (first["caption_id"], "de", "Ein \nKreis"),
        (second["caption_id"], "ka", "წრე"),
    ):
        row = rows.pop((parent, language))
        assert (row["text"], row["engine"], row["quality"]) == (text, "imported", 0.75)
    assert {row["text"] for row in rows.values()} <= {row["text"] for row in made}
