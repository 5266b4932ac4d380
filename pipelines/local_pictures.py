"""Pictures that are not asked for over HTTP: files, members of tars, rows of tables.

A location is a plain path or any URI that fsspec opens, or one of
  `tar+<uri>#offset=…,size=…`               a range of a file
  `parquet+<uri>#column=…,group=…,row=…`    a row of a row group
  `arrow+<uri>#column=…,row=…`              a row of an Arrow stream in a local file
whose `<uri>` names its scheme, so that no path below a folder can be taken for one. Tables cannot
name these: `filters.location` refuses their schemes.
"""

import os
import re
import tempfile
import weakref
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from filters.response import FetchFault
from pipelines.errors import FetchError, RecipeError
from pipelines.storage import filesystem

_TAR = re.compile(r"tar\+(\w[\w+.-]*://.+)#offset=(\d+),size=(\d+)", re.DOTALL)
_PARQUET = re.compile(
    r"parquet\+(\w[\w+.-]*://.+)#column=([^#,]*),group=(\d+),row=(\d+)", re.DOTALL
)
_ARROW = re.compile(r"arrow\+(\w[\w+.-]*://.+)#column=([^#,]*),row=(\d+)", re.DOTALL)

_ROWS_AT_ONCE = 16  # pictures in memory while a row group is spooled
_GROUPS_HELD = 4  # row groups spooled to disk, in one process
_TABLES_HELD = 16  # Arrow files mapped
_one_at_a_time = Lock()


def tar_location(uri: str, offset: int, size: int) -> str:
    """The location of `size` bytes from `offset` on; sorts as it lies in the file.

    >>> tar_location("file:///a.tar", 512, 9)
    'tar+file:///a.tar#offset=000000000512,size=9'
    """
    return f"tar+{uri}#offset={offset:012d},size={size}"


def parquet_location(uri: str, column: str, group: int, row: int) -> str:
    """The location of the picture in `column` at `row` of a row group; sorts as it lies there."""
    return f"parquet+{uri}#column={quote(column, safe='')},group={group:06d},row={row:09d}"


def arrow_location(uri: str, column: str, row: int) -> str:
    """The location of the picture in `column` at `row` of an Arrow stream."""
    return f"arrow+{uri}#column={quote(column, safe='')},row={row:09d}"


def row_group_of(location: str) -> str:
    """What is read as a whole to get at `location`: its row group, "" where it stands alone.

    >>> row_group_of(parquet_location("file:///a.parquet", "image", 3, 7))
    'parquet+file:///a.parquet#column=image,group=000003'
    >>> row_group_of("file:///a.jpg")
    ''
    """
    return location.rpartition(",row=")[0] if location.startswith("parquet+") else ""


def read_picture(location: str, max_bytes: int) -> bytes:
    """The bytes at `location`; blocks.

    Raises:
      FetchError: where there are none, or more than `max_bytes`.
    """
    try:
        body = _read(location, max_bytes)
    except FileNotFoundError as error:
        raise FetchError(FetchFault.NO_FILE, location) from error
    except (LookupError, pa.ArrowInvalid) as error:
        words = f"{location} is not there: has the file changed? {error}"
        raise FetchError(FetchFault.UNREADABLE, words) from error
    except (OSError, RecipeError) as error:
        raise FetchError(FetchFault.UNREADABLE, str(error)) from error
    if len(body) > max_bytes:
        raise FetchError(FetchFault.TOO_LARGE, f"more than {max_bytes}")
    if not body:
        raise FetchError(FetchFault.EMPTY, location)
    return body


def _read(location: str, max_bytes: int) -> bytes:
    if match := _TAR.fullmatch(location):
        return _read_range(match[1], int(match[2]), int(match[3]), max_bytes)
    if match := _PARQUET.fullmatch(location):
        with _one_at_a_time:  # else every thread spools the same row group
            group = _spooled(match[1], unquote(match[2]), int(match[3]))
        return group.picture(int(match[4]))
    if match := _ARROW.fullmatch(location):
        with _one_at_a_time:
            table = _mapped(match[1])
        return _bytes_of(table[unquote(match[2])][int(match[3])].as_py())
    return _read_file(location, max_bytes)


def _read_file(location: str, max_bytes: int) -> bytes:
    fs, path = filesystem(location)
    if fs.info(path)["type"] not in ("file", "link"):  # a pipe, a device
        raise FetchError(FetchFault.UNREADABLE, f"{location} is no file")
    with fs.open(path, "rb") as file:
        return bytes(file.read(max_bytes + 1))


def _read_range(uri: str, offset: int, size: int, max_bytes: int) -> bytes:
    if size > max_bytes:
        raise FetchError(FetchFault.TOO_LARGE, f"{size}, more than {max_bytes}")
    fs, path = filesystem(uri)
    if isinstance(fs, LocalFileSystem):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            body = os.pread(handle, size, offset)
        finally:
            os.close(handle)
    else:
        body = bytes(fs.cat_file(path, start=offset, end=offset + size))
    if len(body) < size:
        words = f"{uri} has {len(body)} of {size} bytes at {offset}: has it changed?"
        raise FetchError(FetchFault.UNREADABLE, words)
    return body


class _Spool:
    """The pictures of a row group, on disk: read once and in order, asked for in any order."""

    def __init__(self, pictures: Iterator[bytes]) -> None:
        file = tempfile.TemporaryFile(prefix="pairmill-")  # noqa: SIM115, closed with its last user
        weakref.finalize(self, file.close)
        self._file = file
        self._ends = [0]
        for picture in pictures:
            file.write(picture)
            self._ends.append(self._ends[-1] + len(picture))
        file.flush()

    def picture(self, row: int) -> bytes:
        start, end = self._ends[row], self._ends[row + 1]
        return os.pread(self._file.fileno(), end - start, start)


@lru_cache(_GROUPS_HELD)
def _spooled(uri: str, column: str, group: int) -> _Spool:
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as file:
        # A page at a time: a row group may hold more than fits in memory.
        parquet = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
        batches = parquet.iter_batches(_ROWS_AT_ONCE, row_groups=[group], columns=[column])
        return _Spool(_bytes_of(cell) for batch in batches for cell in batch.column(0).to_pylist())


@lru_cache(_TABLES_HELD)
def _mapped(uri: str) -> pa.Table:
    _, path = filesystem(uri)
    return pa.ipc.open_stream(pa.memory_map(path)).read_all()


def _bytes_of(cell: Any) -> bytes:
    """A picture as Hugging Face stores it, `{bytes, path}`, or bytes; b"" where there are none."""
    if isinstance(cell, dict):
        cell = cell.get("bytes")
    return cell or b""
