"""How documents become pages: the recipe's `[documents]`."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from filters.page import PageRules
from pipelines.query_options import Queries

Positive = Annotated[int, Field(ge=1)]
HostPort = Annotated[str, Field(pattern=r"^[^\sA-Z/@]+:[0-9]+$")]
UserAgent = Annotated[str, Field(pattern=r"^[\x20-\x7e]+$")]
USER_AGENT = "pairmill/0.1 (+https://example.org/bot)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """How documents are fetched that a table names by URL: as `[gather]` fetches pictures.

    Attributes:
      concurrency: requests in flight in one worker process; so many bodies are in its memory.
      per_host: requests in flight to one host, all workers together.
      deadline_s: seconds for one document: waiting, redirects, retries and body together.
      retries: further attempts on 429, 5xx and broken connections.
      respect_opt_outs: whether robots.txt, `X-Robots-Tag`, TDM reservations and what a page's meta
        elements say of these are obeyed.
      allow_hosts: `host:port` exempt from the rule that only public addresses are asked.
      user_agent: what servers are told.
    """

    concurrency: Positive = 16
    per_host: Positive = 4
    deadline_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 60.0
    retries: Annotated[int, Field(ge=0)] = 2
    respect_opt_outs: bool = True
    allow_hosts: tuple[HostPort, ...] = ()
    user_agent: UserAgent = USER_AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """How documents become pages.

    Attributes:
      dpi: dots per inch of a PDF's page; 144 makes 1191 x 1684 pixels of A4.
      viewport_width: CSS pixels of a screen of HTML or Markdown.
      viewport_height: likewise; a longer page is cut into screens as a reader scrolls.
      device_scale: pixels to a CSS pixel.
      scripts: whether scripts in HTML are run.
      load_hosts: `host:port` that HTML and Markdown may load pictures, styles and fonts from, by
        the fetcher that `fetch` describes; default: no host is asked.
      max_loads: requests of a document to hosts, those refused included.
      max_load_bytes: of all that a document loads, together.
      image_format: of the stored picture.
      quality: of JPEG and WebP, in [1, 100].
      documents_per_shard: at most about so many in a tar.
      max_pages: a document of more is turned away.
      max_pixels: a page of more is turned away.
      max_bytes: of a document, unpacked, and of a file that an HTML document shows.
      deadline_s: seconds of processor time for a page, and for opening a document; ten times as
        many on the clock.
      max_memory: bytes that a renderer may take for itself.
      page: which pages are worth having, `filters.page`; a changed rule renders nothing anew.
      fetch: how those named by URL are fetched.
      queries: a vision model that writes queries for pages; default: none does.
    """

    dpi: Annotated[int, Field(ge=18, le=1200)] = 144
    viewport_width: Annotated[int, Field(ge=64, le=8192)] = 1024
    viewport_height: Annotated[int, Field(ge=64, le=8192)] = 1448
    device_scale: Annotated[float, Field(gt=0, le=8)] = 1.0
    scripts: bool = False
    load_hosts: tuple[HostPort, ...] = ()
    max_loads: Positive = 200
    max_load_bytes: Positive = 50_000_000
    image_format: Literal["jpeg", "webp", "png"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=100)] = 92
    documents_per_shard: Positive = 100
    max_pages: Positive = 1000
    max_pixels: Positive = 20_000_000
    max_bytes: Annotated[int, Field(ge=1, lt=1 << 32)] = 50_000_000
    deadline_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 20.0
    max_memory: Annotated[int, Field(ge=300_000_000)] = 2_000_000_000
    page: PageRules = field(default_factory=PageRules)
    fetch: Fetch = field(default_factory=Fetch)
    queries: Queries | None = None

    def limits(self) -> list[Any]:
        """What may turn a document or page away, of all that rendering depends on.

        Without `deadline_s` and `max_memory`: what failed by these is tried again on demand alone.
        """
        loads = [sorted(self.load_hosts), self.max_loads, self.max_load_bytes]
        return [
            self.max_pages,
            self.max_pixels,
            self.max_bytes,
            *(loads if self.load_hosts else ()),
        ]

    def __post_init__(self) -> None:
        pixels = self.viewport_width * self.viewport_height * self.device_scale**2
        if pixels > self.max_pixels:
            raise ValueError(
                f"documents.max_pixels must hold a screen of HTML, {pixels:,.0f} pixels, "
                f"got {self.max_pixels:,}"
            )
