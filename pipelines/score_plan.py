"""What is to be embedded, shard by shard: rows beside the place of their picture.

A shard is a gathered tar with the captions of its pictures, or a part of the text pairs.
"""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from pipelines.parts import part_names, row_count
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.threads import in_threads
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    Regroup,
    arrow_schema,
    column_buckets,
    pieces_for,
    table_of,
)
from pipelines.transforms.tables import read_rows, read_table, write_table
from schemas.ids import digest
from schemas.layout import (
    GATHERED,
    OF_CAPTIONS,
    OF_PICTURES,
    OF_TEXTS,
    SCREENED_TEXTS,
    Tables,
    part_name,
    shard_name,
)
from schemas.rows import TextPair

PLAN = "plan"
_STRANGERS_FILE = "strangers.json"
_DONE = "planned"

BATCHES_A_PIECE = 16
_STRANGERS = 2_048
"""Pictures that shuffled captions are held against: 3 MB of embeddings of 768 features."""


@dataclass(frozen=True, slots=True)
class PictureToEmbed:
    """A picture of a shard.

    Attributes:
      uid: …
      image_shard: number of the gathered tar.
      image_offset: bytes from the tar's start.
      image_size: bytes.
    """

    uid: str
    image_shard: int
    image_offset: int
    image_size: int


@dataclass(frozen=True, slots=True)
class TextToEmbed:
    """A text of a shard.

    Attributes:
      id: caption id, or text id.
      uid: of the caption's picture, "" for others.
      language: one of `schemas.languages`, or `und`.
      text: …
      image_shard: of the caption's picture; of others the part.
    """

    id: str
    uid: str
    language: str
    text: str
    image_shard: int


@dataclass(frozen=True, slots=True)
class Stranger:
    """A picture that captions of other pictures are held against.

    Attributes:
      order: a hash of the uid; those of the lowest are taken.
      uid: …
      shard: number of the gathered tar.
    """

    order: str
    uid: str
    shard: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Work for one worker: some rows of a shard's plan, embedded in fixed batches.

    Attributes:
      what: `OF_PICTURES`, `OF_CAPTIONS` or `OF_TEXTS`.
      shard: number.
      number: of the piece in its shard, from 0.
      first: row of the plan.
      end: behind its last row.
    """

    what: str
    shard: int
    number: int
    first: int
    end: int

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.what}-{shard_name(self.shard)}-{self.number:05d}"


def plan(run: Run, work: Folder, kept: Tables | None) -> None:
    """Leaves below `work / PLAN` what is to be embedded, unless it is there.

    Args:
      run: of the recipe.
      work: of the stage.
      kept: the tables of pictures and captions, None where there are none.
    """
    if (work / PLAN).exists(_DONE):
        return
    run.step("planning")
    output = run.output
    parts = len(part_names(output / kept.pictures)) if kept else 0
    texts = [part_name(part) for part in range(text_parts(run))]
    with run.pipeline(pieces_for(parts + len(texts))) as pipeline:
        if kept and parts:
            _ = pipeline | PlanPictures(output, work, kept, parts)
        _ = pipeline | Deal("texts", texts) | beam.ParDo(PlanTexts(output, work))
    (work / PLAN).write(_DONE, b"")


def text_parts(run: Run) -> int:
    """How many parts of text pairs there are."""
    return len(part_names(run.output / SCREENED_TEXTS)) if run.recipe.screen else 0


def strangers(work: Folder) -> list[Stranger]:
    """The pictures that captions of others are held against, in their order."""
    if not (work / PLAN).exists(_STRANGERS_FILE):
        return []
    return [Stranger(*row) for row in json.loads((work / PLAN).read(_STRANGERS_FILE))]


def pieces_of(work: Folder, what: str, batch: int) -> Iterator[Piece]:
    """The plan cut to pieces of `BATCHES_A_PIECE` batches."""
    folder = work / PLAN / what
    names = folder.names()
    counts = in_threads(lambda name: row_count(folder, name), names)
    for name, planned in zip(names, counts, strict=True):
        yield from _cut(what, name, planned, batch)


def pieces_in(work: Folder, what: str, name: str, batch: int) -> Iterator[Piece]:
    """The pieces of the shard whose plan has this name."""
    yield from _cut(what, name, row_count(work / PLAN / what, name), batch)


def _cut(what: str, name: str, planned: int, batch: int) -> Iterator[Piece]:
    shard, rows = int(name.partition(".")[0]), batch * BATCHES_A_PIECE
    for number, first in enumerate(range(0, planned, rows)):
        yield Piece(what, shard, number, first, min(first + rows, planned))


def plan_name(shard: int) -> str:
    """The file of a shard's plan."""
    return f"{shard_name(shard)}.parquet"


class PlanPictures(beam.PTransform):
    """Brings pictures and captions to their shards, and chooses the strangers.

    Args:
      output: of the recipe.
      work: of the stage.
      kept: the tables.
      parts: how many they have.
    """

    def __init__(self, output: Folder, work: Folder, kept: Tables, parts: int) -> None:
        super().__init__()
        self._output = output
        self._work = work
        self._kept = kept
        self._parts = parts

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        tars = [name for name in (self._output / GATHERED).names() if name.endswith(".tar")]
        shards = 1 + max((int(name.partition(".")[0]) for name in tars), default=0)
        schemas = {
            "pictures": arrow_schema(PictureToEmbed),
            "captions": arrow_schema(TextToEmbed),
        }
        read = (
            begin
            | Deal("parts", range(self._parts))
            | beam.ParDo(ReadKept(self._output, self._kept)).with_outputs(
                "captions", "strangers", main="pictures"
            )
        )
        _ = (
            read.strangers
            | beam.combiners.Top.Smallest(_STRANGERS)
            | beam.Map(partial(_write_strangers, plan=self._work / PLAN))
        )
        return (
            {"pictures": read.pictures, "captions": read.captions}
            | Regroup("rows by shard", schemas, shards, column_buckets("image_shard"))
            | "WritePlan" >> beam.Map(partial(_write_plan, plan=self._work / PLAN))
        )


class ReadKept(beam.DoFn):
    """A part's pictures and captions, each with its shard, and its candidates for strangers."""

    def __init__(self, output: Folder, kept: Tables) -> None:
        self._output = output
        self._kept = kept

    def process(
        self, part: int
    ) -> Iterator[
        pa.Table
        | TaggedOutput[Literal["captions"], pa.Table]
        | TaggedOutput[Literal["strangers"], tuple[str, str, int]]
    ]:
        name = part_name(part)
        columns = arrow_schema(PictureToEmbed).names
        pictures = read_table(self._output / self._kept.pictures, name, columns)
        yield pictures.select(columns)
        captions = read_table(
            self._output / self._kept.captions, name, ["caption_id", "uid", "language", "text"]
        ).rename_columns(["id", "uid", "language", "text"])
        at = pc.index_in(captions["uid"], value_set=pictures["uid"].combine_chunks())
        placed = captions.append_column("image_shard", pictures["image_shard"].take(at))
        yield TaggedOutput("captions", placed.cast(arrow_schema(TextToEmbed)))
        places = zip(pictures["uid"].to_pylist(), pictures["image_shard"].to_pylist(), strict=True)
        hashed = ((digest("stranger", uid), uid, shard) for uid, shard in places)
        for stranger in heapq.nsmallest(_STRANGERS, hashed):
            yield TaggedOutput("strangers", stranger)


def _write_strangers(chosen: list[tuple[str, str, int]], plan: Folder) -> None:
    plan.write(_STRANGERS_FILE, json.dumps(chosen).encode())


def _write_plan(keyed: Keyed, plan: Folder) -> None:
    shard, tables = keyed
    if tables["pictures"].num_rows:
        pictures = tables["pictures"].sort_by("uid")  # a tar's order is that of arrival
        write_table(plan / OF_PICTURES, plan_name(shard), pictures)
        write_table(plan / OF_CAPTIONS, plan_name(shard), by_length(tables["captions"]))


def by_length(texts: pa.Table) -> pa.Table:
    """Texts, those of a length together, since a batch is padded to its longest."""
    order = [("length", "ascending"), ("id", "ascending"), ("language", "ascending")]
    lengths = pc.utf8_length(texts["text"])
    return texts.append_column("length", lengths).sort_by(order).drop_columns(["length"])


class PlanTexts(beam.DoFn):
    """The texts of a part of the text pairs, each once a language."""

    def __init__(self, output: Folder, work: Folder) -> None:
        self._output = output
        self._work = work

    def process(self, name: str) -> None:
        part = int(name.removeprefix("part-").partition(".")[0])
        pairs: list[TextPair] = read_rows(self._output / SCREENED_TEXTS, name, TextPair)
        sides: list[Any] = [
            *((pair.query_id, pair.query_language, pair.query) for pair in pairs),
            *((pair.positive_id, pair.positive_language, pair.positive) for pair in pairs),
        ]
        texts = [
            TextToEmbed(id_, "", language, text, part)
            for id_, language, text in dict.fromkeys(sides)
        ]
        planned = by_length(table_of(TextToEmbed, texts))
        write_table(self._work / PLAN / OF_TEXTS, plan_name(part), planned)
