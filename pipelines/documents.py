"""Renders documents: files and what is fetched to a plan, the plan to shards of pages, the shards'
fates to tables.

`documents/` only ever grows, as `gathered/` does: a killed run and an added file both come down to
rendering the documents that have no fate yet, in the version that they are in now. What an older
version of a document gave stays in its shard and counts no more.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import apache_beam as beam
import pyarrow as pa

from pipelines.asking import (
    ANSWERS,
    Desk,
    ReadAnswers,
    ask,
    estimate_lines,
    report_of,
)
from pipelines.commit import committed_shards, finish_claims
from pipelines.document_fetching import fetch_documents
from pipelines.document_files import find_documents
from pipelines.document_rules import Documents
from pipelines.document_shards import STAGE, PlannedShard, RenderShard
from pipelines.document_urls import Urls, fetched_documents, find_urls, planned_urls
from pipelines.errors import RecipeError, RunError
from pipelines.gathered import check_rendering
from pipelines.inputs import find_splits
from pipelines.page_questions import PAGE_QUESTIONS, PageQuestion, questions_of
from pipelines.query_options import check_key
from pipelines.query_plan import WANTED, WANTED_QUERIES, PlanBucket, keep_loose
from pipelines.query_report import REPORT_FILE
from pipelines.reading import ReadRows
from pipelines.records import Counts
from pipelines.rendering.pages import VERSION
from pipelines.repeated_pages import REPEATED, CountRepeated
from pipelines.settling_pages import (
    ANSWERED,
    QUESTIONS,
    SETTLED_PAGES,
    SettlePages,
    WantQueries,
    read_shard,
)
from pipelines.sources.rows import Split
from pipelines.stages import FRESH, Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    Regroup,
    buckets_for,
    hash_buckets,
    pieces_for,
    table_of,
)
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Tally
from schemas.fates import Unit
from schemas.ids import digest
from schemas.layout import (
    DOCUMENTS,
    FETCHING,
    PAGE_CAPTIONS,
    PAGES,
    STATS_SUFFIX,
    WORK,
    ledger_folder,
)
from schemas.pages import PlannedDocument
from schemas.rows import LedgerRow

_PLAN_FILE = "plan.json"
_ROWS_FILE = "rows-00000.parquet"
_OF_A_RUN = ("documents_per_shard", "deadline_s", "max_memory")  # what was rendered stands
_OF_ASKING = ("endpoint", "price")
_TASKS = ("document", "page-question")
_PREVIEW = "documents-preview"
_FEWEST_SHARDS = 16  # so that workers end at about the same time, however many there are


class DocumentsStage:
    """The `documents` stage of one run."""

    name: str = STAGE
    version: int = 2
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = (PAGES, PAGE_CAPTIONS)

    def __init__(self, run: Run) -> None:
        assert run.recipe.documents is not None
        self._run = run
        self._rules: Documents = run.recipe.documents

    @cached_property
    def files(self) -> list[PlannedDocument]:
        """The documents that are files."""
        return find_documents(self._run.recipe, self._run.limit)

    @cached_property
    def urls(self) -> Urls:
        """What tables name by URL."""
        return find_urls(self._run.recipe, self._run.limit)

    @cached_property
    def question_splits(self) -> list[Split]:
        """The tables of questions about pages."""
        return find_splits(self._run.recipe.sources, self._run.limit, "page-question")

    @cached_property
    def found(self) -> list[PlannedDocument]:
        """The documents of all sources, once all URLs were asked for."""
        fetched = fetched_documents(self._run.output)
        limits = json.dumps(self._rules.limits())
        return [*self.files, *planned_urls(self.urls.wanted, fetched, limits)]

    def depends_on(self) -> Any:
        recipe = self._run.recipe
        files = [[found.document, found.version] for found in self.files]
        files += [[one.uid, digest(one.location, one.licence)] for one in self.urls.wanted]
        files += [[row.row, row.reason] for row in self.urls.rejected]
        sources = [asdict(source) for source in recipe.sources if source.task in _TASKS]
        tables = [[s.source, s.name, s.row_group, s.version] for s in self.question_splits]
        rules = asdict(self._rules)
        if rules["queries"]:
            for name in _OF_ASKING:
                del rules["queries"][name]
        made_by = {name: value for name, value in rules.items() if name not in _OF_A_RUN}
        return [sources, files, tables, recipe.languages, made_by, VERSION]

    def builds_on(self) -> list[list[str]]:
        output = self._run.output
        return [sorted(committed_shards(output, stage)) for stage in (STAGE, FETCHING)]

    def run(self, work: Folder) -> Counts:
        output, plan = self._run.output, work / "plan"
        check_rendering(output, self._rules)
        finish_claims(output, STAGE)
        if self.urls.wanted:
            fetch_documents(self._run, self._rules, self.urls.wanted, work)
        if not plan.exists(_PLAN_FILE):
            self._run.step("looking for documents")
            plan.write(_PLAN_FILE, json.dumps([asdict(s) for s in self._plan(plan)]).encode())
        self._render([PlannedShard(**values) for values in json.loads(plan.read(_PLAN_FILE))])
        desk = self._desk(work)
        if desk:
            self._ask(desk)
        self._run.step("settling pages")
        self._settle(work, desk)
        if desk:
            report = json.dumps(report_of(desk), ensure_ascii=False, indent=1).encode()
            (work / FRESH / ledger_folder(STAGE)).write(REPORT_FILE, report)
        if self.urls.rejected:
            rejected = table_of(LedgerRow, self.urls.rejected)
            write_table(work / FRESH / ledger_folder(STAGE), _ROWS_FILE, rejected)
        counts: Counts = json.loads(work.read("counts.json"))
        found = Counter(counts)
        found.update(self.urls.counts())
        return dict(found) | {"document in": len(self.found)}

    def tell_preview(self) -> None:
        """Tells which pages a model would be asked about, by what was rendered; asks nothing.

        Raises:
          RecipeError: where no model is to be asked.
          RunError: where nothing was rendered yet.
        """
        if self._rules.queries is None:
            raise RecipeError("--dry-run needs a [documents.queries]: it says what would be asked")
        if not committed_shards(self._run.output, STAGE):
            raise RunError(
                "nothing is rendered yet: run pairmill documents without [documents.queries] first"
            )
        self._run.tell({"event": "stage", "stage": STAGE})
        work = self._run.output / WORK / _PREVIEW
        work.remove()
        try:
            desk = Desk(self._run, self._rules.queries, work)
            self._plan_queries(desk)
            lines = list(estimate_lines(desk, desk.plan(), self._run.workers))
        finally:
            work.remove()
        for line in lines:
            self._run.tell({"event": "shown", "line": line})

    def _desk(self, work: Folder) -> Desk | None:
        """What asking is done with, None where nobody is to be asked."""
        if self._rules.queries is None:
            return None
        check_key(self._rules.queries)
        return Desk(self._run, self._rules.queries, work / "queries")

    def _plan(self, plan: Folder) -> list[PlannedShard]:
        """Writes which documents each shard is to have, in the order of a hash; by number.

        The number of workers has no say in it: teachers look at batches of a shard's pages, and
        the last bits of what they say depend on the batch.
        """
        output = self._run.output
        rendered, again = last_renderings(output), set(self._run.retry)
        left = [
            document
            for document in self.found
            if not _stands(rendered.get(document.document), document.version, again)
        ]
        left.sort(key=lambda document: digest("order", document.document))
        even = -(-len(left) // _FEWEST_SHARDS)
        size = max(1, min(self._rules.documents_per_shard, even))
        first = max(map(int, committed_shards(output, STAGE)), default=-1) + 1
        planned = []
        folder = plan.uri.removeprefix(f"{output.uri}/")
        for number, start in enumerate(range(0, len(left), size), first):
            name = f"shards/{number:05d}.parquet"
            write_table(plan, name, table_of(PlannedDocument, left[start : start + size]))
            planned.append(PlannedShard(number, f"{folder}/{name}"))
        return planned

    def _render(self, planned: list[PlannedShard]) -> None:
        run, done = self._run, committed_shards(self._run.output, STAGE)
        left = [shard for shard in planned if f"{shard.number:05d}" not in done]
        run.step("rendering", len(done) + len(left), run.output / DOCUMENTS, STATS_SUFFIX)
        if left:
            with run.pipeline(len(left)) as pipeline:
                render = RenderShard(run.output, self._rules)
                _ = pipeline | Deal("shards", left) | beam.ParDo(render)

    def _ask(self, desk: Desk) -> None:
        """Has a model write queries for the pages that the rules keep."""
        if not desk.is_planned:
            keep_loose(desk.memory)
            self._plan_queries(desk)
        ask(self._run, desk)

    def _plan_queries(self, desk: Desk) -> None:
        """Leaves which pages are to have queries, and which of these were not asked about.

        The memory stays as it is: a run that was killed, or still goes on, counts on it.
        """
        run = self._run
        run.step("looking for pages to ask about")
        pages = self._pages()
        by_picture = hash_buckets("key", pages.buckets)
        with run.pipeline(pieces_for(pages.buckets)) as pipeline:
            _ = (
                {WANTED: self._judged(pipeline, pages, {}, {}) | beam.ParDo(self._want(desk))}
                | Regroup("pictures", {WANTED: WANTED_QUERIES}, pages.buckets, by_picture)
                | beam.ParDo(PlanBucket(desk.work, desk.memory, run.retry))
            )

    def _want(self, desk: Desk) -> WantQueries:
        return WantQueries(self._run.recipe, desk.queries)

    def _settle(self, work: Folder, desk: Desk | None) -> None:
        run, pages = self._run, self._pages()
        schemas = {ANSWERED: ANSWERS, QUESTIONS: PAGE_QUESTIONS}
        ledger = work / FRESH / ledger_folder(STAGE)
        with run.pipeline(pieces_for(pages.buckets)) as pipeline:
            asked = (
                pipeline
                | Deal("question splits", enumerate(self.question_splits))
                | beam.ParDo(
                    ReadRows(run.recipe, ledger, PageQuestion, Unit.QUERY, questions_of)
                ).with_outputs("counts", main="questions")
            )
            buckets = range(desk.buckets) if desk else ()
            read = beam.ParDo(ReadAnswers(desk)).with_output_types(pa.Table)
            answers = pipeline | Deal("answer buckets", buckets) | read
            beside = {QUESTIONS: asked.questions, ANSWERED: answers}
            settled = self._judged(pipeline, pages, beside, schemas) | beam.ParDo(
                SettlePages(run.recipe, work / FRESH)
            )
            _ = (settled, asked.counts) | beam.Flatten() | Tally(work, "counts.json")

    def _pages(self) -> "RenderedPages":
        """What is rendered of the documents that there are now; before a run not all may be."""
        output = self._run.output
        shards = sorted(committed_shards(output, STAGE))
        rendered = last_renderings(output)
        there_are = [
            *(file.document for file in self.files),
            *(url.uid for url in self.urls.wanted),
        ]
        documents = [document for document in there_are if document in rendered]
        last = [rendered[document].shard for document in documents]
        names = pa.array(documents, pa.string()), pa.array(last, pa.string())
        rows = sum(_rows_in(output, shard) for shard in shards)
        rows += sum(split.rows for split in self.question_splits)  # a bucket has its pages' ones
        return RenderedPages(shards, pa.table(names, ["document", "shard"]), buckets_for(rows))

    def _judged(
        self,
        pipeline: beam.Pipeline,
        rendered: "RenderedPages",
        beside: dict[str, beam.PCollection[pa.Table]],
        schemas: dict[str, pa.Schema],
    ) -> beam.PCollection[Keyed]:
        """Buckets of pages by uid, with the numbers of documents that have their texts."""
        buckets = rendered.buckets
        read = beam.Map(read_shard, output=self._run.output, current=rendered.current)
        pages = pipeline | Deal("shards", rendered.shards) | read.with_output_types(pa.Table)
        return {
            "pages": pages,
            "repeated": pages | CountRepeated(buckets),
            **beside,
        } | Regroup(
            "pages",
            {"pages": SETTLED_PAGES, "repeated": REPEATED, **schemas},
            buckets,
            hash_buckets("uid", buckets),
        )


@dataclass(frozen=True, slots=True)
class RenderedPages:
    """Pages of the documents that there are now.

    Attributes:
      shards: names of those that are committed.
      current: see `pipelines.settling_pages.read_shard`.
      buckets: that they are judged in.
    """

    shards: list[str]
    current: pa.Table
    buckets: int


@dataclass(slots=True)
class LastRendering:
    """What became of a document when it was rendered last.

    Attributes:
      shard: that has it.
      version: that it was in, see `schemas.pages.PlannedDocument`.
      reasons: for which it, or pages of it, were lost.
    """

    shard: str
    version: str
    reasons: set[str]


def last_renderings(output: Folder) -> dict[str, LastRendering]:
    """By document, some hundred bytes each."""
    found: dict[str, LastRendering] = {}
    for shard in sorted(committed_shards(output, STAGE), key=int):
        names = ["document", "version", "reason"]
        rows = read_table(output / DOCUMENTS, f"{shard}.parquet", names)
        for document, version, reason in zip(
            *(rows[name].to_pylist() for name in names), strict=True
        ):
            last = found.get(document)
            if last is None or last.shard != shard:
                last = found[document] = LastRendering(shard, version, set())
            if reason:
                last.reasons.add(reason)
    return found


def _stands(last: LastRendering | None, version: str, again: set[str]) -> bool:
    """Whether a document need not be rendered."""
    return last is not None and last.version == version and not last.reasons & again


def _rows_in(output: Folder, shard: str) -> int:
    return int(read_table(output / DOCUMENTS, f"{shard}.parquet", ["page"]).num_rows)
