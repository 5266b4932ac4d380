"""Final triplets: `anchor, positive, negative_1 …, scores` by kind, and all else beside."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.recipe import Recipe
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from schemas.ids import order_key
from schemas.layout import TRIPLETS, packed_triplets, part_name


@dataclass(frozen=True, slots=True)
class TripletBuckets:
    """Where triplets of some kinds go: each kind has as many buckets as its rows need.

    Attributes:
      kinds: by name, the number of the first bucket and how many there are.
    """

    kinds: dict[str, tuple[int, int]]

    @property
    def number(self) -> int:
        return sum(buckets for _, buckets in self.kinds.values())

    def of(self, table: pa.Table) -> np.ndarray:
        """The bucket of each row, by its kind and its place in the order."""
        rows = zip(table["kind"].to_pylist(), table["order"].to_pylist(), strict=True)
        found = []
        for kind, order in rows:
            first, buckets = self.kinds[kind]
            found.append(first + (int(order[:12], 16) * buckets >> 48))
        return np.array(found, np.int64)

    def place(self, bucket: int) -> tuple[str, int]:
        """The kind of a bucket, and its number among that kind's."""
        return next(
            (kind, bucket - first)
            for kind, (first, buckets) in self.kinds.items()
            if first <= bucket < first + buckets
        )


class ReadTriplets(beam.DoFn):
    """The triplets of a part, with their places."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def process(self, name: str) -> Iterator[pa.Table]:
        table = read_table(Folder(self._recipe.output) / TRIPLETS, name)
        ids = table["triplet_id"].to_pylist()
        orders = [order_key(self._recipe.seed, id_) for id_ in ids]
        yield table.append_column("order", pa.array(orders, pa.string()))


def write_triplets(keyed: Keyed, buckets: TripletBuckets, fresh: Folder) -> Iterator[Count]:
    """Writes a bucket's triplets as sentence-transformers reads them, and all that is known."""
    bucket, tables = keyed
    kind, number = buckets.place(bucket)
    rows = tables["triplets"].sort_by("order").drop_columns(["order"])
    train, beside = packed_triplets(kind)
    texts = [name for name in rows.column_names if name.startswith("negative_")]
    negatives = [name for name in texts if name.removeprefix("negative_").isdigit()]
    columns = ["anchor", "positive", *negatives, "scores"]
    write_table(fresh / train, part_name(number), rows.select(columns))
    write_table(fresh / beside, part_name(number), rows)
    yield "triplet in", rows.num_rows
    yield "triplet kept", rows.num_rows
