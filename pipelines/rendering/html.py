"""Screens of HTML: pictures and what stands on them by the DOM (Chromium through playwright).

No request of the browser leaves: documents have an address at a host that does not exist, all that
they ask for is answered from their own folder or not at all, and what the browser would ask on its
own goes to a proxy that is not there. Scripts are off. Where hosts are listed, what pages ask these
for is fetched here (`pipelines.rendering.loading`); the browser is told the bytes.
"""

import base64
import codecs
import mimetypes
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

import cv2
import numpy as np
from fsspec.implementations.local import LocalFileSystem
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Error,
    Request,
    Route,
    sync_playwright,
)

from pipelines.fetching import Fetched
from pipelines.rendering.browser import find_browser
from pipelines.rendering.fonts import without_glyph
from pipelines.rendering.loading import Answer, Loader, Loads
from pipelines.rendering.markdown import page_of_markdown
from pipelines.rendering.pages import (
    Document,
    LostPage,
    Opened,
    Page,
    PageText,
    RenderError,
    RenderFault,
    Rendering,
    Seen,
)
from pipelines.rendering.storing import area_share, one_line, stored_page
from pipelines.resizing import Pixels
from pipelines.storage import filesystem

_HOST = "document.invalid"  # RFC 2606: such a host does not exist
_LEAST_FIGURE = 0.01  # of the screen
_LOOK_MS = 20  # between two looks at whether a page is there
_LOADING = 5  # seconds on the clock that a document may wait for hosts, for each of `deadline_s`
ALIKE_EVERYWHERE = (
    "--disable-gpu",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--blink-settings=imageAnimationPolicy=2",  # the first picture of a moving one
)
_ALONE = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=127.0.0.1:9",  # nobody is there
    "--proxy-bypass-list=<-loopback>",
    "--disable-background-networking",
    "--disable-component-update",
    "--dns-prefetch-disable",
    "--no-pings",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_STILL = """() => {
  const style = `*, ::before, ::after {
    animation-duration: 0s !important; animation-delay: 0s !important;
    animation-iteration-count: 1 !important; animation-fill-mode: forwards !important;
    transition: none !important; caret-color: transparent !important;
    scroll-behavior: auto !important; }
    progress:indeterminate { appearance: none !important; }`;
  const stillDocument = (document) => {
    const sheet = new document.defaultView.CSSStyleSheet();
    sheet.replaceSync(style);
    still(document, sheet);
  };
  const still = (root, sheet) => {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) still(element.shadowRoot, sheet);
      if (element.localName === "iframe" && element.contentDocument) {
        stillDocument(element.contentDocument);
      }
      if (typeof element.pauseAnimations === "function") {
        element.pauseAnimations();
        element.setCurrentTime(0);
      }
    }
  };
  stillDocument(document);
}"""
_OPENED = """() => {
  const root = document.documentElement;
  const title = Object.getOwnPropertyDescriptor(Document.prototype, "title");
  return {
    title: title.get.call(document),  // a form of that name hides it
    isBroken: document.contentType !== "text/html" && root.querySelector("parsererror") !== null,
    language: root.lang || root.getAttribute("xml:lang") || "",
    height: Math.max(root.scrollHeight, document.body?.scrollHeight ?? 0),
  };
}"""
_SCROLL = """async (top) => {
  window.scrollTo(0, top);
  const shown = [...document.images].filter((image) => {
    const box = image.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  await Promise.all(shown.map((image) => image.decode().catch(() => {})));
}"""


class HtmlRenderer:
    """Renders HTML and Markdown, one document after another, in one browser.

    Args:
      settings: how.
    """

    def __init__(self, settings: Rendering) -> None:
        self._settings = settings
        self._see = resources.files("pipelines.rendering").joinpath("seeing.js").read_text()
        self._loader = Loader(settings.loading) if settings.loading else None
        self._playwright = sync_playwright().start()
        self._browser: Browser = self._playwright.chromium.launch(
            executable_path=find_browser(),
            args=[*ALIKE_EVERYWHERE, *_ALONE],
            chromium_sandbox=os.geteuid() != 0,  # as root Chromium has none
        )

    def close(self) -> None:
        """Ends the browser, and what fetches."""
        if self._loader:
            self._loader.close()
        self._browser.close()
        self._playwright.stop()

    def render(
        self, document: Document, first: int
    ) -> Generator[Opened | Page | LostPage, None, None]:
        """What the document says of itself, then its screens from number `first` on.

        Raises:
          RenderError: where it has no screens that could be rendered.
          RunError: where the network that it loads from is down.
        """
        width, height = self._settings.viewport
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=self._settings.device_scale,
            java_script_enabled=self._settings.scripts,
            service_workers="block",
            accept_downloads=False,
            bypass_csp=True,
            reduced_motion="reduce",
        )
        loads = self._loads()
        try:
            yield from self._screens(context, document, first, loads)
        finally:
            if loads:
                loads.close()
            context.close()

    def _loads(self) -> Loads | None:
        loading = self._settings.loading
        if self._loader is None or loading is None:
            return None
        return Loads(self._loader, loading, _LOADING * self._settings.deadline_s)

    def _screens(
        self, context: BrowserContext, document: Document, first: int, loads: Loads | None
    ) -> Iterator[Opened | Page | LostPage]:
        width, height = self._settings.viewport
        answers = _Answers(document, self._settings.max_bytes, loads)
        context.route("**/*", answers.answer)
        page = context.new_page()
        page.set_default_timeout(0)
        # Where a script goes elsewhere meanwhile, playwright waits for what never comes.
        is_waiting = self._settings.scripts or loads is not None
        until: Literal["commit", "load"] = "commit" if is_waiting else "load"
        page.on("dialog", lambda dialog: dialog.dismiss())
        devtools = context.new_cdp_session(page)
        devtools.send("Animation.enable")
        devtools.send("Animation.setPlaybackRate", {"playbackRate": 0})  # where _STILL cannot look
        try:
            page.goto(answers.address, wait_until=until)
        except Error as error:
            if "net::" not in error.message:
                raise
            raise RenderError(RenderFault.BROKEN, error.message.splitlines()[0]) from error
        answers.settle()
        # The deadline is our parent's.
        while answers.is_waiting or page.evaluate("document.readyState") != "complete":
            page.wait_for_timeout(_LOOK_MS)
            answers.settle()
        answers.is_open = True
        page.evaluate(_STILL)
        found = page.evaluate(_OPENED)
        if found["isBroken"]:
            raise RenderError(RenderFault.BROKEN, "it is no well-formed XML")
        screens = max(1, -(-found["height"] // height))
        if screens > self._settings.max_pages:
            words = f"{screens:,} screens, more than {self._settings.max_pages:,}"
            raise RenderError(RenderFault.TOO_MANY_PAGES, words)
        yield Opened(screens, one_line(found["title"]), found["language"])
        for number in range(first, screens + 1):
            top = max(0, min((number - 1) * height, found["height"] - height))
            page.evaluate(_SCROLL, top)
            seen = self._seen(page.evaluate(self._see, [width, height]))
            shot = _shot(devtools)
            answers.settle()
            stored = stored_page(number, screens, document.kind, shot, seen, self._settings)
            yield replace(stored, loads=loads.take()) if loads else stored

    def _seen(self, found: dict[str, Any]) -> Seen:
        size = self._settings.viewport
        text = found["text"]
        return Seen(
            size=(float(size[0]), float(size[1])),
            text=text,
            text_boxes=[tuple(box) for box in found["text_boxes"]],
            font_sizes=set(found["font_sizes"]),
            figures=[
                tuple(box)
                for box in found["figures"]
                if area_share(tuple(box), size) >= _LEAST_FIGURE
            ],
            tables=[tuple(box) for box in found["tables"]],
            charts=[tuple(box) for box in found["charts"]],
            links=found["links"],
            link_characters=found["link_characters"],
            missing_glyphs=0 if found["own_fonts"] else len(without_glyph(text)),
            texts=[PageText(origin, one_line(words)) for origin, words in found["texts"]],
        )


def _shot(devtools: CDPSession) -> Pixels:
    """The screen as it is, RGB, shape [height, width, 3]."""
    # Playwright's own takes twice as long: it waits for frames, and has the PNG packed tightly.
    shot = devtools.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
    png = np.frombuffer(base64.b64decode(shot["data"]), np.uint8)
    return np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


class _Answers:
    """Answers a document's requests: the document itself, once, files of its folder, and what it
    loads.

    Args:
      document: which.
      max_bytes: of a file.
      loads: what it loads, None: nothing.

    Attributes:
      address: of the document: its own where it may load what lies beside it.
      is_open: whether nobody settles any more: requests are answered before anything else is done.
    """

    def __init__(self, document: Document, max_bytes: int, loads: Loads | None) -> None:
        own = document.url if loads else ""
        self.address = own or f"http://{_HOST}/{quote(document.name)}"
        self.is_open = False
        self._document = document
        self._max_bytes = max_bytes
        self._loads = loads
        self._opened = False

    @property
    def is_waiting(self) -> bool:
        return self._loads is not None and self._loads.is_waiting

    def settle(self) -> None:
        """Gives the answers that hosts gave. Raises RunError where the network is down."""
        if self._loads:
            self._loads.settle()

    def answer(self, route: Route) -> None:
        """Fulfils or ends a request."""
        request = route.request
        url = urlsplit(request.url)
        if request.is_navigation_request() and _is_whole_page(request):
            if self._opened:  # a refresh, a script that goes elsewhere: nothing becomes of it
                self._load(request, lambda _: route.fulfill(status=204))
                return
            self._opened = True
            route.fulfill(body=_html_of(self._document), content_type=_type_of(self._document))
            return
        if (url.scheme, url.netloc) != ("http", _HOST):
            self._load(request, partial(_answer_loaded, route))
            return
        body = self._file(unquote(url.path))
        if body is None:
            route.abort("blockedbyclient")
            return
        kind = mimetypes.guess_type(url.path)[0] or "application/octet-stream"
        route.fulfill(body=body, content_type=kind)

    def _load(self, request: Request, answer: Answer) -> None:
        """Has a host answer, or nobody."""
        if self._loads is None:
            answer(None)
            return
        self._loads.ask(request.url, request.method, request.resource_type, answer)
        if self.is_open:
            self._loads.wait()

    def _file(self, path: str) -> bytes | None:
        """A file of the document's folder; None where there is none, or it lies elsewhere."""
        if not self._document.folder or "\0" in path:
            return None
        fs, root = filesystem(self._document.folder)
        place = os.path.normpath(f"{root}/{path}")
        if isinstance(fs, LocalFileSystem):
            root, place = (str(Path(name).resolve()) for name in (root, place))
        if not place.startswith(f"{root.rstrip('/')}/"):
            return None
        try:
            if not fs.isfile(place) or fs.size(place) > self._max_bytes:
                return None
            return bytes(fs.cat_file(place))
        except OSError:
            return None


def _answer_loaded(route: Route, fetched: Fetched | None) -> None:
    if fetched is None:
        route.abort("blockedbyclient")
        return
    guessed = mimetypes.guess_type(urlsplit(route.request.url).path)[0]
    kind = fetched.content_type or guessed or "application/octet-stream"
    # Fonts of another host are shown where it lets everybody; here all that may be loaded is.
    headers = {"content-type": kind, "access-control-allow-origin": "*"}
    route.fulfill(body=fetched.body, headers=headers)


def _is_whole_page(request: Request) -> bool:
    """Whether it is for the page itself or for another window, not for a frame in the page."""
    try:
        return request.frame.parent_frame is None
    except Error:  # the window is not there yet
        return True


def _type_of(document: Document) -> str:
    is_xml = document.kind == "html" and document.name.lower().endswith(".xhtml")
    return "application/xhtml+xml" if is_xml else "text/html"


def _html_of(document: Document) -> bytes:
    if document.kind == "markdown":
        is_utf16 = document.body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = document.body.decode("utf-16" if is_utf16 else "utf-8-sig", "replace")
        return page_of_markdown(text).encode()
    return document.body
