"""Rendered pages to tables: those kept, what they answer, and the ledger of the others."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from filters.page import PageFault, PageRules, TextLayer, page_fault
from filters.page_loads import fate_of_load
from model.query_writer import QueryWriterSpec
from pipelines.document_plan import Current
from pipelines.document_shards import TOLD_BY
from pipelines.language_model import LanguageModel
from pipelines.page_queries import PageQueries, lost_questions, rejected_page
from pipelines.query_plan import WantedQueries
from pipelines.recipe import Recipe
from pipelines.rendered_rows import GATHERED_PAGE
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from schemas.fates import Fate, Unit
from schemas.ids import digest
from schemas.layout import DOCUMENTS, PAGE_CAPTIONS, PAGES, ledger_folder, part_name
from schemas.pages import PageContent, PageMeasures
from schemas.rows import Caption, LedgerRow, Picture

_STAGE = "documents"

ANSWERED = "answers"
QUESTIONS = "questions"
"""What stands beside a bucket's pages: what a model answered, what the user's tables ask."""


def _columns(*rows: type) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in arrow_schema(row).names))


_OF_PAGE = _columns(Picture, PageContent, PageMeasures)

PAGE = pa.schema([GATHERED_PAGE.field(name) for name in [*_OF_PAGE, "language", "source"]])
"""A row of `pages/part-*.parquet`: a kept page, `schemas.rows.Picture`, `schemas.pages.PageContent`
and `PageMeasures` side by side, with the language of its text and the name of its source."""

SETTLED_PAGES = pa.schema(
    [
        GATHERED_PAGE.field(name)
        for name in [*PAGE.names, "licence", "fate", "reason", "error_message", "loads"]
    ]
)
"""What settling reads of a shard."""


def read_shard(shard: str, output: Folder, current: Current) -> pa.Table:
    """What a committed shard says of the documents whose last rendering it has.

    Args:
      shard: its name.
      output: of the recipe.
      current: which these are.
    """
    table = read_table(output / DOCUMENTS, f"{shard}.parquet", SETTLED_PAGES.names)
    table = table.select(SETTLED_PAGES.names).cast(SETTLED_PAGES)
    return table.filter(pc.is_in(table["document"], value_set=current.documents_of(shard)))


class JudgePages:
    """Says which of a bucket's pages are not worth having.

    Args:
      rules: of the recipe.
      model: tells languages apart.
    """

    def __init__(self, rules: PageRules, model: LanguageModel) -> None:
        self._rules = rules
        self._model = model

    def faults(self, rows: list[dict[str, Any]], repeated: pa.Table) -> dict[str, tuple[str, str]]:
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


class WantQueries(beam.DoFn):
    """A bucket's pages that the rules keep and whose language is wanted, `WANTED_QUERIES`.

    Args:
      recipe: of the run.
      queries: that of its `[documents]`.
    """

    def __init__(self, recipe: Recipe, queries: QueryWriterSpec) -> None:
        assert recipe.documents is not None
        self._rules = recipe.documents.page
        self._languages = frozenset(recipe.languages)
        self._queries = queries

    def setup(self) -> None:
        self._judge = JudgePages(self._rules, LanguageModel())

    def process(self, keyed: Keyed) -> Iterator[pa.Table]:
        _, tables = keyed
        rows = tables["pages"].to_pylist()
        faults = self._judge.faults(rows, tables["repeated"])
        wanted = [
            WantedQueries(
                key=row["sha256"],
                language=row["language"],
                uid=row["uid"],
                image_shard=row["image_shard"],
                image_offset=row["image_offset"],
                image_size=row["image_size"],
                tokens=self._queries.guessed_tokens(row["width"], row["height"]),
            )
            for row in rows
            if row["fate"] == Fate.KEPT.value
            and row["uid"] not in faults
            and row["language"] in self._languages
        ]
        yield table_of(WantedQueries, wanted)


class SettlePages(beam.DoFn):
    """Judges a bucket's pages; writes its part of `pages/`, `captions/pages/` and the ledger.

    Tells the counts.

    Args:
      recipe: of the run.
      fresh: where to write.
    """

    def __init__(self, recipe: Recipe, fresh: Folder) -> None:
        assert recipe.documents is not None
        self._recipe = recipe
        self._rules = recipe.documents.page
        self._fresh = fresh

    def setup(self) -> None:
        model = LanguageModel()
        self._judge = JudgePages(self._rules, model)
        self._queries = PageQueries(self._recipe, model)

    def process(self, keyed: Keyed) -> Iterator[Count]:
        bucket, tables = keyed
        part = part_name(bucket)
        rows = tables["pages"].sort_by("uid")
        questions = tables[QUESTIONS]
        listed = rows.to_pylist()
        faults = self._judge.faults(listed, tables["repeated"])
        lost = [row for row in listed if row["fate"] != Fate.KEPT.value]
        turned_away = [row for row in listed if row["uid"] in faults]
        left = [
            row for row in listed if row["fate"] == Fate.KEPT.value and row["uid"] not in faults
        ]
        found = self._queries.of(left, tables[ANSWERED], questions)
        fates = {row["uid"]: (row["fate"], row["reason"]) for row in lost}
        fates |= {uid: (Fate.REJECTED.value, reason) for uid, (reason, _) in faults.items()}
        ledger = [
            *map(_lost, lost),
            *(rejected_page(row, *faults[row["uid"]]) for row in turned_away),
            *lost_questions(questions, fates, (row["uid"] for row in left)),
            *found.ledger,
            *(row for page in listed for row in _not_loaded(page)),
        ]
        answering = pa.array({query.uid for query in found.kept}, pa.string())
        is_kept = pc.is_in(rows["uid"], value_set=answering)
        write_table(self._fresh / PAGES, part, rows.filter(is_kept).select(PAGE.names))
        write_table(self._fresh / PAGE_CAPTIONS, part, table_of(Caption, found.kept))
        write_table(self._fresh / ledger_folder(_STAGE), part, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts["page created"] = pc.sum(pc.greater(rows["page"], 0)).as_py() or 0
        counts["page kept"] = len(answering)
        counts["document kept"] = pc.sum(pc.equal(rows["page"], 1)).as_py() or 0
        queries = len(found.kept) + sum(row.unit == Unit.QUERY for row in ledger)
        counts["query created"] = queries - questions.num_rows  # those are created by their rows
        counts["query kept"] = len(found.kept)
        if loads := sum(len(json.loads(row["loads"])) for row in listed):
            counts["file created"] = loads
            counts["file kept"] = loads - sum(row.unit == Unit.FILE for row in ledger)
        yield from counts.items()


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


def _not_loaded(page: dict[str, Any]) -> Iterator[LedgerRow]:
    """What a page asked hosts for and did not get."""
    for number, (url, reason, detail) in enumerate(json.loads(page["loads"])):
        if reason:
            yield LedgerRow(
                _STAGE,
                Unit.FILE.value,
                digest(page["uid"], str(number), url),
                page["uid"],
                f"{page['source']}:{page['url']}",
                fate_of_load(reason).value,
                reason,
                f"{url}: {detail}" if detail else url,
            )


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
