"""Near pairs among hashes, joined by their bands: pictures are numbers here, hashes all they have.

Nothing comes out but edges between numbers, and of a bucket's pairs no more of them than hold its
pictures together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from filters.components import Edges, closed
from filters.near_hashes import (
    HASH_BYTES,
    Hashes,
    Rows,
    key_places,
    near_keys,
    near_leaders,
    near_pairs,
)
from pipelines.parts import row_count
from pipelines.storage import Folder
from pipelines.transforms.blocks import After, Deal
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from schemas.layout import part_name

NODES = pa.schema([("number", pa.int64()), ("hash", pa.binary(HASH_BYTES))])
"""Pictures by number, with their hashes as `filters.near_hashes.dealt` leaves them."""

EDGES = pa.schema([("child", pa.int64()), ("parent", pa.int64())])
"""Pairs of pictures, by their numbers."""

_BUCKET_ROWS = 400_000  # of 40 bytes, and 100 more while they are compared
_EDGES_HELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Bucket:
    """Keys whose hashes are compared in one piece of work.

    Attributes:
      number: of the bucket.
      places: of the bytes that are keys.
      rest: of a byte's value divided by `slices`.
      slices: how many buckets share these places.
    """

    number: int
    places: list[int]
    rest: int
    slices: int


class FindNear(beam.PTransform):
    """Writes edges between near hashes, tells their number; begins when all that is given is there.

    Args:
      nodes: folder of `NODES`, no hash twice, which are written until then.
      buckets: of their keys.
      edges: folder to write; a table that is there is not made again.
      max_distance: bits, in [0, 31].
    """

    def __init__(
        self, nodes: Folder, buckets: list[Bucket], edges: Folder, max_distance: int
    ) -> None:
        super().__init__()
        self._buckets = buckets
        self._compare = _CompareBucket(nodes, edges, max_distance)

    def expand(self, written: beam.PCollection[Any]) -> beam.PCollection[Count]:
        buckets = written.pipeline | Deal("buckets of keys", self._buckets)
        return buckets | After("nodes", written) | beam.ParDo(self._compare)


def buckets_of(number: int, max_distance: int) -> list[Bucket]:
    """All keys of so many hashes at most, in buckets of about equal size."""
    places = key_places(max_distance)
    slices = min(256, max(1, -(-number // _BUCKET_ROWS)))
    together = max(1, _BUCKET_ROWS // max(1, number))
    pieces = [
        (places[at : at + together], rest)
        for at in range(0, len(places), together)
        for rest in range(slices)
    ]
    return [Bucket(at, chosen, rest, slices) for at, (chosen, rest) in enumerate(pieces)]


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


class _CompareBucket(beam.DoFn):
    """Compares the hashes of a bucket's keys, writes the edges found, tells their number.

    Each bucket reads the tables of hashes for itself, one after the other, and holds what it needs
    of them: to shuffle every hash 32 times would cost the runner a kilobyte of memory a picture and
    more time than the comparing, beside which reading stays little however many pictures there are.
    """

    def __init__(self, nodes: Folder, edges: Folder, max_distance: int) -> None:
        self._nodes = nodes
        self._edges = edges
        self._max_distance = max_distance

    def process(self, bucket: Bucket) -> Iterator[Count]:
        name = part_name(bucket.number)
        if not self._edges.exists(name):
            write_table(self._edges, name, edge_table(self._compared(bucket)))
        yield "edges", row_count(self._edges, name)

    def _compared(self, bucket: Bucket) -> Edges:
        read = [_keyed(read_table(self._nodes, name), bucket) for name in self._nodes.names()]
        if not read:
            return closed(np.empty(0, np.int64), np.empty(0, np.int64))
        keys, hashes, numbers = map(np.concatenate, zip(*read, strict=True))
        return _held_together(keys, hashes, numbers, self._max_distance)


def _keyed(table: pa.Table, bucket: Bucket) -> tuple[Rows, Hashes, Rows]:
    """The keys of a table's hashes that are the bucket's, the hashes, the pictures' numbers."""
    hashes = hashes_in(table)
    rows, keys = near_keys(hashes, bucket.places)
    ours = keys % bucket.slices == bucket.rest
    rows, keys = rows[ours], keys[ours]
    return keys, hashes[rows], table["number"].to_numpy()[rows]


def _held_together(keys: Rows, hashes: Hashes, numbers: Rows, max_distance: int) -> Edges:
    """Edges enough to tie together all pictures that near pairs do, however many pairs there are.

    Pictures that are tied already are not compared: thousands of copies of one would cost millions
    of comparisons under each of their keys.
    """
    nodes, at = np.unique(numbers, return_inverse=True)
    led, leaders = near_leaders(keys, hashes, max_distance)
    held = closed(at[led], at[leaders])
    groups = np.arange(len(nodes))
    groups[held[0]] = held[1]
    for left, right, _, _ in near_pairs(keys, hashes, max_distance, groups[at]):
        held = (np.concatenate([held[0], at[left]]), np.concatenate([held[1], at[right]]))
        if len(held[0]) > _EDGES_HELD:
            held = closed(*held)
    children, parents = closed(*held)
    return nodes[children], nodes[parents]
