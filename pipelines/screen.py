"""Screens rows: what rules, languages, duplicates and evaluation sets turn away.

It reads no picture: all that is asked of one was measured when it was gathered.
"""

import json
from dataclasses import asdict
from functools import cached_property
from typing import Any

import apache_beam as beam

from pipelines.duplicates import ChooseBest, find_groups
from pipelines.evaluation_sets import evaluation_versions, measure_sets
from pipelines.inputs import find_splits
from pipelines.language_model import model_version
from pipelines.popular import FindPopular
from pipelines.reading import ReadRows
from pipelines.recipe import Screen
from pipelines.records import Counts
from pipelines.screening import (
    CANDIDATES_FOLDER,
    JUDGED,
    STAGE,
    JudgeParts,
    OfferCaptions,
    WriteScreened,
    judged_marker,
)
from pipelines.screening_texts import PairClaim, ScreenPairs, pairs_of
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
from schemas.layout import KEPT, KEPT_PAGES, PAGE_BRANCH, SCREENED_TEXTS, Tables, ledger_folder
from schemas.rows import Caption

_KEPT = {kept.branch: kept for kept in (KEPT[STAGE], KEPT_PAGES[STAGE])}
_OF_CAPTIONS = "counts.json"
_OF_TEXTS = "counts-texts.json"


class ScreenStage:
    """The `screen` stage of one run."""

    name: str = STAGE
    version: int = 2
    writes: tuple[str, ...] = (
        *(folder for kept in _KEPT.values() for folder in (kept.pictures, kept.captions)),
        SCREENED_TEXTS,
        PAGE_BRANCH.ledger(STAGE),
    )

    def __init__(self, run: Run) -> None:
        assert run.recipe.screen is not None
        self._run = run
        self._rules: Screen = run.recipe.screen
        tasks = {source.task for source in run.recipe.sources}
        of_task = {"image-text": KEPT["gather"], "document": KEPT_PAGES["documents"]}
        self._read = [tables for task, tables in of_task.items() if task in tasks]
        self.reads: tuple[str, ...] = tuple(tables.branch.stage for tables in self._read)

    @cached_property
    def splits(self) -> list[Split]:
        """The text pairs' sources."""
        return find_splits(self._run.recipe.sources, self._run.limit, "text-pair")

    def depends_on(self) -> Any:
        recipe = self._run.recipe
        sources = [asdict(source) for source in recipe.sources if source.task == "text-pair"]
        texts = [
            (split.source, split.name, split.row_group, split.version) for split in self.splits
        ]
        files = evaluation_versions(self._rules.decontaminate)
        model = model_version(self._rules.language.model)
        return [asdict(self._rules), recipe.languages, files, model, sources, texts]

    def builds_on(self) -> None:
        """It begins anew."""

    def run(self, work: Folder) -> Counts:
        measure_sets(self._run, work, self._rules.decontaminate)
        counts: Counts = {}
        for read in self._read:
            counts |= self._screen_captions(read, work)
        if self.splits:
            self._screen_texts(work)
            counts |= json.loads(work.read(_OF_TEXTS))
        return counts

    def _screen_captions(self, read: Tables, stage_work: Folder) -> Counts:
        """Screens pictures and their captions, or pages and what they answer."""
        work = stage_work / read.branch.of_pictures
        parts = len((self._run.output / read.pictures).names())
        self._judge(read, stage_work, work, parts)
        duplicates = self._rules.duplicates
        groups = find_groups(self._run, work, work / CANDIDATES_FOLDER, duplicates)
        choose = ChooseBest(work, work / CANDIDATES_FOLDER, groups, duplicates)
        self._write(read, work, stage_work / FRESH, parts, choose)
        return dict(json.loads(work.read(_OF_CAPTIONS)))

    def _judge(self, read: Tables, sets: Folder, work: Folder, parts: int) -> None:
        run, judged = self._run, work / JUDGED
        run.step(f"judging {read.branch.of_captions}", parts, judged, ".json", "parts")
        done = set(judged.names())
        left = [part for part in range(parts) if judged_marker(part) not in done]
        if left:
            most = self._rules.caption.max_pictures_per_text
            with run.pipeline(pieces_for(parts)) as pipeline:
                popular = pipeline | FindPopular(run.output, read, work, parts, most)
                judge_parts = JudgeParts(run.recipe, read, work, sets)
                judge = beam.ParDo(judge_parts, beam.pvalue.AsList(popular))
                _ = pipeline | Deal("parts", left) | judge

    def _write(
        self, read: Tables, work: Folder, fresh: Folder, parts: int, choose: ChooseBest
    ) -> None:
        run, inherit = self._run, self._rules.duplicates.inherit_captions
        run.step("writing what is kept")
        with run.pipeline(pieces_for(parts)) as pipeline:
            offer = OfferCaptions(run.output, read, work, inherit)
            offers = pipeline | choose | beam.ParDo(offer)
            write = WriteScreened(run.output, read, _KEPT[read.branch], work, fresh)
            _ = (
                {"offers": offers}
                | Regroup(
                    "offers by picture",
                    {"offers": arrow_schema(Caption)},
                    parts,
                    hash_buckets("uid", parts),
                )
                | beam.ParDo(write)
                | Tally(work, _OF_CAPTIONS)
            )

    def _screen_texts(self, work: Folder) -> None:
        run, ledger = self._run, work / FRESH / ledger_folder(STAGE)
        run.step("screening texts")
        buckets = buckets_for(sum(split.rows for split in self.splits))
        by_pair = hash_buckets("pair_id", buckets)
        with run.pipeline(pieces_for(buckets)) as pipeline:
            claims = (
                pipeline
                | Deal("splits", enumerate(self.splits))
                | beam.ParDo(
                    ReadRows(run.recipe, ledger, PairClaim, Unit.TEXT, pairs_of)
                ).with_outputs("counts", main="claims")
            )
            counts = (
                {"claims": claims.claims}
                | Regroup("pairs", {"claims": arrow_schema(PairClaim)}, buckets, by_pair)
                | beam.ParDo(ScreenPairs(run.recipe, work, work / FRESH))
            )
            _ = (claims.counts, counts) | beam.Flatten() | Tally(work, _OF_TEXTS)
