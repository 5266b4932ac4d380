"""Questions about pages that a table of the user's has: its rows to what pages answer."""

import re
from dataclasses import dataclass

from pipelines.document_urls import whole_document
from pipelines.recipe import Recipe, Source
from pipelines.sources.rows import InputRow, Split, row_name
from pipelines.transforms.blocks import arrow_schema
from schemas.fates import Fate, Unit
from schemas.ids import page_uid, picture_uid
from schemas.languages import normalise_tag
from schemas.rows import LedgerRow

MISSING_DOCUMENT = "missing-document"
BAD_PAGE = "malformed-page"

_STAGE = "documents"
_PAGE = re.compile(r"0*([1-9][0-9]{0,8})(?:\.0+)?")  # a table may have it as a float
_EXCERPT = 200  # characters


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """A question about a page, with its answer.

    Attributes:
      uid: of the page.
      page: the document as its table names it, and the page's number.
      text: of the question, a space, and the answer; "" where either lacks.
      language: one of `schemas.languages`, or "" for that of the page.
      source: name of the recipe's source.
      row: `source:file:number`.
      licence: of the row, or "" for that of the page.
    """

    uid: str
    page: str
    text: str
    language: str
    source: str
    row: str
    licence: str


PAGE_QUESTIONS = arrow_schema(PageQuestion)


def questions_of(
    recipe: Recipe, source: Source, split: Split, block: list[InputRow]
) -> tuple[list[PageQuestion], list[LedgerRow]]:
    """The questions of a block's rows, and rows that ask nothing of any page."""
    questions, rejected = [], []
    has_urls = _has_urls(recipe, source.document_source)
    for row in block:
        name, url = row_name(source, split, row), row.url
        if has_urls:
            url = whole_document(url)
        page = _PAGE.fullmatch(row.page.strip())
        fault, detail = row.fault, row.detail
        if not fault and not url:
            fault, detail = MISSING_DOCUMENT, ""
        elif not fault and page is None:
            fault, detail = BAD_PAGE, f"{source.page_column}: {row.page[:_EXCERPT]!r}"
        if page is None or fault:
            fate = Fate.REJECTED.value
            rejected.append(LedgerRow(_STAGE, Unit.ROW.value, name, "", name, fate, fault, detail))
            continue
        number = int(page[1])
        uid = page_uid(picture_uid(source.document_source, url), number)
        language = normalise_tag(row.language) if row.language.strip() else ""
        named = f"{source.document_source}:{url}#page={number}"
        questions.append(
            PageQuestion(uid, named, row.caption, language, source.name, name, row.licence)
        )
    return questions, rejected


def _has_urls(recipe: Recipe, name: str) -> bool:
    """Whether a source's documents are named by URL; else they are files, with any name."""
    return any(of.name == name and of.format == "table" for of in recipe.sources)
