"""Rows on their way to other buckets, in files instead of a shuffle.

What is regrouped in a shuffle stays with Beam's local runner until the pipeline ends, in memory. So
each table is written to a file of its own, a bucket's rows together, and the shuffle carries where
they lie: some 60 bytes a table and bucket, however many rows that is and however large they are.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines.storage import Folder
from pipelines.threads import in_threads
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    Regroup,
    TableCoder,
    arrow_schema,
    column_buckets,
    runs,
)

PLACES = pa.schema(
    [
        pa.field("bucket", pa.int64(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("first", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
    ]
)
"""Where rows of a bucket lie: the bytes [first, end) of a file."""

_NAME_BYTES = 16
_CODER = TableCoder()


class FileRows(beam.DoFn):
    """Writes the rows of a table by bucket; yields a table of `PLACES`.

    A file is called by what is in it: whoever writes the same again leaves it as it is.

    Args:
      folder: where to.
      bucket_of: see `Regroup`.
    """

    def __init__(self, folder: Folder, bucket_of: Callable[[pa.Table], np.ndarray]) -> None:
        self._folder = folder
        self._bucket_of = bucket_of

    def process(self, table: pa.Table) -> Iterator[pa.Table]:
        if not table.num_rows:
            return
        buckets = self._bucket_of(table)
        order = np.argsort(buckets, kind="stable")
        ordered = table.take(pa.array(order))
        found = list(runs(buckets[order]))
        coded = [_CODER.encode(ordered.slice(start, end - start)) for _, start, end in found]
        data = b"".join(coded)
        name = blake2b(data, digest_size=_NAME_BYTES).hexdigest()
        self._folder.write(name, data)
        ends = np.cumsum([len(piece) for piece in coded]).tolist()
        columns = [[bucket for bucket, _, _ in found], [name] * len(found), [0, *ends[:-1]], ends]
        yield pa.table([pa.array(column) for column in columns], schema=PLACES)


class RegroupPlaces(beam.PTransform):
    """Regroups rows as `Regroup` does, but brings tables of `PLACES` to the buckets.

    Args:
      label: what is regrouped by what.
      folder: for the rows.
      buckets: how many.
      bucket_of: see `Regroup`.
    """

    def __init__(
        self,
        label: str,
        folder: Folder,
        buckets: int,
        bucket_of: Callable[[pa.Table], np.ndarray],
    ) -> None:
        super().__init__(label=f"Places[{label}]")
        self._label = label
        self._file = FileRows(folder, bucket_of)
        self._buckets = buckets

    def expand(self, tables: Any) -> beam.PCollection[Keyed]:
        places = {
            name: rows | f"File[{name}]" >> beam.ParDo(self._file).with_output_types(pa.Table)
            for name, rows in tables.items()
        }
        schemas, by_bucket = dict.fromkeys(places, PLACES), column_buckets("bucket")
        return places | Regroup(self._label, schemas, self._buckets, by_bucket)


class RegroupFiled(beam.PTransform):
    """Regroups rows as `Regroup` does, by way of files.

    Args:
      label: what is regrouped by what.
      folder: for the rows.
      schemas: of the tables, by the name of their collection.
      buckets: how many; a bucket's tables must fit a worker's memory.
      bucket_of: see `Regroup`.
    """

    def __init__(
        self,
        label: str,
        folder: Folder,
        schemas: dict[str, pa.Schema],
        buckets: int,
        bucket_of: Callable[[pa.Table], np.ndarray],
    ) -> None:
        super().__init__(label=f"Filed[{label}]")
        self._folder = folder
        self._schemas = schemas
        self._regroup = RegroupPlaces(label, folder, buckets, bucket_of)

    def expand(self, tables: Any) -> beam.PCollection[Keyed]:
        read = beam.Map(_read_all, self._folder, self._schemas)
        return tables | self._regroup | "Read" >> read.with_output_types(Keyed)


class RegroupBuckets(beam.PTransform):
    """Reads rows from every bucket, and leaves them in the buckets that they belong to.

    Args:
      label: what is regrouped by what.
      folder: for the rows on their way.
      read: a bucket's number in, tables out.
      row: the dataclass of their rows.
      buckets: how many, of those read and of those written.
      bucket_of: see `Regroup`.
      write: takes a bucket's number and its rows, in arbitrary order.
    """

    def __init__(
        self,
        label: str,
        folder: Folder,
        read: beam.DoFn,
        row: type[Any],
        buckets: int,
        bucket_of: Callable[[pa.Table], np.ndarray],
        write: Callable[[int, pa.Table], None],
    ) -> None:
        super().__init__(label=label)
        self._read = read
        self._buckets = buckets
        schemas = {_ROWS: arrow_schema(row)}
        self._regroup = RegroupFiled(label, folder, schemas, buckets, bucket_of)
        self._write = write

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        rows = begin | Deal("buckets", range(self._buckets)) | beam.ParDo(self._read)
        return {_ROWS: rows} | self._regroup | beam.Map(_write_rows, self._write)


def read_places(folder: Folder, places: pa.Table) -> Iterator[pa.Table]:
    """The rows that lie in `places`, a table of `PLACES`, one place after the other."""
    columns = (places[name].to_pylist() for name in ("file", "first", "end"))

    def read(place: tuple[str, int, int]) -> bytes:
        file, first, end = place
        return folder.ranges(file, [(first, end)])[0]

    yield from map(_CODER.decode, in_threads(read, zip(*columns, strict=True), _AT_ONCE))


def _read_all(keyed: Keyed, folder: Folder, schemas: dict[str, pa.Schema]) -> Keyed:
    bucket, places = keyed
    return bucket, {
        name: pa.concat_tables(
            [schema.empty_table(), *read_places(folder, places[name])]
        ).combine_chunks()
        for name, schema in schemas.items()
    }


def _write_rows(keyed: Keyed, write: Callable[[int, pa.Table], None]) -> None:
    bucket, tables = keyed
    write(bucket, tables[_ROWS])


_ROWS = "rows"
_AT_ONCE = 4
