"""What pages load from listed hosts: real servers, a real browser without a network."""

import shutil
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import pytest
import trustme
from playwright.sync_api import Route

from filters.response import FetchFault
from pipelines.errors import FetchError
from pipelines.fetching import Fetched
from pipelines.rendering.html import _Answers
from pipelines.rendering.loading import Loader, Loads
from pipelines.rendering.pages import Document, Loading, Opened, Page
from pipelines.rendering.renderer import Renderer
from tests.conftest import PictureServer
from tests.pipelines.rendering.conftest import SETTINGS
from tests.pipelines.rendering.made import html
from tests.pipelines.rendering.test_hostile_documents import colours

SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">'
    '<rect width="300" height="200" fill="{}"/></svg>'
)
LISTED = "http://a.org/"
LOADING = Loading(
    hosts=("a.org:80",),
    allow_hosts=(),
    max_loads=100,
    max_bytes=1_000,
    max_file_bytes=600,
    deadline_s=5,
    retries=0,
    respect_opt_outs=True,
    user_agent="pairmill/0.1",
    at_once=4,
    sharers=1,
    shared="",
)
BLUE, RED, GREEN = (0, 0, 255), (255, 0, 0), (0, 255, 0)


@dataclass(frozen=True, slots=True)
class Web:
    """Two hosts, of which pages may load from the first, and a renderer.

    Attributes:
      folder: that both serve.
      listed: may be loaded from.
      other: on another address, may be asked and is not listed.
      inner: is listed, and on an address that may not be asked.
      renderer: with a small allowance.
    """

    folder: Path
    listed: PictureServer
    other: PictureServer
    inner: PictureServer
    renderer: Renderer


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    (folder / "figures").mkdir()
    (folder / "figures/a.svg").write_text(SQUARE.format("#00f"))
    (folder / "red.svg").write_text(SQUARE.format("#f00"))
    (folder / "large.svg").write_text(SQUARE.format("#f00") + " " * 40_000)
    (folder / "s.css").write_text("p { background: url(figures/a.svg); height: 200px }")
    (folder / "j.js").write_text("document.body.append('Es lief.')")
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /private/\n")
    listed, other = PictureServer(folder), PictureServer(folder, address="127.0.0.2")
    inner = PictureServer(folder, address="127.0.0.3")
    loading = replace(
        LOADING,
        hosts=(listed.host, inner.host),
        allow_hosts=(listed.host, other.host),
        max_loads=12,
        max_bytes=50_000,
        max_file_bytes=45_000,
        shared=str(tmp_path_factory.mktemp("hosts")),
    )
    with Renderer(replace(SETTINGS, loading=loading)) as renderer:
        yield Web(folder, listed, other, inner, renderer)
    for server in (listed, other, inner):
        server.close()


@pytest.fixture
def web(started: Web) -> Web:
    for server in (started.listed, started.other, started.inner):
        server.asked.clear()
        server.rules_asked.clear()
        server.statuses.clear()
        server.answers.clear()
    return started


def at(web: Web, body: str, path: str = "pages/a.html") -> Document:
    return Document("html", html(body), url=f"{web.listed.url}{path}")


def loads(web: Web, document: Document) -> dict[str, str]:
    """Why what a document asked for was not loaded, by URL."""
    opened, *pages = list(web.renderer.render(document))
    assert isinstance(opened, Opened)
    whole = [page for page in pages if isinstance(page, Page)]
    assert len(whole) == len(pages)
    return {load.url: load.reason for page in whole for load in page.loads}


def test_pictures_beside_the_page_load(web: Web) -> None:
    document = at(web, '<img src="../figures/a.svg">')
    assert BLUE in colours(web.renderer, document)
    assert web.listed.asked == ["/figures/a.svg"]
    assert loads(web, document) == {f"{web.listed.url}figures/a.svg": ""}


def test_styles_and_what_they_show_load(web: Web) -> None:
    document = at(web, '<link rel="stylesheet" href="/s.css"><p>Da.</p>')
    assert BLUE in colours(web.renderer, document)
    assert web.listed.asked == ["/s.css", "/figures/a.svg"]


def test_addresses_in_a_style_sheet_are_of_where_it_lies(web: Web) -> None:
    (web.folder / "figures/moved.css").write_text("p { background: url(a.svg); height: 200px }")
    web.listed.statuses["/theme.css"] = 301
    web.listed.answers["/theme.css"] = {"Location": "/figures/moved.css"}
    document = at(web, '<link rel="stylesheet" href="/theme.css"><p>Da.</p>')
    assert BLUE in colours(web.renderer, document)
    moved = "/figures/moved.css"
    assert web.listed.asked == ["/theme.css", moved, moved, "/figures/a.svg"]


def test_fonts_load(web: Web) -> None:
    style = "<style>@font-face { font-family: F; src: url(/f.ttf) } p { font-family: F }</style>"
    document = at(web, f"{style}<p>Da: \ue123</p>")  # no font here has a glyph for it
    _, before = web.renderer.render(document)
    fonts = Path("/usr/share/fonts").rglob("*.ttf")
    shutil.copy(min(fonts, key=lambda font: font.stat().st_size), web.folder / "f.ttf")
    _, page = web.renderer.render(document)
    assert isinstance(before, Page)
    assert isinstance(page, Page)
    assert (before.measures.missing_glyphs, page.measures.missing_glyphs) == (1, 0)
    assert [load.reason for load in (*before.loads, *page.loads)] == ["http-404", ""]


def test_what_lies_behind_tls_loads_by_a_certificate_that_is_trusted(
    started: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, other = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    servers = [PictureServer(started.folder) for _ in (trusted, other)]
    for authority, server in zip((trusted, other), servers, strict=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server.encrypt(context)
    hosts = tuple(server.host for server in servers)
    loading = replace(LOADING, hosts=hosts, allow_hosts=hosts, shared=str(tmp_path))
    body = "".join(f'<img src="https://{host}/figures/a.svg">' for host in hosts)
    with Renderer(replace(SETTINGS, loading=loading)) as renderer:
        _, page = renderer.render(Document("html", html(body), url=f"https://{hosts[0]}/"))
    for server in servers:
        server.close()
    assert isinstance(page, Page)
    assert [load.reason for load in page.loads] == ["", "tls-failed"]
    assert page.measures.figures == 1


def test_a_file_or_markdown_loads_from_the_host_that_it_names(web: Web) -> None:
    markdown = f"![Ein Feld]({web.listed.url}figures/a.svg)"
    assert BLUE in colours(web.renderer, Document("markdown", markdown.encode()))
    assert web.listed.asked == ["/figures/a.svg"]


def test_what_is_scrolled_to_loads(web: Web) -> None:
    body = (
        "<div style='height: 9000px'></div>"
        "<img loading=lazy width=300 height=200 src=/figures/a.svg>"
    )
    *_, last = list(web.renderer.render(at(web, body)))
    assert isinstance(last, Page)
    assert web.listed.asked == ["/figures/a.svg"]
    assert last.measures.ink > 0.2  # it is there when the screen is shot


def test_nothing_else_is_asked_for_and_each_has_its_reason(web: Web) -> None:
    web.listed.statuses["/moved.svg"] = 302
    web.listed.answers["/moved.svg"] = {"Location": f"{web.other.url}red.svg"}
    outward = {
        f"{web.other.url}red.svg": "unlisted-host",
        f"{web.inner.url}red.svg": "forbidden-address",
        f"{web.listed.url}moved.svg": "unlisted-host",
        f"{web.listed.url}private/a.svg": "opt-out-robots-txt",
        f"{web.listed.url}none.svg": "http-404",
        "http://10.0.0.1/a.svg": "unlisted-host",
    }
    frames = {f"{web.other.url}f": "unlisted-host", f"{web.listed.url}f": "unwanted-kind"}
    body = "".join(f'<img src="{url}">' for url in outward)
    body += "".join(f'<iframe src="{url}"></iframe>' for url in frames)
    body += f'<meta http-equiv="refresh" content="0;url={web.other.url}r">'
    body += '<script src="/j.js"></script><p>Noch da.</p>'
    found = loads(web, at(web, body))
    assert found.items() >= (outward | frames).items()
    assert set(found) - {*outward, *frames} <= {f"{web.other.url}r"}
    assert sorted(web.listed.asked) == ["/moved.svg", "/none.svg"]
    assert (web.other.asked, web.other.rules_asked) == ([], [])
    assert (web.inner.asked, web.inner.rules_asked) == ([], [])


def test_requests_and_bytes_of_a_document_are_capped(web: Web) -> None:
    many = "".join(f'<img src="/figures/a.svg?{n}">' for n in range(20))
    found = loads(web, at(web, many))
    assert list(found.values()) == [""] * 12 + ["too-many-loads"]
    assert len(web.listed.asked) == 12

    large = "".join(f'<img src="/large.svg?{n}">' for n in range(3))
    found = loads(web, at(web, large))
    assert list(found.values()) == ["", "too-many-bytes-of-loads"]


def test_a_host_that_does_not_answer_costs_its_picture(web: Web) -> None:
    web.listed.delay_s = 6.0
    try:
        found = loads(web, at(web, '<img src="/figures/a.svg"><p>Da.</p>'))
    finally:
        web.listed.delay_s = 0.0
    assert found == {f"{web.listed.url}figures/a.svg": "timed-out"}


class Hosts:
    """Stands in for what fetches: answers when it is told to."""

    def __init__(self) -> None:
        self.asked: dict[str, Future[Fetched]] = {}

    def fetch(self, url: str) -> Future[Fetched]:
        self.asked[url] = Future()
        return self.asked[url]

    def give(self, number: int, size: int) -> None:
        url = f"{LISTED}{number}"
        self.asked[url].set_result(Fetched(url, bytes(size), "image/png", url))


def asking(hosts: Hosts, seconds: float = 5.0) -> tuple[Loads, dict[int, int | None]]:
    """What a document loads that has asked for twenty pictures, and how large those are that it
    was answered with.
    """
    loads, answers = Loads(cast(Loader, hosts), LOADING, seconds), dict[int, int | None]()

    def answer(number: int, fetched: Fetched | None) -> None:
        answers[number] = None if fetched is None else len(fetched.body)

    for number in range(20):
        loads.ask(f"{LISTED}{number}", "GET", "image", partial(answer, number))
    return loads, answers


def test_few_are_fetched_ahead_of_what_is_answered() -> None:
    hosts = Hosts()
    loads, answers = asking(hosts)
    assert len(hosts.asked) == 8
    hosts.give(1, 10)
    loads.settle()
    assert (len(hosts.asked), answers) == (8, {})
    hosts.give(0, 10)
    loads.settle()
    assert (len(hosts.asked), answers) == (10, {0: 10, 1: 10})


def test_nobody_is_asked_any_more_once_something_does_not_fit() -> None:
    hosts = Hosts()
    loads, answers = asking(hosts)
    for number, size in enumerate([500, 400, 200, 1]):
        hosts.give(number, size)
    loads.settle()
    assert answers == {0: 500, 1: 400} | dict.fromkeys(range(2, 20))
    assert [(load.url, load.reason) for load in loads.take()] == [
        (f"{LISTED}0", ""), (f"{LISTED}1", ""), (f"{LISTED}2", "too-many-bytes-of-loads"),
    ]  # fmt: skip
    assert len(hosts.asked) == 10
    assert all(fetching.cancelled() for fetching in [*hosts.asked.values()][4:])
    loads.ask(f"{LISTED}20", "GET", "image", lambda _: None)
    loads.settle()
    assert len(hosts.asked) == 10
    assert loads.take() == ()


def test_files_that_are_too_large_count_for_what_may_have_come_of_them() -> None:
    hosts = Hosts()
    loads, answers = asking(hosts)
    for number in (0, 1):
        fault = FetchError(FetchFault.TOO_LARGE, "more than 600")
        hosts.asked[f"{LISTED}{number}"].set_exception(fault)
    hosts.give(2, 1)
    loads.settle()
    assert answers == dict.fromkeys(range(20))
    reasons = [load.reason for load in loads.take()]
    assert reasons == ["too-many-bytes", "too-many-bytes", "too-many-bytes-of-loads"]


def test_a_document_may_take_its_time_while_it_waits_for_nobody() -> None:
    hosts = Hosts()
    loads, answers = asking(hosts, seconds=0.3)
    for number in range(20):
        hosts.give(number, 1)
        loads.settle()
    time.sleep(0.4)
    loads.ask(f"{LISTED}20", "GET", "image", lambda fetched: answers.update({20: 1}))
    hosts.give(20, 1)
    loads.settle()
    assert answers == dict.fromkeys(range(21), 1)
    loads.ask(f"{LISTED}21", "GET", "image", lambda fetched: answers.update({21: None}))
    time.sleep(0.4)
    loads.ask(f"{LISTED}22", "GET", "image", lambda fetched: answers.update({22: None}))
    loads.settle()
    assert (answers[21], answers[22]) == (None, None)
    assert [load.reason for load in loads.take()][-2:] == ["timed-out", "timed-out"]
    assert f"{LISTED}22" not in hosts.asked


def test_what_was_asked_for_before_a_document_is_open_is_answered_first() -> None:
    hosts, given = Hosts(), list[bytes]()
    answers = _Answers(at_nowhere(), 1_000, Loads(cast(Loader, hosts), LOADING, 5.0))
    answers.answer(cast(Route, Asking(given)))
    threading.Timer(0.2, hosts.give, (0, 3)).start()
    answers.open()
    assert given == [bytes(3)]


def at_nowhere() -> Document:
    return Document("html", b"", url=f"{LISTED}page")


@dataclass(slots=True)
class Asking:
    """Stands in for a route: a page's picture."""

    given: list[bytes]
    url: str = f"{LISTED}0"
    method: str = "GET"
    resource_type: str = "image"

    @property
    def request(self) -> "Asking":
        return self

    def is_navigation_request(self) -> bool:
        return False

    def fulfill(self, body: bytes, headers: dict[str, str]) -> None:
        self.given.append(body)
