import inspect
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipelines.doctor import examine
from pipelines.errors import RecipeError
from pipelines.gathered_rows import Gathered
from pipelines.hosts import Budget
from pipelines.img2dataset_engine import Img2datasetLane, _Resizer, _Writer
from pipelines.img2dataset_options import NOT_OURS, SAID_ELSEWHERE, WARNINGS, Img2dataset
from pipelines.lanes import Lane, PlannedShard
from pipelines.recipe import Gather
from pipelines.recipe_file import read_recipe
from pipelines.stats import show_stats
from pipelines.storage import Folder
from pipelines.tars import TarWriter
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import read_rows, write_table
from schemas.rows import GatheredPicture, PlannedPicture
from tests.conftest import Curated, PictureServer, curate

ENGINE = 'engine = "img2dataset"'


@pytest.fixture
def own_world(world: Path, tmp_path: Path) -> Path:
    """A copy of the sample world, to break things in."""
    return Path(shutil.copytree(world, tmp_path / "world"))


@pytest.fixture
def own_server(own_world: Path, serve: Callable[[Path], PictureServer]) -> PictureServer:
    return serve(own_world)


@pytest.fixture
def gather(
    own_server: PictureServer, tmp_path: Path, write_recipe: Callable[..., Path]
) -> Callable[..., Path]:
    """Gathers the copy with img2dataset; returns the output's folder."""

    def run(options: str = "", stages: tuple[str, ...] = ("gather",)) -> Path:
        text = f"{ENGINE}\n{options}"
        place = {"prefix": own_server.url, "host": own_server.host}
        recipe = write_recipe(tmp_path / "run", gather=text, **place)
        curate(recipe, stages=stages)
        return recipe.parent / "out"

    return run


def rows_of(output: Path) -> list[dict[str, Any]]:
    tables = sorted((output / "gathered").glob("*.parquet"))
    return [row for table in tables for row in pq.read_table(table).to_pylist()]


def test_pictures_captions_and_sizes_are_those_of_our_own_engine(
    gather: Callable[..., Path], curated: Curated
) -> None:
    theirs, ours = gather(stages=("gather", "pack")), curated.output
    same = ("uid", "url", "caption", "sha256", "original_size", "original_format", "fate")
    size = ("width", "height", "original_width", "original_height")
    picked = [
        {row["uid"]: [row[name] for name in (*same, *size)] for row in rows_of(output)}
        for output in (theirs, ours)
    ]
    assert picked[0] == picked[1]
    near = {row["uid"]: row for row in rows_of(ours)}
    for row in rows_of(theirs):
        assert row["luma_mean"] == pytest.approx(near[row["uid"]]["luma_mean"], abs=2.0)
    check_tars(theirs / "gathered")
    assert show_stats(str(theirs))


def check_tars(folder: Path) -> None:
    """Every row's place holds a picture of its size, its caption and fields beside it."""
    for table in folder.glob("*.parquet"):
        whole = table.with_suffix(".tar").read_bytes()
        with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
            names = {*tar.getnames()}
        for row in pq.read_table(table).to_pylist():
            start = row["image_offset"]
            image = Image.open(io.BytesIO(whole[start : start + row["image_size"]]))
            assert image.size == (row["width"], row["height"])
            assert {f"{row['uid']}.{suffix}" for suffix in ("jpg", "txt", "json")} <= names


def test_each_picture_that_fails_says_why(gather: Callable[..., Path], own_world: Path) -> None:
    files = sorted(path for path in (own_world / "pictures").rglob("*") if path.is_file())
    files[0].unlink()
    files[1].write_bytes(b"<html>no picture</html>")
    files[2].write_bytes(b"")
    output = gather()
    ends = {row["url"]: (row["status"], row["fate"], row["reason"]) for row in rows_of(output)}
    wanted = [
        ("failed_to_download", "failed", "http-404"),
        ("failed_to_resize", "failed", "broken-picture"),
        ("failed_to_resize", "failed", "empty-body"),
    ]
    urls = [file.relative_to(own_world).as_posix() for file in files]
    assert [ends[url] for url in urls[:3]] == wanted
    assert {ends[url] for url in urls[3:]} == {("success", "kept", "")}
    assert show_stats(str(output))


def test_a_run_that_is_taken_up_gathers_only_what_is_missing(
    gather: Callable[..., Path], own_server: PictureServer
) -> None:
    output = gather()
    before = {path.name: path.read_bytes() for path in (output / "gathered").iterdir()}
    lost = pq.read_table(output / "gathered" / "00001.parquet")["url"].to_pylist()
    for path in (output / "gathered").glob("00001*"):
        path.unlink()
    (output / "ledger" / "gather" / "_stage.json").unlink()
    own_server.asked.clear()
    gather()
    assert sorted(own_server.asked) == sorted(f"/{url}" for url in lost)
    after = {path.name: path.read_bytes() for path in (output / "gathered").iterdir()}
    assert all(after[name] == data for name, data in before.items() if name[:5] != "00001")
    assert show_stats(str(output))


def gather_lane(
    folder: Path, server: PictureServer, urls: list[str], **rules: Any
) -> list[GatheredPicture]:
    """Gathers `urls`, absolute or below the server's, in one shard; returns its rows as planned."""
    output, host = Folder(str(folder / "out")), server.host
    pictures = [
        PlannedPicture(
            f"{n:032}", url, urljoin(server.url, url), host, "world", "", "en", "a fox", ""
        )
        for n, url in enumerate(urls)
    ]
    write_table(output, "plan.parquet", table_of(PlannedPicture, pictures))
    lane = Img2datasetLane(output, Gather(engine="img2dataset", **rules), output / "hosts")
    lane.setup()
    assert list(
        lane.process(Lane((PlannedShard(0, "plan.parquet", False),), Budget(8), Budget(8)))
    ) == [0]
    return read_rows(output / "gathered", "00000.parquet", GatheredPicture)


@pytest.mark.filterwarnings("ignore:value is deprecated")  # img2dataset's call of albumentations
@pytest.mark.parametrize("image_format", ["jpeg", "webp", "png"])
@pytest.mark.parametrize(
    ("resize", "size"),
    [
        ("keep-ratio", (96, 64)),
        ("longest-side", (64, 43)),
        ("center-crop", (64, 64)),
        ("border", (64, 64)),
        ("none", (150, 100)),
    ],
)
def test_every_format_and_way_of_resizing(
    serve: Callable[[Path], PictureServer],
    tmp_path: Path,
    image_format: str,
    resize: str,
    size: tuple[int, int],
) -> None:
    Image.new("RGB", (150, 100), "red").save(tmp_path / "red.png")
    rules = {"image_format": image_format, "resize": resize, "image_size": 64}
    (row,) = gather_lane(tmp_path, serve(tmp_path), ["red.png"], **rules)
    assert (row.width, row.height, row.original_format) == (*size, "png")
    start = row.image_offset
    tar = (tmp_path / "out" / "gathered" / "00000.tar").read_bytes()
    image = Image.open(io.BytesIO(tar[start : start + row.image_size]))
    assert (str(image.format).lower(), image.size) == (image_format, size)
    red, green, _ = image.convert("RGB").getpixel((size[0] // 2, size[1] // 2))
    assert red > 240
    assert green < 20


def test_silence_and_refusal_have_their_names(server: PictureServer, tmp_path: Path) -> None:
    server.delay_s = 1.0
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        urls = ["slow.jpg", f"http://127.0.0.1:{closed.getsockname()[1]}/refused.jpg"]
        rows = gather_lane(tmp_path, server, urls, deadline_s=0.2, retries=0)
    assert [row.reason for row in rows] == ["timed-out", "connection-failed"]


def test_options_of_img2dataset_reach_it(
    serve: Callable[[Path], PictureServer], tmp_path: Path
) -> None:
    Image.new("RGB", (300, 10)).save(tmp_path / "long.png")
    options = Img2dataset(max_aspect_ratio=20.0)
    (row,) = gather_lane(tmp_path, serve(tmp_path), ["long.png"], img2dataset=options)
    assert row.reason == "aspect-ratio-too-large"


def test_a_committed_shard_is_passed_over(server: PictureServer, tmp_path: Path) -> None:
    first = gather_lane(tmp_path, server, ["none.jpg"], retries=0)
    assert gather_lane(tmp_path, server, ["none.jpg"], retries=0) == first
    assert server.asked == ["/none.jpg"]


def test_servers_are_told_our_name(server: PictureServer, tmp_path: Path) -> None:
    gather_lane(tmp_path, server, ["none.jpg"], user_agent="foxbot/2.1 (+mail)", retries=1)
    assert [("(compatible; foxbot;" in headers["User-Agent"]) for headers in server.headers] == [
        True,
        True,
    ]


def test_the_run_and_doctor_say_what_is_not_checked(
    write_recipe: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path / "run", gather=ENGINE)
    events = curate(recipe, stages=("gather",))
    assert examine(str(recipe))
    said = capsys.readouterr().out
    for words in WARNINGS:
        assert {"event": "note", "words": words} in events
        assert f"warning  {words}\n" in said
    for word in ("address", "robots.txt", "allow_hosts", "per_host", "max_bytes", "deadline_s"):
        assert word in "".join(WARNINGS)


def test_every_option_of_img2dataset_is_taken_said_elsewhere_or_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")
    from img2dataset import download

    known = set(inspect.signature(download).parameters)
    taken = {field.name for field in fields(Img2dataset)}
    assert taken | SAID_ELSEWHERE.keys() | NOT_OURS == known
    assert len(taken) + len(SAID_ELSEWHERE) + len(NOT_OURS) == len(known)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            "[gather.img2dataset]\nmin_imag_size = 3",
            "gather.img2dataset.min_imag_size: there is no such key, did you mean min_image_size?",
        ),
        (
            "[gather.img2dataset]\nthread_count = 3",
            "gather.img2dataset.thread_count: there is no such key, gather.concurrency stands for",
        ),
        ("[gather.img2dataset]\nwandb_project = 'x'", "gather.img2dataset.wandb_project: there is"),
        (
            "[gather.img2dataset]\ndownscale_interpolation = 'best'",
            "gather.img2dataset.downscale_interpolation: must be 'nearest', 'linear'",
        ),
        ("allow_local_files = true", "gather.allow_local_files must be false: img2dataset fetches"),
    ],
)
def test_what_img2dataset_does_not_take_is_named(
    write_recipe: Callable[..., Path], tmp_path: Path, options: str, words: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        read_recipe(str(write_recipe(tmp_path, gather=f"{ENGINE}\n{options}")))
    assert words in str(caught.value)


def test_options_without_the_engine_are_refused(
    write_recipe: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, gather="[gather.img2dataset]\nmin_image_size = 3")
    with pytest.raises(RecipeError, match=r"must go with gather.engine = 'img2dataset'"):
        read_recipe(str(recipe))


def test_folders_are_refused(write_recipe: Callable[..., Path], tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, gather=ENGINE)
    text = recipe.read_text().replace('format = "table"', 'format = "folder"')
    recipe.write_text(re.sub("^(url|caption|language|licence)_.*\n", "", text, flags=re.MULTILINE))
    with pytest.raises(RecipeError, match=r"source 'world' must be a table of URLs"):
        read_recipe(str(recipe))


def test_without_the_package_the_extra_is_named(
    write_recipe: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path / "run", gather=ENGINE)
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    (hiding / "sitecustomize.py").write_text("import sys; sys.modules['img2dataset'] = None")
    paths = os.pathsep.join([str(hiding), *sys.path])
    for command, code in (("doctor", 1), ("gather", 2)):
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", command, str(recipe)],
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code
        assert "pip install 'pairmill[img2dataset]'" in done.stdout + done.stderr


PICTURE = PlannedPicture("0" * 32, "u", "http://host/u", "host:80", "world", "", "en", "a fox", "")


def test_a_picture_that_img2dataset_forgets_is_accounted_for() -> None:
    gathered = Gathered(0, TarWriter(io.BytesIO()), "jpeg")
    _Writer({PICTURE.uid: PICTURE}, gathered, _Resizer(lambda *_: ())).finish()
    assert [row.reason for row in gathered.rows] == ["img2dataset-failed"]


def test_an_error_of_ours_that_img2dataset_swallows_stops_the_run() -> None:
    file = io.BytesIO()
    file.close()
    gathered = Gathered(0, TarWriter(file), "jpeg")
    writer = _Writer({PICTURE.uid: PICTURE}, gathered, _Resizer(lambda *_: ()))
    sink = io.BytesIO()
    Image.new("RGB", (8, 8)).save(sink, "jpeg")
    meta = dict.fromkeys(("width", "height", "original_width", "original_height"), 8)
    with pytest.raises(ValueError, match="closed file"):
        writer.write(sink.getvalue(), "0", None, {**meta, "uid": PICTURE.uid, "sha256": ""})
    with pytest.raises(ValueError, match="closed file"):
        writer.finish()
