"""Columns instead of rows: the elements of our pipelines are Arrow tables of many rows.

Beam costs about 35 µs an element in a shuffle and 1 kB of memory locally; a table of thousands of
rows costs the same once. So rows are regrouped a bucket at a time, each bucket small enough for one
worker's memory, and what a bucket's worker does is plain columnar code.
"""

import dataclasses
import typing
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.coders import Coder, registry
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from schemas.rows import Float32

BUCKET_ROWS = 25_000
_HELD_BYTES = 32 << 20

_ARROW_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    Float32: pa.float32(),
    bool: pa.bool_(),
}


def arrow_schema(row_type: type) -> pa.Schema:
    """The schema of a table whose rows are `row_type`s; no column may hold nulls.

    >>> from schemas.rows import LedgerRow
    >>> arrow_schema(LedgerRow).names[:3]
    ['stage', 'unit', 'id']
    """
    hints = typing.get_type_hints(row_type)
    names = [field.name for field in dataclasses.fields(row_type)]
    return pa.schema([pa.field(name, _ARROW_TYPES[hints[name]], nullable=False) for name in names])


def table_of(row_type: type, rows: Iterable[Any]) -> pa.Table:
    """A table of dataclass rows."""
    schema = arrow_schema(row_type)
    getters = [(name, [getattr(row, name) for row in rows]) for name in schema.names]
    return pa.table(dict(getters), schema=schema)


def buckets_for(rows: int) -> int:
    """How many buckets `rows` rows are worked on in, so that one fits a worker's memory."""
    return max(1, -(-rows // BUCKET_ROWS))


def runs(ordered: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """The runs of equal integers in `ordered`, shape [rows]: (value, first row, end row).

    >>> list(runs(np.array([3, 3, 5]))), list(runs(np.array([], dtype=int)))
    ([(3, 0, 2), (5, 2, 3)], [])
    """
    values, starts = np.unique(ordered, return_index=True)
    ends = np.append(starts, len(ordered))[1:]
    yield from zip(values.tolist(), starts.tolist(), ends.tolist(), strict=True)


def pieces_for(buckets: int) -> int:
    """How many workers `buckets` are worth: one starts in two seconds, a bucket takes a half."""
    return -(-buckets // 4)


class TableCoder(Coder):
    """Tables as compressed Arrow IPC streams."""

    def encode(self, value: pa.Table) -> bytes:
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, value.schema, options=options) as writer:
            writer.write_table(value.combine_chunks())
        return bytes(sink.getvalue())

    def decode(self, encoded: bytes) -> pa.Table:
        return pa.ipc.open_stream(encoded).read_all()

    def is_deterministic(self) -> bool:
        return False  # the same rows may be chunked otherwise: tables are values, never keys


registry.register_coder(pa.Table, TableCoder)


class Deal(beam.PTransform):
    """Deals pieces of work out to the workers, one a piece, in turn.

    Each has a key of its own: the local runner deals keys out evenly, elements as they come.
    """

    def __init__(self, label: str, pieces: Iterable[Any]) -> None:
        super().__init__(label=f"Deal[{label}]")
        self._pieces = list(enumerate(pieces))

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Any]:
        return (
            begin
            | beam.Create(self._pieces, reshuffle=False).with_output_types(tuple[int, Any])
            | beam.GroupByKey()
            | beam.FlatMap(lambda keyed: keyed[1]).with_output_types(Any)
        )


class After(beam.PTransform):
    """Holds elements back until all of another collection is there, and what that one wrote.

    Args:
      label: what is waited for.
      others: the collection.
    """

    def __init__(self, label: str, others: beam.PCollection[Any]) -> None:
        super().__init__(label=f"After[{label}]")
        self._others = others

    def expand(self, elements: beam.PCollection[Any]) -> beam.PCollection[Any]:
        number = self._others | beam.combiners.Count.Globally()
        wait = beam.Map(lambda element, _: element, beam.pvalue.AsSingleton(number))
        return elements | wait.with_output_types(elements.element_type)


Keyed = tuple[int, dict[str, pa.Table]]


class Regroup(beam.PTransform):
    """Brings the rows of each bucket together: named tables in, (bucket, named tables) out.

    Every bucket comes out, an empty one too.

    Args:
      label: what is regrouped by what.
      schemas: of the tables, by the name of their collection.
      buckets: how many; a bucket's tables must fit a worker's memory.
      bucket_of: a table to its rows' buckets, integers in [0, buckets), shape [rows].

    The order of rows within a bucket is arbitrary: sort before anything depends on it.
    """

    def __init__(
        self,
        label: str,
        schemas: dict[str, pa.Schema],
        buckets: int,
        bucket_of: Callable[[pa.Table], np.ndarray],
    ) -> None:
        super().__init__(label=f"Regroup[{label}]")
        self._schemas = schemas
        self._buckets = buckets
        self._bucket_of = bucket_of

    def expand(self, tables: Any) -> beam.PCollection[Keyed]:
        pipeline = next(iter(tables.values())).pipeline
        pieces = {
            name: table | f"Split[{name}]" >> beam.ParDo(_SplitDoFn(self._bucket_of))
            for name, table in tables.items()
        }
        every = [(bucket, pa.table({})) for bucket in range(self._buckets)]
        created = beam.Create(every, reshuffle=False)  # what groups them spreads them, too
        pieces[_EVERY] = pipeline | created.with_output_types(tuple[int, pa.Table])
        return (
            pieces
            | beam.CoGroupByKey()
            | "Join" >> beam.Map(_join, self._schemas).with_output_types(Keyed)
        )


_EVERY = "every-bucket"


class _SplitDoFn(beam.DoFn):
    """Cuts tables by bucket, holding small pieces back within a bundle to emit fewer and larger."""

    def __init__(self, bucket_of: Callable[[pa.Table], np.ndarray]) -> None:
        self._bucket_of = bucket_of

    def start_bundle(self) -> None:
        self._held: dict[int, list[pa.Table]] = defaultdict(list)
        self._bytes = 0

    def process(self, table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
        buckets = self._bucket_of(table)
        order = np.argsort(buckets, kind="stable")
        ordered = table.take(pa.array(order))
        for bucket, start, end in runs(buckets[order]):
            self._held[bucket].append(ordered.slice(start, end - start))
        self._bytes += ordered.nbytes
        if self._bytes > _HELD_BYTES:
            yield from self._flush()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        window = GlobalWindow()
        for keyed in self._flush():
            yield WindowedValue(keyed, window.max_timestamp(), [window])

    def _flush(self) -> Iterator[tuple[int, pa.Table]]:
        for bucket, tables in self._held.items():
            yield bucket, pa.concat_tables(tables)
        self.start_bundle()


def _join(keyed: tuple[int, dict[str, Iterable[pa.Table]]], schemas: dict[str, pa.Schema]) -> Keyed:
    bucket, pieces = keyed
    return bucket, {
        name: pa.concat_tables([schema.empty_table(), *pieces[name]]).combine_chunks()
        for name, schema in schemas.items()
    }


def one_bucket(table: pa.Table) -> np.ndarray:
    """The only bucket there is: all rows come together."""
    return np.zeros(table.num_rows, np.int64)


def column_buckets(column: str) -> Callable[[pa.Table], np.ndarray]:
    """Buckets by a column that holds them."""
    return lambda table: table[column].to_numpy()


def hash_buckets(column: str, buckets: int) -> Callable[[pa.Table], np.ndarray]:
    """Buckets by the hex digest in `column`: equal ranges of the hash space, in its order."""

    def bucket_of(table: pa.Table) -> np.ndarray:
        prefixes = table[column].to_numpy(zero_copy_only=False).astype("U12")
        heads = np.array([int(prefix, 16) for prefix in prefixes], dtype=np.uint64)
        return ((heads * np.uint64(buckets)) >> np.uint64(48)).astype(np.int64)

    return bucket_of
