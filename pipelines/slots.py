"""Pictures to shards: whole hosts together, a hot host in several shards that share its budget.

Pictures that are read together, those of a row group, keep together as a host's do.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.local_pictures import row_group_of
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Keyed,
    Regroup,
    arrow_schema,
    column_buckets,
    hash_buckets,
    one_bucket,
    runs,
    table_of,
)
from pipelines.transforms.filed import FileRows, RegroupFiled, read_places
from pipelines.transforms.tables import write_table
from schemas.ids import bucket_of, digest
from schemas.rows import PlannedPicture


class PlanShards(beam.PTransform):
    """Writes a plan for each shard that is to be gathered, from tables of `PlannedPicture`s.

    Pictures wait in files until all are counted, and go to their buckets in files. Hosts with more
    than a shard's pictures are few enough for every worker's memory: at most pictures / `per_shard`
    names.

    Args:
      plan: gets `shards/*.parquet`, and `lists/*.json` that name them bucket by bucket; below
        `rows/` pictures are on their way.
      per_shard: pictures that a shard should have.
      buckets: to work on one after another.
    """

    def __init__(self, plan: Folder, per_shard: int, buckets: int) -> None:
        super().__init__()
        self._plan = plan
        self._per_shard = per_shard
        self._buckets = buckets

    def expand(self, pictures: beam.PCollection[pa.Table]) -> beam.PCollection[None]:
        hot = pictures | _HotHosts(self._per_shard, self._buckets)
        total = (
            pictures
            | "Rows" >> beam.Map(lambda table: table.num_rows)
            | "Total" >> beam.CombineGlobally(sum)
        )
        rows = self._plan / "rows"
        places = pictures | "File" >> beam.ParDo(FileRows(rows, one_bucket))
        slotted = places | "AssignSlots" >> beam.FlatMap(
            _assign_filed,
            rows=rows,
            total=beam.pvalue.AsSingleton(total),
            hot=beam.pvalue.AsList(hot),
            per_shard=self._per_shard,
            buckets=self._buckets,
        )
        schema, in_bucket = arrow_schema(SlottedPicture), column_buckets("bucket")
        return (
            {"pictures": slotted}
            | RegroupFiled("pictures by host", rows, {"pictures": schema}, self._buckets, in_bucket)
            | "Write" >> beam.Map(write_shard_plans, plan=self._plan)
        )


class _HotHosts(beam.PTransform):
    """The hosts with more than `cut` pictures, and how many: (host, pictures)."""

    def __init__(self, cut: int, buckets: int) -> None:
        super().__init__()
        self._cut = cut
        self._buckets = buckets

    def expand(self, pictures: beam.PCollection[pa.Table]) -> beam.PCollection[tuple[str, int]]:
        cut, schema = self._cut, arrow_schema(HostCount)
        hosts = pictures | "CountHosts" >> beam.Map(count_hosts)
        return (
            {"hosts": hosts}
            | Regroup("hosts", {"hosts": schema}, self._buckets, hash_buckets("key", self._buckets))
            | "Hot" >> beam.FlatMap(lambda keyed: hot_hosts(keyed[1]["hosts"], cut))
        )


@dataclass(frozen=True, slots=True)
class HostCount:
    """How many pictures of a host are to be fetched."""

    host: str
    key: str
    pictures: int


def count_hosts(pictures: pa.Table) -> pa.Table:
    """The hosts of a block of pictures, with `key`, a digest of the host to regroup by."""
    counts = Counter(_places(pictures))
    return table_of(HostCount, [HostCount(host, digest(host), n) for host, n in counts.items()])


def _places(pictures: pa.Table) -> list[str]:
    """What each picture is kept together with others by: its host, or its row group."""
    hosts, locations = pictures["host"].to_pylist(), pictures["location"].to_pylist()
    return [host or row_group_of(at) for host, at in zip(hosts, locations, strict=True)]


def hot_hosts(counts: pa.Table, cut: int) -> list[tuple[str, int]]:
    """The hosts of a bucket of counts that have more than `cut` pictures."""
    sums = counts.group_by("host").aggregate([("pictures", "sum")])
    hot = sums.filter(pc.greater(sums["pictures_sum"], cut))
    return list(zip(hot["host"].to_pylist(), hot["pictures_sum"].to_pylist(), strict=True))


@dataclass(frozen=True, slots=True)
class SlottedPicture(PlannedPicture):
    """A picture with its place in the plan.

    Attributes:
      slot: the shard of the plan it belongs to, before shards are numbered.
      bucket: of slots, for regrouping.
    """

    slot: int
    bucket: int


class Slots:
    """Gives every picture a slot: shards of whole hosts, and several shards for each hot host.

    Args:
      total: pictures to fetch.
      hot: hosts with more pictures than fit a shard, and their number of pictures.
      per_shard: pictures a shard should have.
    """

    def __init__(self, total: int, hot: list[tuple[str, int]], per_shard: int) -> None:
        cold = total - sum(pictures for _, pictures in hot)
        self._cold_slots = -(-cold // per_shard)
        self._hot: dict[str, tuple[int, int]] = {}
        first = self._cold_slots
        for host, pictures in sorted(hot):
            slots = -(-pictures // per_shard)
            self._hot[host] = (first, slots)
            first += slots
        self.number = first

    def of(self, host: str, uid: str) -> int:
        if host in self._hot:
            first, slots = self._hot[host]
            return first + bucket_of(uid, slots)
        return bucket_of(digest(host), self._cold_slots)


def _assign_filed(places: pa.Table, rows: Folder, **plan: Any) -> Iterator[pa.Table]:
    for pictures in read_places(rows, places):
        yield assign_slots(pictures, **plan)


def assign_slots(
    pictures: pa.Table, total: int, hot: list[tuple[str, int]], per_shard: int, buckets: int
) -> pa.Table:
    """Adds `slot` and `bucket`; a bucket holds whole slots."""
    slots = Slots(total, hot, per_shard)
    uids = pictures["uid"].to_pylist()
    numbers = [slots.of(at, uid) for at, uid in zip(_places(pictures), uids, strict=True)]
    in_buckets = [number * buckets // max(1, slots.number) for number in numbers]
    for name, column in (("slot", numbers), ("bucket", in_buckets)):
        field = pa.field(name, pa.int64(), nullable=False)
        pictures = pictures.append_column(field, pa.array(column, pa.int64()))
    return pictures


def write_shard_plans(keyed: Keyed, plan: Folder) -> None:
    """Writes a bucket's shard plans, and a list of them for the numbering."""
    bucket, tables = keyed
    # As they lie in their files; what is served over HTTP has no such order.
    order = [(column, "ascending") for column in ("slot", "location", "uid")]
    pictures = tables["pictures"].sort_by(order)
    shards: list[dict[str, str]] = []
    for _, start, end in runs(pictures["slot"].to_numpy()):
        name = f"shard-{bucket:05d}-{len(shards):05d}.parquet"
        part = pictures.slice(start, end - start).drop_columns(["slot", "bucket"])
        hosts = pc.unique(part["host"]).to_pylist()
        write_table(plan / "shards", name, part)
        shards.append({"plan": name, "host": hosts[0] if len(hosts) == 1 else ""})
    (plan / "lists").write(f"{bucket:05d}.json", json.dumps(shards).encode())
