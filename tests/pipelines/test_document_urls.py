"""Documents that a table names by URL, fetched from a real server."""

import asyncio
import codecs
import gzip
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.doctor import examine
from pipelines.document_fetching import FetchLane, in_utf8, stored_document
from pipelines.document_rules import Documents
from pipelines.document_urls import DocumentClaim, settle
from pipelines.driver import Job, run_job
from pipelines.errors import FetchError, RecipeError, RunError
from pipelines.fetching import Fetched
from pipelines.recipe_file import read_recipe
from pipelines.recount import recount
from pipelines.retrying import check_reasons
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.why import show_way
from schemas.ids import picture_uid
from tests.conftest import PictureServer, counts, curate, digests, table
from tests.pipelines.rendering.made import html, line, pdf, prose
from tests.pipelines.test_same_bytes import CLI, processes_below, wait_until

RECIPE = """
output = "out"
languages = ["en", "de", "ru"]

[[sources]]
name = "web"
task = "document"
format = "table"
path = "urls.csv"
url_column = "address"
licence_column = "licence"

[documents]
viewport_width = 400
viewport_height = 600
max_bytes = 1000000

[documents.page]
min_letters = 0

[documents.fetch]
allow_hosts = ["{host}"]
deadline_s = 10.0
retries = 0

[pack]
"""
RUSSIAN = "<title>Красный коршун</title><p>Красный коршун кружит над долиной и ищет добычу.</p>"
FILES = {
    "kites.pdf": pdf([line("Red kites", size=24, y=760) + prose(), prose()]),
    "nests": pdf([line("Nests", size=24, y=760) + prose()]),
    "packed.pdf.gz": gzip.compress(pdf([line("Packed", size=24, y=760) + prose()]), mtime=0),
    "milan.html": html("<h1>Der Rotmilan</h1><p>Er kreist über dem Tal und sucht Beute.</p>"),
    "old.html": f"<meta charset=utf-8>{RUSSIAN}".encode("cp1251"),  # the server knows better
    "pairs.md": b"# Pairs\n\nThere were twelve pairs of red kites in the valley.\n",
    "noai.html": html("<p>Kites</p>").replace(b"<meta ", b"<meta name=robots content=noai><meta "),
    "picture.pdf": b"\x89PNG\r\n\x1a\n\0",
    "withheld.pdf": pdf([prose()]),
    "private/a.pdf": pdf([prose()]),
    "large.pdf": bytes(1_000_001),
    "bomb.html.gz": gzip.compress(bytes(2_000_000)),
    "cut.pdf": pdf([prose()])[:700],
    "robots.txt": b"User-agent: *\nDisallow: /private/\n",
}
KEPT = {
    "kites.pdf": 2,
    "nests": 1,
    "packed.pdf.gz": 1,
    "milan.html": 1,
    "old.html": 1,
    "pairs.md": 1,
}
LOST = {
    "picture.pdf": "not-a-document",
    "withheld.pdf": "opt-out-x-robots-tag",
    "noai.html": "opt-out-meta",
    "private/a.pdf": "opt-out-robots-txt",
    "large.pdf": "too-many-bytes",
    "bomb.html.gz": "too-many-bytes",
    "cut.pdf": "broken-document",
    "gone.pdf": "http-404",
}
STAGES = ("documents", "pack")
SQUARE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">'
    b'<rect width="300" height="200"/></svg>'
)


@pytest.fixture
def library(tmp_path: Path, serve: Callable[[Path], PictureServer]) -> PictureServer:
    folder = tmp_path / "library"
    for name, body in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    server = serve(folder)
    server.answers["/old.html"] = {"Content-Type": "text/html; charset=windows-1251"}
    server.answers["/pairs.md"] = {"Content-Type": "text/plain"}
    server.answers["/withheld.pdf"] = {"X-Robots-Tag": "noai"}
    return server


def write_recipe(folder: Path, server: PictureServer, names: list[str], more: str = "") -> Path:
    rows = "".join(f"{server.url}{name},CC BY 4.0\n" for name in names)
    (folder / "urls.csv").write_text(f"address,licence\n{rows}{more}")
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.format(host=server.host))
    return recipe


def test_every_url_is_a_document_with_a_fate(
    library: PictureServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = f",\nfile:///etc/passwd,\nhttp://127.0.0.1:1/x.pdf,\n{library.url}kites.pdf,\n"
    recipe = write_recipe(tmp_path, library, [*KEPT, *LOST], odd)
    curate(recipe, stages=STAGES)
    output = tmp_path / "out"
    pages = Counter(row["url"].split("#")[0] for row in table(output / "pages"))
    assert pages == {f"{library.url}{name}": n for name, n in KEPT.items()}
    ledger = table(output / "ledger/documents")
    lost = {row["row"]: row["reason"] for row in ledger if row["unit"] == "document"}
    assert lost == {f"web:{library.url}{name}": reason for name, reason in LOST.items()} | {
        "web:http://127.0.0.1:1/x.pdf": "forbidden-address"
    }
    found = counts(output, "documents")
    assert found["row in"] == len(KEPT) + len(LOST) + 4
    assert found["row rejected missing-url"] == found["row rejected local-file-refused"] == 1
    assert found["row rejected duplicate-row"] == 1
    assert found["document in"] == found["row kept"] == len(KEPT) + len(LOST) + 1
    assert found["document rejected opt-out-robots-txt"] == 1
    assert found["document failed http-404"] == 1
    account = recount(Folder(str(output)))
    assert (account.differences, account.unfinished) == ([], [])
    assert "/private/a.pdf" not in library.asked
    packed = {row["txt"]: row for row in table(output / "shards/documents/train") if "txt" in row}
    assert packed["Красный коршун"]["language"] == "ru"
    assert packed["Red kites"]["licence"] == "CC BY 4.0"
    for name, said in (("kites.pdf", "Red kites"), ("gone.pdf", "failed: http-404")):
        assert show_way(str(output), f"{library.url}{name}")
        assert said in capsys.readouterr().out
    assert show_way(str(output), picture_uid("web", f"{library.url}private/a.pdf"))
    assert "rejected: opt-out-robots-txt" in capsys.readouterr().out


def test_documents_come_out_alike_however_many_buckets_they_are_planned_in(
    library: PictureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for rows in (25_000, 2):
        monkeypatch.setattr("pipelines.transforms.blocks.BUCKET_ROWS", rows)
        folder = tmp_path / str(rows)
        folder.mkdir()
        recipe = write_recipe(folder, library, [*KEPT, *LOST], f"{library.url}nests,\n")
        curate(recipe, stages=STAGES)
        write_recipe(folder, library, [*KEPT, *LOST][1:])  # others stay, one counts no more
        curate(recipe, stages=STAGES)
        assert recount(Folder(str(folder / "out"))).differences == []
        found = counts(folder / "out", "documents")
        made.append((found, digests(folder / "out/shards")))
    assert len([*(tmp_path / "2/out/pages").iterdir()]) > 1
    assert made[0] == made[1]
    assert made[0][0]["page kept"] == sum(KEPT.values()) - KEPT["kites.pdf"]
    assert library.asked.count("/nests") == 2


def test_the_first_row_that_names_a_document_counts() -> None:
    def claim(rank: int, file: str, number: int) -> DocumentClaim:
        row = f"s:{file}:{number}"
        return DocumentClaim("a" * 32, row, "", "", "s", "", "und", "", "", rank, file, number, row)

    claims = [claim(1, "a", 0), claim(0, "b", 10), claim(0, "b", 9), claim(0, "c", 1)]
    for order in permutations(claims):
        documents, twins = settle(table_of(DocumentClaim, order))
        assert documents["url"].to_pylist() == ["s:b:9"]
        assert [row.row for row in twins] == ["s:b:10", "s:c:1", "s:a:0"]
        assert {row.detail for row in twins} == {"as s:b:9"}


def test_nothing_is_fetched_twice_and_new_rows_alone(
    library: PictureServer, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, library, ["kites.pdf", "gone.pdf"])
    curate(recipe, stages=STAGES)
    assert {event["event"] for event in curate(recipe, stages=STAGES)} == {"skipped"}
    before = digests(tmp_path / "out/documents")
    write_recipe(tmp_path, library, ["kites.pdf", "gone.pdf", "nests"])
    curate(recipe, stages=STAGES)
    after = digests(tmp_path / "out/documents")
    assert after.items() > before.items()
    assert Counter(library.asked) == {"/kites.pdf": 1, "/gone.pdf": 1, "/nests": 1}
    assert counts(tmp_path / "out", "pack")["page kept"] == 3


def test_a_run_that_ended_after_fetching_asks_nobody_again(
    library: PictureServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_recipe(tmp_path, library, [*KEPT])
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.documents.DocumentsStage._render", _pull_the_plug)
        with pytest.raises(RunError, match="pulled"):
            curate(recipe, stages=STAGES)
    assert len(library.asked) == len(KEPT)
    curate(recipe, stages=STAGES)
    assert len(library.asked) == len(KEPT)
    assert counts(tmp_path / "out", "documents")["page kept"] == sum(KEPT.values())


def _pull_the_plug(*_: object) -> None:
    raise RunError("pulled")


def test_what_failed_is_asked_for_again_on_demand_and_nothing_else(
    library: PictureServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, library, ["kites.pdf", "gone.pdf", "private/a.pdf", "cut.pdf"])
    curate(recipe, stages=STAGES)
    library.asked.clear()
    (tmp_path / "library/gone.pdf").write_bytes(FILES["nests"])
    with pytest.raises(RecipeError, match=r"http-404 \(1\), opt-out-robots-txt \(1\)"):
        check_reasons(read_recipe(str(recipe)), ())
    job = Job(str(recipe), ("documents",), None, ("--direct_num_workers=1",), ("http-404",))
    run_job(job, lambda event: None)
    assert library.asked == ["/gone.pdf"]
    found = counts(tmp_path / "out", "documents")
    assert (found["page kept"], found.get("document failed http-404", 0)) == (3, 0)
    assert found["document rejected opt-out-robots-txt"] == 1
    for name in (f"{library.url}gone.pdf", picture_uid("web", f"{library.url}gone.pdf")):
        assert show_way(str(tmp_path / "out"), name)
        shown = capsys.readouterr().out
        assert "Nests" in shown
        assert "http-404" not in shown
    assert {event["event"] for event in curate(recipe, stages=("documents",))} == {"skipped"}
    assert recount(Folder(str(tmp_path / "out"))).differences == []


def test_a_run_that_was_killed_goes_on_with_what_is_left(
    library: PictureServer, tmp_path: Path
) -> None:
    names = [f"{number}.txt" for number in range(220)]  # no documents: nothing is to be rendered
    for name in names:
        (tmp_path / "library" / name).write_bytes(b"Kites")
    recipe = write_recipe(tmp_path, library, names)
    library.delay_s = 0.05
    process = subprocess.Popen([*CLI, "documents", recipe], stderr=subprocess.DEVNULL)
    wait_until(lambda: list((tmp_path / "out/fetched").glob("*_stats.json")), seconds=60)
    process.kill()
    process.wait()
    wait_until(lambda: not processes_below(tmp_path))
    finished = [*(tmp_path / "out/fetched").glob("*_stats.json")]
    tables = [name.with_name(name.name.replace("_stats.json", ".parquet")) for name in finished]
    done = {url for table in tables for url in pq.read_table(table)["url"].to_pylist()}
    library.delay_s = 0.0
    library.asked.clear()
    curate(recipe, stages=("documents",))
    assert {f"{library.url}{path[1:]}" for path in library.asked} == {
        f"{library.url}{name}" for name in names
    } - done
    assert counts(tmp_path / "out", "documents")["document failed not-a-document"] == len(names)


def test_one_document_is_unpacked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most = 0, 0

    def watched(*asked: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.05)
        at_once -= 1
        return stored_document(*asked)

    async def prepare_some() -> None:
        async with lane.preparing() as prepare:
            await asyncio.gather(*(prepare(page) for _ in range(5)))

    page = Fetched("https://example.org/kites.html", FILES["milan.html"], "text/html")
    lane = FetchLane(Folder("memory://out"), Documents(), Folder("memory://hosts"))
    monkeypatch.setattr("pipelines.document_fetching.stored_document", watched)
    asyncio.run(prepare_some())
    assert most == 1


def test_two_workers_give_the_same_bytes(library: PictureServer, tmp_path: Path) -> None:
    made = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        recipe = write_recipe(folder, library, [*KEPT, *LOST])
        curate(recipe, f"--direct_num_workers={workers}", stages=STAGES)
        made.append(digests(folder / "out/shards"))
    assert made[0] == made[1]


def test_fetched_shards_are_in_gathers_layout(library: PictureServer, tmp_path: Path) -> None:
    curate(write_recipe(tmp_path, library, ["kites.pdf", "gone.pdf"]), stages=("documents",))
    (shard,) = (tmp_path / "out/fetched").glob("*.tar")
    rows = {row["url"]: row for row in pq.read_table(shard.with_suffix(".parquet")).to_pylist()}
    kept, lost = rows[f"{library.url}kites.pdf"], rows[f"{library.url}gone.pdf"]
    body = shard.read_bytes()[kept["image_offset"] :][: kept["image_size"]]
    assert body == FILES["kites.pdf"]
    assert (kept["original_format"], lost["reason"]) == ("pdf", "http-404")
    stats = json.loads(shard.with_name(f"{shard.stem}_stats.json").read_text())
    assert (stats["count"], stats["successes"], stats["failed_to_download"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('url_column = "address"', ""), "must have a column 'url'"),
        (
            ('url_column = "address"', 'caption_column = "a"'),
            "caption_column: there is no such key",
        ),
        (('path = "urls.csv"', 'path = "no.csv"'), "no file matches"),
        (('path = "urls.csv"', 'path = "https://a.org/b.csv"'), "files here or in a bucket"),
        (("retries = 0", "retries = -1"), "retries"),
        (("retries = 0", "pace = 1"), "pace: there is no such key"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(
    library: PictureServer, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    recipe = write_recipe(tmp_path, library, ["kites.pdf"])
    recipe.write_text(recipe.read_text().replace(*change))
    with pytest.raises(RecipeError, match=words):
        curate(recipe, stages=("documents",))


def test_rows_of_parquet_are_read(library: PictureServer, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, library, [])
    rows = [{"address": f"{library.url}nests", "licence": "CC0"}, {"address": None, "licence": ""}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "urls.parquet")
    recipe.write_text(recipe.read_text().replace("urls.csv", "*.parquet"))
    curate(recipe, stages=("documents",))
    found = counts(tmp_path / "out", "documents")
    assert (found["page kept"], found["row rejected missing-url"]) == (1, 1)


def test_a_document_is_fetched_once_whatever_part_of_it_rows_name(
    library: PictureServer, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, library, ["kites.pdf#page=2", "kites.pdf#page=1", "kites.pdf"])
    curate(recipe, stages=("documents",))
    assert library.asked.count("/kites.pdf") == 1
    found = counts(tmp_path / "out", "documents")
    assert (found["page kept"], found["row rejected duplicate-row"]) == (KEPT["kites.pdf"], 2)
    pages = {row["url"] for row in table(tmp_path / "out/pages")}
    assert pages == {f"{library.url}kites.pdf#page={number}" for number in (1, 2)}


def test_pages_load_from_listed_hosts_what_lies_beside_them(
    library: PictureServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library/at").mkdir()
    (tmp_path / "library/at/figure.svg").write_bytes(SQUARE)
    body = '<img src="figure.svg" alt="A square"><img src="no.png"><img src="http://10.0.0.1/a">'
    (tmp_path / "library/at/page.html").write_bytes(
        html(f"<h1>Der Rotmilan</h1><p>Er kreist über dem Tal.</p>{body}")
    )
    library.statuses["/moved.html"] = 301  # relative addresses are of where it led
    library.answers["/moved.html"] = {"Location": "/at/page.html"}
    recipe = write_recipe(tmp_path, library, ["moved.html"])
    curate(recipe, stages=("documents",))
    (before,) = table(tmp_path / "out/pages")
    assert "file created" not in counts(tmp_path / "out", "documents")
    assert library.asked == ["/moved.html", "/at/page.html"]
    library.asked.clear()
    listed = f'[documents]\nload_hosts = ["{library.host}"]\n'
    recipe.write_text(recipe.read_text().replace("[documents]\n", listed))
    curate(recipe, stages=("documents",))
    (page,) = table(tmp_path / "out/pages")
    assert page["figure_share"] > before["figure_share"] + 0.1
    assert sorted(library.asked) == ["/at/figure.svg", "/at/no.png"]  # the page itself is there
    found = counts(tmp_path / "out", "documents")
    assert {name: n for name, n in found.items() if name.startswith("file ")} == {
        "file created": 3,
        "file kept": 1,
        "file failed http-404": 1,
        "file rejected unlisted-host": 1,
    }
    assert recount(Folder(str(tmp_path / "out"))).differences == []
    assert show_way(str(tmp_path / "out"), page["uid"])
    shown = capsys.readouterr().out
    assert f"file {library.url}at/figure.svg: loaded" in shown
    assert "file http://10.0.0.1/a: unlisted-host" in shown
    (tmp_path / "library/at/no.png").write_bytes(SQUARE)
    library.asked.clear()
    run_job(
        Job(str(recipe), ("documents",), None, ("--direct_num_workers=1",), ("http-404",)),
        lambda event: None,
    )
    assert sorted(library.asked) == ["/at/figure.svg", "/at/no.png"]
    assert counts(tmp_path / "out", "documents")["file kept"] == 2


def test_a_table_without_rows_is_refused(library: PictureServer, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"source 'web': there are no rows in .*urls\.csv"):
        curate(write_recipe(tmp_path, library, []), stages=("documents",))


def test_doctor_counts_urls(
    library: PictureServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine(str(write_recipe(tmp_path, library, ["kites.pdf"])))
    said = capsys.readouterr().out
    assert "source 'web': about 1 rows in 1 files" in said
    assert "documents: behind URLs alone" in said


def test_doctor_tells_of_paths_where_urls_should_be(
    library: PictureServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, library, [])
    (tmp_path / "urls.csv").write_text("address,licence\nkites.pdf,CC0\n")
    assert not examine(str(recipe))
    said = " ".join(capsys.readouterr().out.split())
    assert "'kites.pdf' is no URL: set url_prefix, or say format = 'folder' where" in said


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("ж".encode("cp1251"), "Windows-1251", "ж"),
        (b"\x93a\x94", "ISO-8859-1", "“a”"),  # as browsers read it
        (b"\x93a\x94", "iso_8859-1", "“a”"),
        ("ж".encode("utf-8-sig"), "windows-1251", "ж"),
        (b"\xff", "utf-8", "�"),
        ("ж".encode("utf-16"), "", "ж"),
        (codecs.BOM_UTF16_BE + "ж".encode("utf-16-be"), "windows-1251", "ж"),
        ("ж".encode("utf-16-le"), "UTF-16LE", "ж"),
    ],
)
def test_text_is_stored_in_utf_8(body: bytes, charset: str, text: str) -> None:
    assert in_utf8(body, charset).decode("utf-8-sig") == text


@pytest.mark.parametrize(
    ("charset", "said"), [("utf-16", ""), ("utf-16-be", "text/html; charset=utf-16be")]
)
def test_html_in_utf_16_is_html_and_may_opt_out(charset: str, said: str) -> None:
    body = f"<!DOCTYPE html>{RUSSIAN}".encode(charset)
    kept, known = stored_document(Fetched("http://a.org/b", body, said), 1000, "pairmill")
    assert kept.decode("utf-8-sig") == f"<!DOCTYPE html>{RUSSIAN}"
    assert (known.original_format, known.original_size) == ("html", len(body))
    refused = FILES["noai.html"].decode().encode(charset)
    with pytest.raises(FetchError, match="opt-out-meta"):
        stored_document(Fetched("http://a.org/b", refused, said), 1000, "pairmill")


@pytest.mark.parametrize(
    "charset", ["", "klingon", "hex", "undefined", "IDNA", "punycode", "unicode_escape", "utf7"]
)
def test_text_in_a_charset_that_nobody_knows_stays_as_it_is(charset: str) -> None:
    assert in_utf8(b"\xe9", charset) == b"\xe9"
