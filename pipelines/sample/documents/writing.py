"""Writes documents with the table of them, and the truth about their pages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sample.dice import Dice
from pipelines.sample.documents.blocks import (
    Bullets,
    Document,
    Figure,
    Form,
    Heading,
    Page,
    Table,
    lines_of,
)
from pipelines.sample.documents.composing import Composer, compose_pages
from pipelines.sample.documents.pdf import PDF_LANGUAGES, make_pdf
from pipelines.sample.documents.planting import (
    BOILERPLATE_PAGES,
    PAGE_KINDS,
    cut_file,
    mark_document,
    plan_kinds,
    repeat_document,
    spoil_page,
)
from pipelines.sample.documents.web_page import LOOKS, make_html
from pipelines.sample.drawing import TONES
from schemas.languages import ALL

DOCUMENTS_SCHEMA = pa.schema(
    {
        "path": pa.string(),  # relative to the table's folder
        "language": pa.string(),  # as the source states it
        "title": pa.string(),
        "format": pa.string(),  # html, pdf
        "licence": pa.string(),
    }
)
DOCUMENTS_TRUTH_SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "page": pa.int32(),  # of a PDF, from 1; 0: all of a web page, or of a cut file
        "language": pa.string(),  # that it speaks
        "title": pa.string(),  # of the document
        "headings": pa.list_(pa.string()),
        "captions": pa.list_(pa.string()),  # of tables and figures
        "alts": pa.list_(pa.string()),  # alternative texts of figures
        "tables": pa.int32(),
        "lists": pa.int32(),
        "charts": pa.int32(),  # drawn by lines
        "figures": pa.int32(),  # drawn by pixels
        "text": pa.string(),  # of its text layer, a line a block; without a page's number
        "defect": pa.string(),  # "": none
        "twin": pa.string(),  # path of the document that this one nearly repeats, "": none
        "detail": pa.string(),
    }
)

_FIRST = 1 << 41  # number of a document: neither a picture nor a sentence has so high a one
_LENGTHS = range(2, 6)  # pages or sections
_OUT_OF_TURN = ("near-duplicate", "boilerplate")
_ACCENTS = tuple(name for name in TONES if name not in ("yellow", "pink"))  # too pale for letters


@dataclass(frozen=True, slots=True)
class _Written:
    """A document in its file.

    Attributes:
      path: relative to the tables' folder.
      document: what is in it.
      twin: path of the document that it nearly repeats, or "".
    """

    path: str
    document: Document
    twin: str


def write_documents(
    folder: Path, count: int, seed: int, defects: float, licence: str, *, held_out: bool
) -> None:
    """Writes `documents/`, `documents.parquet` and `documents_truth.parquet`.

    Documents go round the languages, and in every second round those that PDFs can be written in
    are PDFs: of 60 without defects 48 are web pages, in 30 languages, and 12 PDFs, in 12.

    Args:
      folder: exists.
      count: of documents, 0 or more.
      seed: of all choices.
      defects: share of the documents that have one, in [0, 1].
      licence: of all of them.
      held_out: whether they are written in the sentences that are held out.
    """
    (folder / "documents").mkdir()
    library = _Library(folder, seed, defects, held_out)
    table, truth = [], []
    for written in (library.write(number) for number in range(count)):
        document = written.document
        named = {"path": written.path, "title": document.title}
        stated = {"language": document.language, "format": document.form, "licence": licence}
        table.append(named | stated)
        truth += [row | named | {"twin": written.twin} for row in _truth_of(document)]
    for name, rows, schema in (
        ("documents", table, DOCUMENTS_SCHEMA),
        ("documents_truth", truth, DOCUMENTS_TRUTH_SCHEMA),
    ):
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{name}.parquet")


class _Library:
    """Writes documents one after the other, some of them with a defect.

    Languages and formats take turns, which copies and pages that are the same in many leave out.
    """

    def __init__(self, folder: Path, seed: int, defects: float, held_out: bool) -> None:
        self._folder = folder
        self._seed = seed
        self._held_out = held_out
        self._kinds = plan_kinds(Dice(seed, _FIRST), defects)
        self._turn = 0
        self._originals: list[tuple[int, int, str]] = []  # number, turn, path of what may be copied
        self._imprints = 0

    def write(self, number: int) -> _Written:
        """Writes the next document; numbers come from 0 in their order."""
        dice = Dice(self._seed, _FIRST + number)
        kind = self._kinds.next_kind(self._unsuited())
        document, twin = self._compose(number, kind, dice)
        name = dice.digest("document", 16).hex()
        path = f"documents/{name}.{document.form}"
        data = self._save(document, name)
        if kind == "truncated-file":
            data, detail = cut_file(data, dice)
            document = mark_document(document, kind, detail)
        (self._folder / path).write_bytes(data)
        if not kind:
            self._originals.append((number, self._turn, path))
        self._turn += kind not in _OUT_OF_TURN
        return _Written(path, document, twin)

    def _compose(self, number: int, kind: str, dice: Dice) -> tuple[Document, str]:
        """Returns a document with its defect, and the path of the one that it repeats, or ""."""
        if kind == "near-duplicate":
            at = dice.pick("original", range(len(self._originals)))
            original, turn, twin = self._originals.pop(at)
            document = self._compose_good(original, *_choose(turn))
            return repeat_document(document, dice, held_out=self._held_out), twin
        language, form = self._next_imprint() if kind == "boilerplate" else _choose(self._turn)
        document = self._compose_good(number, language, form)
        if kind in PAGE_KINDS:
            document = spoil_page(document, kind, dice, held_out=self._held_out)
        return document, ""

    def _compose_good(self, number: int, language: str, form: Form) -> Document:
        dice = Dice(self._seed, _FIRST + number)
        composer = Composer(language, dice, self._held_out)
        pages = compose_pages(composer, dice.pick("length", _LENGTHS))
        accent, look = dice.pick("accent", _ACCENTS), dice.pick("look", LOOKS)
        return Document(form, language, composer.heading("title"), accent, look, tuple(pages))

    def _next_imprint(self) -> tuple[str, Form]:
        """Returns what is next to have a page that is the same in many: a language's turn lasts."""
        language = ALL[self._imprints // BOILERPLATE_PAGES % len(ALL)]
        self._imprints += 1
        return language, "pdf" if language in PDF_LANGUAGES and self._imprints % 2 else "html"

    def _unsuited(self) -> set[str]:
        """Returns the kinds that the next document cannot have: a cut web page is still a page."""
        unsuited = {"truncated-file"} if _choose(self._turn)[1] == "html" else set()
        return unsuited if self._originals else unsuited | {"near-duplicate"}

    def _save(self, document: Document, name: str) -> bytes:
        """Writes the pictures of a web page; returns the document's own file."""
        if document.form == "pdf":
            return make_pdf(document)
        data, pictures = make_html(document, name)
        for path, picture in pictures.items():
            file = self._folder / "documents" / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(picture)
        return data


def _choose(turn: int) -> tuple[str, Form]:
    """Returns the language and the format whose turn it is."""
    rounds, at = divmod(turn, len(ALL))
    return ALL[at], "pdf" if rounds % 2 and ALL[at] in PDF_LANGUAGES else "html"


def _truth_of(document: Document) -> Iterator[dict[str, Any]]:
    """Yields a row a page of a PDF, one for all of a web page or of a cut file."""
    pages = document.pages
    if document.form == "html" or pages[0].defect == "truncated-file":
        blocks = tuple(block for page in pages for block in page.blocks)
        yield _row(replace(pages[0], blocks=blocks), 0, document.form)
        return
    for number, page in enumerate(pages, start=1):
        yield _row(page, number, document.form)


def _row(page: Page, number: int, form: Form) -> dict[str, Any]:
    figures = [block for block in page.blocks if isinstance(block, Figure)]
    charts = sum(figure.chart is not None for figure in figures)
    return {
        "page": number,
        "language": page.language,
        "headings": [block.text for block in page.blocks if isinstance(block, Heading)],
        "captions": [block.caption for block in page.blocks if isinstance(block, Figure | Table)],
        "alts": [figure.alt for figure in figures],
        "tables": sum(isinstance(block, Table) for block in page.blocks),
        "lists": sum(isinstance(block, Bullets) for block in page.blocks),
        "charts": charts,
        "figures": len(figures) - charts,
        "text": "\n".join(lines_of(page, form)),
        "defect": page.defect,
        "detail": page.detail,
    }
