"""The documents of a source: files of the kinds that are rendered."""

import gzip
import io
import json
import posixpath
import zlib
from typing import Any

from filters.response import FetchFault
from pipelines.errors import FetchError, RecipeError
from pipelines.local_pictures import read_picture
from pipelines.recipe import Recipe, Source
from pipelines.sources.files import suffix_of, version_of
from pipelines.storage import filesystem
from schemas.ids import digest, picture_uid
from schemas.pages import PlannedDocument

_KINDS = {
    ".pdf": "pdf", ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown",
    ".markdown": "markdown",
}  # fmt: skip
_PACKED = ".gz"


def find_documents(recipe: Recipe, limit: int | None) -> list[PlannedDocument]:
    """The files of all sources that are folders or globs in order, or the first `limit` of each.

    A few hundred bytes a document are in memory at once.

    Raises:
      RecipeError: naming the source that has none.
    """
    assert recipe.documents is not None
    limits = json.dumps(recipe.documents.limits())
    return [
        found
        for source in recipe.sources
        if source.task == "document" and source.format == "folder"
        for found in _found(source, limits)[:limit]
    ]


def _found(source: Source, limits: str) -> list[PlannedDocument]:
    fs, path = filesystem(source.path)
    is_glob = any(mark in path for mark in "*?[")
    if is_glob:
        files: dict[str, Any] = fs.glob(path, detail=True)
        root = posixpath.dirname(path[: min(path.index(mark) for mark in "*?[" if mark in path)])
    else:
        files = fs.find(path, detail=True)
        root = posixpath.dirname(path) if path in files else path
    documents = [
        _planned(source, fs, root, name, digest(version_of(info), source.licence, limits))
        for name, info in sorted(files.items())
        if info["type"] != "directory" and kind_of(name)
    ]
    if not documents:
        words = f"there are no {', '.join(_KINDS)} in {source.path}"
        raise RecipeError(f"source {source.name!r}: {words}")
    return documents


def _planned(source: Source, fs: Any, root: str, name: str, version: str) -> PlannedDocument:
    url = posixpath.relpath(name, root)
    return PlannedDocument(
        document=picture_uid(source.name, url),
        url=url,
        location=fs.unstrip_protocol(name),
        kind=kind_of(name),
        source=source.name,
        licence=source.licence,
        version=version,
    )


def kind_of(path: str) -> str:
    """What a file is by its name, "" where it is no document.

    >>> kind_of("a/b.PDF.gz"), kind_of("a/b.md"), kind_of("a/b.png")
    ('pdf', 'markdown', '')
    """
    path = path[: -len(_PACKED)] if path.lower().endswith(_PACKED) else path
    return _KINDS.get(suffix_of(path), "")


def read_document(location: str, max_bytes: int) -> bytes:
    """A document's bytes, unpacked where its name says that they are packed.

    Raises:
      FetchError: where there are none, or more than `max_bytes`.
    """
    body = read_picture(location, max_bytes)
    return unpacked(body, location, max_bytes) if location.lower().endswith(_PACKED) else body


def unpacked(body: bytes, location: str, max_bytes: int) -> bytes:
    """What gzip packed.

    Args:
      body: packed.
      location: that it is from, for people.
      max_bytes: of what is in it.

    Raises:
      FetchError: where there is nothing in it, or more than `max_bytes`, or it is no gzip.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            unpacked = file.read(max_bytes + 1)
    except EOFError as error:
        raise FetchError(FetchFault.UNREADABLE, f"{location} was cut short") from error
    except (OSError, zlib.error) as error:
        raise FetchError(FetchFault.UNREADABLE, f"{location}: {error}") from error
    if len(unpacked) > max_bytes:
        raise FetchError(FetchFault.TOO_LARGE, f"more than {max_bytes}")
    if not unpacked:
        raise FetchError(FetchFault.EMPTY, location)
    return unpacked
