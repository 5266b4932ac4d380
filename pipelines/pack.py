"""Packs what was kept into final shards: order by hash, cut, read pictures, write."""

import json
from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import Any

import apache_beam as beam
import pyarrow as pa

from pipelines.errors import RunError
from pipelines.packing import (
    Cut,
    MakeSamples,
    OrderedCaption,
    OrderedSample,
    Packed,
    WriteShard,
    cut_shards,
    write_ordered,
)
from pipelines.packing_texts import OrderedText, ReadTexts, write_texts
from pipelines.packing_triplets import ReadTriplets, TripletBuckets, write_triplets
from pipelines.parts import part_names, row_count, rows_below
from pipelines.recipe import Pack
from pipelines.records import Counts
from pipelines.recount_triplets import recount_triplets
from pipelines.stages import FRESH, Run, stages_before, tables_before
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
from pipelines.triplets import triplet_schema
from schemas.fates import Unit
from schemas.layout import (
    PACKED_DOCUMENTS,
    PAGE_BRANCH,
    PAIRS,
    SCREENED_TEXTS,
    TEXT_ROWS,
    TEXTS,
    TRIPLET_KINDS,
    TRIPLETS,
    packed_triplets,
    part_name,
    shard_name,
)

_CUTS_FILE = "cuts.json"
_PAGE_FIELDS = ("document", "page", "pages", "title", "text")


class PackStage:
    """The `pack` stage of one run."""

    name: str = "pack"
    version: int = 4
    writes: tuple[str, ...] = (
        PAIRS,
        PACKED_DOCUMENTS,
        TEXTS,
        TEXT_ROWS,
        *(folder for kind in TRIPLET_KINDS for folder in packed_triplets(kind)),
    )

    def __init__(self, run: Run) -> None:
        assert run.recipe.pack is not None
        self._run = run
        self._rules: Pack = run.recipe.pack
        recipe = run.recipe
        self.reads: tuple[str, ...] = (
            *(("translate",) if recipe.translate else stages_before(recipe, self.name)),
            *(("mine",) if recipe.mine else ()),
        )
        self._packed = [
            Packed(kept, _PAGE_FIELDS if kept.branch == PAGE_BRANCH else ())
            for kept in tables_before(recipe, self.name)
        ]

    def depends_on(self) -> Any:
        recipe = self._run.recipe
        return [asdict(self._rules), recipe.seed, recipe.languages, recipe.kept_columns]

    def builds_on(self) -> None:
        """It begins anew."""

    def run(self, work: Folder) -> Counts:
        counts: Counter[str] = Counter(self._pack_texts(work))
        counts.update(self._pack_triplets(work))
        for packed in self._packed:
            folder = work / packed.kept.branch.of_pictures
            counts.update(self._pack_samples(folder, packed, work / FRESH))
        if not any(counts.get(f"{unit} kept") for unit in (Unit.SAMPLE, Unit.TEXT, Unit.TRIPLET)):
            raise RunError("nothing was kept, so there is nothing to pack: pairmill stats says why")
        return dict(counts)

    def _pack_samples(self, work: Folder, packed: Packed, fresh: Folder) -> Counts:
        if not work.exists(_CUTS_FILE):
            self._run.step("ordering samples")
            cuts = self._order(work, packed)
            work.write(_CUTS_FILE, json.dumps([asdict(cut) for cut in cuts]).encode())
        cuts = [_cut(row) for row in json.loads(work.read(_CUTS_FILE))]
        counts: Counts = json.loads(work.read("counts.json"))
        if cuts:
            target = fresh / packed.kept.branch.shards
            self._write(work, cuts, packed, target)
            counts["sample kept"] = _write_sizes(target, cuts)
        return counts

    def _pack_texts(self, work: Folder) -> Counts:
        """Writes text pairs as sentence-transformers reads them, in the order of a hash."""
        run, texts = self._run, self._run.output / SCREENED_TEXTS
        parts = len(texts.names()) if run.recipe.screen else 0
        if not parts:
            return {}
        run.step("packing texts")
        buckets = buckets_for(rows_below(texts))
        with run.pipeline(pieces_for(buckets)) as pipeline:
            pairs = pipeline | Deal("parts", range(parts)) | beam.ParDo(ReadTexts(run.recipe))
            _ = (
                {"texts": pairs}
                | Regroup(
                    "texts by order",
                    {"texts": arrow_schema(OrderedText)},
                    buckets,
                    hash_buckets("order", buckets),
                )
                | "WriteTexts" >> beam.FlatMap(partial(write_texts, fresh=work / FRESH))
                | Tally(work, "counts-texts.json")
            )
        return dict(json.loads(work.read("counts-texts.json")))

    def _pack_triplets(self, work: Folder) -> Counts:
        """Writes triplets, a folder a kind, in the order of a hash."""
        run, folder = self._run, self._run.output / TRIPLETS
        names = part_names(folder) if run.recipe.mine else []
        rows = recount_triplets(run.output).kinds if names else Counter[str]()
        if not rows:
            return {}
        run.step("packing triplets")
        buckets = _triplet_buckets(rows)
        assert run.recipe.mine is not None
        schema = triplet_schema(run.recipe.mine.negatives.num_negatives)
        schema = schema.append(pa.field("order", pa.string()))
        with run.pipeline(pieces_for(buckets.number)) as pipeline:
            triplets = pipeline | Deal("parts", names) | beam.ParDo(ReadTriplets(run.recipe))
            _ = (
                {"triplets": triplets}
                | Regroup("triplets", {"triplets": schema}, buckets.number, buckets.of)
                | "WriteTriplets"
                >> beam.FlatMap(partial(write_triplets, buckets=buckets, fresh=work / FRESH))
                | Tally(work, "counts-triplets.json")
            )
        return dict(json.loads(work.read("counts-triplets.json")))

    def _order(self, work: Folder, packed: Packed) -> list[Cut]:
        """Writes the samples in their order; returns how they fall into shards."""
        run, kept = self._run, packed.kept
        parts = len((run.output / kept.pictures).names())
        folders = [kept.pictures, kept.captions]
        folders += [kept.branch.translated] if run.recipe.translate else []
        rows = sum(rows_below(run.output / folder) for folder in folders)
        buckets = buckets_for(rows)
        with run.pipeline(pieces_for(buckets)) as pipeline:
            samples = (
                pipeline
                | Deal("parts", range(parts))
                | beam.ParDo(MakeSamples(run.recipe, packed)).with_outputs(
                    "counts", "captions", main="samples"
                )
            )
            samples.counts | Tally(work, "counts.json")
            schemas = {
                "samples": arrow_schema(OrderedSample),
                "captions": arrow_schema(OrderedCaption),
            }
            _ = (
                {"samples": samples.samples, "captions": samples.captions}
                | Regroup("samples by order", schemas, buckets, hash_buckets("order", buckets))
                | "WriteOrdered" >> beam.Map(partial(write_ordered, work=work))
            )
        ordered = [row_count(work / "order", part_name(part)) for part in range(buckets)]
        return cut_shards(ordered, self._rules.samples_per_shard)

    def _write(self, work: Folder, cuts: list[Cut], packed: Packed, target: Folder) -> None:
        self._run.step("writing shards", len(cuts), work / "done", ".json")
        done = set((work / "done").names())
        left = [cut for cut in cuts if f"{shard_name(cut.number)}.json" not in done]
        if left:
            with self._run.pipeline(len(left)) as pipeline:
                write = WriteShard(self._run.recipe, work, target, packed.kept.branch.tars)
                _ = pipeline | Deal("shards", left) | beam.ParDo(write)


def _write_sizes(target: Folder, cuts: list[Cut]) -> int:
    """Writes `sizes.json` for open_clip; returns the number of samples."""
    sizes = {f"{shard_name(cut.number)}.tar": cut.samples for cut in cuts}
    target.write("sizes.json", json.dumps(sizes, indent=1).encode())
    return sum(sizes.values())


def _triplet_buckets(rows: Counter[str]) -> TripletBuckets:
    kinds, first = {}, 0
    for kind, n in sorted(rows.items()):
        kinds[kind] = first, buckets_for(n)
        first += buckets_for(n)
    return TripletBuckets(kinds)


def _cut(row: dict[str, Any]) -> Cut:
    return Cut(row["number"], tuple((part, first, end) for part, first, end in row["slices"]))
