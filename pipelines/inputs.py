"""Input rows out of every kind of source, in blocks."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from pipelines.errors import RecipeError, RunError
from pipelines.recipe import Source
from pipelines.sources.folders import folder_rows, folder_splits
from pipelines.sources.huggingface import huggingface_rows, huggingface_splits
from pipelines.sources.img2dataset import img2dataset_rows, img2dataset_splits
from pipelines.sources.rows import InputRow, Split
from pipelines.sources.tables import table_rows, table_splits
from pipelines.sources.webdataset import webdataset_rows, webdataset_splits
from pipelines.storage import shown

BLOCK_ROWS = 20_000
_BLOCK_CHARS = 8_000_000  # of text; fewer rows make a block where it is long


def find_splits(
    sources: Iterable[Source], limit: int | None, task: str | None = None
) -> list[Split]:
    """All pieces of all sources, or of the first `limit` rows of each; of one task's sources alone.

    Raises:
      RecipeError: naming the source where nothing matches, a column is missing, a file is not what
        its name says, or there are no rows.
    """
    splits: list[Split] = []
    for index, source in enumerate(sources):
        if task not in (None, source.task):
            continue
        found = _splits(index, source)
        found = found if limit is None else list(_first_rows(source, found, limit))
        if not any(split.rows for split in found):
            raise RecipeError(f"source {source.name!r}: there are no rows in {source.path}")
        for split in found:
            _check_name(source, split)
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
            chars += row.chars
            if len(block) == BLOCK_ROWS or chars > _BLOCK_CHARS:
                yield block
                block, chars = [], 0
    except (OSError, EOFError, pa.ArrowException) as error:
        raise RunError(f"{shown(split.uri)} cannot be read to its end: {error}") from error
    if block:
        yield block


def _splits(index: int, source: Source) -> list[Split]:
    match source.format:
        case "table":
            return table_splits(index, source)
        case "folder":
            return folder_splits(index, source)
        case "webdataset":
            return webdataset_splits(index, source)
        case "img2dataset":
            return img2dataset_splits(index, source)
        case "huggingface":
            return huggingface_splits(index, source)


def _rows(source: Source, split: Split) -> Iterator[InputRow]:
    match source.format:
        case "table":
            return table_rows(source, split)
        case "folder":
            return folder_rows(source, split)
        case "webdataset":
            return webdataset_rows(source, split)
        case "img2dataset":
            return img2dataset_rows(source, split)
        case "huggingface":
            return huggingface_rows(source, split)


def _first_rows(source: Source, splits: list[Split], limit: int) -> Iterator[Split]:
    left = limit
    for split in splits:
        if left <= 0:
            return
        counted = itertools.islice(_rows(source, split), 0 if split.exact else left)
        rows = split.rows if split.exact else sum(1 for _ in counted)
        taken = min(rows, left)
        left -= taken
        yield replace(split, rows=taken, max_rows=taken)


def _check_name(source: Source, split: Split) -> None:
    try:
        split.name.encode()
    except UnicodeEncodeError as error:
        raise RecipeError(
            f"source {source.name!r}: names of files must be UTF-8, got {split.name!r}"
        ) from error
