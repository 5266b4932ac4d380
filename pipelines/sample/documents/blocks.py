"""What a document consists of, whichever format it is written in."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipelines.sample.charts import Chart
from pipelines.sample.subjects import Subject

Form: TypeAlias = Literal["html", "pdf"]

LEADER_CHARS = 80  # of an entry of a table of contents with its dots and its page


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Attributes:
      level: 1 for the document's title, 2 for those of its parts.
      text: one line.
    """

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences in a row."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, an item a line."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its header and each of its rows have three cells."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture or a chart.

    Attributes:
      subject: what is to be seen.
      is_vector: whether it is drawn by lines and letters, as only charts can be; else by pixels.
      caption: below it.
      alt: its alternative text, which says something else.
    """

    subject: Subject
    is_vector: bool
    caption: str
    alt: str

    @property
    def chart(self) -> Chart | None:
        """The chart that is drawn by lines and letters, None for pixels."""
        return self.subject if self.is_vector and isinstance(self.subject, Chart) else None


@dataclass(frozen=True, slots=True)
class Contents:
    """A table of contents: each entry with the page that it is on, or in HTML a link."""

    entries: tuple[tuple[str, int], ...]


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Figure | Contents


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a PDF, or a part of an HTML page, which has no pages.

    Attributes:
      language: that it speaks.
      blocks: from top to bottom.
      defect: one of `planting.KINDS`, or "".
      detail: what was done.
    """

    language: str
    blocks: tuple[Block, ...]
    defect: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document before it is written.

    Attributes:
      form: its format.
      language: that it is stated to be in.
      title: its first heading, in the language that it speaks.
      accent: the colour of its bars and headings, one of the drawings' TONES.
      look: 0 to 2, how it is set.
      pages: in their order.
    """

    form: Form
    language: str
    title: str
    accent: str
    look: int
    pages: tuple[Page, ...]


def leader(text: str, page: int, width: int = LEADER_CHARS) -> str:
    """Returns an entry of a table of contents with dots up to its page, `width` characters long.

    >>> leader("A ring", 12, 16)
    'A ring ...... 12'
    """
    return f"{text} {'.' * max(3, width - len(text) - len(str(page)) - 2)} {page}"


def lines_of(page: Page, form: Form) -> list[str]:
    """Returns the text of a page in the order in which it is read, without a page's number."""
    return [line for block in page.blocks for line in _lines(block, form)]


def _lines(block: Block, form: Form) -> list[str]:
    match block:
        case Heading(text=text) | Paragraph(text):
            return [text]
        case Bullets(items):
            return list(items)
        case Table(caption, header, rows):
            return [caption, *(" ".join(row) for row in (header, *rows))]
        case Figure():
            values = block.chart.values if block.chart else ()
            return [*map(str, values), block.caption]
        case Contents(entries):
            return [leader(*entry) if form == "pdf" else entry[0] for entry in entries]
