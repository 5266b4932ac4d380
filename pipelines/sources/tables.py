"""Rows of tables: Parquet, CSV, TSV and JSON lines."""

import csv
import io
import itertools
import json
import posixpath
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import RecipeError
from pipelines.recipe import Source
from pipelines.sources.columns import parquet_values
from pipelines.sources.files import PACKED, found_files, open_file, suffix_of
from pipelines.sources.rows import (
    MALFORMED_ROW,
    Broken,
    InputRow,
    Split,
    Values,
    as_text,
    input_row,
)
from pipelines.storage import shown

_TEXT_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_BYTES_A_ROW = 100  # of a text table whose rows are not counted
_PACKED_BYTES_A_ROW = 15
_RECORDS_LOOKED_AT = 100  # of JSON lines, for the columns there are
_LONGEST_LINE = 16_000_000  # characters; what follows them is passed over


def table_splits(index: int, source: Source) -> list[Split]:
    """The files of a table; of Parquet files the row groups."""
    whole = [
        replace(split, rows=max(1, size // _bytes_a_row(split.uri)))
        for split, size in found_files(index, source)
    ]
    with ThreadPoolExecutor(16) as pool:
        return [
            split for splits in pool.map(lambda s: _checked(source, s), whole) for split in splits
        ]


def table_rows(source: Source, split: Split) -> Iterator[InputRow]:
    """The rows of a split."""
    for number, values in enumerate(table_records(source, split), split.first_row):
        yield input_row(source, number, values)


def table_records(source: Source, split: Split) -> Iterator[Values | Broken]:
    """The rows of a split as their table has them."""
    if _format(split.uri) == "parquet":
        return _parquet_records(source, split)
    return _text_records(source, split)


def check_columns(source: Source, split: Split, names: list[str], needed: list[str]) -> None:
    """Refuses a table without a column that the recipe names, or with two of the name.

    Raises:
      RecipeError: naming the column.
    """
    wrong = [column for column in needed if names.count(column) != 1]
    if names and wrong:
        raise RecipeError(
            f"source {source.name!r}: {shown(split.uri)} must have a column {wrong[0]!r}, it has "
            + ", ".join(names)
        )


def row_groups(split: Split, parquet: pq.ParquetFile) -> list[Split]:
    """A split for each row group of a Parquet file."""
    metadata = parquet.metadata
    rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    starts = itertools.accumulate(rows, initial=0)
    return [
        replace(split, rows=number, exact=True, row_group=group, first_row=start)
        for group, (number, start) in enumerate(zip(rows, starts, strict=False))
    ]


def json_record(text: str) -> Values | Broken:
    """The fields of a JSON object as text."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Broken(MALFORMED_ROW, f"{error}: {text[:100]!r}")
    if not isinstance(record, dict):
        return Broken(MALFORMED_ROW, f"it must be a JSON object, got {text[:100]!r}")
    return {name: as_text(value) for name, value in record.items()}


def _checked(source: Source, split: Split) -> list[Split]:
    """The parts of one file, after a look at its columns."""
    kind = _format(split.uri)
    try:
        with open_file(split.uri, whole=kind == "parquet") as file:
            if kind == "parquet":
                parquet = pq.ParquetFile(file)
                check_columns(source, split, parquet.schema_arrow.names, _columns(source))
                return row_groups(split, parquet)
            with _decoded(file) as text:
                names = _text_columns(text, kind)
        check_columns(source, split, names, _columns(source))
        return [split if names else replace(split, rows=0)]
    except (pa.ArrowInvalid, EOFError, OSError) as error:
        raise RecipeError(
            f"source {source.name!r}: {shown(split.uri)} cannot be read: {error}"
        ) from error


def _columns(source: Source) -> list[str]:
    urls = [] if source.task == "text-pair" else [source.url_column]
    return list(dict.fromkeys([*urls, *source.columns()]))


def _parquet_records(source: Source, split: Split) -> Iterator[Values]:
    with open_file(split.uri, whole=True) as file:
        parquet = pq.ParquetFile(file)
        yield from parquet_values(parquet, [split.row_group], _columns(source))


def _text_records(_: Source, split: Split) -> Iterator[Values | Broken]:
    kind = _format(split.uri)
    with open_file(split.uri) as file, _decoded(file) as text:
        yield from _json_records(text) if kind == "jsonl" else _csv_records(text, kind)


def _csv_records(text: IO[str], kind: str) -> Iterator[Values | Broken]:
    reader = _csv_reader(text, kind)
    header: list[str] = next(reader, [])
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # a quote that nothing closes, a text of over 128 KiB
            yield Broken(MALFORMED_ROW, str(error))
            continue
        if len(fields) == len(header):
            yield dict(zip(header, fields, strict=True))
        elif fields:
            start = ",".join(fields)[:100]
            words = f"it must have {len(header)} fields, got {len(fields)}: {start!r}"
            yield Broken(MALFORMED_ROW, words)


def _csv_reader(text: IO[str], kind: str) -> Any:
    """TSV has no quoting (IANA text/tab-separated-values); a CSV field has 128 KiB at most."""
    if kind == "tsv":
        return csv.reader(_lines(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return csv.reader(_lines(text))


def _json_records(text: IO[str]) -> Iterator[Values | Broken]:
    return (json_record(line) for line in _lines(text) if line.strip())


def _lines(text: IO[str]) -> Iterator[str]:
    """The lines, each cut where it becomes too long for any row."""
    while line := text.readline(_LONGEST_LINE):
        yield line
        rest = line
        while len(rest) == _LONGEST_LINE and rest[-1] not in "\r\n":
            rest = text.readline(_LONGEST_LINE)


def _decoded(file: IO[bytes]) -> IO[str]:
    """Text of which invalid bytes become lone surrogates, found row by row."""
    return io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")


def _text_columns(text: IO[str], kind: str) -> list[str]:
    """The columns of a text table: its header, or the keys of its first records."""
    if kind == "jsonl":
        found = (record for record in _json_records(text) if not isinstance(record, Broken))
        records: Iterable[Values] = itertools.islice(found, _RECORDS_LOOKED_AT)
        return list(dict.fromkeys(itertools.chain.from_iterable(records)))
    return next(_csv_reader(text, kind), [])


def _bytes_a_row(path: str) -> int:
    return _PACKED_BYTES_A_ROW if suffix_of(path) in PACKED else _BYTES_A_ROW


def _format(uri: str) -> str:
    inner = posixpath.splitext(uri)[0] if suffix_of(uri) in PACKED else uri
    suffix = suffix_of(inner)
    if suffix == ".parquet":
        return "parquet"
    if suffix in _TEXT_FORMATS:
        return _TEXT_FORMATS[suffix]
    known = ", ".join([".parquet", *_TEXT_FORMATS])
    raise RecipeError(f"{shown(uri)} must be one of {known}, perhaps with .gz or .zst")
