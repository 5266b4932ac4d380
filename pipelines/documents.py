"""Renders documents: files to a plan, the plan to shards of pages, the shards' fates to tables.

`documents/` only ever grows, as `gathered/` does: a killed run and an added file both come down to
rendering the documents that have no fate yet.
"""

import json
from dataclasses import asdict
from functools import cached_property
from typing import Any

import apache_beam as beam
import pyarrow as pa

from pipelines.commit import committed_shards, finish_claims
from pipelines.document_files import Found, find_documents
from pipelines.document_rules import Documents
from pipelines.document_shards import STAGE, PlannedShard, RenderShard
from pipelines.gathered import check_rendering
from pipelines.records import Counts
from pipelines.rendering.pages import VERSION
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
from schemas.layout import DOCUMENTS, PAGE_CAPTIONS, PAGES, STATS_SUFFIX
from schemas.pages import PlannedDocument

_PLAN_FILE = "plan.json"
_LISTED = "listed.parquet"
_SHARDS_A_WORKER = 4  # so that workers end at about the same time


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
    def found(self) -> list[Found]:
        """The documents of all sources."""
        return find_documents(self._run.recipe, self._run.limit)

    def depends_on(self) -> Any:
        recipe = self._run.recipe
        files = [[found.planned.document, found.version] for found in self.found]
        settings = [asdict(source) for source in recipe.sources if source.task == "document"]
        return [settings, files, recipe.languages, asdict(self._rules), VERSION]

    def builds_on(self) -> list[str]:
        return sorted(committed_shards(self._run.output, STAGE))

    def run(self, work: Folder) -> Counts:
        output, plan = self._run.output, work / "plan"
        check_rendering(output, self._rules)
        finish_claims(output, STAGE)
        if not plan.exists(_PLAN_FILE):
            self._run.step("looking for documents")
            plan.write(_PLAN_FILE, json.dumps([asdict(s) for s in self._plan(plan)]).encode())
        self._render([PlannedShard(**values) for values in json.loads(plan.read(_PLAN_FILE))])
        self._run.step("settling pages")
        self._settle(work, plan)
        counts: Counts = json.loads(work.read("counts.json"))
        return counts | {"document in": len(self.found)}

    def _plan(self, plan: Folder) -> list[PlannedShard]:
        """Writes which documents each shard is to have, in the order of a hash; by number."""
        output = self._run.output
        listed = [found.planned for found in self.found]
        write_table(plan, _LISTED, table_of(PlannedDocument, listed).select(["document"]))
        shards = sorted(committed_shards(output, STAGE))
        known = {uid for shard in shards for uid in _documents_in(output, shard)}
        left = [document for document in listed if document.document not in known]
        left.sort(key=lambda document: digest("order", document.document))
        even = -(-len(left) // (_SHARDS_A_WORKER * max(1, self._run.workers)))
        size = max(1, min(self._rules.documents_per_shard, even))
        first = max(map(int, shards), default=-1) + 1
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

    def _settle(self, work: Folder, plan: Folder) -> None:
        run = self._run
        shards = sorted(committed_shards(run.output, STAGE))
        rows = sum(_rows_in(run.output, shard) for shard in shards)
        buckets = buckets_for(rows)
        listed = read_table(plan, _LISTED)["document"].combine_chunks()
        with run.pipeline(pieces_for(buckets)) as pipeline:
            _ = (
                {
                    "pages": pipeline
                    | Deal("shards", shards)
                    | beam.Map(read_shard, output=run.output, listed=listed).with_output_types(
                        pa.Table
                    )
                }
                | Regroup(
                    "pages",
                    {"pages": SETTLED_PAGES},
                    buckets,
                    hash_buckets("uid", buckets),
                )
                | beam.ParDo(SettlePages(run.recipe, work / FRESH))
                | Tally(work, "counts.json")
            )


def _documents_in(output: Folder, shard: str) -> set[str]:
    table = read_table(output / DOCUMENTS, f"{shard}.parquet", ["document"])
    return set(table["document"].to_pylist())


def _rows_in(output: Folder, shard: str) -> int:
    return int(read_table(output / DOCUMENTS, f"{shard}.parquet", ["page"]).num_rows)
