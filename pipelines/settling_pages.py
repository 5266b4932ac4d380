"""Rendered pages to tables: those kept, what they answer, and the ledger of the others."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from filters.caption_limits import CaptionLimits, limit_fault
from filters.page import PageFault, TextLayer, page_fault
from filters.text import tidied
from pipelines.document_shards import TOLD_BY
from pipelines.language_model import LanguageModel
from pipelines.recipe import Recipe
from pipelines.rendered_rows import GATHERED_PAGE, NO_CAPTION
from pipelines.storage import Folder
from pipelines.transforms.blocks import arrow_schema, table_of
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from schemas.fates import Fate, Unit
from schemas.ids import caption_id
from schemas.layout import DOCUMENTS, PAGE_CAPTIONS, PAGES, ledger_folder, part_name
from schemas.pages import PageContent, PageMeasures
from schemas.rows import Caption, LedgerRow, Picture

_STAGE = "documents"


def _columns(*rows: type) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in arrow_schema(row).names))


_OF_PAGE = _columns(Picture, PageContent, PageMeasures)

PAGE = pa.schema([GATHERED_PAGE.field(name) for name in [*_OF_PAGE, "language", "source"]])
"""A row of `pages/part-*.parquet`: a kept page, `schemas.rows.Picture`, `schemas.pages.PageContent`
and `PageMeasures` side by side, with the language of its text and the name of its source."""

SETTLED_PAGES = pa.schema(
    [
        GATHERED_PAGE.field(name)
        for name in [*PAGE.names, "licence", "fate", "reason", "error_message"]
    ]
)
"""What settling reads of a shard."""


def read_shard(shard: str, output: Folder, current: pa.Table) -> pa.Table:
    """What a committed shard says of the documents whose last rendering it has.

    Args:
      shard: its name.
      output: of the recipe.
      current: the name of the `shard` with the last rendering of each `document`, 60 bytes a row.
    """
    table = read_table(output / DOCUMENTS, f"{shard}.parquet", SETTLED_PAGES.names)
    table = table.select(SETTLED_PAGES.names).cast(SETTLED_PAGES)
    here = current.filter(pc.equal(current["shard"], shard))["document"].combine_chunks()
    return table.filter(pc.is_in(table["document"], value_set=here))


class SettlePages(beam.DoFn):
    """Judges a bucket's pages; writes its part of `pages/`, `captions/pages/` and the ledger.

    Tells the counts.

    Args:
      recipe: of the run.
      fresh: where to write.
    """

    def __init__(self, recipe: Recipe, fresh: Folder) -> None:
        assert recipe.documents is not None
        self._rules = recipe.documents.page
        self._limits = CaptionLimits(languages=frozenset(recipe.languages))
        self._fresh = fresh

    def setup(self) -> None:
        self._model = LanguageModel()

    def process(self, keyed: tuple[int, dict[str, pa.Table]]) -> Iterator[Count]:
        bucket, tables = keyed
        part = part_name(bucket)
        rows = tables["pages"].sort_by("uid")
        queries, ledger = list[Caption](), list[LedgerRow]()
        listed = rows.to_pylist()
        faults = self._faults(listed, tables["repeated"])
        for row in listed:
            if row["fate"] != Fate.KEPT.value:
                ledger.append(_lost(row))
            elif found := faults.get(row["uid"]):
                ledger.append(_rejected_page(row, *found))
            else:
                kept, rejected = _queries(row, self._limits)
                queries += kept
                ledger += rejected
        answering = pa.array({query.uid for query in queries}, pa.string())
        is_kept = pc.is_in(rows["uid"], value_set=answering)
        write_table(self._fresh / PAGES, part, rows.filter(is_kept).select(PAGE.names))
        write_table(self._fresh / PAGE_CAPTIONS, part, table_of(Caption, queries))
        write_table(self._fresh / ledger_folder(_STAGE), part, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts["page created"] = pc.sum(pc.greater(rows["page"], 0)).as_py() or 0
        counts["page kept"] = len(answering)
        counts["document kept"] = pc.sum(pc.equal(rows["page"], 1)).as_py() or 0
        counts["query created"] = len(queries) + sum(row.unit == Unit.QUERY for row in ledger)
        counts["query kept"] = len(queries)
        yield from counts.items()

    def _faults(self, rows: list[dict[str, Any]], repeated: pa.Table) -> dict[str, tuple[str, str]]:
        """Why pages are turned away, by uid: the rule, and words for people."""
        names = repeated["uid"].to_pylist(), repeated["documents"].to_pylist()
        documents = dict(zip(*names, strict=True))
        rendered = [row for row in rows if row["fate"] == Fate.KEPT.value]
        guesses = self._model.identify([row["text"][:TOLD_BY] for row in rendered])
        found = {}
        for row, guess in zip(rendered, guesses, strict=True):
            measures = PageMeasures(**{name: row[name] for name in _MEASURES})
            layer = TextLayer(row["text"], row["stated"], guess, documents.get(row["uid"], 1))
            if fault := page_fault(measures, layer, self._rules):
                found[row["uid"]] = fault.value, _words(fault, measures, layer)
        return found


_MEASURES = [field.name for field in fields(PageMeasures)]


def _words(fault: PageFault, page: PageMeasures, text: TextLayer) -> str:
    """What a rule went by, where one number says it."""
    match fault:
        case PageFault.MISSING_GLYPHS:
            missing = f"{page.missing_glyphs} characters that no font here has"
            return f"{missing}: pairmill doctor names packages"
        case PageFault.BLANK | PageFault.TOO_MUCH_INK:
            return f"ink {page.ink:.5f}"
        case PageFault.BOILERPLATE:
            return f"the same in {text.documents} documents"
        case PageFault.LANGUAGE:
            return f"{text.stated} is {text.guess.shares[0][0]}"
    return ""


def _queries(row: dict[str, Any], limits: CaptionLimits) -> tuple[list[Caption], list[LedgerRow]]:
    """What a page answers, and what of it is turned away: with the last of these, the page."""
    kept, rejected = list[Caption](), list[LedgerRow]()
    name = f"{row['source']}:{row['url']}"
    for origin, words in json.loads(row["texts"]):
        text = tidied(words)
        id_ = caption_id(row["uid"], row["language"], text)
        if fault := limit_fault(text, row["language"], limits):
            rejected.append(_rejected(Unit.QUERY, id_, row["uid"], name, fault.value, text))
            continue
        kept.append(
            Caption(
                caption_id=id_,
                uid=row["uid"],
                language=row["language"],
                text=text,
                origin=origin,
                engine="",
                quality=1.0,
                source=row["source"],
                row=name,
                licence=row["licence"],
                extras="{}",
            )
        )
    if not kept:
        words = f"none in a language that is wanted: {row['language']}"
        rejected.append(_rejected_page(row, NO_CAPTION, words))
    return kept, rejected


def _rejected_page(row: dict[str, Any], reason: str, detail: str) -> LedgerRow:
    name = f"{row['source']}:{row['url']}"
    return _rejected(Unit.PAGE, row["uid"], row["document"], name, reason, detail)


def _rejected(unit: Unit, id_: str, parent: str, name: str, reason: str, detail: str) -> LedgerRow:
    fate = Fate.REJECTED.value
    return LedgerRow(_STAGE, unit.value, id_, parent, name, fate, reason, detail[:200])


def _lost(row: dict[str, Any]) -> LedgerRow:
    """A page that is not kept; as page 0, its document."""
    unit = Unit.PAGE if row["page"] else Unit.DOCUMENT
    parent = row["document"] if row["page"] else ""
    name = f"{row['source']}:{row['url']}"
    return LedgerRow(
        _STAGE,
        unit.value,
        row["uid"],
        parent,
        name,
        row["fate"],
        row["reason"],
        row["error_message"],
    )
