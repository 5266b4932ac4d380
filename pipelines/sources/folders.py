"""Rows of folders of pictures, with what `.json` and `.txt` files beside them say."""

import posixpath
from collections.abc import Iterator
from typing import Any

from pipelines.errors import RecipeError
from pipelines.recipe import Source
from pipelines.sources.files import is_picture, version_of
from pipelines.sources.rows import Broken, InputRow, Split, Values, input_row
from pipelines.sources.tables import json_record
from pipelines.storage import filesystem


def folder_splits(index: int, source: Source) -> list[Split]:
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
        pictures = sum(map(is_picture, files))
        stamp = "|".join(version_of(info) for _, info in sorted(files.items()))
        name = "." if path == root.rstrip("/") else posixpath.relpath(path, root)
        uri = fs.unstrip_protocol(path)
        found.append(Split(index, uri, name, stamp, pictures))
    return [split for split in found if split.rows]


def folder_rows(source: Source, split: Split) -> Iterator[InputRow]:
    """The rows of a split, a picture each."""
    fs, path = filesystem(split.uri)
    _, root = filesystem(source.path)
    names = set(_files(fs, path, deep=split.name != "."))
    for number, name in enumerate(sorted(filter(is_picture, names))):
        values = _beside(fs, name.rpartition(".")[0], names, source)
        if not isinstance(values, Broken):
            values[source.url_column] = posixpath.relpath(name, root)
        yield input_row(source, number, values, fs.unstrip_protocol(name))


def _files(fs: Any, path: str, deep: bool) -> dict[str, Any]:
    found: dict[str, Any] = fs.find(path, maxdepth=None if deep else 1, detail=True)
    return found


def _beside(fs: Any, stem: str, names: set[str], source: Source) -> Values | Broken:
    """What the `.json` and the `.txt` of a picture say."""
    values: Values | Broken = {}
    if f"{stem}.json" in names:
        text = fs.cat_file(f"{stem}.json").decode("utf-8-sig", "surrogateescape")
        values = json_record(text)
    if f"{stem}.txt" in names and not isinstance(values, Broken):
        text = fs.cat_file(f"{stem}.txt")
        values[source.caption_column] = text.decode("utf-8-sig", "surrogateescape")
    return values
