"""Near pairs among hashes as Beam joins: pictures are numbers here, and hashes are all they have.

Nothing is collected but edges between numbers, and of a bucket's pairs no more of them than hold
its pictures together.
"""

import json
from collections.abc import Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa

from filters.components import Edges, closed
from filters.near_hashes import HASH_BYTES, Hashes, Rows, key_places, near_keys, near_pairs
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, pieces_for
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.layout import part_name

NODES = pa.schema([("number", pa.int64()), ("hash", pa.binary(HASH_BYTES))])
"""Pictures by number, with their hashes as `filters.near_hashes.dealt` leaves them."""

EDGES = pa.schema([("child", pa.int64()), ("parent", pa.int64())])
"""Pairs of pictures, by their numbers."""

_KEYED = pa.schema([("key", pa.int32()), *NODES])
_BUCKET_ROWS = 400_000  # of 44 bytes, and 60 more while they are sorted
_PASS_ROWS = 8_000_000  # that a local runner holds at once, 44 bytes each
_EDGES_HELD = 1 << 20


def find_near(run: Run, nodes: Folder, number: int, edges: Folder, max_distance: int) -> int:
    """Writes edges between near hashes below `edges`; says how many. Goes on where it was stopped.

    Args:
      run: the run.
      nodes: folder of `NODES`, no hash twice.
      number: of these.
      edges: folder to write.
      max_distance: bits, in [0, 31].
    """
    places = key_places(max_distance)
    passes = -(-number * len(places) // _PASS_ROWS) if run.workers else 1
    found = 0
    for at in range(passes):
        name = f"near-{at:03d}"
        if not edges.exists(f"{name}.json"):
            _one_pass(run, nodes, number, places[at::passes], edges / name, max_distance)
            edges.write(f"{name}.json", (edges / name).read("counts.json"))
        found += json.loads(edges.read(f"{name}.json")).get("edges", 0)
    return found


def _one_pass(
    run: Run, nodes: Folder, number: int, places: list[int], edges: Folder, max_distance: int
) -> None:
    buckets = max(1, -(-number * len(places) // _BUCKET_ROWS))
    with run.pipeline(pieces_for(buckets)) as pipeline:
        keyed = (
            pipeline | Deal("hashes", nodes.names()) | beam.Map(_keyed, nodes=nodes, places=places)
        )
        _ = (
            {"hashes": keyed}
            | Regroup(
                "hashes by key",
                {"hashes": _KEYED},
                buckets,
                lambda table: table["key"].to_numpy() % buckets,
            )
            | beam.ParDo(_JoinNear(edges, max_distance))
            | Tally(edges, "counts.json")
        )


def hash_column(hashes: Hashes) -> pa.Array:
    """Hashes as a column of Arrow's."""
    data = pa.py_buffer(np.ascontiguousarray(hashes))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(HASH_BYTES), len(hashes), [None, data])


def hashes_in(table: pa.Table) -> Hashes:
    """The column `hash` of a table, shape [rows, 32]."""
    column = table["hash"].combine_chunks()
    everything = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, HASH_BYTES)
    return everything[column.offset : column.offset + len(column)]


def edge_table(edges: Edges) -> pa.Table:
    return pa.table(list(edges), schema=EDGES)


def _keyed(name: str, nodes: Folder, places: list[int]) -> pa.Table:
    table = read_table(nodes, name)
    rows, keys = near_keys(hashes_in(table), places)
    repeated = table.take(pa.array(rows))
    return pa.table([keys.astype(np.int32), *repeated.columns], schema=_KEYED)


class _JoinNear(beam.DoFn):
    """Compares the hashes of a bucket's keys, writes the edges found, tells their number."""

    def __init__(self, edges: Folder, max_distance: int) -> None:
        self._edges = edges
        self._max_distance = max_distance

    def process(self, keyed: Keyed) -> Iterator[Count]:
        bucket, tables = keyed
        table = tables["hashes"]
        numbers = table["number"].to_numpy()
        keys = table["key"].to_numpy().astype(np.int64)
        left, right = _held_together(keys, hashes_in(table), self._max_distance)
        if len(left):
            found = edge_table((numbers[left], numbers[right]))
            write_table(self._edges, part_name(bucket), found)
            yield "edges", found.num_rows


def _held_together(keys: Rows, hashes: Hashes, max_distance: int) -> Edges:
    """Edges enough to tie together all rows that near pairs do, however many pairs there are."""
    held = (np.empty(0, np.int64), np.empty(0, np.int64))
    for left, right, _, _ in near_pairs(keys, hashes, max_distance):
        held = (np.concatenate([held[0], left]), np.concatenate([held[1], right]))
        if len(held[0]) > _EDGES_HELD:
            held = closed(*held)
    return closed(*held)
