"""Files anywhere fsspec reaches: local, `s3://`, `gs://` … Whole files, written atomically."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from pipelines.errors import RecipeError

_BEING_WRITTEN = re.compile(r".+\.[0-9a-f]{32}\.tmp")
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcp", "gcs": "gcp"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its URI, small enough to travel to workers.

    Attributes:
      uri: a local path or a URI that fsspec knows, without a slash at its end.
    """

    uri: str

    def __truediv__(self, name: str) -> "Folder":
        return Folder(f"{self.uri}/{name}")

    def path(self, name: str) -> str:
        """The URI of the file `name` below this folder."""
        return f"{self.uri}/{name}" if name else self.uri

    @property
    def is_local(self) -> bool:
        return isinstance(self._fs(), LocalFileSystem)

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading; the caller closes it."""
        fs, path = self._at(name)
        opened: IO[bytes] = fs.open(path, "rb")
        return opened

    def read(self, name: str) -> bytes:
        fs, path = self._at(name)
        return bytes(fs.cat_file(path))

    def ranges(self, name: str, spans: list[tuple[int, int]]) -> list[bytes]:
        """Reads the byte ranges `[start, end)` of one file, all at once where the store can."""
        fs, path = self._at(name)
        if isinstance(fs, LocalFileSystem):  # it would open the file for each of them
            with Path(path).open("rb") as file:
                return [os.pread(file.fileno(), end - start, start) for start, end in spans]
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        return list(fs.cat_ranges([path] * len(spans), starts, ends, on_error="raise"))

    def exists(self, name: str) -> bool:
        fs, path = self._at(name)
        return bool(fs.exists(path))

    def names(self) -> list[str]:
        """The files right in this folder, sorted; none where there is no folder."""
        return [name for name, _ in self.sizes()]

    def sizes(self) -> list[tuple[str, int]]:
        """The files right in this folder with their sizes in bytes, sorted by name.

        Those that are being written are none of them yet, and those of a killed process never.
        """
        fs, path = self._at("")
        try:
            entries = fs.ls(path, detail=True)
        except FileNotFoundError:
            return []
        files = [entry for entry in entries if entry["type"] == "file"]
        named = sorted((entry["name"].rsplit("/", 1)[-1], entry["size"]) for entry in files)
        return [(name, size) for name, size in named if not _BEING_WRITTEN.fullmatch(name)]

    def folders(self) -> list[str]:
        """The folders right in this folder, sorted; none where there is no folder."""
        fs, path = self._at("")
        try:
            entries = fs.ls(path, detail=True)
        except FileNotFoundError:
            return []
        found = [entry["name"] for entry in entries if entry["type"] == "directory"]
        return sorted(name.rstrip("/").rsplit("/", 1)[-1] for name in found)

    def size_below(self) -> int:
        """Bytes of all files below this folder."""
        fs, path = self._at("")
        return sum(fs.du(path, total=False).values()) if fs.exists(path) else 0

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Gives a local file to write; on success it becomes `name` at once, else nothing does."""
        fs, path = self._at(name)
        local = isinstance(fs, LocalFileSystem)
        if local:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(f"{path}.{uuid4().hex}.tmp") if local else _scratch_file()
        try:
            yield scratch
            if local:
                scratch.replace(path)
            else:
                fs.put_file(str(scratch), path)
        finally:
            scratch.unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> None:
        """Writes a small file atomically."""
        with self.writing(name) as scratch:
            scratch.write_bytes(data)

    def create(self, name: str, data: bytes) -> bool:
        """Writes `name` unless it exists; of any number of racing callers one gets True."""
        fs, path = self._at(name)
        if not isinstance(fs, LocalFileSystem):
            try:
                fs.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            return True
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(f"{path}.{uuid4().hex}.tmp")
        scratch.write_bytes(data)
        try:
            os.link(scratch, path)  # unlike a rename it refuses a name that is taken
        except FileExistsError:
            return False
        finally:
            scratch.unlink()
        return True

    def move(self, name: str, target: "Folder", target_name: str) -> None:
        """Moves a file within one store; whoever comes second finds it done."""
        fs, path = self._at(name)
        _, target_path = target._at(target_name)
        try:
            if isinstance(fs, LocalFileSystem):
                Path(target_path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).replace(target_path)
            else:
                fs.cp_file(path, target_path)
                fs.rm_file(path)
        except FileNotFoundError:
            if not fs.exists(target_path):
                raise

    def remove(self) -> None:
        """Removes this folder and all below it, if it is there."""
        fs, path = self._at("")
        if fs.exists(path):
            fs.rm(path, recursive=True)

    def _fs(self) -> Any:
        return self._at("")[0]

    def _at(self, name: str) -> tuple[Any, str]:
        return filesystem(self.path(name))


def shown(uri: str) -> str:
    """A URI as people write it: local files as paths.

    >>> shown("file:///data/pairs.parquet"), shown("s3://data/pairs.parquet")
    ('/data/pairs.parquet', 's3://data/pairs.parquet')
    """
    return uri.removeprefix("file://")


def filesystem(uri: str) -> tuple[Any, str]:
    """The fsspec file system of `uri` and the path in it.

    Raises:
      RecipeError: where no package for its protocol is installed.
    """
    try:
        fs, path = fsspec.core.url_to_fs(uri, use_listings_cache=False)
    except ImportError as error:
        scheme = uri.partition("://")[0]
        extra = _EXTRAS.get(scheme)
        advice = f"pip install 'pairmill[{extra}]'" if extra else str(error)
        raise RecipeError(f"{uri} needs a package that is not installed: {advice}") from error
    except ValueError as error:
        raise RecipeError(f"{uri} is no place that pairmill can open: {error}") from error
    return fs, path


def _scratch_file() -> Path:
    handle, path = tempfile.mkstemp(prefix="pairmill-")
    os.close(handle)
    return Path(path)
