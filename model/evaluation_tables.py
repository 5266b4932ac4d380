"""Parquet files and folders anywhere fsspec reaches, for evaluation."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from model.evaluation_sets import DataError, EvaluationSet
from schemas.languages import normalise_tag

_LANGUAGE_COLUMNS = ("language", "lang")
_ROWS_AT_ONCE = 1_024
_ROWS_WITH_PICTURES_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Table:
    """A table in one or more Parquet files of the same columns.

    Attributes:
      data: as the user named it.
      fs: fsspec's file system.
      paths: of the files, in it.
      schema: of the first file.
    """

    data: str
    fs: Any
    paths: tuple[str, ...]
    schema: pa.Schema

    @property
    def folder(self) -> str:
        """Where the files lie."""
        return posixpath.dirname(self.paths[0])

    def pick(self, given: str, defaults: Sequence[str]) -> str:
        """The column that was `given`, else the first of `defaults` that is there, else "".

        Raises:
          DataError: there is no column of the given name.
        """
        if given:
            self.require(given)
            return given
        return next((name for name in defaults if name in self.schema.names), "")

    def require(self, *columns: str) -> None:
        """Raises DataError where a column is not there."""
        for name in columns:
            if name not in self.schema.names:
                raise DataError(
                    f"{self.data} has no column {name!r}, it has {', '.join(self.schema.names)}"
                )

    def require_texts(self, *columns: str) -> None:
        """Raises DataError where a column does not hold texts or lists of them."""
        for name in columns:
            kind = self.schema.field(name).type
            if pa.types.is_list(kind) or pa.types.is_large_list(kind):
                kind = kind.value_type
            if pa.types.is_dictionary(kind):
                kind = kind.value_type
            if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
                raise DataError(f"column {name!r} of {self.data} must hold texts, got {kind}")

    def rows(
        self, columns: Sequence[str], limit: int | None = None, *, pictures: bool = False
    ) -> Iterator[dict[str, Any]]:
        """The rows' values of some columns, some rows at a time; fewer of them with pictures.

        Raises:
          DataError: a file lacks a column, or is no Parquet.
        """
        left = limit
        at_once = _ROWS_WITH_PICTURES_AT_ONCE if pictures else _ROWS_AT_ONCE
        for path in self.paths:
            with self.fs.open(path, "rb") as file:
                content = _parquet(file, path)
                if missing := set(columns) - set(content.schema_arrow.names):
                    raise DataError(f"{path} has no column {min(missing)!r}, {self.paths[0]} does")
                for batch in _batches(content, path, at_once, columns):
                    rows = batch.to_pylist()[:left]
                    yield from rows
                    if left is not None:
                        left -= len(rows)
                        if not left:
                            return


@dataclass(frozen=True, slots=True)
class Tongue:
    """Which language a row's text is in.

    Attributes:
      column: that says it, or "".
      language: of all rows, where no column says it.
    """

    column: str
    language: str

    @classmethod
    def of(cls, table: Table, of: EvaluationSet, *preferred: str) -> "Tongue":
        """As the set has it; `preferred` are columns that go before those named `language`.

        Raises:
          DataError: neither the set nor the table says it.
        """
        if of.language:
            return cls("", of.language)
        column = table.pick(of.language_column, (*preferred, *_LANGUAGE_COLUMNS))
        if not column:
            raise DataError(
                f"{table.data} has no column 'language': give language_column, or the language "
                f"of all its texts; its columns are {', '.join(table.schema.names)}"
            )
        table.require_texts(column)
        return cls(column, "")

    @property
    def columns(self) -> tuple[str, ...]:
        """Those to be read."""
        return (self.column,) if self.column else ()

    def code(self, row: dict[str, Any]) -> str:
        """The row's ISO 639-1 code, or `und`."""
        return normalise_tag(row[self.column]) if self.column else self.language


def open_table(data: str) -> Table | None:
    """The table at `data`, a file or a folder with Parquet files right in it; None: no such file.

    Raises:
      DataError: nothing is there, or it is no Parquet.
    """
    fs, path = locate(data)
    if fs.isfile(path):
        paths = [path]
    else:
        paths = [f"{path}/{name}" for name in names_in(fs, path) if name.endswith(".parquet")]
    if not paths:
        return None
    with fs.open(paths[0], "rb") as file:
        schema = _parquet(file, paths[0]).schema_arrow
    return Table(data, fs, tuple(paths), schema)


def locate(data: str) -> tuple[Any, str]:
    """The file system of `data` and the path in it.

    Raises:
      DataError: nothing is there, or no package for its protocol is installed.
    """
    try:
        fs, path = fsspec.core.url_to_fs(data)
    except (ImportError, ValueError) as error:
        raise DataError(f"{data} cannot be opened: {error}") from error
    if not fs.exists(path):
        raise DataError(f"there is nothing at {data}")
    return fs, path.rstrip("/")


def names_in(fs: Any, path: str) -> list[str]:
    """The files right in a folder, sorted; none where there is no folder."""
    if not fs.isdir(path):
        return []
    entries = fs.ls(path, detail=True)
    files = (entry["name"] for entry in entries if entry["type"] == "file")
    return sorted(posixpath.basename(name) for name in files)


def texts_in(value: str | list[str | None] | None) -> list[str]:
    """A column's text, or the texts of its list, without white space at their ends; none is empty.

    >>> texts_in(" a kite "), texts_in(["a kite", None, " "]), texts_in(None)
    (['a kite'], ['a kite'], [])
    """
    texts = value if isinstance(value, list) else [value]
    return [text.strip() for text in texts if text and text.strip()]


def is_negative(column: str) -> bool:
    """Whether a column holds hard negatives, as sentence-transformers names them."""
    return re.fullmatch(r"negative(_\d+)?", column) is not None


def _batches(
    content: pq.ParquetFile, path: str, rows: int, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Some columns of a file, so many rows at a time."""
    try:
        yield from content.iter_batches(rows, columns=list(columns))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _parquet(file: Any, path: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} is no Parquet: {error}") from error
