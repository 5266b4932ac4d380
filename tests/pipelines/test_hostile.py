"""A whole run against a server that does everything wrong: each picture gets its fate, once."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import table
from tests.pipelines.hostile import (
    FORBIDDEN,
    Behaviour,
    HostileServer,
    answer,
    by_path,
    counts_down,
    drips,
    drips_headers,
    endless_body,
    endless_headers,
    gzip_bomb,
    gzipped,
    loops,
    picture,
    png_bomb,
    raw,
    redirect,
    reply,
    resets,
    stalls,
    then,
    wants_cookies,
)

MAX_BYTES = 2_000_000
PEAK_BYTES = 500 << 20  # of any process of the run; bare Beam takes over half of it
RETRIES = 2
KEPT = ""

GZIP = "Content-Encoding: gzip"
FINE = answer(200, picture())
HTML = b"<!DOCTYPE html><html><body>No hotlinking, please.</body></html>"
CHUNKED = "Transfer-Encoding: chunked"
UPGRADE = b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
FAR = "Retry-After: Fri, 31 Dec 2099 23:59:59 GMT"


def robots(text: str, status: int = 200) -> Behaviour:
    return by_path(robots=answer(status, text.encode()), picture=FINE)


def tagged(*headers: str) -> Behaviour:
    return answer(200, picture(), *headers)


def tdmrep(text: str) -> Behaviour:
    return by_path(tdmrep=answer(200, text.encode()), picture=FINE)


# name: behaviour, reason ("" for kept), how often the picture may be asked for
CASES: dict[str, tuple[Behaviour, str, int]] = {
    "fine": (FINE, KEPT, 1),
    "missing": (answer(404, b"no"), "http-404", 1),
    "gone": (answer(410), "http-410", 1),
    "forbidden": (answer(403, HTML), "http-403", 1),
    "unauthorised": (answer(401, b"", "WWW-Authenticate: Basic"), "http-401", 1),
    "teapot-drips": (
        raw(b"HTTP/1.1 418 X\r\nContent-Length: 999\r\n\r\nx", closes=False),
        "http-418",
        1,
    ),
    "empty": (answer(200), "empty-body", 1),
    "no-content": (raw(b"HTTP/1.1 204 None\r\n\r\n"), "http-204", 1),
    "partial": (answer(206, picture()), "http-206", 1),
    "broken-for-ever": (answer(500), "http-500", 3),
    "busy-for-ever": (answer(503), "http-503", 3),
    "slow-down-for-ever": (answer(429, b"", "Retry-After: 0"), "http-429", 3),
    "slow-down-an-hour": (answer(429, b"", "Retry-After: 3600"), "http-429", 1),
    "slow-down-till-2099": (answer(503, b"", FAR), "http-503", 1),
    "slow-down-for-eternity": (answer(503, b"", f"Retry-After: {'9' * 400}"), "http-503", 1),
    "slow-down-nonsense": (then(answer(429, b"", "Retry-After: soon"), FINE), KEPT, 2),
    "busy-once": (then(answer(503, b"", "Retry-After: 0"), FINE), KEPT, 2),
    "timeout-once": (then(answer(408), FINE), KEPT, 2),
    "announces-much": (answer(200, b"x", length=10**12), "too-many-bytes", 1),
    "announces-beyond-numbers": (answer(200, b"x", length=10**30), "bad-response", 3),
    "sends-much": (endless_body, "too-many-bytes", 1),
    "gzip-bomb": (answer(200, gzip_bomb(), GZIP), "too-many-bytes", 1),
    "gzip": (answer(200, gzipped(picture()), GZIP), KEPT, 1),
    "gzip-cut": (answer(200, gzipped(picture())[:-20], GZIP), "bad-response", 3),
    "gzip-broken": (answer(200, b"no gzip", GZIP), "unreadable-encoding", 1),
    "brotli": (answer(200, b"???", "Content-Encoding: br"), "unreadable-encoding", 1),
    "drips": (drips, "timed-out", 1),
    "drips-headers": (drips_headers, "timed-out", 1),
    "stalls": (stalls, "timed-out", 1),
    "endless-headers": (endless_headers, "bad-response", 3),
    "announces-more": (raw(reply(200, picture(), length=99_999)), "bad-response", 3),
    "announces-less": (answer(200, picture(), length=300), "truncated-picture", 1),
    "no-http": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "bad-response", 3),
    "closes": (raw(b""), "connection-failed", 3),
    "resets": (resets, "connection-failed", 3),
    "negative-length": (answer(200, b"x", length=-1), "bad-response", 3),
    "two-lengths": (answer(200, b"xx", "Content-Length: 1"), "bad-response", 3),
    "length-and-chunks": (answer(200, b"1\r\nx\r\n0\r\n\r\n", CHUNKED), "bad-response", 3),
    "bad-chunk": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        "bad-response",
        3,
    ),
    "switches": (raw(UPGRADE), "bad-response", 3),
    "continues-first": (raw(b"HTTP/1.1 100 Continue\r\n\r\n" + reply(200, picture())), KEPT, 1),
    "until-closed": (raw(b"HTTP/1.0 200 OK\r\n\r\n" + picture()), KEPT, 1),
    "answers-twice": (answer(200, picture() + reply(200, b"evil"), length=len(picture())), KEPT, 1),
    "redirect-loop": (loops, "too-many-redirects", 6),
    "five-redirects": (counts_down, KEPT, 6),
    "redirect-nowhere": (answer(302), "http-302", 1),
    "redirect-to-file": (redirect("file:///etc/passwd"), "bad-redirect", 1),
    "redirect-to-ftp": (redirect("ftp://127.0.0.1/x"), "bad-redirect", 1),
    "redirect-to-data": (redirect("data:image/png;base64,AAAA"), "bad-redirect", 1),
    "redirect-inside": (redirect(f"http://{FORBIDDEN}:{{port}}/"), "forbidden-address", 1),
    "redirect-decimal": (redirect("http://2130706434:{port}/"), "bad-redirect", 1),
    "redirect-hex": (redirect("http://0x7f.0x2:{port}/"), "bad-redirect", 1),
    "redirect-mapped": (redirect("http://[::ffff:127.0.0.2]:{port}/"), "forbidden-address", 1),
    "redirect-userinfo": (redirect("http://127.0.0.1@127.0.0.2:{port}/"), "forbidden-address", 1),
    "redirect-metadata": (redirect("http://169.254.169.254/latest/"), "forbidden-address", 1),
    "redirect-this-network": (redirect("http://0.0.0.0:{port}/"), "forbidden-address", 1),
    "cookies": (wants_cookies, KEPT, 2),
    "robots": (robots("User-agent: *\nDisallow: /"), "opt-out-robots-txt", 0),
    "robots-for-us": (robots("User-agent: PairMill\nDisallow: /p"), "opt-out-robots-txt", 0),
    "robots-for-others": (robots("User-agent: GPTBot\nDisallow: /"), KEPT, 1),
    "robots-forbidden": (robots("Disallow: /", status=403), KEPT, 1),
    "robots-broken": (robots("", status=500), "robots-unreachable", 0),
    "robots-stalls": (by_path(robots=stalls, picture=FINE), "host-unresponsive", 0),
    "robots-drips": (by_path(robots=drips, picture=FINE), "host-unresponsive", 0),
    "robots-redirects-inside": (
        by_path(robots=redirect(f"http://{FORBIDDEN}:{{port}}/"), picture=FINE),
        "forbidden-address",
        0,
    ),
    "robots-loops": (by_path(robots=redirect("/robots.txt"), picture=FINE), KEPT, 1),
    "redirect-to-robots": (
        by_path(
            robots=answer(200, b"User-agent: *\nDisallow: /private"), picture=redirect("/private/x")
        ),
        "opt-out-robots-txt",
        1,
    ),
    "noai": (tagged("X-Robots-Tag: noai"), "opt-out-x-robots-tag", 1),
    "noindex-of-several": (
        tagged("X-Robots-Tag: max-snippet: 5, NoIndex"),
        "opt-out-x-robots-tag",
        1,
    ),
    "noimageai-for-us": (tagged("X-Robots-Tag: pairmill: noimageai"), "opt-out-x-robots-tag", 1),
    "noindex-for-others": (tagged("X-Robots-Tag: otherbot: noindex"), KEPT, 1),
    "two-tags": (
        tagged("X-Robots-Tag: otherbot: all", "X-Robots-Tag: noml"),
        "opt-out-x-robots-tag",
        1,
    ),
    "tdm-header": (tagged("tdm-reservation: 1"), "opt-out-tdm-reservation", 1),
    "tdm-header-open": (tagged("tdm-reservation: 0"), KEPT, 1),
    "tdmrep": (tdmrep('[{"location": "/*", "tdm-reservation": 1}]'), "opt-out-tdmrep-json", 0),
    "tdmrep-elsewhere": (tdmrep('[{"location": "/x/*", "tdm-reservation": 1}]'), KEPT, 1),
    "tdmrep-nonsense": (tdmrep("[" * 100_000), KEPT, 1),
    "html": (answer(200, HTML, "Content-Type: image/jpeg"), "not-a-picture", 1),
    "svg": (answer(200, b'<svg xmlns="http://www.w3.org/2000/svg"/>'), "not-a-picture", 1),
    "lies-about-type": (answer(200, picture("PNG"), "Content-Type: text/html"), KEPT, 1),
    "truncated": (answer(200, picture()[:600]), "truncated-picture", 1),
    "png-bomb": (answer(200, png_bomb()), "too-many-pixels", 1),
    "webp-cut": (answer(200, picture("WEBP")[:60]), "truncated-picture", 1),
    "only-a-header": (answer(200, b"\xff\xd8\xff\xe0"), "truncated-picture", 1),
}


# In a process of its own, which other tests' children do not count in.
WATCHED = """
import resource, subprocess, sys
command = [sys.executable, "-m", "pipelines.cli", "gather", sys.argv[1]]
subprocess.run([*command, "--", "--direct_num_workers=1"], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the run left.

    Attributes:
      rows: of `gathered/`, by the name of the case.
      server: with its counts.
      output: folder.
      peak_bytes: of the largest process.
    """

    rows: dict[str, dict]
    server: HostileServer
    output: Path
    peak_bytes: int


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    folder = tmp_path_factory.mktemp("hostile")
    server = HostileServer({name: behaviour for name, (behaviour, _, _) in CASES.items()})
    urls = [f"http://127.0.0.1:{port}/picture.jpg" for port in server.ports.values()]
    pq.write_table(pa.table({"url": urls, "caption": list(CASES)}), folder / "rows.parquet")
    hosts = [f"127.0.0.1:{port}" for port in server.ports.values()]
    (folder / "recipe.toml").write_text(
        'output = "out"\n[[sources]]\nname = "s"\nformat = "table"\npath = "rows.parquet"\n'
        f"[gather]\ndeadline_s = 6.0\nretries = {RETRIES}\nmax_bytes = {MAX_BYTES}\n"
        f"max_pixels = 1_000_000\nallow_hosts = {json.dumps(hosts)}\n"
    )
    command = [sys.executable, "-c", WATCHED, str(folder / "recipe.toml")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    peak = int(run.stdout.splitlines()[-1]) * 1024
    rows = {row["caption"]: row for row in table(folder / "out/gathered")}
    yield Outcome(rows, server, folder / "out", peak)
    server.close()


def test_there_are_many_behaviours(outcome) -> None:
    assert len(CASES) >= 40
    assert outcome.rows.keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_each_gets_its_fate(outcome, name) -> None:
    _, reason, times = CASES[name]
    row = outcome.rows[name]
    assert (row["reason"], outcome.server.asked[name]) == (reason, times), row["error_message"]
    by_rule = reason.startswith("opt-out") or reason == "forbidden-address"
    assert row["fate"] == ("kept" if reason == KEPT else "rejected" if by_rule else "failed")


def test_the_forbidden_address_saw_nothing(outcome) -> None:
    assert outcome.server.forbidden == 0


def test_memory_stays_within_its_bound(outcome) -> None:
    assert outcome.peak_bytes < PEAK_BYTES, outcome.peak_bytes


def test_everything_adds_up(outcome) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "stats", str(outcome.output)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
