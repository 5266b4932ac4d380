"""Translations that are translated back, against a plain loop over them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.chrf import chrf_of
from filters.round_trip import RoundTripRules, is_sent_back
from filters.translation import TranslationFault
from model.translator import TranslatorSpec
from pipelines import translate
from pipelines.doctor import examine
from pipelines.errors import RecipeError
from pipelines.memory_imports import COLUMNS
from pipelines.recount import recount
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.transforms import translation
from pipelines.why import show_way
from schemas.ids import phrase_id
from tests.conftest import curate, digests, table
from tests.model.endpoint import EndpointServer, reversed_words
from tests.pipelines.translating import HERE, by_way_of_english, of_one

OTHERS = ", ".join(f'"{fault}"' for fault in TranslationFault if fault != "round-trip")
SEED = 5  # of the recipes


def back_too(asked: dict[str, str], trip: str = "share = 0.5") -> dict[str, str]:
    return {
        **asked,
        "settings": f"{asked['settings']}\nround_trip = {{{trip}}}",
        "overlook": OTHERS,
    }


def forgetful(prompt: str) -> str:
    """Backwards, but of what is long only the first letters."""
    said = reversed_words(prompt)
    return said if len(said) < 40 else said[:4]


def prompts_of(server: EndpointServer) -> list[str]:
    return [body["messages"][0]["content"] for body in server.asked]


def sources_of(output: Path) -> dict[str, Any]:
    return {row["caption_id"]: row for row in table(output / "captions/source")}


def parent_of(row: dict[str, Any]) -> str:
    """The source caption's id of a row of the ledger."""
    return str(row["detail"].partition(" of ")[2].partition(":")[0])


def test_chosen_ones_come_back_and_those_too_far_from_their_source_are_rejected(
    write_translating: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = EndpointServer(forgetful)
    curate(write_translating(tmp_path, **back_too(of_one(server))), HERE, stages=("translate",))
    server.close()
    output, rules = tmp_path / "out", RoundTripRules(share=0.5)
    sources = sources_of(output)
    trips = {row["caption_id"]: row for row in table(output / "captions/round-trips")}
    kept, ledger = table(output / "captions/translated"), table(output / "ledger/translate")
    rejected = [row for row in ledger if row["reason"] == "round-trip"]
    assert rejected
    assert any(row["caption_id"] in trips for row in kept)
    back = {}
    for name, parent, is_kept in [
        *((row["caption_id"], row["parent"], True) for row in kept),
        *((row["id"], parent_of(row), False) for row in rejected),
    ]:
        source = sources[parent]
        key = phrase_id(source["language"], source["text"])
        assert (name in trips) == is_sent_back(key, "de", SEED, rules)
        if name in trips:
            back[name] = forgetful(forgetful(source["text"]).strip()).strip()
            assert trips[name]["text"] == back[name]
            assert trips[name]["chrf"] == pytest.approx(chrf_of(back[name], source["text"]))
            assert is_kept == (trips[name]["chrf"] >= rules.min_chrf)
    assert len(trips) == len(back)
    prompts = prompts_of(server)
    assert len(prompts) == len(set(prompts))
    assert not recount(Folder(str(output))).differences
    assert show_stats(str(output))
    shown = capsys.readouterr().out
    lines = shown[shown.index("sent back") :].splitlines()
    sent, unanswered, *_, turned_away = lines[-1 if len(lines) == 2 else 1].split()[1:]
    report = json.loads((output / "ledger/translate/translations.json").read_text())
    (of_pair,) = [of for pair, of in report["pairs"].items() if pair == lines[1].split()[0]]
    assert (int(sent), int(unanswered)) == (sum(of_pair["round-trip"].values()), 0)
    assert int(turned_away) == of_pair["rejected"].get("round-trip", 0)
    for name, row in ((rejected[0]["id"], rejected[0]), (next(iter(trips)), None)):
        assert show_way(str(output), name)
        way = capsys.readouterr().out
        told = f"translated back, chrF {trips[name]['chrf']:.1f}: {trips[name]['text']}"
        assert " ".join(told.split()) in " ".join(way.split())
        assert row is None or "rejected: round-trip" in way


def test_a_full_memory_loads_no_model_for_the_way_back(
    write_translating: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = back_too({"settings": f'into_languages = ["de"]\nmemory = "{tmp_path}/shared"'})
    one = write_translating(tmp_path / "one", **shared)
    curate(one, HERE, "--direct_runner_bundle_repeat=1", stages=("translate",))

    def refuse(spec: TranslatorSpec) -> NoReturn:
        raise AssertionError(f"{spec.model} is loaded")

    monkeypatch.setattr(translation, "load", refuse)
    two = write_translating(tmp_path / "two", **shared)
    curate(two, HERE, stages=("translate",))
    for folder in ("translated", "round-trips"):
        expected = digests(tmp_path / "one/out/captions" / folder)
        assert digests(tmp_path / "two/out/captions" / folder) == expected
        assert expected
    text = two.read_text("utf-8")
    two.write_text(text.replace("round_trip = {share = 0.5}", ""), "utf-8")
    curate(two, HERE, stages=("translate",))
    assert not list((tmp_path / "two/out/captions").glob("round-trips/*"))


def test_a_killed_run_asks_nothing_twice_on_the_way_back(
    write_translating: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translate, "_BUCKET_TRANSLATIONS", 20)
    server = EndpointServer()
    asked = back_too(by_way_of_english(server), "share = 1.0, min_chrf = 90.0")
    asked["models"] = asked["models"].replace('\nsources = ["en"]', '\ntargets = ["ka", "fr"]')
    asked["settings"] += '\nfrom_languages = ["fr"]'
    curate(write_translating(tmp_path / "whole", **asked), HERE, stages=("translate",))
    whole = prompts_of(server)
    server.asked.clear()
    server.replies = {len(whole) - 3: (401, {}, b"who")}
    killed = write_translating(tmp_path / "killed", **asked)
    with pytest.raises(Exception, match="says status 401"):
        curate(killed, HERE, stages=("translate",))
    curate(killed, HERE, stages=("translate",))
    server.close()
    prompts = prompts_of(server)
    assert set(prompts) == set(whole)
    assert len(whole) == len(set(whole))
    assert len(prompts) - len(whole) < 60  # of one batch at most
    for folder in ("translated", "round-trips"):
        expected = digests(tmp_path / "whole/out/captions" / folder)
        assert digests(tmp_path / "killed/out/captions" / folder) == expected
    assert not recount(Folder(str(tmp_path / "killed/out"))).differences


def test_what_has_no_answer_is_kept_and_counted_and_what_one_brought_is_not_asked(
    write_translating: Callable[..., Path], tmp_path: Path
) -> None:
    server = EndpointServer()
    asked = back_too(of_one(server), "share = 1.0")
    asked["settings"] += '\nmemory_imports = ["../own.parquet"]'
    recipes = [write_translating(tmp_path / name, **asked) for name in ("one", "two")]
    first = next(r for r in sources_of(tmp_path / "one/out").values() if r["language"] == "fr")
    own = [["fr"], [first["text"]], ["de"], ["was ich brachte"]]
    pq.write_table(pa.table(own, list(COLUMNS)), tmp_path / "own.parquet")
    curate(recipes[0], HERE, stages=("translate",))
    there = [prompt for prompt in prompts_of(server) if "into German" in prompt]
    assert not any("was ich brachte" in prompt for prompt in prompts_of(server))
    server.asked.clear()
    server.replies = {len(there): (400, {}, b"not that")}
    curate(recipes[1], HERE, stages=("translate",))
    server.close()
    for name, unanswered in (("one", 0), ("two", 1)):
        output = tmp_path / name / "out"
        rows = table(output / "captions/translated")
        trips = {row["caption_id"]: row["chrf"] for row in table(output / "captions/round-trips")}
        assert {row["engine"] for row in rows if row["caption_id"] not in trips} == {"imported"}
        lost = [id_ for id_, chrf in trips.items() if chrf < 0]
        assert {row["caption_id"] for row in rows} >= set(lost)
        report = json.loads((output / "ledger/translate/translations.json").read_text())
        counted = sum(of["round-trip"].get("-1", 0) for of in report["pairs"].values())
        assert counted == len(lost)
        assert bool(lost) == bool(unanswered)


def test_a_way_that_has_no_way_back_is_refused(
    write_translating: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = back_too({"settings": 'into_languages = ["de", "ka"]'}) | {
        "models": 'targets = ["de", "ka", "en"]'
    }
    recipe = write_translating(tmp_path, **asked)
    with pytest.raises(RecipeError, match=r"round_trip: no model translates back .*fr-de fr-ka"):
        curate(recipe, HERE, stages=("translate",))
    assert not examine(str(recipe))
    assert "translate.round_trip: no translator says these back: ar-de" in capsys.readouterr().out
