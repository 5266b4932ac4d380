"""Translating by an HTTP endpoint."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.doctor import examine
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.retrying import check_reasons
from pipelines.stats import show_stats
from pipelines.storage import Folder
from tests.conftest import counts, curate, table
from tests.model.endpoint import EndpointServer, answer
from tests.pipelines.translating import HERE, of_one, with_translate


def test_an_endpoint_translates_within_its_budget(
    write_translating: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.endpoint._FIRST_WAIT_S", 0.01)
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


def test_what_was_refused_is_asked_again_where_one_says_so(
    write_translating: Callable[..., Path], tmp_path: Path
) -> None:
    server = EndpointServer()
    shared = of_one(server) | {"settings": 'into_languages = ["de"]\nmemory = "../memory"'}
    server.replies = {number: (400, {}, b"not that") for number in (3, 5)}
    recipe = write_translating(tmp_path / "one", **shared)
    curate(recipe, HERE, stages=("translate",))
    output = tmp_path / "one/out"
    lost = [row for row in table(output / "ledger/translate") if row["fate"] == "failed"]
    assert {row["reason"] for row in lost} == {"refused"}
    server.asked.clear()
    server.replies = {}
    other = write_translating(tmp_path / "two", **shared)
    curate(other, HERE, stages=("translate",))
    assert not server.asked
    assert counts(tmp_path / "two/out", "translate")["caption failed refused"] == len(lost)
    with pytest.raises(RecipeError, match=r"there is .*refused \(\d+\)"):
        check_reasons(read_recipe(str(other)), ())
    assert check_reasons(read_recipe(str(other)), ("refused",)) == {"translate": None}
    run_job(Job(str(other), ("translate",), None, (HERE,), ("refused",)), lambda _: None)
    assert len(server.asked) == 2
    server.asked.clear()
    shutil.rmtree(output / "ledger/translate")
    curate(recipe, HERE, stages=("translate",))
    server.close()
    assert not server.asked
    for found in (output, tmp_path / "two/out"):
        assert not any(row["fate"] == "failed" for row in table(found / "ledger/translate"))
        assert not recount(Folder(str(found))).differences


def test_what_a_run_costs_is_told_before_while_and_after(
    write_translating: Callable[..., Path],
    nllb: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = EndpointServer()
    priced = of_one(server)
    priced["models"] += "price = 2000.0\n"
    recipe = write_translating(tmp_path, **priced)
    events = curate(recipe, HERE, stages=("translate",))
    (told,) = (of["words"] for of in events if "costs about" in of.get("words", ""))
    tokens = int(told.partition(" texts of ")[2].partition(" ")[0].replace(",", ""))
    assert told.endswith(
        f"costs about {2 * tokens * 2000 / 1e6:,.2f}; how long they take is known after the first "
        "pieces"
    )
    step = next(of for of in events if of["event"] == "step" and "translating by" in of["name"])
    assert (step["work"], step["price"]) == (tokens, 2000.0)
    paid = 10 * len(server.asked)  # 7 and 3 tokens a request, as the server has it
    output = tmp_path / "out"
    (of_model,) = json.loads((output / "ledger/translate/translations.json").read_text())["models"]
    assert of_model["cost"] == pytest.approx(paid * 2000 / 1e6)
    assert show_stats(str(output))
    shown = capsys.readouterr().out
    assert f", cost {of_model['cost']:,.2f}" in shown
    head, *lines = shown[shown.index("pair asked") :].splitlines()
    assert head.split() == ["pair", "asked", "texts", "tokens", "tokens/s", "time", "cost"]
    report = json.loads((output / "ledger/translate/translations.json").read_text())
    for pair, texts, tokens_, *_, cost in (line.split() for line in lines[:2]):
        of = report["asked"][pair]
        assert (of["texts"], of["source_tokens"]) == (int(texts), int(tokens_.replace(",", "")))
        assert of["cost"] == pytest.approx(of["texts"] * 10 * 2000 / 1e6)
        assert cost == f"{of['cost']:.2f}"
    for name in ("texts", "source_tokens", "tokens", "cost", "seconds"):
        whole = sum(of[name] for of in report["asked"].values())
        assert whole == pytest.approx(of_model[name], abs=0.1)
    more: list[dict[str, Any]] = []
    other = with_translate(recipe, nllb, **priced | {"settings": 'into_languages = ["fi"]'})
    run_job(Job(str(other), ("translate",), None, (HERE,), preview=True), more.append)
    server.close()
    costs = [of["line"] for of in more if "costs about" in of.get("line", "")]
    assert all("the model's: the pair was never timed" in line for line in costs[:-1])
    told = costs[-1]
    planned = int(told.partition(" texts of ")[2].partition(" ")[0].replace(",", ""))
    assert f"costs about {planned * paid / tokens * 2000 / 1e6:,.2f}" in told
    assert "as in its last run" in told


def test_a_dry_run_asks_no_endpoint(write_translating: Callable[..., Path], tmp_path: Path) -> None:
    server = EndpointServer()
    recipe = write_translating(tmp_path, **of_one(server))
    events: list[dict[str, Any]] = []
    run_job(Job(str(recipe), ("translate",), None, (HERE,), preview=True), events.append)
    server.close()
    assert not server.asked
    shown = [event["line"] for event in events if event["event"] == "shown"]
    assert shown[-1].endswith("; how long they take is known after the first pieces")
    assert any(line.endswith("; it was never timed") for line in shown)
