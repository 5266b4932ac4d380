"""Rows of img2dataset's output: a table beside each tar tells what became of every URL.

Its successes are read from the tars, as it stored them. What it failed at is not asked for again:
it becomes a rejected row with its words.
"""

import posixpath
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import RecipeError
from pipelines.local_pictures import tar_location
from pipelines.recipe import Source
from pipelines.sources.columns import parquet_values
from pipelines.sources.files import open_file, version_of
from pipelines.sources.rows import (
    FAILED_AT_SOURCE,
    NOT_IN_TABLE,
    NOT_IN_TAR,
    Broken,
    InputRow,
    Split,
    Values,
    broken_row,
    input_row,
)
from pipelines.sources.tables import check_columns
from pipelines.sources.webdataset import picture_of
from pipelines.storage import filesystem, shown
from pipelines.tar_walk import Member, TarDamage, walk_samples

_SUCCESS = "success"


def img2dataset_splits(index: int, source: Source) -> list[Split]:
    """The shards, each a tar and a table of one name.

    Raises:
      RecipeError: where one is without the other, or a column is missing.
    """
    fs, root = filesystem(source.path)
    try:
        files = {info["name"]: info for info in fs.ls(root, detail=True)}
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RecipeError(f"source {source.name!r}: there is no folder {source.path}") from error
    shards = [path[:-4] for path in files if path.endswith(".tar")]
    shards += [path[:-8] for path in files if path.endswith(".parquet")]
    for shard in sorted(set(shards)):
        for here, missing in ((".tar", ".parquet"), (".parquet", ".tar")):
            if f"{shard}{missing}" not in files:
                raise RecipeError(
                    f"source {source.name!r}: {shown(shard)}{here} must have "
                    f"{posixpath.basename(shard)}{missing} beside it"
                )
    splits = [
        Split(
            source=index,
            uri=fs.unstrip_protocol(f"{shard}.tar"),
            name=f"{posixpath.basename(shard)}.tar",
            version="|".join(version_of(files[shard + end]) for end in (".tar", ".parquet")),
            rows=0,
        )
        for shard in sorted(set(shards))
    ]
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda split: _checked(source, split), splits))


def img2dataset_rows(source: Source, split: Split) -> Iterator[InputRow]:
    """The rows of a shard's table, then those of its tar that stand in no table."""
    pictures, damage = _pictures(split)
    number = 0
    with open_file(_table(split)) as file:
        parquet = pq.ParquetFile(file)
        groups = list(range(parquet.metadata.num_row_groups))
        for values in parquet_values(parquet, groups, _columns(source)):
            picture = pictures.pop(values["key"] or "", None)
            yield _row(source, split, number, values, picture, damage)
            number += 1
    for key in sorted(pictures):
        yield broken_row(number, Broken(NOT_IN_TABLE, key))
        number += 1


def _checked(source: Source, split: Split) -> Split:
    try:
        with open_file(_table(split)) as file:
            parquet = pq.ParquetFile(file)
            table = replace(split, uri=_table(split))
            check_columns(source, table, parquet.schema_arrow.names, _columns(source))
            return replace(split, rows=parquet.metadata.num_rows)
    except (pa.ArrowInvalid, OSError) as error:
        raise RecipeError(
            f"source {source.name!r}: {shown(_table(split))} cannot be read: {error}"
        ) from error


def _columns(source: Source) -> list[str]:
    own = ("key", "status", "error_message", source.url_column)
    return list(dict.fromkeys([*own, *source.columns()]))


def _table(split: Split) -> str:
    return f"{split.uri.removesuffix('.tar')}.parquet"


def _pictures(split: Split) -> tuple[dict[str, Member], str]:
    """The pictures of a tar by key, and where it breaks, or ""."""
    fs, path = filesystem(split.uri)
    found: dict[str, Member] = {}
    with fs.open(path, "rb") as file:
        try:
            for sample in walk_samples(file, fs.info(path)["size"]):
                picture = picture_of(sample)
                if picture is not None:
                    found[sample.key] = picture
        except TarDamage as error:
            return found, str(error)
    return found, ""


def _row(
    source: Source,
    split: Split,
    number: int,
    values: Values,
    picture: Member | None,
    damage: str,
) -> InputRow:
    if values["status"] != _SUCCESS:
        words = f"{values['status']}: {values['error_message']}"
        return broken_row(number, Broken(FAILED_AT_SOURCE, words))
    if picture is None:
        return broken_row(number, Broken(NOT_IN_TAR, damage or f"{values['key']} has no picture"))
    named: Any = values[source.url_column] or f"{split.name}/{values['key']}"
    location = tar_location(split.uri, picture.offset, picture.size)
    return input_row(source, number, values | {source.url_column: named}, location)
