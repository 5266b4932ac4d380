"""Tables in Parquet, written so that equal rows give equal bytes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.storage import Folder

_ROW_GROUP = 5_000  # small, so that one id is looked up without reading the whole part


def write_table(folder: Folder, name: str, table: pa.Table) -> None:
    """Writes `table` atomically; readers see all of it or nothing."""
    with folder.writing(name) as path:
        pq.write_table(
            table, path, row_group_size=_ROW_GROUP, compression="zstd", write_page_index=True
        )


def write_tables(folder: Folder, name: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Writes `tables` as one, a row group at a time, however they are cut."""
    with appending(folder, name, schema) as append:
        for table in tables:
            append(table)


@contextmanager
def appending(folder: Folder, name: str, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Gives what appends to a table, which is there when the context ends without an error."""
    with (
        folder.writing(name) as path,
        pq.ParquetWriter(path, schema, compression="zstd", write_page_index=True) as writer,
    ):
        held = schema.empty_table()

        def append(table: pa.Table) -> None:
            nonlocal held
            held = pa.concat_tables([held, table.cast(schema)])
            while held.num_rows >= _ROW_GROUP:
                writer.write_table(held.slice(0, _ROW_GROUP))
                held = held.slice(_ROW_GROUP)

        yield append
        writer.write_table(held)


def read_slice(folder: Folder, name: str, first: int, end: int) -> Iterator[pa.Table]:
    """The rows [first, end) of a table, a row group at a time; others are not read."""
    with folder.open(name) as file:
        parquet = pq.ParquetFile(file)
        start = 0
        for group in range(parquet.num_row_groups):
            rows = parquet.metadata.row_group(group).num_rows
            low, high = max(first - start, 0), min(end - start, rows)
            if low < high:
                yield parquet.read_row_group(group).slice(low, high - low)
            start += rows


def read_table(folder: Folder, name: str, columns: Iterable[str] | None = None) -> pa.Table:
    """Reads a whole table, or some of its columns."""
    with folder.open(name) as file:
        return pq.read_table(file, columns=None if columns is None else list(columns))


def read_rows(folder: Folder, name: str, row_type: type) -> list[Any]:
    """Reads a table as the dataclass that describes it."""
    names = [field.name for field in fields(row_type)]
    return rows_of(read_table(folder, name, names), row_type)


def rows_of(table: pa.Table, row_type: type) -> list[Any]:
    """The rows of a table as the dataclass that describes it: by column, which costs a third."""
    names = [field.name for field in fields(row_type)]
    return list(map(row_type, *(table[column].to_pylist() for column in names)))
