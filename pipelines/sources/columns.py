"""Columns of Arrow as text; a value that Python cannot take costs its row, not its table."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.rows import Values, as_text

_BATCH_ROWS = 20_000
_BATCH_BYTES = 64_000_000  # unpacked, of the columns that are read
_NO_TEXT = "\udcff"  # a lone surrogate: what no text may hold

_BYTES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)


def parquet_values(
    parquet: pq.ParquetFile, row_groups: list[int], columns: list[str]
) -> Iterator[Values]:
    """The rows of some row groups."""
    rows = _rows_at_once(parquet, row_groups, columns)
    for batch in parquet.iter_batches(rows, row_groups=row_groups, columns=columns):
        yield from batch_values(batch)


def batch_values(batch: pa.RecordBatch) -> Iterator[Values]:
    """The rows of a batch."""
    columns = {name: texts_of(batch.column(name)) for name in batch.schema.names}
    for offset in range(batch.num_rows):
        yield {name: column[offset] for name, column in columns.items()}


def texts_of(column: pa.Array) -> list[str | None]:
    """A column's values as text; what is not UTF-8 keeps lone surrogates, found later."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if any(is_bytes(column.type) for is_bytes in _BYTES):
        raw = column.cast(pa.large_binary()).to_pylist()
        return [
            None if value is None else value.decode("utf-8", "surrogateescape") for value in raw
        ]
    try:
        return [as_text(value) for value in column.to_pylist()]
    except (ValueError, OverflowError):
        return [_text_of(value) for value in column]


def _text_of(value: Any) -> str | None:
    try:
        return as_text(value.as_py())
    except (
        ValueError,
        OverflowError,
    ):  # bytes that are not UTF-8 in a list, a date in year 300,000
        return _NO_TEXT


def _rows_at_once(parquet: pq.ParquetFile, row_groups: list[int], columns: list[str]) -> int:
    """How many rows of these columns fit memory; a few long captions make small batches."""
    total = rows = 0
    for number in row_groups:
        group = parquet.metadata.row_group(number)
        rows += group.num_rows
        for index in range(group.num_columns):
            chunk = group.column(index)
            if chunk.path_in_schema.partition(".")[0] in columns:
                total += chunk.total_uncompressed_size
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES * rows // max(1, total)))
