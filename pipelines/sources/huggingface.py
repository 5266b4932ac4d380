"""Rows of Hugging Face datasets, of the hub or of this machine, without loading them.

`datasets` says which files a split has; Parquet and Arrow files are read as such: rows without
their pictures when planning, pictures by their row when gathering.
"""

import itertools
import posixpath
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from pipelines.errors import RecipeError
from pipelines.local_pictures import arrow_location, parquet_location
from pipelines.recipe import Source
from pipelines.sources.columns import batch_values, parquet_values
from pipelines.sources.files import open_file, suffix_of, version_of
from pipelines.sources.rows import InputRow, Split, Values, input_row
from pipelines.sources.tables import check_columns, row_groups
from pipelines.storage import filesystem, shown
from schemas.ids import is_absolute

_INSTEAD = {
    "csv": 'format = "table"',
    "json": 'format = "table"',
    "webdataset": 'format = "webdataset"',
    "imagefolder": 'format = "folder", or "table" over its metadata file',
}


def huggingface_splits(index: int, source: Source) -> list[Split]:
    """The row groups of its Parquet files, or its Arrow files.

    Raises:
      RecipeError: where there is no such dataset, config or split, its files are of another kind,
        or a column is missing.
    """
    files = _data_files(source)
    with ThreadPoolExecutor(16) as pool:
        return [
            split
            for parts in pool.map(lambda file: _checked(source, _whole(index, *file)), files)
            for split in parts
        ]


def huggingface_rows(source: Source, split: Split) -> Iterator[InputRow]:
    """The rows of a split."""
    if suffix_of(split.uri) == ".arrow":
        return _arrow_rows(source, split)
    return _parquet_rows(source, split)


def _parquet_rows(source: Source, split: Split) -> Iterator[InputRow]:
    with open_file(split.uri) as file:
        parquet = pq.ParquetFile(file)
        schema = parquet.schema_arrow
        records = parquet_values(parquet, [split.row_group], _columns(source, schema))
        holds_pictures = _holds_pictures(source, schema)
        for row, values in enumerate(records):
            place = parquet_location(split.uri, source.image_column, split.row_group, row)
            yield _row(
                source, split, split.first_row + row, values, place if holds_pictures else ""
            )


def _arrow_rows(source: Source, split: Split) -> Iterator[InputRow]:
    with pa.memory_map(filesystem(split.uri)[1]) as file, pa.ipc.open_stream(file) as batches:
        columns = _columns(source, batches.schema)
        holds_pictures = _holds_pictures(source, batches.schema)
        records = itertools.chain.from_iterable(
            batch_values(batch.select(columns)) for batch in batches
        )
        for row, values in enumerate(records):
            place = arrow_location(split.uri, source.image_column, row)
            yield _row(source, split, row, values, place if holds_pictures else "")


def _row(source: Source, split: Split, number: int, values: Values, place: str) -> InputRow:
    """A row with its picture's `place`, or one whose picture has a URL instead."""
    if not place:
        values[source.url_column] = values[source.image_column]
    elif not is_absolute(values.get(source.url_column) or ""):
        values[source.url_column] = f"{split.name}/{number}"
    return input_row(source, number, values, place)


def _columns(source: Source, schema: pa.Schema) -> list[str]:
    """What is read when planning: the pictures' column only if it holds their URLs."""
    picture = source.url_column if _holds_pictures(source, schema) else source.image_column
    return [name for name in dict.fromkeys([picture, *source.columns()]) if name in schema.names]


def _holds_pictures(source: Source, schema: pa.Schema) -> bool:
    """Whether a picture stands in each row, not its URL."""
    type_ = schema.field(source.image_column).type
    return not (pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _data_files(source: Source) -> list[tuple[str, str]]:
    """The files of the split, each after the folder that its name counts from."""
    try:
        from datasets import load_dataset_builder
    except ImportError as error:
        raise RecipeError(
            f"source {source.name!r}: Hugging Face datasets need a package that is not installed: "
            "pip install 'pairmill[huggingface]'"
        ) from error
    try:
        builder = load_dataset_builder(source.path, name=source.config)
    except (OSError, ValueError) as error:
        raise RecipeError(
            f"source {source.name!r}: {source.path} cannot be loaded: {error}"
        ) from error
    by_split = {str(name): files for name, files in (builder.config.data_files or {}).items()}
    if source.split not in by_split:
        raise RecipeError(
            f"source {source.name!r}: {source.path} must have a split {source.split!r}, it has "
            + ", ".join(by_split)
        )
    kind = builder.__module__.rpartition(".")[2]
    if kind not in ("parquet", "arrow"):
        advice = f": take {_INSTEAD[kind]}" if kind in _INSTEAD else ""
        raise RecipeError(
            f"source {source.name!r}: {source.path} must be Parquet, or Arrow as save_to_disk "
            f"writes it, it is {kind}{advice}"
        )
    return [(builder.base_path, str(uri)) for uri in by_split[source.split]]


def _whole(index: int, root: str, uri: str) -> Split:
    fs, path = filesystem(uri)
    name = posixpath.relpath(uri, root)
    return Split(index, fs.unstrip_protocol(path), name, version_of(fs.info(path)), rows=0)


def _checked(source: Source, split: Split) -> list[Split]:
    """The parts of one file, after a look at its columns."""
    try:
        if suffix_of(split.uri) == ".arrow":
            return [_checked_arrow(source, split)]
        with open_file(split.uri) as file:
            parquet = pq.ParquetFile(file)
            _check_schema(source, split, parquet.schema_arrow)
            return row_groups(split, parquet)
    except (pa.ArrowInvalid, OSError) as error:
        raise RecipeError(
            f"source {source.name!r}: {shown(split.uri)} cannot be read: {error}"
        ) from error


def _checked_arrow(source: Source, split: Split) -> Split:
    fs, path = filesystem(split.uri)
    if not isinstance(fs, LocalFileSystem):
        raise RecipeError(
            f"source {source.name!r}: {split.uri} must be a local file: an Arrow file is mapped "
            "into memory, copy it or store the dataset as Parquet"
        )
    with pa.memory_map(path) as file, pa.ipc.open_stream(file) as batches:
        _check_schema(source, split, batches.schema)
        return replace(split, rows=sum(batch.num_rows for batch in batches), exact=True)


def _check_schema(source: Source, split: Split, schema: pa.Schema) -> None:
    check_columns(source, split, schema.names, [source.image_column, *source.columns()])
    type_ = schema.field(source.image_column).type
    is_picture = pa.types.is_struct(type_) and type_.get_field_index("bytes") >= 0
    is_bytes = pa.types.is_binary(type_) or pa.types.is_large_binary(type_)
    if _holds_pictures(source, schema) and not is_picture and not is_bytes:
        raise RecipeError(
            f"source {source.name!r}: column {source.image_column!r} of {shown(split.uri)} must "
            f"hold pictures, bytes or URLs, it holds {type_}"
        )
