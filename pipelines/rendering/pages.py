"""What goes into a renderer and what comes out of it, whatever the kind of document."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.pages import PageMeasures
from schemas.rows import Measures

VERSION = 5
"""Of what the same document is made into and measured as; to be raised when either changes."""

Kind = Literal["pdf", "html", "markdown"]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Boxes = list[Box] | NDArray[np.float64]  # likewise, shape [boxes, 4]


class RenderFault(StrEnum):
    """Why a document or a page gives no picture."""

    BROKEN = "broken-document"
    ENCRYPTED = "encrypted-document"
    NO_PAGES = "no-pages"
    TOO_MANY_PAGES = "too-many-pages"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MUCH_TEXT = "too-much-text"
    BROKEN_PAGE = "broken-page"
    CRASHED = "renderer-crashed"
    TIMED_OUT = "renderer-timed-out"
    OUT_OF_MEMORY = "renderer-out-of-memory"
    GIVEN_UP = "renderer-given-up"


class RenderError(Exception):
    """A document or a page that cannot be rendered.

    Attributes:
      fault: which kind.
      detail: the renderer's words.
    """

    def __init__(self, fault: RenderFault, detail: str) -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How HTML loads pictures, styles and fonts from hosts.

    Attributes:
      hosts: `host:port` of those that may be asked, and no others, redirects' targets included.
      allow_hosts: of these, exempt from the rule that only public addresses are asked.
      max_loads: requests of a document, those refused included.
      max_bytes: of all that a document loads, together.
      deadline_s: seconds for one file: waiting, redirects, retries and body together.
      retries: further attempts on 429, 5xx and broken connections.
      respect_opt_outs: whether robots.txt and the like are obeyed.
      user_agent: what servers are told.
      at_once: requests in flight to one host.
      sharers: renderers that ask the same host at the same time.
      shared: URI of a folder where they tell each other what a host said of being asked.
    """

    hosts: tuple[str, ...]
    allow_hosts: tuple[str, ...]
    max_loads: int
    max_bytes: int
    deadline_s: float
    retries: int
    respect_opt_outs: bool
    user_agent: str
    at_once: int
    sharers: int
    shared: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How pages are rendered and stored; the recipe's `[documents]` explains each.

    Attributes:
      dpi: dots per inch of a PDF's page.
      viewport: CSS pixels of a screen of HTML: width, height.
      device_scale: pixels to a CSS pixel.
      scripts: whether HTML's scripts are run.
      image_format: of the stored picture.
      quality: of JPEG and WebP, in [1, 100].
      max_pages: of a document.
      max_pixels: of a page.
      max_bytes: of a file beside an HTML document, such as a picture in it.
      deadline_s: seconds of processor time for a page, and for opening the document; ten times as
        many on the clock.
      memory_bytes: that a renderer and its children may have for themselves.
      loading: from where HTML may load, None: from nowhere.
    """

    dpi: int = 144
    viewport: tuple[int, int] = (1024, 1448)
    device_scale: float = 1.0
    scripts: bool = False
    image_format: Literal["jpeg", "webp", "png"] = "jpeg"
    quality: int = 92
    max_pages: int = 1000
    max_pixels: int = 20_000_000
    max_bytes: int = 50_000_000
    deadline_s: float = 20.0
    memory_bytes: int = 2_000_000_000
    loading: Loading | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be rendered.

    Attributes:
      kind: of it.
      body: its bytes, unpacked.
      folder: URI of the folder whose files HTML and Markdown may show, "" if none.
      name: its own, in that folder.
      url: that it was fetched from, behind all redirects; "" of a file.
    """

    kind: Kind
    body: bytes
    folder: str = ""
    name: str = "document"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a document says of itself.

    Attributes:
      pages: that it has.
      title: or "".
      language: a tag as it states it, or "".
    """

    pages: int
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class PageText:
    """A piece of a page that can stand for all of it.

    Attributes:
      origin: `page-heading`, `figure-caption`, `table-caption`, `alt-text`.
      text: as it stands there, in one line.
    """

    origin: str
    text: str


@dataclass(frozen=True, slots=True)
class Load:
    """What came of something that a page asked a host for.

    Attributes:
      url: what for.
      reason: why it was not loaded, "" where it was.
      detail: of the reason, for people.
    """

    url: str
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page.

    Attributes:
      image: the stored picture.
      pixels: what is measured of it.
      measures: what is measured of the page.
      text: its text layer, its first 100,000 characters at most.
      texts: in the order in which they stand on it, a thousand at most.
      loads: since the page before, or the document was opened.
    """

    image: bytes
    pixels: Measures
    measures: PageMeasures
    text: str
    texts: tuple[PageText, ...]
    loads: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class LostPage:
    """A page that gave no picture.

    Attributes:
      page: its number, from 1.
      fault: why.
      detail: for people.
    """

    page: int
    fault: RenderFault
    detail: str


@dataclass(slots=True)
class Seen:
    """What a renderer saw on a page, before it is counted.

    Boxes are `(left, top, right, bottom)`, in the units of `size`.

    Attributes:
      size: width and height of the page.
      text: its text layer.
      text_boxes: of lines or runs of text.
      font_sizes: of these, in the units of `size`.
      figures: boxes of pictures.
      tables: boxes.
      charts: boxes.
      links: how many hyperlinks.
      link_characters: of the text, those in links, without white space.
      missing_glyphs: characters without a glyph.
      texts: headings, captions and the like, in order.
    """

    size: tuple[float, float]
    text: str = ""
    text_boxes: Boxes = field(default_factory=list)
    font_sizes: set[float] = field(default_factory=set)
    figures: list[Box] = field(default_factory=list)
    tables: list[Box] = field(default_factory=list)
    charts: list[Box] = field(default_factory=list)
    links: int = 0
    link_characters: int = 0
    missing_glyphs: int = 0
    texts: list[PageText] = field(default_factory=list)


def plain_values(of: Any) -> dict[str, Any]:
    """A slotted dataclass' values by name, not copied."""
    return {name: getattr(of, name) for name in of.__dataclass_fields__}
