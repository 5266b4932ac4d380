"""Screens rows: what rules, languages, duplicates and evaluation sets turn away.

It reads no picture: all that is asked of one was measured when it was gathered.
"""

import json
from dataclasses import asdict
from functools import cached_property, partial
from typing import Any

import apache_beam as beam

from pipelines.duplicates import find_duplicates
from pipelines.evaluation_sets import evaluation_versions, measure_sets
from pipelines.inputs import find_splits
from pipelines.language_model import model_version
from pipelines.parts import rows_below
from pipelines.recipe import Screen
from pipelines.records import Counts
from pipelines.screening import (
    CANDIDATES_FOLDER,
    INHERITED,
    JUDGED,
    POPULAR,
    STAGE,
    TEXTS,
    JudgeParts,
    ListTexts,
    OfferCaptions,
    WriteScreened,
    judged_marker,
    key_buckets,
    write_inherited,
    write_popular,
)
from pipelines.screening_texts import PairClaim, ReadPairs, ScreenPairs
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
from schemas.layout import (
    KEPT,
    PICTURES,
    SCREENED_TEXTS,
    SOURCE_CAPTIONS,
    ledger_folder,
    part_name,
)
from schemas.rows import Caption

_OF_CAPTIONS = "counts-captions.json"
_OF_TEXTS = "counts-texts.json"


class ScreenStage:
    """The `screen` stage of one run."""

    name: str = STAGE
    version: int = 1
    writes: tuple[str, ...] = (KEPT[STAGE].pictures, KEPT[STAGE].captions, SCREENED_TEXTS)

    def __init__(self, run: Run) -> None:
        assert run.recipe.screen is not None
        self._run = run
        self._rules: Screen = run.recipe.screen
        tasks = {source.task for source in run.recipe.sources}
        self.reads: tuple[str, ...] = ("gather",) if "image-text" in tasks else ()

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
        if self.reads:
            self._screen_captions(work)
        if self.splits:
            self._screen_texts(work)
        return _counts(work, _OF_CAPTIONS) | _counts(work, _OF_TEXTS)

    def _screen_captions(self, work: Folder) -> None:
        parts = len((self._run.output / PICTURES).names())
        self._count_texts(work, parts)
        self._judge(work, parts)
        find_duplicates(self._run, work, work / CANDIDATES_FOLDER, self._rules.duplicates)
        if self._rules.duplicates.inherit_captions:
            self._hand_down(work, parts)
        self._write(work, parts)

    def _count_texts(self, work: Folder, parts: int) -> None:
        """Finds the texts that stand on too many pictures."""
        run, most = self._run, self._rules.caption.max_pictures_per_text
        if not most:
            return
        run.step("counting texts")
        captions = run.output / SOURCE_CAPTIONS
        buckets = buckets_for(rows_below(captions))
        if not _missing(work / POPULAR, buckets):
            return
        with run.pipeline(pieces_for(parts)) as pipeline:
            listed = ListTexts(run.output, work)
            texts = pipeline | Deal("parts", range(parts)) | beam.ParDo(listed)
            _ = (
                {"texts": texts}
                | Regroup("texts", {"texts": TEXTS}, buckets, key_buckets(buckets))
                | "WritePopular" >> beam.Map(partial(write_popular, work=work, most=most))
            )

    def _judge(self, work: Folder, parts: int) -> None:
        run, judged = self._run, work / JUDGED
        run.step("judging captions", parts, judged, ".json", "parts")
        done = set(judged.names())
        left = [part for part in range(parts) if judged_marker(part) not in done]
        if left:
            with run.pipeline(pieces_for(len(left))) as pipeline:
                judge = JudgeParts(run.recipe, work)
                _ = pipeline | Deal("parts", left) | beam.ParDo(judge)

    def _hand_down(self, work: Folder, parts: int) -> None:
        """Offers the captions of duplicates to the pictures that are kept in their place."""
        if not _missing(work / INHERITED, parts):
            return
        run = self._run
        with run.pipeline(pieces_for(parts)) as pipeline:
            offers = (
                pipeline | Deal("parts", range(parts)) | beam.ParDo(OfferCaptions(run.output, work))
            )
            _ = (
                {"offers": offers}
                | Regroup(
                    "offers by picture",
                    {"offers": arrow_schema(Caption)},
                    parts,
                    hash_buckets("uid", parts),
                )
                | "WriteInherited" >> beam.Map(partial(write_inherited, work=work))
            )

    def _write(self, work: Folder, parts: int) -> None:
        self._run.step("writing what is kept")
        with self._run.pipeline(pieces_for(parts)) as pipeline:
            _ = (
                pipeline
                | Deal("parts", range(parts))
                | beam.ParDo(WriteScreened(self._run.output, work, work / FRESH))
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
                | beam.ParDo(ReadPairs(run.recipe, ledger)).with_outputs("counts", main="claims")
            )
            counts = (
                {"claims": claims.claims}
                | Regroup("pairs", {"claims": arrow_schema(PairClaim)}, buckets, by_pair)
                | beam.ParDo(ScreenPairs(run.recipe, work, work / FRESH))
            )
            _ = (claims.counts, counts) | beam.Flatten() | Tally(work, _OF_TEXTS)


def _missing(folder: Folder, parts: int) -> list[int]:
    """The numbers of the parts that are not there yet."""
    there = set(folder.names())
    return [part for part in range(parts) if part_name(part) not in there]


def _counts(work: Folder, name: str) -> Counts:
    return dict(json.loads(work.read(name))) if work.exists(name) else {}
