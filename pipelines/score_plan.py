"""What is to be embedded, shard by shard: rows beside the place of their picture.

A shard is a gathered tar with the captions of its pictures, or a part of the text pairs.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
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
    OF_TEXTS,
    SCREENED_TEXTS,
    Branch,
    Tables,
    part_name,
    shard_name,
)
from schemas.rows import TextPair

PLAN = "plan"
_DONE = "planned"

_PAGE_CHARS = 2_000
"""Of a page's text that are embedded: teachers of texts this long read no more."""

BATCHES_A_PIECE = 16
_STRANGERS = 2_048
"""Pictures that shuffled captions are held against: 3 MB of embeddings of 768 features."""


@dataclass(frozen=True, slots=True)
class PictureToEmbed:
    """A picture of a shard.

    Attributes:
      uid: …
      image_shard: number of the tar.
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
      id: caption id, text id, or of a page's own text its uid.
      uid: of the picture or page, "" for others.
      language: one of `schemas.languages`, or `und`.
      text: …
      image_shard: of the picture or page; of others the part.
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
      shard: number of the tar.
    """

    order: str
    uid: str
    shard: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Work for one worker: some rows of a shard's plan, embedded in fixed batches.

    Attributes:
      what: `OF_TEXTS`, or as a branch calls its pictures, captions or texts.
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


def plan(run: Run, work: Folder, kept: Sequence[Tables]) -> None:
    """Leaves below `work / PLAN` what is to be embedded, unless it is there.

    Args:
      run: of the recipe.
      work: of the stage.
      kept: the tables of pictures and captions, of each branch.
    """
    if (work / PLAN).exists(_DONE):
        return
    run.step("planning")
    output = run.output
    parts = [len(part_names(output / tables.pictures)) for tables in kept]
    texts = [part_name(part) for part in range(text_parts(run))]
    with run.pipeline(pieces_for(sum(parts) + len(texts))) as pipeline:
        for tables, number in zip(kept, parts, strict=True):
            if number:
                _ = pipeline | PlanPictures(output, work, tables, number)
        _ = pipeline | Deal("texts", texts) | beam.ParDo(PlanTexts(output, work))
    (work / PLAN).write(_DONE, b"")


def text_parts(run: Run) -> int:
    """How many parts of text pairs there are."""
    return len(part_names(run.output / SCREENED_TEXTS)) if run.recipe.screen else 0


def strangers(work: Folder, branch: Branch) -> list[Stranger]:
    """The pictures that captions of others are held against, in their order."""
    name = _strangers_file(branch)
    if not (work / PLAN).exists(name):
        return []
    return [Stranger(*row) for row in json.loads((work / PLAN).read(name))]


def _strangers_file(branch: Branch) -> str:
    return f"strangers-{branch.of_pictures}.json"


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
        super().__init__(label=f"PlanPictures[{kept.branch.of_pictures}]")
        self._output = output
        self._work = work
        self._kept = kept
        self._parts = parts

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        branch, plan = self._kept.branch, self._work / PLAN
        shards = tars_in(self._output, branch)
        schemas = {
            "pictures": arrow_schema(PictureToEmbed),
            "captions": arrow_schema(TextToEmbed),
            "texts": arrow_schema(TextToEmbed),
        }
        read = (
            begin
            | Deal("parts", range(self._parts))
            | beam.ParDo(ReadKept(self._output, self._kept)).with_outputs(
                "captions", "texts", "strangers", main="pictures"
            )
        )
        _ = (
            read.strangers
            | beam.combiners.Top.Smallest(_STRANGERS)
            | beam.Map(partial(_write_strangers, plan=plan, branch=branch))
        )
        return (
            {"pictures": read.pictures, "captions": read.captions, "texts": read.texts}
            | Regroup("rows by shard", schemas, shards, column_buckets("image_shard"))
            | "WritePlan" >> beam.Map(partial(_write_plan, plan=plan, branch=branch))
        )


def tars_in(output: Folder, branch: Branch) -> int:
    """How many tars a branch's pictures may lie in: they are numbered from 0, perhaps with gaps."""
    tars = [name for name in (output / branch.tars).names() if name.endswith(".tar")]
    return 1 + max((int(name.partition(".")[0]) for name in tars), default=0)


class ReadKept(beam.DoFn):
    """A part's pictures, captions and pages' texts, each with its shard, and candidates for
    strangers.
    """

    def __init__(self, output: Folder, kept: Tables) -> None:
        self._output = output
        self._kept = kept

    def process(
        self, part: int
    ) -> Iterator[
        pa.Table
        | TaggedOutput[Literal["captions"], pa.Table]
        | TaggedOutput[Literal["texts"], pa.Table]
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
        if self._kept.branch.of_texts:
            yield TaggedOutput("texts", self._page_texts(name))
        places = zip(pictures["uid"].to_pylist(), pictures["image_shard"].to_pylist(), strict=True)
        hashed = ((digest("stranger", uid), uid, shard) for uid, shard in places)
        for stranger in heapq.nsmallest(_STRANGERS, hashed):
            yield TaggedOutput("strangers", stranger)

    def _page_texts(self, name: str) -> pa.Table:
        """The beginnings of pages' texts."""
        columns = ["uid", "language", "text", "image_shard"]
        pages = read_table(self._output / self._kept.pictures, name, columns)
        texts = pc.utf8_slice_codeunits(pages["text"], 0, _PAGE_CHARS)
        by_name = {name: pages[name] for name in columns} | {"id": pages["uid"], "text": texts}
        schema = arrow_schema(TextToEmbed)
        return pa.table([by_name[name] for name in schema.names], schema=schema)


def _write_strangers(chosen: list[tuple[str, str, int]], plan: Folder, branch: Branch) -> None:
    plan.write(_strangers_file(branch), json.dumps(chosen).encode())


def _write_plan(keyed: Keyed, plan: Folder, branch: Branch) -> None:
    shard, tables = keyed
    if tables["pictures"].num_rows:
        pictures = tables["pictures"].sort_by("uid")  # a tar's order is that of arrival
        write_table(plan / branch.of_pictures, plan_name(shard), pictures)
        write_table(plan / branch.of_captions, plan_name(shard), by_length(tables["captions"]))
        if branch.of_texts:
            write_table(plan / branch.of_texts, plan_name(shard), by_length(tables["texts"]))


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
