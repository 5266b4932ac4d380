"""The fates of pictures handed on to their captions, a bucket at a time."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.commit import GATHER, committed_shards
from pipelines.errors import RunError
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, arrow_schema, table_of
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from schemas.fates import Fate, Unit
from schemas.layout import PICTURES, SOURCE_CAPTIONS, TARS, part_name
from schemas.rows import GatheredPicture, LedgerRow, Picture


def of_gathered(*names: str, row_type: type[GatheredPicture] = GatheredPicture) -> pa.Schema:
    """Columns of a gathered shard's table, or of a fetched one's, by the type of its rows."""
    whole = arrow_schema(row_type)
    return pa.schema([whole.field(name) for name in names])


KNOWN = of_gathered("uid", "image_shard", "reason")
"""What the plan reads of a gathered shard."""

SETTLED = of_gathered(*arrow_schema(Picture).names, "fate", "reason", "error_message")
"""What settling reads of it."""


class ReadGathered(beam.PTransform):
    """What all committed shards say of their pictures, a table a shard.

    Args:
      output: of the recipe.
      schema: the columns to read.
      stage: whose shards.
    """

    def __init__(self, output: Folder, schema: pa.Schema, stage: str = GATHER) -> None:
        super().__init__()
        self._output = output
        self._schema = schema
        self._stage = stage

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[pa.Table]:
        shards = sorted(committed_shards(self._output, self._stage))
        folder = self._output / TARS[self._stage]
        return (
            begin
            | Deal("shards", shards)
            | beam.Map(_read_gathered, folder=folder, schema=self._schema)
        )


def _read_gathered(shard: str, folder: Folder, schema: pa.Schema) -> pa.Table:
    table = read_table(folder, f"{shard}.parquet", schema.names)
    return table.select(schema.names).cast(schema)


class SettleCaptions(beam.DoFn):
    """Joins a bucket's planned captions with what became of their pictures; tells the counts.

    Writes the bucket's part of `pictures/`, `captions/source/` and the ledger below `fresh`.
    """

    def __init__(self, plan: Folder, fresh: Folder, ledger: str) -> None:
        self._plan = plan
        self._fresh = fresh
        self._ledger = ledger

    def process(self, keyed: tuple[int, dict[str, pa.Table]]) -> Iterator[Count]:
        bucket, tables = keyed
        part = part_name(bucket)
        captions = read_table(self._plan / "captions", part)
        pictures = fates_of(tables["gathered"], captions["uid"])
        is_kept = pc.equal(pictures["fate"], Fate.KEPT.value)
        kept = pictures.filter(is_kept)
        failed = {row["uid"]: row for row in pictures.filter(pc.invert(is_kept)).to_pylist()}
        captions_kept = pc.is_in(captions["uid"], value_set=kept["uid"].combine_chunks())
        lost = captions.filter(pc.invert(captions_kept)).select(["caption_id", "uid", "row"])
        ledger = list(_ledger_rows(failed, lost))
        captions = captions.filter(captions_kept)
        write_table(self._fresh / PICTURES, part, kept.select(arrow_schema(Picture).names))
        write_table(self._fresh / SOURCE_CAPTIONS, part, captions)
        planned = read_table(self._plan / "ledger", part)
        whole = pa.concat_tables([planned, table_of(LedgerRow, ledger)])
        write_table(self._fresh / self._ledger, part, whole)
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts |= {"picture kept": kept.num_rows, "caption kept": captions.num_rows}
        yield from counts.items()


def fates_of(gathered: pa.Table, wanted: pa.ChunkedArray) -> pa.Table:
    """What became of each wanted picture, or document, in the end.

    Raises:
      RunError: where a picture that was planned stands in no shard.
    """
    found = latest(gathered.filter(pc.is_in(gathered["uid"], value_set=pc.unique(wanted))))
    missing = len(pc.unique(wanted)) - found.num_rows
    if missing:
        raise RunError(
            f"{missing} of what was planned stand in no shard: if one was removed, remove _work "
            "below the output, too, and run the same command again"
        )
    return found


def latest(gathered: pa.Table) -> pa.Table:
    """The last word on each picture, ordered by uid: one gathered again stands in two shards."""
    gathered = gathered.sort_by([("uid", "ascending"), ("image_shard", "descending")])
    uids = gathered["uid"].to_numpy(zero_copy_only=False)
    first = np.ones(len(uids), dtype=bool)
    first[1:] = uids[1:] != uids[:-1]
    return gathered.filter(pa.array(first))


def _ledger_rows(failed: dict[str, dict[str, Any]], lost: pa.Table) -> Iterator[LedgerRow]:
    seen = set()
    for caption in lost.to_pylist():
        uid, row = caption["uid"], caption["row"]
        picture = failed[uid]
        fate, reason = picture["fate"], picture["reason"]
        if uid not in seen:
            seen.add(uid)
            detail = picture["error_message"] or picture["url"]
            yield LedgerRow("gather", Unit.PICTURE.value, uid, "", row, fate, reason, detail)
        yield LedgerRow(
            "gather", Unit.CAPTION.value, caption["caption_id"], uid, row, fate, reason, ""
        )
