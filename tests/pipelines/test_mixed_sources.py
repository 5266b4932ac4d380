"""Sources of every format in one recipe: rows keep what is their source's, and all add up."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.doctor import examine
from pipelines.records import imbalance
from tests.conftest import counts, curate, digests, table
from tests.pipelines.sources.made import picture, write_img2dataset, write_tar

HEAD = 'output = "out"\nseed = 3\nlanguages = ["en", "de"]\n'
TAIL = '[gather]\nimage_size = 24\nallow_hosts = ["{host}"]\nallow_local_files = true\n[pack]\n'
MIXED = """
[[sources]]
name = "tars"
format = "webdataset"
path = "tars/*.tar"
language_column = "lang"
licence = "CC0"
keep_columns = ["page"]

[[sources]]
name = "downloads"
format = "img2dataset"
path = "downloads"
licence_column = "rights"

[[sources]]
name = "hub"
format = "huggingface"
path = "hub"
caption_column = "text"
keep_columns = ["story"]

[[sources]]
name = "hub-urls"
format = "huggingface"
path = "hub-urls"
url_prefix = "{url}"

[[sources]]
name = "files"
format = "folder"
path = "files"

[[sources]]
name = "table"
format = "table"
path = "table.csv"
keep_columns = ["story"]
"""


def write_mixed(folder: Path, url: str) -> None:
    for name in ("tars", "hub", "hub-urls", "files", "served"):
        (folder / name).mkdir()
    members: list[tuple[str, Any]] = []
    for n in range(6):
        fields = {"caption": f"Drachen {n}", "lang": "de", "page": str(n)}
        members += [(f"{n}.png", picture(n, "PNG")), (f"{n}.json", fields)]
    write_tar(folder / "tars/a.tar", [*members, ("blind.txt", "no picture")])
    whole = write_tar(folder / "tars/b.tar", members).read_bytes()
    (folder / "tars/b.tar").write_bytes(whole[: whole.index(b"3.png") + 550])
    rows = [{"url": f"https://a.org/{n}.jpg", "rights": "CC BY"} for n in range(3)]
    rows[1] |= {"status": "failed_to_download", "error_message": "HTTP Error 410: Gone"}
    write_img2dataset(folder / "downloads", "00000", rows)
    cells = [{"bytes": picture(100 + n), "path": None} for n in range(25)]
    hub = {"image": cells, "text": [f"kite {n}" for n in range(25)], "story": ["s"] * 25}
    pq.write_table(pa.table(hub), folder / "hub/train.parquet", row_group_size=10)
    urls = pa.table({"image": ["served.jpg", "gone.jpg"], "caption": ["served", "gone"]})
    pq.write_table(urls, folder / "hub-urls/train.parquet")
    (folder / "served/served.jpg").write_bytes(picture(200))
    (folder / "files/a.jpg").write_bytes(picture(201))
    (folder / "files/a.txt").write_text("a file")
    (folder / "table.csv").write_text(
        f"url,caption,story\nfiles/a.jpg,by its path,t\n{url}served.jpg,by its URL,\n"
    )


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def test_every_format_in_one_recipe(tmp_path, serve) -> None:
    server = serve(tmp_path / "served")
    write_mixed(tmp_path, server.url)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text((HEAD + MIXED + TAIL).format(url=server.url, host=server.host))
    curate(recipe)
    found = counts(tmp_path / "out", "gather")
    assert not imbalance(found)
    samples = {row["uid"]: row for row in table(tmp_path / "out/shards/pairs/train")
               if "width" in row}  # fmt: skip
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in samples.values():
        by_source.setdefault(row["source"], []).append(row)
    kept = {name: len(rows) for name, rows in by_source.items()}
    assert kept == {"tars": 6 + 3, "downloads": 2, "hub": 25, "hub-urls": 1, "files": 1, "table": 2}
    assert {row["licence"] for row in by_source["tars"]} == {"CC0"}
    assert {row["language"] for row in by_source["tars"]} == {"de"}
    assert {row["page"] for row in by_source["tars"]} == set("012345")
    assert {(row["licence"], row["page"]) for row in by_source["downloads"]} == {("CC BY", "")}
    assert {(row["story"], row["page"]) for row in by_source["hub"]} == {("s", "")}
    assert sorted(row["story"] for row in by_source["table"]) == ["", "t"]
    reasons = {name: n for name, n in found.items() if "rejected" in name or "failed" in name}
    assert reasons == {
        "row rejected no-picture": 1,
        "row rejected broken-tar": 1,
        "row rejected failed-at-source": 1,
        "picture failed http-404": 1,
        "caption failed http-404": 1,
    }
    details = {row["reason"]: row["detail"] for row in table(tmp_path / "out/ledger/gather")}
    assert details["failed-at-source"] == "failed_to_download: HTTP Error 410: Gone"
    assert "it is cut off" in details["broken-tar"]


def test_doctor_looks_at_every_source(tmp_path, serve, capsys) -> None:
    server = serve(tmp_path)
    write_mixed(tmp_path, server.url)
    (tmp_path / "files/b.jpg").write_bytes(picture())
    (tmp_path / "files/b.json").write_text("{")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text((HEAD + MIXED + TAIL).format(url=server.url, host=server.host))
    assert examine(str(recipe))
    said = capsys.readouterr().out
    for words in (
        "source 'tars': about 11 rows in 2 files",
        "source 'downloads': about 3 rows in 1 files",
        "source 'hub': about 25 rows in 1 files",
        "source 'hub-urls': about 2 rows in 1 files",
        "of the first 11 rows 1 are rejected as no-picture (blind has txt)",
        "of the first 3 rows 1 are rejected as failed-at-source (failed_to_download: HTTP",
        "of the first 2 rows 1 are rejected as malformed-row (Expecting",
        "host 127.0.0.1 is known",
    ):
        assert words in said
    (tmp_path / "downloads/00000.tar").unlink()
    (tmp_path / "tars/a.tar").write_bytes(b"x" * 2000)
    (tmp_path / "tars/b.tar").write_bytes(b"")
    assert not examine(str(recipe))
    said = capsys.readouterr().out
    assert "source 'downloads': " in said
    assert "00000.parquet must have 00000.tar beside it" in said
    assert "source 'tars': there is no sample in" in said


def test_pictures_stay_beside_their_captions(tmp_path) -> None:
    """Each picture's colour is its caption's number."""
    (tmp_path / "hub").mkdir()
    colours = range(0, 250, 5)
    cells = [{"bytes": picture(n, "PNG"), "path": None} for n in colours]
    columns = {"image": cells, "caption": [f"kite {n}" for n in colours]}
    pq.write_table(pa.table(columns), tmp_path / "hub/train.parquet", row_group_size=7)
    members: list[tuple[str, Any]] = []
    for n in colours:
        members += [(f"{n}.png", picture(n, "PNG")), (f"{n}.txt", f"kite {n}")]
    write_tar(tmp_path / "a.tar", members)
    sources = ("huggingface", "hub"), ("webdataset", "a.tar")
    for name, path in sources:
        text = f'[[sources]]\nname = "s"\nformat = "{name}"\npath = "{path}"\n'
        tail = '[gather]\nimage_format = "png"\npictures_per_shard = 13\n[pack]\n'
        recipe = tmp_path / f"{name}.toml"
        recipe.write_text(HEAD.replace('"out"', f'"{name}"') + text + tail)
        curate(recipe)
        with tarfile.open(tmp_path / name / "shards/pairs/train/00000.tar") as tar:
            texts = {m.name[:-4]: tar.extractfile(m).read() for m in tar if m.name[-4:] == ".txt"}
            for key, text in texts.items():
                body = tar.extractfile(f"{key}.png").read()
                assert pixel(body) == (int(text.split()[1]), 99, 7)
        assert len(texts) == len(colours)


def pixel(body: bytes) -> tuple[int, ...]:
    with Image.open(io.BytesIO(body)) as image:
        return image.convert("RGB").getpixel((3, 3))


def test_other_tars_of_the_same_samples_give_the_same_bytes(tmp_path) -> None:
    samples = [
        [
            (f"{n}.jpg", picture(n)),
            (f"{n}.json", {"caption": f"c{n}", "url": f"https://a.org/{n}", "n": n}),
        ]
        for n in range(20)
    ]
    packings = [[samples], [samples[12:][::-1], samples[:12][::-1]]]
    found = []
    for number, tars in enumerate(packings):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, chosen in zip("ba", tars, strict=False):
            write_tar(folder / f"{name}.tar", [member for sample in chosen for member in sample])
        text = '[[sources]]\nname = "s"\nformat = "webdataset"\npath = "*.tar"\n'
        tail = 'keep_columns = ["n"]\n[gather]\npictures_per_shard = 6\n[pack]\n'
        (folder / "recipe.toml").write_text(HEAD + text + tail)
        curate(folder / "recipe.toml")
        found.append(digests(folder / "out/shards"))
    assert found[0] == found[1]


def test_text_of_every_kind_costs_its_rows_alone(tmp_path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    good = {"url": "a.jpg", "caption": "a kite"}
    long = "x" * 900_000
    lines = [
        good,
        good | {"caption": "nul\0"},
        good | {"caption": "\ud800"},
        good | {"caption": long},
        good | {"url": long},
        good | {"caption": ["a", "list"]},
        good | {"caption": long * 2},
        good | {"sha": "zz"},
        good | {"caption": "hashed", "sha": hashlib.sha256(picture()).hexdigest().upper()},
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    text += b'{"url": "a.jpg", "caption": "\xff\xfe"}\n{"url": "a.jpg", "caption": \n'
    (tmp_path / "t.jsonl").write_bytes(text)
    source = '[[sources]]\nname = "s"\nformat = "table"\npath = "t.jsonl"\n'
    source += 'expected_sha256_column = "sha"\n'
    (tmp_path / "recipe.toml").write_text(HEAD + source + TAIL.format(host="a.org:80"))
    curate(tmp_path / "recipe.toml", stages=("gather",))
    assert counts(tmp_path / "out", "gather") == {
        "row in": 11,
        "row kept": 4,
        "row rejected nul-in-text": 1,
        "row rejected invalid-text": 2,
        "row rejected oversized-text": 1,
        "row rejected malformed-url": 1,
        "row rejected malformed-sha256": 1,
        "row rejected malformed-row": 1,
        "caption created": 4,
        "caption kept": 3,
        "caption rejected too-long": 1,
        "picture created": 1,
        "picture kept": 1,
    }
    ledger = table(tmp_path / "out/ledger/gather")
    assert all(0 < len(row["detail"].encode()) <= 500 for row in ledger)
