"""What translators said, against a plain loop over the same captions."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.translation import TranslationFault
from model import endpoint_translator
from model.ctranslate2_translator import _Engine
from model.translator import Decoding, TranslatorSpec, load_translator
from model.translator_conversion import convert_checkpoint
from pipelines import translate
from pipelines.doctor import examine
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError, RunError
from pipelines.memory_imports import COLUMNS
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.transforms import translation
from pipelines.why import show_way
from schemas.ids import translation_id
from tests.conftest import Curated, counts, curate, digests, table
from tests.model import translators
from tests.model.endpoint import EndpointServer, answer, reversed_words

TRANSLATE = """
[translate]
{settings}

[translate.decoding]
batch_tokens = 64

[translate.rules]
overlook = [{overlook}]

[[translate.models]]
model = "{model}"
{models}
"""
ALL_FAULTS = ", ".join(f'"{fault.value}"' for fault in TranslationFault)
HERE = "--direct_num_workers=1"  # in this process
FEW = 'into_languages = ["de", "ka"]'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translator")
    convert_checkpoint(str(translators.nllb(folder / "nllb")), folder / "tiny")
    return folder / "tiny"


def with_translate(recipe: Path, model: Path, **changes: str) -> Path:
    values = {"settings": FEW, "overlook": ALL_FAULTS, "models": "", "model": str(model)}
    text = TRANSLATE.format(**(values | changes))
    recipe.write_text(recipe.read_text("utf-8").partition("\n[translate]")[0] + text, "utf-8")
    return recipe


@pytest.fixture
def write_translating(
    write_recipe: Callable[..., Path], curated: Curated, model: Path
) -> Callable[..., Path]:
    """Writes a recipe beside a copy of a finished output: only translating is left to do."""

    def write(folder: Path, **changes: str) -> Path:
        recipe = write_recipe(folder)
        shutil.copytree(curated.output, folder / "out")
        return with_translate(recipe, model, **changes)

    return write


@pytest.fixture(scope="module")
def translated(curated: Curated, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished output to look at and not to change: translated, then packed."""
    folder = tmp_path_factory.mktemp("translated")
    shutil.copytree(curated.output, folder / "out")
    recipe = folder / "recipe.toml"
    recipe.write_text((curated.output.parent / "recipe.toml").read_text("utf-8"), "utf-8")
    curate(with_translate(recipe, model), stages=("translate", "pack"))
    return folder / "out"


def plain_translations(output: Path, model: Path) -> dict[tuple[str, str], Any]:
    """By caption id and language, each translated alone."""
    decoding = Decoding(batch_tokens=64)
    translator = load_translator(TranslatorSpec(model=str(model), threads=1, decoding=decoding))
    captions = table(output / "captions/source")
    present: dict[str, set[str]] = {}
    for row in captions:
        present.setdefault(row["uid"], set()).add(row["language"])
    return {
        (row["caption_id"], language): translator.translate(
            [row["text"]], [row["language"]], [language]
        )[0]
        for row in captions
        for language in ("de", "ka")
        if language not in present[row["uid"]]
    }


def test_translations_are_those_of_a_plain_loop(translated: Path, model: Path) -> None:
    plain = plain_translations(translated, model)
    sources = {row["caption_id"]: row for row in table(translated / "captions/source")}
    rows = table(translated / "captions/translated")
    assert rows
    for row in rows:
        said = plain[row["parent"], row["language"]]
        assert row["text"] == said.text.strip()
        assert said.fault is None
        parent = sources[row["parent"]]
        for name in ("uid", "source", "row", "licence", "extras"):
            assert row[name] == parent[name]
        assert row["caption_id"] == translation_id(row["parent"], row["language"], row["text"])
        assert row["origin"] == "translated"
        assert row["engine"].startswith("nllb@")
    ledger = table(translated / "ledger/translate")
    assert len(rows) + len(ledger) == len(plain)
    unfinished = [key for key, said in plain.items() if said.fault]
    failed = [row for row in ledger if row["fate"] == "failed"]
    assert {row["reason"] for row in failed} == {"unfinished", "source-too-long"}
    assert len(failed) == len(unfinished)
    assert [row["uid"] for row in rows] == sorted(row["uid"] for row in rows)


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


def test_two_workers_and_bundles_done_twice_give_the_same_bytes(
    write_translating: Callable[..., Path], translated: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "translate"]
    two = write_translating(tmp_path / "two")
    done = subprocess.run(
        [*command, two, "--", "--direct_num_workers=2"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    twice = write_translating(tmp_path / "twice")
    curate(twice, HERE, "--direct_runner_bundle_repeat=1", stages=("translate",))
    expected = digests(translated / "captions/translated")
    assert digests(tmp_path / "two/out/captions/translated") == expected
    assert digests(tmp_path / "twice/out/captions/translated") == expected


KILLED_AT_THE_FOURTH_BATCH = """
import os, signal, sys
from model import endpoint_translator
from model.ctranslate2_translator import _Engine
from pipelines.driver import Job, run_job

generate, calls = _Engine.generate, []

def dying(self, sources, prefixes, most):
    calls.append(sources)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return generate(self, sources, prefixes, most)

_Engine.generate = dying
run_job(Job(sys.argv[1], ("translate",), None, tuple(sys.argv[2:])), print)
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the engine in this process is asked, call by call."""
    asked: list[Any] = []
    generate = _Engine.generate

    def counting(self: _Engine, sources: Any, prefixes: Any, most: int) -> Any:
        asked.append(tuple(zip(map(tuple, sources), map(tuple, prefixes), strict=True)))
        return generate(self, sources, prefixes, most)

    monkeypatch.setattr(_Engine, "generate", counting)
    return asked


def test_killed_and_run_again_it_translates_only_what_is_left(
    write_translating: Callable[..., Path],
    translated: Path,
    calls: list[Any],
    tmp_path: Path,
) -> None:
    whole, killed = write_translating(tmp_path / "whole"), write_translating(tmp_path / "killed")
    curate(whole, HERE, stages=("translate",))
    batches = list(calls)
    calls.clear()
    program = [sys.executable, "-c", KILLED_AT_THE_FOURTH_BATCH, str(killed), HERE]
    assert subprocess.run(program, capture_output=True).returncode == -signal.SIGKILL
    curate(killed, HERE, stages=("translate",))
    assert len(batches) > 6
    assert calls == batches[3:]
    for name in ("captions/translated", "ledger/translate"):
        expected, found = (
            {file: hash_ for file, hash_ in digests(of / name).items() if "json" not in file}
            for of in (translated, tmp_path / "killed/out")
        )
        assert found == expected


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
    write_translating: Callable[..., Path], model: Path, calls: list[Any], tmp_path: Path
) -> None:
    recipe = write_translating(tmp_path)
    curate(recipe, HERE, stages=("translate",))
    calls.clear()
    curate(
        with_translate(recipe, model, settings='into_languages = ["de", "fi", "ka"]'),
        HERE,
        stages=("translate",),
    )
    assert {prefix for call in calls for _, prefix in call} == {("fin_Latn",)}


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


def test_a_pivot_lies_between_where_no_model_says_it_at_once(
    write_translating: Callable[..., Path], model: Path, tmp_path: Path
) -> None:
    models = f'targets = ["en"]\n\n[[translate.models]]\nmodel = "{model}"\nsources = ["en"]\n'
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
    translator = load_translator(TranslatorSpec(model=str(model), threads=1))
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
    assert not recount(Folder(str(output))).differences


def of_one(server: EndpointServer) -> dict[str, str]:
    """What makes a recipe ask a server for German."""
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}\n'
    return {"settings": 'into_languages = ["de"]', "models": endpoint}


def by_way_of_english(server: EndpointServer, **settings: str) -> dict[str, str]:
    """What makes a recipe ask a server for English, then for Georgian."""
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}\n'
    other = f'\n[[translate.models]]\nmodel = "other"\n{endpoint}sources = ["en"]'
    told = "".join(f"\n{name} = {value}" for name, value in settings.items())
    return {
        "settings": f'into_languages = ["ka"]\npivot = "en"{told}',
        "models": f'{endpoint}targets = ["en"]{other}',
    }


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


def test_an_endpoint_translates_within_its_budget(
    write_translating: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_translator, "_FIRST_WAIT_S", 0.01)
    server = EndpointServer()
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}", retries = 1}}'
    settings = 'into_languages = ["de"]'
    few = write_translating(tmp_path, settings=settings, models=f"{endpoint}\nmax_requests = 1")
    with pytest.raises(RunError, match=r"raise max_requests to at least \d+, and") as error:
        curate(few, HERE, stages=("translate",))
    assert not server.asked
    least = int(str(error.value).partition("at least ")[2].partition(",")[0])
    with_translate(
        few, Path("big"), settings=settings, models=f"{endpoint}\nmax_requests = {least}"
    )
    with pytest.raises(RunError, match=r"texts are left and the budget of .* does not suffice"):
        curate(few, HERE, stages=("translate",))
    assert len(server.asked) == least
    with_translate(few, Path("big"), settings=settings, models=f"{endpoint}\nmax_requests = 60")
    with pytest.raises(RunError, match=r"texts are left and the budget of .* does not suffice"):
        curate(few, HERE, stages=("translate",))
    asked = len(server.asked)
    assert 0 < asked <= 60
    recipe = with_translate(few, Path("big"), settings=settings, models=endpoint)
    server.replies = {asked + 1: (401, {}, b"who")}
    with pytest.raises(RunError, match=r"says status 401: who; the same command goes on"):
        curate(recipe, HERE, stages=("translate",))
    server.replies = {}
    curate(recipe, HERE, stages=("translate", "pack"))
    server.close()
    prompts = [body["messages"][0]["content"] for body in server.asked]
    assert len(prompts) - len(set(prompts)) < 60  # of one batch at most
    output = tmp_path / "out"
    sources = {row["caption_id"]: row for row in table(output / "captions/source")}
    rows = table(output / "captions/translated")
    assert rows
    for row in rows:
        assert row["text"] == sources[row["parent"]]["text"][::-1].strip()
    assert not recount(Folder(str(output))).differences


@pytest.mark.parametrize(
    ("text", "reason"), [("\ud800 x", "invalid-text"), ("a\0b", "nul-in-text")]
)
def test_what_cannot_be_stored_fails_and_stops_nothing(
    write_translating: Callable[..., Path], tmp_path: Path, text: str, reason: str
) -> None:
    server = EndpointServer()
    server.replies = {3: (200, {}, answer(text))}
    models = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}'
    recipe = write_translating(tmp_path, settings='into_languages = ["de"]', models=models)
    curate(recipe, HERE, stages=("translate",))
    server.close()
    failed = [row for row in table(tmp_path / "out/ledger/translate") if row["fate"] == "failed"]
    assert {row["reason"] for row in failed} == {reason}


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


def test_a_dry_run_says_what_there_is_to_do_and_leaves_nothing(
    write_translating: Callable[..., Path], calls: list[Any], tmp_path: Path
) -> None:
    recipe, events = write_translating(tmp_path), []
    before = digests(tmp_path / "out")
    run_job(Job(str(recipe), ("translate",), None, (HERE,), preview=True), events.append)
    shown = [event["line"] for event in events if event["event"] == "shown"]
    assert digests(tmp_path / "out") == before
    assert calls  # tried how fast it is
    noted = [
        event["words"]
        for event in curate(recipe, HERE, stages=("translate",))
        if event["event"] == "note"
    ]
    assert shown[:-1] == noted[:-1]
    assert "0 imported, 0 remembered" in shown[0]
    assert "tokens/s, by a trial" in shown[-1]
    texts = counts(tmp_path / "out", "translate")["caption created"]
    assert shown[0].startswith(f"{texts} texts to say in other languages")


def test_the_doctor_knows_translators(
    write_translating: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_translating(tmp_path / "a")
    examine(str(recipe))
    shown = capsys.readouterr().out
    assert "from 30 into 30 of our languages" in shown
    assert "its licence, CC BY-NC 4.0, does not allow commercial use" in shown
    assert "all 58 pairs of languages are translated" in shown
    imports = f'{FEW}\nmemory_imports = ["no.tmx"]\nmemory = "own"'
    examine(str(write_translating(tmp_path / "b", models='sources = ["en"]', settings=imports)))
    shown = capsys.readouterr().out
    assert "no translator for 56 of 58 pairs of languages: ar-de ar-ka" in shown
    assert "error    translate.memory_imports: there is no" in shown
    assert f"memory: {tmp_path}/b/own can be written to" in shown


def test_the_doctor_asks_an_endpoint(
    write_translating: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = EndpointServer()
    endpoint = f'engine = "openai"\nendpoint = {{url = "{server.url}"}}'
    server.replies = {1: (401, {}, b"who are you")}
    recipe = write_translating(tmp_path, models=endpoint)
    examine(str(recipe))
    assert ": from 30 into 30 of our languages" in capsys.readouterr().out
    examine(str(recipe))
    assert f"{server.url} says status 401: who are you" in capsys.readouterr().out
    server.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('into_languages = ["de"]\nfrom_languages = ["de"]', "translate must have two languages"),
        ('into_languages = ["xx"]', "translate.into_languages must be of "),
        ('from_sources = ["web"]', "translate.from_sources must be among world, got 'web'"),
        ("share = 1.5", "translate.share must be in [0, 1], got 1.5"),
        ("share_in = {de = -1.0}", "translate.share_in.de must be in [0, 1], got -1.0"),
        ("weights = {de = 2.0}", "translate.weights must go with per_caption"),
        ("per_caption = 2\nweights = {de = 0.0}", "translate.weights.de must be over 0, got 0.0"),
        ("per_caption = -1", "translate.per_caption: must be greater than or equal to 0, got -1"),
        ('pivot = "english"', "translate.pivot must be of "),
        ("decoding = {beam_size = 0}", "translate.decoding.beam_size must be at least 1, got 0"),
        ("rules = {max_run = -1}", "translate.rules.max_run must be at least 0, got -1"),
        ("models = []", "translate.models: must not be empty"),
        ("modles = []", "translate.modles: there is no such key, did you mean models?"),
        ("", "translate.models: must be given"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_named(
    write_recipe: Callable[..., Path], tmp_path: Path, settings: str, said: str
) -> None:
    recipe = write_recipe(tmp_path)
    models = "" if "models" in settings or not settings else 'models = [{model = "a/b"}]'
    text = recipe.read_text("utf-8")
    recipe.write_text(f"{text}\n[translate]\n{models}\n{settings}\n", "utf-8")
    with pytest.raises(RecipeError) as error:
        read_recipe(str(recipe))
    assert said in str(error.value)


def test_languages_that_no_model_says_are_refused(
    write_translating: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = write_translating(tmp_path, models='targets = ["de"]')
    with pytest.raises(RecipeError, match=r"none of the models \(nllb@.*\) translates into ka"):
        curate(recipe, HERE, stages=("translate",))


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
