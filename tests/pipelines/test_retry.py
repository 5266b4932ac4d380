"""`pairmill retry`: what failed is gathered again, everything else stays as it was."""

import hashlib
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import retrying
from pipelines.driver import Job, run_job
from pipelines.errors import RecipeError, RunError
from pipelines.recipe_file import read_recipe
from pipelines.records import Record
from pipelines.retrying import check_reasons
from pipelines.stats import show_stats
from tests.conftest import PictureServer, counts, curate, digests, recipe_in, table

QUICK = "retries = 0"


def retry(recipe, *reasons: str) -> list[dict]:
    events: list[dict] = []
    (limit,) = check_reasons(read_recipe(str(recipe)), reasons).values()
    flags = ("--direct_num_workers=1",)
    run_job(Job(str(recipe), ("gather",), limit, flags, reasons), events.append)
    return events


@pytest.fixture(scope="module")
def server(world):
    """One for all tests here, so that the same recipe goes on with it."""
    server = PictureServer(world)
    yield server
    server.close()


@pytest.fixture(scope="module")
def half_gathered(server, world, tmp_path_factory):
    """The folder of a recipe that was run while its server was busy or had lost pictures."""
    paths = sorted(f"/{path.relative_to(world)}" for path in (world / "pictures").rglob("*.jpg"))
    server.statuses = dict.fromkeys(paths[:4], 503) | dict.fromkeys(paths[4:6], 404)
    folder = tmp_path_factory.mktemp("half-gathered")
    curate(recipe_in(world, server, folder, gather=QUICK))
    return folder


@pytest.fixture
def half_broken(server, half_gathered, tmp_path):
    """A copy of that recipe and its output, its server well again."""
    shutil.copytree(half_gathered, tmp_path, dirs_exist_ok=True)
    server.statuses = {}
    server.asked.clear()
    return tmp_path / "recipe.toml"


def test_only_those_that_failed_so_are_asked_for_and_nothing_else_changes(
    server, half_broken, curated, tmp_path
):
    out = tmp_path / "out"
    before = digests(out / "gathered")
    assert counts(out, "gather")["picture failed http-503"] == 4
    retry(half_broken, "http-503")
    assert len(server.asked) == 4
    after = digests(out / "gathered")
    assert {name: after[name] for name in before} == before
    assert "picture failed http-503" not in counts(out, "gather")
    assert counts(out, "gather")["picture failed http-404"] == 2
    assert show_stats(str(out))
    retry(half_broken, "http-404")
    curate(half_broken)
    assert digests(out / "shards") == digests(curated.output / "shards")
    assert show_stats(str(out))


def test_after_it_gather_is_up_to_date_and_pack_is_not(half_broken):
    retry(half_broken, "http-503", "http-404")
    events = curate(half_broken)
    assert [event["stage"] for event in events if event["event"] == "skipped"] == ["gather"]
    assert [event["stage"] for event in events if event["event"] == "done"] == ["pack"]


def test_killed_before_its_end_the_next_run_takes_up_what_it_got(
    server, half_broken, monkeypatch, curated, tmp_path
):
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.gather.GatherStage._settle", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            retry(half_broken, "http-503")
    curate(half_broken)
    assert len(server.asked) == 4
    assert counts(tmp_path / "out", "gather").get("picture failed http-503") is None
    assert show_stats(str(tmp_path / "out"))


def test_what_fails_again_is_told_once(server, half_broken, tmp_path):
    lost = [row["url"] for row in table(tmp_path / "out/gathered") if row["reason"] == "http-404"]
    server.statuses = {f"/{url}": 410 for url in lost}
    retry(half_broken, "http-404")
    found = counts(tmp_path / "out", "gather")
    assert (found.get("picture failed http-404"), found["picture failed http-410"]) == (None, 2)
    assert show_stats(str(tmp_path / "out"))


def test_it_says_what_there_is_to_retry(half_broken, write_recipe, tmp_path):
    read = read_recipe(str(half_broken))
    with pytest.raises(RecipeError, match=r"say --reason; there is http-404 \(2\), http-503 \(4\)"):
        check_reasons(read, ())
    with pytest.raises(RecipeError, match="nothing failed as 'http-5003'"):
        check_reasons(read, ("http-503", "http-5003"))
    with pytest.raises(RunError, match="no finished gather"):
        check_reasons(read_recipe(str(write_recipe(tmp_path / "other"))), ("http-503",))


def test_nothing_to_retry_is_said(curated):
    read = read_recipe(str(curated.output / "recipe.toml"))
    with pytest.raises(RecipeError, match="nothing to retry"):
        check_reasons(read, ("http-503",))


TRANSLATED_PAGES = """
output = "out"
[[sources]]
name = "manuals"
task = "document"
format = "folder"
path = "documents"
[documents]
[translate]
[[translate.models]]
model = "big"
engine = "openai"
endpoint = {url = "http://127.0.0.1:9/v1"}
"""


@pytest.mark.parametrize("unit", ["caption", "query"])
def test_translations_that_were_refused_can_be_asked_for_again(tmp_path, monkeypatch, unit):
    (tmp_path / "recipe.toml").write_text(TRANSLATED_PAGES)
    read = read_recipe(str(tmp_path / "recipe.toml"))
    lost = {"translate": {f"{unit} failed refused": 3, f"{unit} failed source-too-long": 2}}

    def record(_, stage):
        return Record(stage, 1, "", {}, lost.get(stage, {}), 0.0, 1.0, 7, {})

    monkeypatch.setattr(retrying, "read_record", record)
    assert check_reasons(read, ("refused",)) == {"translate": 7}
    with pytest.raises(RecipeError, match=r"there is refused \(3\)$"):
        check_reasons(read, ("source-too-long",))


@pytest.mark.parametrize("mode", ["reject", "keep"])
def test_bytes_that_are_not_those_expected(server, world, tmp_path, mode):
    paths = sorted((world / "pictures").rglob("*.jpg"))[:3]
    files = [path.relative_to(world).as_posix() for path in paths]
    right = [hashlib.sha256((world / name).read_bytes()).hexdigest() for name in files]
    rows = {
        "url": [f"{server.url}{name}" for name in files],
        "caption": ["one", "two", "three"],
        "sha": [right[0], right[0], ""],
    }
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    (tmp_path / "recipe.toml").write_text(
        'output = "out"\n[[sources]]\nname = "s"\nformat = "table"\npath = "rows.parquet"\n'
        f'expected_sha256_column = "sha"\n[gather]\nallow_hosts = ["{server.host}"]\n'
        f'on_sha256_mismatch = "{mode}"\n'
    )
    curate(tmp_path / "recipe.toml", stages=("gather",))
    fates = {
        row["caption"]: (row["fate"], row["reason"]) for row in table(tmp_path / "out/gathered")
    }
    wrong = ("rejected", "sha256-mismatch") if mode == "reject" else ("kept", "")
    assert fates == {"one": ("kept", ""), "two": wrong, "three": ("kept", "")}
    markers = (tmp_path / "out/gathered").glob("*_stats.json")
    assert sum(json.loads(path.read_text())["sha256_mismatches"] for path in markers) == 1
