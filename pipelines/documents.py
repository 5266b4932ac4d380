"""Renders documents: files and what is fetched to a plan, the plan to shards of pages, the shards'
fates to tables.

`documents/` only ever grows, as `gathered/` does: a killed run and an added file both come down to
rendering the documents that have no fate yet, in the version that they are in now. What an older
version of a document gave stays in its shard and counts no more.
"""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import apache_beam as beam
import pyarrow as pa

from pipelines.commit import committed_shards, finish_claims
from pipelines.document_fetching import fetch_documents
from pipelines.document_files import find_documents
from pipelines.document_rules import Documents
from pipelines.document_shards import STAGE, PlannedShard, RenderShard
from pipelines.document_urls import Urls, fetched_documents, find_urls, planned_urls
from pipelines.gathered import check_rendering
from pipelines.records import Counts
from pipelines.rendering.pages import VERSION
from pipelines.repeated_pages import REPEATED, CountRepeated
from pipelines.settling_pages import SETTLED_PAGES, SettlePages, read_shard
from pipelines.stages import FRESH, Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    Regroup,
    buckets_for,
    hash_buckets,
    pieces_for,
    table_of,
)
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Tally
from schemas.ids import digest
from schemas.layout import (
    DOCUMENTS,
    FETCHING,
    PAGE_CAPTIONS,
    PAGES,
    STATS_SUFFIX,
    ledger_folder,
)
from schemas.pages import PlannedDocument
from schemas.rows import LedgerRow

_PLAN_FILE = "plan.json"
_ROWS_FILE = "rows-00000.parquet"
_OF_A_RUN = ("documents_per_shard", "deadline_s", "max_memory")  # what was rendered stands
_FEWEST_SHARDS = 16  # so that workers end at about the same time, however many there are


class DocumentsStage:
    """The `documents` stage of one run."""

    name: str = STAGE
    version: int = 1
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
        sources = [asdict(source) for source in recipe.sources if source.task == "document"]
        rules = asdict(self._rules)
        made_by = {name: value for name, value in rules.items() if name not in _OF_A_RUN}
        return [sources, files, recipe.languages, made_by, VERSION]

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
        self._run.step("settling pages")
        self._settle(work)
        if self.urls.rejected:
            rejected = table_of(LedgerRow, self.urls.rejected)
            write_table(work / FRESH / ledger_folder(STAGE), _ROWS_FILE, rejected)
        counts: Counts = json.loads(work.read("counts.json"))
        return counts | {"document in": len(self.found)} | self.urls.counts()

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

    def _settle(self, work: Folder) -> None:
        run = self._run
        shards = sorted(committed_shards(run.output, STAGE))
        rows = sum(_rows_in(run.output, shard) for shard in shards)
        buckets = buckets_for(rows)
        rendered = last_renderings(run.output)
        documents = [found.document for found in self.found]
        last = [rendered[document].shard for document in documents]
        names = pa.array(documents, pa.string()), pa.array(last, pa.string())
        current = pa.table(names, ["document", "shard"])
        with run.pipeline(pieces_for(buckets)) as pipeline:
            read = beam.Map(read_shard, output=run.output, current=current)
            pages = pipeline | Deal("shards", shards) | read.with_output_types(pa.Table)
            _ = (
                {"pages": pages, "repeated": pages | CountRepeated(buckets)}
                | Regroup(
                    "pages",
                    {"pages": SETTLED_PAGES, "repeated": REPEATED},
                    buckets,
                    hash_buckets("uid", buckets),
                )
                | beam.ParDo(SettlePages(run.recipe, work / FRESH))
                | Tally(work, "counts.json")
            )


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
