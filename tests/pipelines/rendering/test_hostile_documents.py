"""Documents that are out to hang, to swallow memory, to get out: each costs itself alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pipelines.rendering.pages import (
    Document,
    Kind,
    LostPage,
    Opened,
    Page,
    RenderError,
    RenderFault,
    Rendering,
)
from pipelines.rendering.renderer import Renderer
from tests.pipelines.rendering.conftest import SETTINGS
from tests.pipelines.rendering.made import bomb, html, packed, pdf, prose

FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 500 500]/Resources<</XObject<</X %d 0 R>>>>"
DRAWS_X = b"<</Font<</F1 3 0 R>>/XObject<</X 100 0 R>>>>"
SHADES = (
    b"<</Font<</F1 3 0 R>>/Shading<</S<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 595 842]"
    b"/Function<</FunctionType 2/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>>>>>>>"
)

PAGES_LOST = {
    "10 km2": (pdf([prose()], media_box=b"[0 0 9000000 9000000]"), RenderFault.TOO_MANY_PIXELS),
    "a form that draws itself twice": (
        pdf([b"/X Do", prose()], {100: packed(b"/X Do /X Do", FORM % 100)}, resources=DRAWS_X),
        RenderFault.OUT_OF_MEMORY,
    ),
    "a bomb for its content": (
        pdf([b"", prose()], {11: bomb(b" ", 1500)}),
        RenderFault.OUT_OF_MEMORY,
    ),
    "a huge font": (
        pdf([prose(), b""], {
            3: b"<</Type/Font/Subtype/TrueType/BaseFont/Foo/FontDescriptor 101 0 R>>",
            101: b"<</Type/FontDescriptor/FontName/Foo/Flags 4/FontFile2 102 0 R>>",
            102: bomb(b"\0", 1500, b"\0\1\0\0"),
        }),
        RenderFault.OUT_OF_MEMORY,
    ),
    "no end of drawing": (
        pdf([b"/S sh " * 100_000, prose()], resources=SHADES),
        RenderFault.TIMED_OUT,
    ),
}  # fmt: skip

DOCUMENTS_LOST = {
    "a million pages": (
        pdf([prose()], tree=b"<</Type/Pages/Count 1000000/Kids[10 0 R]>>"),
        RenderFault.TOO_MANY_PAGES,
    ),
    "cut short": (pdf([prose()])[:900], RenderFault.BROKEN),
    "no bytes": (b"", RenderFault.BROKEN),
    "noise": (bytes(range(256)) * 40, RenderFault.BROKEN),
    "encrypted": (
        pdf([prose()]).replace(
            b"/Root 1 0 R",
            b"/Root 1 0 R/ID[(a)(a)]/Encrypt<</Filter/Standard/V 1/R 2/O(%s)/U(%s)/P -4>>"
            % (b"o" * 32, b"u" * 32),
        ),
        RenderFault.ENCRYPTED,
    ),
}


@pytest.fixture(scope="module")
def patient() -> Iterator[Renderer]:
    """One that memory ends before time does, also where many processes share the processor."""
    with Renderer(replace(SETTINGS, deadline_s=60)) as started:
        yield started


@pytest.mark.parametrize("name", PAGES_LOST)
def test_a_hostile_page_of_pdf_costs_itself(
    renderer: Renderer, patient: Renderer, name: str
) -> None:
    body, fault = PAGES_LOST[name]
    asked = patient if fault == RenderFault.OUT_OF_MEMORY else renderer
    opened, first, *others = list(asked.render(Document("pdf", body)))
    assert isinstance(opened, Opened)
    assert isinstance(first, LostPage)
    assert first.fault == fault, first
    assert all(isinstance(page, Page) for page in others)


@pytest.mark.parametrize("name", DOCUMENTS_LOST)
def test_a_hostile_pdf_costs_itself(renderer: Renderer, name: str) -> None:
    body, fault = DOCUMENTS_LOST[name]
    assert fault_of(renderer, Document("pdf", body)) == fault


def test_a_tree_of_pages_that_goes_in_circles_has_an_end(renderer: Renderer) -> None:
    body = pdf([prose()], tree=b"<</Type/Pages/Count 3/Kids[10 0 R 2 0 R 2 0 R]>>")
    found = list(renderer.render(Document("pdf", body)))
    assert [type(page) for page in found] == [Opened, Page, LostPage, LostPage]


def test_a_document_whose_pages_all_cost_a_process_is_given_up(patient: Renderer) -> None:
    body = pdf([b"/X Do"] * 6, {100: packed(b"/X Do /X Do", FORM % 100)}, resources=DRAWS_X)
    _, *pages = list(patient.render(Document("pdf", body)))
    faults = [page.fault for page in pages if isinstance(page, LostPage)]
    assert faults == [RenderFault.OUT_OF_MEMORY] * 3 + [RenderFault.GIVEN_UP] * 3


def fault_of(renderer: Renderer, document: Document) -> RenderFault:
    with pytest.raises(RenderError) as caught:
        list(renderer.render(document))
    return caught.value.fault


# HTML


class Witness:
    """A real server that must not be asked, not even be connected to."""

    def __init__(self) -> None:
        self.connections: list[Any] = []
        outer = self

        class Server(ThreadingHTTPServer):
            def get_request(self) -> Any:
                outer.connections.append("somebody")
                return super().get_request()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_error(404)

            def log_message(self, *args: Any) -> None:
                """Keeps the test's output clean."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def witness() -> Iterator[Witness]:
    server = Witness()
    yield server
    server.close()


OUTWARD: dict[str, Callable[[str], str]] = {
    "everything that asks": lambda url: (
        f"""
        <base href="{url}/"><link rel="preconnect" href="{url}"><link rel="prefetch" href="{url}/p">
        <link rel="stylesheet" href="{url}/s.css"><style>@import "{url}/i.css";
        body {{ background: url({url}/b.png) }} @font-face {{ font-family: F; src: url({url}/f) }}
        p {{ font-family: F }}</style><script src="{url}/j.js"></script><img src="{url}/a.png">
        <img src="relative.png"><iframe src="{url}/f"></iframe><object data="{url}/o"></object>
        <embed src="{url}/e"><video src="{url}/v" autoplay></video><p>Noch da.</p>"""
    ),
    "a refresh": lambda url: f'<meta http-equiv="refresh" content="0;url={url}/r"><p>Noch da.</p>',
    "a frame that refreshes": lambda url: (
        f"<iframe srcdoc=\"<meta http-equiv='refresh' content='0;url={url}/r'>\"></iframe>Noch da."
    ),
    "a script": lambda url: f"<script>fetch('{url}/f'); location = '{url}/l';</script>Noch da.",
}


@pytest.mark.parametrize("name", OUTWARD)
def test_no_request_leaves(renderer: Renderer, witness: Witness, name: str) -> None:
    _, *screens = renderer.render(Document("html", html(OUTWARD[name](witness.url))))
    texts = [screen.text for screen in screens if isinstance(screen, Page)]
    assert {text.strip() for text in texts} == {"Noch da."}  # the last screen overlaps
    assert witness.connections == []


def test_no_request_of_a_script_leaves_either(witness: Witness) -> None:
    script = f"""<p>Noch da.</p><script>
        fetch("{witness.url}/f"); new WebSocket("{witness.url}/w".replace("http", "ws"));
        open("{witness.url}/o"); location = "{witness.url}/l";
        navigator.sendBeacon("{witness.url}/b");
        document.body.append("Es lief.")</script>"""
    endless = "<script>for (;;);</script>"
    with Renderer(replace(SETTINGS, scripts=True)) as renderer:
        _, page = renderer.render(Document("html", html(script)))
        assert isinstance(page, Page)
        assert "Es lief." in page.text
        assert fault_of(renderer, Document("html", html(endless))) == RenderFault.TIMED_OUT
    assert witness.connections == []


def test_scripts_are_not_run(renderer: Renderer) -> None:
    _, page = renderer.render(Document("html", html("<script>for (;;);</script><p>Da.</p>")))
    assert isinstance(page, Page)
    assert page.text.strip() == "Da."


def test_files_beyond_the_folder_are_out_of_reach(renderer: Renderer, tmp_path: Path) -> None:
    square = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="500">'
        '<rect width="300" height="500" fill="{}"/></svg>'
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inside.svg").write_text(square.format("#00f"))
    (tmp_path / "outside.svg").write_text(square.format("#f00"))
    (folder / "link.svg").symlink_to(tmp_path / "outside.svg")
    sources = (
        "../outside.svg", "%2e%2e/outside.svg", "link.svg", f"file://{tmp_path}/outside.svg",
        f"file://{folder}/inside.svg", "/../outside.svg", "..%2foutside.svg", "%00",
    )  # fmt: skip
    shown = "".join(f'<img src="{source}"><iframe src="{source}"></iframe>' for source in sources)
    style = "<style>img, iframe { position: absolute; left: 20px; top: 20px; border: 0 }</style>"
    without = colours(renderer, Document("html", html(style + shown), str(folder)))
    assert (255, 0, 0) not in without
    assert (0, 0, 255) not in without
    inside = '<img src="inside.svg">'
    assert (0, 0, 255) in colours(renderer, Document("html", html(style + inside), str(folder)))


def colours(renderer: Renderer, document: Document) -> set[tuple[int, ...]]:
    """The colours of a document's first screen, near ones as one."""
    import cv2
    import numpy as np

    _, page, *_ = renderer.render(document)
    assert isinstance(page, Page)
    pixels = cv2.imdecode(np.frombuffer(page.image, np.uint8), cv2.IMREAD_COLOR_RGB)
    near = np.unique(np.rint(pixels.reshape(-1, 3) / 51).astype(int) * 51, axis=0)
    return {tuple(map(int, colour)) for colour in near}


HTML_LOST = {
    "300 km high": ("<div style='height: 30000000px'>", {RenderFault.TOO_MANY_PAGES}),
    "ten to the nine squares": (
        "<svg><g id=a0><rect width=9 height=9 /></g>"
        + "".join(f"<g id=a{n + 1}>{f'<use href=#a{n} />' * 10}</g>" for n in range(9))
        + "</svg>",
        {RenderFault.OUT_OF_MEMORY, RenderFault.TIMED_OUT},
    ),
}


@pytest.mark.parametrize("name", HTML_LOST)
def test_a_hostile_page_of_html_costs_itself(renderer: Renderer, name: str) -> None:
    body, faults = HTML_LOST[name]
    assert fault_of(renderer, Document("html", html(body))) in faults
    _, page = renderer.render(Document("html", html("<p>Die nächste.</p>")))
    assert isinstance(page, Page)


def test_nobody_is_left_behind() -> None:
    with Renderer(SETTINGS) as renderer:
        list(renderer.render(Document("html", html("Da."))))
        ours = [pid for child in renderer._children.values() for pid in child._all()]
        assert len(ours) > 3
    ends = time.monotonic() + 60
    while any(map(is_alive, ours)):
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["pdf", "html"])
def test_what_died_between_two_documents_costs_neither(kind: Kind) -> None:
    document = Document(kind, pdf([prose()]) if kind == "pdf" else html("<p>Da.</p>"))
    with Renderer(SETTINGS) as renderer:
        whole = list(renderer.render(document))
        (child,) = renderer._children.values()
        ours, *below = child._all()
        browser = [pid for pid in below if "chrom" in command_of(pid)]
        for pid in browser or [ours]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert list(renderer.render(document)) == whole


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_where_no_renderer_can_start_the_run_ends_with_a_word_on_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from pipelines.errors import RunError

    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        Renderer(Rendering()) as renderer,
        pytest.raises(RunError, match="apt-get install chromium"),
    ):
        list(renderer.render(Document("html", html("Da."))))


ORPHANING = """
import sys
from pipelines.rendering.pages import Document
from pipelines.rendering.processes import below
from pipelines.rendering.renderer import Renderer
from tests.pipelines.rendering.conftest import SETTINGS
import os
renderer = Renderer(SETTINGS)
list(renderer.render(Document("html", b"<p>Da.")))
print(*below(os.getpid()), flush=True)
sys.stdin.read()
"""


def test_renderers_end_when_who_started_them_is_killed() -> None:
    command = [sys.executable, "-c", ORPHANING]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout
    assert parent.stdin
    theirs = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(theirs) > 3
    parent.kill()
    parent.wait()
    ends = time.monotonic() + 60
    while any(map(is_alive, theirs)):
        assert time.monotonic() < ends
        time.sleep(0.05)
    for pipe in (parent.stdin, parent.stdout):
        pipe.close()
