"""Input rows out of tables and folders, in blocks.

A row that cannot be read as a row is still a row: it comes out with its `fault`.
"""

import csv
import io
import itertools
import json
import posixpath
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import RecipeError, RunError
from pipelines.recipe import Source
from pipelines.storage import filesystem, shown

BLOCK_ROWS = 20_000
MALFORMED_ROW = "malformed-row"
INVALID_TEXT = "invalid-text"

_TEXT_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".avif"}
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_BYTES_A_ROW = 100  # of a text table whose rows are not counted
_PACKED_BYTES_A_ROW = 15
_RECORDS_LOOKED_AT = 100  # of JSON lines, for the columns there are
_BLOCK_CHARS = 8_000_000  # of captions; fewer rows make a block where they are long


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row as its source has it, every value as text.

    Attributes:
      number: in its file, from 0.
      url: or a path; "" where null.
      location: where to ask for it, "" to have it made from `url`.
      caption: "" where null.
      language: as stated, "" where null.
      uid: the source's own, "" where it has none.
      licence: of this row, "" where null.
      extras: the kept columns as a JSON object of strings.
      fault: "" or why the row could not be read.
    """

    number: int
    url: str
    location: str
    caption: str
    language: str
    uid: str
    licence: str
    extras: str
    fault: str


@dataclass(frozen=True, slots=True)
class Split:
    """A piece of a source that one worker reads.

    Attributes:
      source: index in the recipe.
      uri: of the file, or of a folder of pictures.
      name: of the file within its source; stands in row ids.
      version: size and time or tag of the file, for fingerprints.
      rows: how many it holds, estimated for text tables and folders.
      row_group: of a Parquet file, -1 for all.
      first_row: number of its first row in the file.
      max_rows: read no more, -1 for no limit.
    """

    source: int
    uri: str
    name: str
    version: str
    rows: int
    row_group: int = -1
    first_row: int = 0
    max_rows: int = -1


def find_splits(sources: Iterable[Source], limit: int | None) -> list[Split]:
    """All pieces of all sources, or of the first `limit` rows of each.

    Raises:
      RecipeError: naming the source where nothing matches, a column is missing, a file is not what
        its name says, or there are no rows.
    """
    splits: list[Split] = []
    for index, source in enumerate(sources):
        find = _folder_splits if source.format == "folder" else _table_splits
        found = find(index, source)
        found = found if limit is None else list(_first_rows(source, found, limit))
        if not any(split.rows for split in found):
            raise RecipeError(f"source {source.name!r}: there are no rows in {source.path}")
        splits += found
    return splits


def read_split(source: Source, split: Split) -> Iterator[list[InputRow]]:
    """The rows of a split, in blocks."""
    rows = _rows(source, split)
    if split.max_rows >= 0:
        rows = itertools.islice(rows, split.max_rows)
    block, chars = list[InputRow](), 0
    try:
        for row in rows:
            block.append(row)
            chars += len(row.caption)
            if len(block) == BLOCK_ROWS or chars > _BLOCK_CHARS:
                yield block
                block, chars = [], 0
    except (OSError, EOFError) as error:
        raise RunError(f"{shown(split.uri)} cannot be read to its end: {error}") from error
    if block:
        yield block


def _rows(source: Source, split: Split) -> Iterator[InputRow]:
    if source.format == "folder":
        return _folder_rows(source, split)
    if _format(split.uri) == "parquet":
        return _parquet_rows(source, split)
    return _text_rows(source, split)


# Tables


def _table_splits(index: int, source: Source) -> list[Split]:
    fs, pattern = filesystem(source.path)
    found = fs.glob(pattern, detail=True)
    files = sorted(path for path, info in found.items() if info["type"] != "directory")
    if not files:
        raise RecipeError(f"source {source.name!r}: no file matches {source.path}")
    root = posixpath.dirname(pattern.partition("*")[0])
    whole = [
        Split(
            source=index,
            uri=fs.unstrip_protocol(path),
            name=posixpath.relpath(path, root),
            version=_version(found[path]),
            rows=max(1, found[path]["size"] // _bytes_a_row(path)),
        )
        for path in files
    ]
    with ThreadPoolExecutor(16) as pool:
        return [
            split for splits in pool.map(lambda s: _checked(source, s), whole) for split in splits
        ]


def _checked(source: Source, split: Split) -> list[Split]:
    """The parts of one file, after a look at its columns."""
    try:
        if _format(split.uri) == "parquet":
            with _open(split.uri) as file:
                parquet = pq.ParquetFile(file)
                _check_columns(source, split, parquet.schema_arrow.names)
                groups = [
                    parquet.metadata.row_group(group).num_rows
                    for group in range(parquet.metadata.num_row_groups)
                ]
            starts = itertools.accumulate(groups, initial=0)
            return [
                replace(split, rows=rows, row_group=group, first_row=start)
                for group, (rows, start) in enumerate(zip(groups, starts, strict=False))
            ]
        with _open(split.uri) as file, _decoded(file) as text:
            names = _text_columns(text, _format(split.uri))
        _check_columns(source, split, names)
        return [split if names else replace(split, rows=0)]
    except (pa.ArrowInvalid, EOFError, OSError) as error:
        raise RecipeError(
            f"source {source.name!r}: {shown(split.uri)} cannot be read: {error}"
        ) from error


def _check_columns(source: Source, split: Split, names: list[str]) -> None:
    missing = [column for column in source.columns() if column not in names]
    if names and missing:
        raise RecipeError(
            f"source {source.name!r}: {shown(split.uri)} must have a column {missing[0]!r}, it has "
            + ", ".join(names)
        )


def _first_rows(source: Source, splits: list[Split], limit: int) -> Iterator[Split]:
    left = limit
    for split in splits:
        if left <= 0:
            return
        exact = source.format == "table" and _format(split.uri) == "parquet"
        rows = split.rows if exact else sum(1 for _ in itertools.islice(_rows(source, split), left))
        taken = min(rows, left)
        left -= taken
        yield replace(split, rows=taken, max_rows=taken)


def _parquet_rows(source: Source, split: Split) -> Iterator[InputRow]:
    with _open(split.uri) as file:
        parquet = pq.ParquetFile(file)
        groups = None if split.row_group < 0 else [split.row_group]
        batches = parquet.iter_batches(BLOCK_ROWS, row_groups=groups, columns=source.columns())
        start = split.first_row
        for batch in batches:
            columns = {name: _texts(batch.column(name)) for name in batch.schema.names}
            for offset in range(batch.num_rows):
                values = {name: column[offset] for name, column in columns.items()}
                yield _input_row(source, start + offset, values)
            start += batch.num_rows


def _texts(column: pa.Array) -> list[str | None]:
    """A column's values as text; what is not UTF-8 keeps lone surrogates, found later."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not any(is_text(column.type) for is_text in _TEXT_TYPES):
        return [_text(value) for value in column.to_pylist()]
    raw = column.cast(pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]


_TEXT_TYPES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
)


def _text_rows(source: Source, split: Split) -> Iterator[InputRow]:
    kind = _format(split.uri)
    with _open(split.uri) as file, _decoded(file) as text:
        records = _json_records(text) if kind == "jsonl" else _csv_records(text, kind)
        for number, values in enumerate(records):
            yield _input_row(source, number, values)


def _csv_records(text: Iterable[str], kind: str) -> Iterator[dict[str, str | None] | None]:
    reader = _csv_reader(text, kind)
    header: list[str] = next(reader, [])
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a quote that nothing closes
            yield None
            continue
        if fields:
            yield dict(zip(header, fields, strict=True)) if len(fields) == len(header) else None


def _csv_reader(text: Iterable[str], kind: str) -> Any:
    """TSV has no quoting (IANA text/tab-separated-values); a CSV field has 128 KiB at most."""
    if kind == "tsv":
        return csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)
    return csv.reader(text)


def _json_records(text: Iterable[str]) -> Iterator[dict[str, str | None] | None]:
    for line in text:
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                yield {name: _text(value) for name, value in record.items()}
            else:
                yield None


def _decoded(file: IO[bytes]) -> IO[str]:
    """Text of which invalid bytes become lone surrogates, found row by row."""
    return io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")


def _text_columns(text: Iterable[str], kind: str) -> list[str]:
    """The columns of a text table: its header, or the keys of its first record."""
    if kind == "jsonl":
        records = itertools.islice(filter(None, _json_records(text)), _RECORDS_LOOKED_AT)
        return list(dict.fromkeys(itertools.chain.from_iterable(records)))
    return next(_csv_reader(text, kind), [])


def _input_row(source: Source, number: int, values: dict[str, str | None] | None) -> InputRow:
    if values is None:
        return InputRow(number, "", "", "", "", "", "", "{}", MALFORMED_ROW)

    def get(column: str | None) -> str:
        return (values.get(column) or "") if column else ""

    extras = json.dumps({name: get(name) for name in source.keep_columns}, ensure_ascii=False)
    row = InputRow(
        number=number,
        url=get(source.url_column).strip(),
        location="",
        caption=get(source.caption_column),
        language=get(source.language_column),
        uid=get(source.uid_column),
        licence=get(source.licence_column) or source.licence,
        extras=extras,
        fault="",
    )
    return row if _is_unicode(row) else replace(row, **_BLANK, fault=INVALID_TEXT)


_BLANK: dict[str, Any] = {
    "url": "", "caption": "", "language": "", "uid": "", "licence": "", "extras": "{}"
}  # fmt: skip


def _is_unicode(row: InputRow) -> bool:
    try:
        "".join((row.url, row.caption, row.language, row.uid, row.licence, row.extras)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


# Folders


def _folder_splits(index: int, source: Source) -> list[Split]:
    """The pictures right in the folder, and a split for each folder in it."""
    fs, root = filesystem(source.path)
    try:
        entries = fs.ls(root, detail=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RecipeError(f"source {source.name!r}: there is no folder {source.path}") from error
    folders = sorted(entry["name"].rstrip("/") for entry in entries if entry["type"] == "directory")
    found = []
    for path in [root.rstrip("/"), *folders]:
        files = _files(fs, path, deep=path != root.rstrip("/"))
        pictures = [info for name, info in sorted(files.items()) if _suffix(name) in _PICTURES]
        stamp = "|".join(_version(info) for _, info in sorted(files.items()))
        name = "." if path == root.rstrip("/") else posixpath.relpath(path, root)
        uri = fs.unstrip_protocol(path)
        found.append(Split(index, uri, name, stamp, len(pictures)))
    return [split for split in found if split.rows]


def _files(fs: Any, path: str, deep: bool) -> dict[str, Any]:
    found: dict[str, Any] = fs.find(path, maxdepth=None if deep else 1, detail=True)
    return found


def _folder_rows(source: Source, split: Split) -> Iterator[InputRow]:
    fs, path = filesystem(split.uri)
    _, root = filesystem(source.path)
    names = set(_files(fs, path, deep=split.name != "."))
    pictures = sorted(name for name in names if _suffix(name) in _PICTURES)
    for number, name in enumerate(pictures):
        values = _beside(fs, name.rpartition(".")[0], names, source)
        if values is not None:
            values[source.url_column] = posixpath.relpath(name, root)
        yield replace(_input_row(source, number, values), location=fs.unstrip_protocol(name))


def _beside(fs: Any, stem: str, names: set[str], source: Source) -> dict[str, str | None] | None:
    """What the `.json` and the `.txt` of a picture say; None where the JSON is none."""
    values: dict[str, str | None] = {}
    if f"{stem}.json" in names:
        record = next(_json_records([fs.cat_file(f"{stem}.json").decode("utf-8", "replace")]), None)
        if record is None:
            return None
        values |= record
    if f"{stem}.txt" in names:
        text = fs.cat_file(f"{stem}.txt")
        values[source.caption_column] = text.decode("utf-8-sig", "surrogateescape")
    return values


# Files


def _bytes_a_row(path: str) -> int:
    return _PACKED_BYTES_A_ROW if _suffix(path) in _PACKED else _BYTES_A_ROW


def _suffix(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


def _format(uri: str) -> str:
    inner = posixpath.splitext(uri)[0] if _suffix(uri) in {".gz", ".zst"} else uri
    suffix = _suffix(inner)
    if suffix == ".parquet":
        return "parquet"
    if suffix in _TEXT_FORMATS:
        return _TEXT_FORMATS[suffix]
    known = ", ".join([".parquet", *_TEXT_FORMATS])
    raise RecipeError(f"{shown(uri)} must be one of {known}, perhaps with .gz or .zst")


@contextmanager
def _open(uri: str) -> Iterator[IO[bytes]]:
    fs, path = filesystem(uri)
    packed = _PACKED.get(_suffix(uri))
    with fs.open(path, "rb") as file:
        if not packed:
            yield file
            return
        # Arrow's reader, unlike fsspec's, notices a file that was cut short.
        with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), packed) as stream:
            # Parquet is read from its end.
            yield io.BytesIO(stream.read()) if _format(uri) == "parquet" else stream


def _version(info: dict[str, Any]) -> str:
    tag = info.get("ETag") or info.get("mtime") or info.get("LastModified") or info.get("updated")
    return f"{info.get('size')}:{tag}"
