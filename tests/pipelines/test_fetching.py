"""Fetching from a real server on loopback: bounds, redirects, retries and refused addresses."""

import asyncio
import dataclasses
import os
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from pipelines.errors import FetchError
from pipelines.fetching import Fetcher
from pipelines.hosts import Budget, Hosts
from pipelines.http_client import Client
from pipelines.network import Network
from pipelines.recipe import Gather
from pipelines.resolving import Resolver
from pipelines.storage import Folder

BODY = b"x" * 1000


class Odd(BaseHTTPRequestHandler):
    """A server of odd behaviours, a path each."""

    protocol_version = "HTTP/1.1"
    asked: Counter[str]

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        getattr(self, f"do_{self.path.strip('/').partition('/')[0].replace('-', '_')}")()

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_fine(self) -> None:
        self.reply(200, BODY)

    def do_missing(self) -> None:
        self.reply(404, b"no")

    def do_empty(self) -> None:
        self.reply(200)

    def do_busy_once(self) -> None:
        self.reply(503 if self.asked[self.path] == 1 else 200, BODY, Retry_After="0")

    def do_busy(self) -> None:
        self.reply(503, b"", Retry_After="0")

    def do_announces_much(self) -> None:
        self.reply(200, b"", Content_Length="99999999")

    def do_sends_much(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(BODY)
        self.close_connection = True

    def do_drips(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(400):  # for 20 s
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def do_cut(self) -> None:
        self.reply(200, b"half", Content_Length="1000")
        self.close_connection = True

    def do_moved(self) -> None:
        self.reply(302, Location="/fine")

    def do_loop(self) -> None:
        self.reply(302, Location="/loop")

    def do_inside(self) -> None:
        self.reply(302, Location=f"http://127.0.0.2:{self.server.server_port}/fine")

    def do_to_file(self) -> None:
        self.reply(302, Location="file:///etc/passwd")

    def do_to_ftp(self) -> None:
        self.reply(302, Location="ftp://example.org/")

    def log_message(self, *args: Any) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def odd() -> Iterator[ThreadingHTTPServer]:
    Odd.asked = Counter()
    server = ThreadingHTTPServer(("0.0.0.0", 0), Odd)  # so that 127.0.0.2 would answer
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(odd: ThreadingHTTPServer, tmp_path: Path) -> Callable[..., bytes]:
    host = f"127.0.0.1:{odd.server_port}"
    basis = Gather(
        allow_hosts=(host,),
        max_bytes=50_000,
        deadline_s=4.0,  # two retries take up to 2.25 s of backing off
        retries=2,
        respect_opt_outs=False,
    )

    def run(location: str, **changes: Any) -> bytes:
        rules = dataclasses.replace(basis, **changes)

        async def one() -> bytes:
            client = Client(Resolver(frozenset(rules.allow_hosts)), rules.user_agent)
            hosts = Hosts(Budget(8), Budget(8), rules.deadline_s)
            network = Network(client, list)
            shared = Folder(str(tmp_path / "hosts"))
            async with Fetcher(rules, hosts, network, client, shared) as fetcher:
                where = location.format(host=host, port=odd.server_port)
                return (await fetcher.fetch(where)).body

        return asyncio.run(one())

    return run


@pytest.mark.parametrize(
    ("path", "times"), [("fine", 1), ("busy-once", 2), ("moved", 1), ("fine/ä b?q=ü#f", 1)]
)
def test_a_picture_comes(fetch, path: str, times: int) -> None:
    assert fetch("http://{host}/" + path) == BODY
    assert Odd.asked.most_common(1)[0][1] == times


@pytest.mark.parametrize(
    ("path", "reason", "times"),
    [
        ("missing", "http-404", 1),
        ("empty", "empty-body", 1),
        ("busy", "http-503", 3),
        ("announces-much", "too-many-bytes", 1),
        ("sends-much", "too-many-bytes", 1),
        ("drips", "timed-out", 1),
        ("cut", "bad-response", 3),
        ("loop", "too-many-redirects", 6),
        ("inside", "forbidden-address", 1),
        ("to-file", "bad-redirect", 1),
        ("to-ftp", "bad-redirect", 1),
    ],
)
def test_no_picture_has_a_reason(fetch, path: str, reason: str, times: int) -> None:
    with pytest.raises(FetchError) as error:
        fetch("http://{host}/" + path)
    assert error.value.reason == reason
    assert Odd.asked == {f"/{path}": times}


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/fine",
        "http://[::1]:{port}/fine",
        "http://[::ffff:127.0.0.1]:{port}/fine",
        "http://localhost:{port}/fine",
        "http://0.0.0.0:{port}/fine",
        "http://user:pass@127.0.0.2:{port}/fine",
    ],
)
def test_an_address_that_is_not_public_is_not_asked(fetch, location: str) -> None:
    with pytest.raises(FetchError) as error:
        fetch(location)
    assert error.value.reason == "forbidden-address"
    assert not Odd.asked


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "a@127.0.0.1@b"])
def test_a_disguised_address_is_not_asked(fetch, host: str) -> None:
    with pytest.raises(FetchError) as error:
        fetch(f"http://{host}:{{port}}/fine")
    assert error.value.reason == "unaskable-url"
    assert not Odd.asked


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1:1/x", "connection-failed"),
        ("http://nowhere.invalid:80/x", "host-unknown"),
        ("https://{host}/fine", "tls-failed"),
        ("http://a..b:80/x", "unaskable-url"),
    ],
)
def test_a_server_that_does_not_answer_has_a_reason(fetch, odd, location, reason) -> None:
    location = location.format(host=f"127.0.0.1:{odd.server_port}")
    with pytest.raises(FetchError) as error:
        fetch(location, retries=0, allow_hosts=(location.split("/")[2],))
    assert error.value.reason == reason


@pytest.fixture
def encrypted(odd: ThreadingHTTPServer, monkeypatch, tmp_path: Path) -> int:
    """The same server over TLS, as `127.0.0.1` by a trusted authority; returns its port."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    odd.socket = context.wrap_socket(odd.socket, server_side=True)
    return odd.server_port


def test_a_picture_comes_over_tls(fetch, encrypted: int) -> None:
    assert fetch(f"https://127.0.0.1:{encrypted}/moved") == BODY


def test_a_certificate_of_another_name_is_refused(fetch, encrypted: int) -> None:
    with pytest.raises(FetchError) as error:
        fetch(f"https://localhost:{encrypted}/fine", allow_hosts=(f"localhost:{encrypted}",))
    assert error.value.reason == "tls-failed"
    assert not Odd.asked


def test_what_is_no_file_is_not_read(fetch, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for location in (f"{tmp_path}/pipe", "/dev/zero", f"{tmp_path}"):
        with pytest.raises(FetchError) as error:
            fetch(location)
        assert error.value.reason == "file-unreadable"


def test_files_have_the_same_bounds(fetch, tmp_path) -> None:
    (tmp_path / "small").write_bytes(BODY)
    (tmp_path / "large").write_bytes(BODY * 100)
    (tmp_path / "empty").write_bytes(b"")
    assert fetch(f"{tmp_path}/small") == BODY
    reasons = {"large": "too-many-bytes", "empty": "empty-body", "none": "file-missing"}
    for name, reason in reasons.items():
        with pytest.raises(FetchError) as error:
            fetch(f"file://{tmp_path}/{name}")
        assert error.value.reason == reason
