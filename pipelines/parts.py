"""Parts of tables: counts of them and single rows out of them, without reading the rest.

What makes pyarrow import pandas, its compute or its dataset module (`to_numpy` does) is left out on
purpose: that takes longer than most questions asked here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.storage import Folder
from pipelines.threads import in_threads
from schemas.ids import bucket_of
from schemas.layout import part_name

Row = TypeVar("Row")
Counted = Counter[tuple[str, ...]]

_BATCH_ROWS = 50_000


class Unreadable(Exception):
    """A file that is missing or is not the table it should be; the message says which of these."""


@contextmanager
def open_table(folder: Folder, name: str, columns: Iterable[str], **options: Any) -> Iterator[Any]:
    """A `ParquetFile` that has these columns.

    Raises:
      Unreadable: then, or while it is read.
    """
    try:
        with folder.open(name) as file:
            parquet = pq.ParquetFile(file, **options)
            missing = [column for column in columns if column not in parquet.schema_arrow.names]
            if missing:
                raise Unreadable(f"it has no column {missing[0]}")
            yield parquet
    except FileNotFoundError as error:
        raise Unreadable("it is missing") from error
    except (pa.ArrowException, BufferError, OSError) as error:  # BufferError: nulls
        raise Unreadable(f"it cannot be read: {error}") from error


def numbers(table: pa.Table, column: str) -> np.ndarray:
    """A column without nulls, shape [rows]."""
    return np.from_dlpack(table[column].combine_chunks())


def row_count(folder: Folder, name: str) -> int:
    """How many rows a table's footer says it has. Raises Unreadable."""
    with open_table(folder, name, ()) as parquet:
        return int(parquet.metadata.num_rows)


def rows_below(folder: Folder) -> int:
    """How many rows the parts of a table have. Raises Unreadable."""
    return sum(row_count(folder, name) for name in part_names(folder))


def read_columns(folder: Folder, name: str, columns: list[str]) -> pa.Table:
    """Some columns of a whole part, none of which has nulls. Raises Unreadable."""
    with open_table(folder, name, columns) as parquet:
        table = parquet.read(columns)
        empty = [column for column in columns if table[column].null_count]
        if empty:
            raise Unreadable(f"its column {empty[0]} has nulls")
        return table


def iter_column(folder: Folder, name: str, column: str) -> Iterator[str]:
    """A column's values one by one, a batch of them in memory. Raises Unreadable."""
    with open_table(folder, name, [column]) as parquet:
        for batch in parquet.iter_batches(_BATCH_ROWS, columns=[column]):
            yield from batch.column(0).to_pylist()


def count_values(folder: Folder, name: str, columns: list[str]) -> Counted:
    """How often each combination of values of some text columns occurs. Raises Unreadable."""
    counted: Counted = Counter()
    with open_table(folder, name, columns, read_dictionary=columns) as parquet:
        for batch in parquet.iter_batches(_BATCH_ROWS, columns=columns):
            encoded = [batch.column(column) for column in columns]
            codes = np.stack([np.from_dlpack(array.indices) for array in encoded])
            values = [array.dictionary.to_pylist() for array in encoded]
            present, times = np.unique(codes, axis=1, return_counts=True)
            for at, n in zip(present.T.tolist(), times.tolist(), strict=True):
                counted[tuple(of[code] for of, code in zip(values, at, strict=True))] += n
    return counted


def part_names(folder: Folder) -> list[str]:
    """The parts of a table, in order."""
    return [name for name in folder.names() if _is_part(name)]


def part_number(name: str) -> int:
    """The number in a part's name."""
    return int(name.removeprefix("part-").removesuffix(".parquet"))


def parts_between(folder: Folder, low: str, high: str) -> list[str]:
    """The parts of a table cut by uid that may tell of uids in `[low, high]`, hex digests both."""
    names = part_names(folder)
    number = part_number(names[-1]) + 1 if names else 0
    wanted = range(bucket_of(low, number), bucket_of(high, number) + 1) if number else range(0)
    return sorted({part_name(bucket) for bucket in wanted} & set(names))


def rows_between(
    folder: Folder, name: str, column: str, low: str, high: str, most: int = 100_000
) -> list[dict[str, Any]]:
    """The rows of a table whose text `column` is in `[low, high]`, `most` of them at most.

    Reads the row groups that can hold such a value by their statistics, of those first `column`,
    and the other columns only where it was found.

    Raises:
      Unreadable: where it is missing or no table.
    """
    found: list[dict[str, Any]] = []
    with open_table(folder, name, [column]) as parquet:
        at = parquet.schema_arrow.names.index(column)
        for group in range(parquet.num_row_groups):
            statistics = parquet.metadata.row_group(group).column(at).statistics
            if not _can_hold(statistics, low, high):
                continue
            values = parquet.read_row_group(group, [column]).column(0).to_pylist()
            rows = [row for row, value in enumerate(values) if value and low <= value <= high]
            if rows:
                table = parquet.read_row_group(group)
                found += [table.slice(row, 1).to_pylist()[0] for row in rows[: most - len(found)]]
            if len(found) >= most:
                break
    return found


def search(
    folder: Folder, names: list[str], column: str, low: str, high: str, most: int = 100_000
) -> list[dict[str, Any]]:
    """`rows_between` over several tables; one that is missing or broken holds nothing."""

    def look(name: str) -> list[dict[str, Any]]:
        try:
            return rows_between(folder, name, column, low, high, most)
        except Unreadable:
            return []

    found = in_threads(look, names) if len(names) > 1 else map(look, names)
    return [row for rows in found for row in rows]


def as_row(row_type: type[Row], values: dict[str, Any]) -> Row:
    """A table's row as the dataclass that describes it; columns that are not ours are left out.

    What has a default may lack: an earlier version did not write it.
    """
    told = {of.name: values[of.name] for of in fields(row_type) if of.name in values}  # type: ignore[arg-type]
    return row_type(**told)


def _is_part(name: str) -> bool:
    return name.startswith("part-") and name.endswith(".parquet") and name[5:-8].isdigit()


def _can_hold(statistics: Any, low: str, high: str) -> bool:
    if statistics is None or not statistics.has_min_max:
        return True
    return bool(statistics.min <= high and statistics.max >= low)
