import hashlib
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import fsspec
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, settings

from pipelines.driver import Job, run_job
from pipelines.sample import write_sample

WORLD_ROWS = 90

# A busy machine must not fail a property: how long examples take says nothing of it.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


class PictureServer:
    """A real HTTP server on loopback that serves a folder and remembers what it was asked.

    Attributes:
      asked: paths of pictures.
      rules_asked: paths of what says whether they may be collected.
      headers: of the requests for pictures.
      delay_s: before each answer.
      statuses: answered in a file's place, by path.
      answers: further headers of answers, by path.
    """

    def __init__(self, folder: Path, port: int = 0, address: str = "127.0.0.1") -> None:
        self.asked: list[str] = []
        self.rules_asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.delay_s = 0.0
        self.closed = False
        self.statuses: dict[str, int] = {}
        self.answers: dict[str, dict[str, str]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if outer.closed:  # connections that were open when the server was closed
                    self.close_connection = True
                    return
                if self.path in ("/robots.txt", "/.well-known/tdmrep.json"):
                    outer.rules_asked.append(self.path)
                else:
                    outer.asked.append(self.path)
                    outer.headers.append(dict(self.headers))
                time.sleep(outer.delay_s)
                file = folder / self.path.partition("?")[0].lstrip("/")
                status = outer.statuses.get(self.path, 200 if file.is_file() else 404)
                body = file.read_bytes() if status == 200 else b"not here"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in outer.answers.get(self.path, {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Keeps the test's output clean."""

        self._server = ThreadingHTTPServer((address, port), Handler)
        self._server.daemon_threads = True
        self.host = f"{address}:{self._server.server_port}"
        self.url = f"http://{self.host}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.socket.shutdown(socket.SHUT_RDWR)  # refuses at once, as a dead host does
        self.closed = True
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small sample world: `pairs.parquet` and `pictures/`."""
    folder: Path = tmp_path_factory.mktemp("world")
    write_sample(folder, rows=WORLD_ROWS, seed=1)
    return folder


@pytest.fixture
def serve() -> Iterator[Callable[[Path], PictureServer]]:
    servers: list[PictureServer] = []

    def start(folder: Path) -> PictureServer:
        servers.append(PictureServer(folder))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def server(world: Path, serve: Callable[[Path], PictureServer]) -> PictureServer:
    return serve(world)


RECIPE = """
output = "{output}"
seed = 5

[[sources]]
name = "world"
format = "table"
path = "{path}"
url_column = "image"
url_prefix = "{prefix}"
caption_column = "text"
language_column = "language"
licence_column = "licence"
keep_columns = ["scene"]

[gather]
image_size = 64
pictures_per_shard = 10
allow_hosts = ["{host}"]
{gather}

[pack]
sample = "{sample}"
samples_per_shard = 8
"""


@pytest.fixture
def write_recipe(world: Path, server: PictureServer) -> Callable[..., Path]:
    """Writes a recipe over the sample world, fetched from `server`."""
    return partial(recipe_in, world, server)


@dataclass(frozen=True, slots=True)
class Curated:
    """A finished run.

    Attributes:
      output: its folder.
      asked: the paths that its server was asked for.
    """

    output: Path
    asked: list[str]


@pytest.fixture(scope="session")
def curated(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Curated:
    """A finished run over the sample world, to look at and not to change."""
    server = PictureServer(world)
    folder = tmp_path_factory.mktemp("curated")
    curate(recipe_in(world, server, folder))
    server.close()
    return Curated(folder / "out", server.asked)


@pytest.fixture
def curated_copy(curated: Curated, tmp_path: Path) -> Path:
    """A copy of the finished run, to be changed: its recipe. What it is to fetch is gone."""
    shutil.copytree(curated.output.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "recipe.toml"


def recipe_in(world: Path, server: PictureServer, folder: Path, **changes: str) -> Path:
    """Writes a recipe over the sample world, fetched from `server`, into `folder`."""
    values = {
        "output": "out",
        "path": str(world / "pairs.parquet"),
        "prefix": server.url,
        "host": server.host,
        "gather": "",
        "sample": "picture",
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(**(values | changes)))
    return path


def curate(
    recipe: Path,
    *flags: str,
    stages: tuple[str, ...] = ("gather", "pack"),
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Runs stages in this process, one worker unless `flags` say otherwise; returns the events."""
    events: list[dict[str, Any]] = []
    flags = flags or ("--direct_num_workers=1",)
    run_job(Job(str(recipe), stages, limit, flags), events.append)
    return events


def digests(folder: Path) -> dict[str, str]:
    """The files below `folder` and what is in them."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(folder: Path) -> list[dict[str, Any]]:
    """The rows of all Parquet files right in `folder`."""
    return [
        row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def counts(output: Path, stage: str) -> dict[str, int]:
    record: dict[str, Any] = json.loads((output / "ledger" / stage / "_stage.json").read_text())
    found: dict[str, int] = record["counts"]
    return found


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket of an S3 server on loopback: its URI."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    reset = Request(f"http://{host}:{port}/moto-api/reset", method="POST")  # what others left
    urlopen(reset).close()
    boto3.client("s3").create_bucket(Bucket="mill")
    yield "s3://mill"
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    server.stop()
