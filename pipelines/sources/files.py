"""The files of a source, wherever fsspec reaches them."""

import io
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa

from pipelines.errors import RecipeError
from pipelines.recipe import Source
from pipelines.sources.rows import Split
from pipelines.storage import filesystem

PICTURES = frozenset({"jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "avif"})
"""What the names of pictures end in."""

PACKED = {".gz": "gzip", ".zst": "zstd"}


def found_files(index: int, source: Source) -> list[tuple[Split, int]]:
    """A split for each file that the source's glob matches, in order, with its size in bytes.

    Raises:
      RecipeError: where none does.
    """
    fs, pattern = filesystem(source.path)
    found = fs.glob(pattern, detail=True)
    files = sorted(path for path, info in found.items() if info["type"] != "directory")
    if not files:
        raise RecipeError(f"source {source.name!r}: no file matches {source.path}")
    root = posixpath.dirname(pattern.partition("*")[0])
    return [
        (
            Split(
                source=index,
                uri=fs.unstrip_protocol(path),
                name=posixpath.relpath(path, root),
                version=version_of(found[path]),
                rows=0,
            ),
            found[path]["size"],
        )
        for path in files
    ]


def version_of(info: dict[str, Any]) -> str:
    """What changes when a file does, of what its store says of it."""
    tags = ("ETag", "mtime", "LastModified", "updated", "blob_id")
    tag = next((info[tag] for tag in tags if info.get(tag)), None)
    return f"{info.get('size')}:{tag}"


def suffix_of(path: str) -> str:
    """The end of a file's name, lower-case.

    >>> suffix_of("a/b.tar.GZ"), suffix_of("a.b/c")
    ('.gz', '')
    """
    return posixpath.splitext(path)[1].lower()


def is_picture(path: str) -> bool:
    """Whether a file's name says that it is a picture."""
    return suffix_of(path)[1:] in PICTURES


@contextmanager
def open_file(uri: str, whole: bool = False) -> Iterator[IO[bytes]]:
    """A file's bytes, unpacked where its name says that they are packed.

    Args:
      uri: of the file.
      whole: unpack all of it before, so that it can be read in any order.
    """
    fs, path = filesystem(uri)
    packed = PACKED.get(suffix_of(uri))
    with fs.open(path, "rb") as file:
        if not packed:
            yield file
            return
        # Arrow's reader, unlike fsspec's, notices a file that was cut short.
        with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), packed) as stream:
            yield io.BytesIO(stream.read()) if whole else stream
