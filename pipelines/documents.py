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
from pipelines.document_plan import Current, There, find_current, plan_renderings
from pipelines.document_rules import Documents
from pipelines.document_shards import STAGE, PlannedShard, RenderShard, loading_of
from pipelines.document_urls import LEDGER, plan_urls, url_splits
from pipelines.document_urls import WANTED as WANTED_URLS
from pipelines.errors import RecipeError, RunError
from pipelines.gathered import check_rendering
from pipelines.inputs import find_splits
from pipelines.lane_plan import numbered
from pipelines.page_questions import PAGE_QUESTIONS, PageQuestion, questions_of
from pipelines.query_options import check_key
from pipelines.query_plan import WANTED, WANTED_QUERIES, PlanBucket, keep_loose
from pipelines.query_report import REPORT_FILE
from pipelines.reading import ReadRows
from pipelines.records import Counts
from pipelines.rendering.pages import VERSION, Loading
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
)
from pipelines.transforms.tally import Tally
from schemas.fates import Unit
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

_PLAN_FILE = "plan.json"
URLS = "urls"
"""Below the plan: what tables name by URL."""

_URL_ROWS = "rows-urls-"  # beside those of tables of questions
_OF_A_RUN = ("documents_per_shard", "deadline_s", "max_memory")  # what was rendered stands
_OF_ASKING = ("endpoint", "price")
_TASKS = ("document", "page-question")
_PREVIEW = "documents-preview"


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
    def url_splits(self) -> list[Split]:
        """The tables that name documents by URL."""
        return url_splits(self._run.recipe, self._run.limit)

    @cached_property
    def question_splits(self) -> list[Split]:
        """The tables of questions about pages."""
        return find_splits(self._run.recipe.sources, self._run.limit, "page-question")

    def depends_on(self) -> Any:
        recipe = self._run.recipe
        files = [[found.document, found.version] for found in self.files]
        sources = [asdict(source) for source in recipe.sources if source.task in _TASKS]
        splits = [*self.url_splits, *self.question_splits]
        tables = [[s.source, s.name, s.row_group, s.version] for s in splits]
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
        if self.url_splits:
            self._fetch(plan, work / "hosts")
        if not plan.exists(_PLAN_FILE):
            self._run.step("looking for documents")
            limits, most = self._rules.limits(), self._rules.documents_per_shard
            shards = plan_renderings(self._run, self.there(plan), plan, limits, most)
            plan.write(_PLAN_FILE, json.dumps([asdict(shard) for shard in shards]).encode())
        planned = [PlannedShard(**values) for values in json.loads(plan.read(_PLAN_FILE))]
        self._render(planned, loading_of(self._rules, self._run.workers, work / "hosts"))
        desk = self._desk(work)
        if desk:
            self._ask(desk, work)
        self._run.step("settling pages")
        self._settle(work, desk)
        if desk:
            report = json.dumps(report_of(desk), ensure_ascii=False, indent=1).encode()
            (work / FRESH / ledger_folder(STAGE)).write(REPORT_FILE, report)
        found = Counter[str](json.loads(work.read("counts.json")))
        found["document in"] += len(self.files)
        if self.url_splits:
            found.update(json.loads((plan / URLS).read("counts.json")))
            lost = plan / URLS / LEDGER
            for name in lost.names():
                ledger = work / FRESH / ledger_folder(STAGE)
                ledger.write(f"{_URL_ROWS}{name.removeprefix('rows-')}", lost.read(name))
        return dict(found)

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
            if self.url_splits:
                self._plan_urls(work / "plan")
            self._plan_queries(desk, work)
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

    def _fetch(self, plan: Folder, hosts: Folder) -> None:
        """Fetches what tables name, by a plan that a run that is taken up finds there."""
        output = self._run.output
        finish_claims(output, FETCHING)
        if not (plan / URLS).exists(_PLAN_FILE):
            self._run.step("reading tables")
            self._plan_urls(plan)
            shards = numbered(output, plan / URLS, self._buckets, FETCHING)
            (plan / URLS).write(_PLAN_FILE, json.dumps(shards).encode())
        planned = json.loads((plan / URLS).read(_PLAN_FILE))
        fetch_documents(self._run, self._rules, planned, hosts)

    def _plan_urls(self, plan: Folder) -> None:
        plan_urls(self._run, self._rules, self.url_splits, plan / URLS, self._buckets)

    @property
    def _buckets(self) -> int:
        """That documents are worked on in."""
        return buckets_for(len(self.files) + sum(split.rows for split in self.url_splits))

    def there(self, plan: Folder) -> There:
        """The documents that there are, as the tables are planned below `plan`."""
        return There(self.files, plan / URLS / WANTED_URLS, self._buckets)

    def _render(self, planned: list[PlannedShard], loading: Loading | None) -> None:
        run, done = self._run, committed_shards(self._run.output, STAGE)
        left = [shard for shard in planned if f"{shard.number:05d}" not in done]
        run.step("rendering", len(done) + len(left), run.output / DOCUMENTS, STATS_SUFFIX)
        if left:
            with run.pipeline(len(left)) as pipeline:
                render = RenderShard(run.output, self._rules, loading)
                _ = pipeline | Deal("shards", left) | beam.ParDo(render)

    def _ask(self, desk: Desk, work: Folder) -> None:
        """Has a model write queries for the pages that the rules keep."""
        if not desk.is_planned:
            keep_loose(desk.memory)
            self._plan_queries(desk, work)
        ask(self._run, desk)

    def _plan_queries(self, desk: Desk, work: Folder) -> None:
        """Leaves which pages are to have queries, and which of these were not asked about.

        The memory stays as it is: a run that was killed, or still goes on, counts on it.
        """
        run = self._run
        run.step("looking for pages to ask about")
        pages = self._pages(work)
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
        run, pages = self._run, self._pages(work)
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

    def _pages(self, work: Folder) -> "RenderedPages":
        """What is rendered of the documents that there are now; before a run not all may be."""
        current = find_current(self._run, self.there(work / "plan"), work / "current")
        rows = current.rows
        rows += sum(split.rows for split in self.question_splits)  # a bucket has its pages' ones
        return RenderedPages(current, buckets_for(rows))

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
        pages = (
            pipeline | Deal("shards", rendered.current.shards) | read.with_output_types(pa.Table)
        )
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
      current: where they are.
      buckets: that they are judged in.
    """

    current: Current
    buckets: int
