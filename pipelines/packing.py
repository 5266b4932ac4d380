"""Final samples: what is in them, in which order they stand, how a shard of them is written."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.json as pa_json
from apache_beam.pvalue import TaggedOutput

from filters.choice import Verdict, best_caption
from pipelines.gathered import image_format
from pipelines.recipe import Recipe
from pipelines.scored import read_translated
from pipelines.storage import Folder
from pipelines.stored_pictures import read_pictures
from pipelines.tars import TarWriter
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import (
    read_slice,
    rows_of,
    write_table,
    write_tables,
)
from pipelines.transforms.tally import Count
from schemas.ids import order_key
from schemas.layout import (
    CAPTIONS_SUFFIX,
    IMAGE_SUFFIXES,
    Tables,
    part_name,
    shard_name,
)
from schemas.rows import Caption, Picture

_WINDOW_BYTES = 16 << 20  # of pictures held while a shard is written: larger costs page faults
_BLOCK_BYTES = 1 << 20  # of JSON that Arrow reads at a time
_ARROW_TYPES = {int: pa.int64(), float: pa.float64(), str: pa.string()}
_as_json = json.JSONEncoder(ensure_ascii=False).encode  # made once: it is a third of the cost


@dataclass(frozen=True, slots=True)
class OrderedSample:
    """A sample before its picture is read.

    Attributes:
      order: 32 hex digits, where it stands.
      key: its name in the tar.
      text: its `txt` member.
      fields: its `json` member.
      captions: how many it has.
      first_caption: where they begin among its part's, known once they are ordered.
      image_shard: of the gathered tar.
      image_offset: bytes.
      image_size: bytes.
    """

    order: str
    key: str
    text: str
    fields: str
    captions: int
    first_caption: int
    image_shard: int
    image_offset: int
    image_size: int


@dataclass(frozen=True, slots=True)
class PackedCaption:
    """A caption of a sample: a row of `shards/pairs/train/{shard:05d}.captions.parquet`.

    Attributes:
      key: of its sample.
      caption_id: see `schemas.ids.caption_id`.
      uid: of its picture.
      language: one of `schemas.languages`, or `und`.
      text: NFC.
      origin: `source` …
      engine: what made it, or "".
      quality: in [0, 1].
      source: name of the recipe's source.
      licence: as stated, or "".
      score: the cosine of the first teacher that understands it; 0 without one.
      parent: caption id of the caption that it is a translation of, or "".
    """

    key: str
    caption_id: str
    uid: str
    language: str
    text: str
    origin: str
    engine: str
    quality: float
    source: str
    licence: str
    score: float
    parent: str


@dataclass(frozen=True, slots=True)
class OrderedCaption(PackedCaption):
    """A caption on its way to its shard.

    Attributes:
      order: of its sample.
    """

    order: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A final shard: rows of ordered parts, one slice after another.

    Attributes:
      number: of the shard.
      slices: (part, first row, end row).
    """

    number: int
    slices: tuple[tuple[int, int, int], ...]

    @property
    def samples(self) -> int:
        return sum(end - first for _, first, end in self.slices)


@dataclass(frozen=True, slots=True)
class Packed:
    """What becomes final shards.

    Attributes:
      kept: tables of it.
      fields: further ones of a sample's `json`, columns of the pictures' table.
    """

    kept: Tables
    fields: tuple[str, ...] = ()


class MakeSamples(beam.DoFn):
    """A bucket's pictures and captions to samples without their pixels."""

    def __init__(self, recipe: Recipe, packed: Packed) -> None:
        self._recipe = recipe
        self._packed = packed

    def process(
        self, bucket: int
    ) -> Iterator[
        pa.Table
        | TaggedOutput[Literal["captions"], pa.Table]
        | TaggedOutput[Literal["counts"], Count]
    ]:
        part = read_translated(self._recipe, self._packed.kept, bucket)
        pictures, captions = rows_of(part.pictures, Picture), part.captions
        more = part.pictures.select(self._packed.fields).to_pylist()
        by_uid: dict[str, list[Caption]] = defaultdict(list)
        for caption in rows_of(captions, Caption):
            by_uid[caption.uid].append(caption)
        samples = [
            sample
            for picture, fields in zip(pictures, more, strict=True)
            for sample in _samples(
                picture, by_uid[picture.uid], part.verdicts, self._recipe, fields
            )
        ]
        branch = self._packed.kept.branch
        places = {(sample.image_shard, sample.image_offset) for sample in samples}
        counts = {
            f"{branch.picture} in": len(pictures),
            f"{branch.picture} kept": len(places),
            f"{branch.caption} in": captions.num_rows,
            f"{branch.caption} kept": sum(sample.captions for sample in samples),
            "sample created": len(samples),
        }
        for count in counts.items():
            yield TaggedOutput("counts", count)
        yield TaggedOutput("captions", _ordered_captions(captions, part.verdicts, self._recipe))
        yield table_of(OrderedSample, samples)


def _ordered_captions(
    captions: pa.Table, verdicts: Mapping[str, Verdict], recipe: Recipe
) -> pa.Table:
    uids, ids = captions["uid"].to_pylist(), captions["caption_id"].to_pylist()
    keys = [_key(uid, id_, recipe) for uid, id_ in zip(uids, ids, strict=True)]
    orders = [order_key(recipe.seed, key) for key in keys]
    captions = captions.append_column("key", pa.array(keys, pa.string()))
    captions = captions.append_column("order", pa.array(orders, pa.string()))
    scores = [_score(verdicts.get(id_)) for id_ in ids]
    captions = captions.append_column("score", pa.array(scores, pa.float64()))
    schema = arrow_schema(OrderedCaption)
    return captions.select(schema.names).cast(schema)


def _key(uid: str, caption: str, recipe: Recipe) -> str:
    assert recipe.pack is not None
    return uid if recipe.pack.sample == "picture" else f"{uid}-{caption}"


def _score(verdict: Verdict | None) -> float:
    """A cosine as shards have it: six places are more than a float32 of it holds."""
    return round(verdict.cosine, 6) if verdict else 0.0


def _samples(
    picture: Picture,
    captions: list[Caption],
    verdicts: Mapping[str, Verdict],
    recipe: Recipe,
    more: dict[str, Any],
) -> Iterator[OrderedSample]:
    by_key: dict[str, list[Caption]] = defaultdict(list)
    for caption in captions:
        by_key[_key(picture.uid, caption.caption_id, recipe)].append(caption)
    for key, together in by_key.items():
        best = best_caption(together, recipe.languages, verdicts)
        yield OrderedSample(
            order=order_key(recipe.seed, key),
            key=key,
            text=best.text,
            fields=_as_json(_fields(picture, best, together, verdicts, recipe) | more),
            captions=len(together),
            first_caption=0,
            image_shard=picture.image_shard,
            image_offset=picture.image_offset,
            image_size=picture.image_size,
        )


def _fields(
    picture: Picture,
    best: Caption,
    captions: list[Caption],
    verdicts: Mapping[str, Verdict],
    recipe: Recipe,
) -> dict[str, Any]:
    """The `json` member: the same fields in every sample of a data set, no nulls."""
    by_language: dict[str, list[Caption]] = defaultdict(list)
    for caption in captions:
        by_language[caption.language].append(caption)
    texts = dict(_no_texts(recipe.languages))
    for code, of_language in by_language.items():
        if f"caption_{code}" in texts:
            texts[f"caption_{code}"] = best_caption(of_language, (code,), verdicts).text
    extras = json.loads(best.extras)
    return {
        "uid": picture.uid,
        "url": picture.url,
        "sha256": picture.sha256,
        "source": best.source,
        "licence": best.licence,
        "language": best.language,
        "width": picture.width,
        "height": picture.height,
        "original_width": picture.original_width,
        "original_height": picture.original_height,
        "score": _score(verdicts.get(best.caption_id)),
        **texts,
        **{name: extras.get(name, "") for name in recipe.kept_columns},
    }


@lru_cache(maxsize=1)
def _no_texts(languages: tuple[str, ...]) -> dict[str, str]:
    return {f"caption_{code}": "" for code in languages}


def write_ordered(keyed: Keyed, work: Folder) -> None:
    """Writes a bucket's samples, and their captions, in their final order."""
    bucket, tables = keyed
    samples = tables["samples"].sort_by("order")
    counts = samples["captions"].to_numpy()
    field = arrow_schema(OrderedSample).field("first_caption")
    place = samples.schema.get_field_index(field.name)
    samples = samples.set_column(place, field, pa.array(np.cumsum(counts) - counts, field.type))
    by_order = [("order", "ascending"), ("caption_id", "ascending")]
    write_table(work / "order", part_name(bucket), samples)
    write_table(work / "captions", part_name(bucket), tables["captions"].sort_by(by_order))


def cut_shards(rows: list[int], samples_per_shard: int) -> list[Cut]:
    """Cuts ordered parts of `rows` rows into shards, every one but the last full.

    >>> [cut.slices for cut in cut_shards([3, 2], 2)]
    [((0, 0, 2),), ((0, 2, 3), (1, 0, 1)), ((1, 1, 2),)]
    """
    ends = list(itertools.accumulate(rows))
    total = ends[-1] if ends else 0
    cuts = []
    for number, first in enumerate(range(0, total, samples_per_shard)):
        last = min(first + samples_per_shard, total)
        slices = [
            (part, max(first - end + n, 0), min(last - end + n, n))
            for part, (end, n) in enumerate(zip(ends, rows, strict=True))
            if end > first and end - n < last and n
        ]
        cuts.append(Cut(number, tuple(slices)))
    return cuts


class WriteShard(beam.DoFn):
    """Writes final shards: tar, parquet of the same rows, parquet of all captions, then the marker.

    What is written depends on the cut alone, so a shard written twice is the same shard.
    """

    def __init__(self, recipe: Recipe, work: Folder, target: Folder, tars: str) -> None:
        output = Folder(recipe.output)
        self._suffix = IMAGE_SUFFIXES[image_format(output, tars)]
        self._gathered = output / tars
        self._work = work
        self._target = target

    def process(self, cut: Cut) -> None:
        name = shard_name(cut.number)
        pieces = [(part, self._read_samples(part, *rows)) for part, *rows in cut.slices]
        samples = [sample for _, piece in pieces for sample in piece]
        offsets = []
        with self._target.writing(f"{name}.tar") as path, path.open("wb", 1 << 20) as file:
            tar = TarWriter(file)
            for sample, image in _with_images(samples, self._gathered):
                offsets.append(tar.add(f"{sample.key}.{self._suffix}", image))
                tar.add(f"{sample.key}.json", sample.fields.encode())
                tar.add(f"{sample.key}.txt", sample.text.encode())
            tar.close()
        write_table(self._target, f"{name}.parquet", _packed_rows(samples, offsets))
        schema = arrow_schema(PackedCaption)
        captions = (table for part, piece in pieces for table in self._read_captions(part, piece))
        write_tables(
            self._target,
            f"{name}{CAPTIONS_SUFFIX}",
            schema,
            (table.select(schema.names) for table in captions),
        )
        marker = {"count": len(samples), "successes": len(samples)}
        (self._work / "done").write(f"{name}.json", json.dumps(marker).encode())

    def _read_samples(self, part: int, first: int, end: int) -> list[OrderedSample]:
        tables = read_slice(self._work / "order", part_name(part), first, end)
        return [sample for table in tables for sample in rows_of(table, OrderedSample)]

    def _read_captions(self, part: int, samples: list[OrderedSample]) -> Iterator[pa.Table]:
        first, last = samples[0], samples[-1]
        end = last.first_caption + last.captions
        return read_slice(self._work / "captions", part_name(part), first.first_caption, end)


def _packed_rows(samples: list[OrderedSample], offsets: list[int]) -> pa.Table:
    """A shard's samples without their pictures, which lie at `offsets` in its tar."""
    columns = {
        "key": pa.array([sample.key for sample in samples]),
        "txt": pa.array([sample.text for sample in samples]),
        "image_offset": pa.array(offsets, pa.int64()),
        "image_size": pa.array([sample.image_size for sample in samples], pa.int64()),
    }
    fields = _as_columns([sample.fields for sample in samples])
    return pa.table(columns | dict(zip(fields.column_names, fields.columns, strict=True)))


def _as_columns(objects: list[str]) -> pa.Table:
    """JSON objects with the same fields, numbers and texts, as Arrow reads them.

    Python's `json` and `Table.from_pylist` make the same table in five times the time.
    """
    lines = [text.encode() for text in objects]
    types = [(name, _ARROW_TYPES[type(value)]) for name, value in json.loads(objects[0]).items()]
    return pa_json.read_json(
        pa.BufferReader(b"\n".join(lines)),
        pa_json.ReadOptions(
            use_threads=False, block_size=max(_BLOCK_BYTES, 1 + max(map(len, lines)))
        ),
        pa_json.ParseOptions(pa.schema(types)),
    ).combine_chunks()


def _with_images(
    samples: list[OrderedSample], gathered: Folder
) -> Iterator[tuple[OrderedSample, bytes]]:
    """The samples with their pictures, so many at a time as fit the window."""
    sizes = np.cumsum([sample.image_size for sample in samples])
    for _, window in itertools.groupby(
        zip(samples, sizes, strict=True), key=lambda item: int(item[1]) // _WINDOW_BYTES
    ):
        pieces = [sample for sample, _ in window]
        places = [(piece.image_shard, piece.image_offset, piece.image_size) for piece in pieces]
        images = read_pictures(gathered, places)
        for sample in pieces:
            yield sample, images[sample.image_shard, sample.image_offset]
