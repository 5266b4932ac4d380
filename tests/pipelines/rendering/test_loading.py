"""What pages load from listed hosts: real servers, a real browser without a network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

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
    loading = Loading(
        hosts=(listed.host, inner.host),
        allow_hosts=(listed.host, other.host),
        max_loads=12,
        max_bytes=50_000,
        deadline_s=5,
        retries=0,
        respect_opt_outs=True,
        user_agent="pairmill/0.1",
        at_once=4,
        sharers=1,
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
    assert list(found.values()) == ["", "too-many-bytes-of-loads", "too-many-bytes-of-loads"]


def test_a_host_that_does_not_answer_costs_its_picture(web: Web) -> None:
    web.listed.delay_s = 6.0
    try:
        found = loads(web, at(web, '<img src="/figures/a.svg"><p>Da.</p>'))
    finally:
        web.listed.delay_s = 0.0
    assert found == {f"{web.listed.url}figures/a.svg": "timed-out"}
