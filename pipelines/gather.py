"""Gathers pictures: rows to a plan, the plan to shards, the shards' fates back to rows.

`gathered/` only ever grows: a killed run and an added input file both come down to planning the
pictures that have no fate yet.
"""

import json
from collections import Counter
from dataclasses import asdict
from functools import cached_property
from typing import Any

import apache_beam as beam

from pipelines.claims import Claim, PlanPictures, claims_of
from pipelines.commit import GATHER, committed_shards, finish_claims, stats_of
from pipelines.decoding import VERSION
from pipelines.gathered import check_settings
from pipelines.img2dataset_engine import Img2datasetLane
from pipelines.img2dataset_options import WARNINGS, check_installed
from pipelines.inputs import find_splits
from pipelines.lane_plan import lanes_of, numbered, per_shard
from pipelines.lanes import GatherLane, Lane
from pipelines.reading import ReadRows
from pipelines.recipe import Gather
from pipelines.records import Counts
from pipelines.settling import KNOWN, SETTLED, ReadGathered, SettleCaptions
from pipelines.slots import PlanShards
from pipelines.sources.rows import Split
from pipelines.stages import FRESH, Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    Regroup,
    arrow_schema,
    buckets_for,
    hash_buckets,
    pieces_for,
)
from pipelines.transforms.tally import Tally
from schemas.fates import Unit
from schemas.layout import GATHERED, PICTURES, SOURCE_CAPTIONS, STATS_SUFFIX, ledger_folder

_PLAN_FILE = "plan.json"


class GatherStage:
    """The `gather` stage of one run."""

    name: str = "gather"
    version: int = 1
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = (PICTURES, SOURCE_CAPTIONS)

    def __init__(self, run: Run) -> None:
        assert run.recipe.gather is not None
        self._run = run
        self._rules: Gather = run.recipe.gather

    @cached_property
    def splits(self) -> list[Split]:
        return find_splits(self._run.recipe.sources, self._run.limit, "image-text")

    def depends_on(self) -> Any:
        recipe = self._run.recipe
        files = [
            (split.source, split.name, split.row_group, split.version) for split in self.splits
        ]
        settings = [asdict(source) for source in recipe.sources if source.task == "image-text"]
        return [settings, files, recipe.languages, asdict(self._rules)]

    def builds_on(self) -> list[str]:
        return sorted(committed_shards(self._run.output))

    def run(self, work: Folder) -> Counts:
        output, plan = self._run.output, work / "plan"
        if self._rules.engine == "img2dataset":
            check_installed()
            for words in WARNINGS:
                self._run.tell({"event": "note", "words": words})
        check_settings(output, self._rules, VERSION)
        finish_claims(output)
        rows = sum(split.rows for split in self.splits)
        buckets = buckets_for(rows)
        if not plan.exists(_PLAN_FILE):
            self._run.step("reading tables")
            self._plan(plan, buckets, rows)
            plan.write(_PLAN_FILE, json.dumps(numbered(output, plan, buckets, GATHER)).encode())
        before = committed_shards(output)
        lanes = lanes_of(json.loads(plan.read(_PLAN_FILE)), self._rules.per_host, self._run.workers)
        self._fetch(lanes, work / "hosts")
        self._run.step("settling captions")
        self._settle(work, plan, buckets)
        counts = Counter(json.loads(plan.read("counts.json")))
        counts.update(json.loads(work.read("counts.json")))
        self._say_what_failed_before(counts, before)
        return dict(counts)

    def _say_what_failed_before(self, counts: Counts, before: set[str]) -> None:
        """A fate is final, and whoever mended the recipe must know it."""
        output = self._run.output
        shards = [stats_of(output, shard) for shard in committed_shards(output) - before]
        now = sum(stats["count"] - stats["successes"] for stats in shards)
        failed = sum(n for name, n in counts.items() if name.startswith("picture failed"))
        if failed > now:
            words = (
                f"{failed - now:,} pictures failed in an earlier run and were not asked for again "
                "(pairmill retry does)"
            )
            self._run.tell({"event": "note", "words": words})

    def _plan(self, plan: Folder, buckets: int, rows: int) -> None:
        run = self._run
        schemas = {"claims": arrow_schema(Claim), "known": KNOWN}
        size = per_shard(self._rules.pictures_per_shard, rows)
        with run.pipeline(pieces_for(buckets)) as pipeline:
            claims = (
                pipeline
                | Deal("splits", enumerate(self.splits))
                | beam.ParDo(
                    ReadRows(run.recipe, plan / "ledger", Claim, Unit.CAPTION, claims_of)
                ).with_outputs("counts", main="claims")
            )
            pictures = (
                {"claims": claims.claims, "known": pipeline | ReadGathered(run.output, KNOWN)}
                | Regroup("rows by picture", schemas, buckets, hash_buckets("uid", buckets))
                | beam.ParDo(PlanPictures(plan, run.retry)).with_outputs("counts", main="pictures")
            )
            _ = pictures.pictures | PlanShards(plan, size, buckets)
            _ = (claims.counts, pictures.counts) | beam.Flatten() | Tally(plan, "counts.json")

    def _fetch(self, lanes: list[Lane], hosts: Folder) -> None:
        run, done = self._run, committed_shards(self._run.output)
        left = [lane for lane in (lane.without(done) for lane in lanes) if lane.shards]
        shards = len(done) + sum(len(lane.shards) for lane in left)
        run.step("gathering pictures", shards, run.output / GATHERED, STATS_SUFFIX)
        if left:
            with run.pipeline(len(left)) as pipeline:
                theirs = self._rules.engine == "img2dataset"
                engine = Img2datasetLane if theirs else GatherLane
                gather = engine(run.output, self._rules, hosts)
                _ = pipeline | Deal("lanes", left) | beam.ParDo(gather)

    def _settle(self, work: Folder, plan: Folder, buckets: int) -> None:
        run, ledger = self._run, ledger_folder(self.name)
        schemas, by_uid = {"gathered": SETTLED}, hash_buckets("uid", buckets)
        with run.pipeline(pieces_for(buckets)) as pipeline:
            _ = (
                {"gathered": pipeline | ReadGathered(run.output, SETTLED)}
                | Regroup("gathered by picture", schemas, buckets, by_uid)
                | beam.ParDo(SettleCaptions(plan, work / FRESH, ledger))
                | Tally(work, "counts.json")
            )
        for name in (plan / "ledger").names():
            if name.startswith("rows-"):
                (work / FRESH / ledger).write(name, (plan / "ledger").read(name))
