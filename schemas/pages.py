"""What is known of a page of a document, beside what is known of any picture."""

from dataclasses import dataclass

from schemas.rows import GatheredPicture, Measures


@dataclass(frozen=True, slots=True)
class PageMeasures:
    """What `documents` measures of a page, from a PDF's objects or the DOM; nothing is guessed.

    A page of HTML is a screen: what a reader sees after scrolling by a screen's height. Shares are
    of the page's area, in [0, 1]; what overlaps is counted once.

    Attributes:
      page: its number in its document, from 1.
      pages: of the document, those that were not rendered included.
      characters: of its text layer, without white space.
      words: runs of characters between white space; few in Thai, Chinese and Japanese.
      lines: of text, as they are set.
      lines_to_number: those that end in digits, as in tables of contents.
      text_share: covered by lines of text.
      font_sizes: how many different ones its text has, rounded to half a point.
      headings: by the DOM's `h1` to `h6`, or set larger than a PDF's running text.
      links: hyperlinks on it.
      link_characters: of its text layer, those within links, without white space.
      figures: raster and vector pictures that cover a hundredth of the page or more, charts aside.
      figure_share: covered by figures.
      tables: by the DOM's `table`, or a PDF's rulings that make two rows and two columns or more.
      table_share: covered by tables.
      charts: vector drawings with text among their marks, as axes and legends have.
      chart_share: covered by charts.
      ink: share of pixels unlike the page's commonest luma, as in `schemas.rows.Measures`.
      missing_glyphs: characters for which no font has a glyph, drawn as boxes or not at all.
    """

    page: int
    pages: int
    characters: int
    words: int
    lines: int
    lines_to_number: int
    text_share: float
    font_sizes: int
    headings: int
    links: int
    link_characters: int
    figures: int
    figure_share: float
    tables: int
    table_share: float
    charts: int
    chart_share: float
    ink: float
    missing_glyphs: int


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page says, and where it is from.

    Attributes:
      document: its document's id: 32 hex digits.
      version: of the document that was rendered, see `PlannedDocument`.
      title: the document's own, or "".
      stated: language that the document is stated to be in, one of `schemas.languages`, or `und`.
      text: its text layer, a line a line as it is set.
      texts: what can stand for the page as a JSON list of `[origin, text]`; origins are
        `page-title`, `page-heading`, `page-section`, `figure-caption`, `table-caption` and
        `alt-text`.
    """

    document: str
    version: str
    title: str
    stated: str
    text: str
    texts: str


@dataclass(frozen=True, slots=True)
class PageLoads:
    """What a page asked listed hosts for, see the recipe's `documents.load_hosts`.

    Attributes:
      loads: a JSON list of `[url, reason, detail]` in the order of asking, the reason "" of what
        was loaded. The first page has what opening the document asked for, each what scrolling to
        it did.
    """

    loads: str


@dataclass(frozen=True, slots=True)
class FetchedMeasures(Measures):
    """What is known of a document that was fetched.

    Attributes:
      final_url: where redirects led to.
    """

    final_url: str = ""


@dataclass(frozen=True, slots=True)
class FetchedRow(GatheredPicture):
    """A row of `fetched/`: a document in gather's layout.

    Attributes:
      final_url: where redirects led to, "" where it could not be fetched.
    """

    final_url: str = ""


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """A document that `documents` is to render: a row of a shard's plan.

    Attributes:
      document: its id, see `schemas.ids.picture_uid`.
      url: its path within its source, or its absolute URL.
      location: the file's URI, or where in a tar of `fetched/` its bytes lie, see
        `pipelines.local_pictures`; "" where it could not be fetched.
      kind: `pdf`, `html` or `markdown`; "" where it could not be fetched.
      source: name of the recipe's source.
      licence: as stated, or "".
      version: 32 hex digits that change when the file does, or anything of the recipe that its
        rows depend on.
      reason: why it could not be fetched, "" where it is there.
      detail: of the reason, for people.
      final_url: that it was fetched from, behind all redirects; "" of a file.
    """

    document: str
    url: str
    location: str
    kind: str
    source: str
    licence: str
    version: str
    reason: str = ""
    detail: str = ""
    final_url: str = ""
