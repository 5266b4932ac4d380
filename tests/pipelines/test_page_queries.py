"""Queries that a vision model behind an endpoint writes for pages."""

import base64
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filters.query import QueryRules
from model.endpoint import Endpoint
from model.query_writer import PROMPT
from pipelines.doctor import examine
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError, RunError
from pipelines.installed import check_extras
from pipelines.query_options import Queries
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.retrying import check_reasons
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.why import show_way
from tests.conftest import counts, curate, digests, table
from tests.model.endpoint import EndpointServer, answer
from tests.pipelines.rendering.made import line, pdf, prose
from tests.pipelines.test_documents import FILES, write_files

HERE = "--direct_num_workers=1"  # in this process
FEW = ("kites.pdf", "packed.pdf.gz", "deep/milan.html", "deep/feld.svg", "pairs.md", "czech.html")
PAGES = 5  # that are kept, and have queries
QUERIES = """
[documents.queries]
model = "seer"
image_size = 300
{settings}

[documents.queries.endpoint]
url = "{url}"
concurrency = {concurrency}
retries = 1
"""
ASKED = {
    "English": ("what does mark {} say of red kites", "how many kites nest near mark {}"),
    "German": ("was steht auf der Seite {} über den Rotmilan", "wo brütet der Vogel von Seite {}"),
}


def seen(content: Any) -> tuple[bytes, str]:
    """The picture that a model was shown, and in what language it is to write."""
    image, text = content
    body = base64.b64decode(image["image_url"]["url"].partition("base64,")[2])
    return body, next(name for name in ASKED if f"queries in {name}" in text["text"])


def written(content: Any) -> str:
    """What the server's model answers: queries that name the picture."""
    body, language = seen(content)
    mark = hashlib.sha256(body).hexdigest()[:6]
    return json.dumps({"queries": [words.format(mark) for words in ASKED[language]]})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointServer]:
    monkeypatch.setattr("model.endpoint._FIRST_WAIT_S", 0.01)
    found = EndpointServer(written)
    yield found
    found.close()


def asking(recipe: Path, server: EndpointServer, settings: str = "", concurrency: int = 1) -> Path:
    text = recipe.read_text("utf-8").partition("\n[documents.queries]")[0]
    of_queries = QUERIES.format(url=server.url, settings=settings, concurrency=concurrency)
    recipe.write_text(text + of_queries, "utf-8")
    return recipe


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run in which nobody was asked, not to be changed."""
    folder = tmp_path_factory.mktemp("rendered")
    curate(write_files(folder, {name: FILES[name] for name in FEW}), HERE, stages=("documents",))
    return folder


@pytest.fixture
def begin(rendered: Path, tmp_path: Path, server: EndpointServer) -> Callable[..., Path]:
    """Writes a recipe over a copy of what is rendered."""
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    return lambda settings="", concurrency=1: asking(
        tmp_path / "recipe.toml", server, settings, concurrency
    )


def synthetic(output: Path) -> list[dict[str, Any]]:
    return [row for row in table(output / "captions/pages") if row["origin"] == "synthetic"]


def lost(output: Path) -> Counter[str]:
    rows = table(output / "ledger/documents")
    return Counter(row["reason"] for row in rows if row["unit"] == "query")


def adds_up(output: Path) -> bool:
    return not recount(Folder(str(output))).differences


def test_pages_get_queries_of_a_model(
    begin: Callable[..., Path], server: EndpointServer, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = begin("price = 100.0", 4)
    output = recipe.parent / "out"
    events = curate(recipe, HERE, stages=("documents", "pack"))
    told = [event["words"] for event in events if event["event"] == "note"]
    label = synthetic(output)[0]["engine"]
    assert label.startswith("seer@")
    assert told[0] == (
        f"{PAGES} pages to have queries: 0 pictures remembered, {PAGES} to ask {label} about"
    )
    assert f"{PAGES} requests of about " in told[1]
    assert "guessed, cost about " in told[1]
    pages = {row["uid"]: row for row in table(output / "pages")}
    assert len(server.asked) == len(pages) == PAGES
    by_page = Counter(row["uid"] for row in synthetic(output))
    assert by_page == dict.fromkeys(pages, 2)
    assert {row["language"] for row in synthetic(output)} == {"en", "de"}
    for row in synthetic(output):
        assert row["text"].startswith(("what", "how") if row["language"] == "en" else ("was", "wo"))
        assert row["language"] == pages[row["uid"]]["language"]
    for asked in server.asked:
        body, _ = seen(asked["messages"][0]["content"])
        assert max(Image.open(io.BytesIO(body)).size) == 300
        assert asked["temperature"] == 0
    found = counts(output, "documents")
    assert found["query kept"] == len(table(output / "captions/pages"))
    assert counts(output, "pack")["query kept"] == found["query kept"]
    assert adds_up(output)
    assert show_stats(str(output))
    out = capsys.readouterr().out
    assert f"queries   {PAGES} pages, 0 pictures remembered, {PAGES} asked of {label}: " in out
    assert "35 tokens read, 15 written, cost 0.01" in " ".join(out.split())
    assert show_way(str(output), synthetic(output)[0]["caption_id"])
    assert f"synthetic by {label}: {synthetic(output)[0]['text']}" in capsys.readouterr().out


def test_what_was_answered_is_not_asked_again(
    begin: Callable[..., Path], server: EndpointServer
) -> None:
    recipe = begin()
    output = recipe.parent / "out"
    curate(recipe, HERE, stages=("documents", "pack"))
    before = digests(output / "shards"), digests(output / "captions/pages")
    shutil.rmtree(output / "ledger/documents")
    events = curate(recipe, HERE, stages=("documents", "pack"))
    assert len(server.asked) == PAGES
    told = [event["words"] for event in events if event["event"] == "note"]
    assert f"{PAGES} pictures remembered, 0 to ask" in told[0]
    assert (digests(output / "shards"), digests(output / "captions/pages")) == before
    text = recipe.read_text("utf-8")
    recipe.write_text(f"{text}\n[documents.queries.rules]\nmax_chars = 20\n", "utf-8")
    curate(recipe, HERE, stages=("documents",))
    assert len(server.asked) == PAGES  # a rule asks nobody
    assert lost(output)["long-query"] == 2 * PAGES
    asking(recipe, server, "max_queries = 2")
    curate(recipe, HERE, stages=("documents",))
    assert len(server.asked) == 2 * PAGES  # another prompt does
    assert adds_up(output)


def test_each_failure_has_its_reason_and_its_page_stays(
    begin: Callable[..., Path], server: EndpointServer
) -> None:
    recipe = begin()
    output = recipe.parent / "out"
    server.replies = {
        0: (200, {}, answer('{"queries": []}')),
        1: (400, {}, b"too many pixels"),
        2: (200, {}, answer('{"queries": ["r', "length")),
        3: (200, {}, answer("I cannot see it.")),
        4: (200, {}, answer('{"queries": ["A kite", "a kite!", "Пара", "\\ud800"]}')),
    }
    curate(recipe, HERE, stages=("documents",))
    assert len(table(output / "pages")) == PAGES
    found = lost(output) - Counter({"unwanted-language": 2})
    assert found.total() == 7
    assert found["no-query"] == found["unreadable-answer"] == 1
    assert found["refused"] == found["unfinished"] == 1
    assert found["unfit-query"] == found["wrong-script"] == found["duplicate-query"] == 1
    assert adds_up(output)
    with pytest.raises(RecipeError, match=r"there is refused \(1\), unfinished \(1\)"):
        check_reasons(read_recipe(str(recipe)), ())
    again = ("refused", "unfinished")
    assert check_reasons(read_recipe(str(recipe)), again) == {"documents": None}
    run_job(Job(str(recipe), ("documents",), None, (HERE,), again), lambda _: None)
    assert len(server.asked) == PAGES + 2
    assert not lost(output).keys() & {*again}
    assert adds_up(output)


def test_a_budget_ends_asking_and_costs_no_page(
    begin: Callable[..., Path], server: EndpointServer
) -> None:
    recipe = begin("max_requests = 2")
    output = recipe.parent / "out"
    events = curate(recipe, HERE, stages=("documents",))
    told = [event["words"] for event in events if event["event"] == "note"]
    assert "3 more are beyond max_requests, and fail as budget-spent" in told[1]
    assert len(server.asked) == 2
    assert lost(output)["budget-spent"] == PAGES - 2
    assert len(table(output / "pages")) == PAGES
    assert adds_up(output)
    asking(recipe, server, "max_requests = 3")
    curate(recipe, HERE, stages=("documents",))
    assert len(server.asked) == PAGES
    assert len(synthetic(output)) == 2 * PAGES
    assert adds_up(output)


def test_an_outage_stops_the_run_and_costs_nothing_of_what_was_answered(
    begin: Callable[..., Path], server: EndpointServer
) -> None:
    recipe = begin()
    server.replies = {number: (503, {}, b"no room") for number in range(2, 9)}
    with pytest.raises(RunError, match=r"2 tries: status 503: no room; the same command goes on"):
        curate(recipe, HERE, stages=("documents",))
    assert len(server.asked) == 2 + 2 + 2  # a page's tries, and those of what is no page
    server.replies = {}
    curate(recipe, HERE, stages=("documents",))
    assert len(server.asked) == 6 + PAGES - 2
    assert len(synthetic(recipe.parent / "out")) == 2 * PAGES


@pytest.mark.parametrize("is_looked_at", [False, True])
def test_a_killed_run_asks_one_page_a_worker_again(
    rendered: Path, tmp_path: Path, is_looked_at: bool
) -> None:
    held, gone = threading.Event(), threading.Event()

    def slowly(content: Any) -> str:
        if len(server.asked) == 4:
            held.set()
            gone.wait(60)
        return written(content)

    server = EndpointServer(slowly)
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    recipe = asking(tmp_path / "recipe.toml", server)
    job = Job(str(recipe), ("documents",), None, (HERE,)).to_json()
    command = [sys.executable, "-m", "pipelines.driver", job]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert held.wait(300)
        os.killpg(process.pid, signal.SIGKILL)
    gone.set()
    time.sleep(0.1)
    if is_looked_at:
        events: list[dict[str, Any]] = []
        run_job(Job(str(recipe), ("documents",), None, (HERE,), preview=True), events.append)
        assert "3 pictures remembered, 2 to ask" in next(
            event["line"] for event in events if event["event"] == "shown"
        )
    else:  # what was answered stays when something else changes
        asking(recipe, server, "price = 1.0")
    curate(recipe, HERE, stages=("documents",))
    server.close()
    pictures = Counter(seen(asked["messages"][0]["content"])[0] for asked in server.asked)
    assert len(pictures) == PAGES
    assert len(server.asked) == PAGES + 1
    output = tmp_path / "out"
    assert len(synthetic(output)) == 2 * PAGES
    assert not list(output.glob("memory/*/loose/*"))
    assert adds_up(output)


def test_a_page_that_says_nothing_of_itself_may_have_queries(
    tmp_path: Path, server: EndpointServer
) -> None:
    recipe = write_files(tmp_path, {"plain.pdf": pdf([prose()]), "kites.pdf": FILES["kites.pdf"]})
    output = tmp_path / "out"
    curate(recipe, HERE, stages=("documents",))
    ledger = table(output / "ledger/documents")
    assert [row["reason"] for row in ledger if row["row"].startswith("library:plain")] == [
        "no-caption"
    ]
    curate(asking(recipe, server), HERE, stages=("documents", "pack"))
    urls = [row["url"] for row in table(output / "pages")]
    assert "plain.pdf#page=1" in urls
    assert adds_up(output)


def test_a_picture_that_stands_twice_is_asked_about_once(
    tmp_path: Path, server: EndpointServer
) -> None:
    twins = pdf([line("Red kites", size=24, y=760) + prose()])
    recipe = write_files(tmp_path, {"one.pdf": twins, "two.pdf": twins})
    curate(asking(recipe, server), HERE, stages=("documents",))
    assert len(server.asked) == 1
    assert len(synthetic(tmp_path / "out")) == 4


def test_a_dry_run_asks_nobody(begin: Callable[..., Path], server: EndpointServer) -> None:
    recipe = begin("price = 2.0\nmax_requests = 4")
    write_files(recipe.parent, {"late.pdf": FILES["kites.pdf"]})  # not rendered yet
    asking(recipe, server, "price = 2.0\nmax_requests = 4")
    events: list[dict[str, Any]] = []
    run_job(Job(str(recipe), ("documents",), None, (HERE,), preview=True), events.append)
    lines = [event["line"] for event in events if event["event"] == "shown"]
    assert "4 to ask seer@" in lines[0]
    assert "1 more are beyond max_requests" in lines[1]
    assert "4 requests of about" in lines[2]
    assert not server.asked
    assert not synthetic(recipe.parent / "out")
    shutil.rmtree(recipe.parent / "out")
    with pytest.raises(RunError, match="nothing is rendered yet"):
        run_job(Job(str(recipe), ("documents",), None, (HERE,), preview=True), events.append)


def test_the_doctor_shows_a_model_a_blank_page(
    tmp_path: Path, server: EndpointServer, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = asking(write_files(tmp_path, {"kites.pdf": FILES["kites.pdf"]}), server)
    examine(str(recipe))
    told = capsys.readouterr().out
    assert "7 tokens read and 3 written for a blank picture" in told
    server.replies = {1: (200, {}, answer("a cat")), 2: (401, {}, b"who are you")}
    examine(str(recipe))
    assert "it answers no JSON of queries: 'a cat'" in capsys.readouterr().out
    examine(str(recipe))
    assert "says status 401: who are you" in capsys.readouterr().out
    text = recipe.read_text("utf-8")
    recipe.write_text(f'{text}\nkey_variable = "THE_KEY"\n', "utf-8")
    with pytest.raises(RecipeError, match=r"documents\.queries: the environment has no THE_KEY"):
        check_extras(read_recipe(str(recipe)), ("documents",))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"seer"', '"seer"\nprompt = "ask"', r"documents\.queries\.prompt must have {language}"),
        ("http:", "htp:", r"documents\.queries\.endpoint\.url must be http:// or https://"),
        ("retries", "rules = 1\nretries", r"documents\.queries\.endpoint\.rules: there is no such"),
    ],
)
def test_an_impossible_recipe_names_the_key(
    tmp_path: Path, server: EndpointServer, before: str, after: str, said: str
) -> None:
    recipe = asking(write_files(tmp_path, {"kites.pdf": FILES["kites.pdf"]}), server)
    recipe.write_text(recipe.read_text("utf-8").replace(before, after), "utf-8")
    with pytest.raises(RecipeError, match=said):
        read_recipe(str(recipe))


def test_the_example_has_every_key_and_the_prompt_as_it_is() -> None:
    example = Path(__file__).parents[2] / "configs/example.toml"
    asked = tomllib.loads(example.read_text("utf-8"))["documents"]["queries"]
    for kind, said in (
        (Queries, asked),
        (Endpoint, asked["endpoint"]),
        (QueryRules, asked["rules"]),
    ):
        assert {field.name for field in fields(kind)} == said.keys()
    assert asked["prompt"] == PROMPT
    documents = read_recipe(str(example)).documents
    assert documents
    assert documents.queries
