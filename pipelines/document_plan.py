"""Which documents are to be rendered, and which shards have what was rendered last.

Whatever number of documents there are: a bucket of them at a time, on their way between steps in
files, so that neither the command's memory nor that of a side input grows with them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from pipelines.claims import as_before
from pipelines.commit import committed_shards
from pipelines.document_shards import STAGE, PlannedShard
from pipelines.local_pictures import tar_location
from pipelines.parts import row_count
from pipelines.reading import Tagged
from pipelines.settling import ReadGathered, fates_of, of_gathered
from pipelines.stages import Run
from pipelines.storage import Folder, filesystem
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    arrow_schema,
    column_buckets,
    hash_buckets,
    pieces_for,
    table_of,
)
from pipelines.transforms.filed import RegroupFiled
from pipelines.transforms.tables import read_table, rows_of, write_table
from pipelines.transforms.tally import Tally
from schemas.ids import digest
from schemas.layout import DOCUMENTS, FETCHED, FETCHING, part_name, shard_name
from schemas.pages import FetchedRow, PlannedDocument
from schemas.rows import PlannedPicture

_BLOCK = 20_000  # files in a table
_FEWEST_SHARDS = 16  # so that workers end at about the same time, however many there are
_LEFT = "left"
_COUNTS = "counts.json"
_FETCHED = of_gathered(
    "uid", "image_shard", "reason", "error_message", "image_offset", "image_size",
    "original_format", "sha256", "final_url", row_type=FetchedRow,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class There:
    """The documents that there are.

    Attributes:
      files: those that are files.
      wanted: a folder with those that tables name, see `pipelines.document_urls`; may be empty.
      buckets: that they are worked on in.
    """

    files: list[PlannedDocument]
    wanted: Folder
    buckets: int

    def tables(self) -> list[pa.Table]:
        """The files, in blocks."""
        starts = range(0, len(self.files), _BLOCK)
        return [table_of(PlannedDocument, self.files[at : at + _BLOCK]) for at in starts]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a shard says of a document.

    Attributes:
      document: its id.
      shard: number of the shard.
      version: that it was in, see `schemas.pages.PlannedDocument`.
      reasons: a JSON list of those for which it, or pages of it, were lost.
      rows: that it has there.
    """

    document: str
    shard: int
    version: str
    reasons: str
    rows: int


_RENDERED = arrow_schema(Rendered)


def read_rendered(shard: str, output: Folder) -> pa.Table:
    """The documents of a committed shard, a table of `Rendered`."""
    names = ["document", "version", "reason"]
    rows = read_table(output / DOCUMENTS, f"{shard}.parquet", names)
    found: dict[tuple[str, str], list[str]] = {}
    for document, version, reason in zip(*(rows[name].to_pylist() for name in names), strict=True):
        found.setdefault((document, version), []).append(reason)
    rendered = [
        Rendered(document, int(shard), version, json.dumps(sorted({*reasons} - {""})), len(reasons))
        for (document, version), reasons in found.items()
    ]
    return table_of(Rendered, rendered)


class _ReadRendered(beam.PTransform):
    """What all committed shards say of their documents, a table of `Rendered` a shard."""

    def __init__(self, output: Folder) -> None:
        super().__init__()
        self._output = output

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[pa.Table]:
        shards = sorted(committed_shards(self._output, STAGE))
        read = beam.Map(read_rendered, output=self._output)
        return begin | Deal("rendered", shards) | read.with_output_types(pa.Table)


def plan_renderings(
    run: Run, there: There, plan: Folder, limits: list[Any], most: int
) -> list[PlannedShard]:
    """The shards that are to be rendered: the documents that are not rendered as they are now.

    They are in the order of their ids, which are digests. The number of workers has no say in it:
    teachers look at batches of a shard's pages, and the last bits of what they say depend on the
    batch.

    Args:
      run: of the stage.
      there: what there is, all that tables name having been fetched.
      plan: gets the documents, by bucket.
      limits: of the recipe, that rows depend on.
      most: documents in a shard.
    """
    output, buckets = run.output, there.buckets
    schemas = {"files": arrow_schema(PlannedDocument), "rendered": _RENDERED, "fetched": _FETCHED}
    with run.pipeline(pieces_for(buckets)) as pipeline:
        _ = (
            {
                "files": pipeline | Deal("files", there.tables()),
                "rendered": pipeline | _ReadRendered(output),
                "fetched": pipeline | ReadGathered(output, _FETCHED, FETCHING),
            }
            | RegroupFiled("documents", plan / "rows", schemas, buckets, _by_document(buckets))
            | beam.Map(
                _plan_bucket, output, run.retry, there.wanted, plan / _LEFT, json.dumps(limits)
            )
        )
    rows = [row_count(plan / _LEFT, part_name(bucket)) for bucket in range(buckets)]
    size = max(1, min(most, -(-sum(rows) // _FEWEST_SHARDS)))
    folder = plan.uri.removeprefix(f"{output.uri}/")
    cuts = (
        (f"{folder}/{_LEFT}/{part_name(bucket)}", start, min(start + size, total))
        for bucket, total in enumerate(rows)
        for start in range(0, total, size)
    )
    first = max(map(int, committed_shards(output, STAGE)), default=-1) + 1
    return [PlannedShard(number, *cut) for number, cut in enumerate(cuts, first)]


def _by_document(buckets: int) -> Callable[[pa.Table], np.ndarray]:
    """Buckets by a document's id, which tables of what was fetched call `uid`."""
    by_id, by_uid = hash_buckets("document", buckets), hash_buckets("uid", buckets)
    return lambda table: (by_id if "document" in table.schema.names else by_uid)(table)


def _plan_bucket(
    keyed: Keyed, output: Folder, again: tuple[str, ...], wanted: Folder, left: Folder, limits: str
) -> None:
    """Writes which of a bucket's documents are to be rendered."""
    bucket, tables = keyed
    documents = rows_of(tables["files"], PlannedDocument)
    if wanted.exists(part_name(bucket)):
        named = read_table(wanted, part_name(bucket))
        documents += _fetched(named, tables["fetched"], output, limits)
    last = {row.document: row for row in rows_of(_last(tables["rendered"]), Rendered)}
    missing = [one for one in documents if not _stands(last.get(one.document), one.version, again)]
    missing.sort(key=attrgetter("document"))
    write_table(left, part_name(bucket), table_of(PlannedDocument, missing))


def _fetched(
    named: pa.Table, fetched: pa.Table, output: Folder, limits: str
) -> list[PlannedDocument]:
    """Documents that tables name, to be rendered, or to be accounted for, as they were fetched."""
    fates = {row["uid"]: row for row in fates_of(fetched, named["uid"]).to_pylist()}
    return [_planned(one, fates[one.uid], output, limits) for one in rows_of(named, PlannedPicture)]


def _planned(
    one: PlannedPicture, fate: dict[str, Any], output: Folder, limits: str
) -> PlannedDocument:
    reason, location = fate["reason"], ""
    if not reason:
        fs, path = filesystem((output / FETCHED).path(f"{shard_name(fate['image_shard'])}.tar"))
        uri = fs.unstrip_protocol(path)
        location = tar_location(uri, fate["image_offset"], fate["image_size"])
    return PlannedDocument(
        document=one.uid,
        url=one.url,
        location=location,
        kind=fate["original_format"],
        source=one.source,
        licence=one.licence,
        version=digest(fate["sha256"] or reason, one.licence, limits),
        reason=reason,
        detail=fate["error_message"].removeprefix(f"{reason}: "),
        final_url=fate["final_url"],
    )


def _last(rendered: pa.Table) -> pa.Table:
    """What was made of each document last."""
    rendered = rendered.sort_by([("document", "ascending"), ("shard", "descending")])
    return rendered.filter(pa.array(~as_before(rendered["document"])))


def _stands(last: Rendered | None, version: str, again: tuple[str, ...]) -> bool:
    """Whether a document need not be rendered."""
    if last is None or last.version != version:
        return False
    return not set(json.loads(last.reasons)) & set(again)


@dataclass(frozen=True, slots=True)
class Current:
    """What is rendered of the documents that there are.

    Attributes:
      shards: names of those that are committed.
      folder: says which documents count in a shard, in parts by the shard's number.
      parts: how many there are.
      rows: of these documents in the shards.
    """

    shards: list[str]
    folder: Folder
    parts: int
    rows: int

    def documents_of(self, shard: str) -> pa.ChunkedArray:
        """The ids of documents whose last rendering a shard has."""
        part = read_table(self.folder, part_name(int(shard) % self.parts))
        return part.filter(pc.equal(part["shard"], int(shard)))["document"]


def find_current(run: Run, there: There, work: Folder) -> Current:
    """Which shards have the last renderings of documents; before a run not all may be rendered.

    Args:
      run: of the stage.
      there: what there is.
      work: gets what is found.
    """
    output, buckets = run.output, there.buckets
    shards = sorted(committed_shards(output, STAGE))
    if not work.exists(_COUNTS):
        schemas = {"files": arrow_schema(PlannedDocument), "rendered": _RENDERED}
        rows = work / "rows"
        with run.pipeline(pieces_for(buckets)) as pipeline:
            found = (
                {
                    "files": pipeline | Deal("files", there.tables()),
                    "rendered": pipeline | _ReadRendered(output),
                }
                | RegroupFiled("documents", rows, schemas, buckets, _by_document(buckets))
                | beam.ParDo(_FindCurrent(there.wanted, buckets)).with_outputs(
                    "counts", main="current"
                )
            )
            _ = (
                {"current": found.current}
                | RegroupFiled(
                    "shards", rows, {"current": _CURRENT}, buckets, column_buckets("part")
                )
                | beam.Map(_write_current, work)
            )
            _ = found.counts | Tally(work, _COUNTS)
    total = json.loads(work.read(_COUNTS)).get(_ROWS, 0)
    return Current(shards, work, buckets, total)


_ROWS = "rows"
_CURRENT = pa.schema([("document", pa.string()), ("shard", pa.int64()), ("part", pa.int64())])


class _FindCurrent(beam.DoFn):
    """The last renderings of a bucket's documents, `_CURRENT`, and how many rows they have."""

    def __init__(self, wanted: Folder, parts: int) -> None:
        self._wanted = wanted
        self._parts = parts

    def process(self, keyed: Keyed) -> Iterator[pa.Table | Tagged]:
        bucket, tables = keyed
        there = [*tables["files"]["document"].chunks]
        if self._wanted.exists(part_name(bucket)):
            there += read_table(self._wanted, part_name(bucket), ["uid"])["uid"].chunks
        last = _last(tables["rendered"])
        known = pa.chunked_array(there, pa.string()).combine_chunks()
        last = last.filter(pc.is_in(last["document"], value_set=known))
        yield TaggedOutput("counts", (_ROWS, pc.sum(last["rows"]).as_py() or 0))
        part = pa.array(last["shard"].to_numpy() % self._parts, pa.int64())
        yield pa.table([last["document"], last["shard"], part], schema=_CURRENT)


def _write_current(keyed: Keyed, folder: Folder) -> None:
    part, tables = keyed
    order = [("shard", "ascending"), ("document", "ascending")]
    write_table(folder, part_name(part), tables["current"].drop_columns("part").sort_by(order))
