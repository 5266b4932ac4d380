"""Embeddings as they stay: numpy's arrays with the ids of their rows beside."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.storage import Folder
from pipelines.transforms.tables import read_table, write_table
from schemas.layout import shard_name

Halves = NDArray[np.float16]
"""Embeddings as they are stored; shape [n, dim]."""

_HEADER = 128
"""Bytes that numpy writes before the values of arrays of few dimensions."""

_STEP = 4_096  # rows that are read at once


def write_embeddings(folder: Folder, number: int, ids: pa.Table, embeddings: Halves) -> None:
    """Writes embeddings, [n, dim], and `n` rows that say what each is of, without nulls."""
    write_npy(folder, f"{shard_name(number)}.npy", embeddings)
    types = pa.schema([column.with_nullable(False) for column in ids.schema])
    write_table(folder, f"{shard_name(number)}.parquet", ids.cast(types))


def write_npy(folder: Folder, name: str, array: NDArray[Any]) -> None:
    """Writes an array as numpy does."""
    with folder.writing(name) as path, path.open("wb") as file:
        np.save(file, np.ascontiguousarray(array))


def read_ids(folder: Folder, number: int, column: str) -> pa.Array:
    """The ids of the rows of `{number}.npy`; none where there is no such file."""
    name = f"{shard_name(number)}.parquet"
    if not folder.exists(name):
        return pa.array([], pa.string())
    return read_table(folder, name, [column])[column].combine_chunks()


def read_npy(folder: Folder, number: int) -> Halves:
    """The embeddings themselves, float16 [n, dim]; not to be written to."""
    return read_array(folder, f"{shard_name(number)}.npy")


def read_array(folder: Folder, name: str) -> NDArray[Any]:
    """An array as `write_npy` writes it; not to be written to, for it is the file's own bytes."""
    data = folder.read(name)
    start, shape, kind = _header(data)
    return np.frombuffer(data, kind, offset=start).reshape(shape)


def read_singles(folder: Folder, number: int) -> NDArray[np.float32]:
    """The same in float32; the file is read in steps, so that no more than the result is held."""
    with folder.open(f"{shard_name(number)}.npy") as file:
        start, shape, kind = _header(file.read(_HEADER))
        file.seek(start)
        found = np.empty(shape, np.float32)
        step = np.empty((min(_STEP, len(found)), *shape[1:]), kind)
        for first in range(0, len(found), _STEP):
            rows = step[: len(found) - first]
            read = file.readinto(rows)  # type: ignore[attr-defined]
            assert read == rows.nbytes
            found[first : first + _STEP] = rows
    return found


def read_npy_rows(folder: Folder, name: str, first: int, end: int) -> NDArray[Any]:
    """The rows [first, end) of an array of two dimensions; others are not read."""
    (head,) = folder.ranges(name, [(0, _HEADER)])
    start, (_, dim), kind = _header(head)
    step = dim * kind.itemsize
    (data,) = folder.ranges(name, [(start + first * step, start + end * step)])
    return np.frombuffer(data, kind).reshape(end - first, dim)


def _header(data: bytes) -> tuple[int, tuple[int, ...], np.dtype[Any]]:
    """Where an array's values begin in its file, their shape and their type."""
    file = io.BytesIO(data[:_HEADER])
    version = np.lib.format.read_magic(file)
    assert version == (1, 0)
    shape, is_fortran, kind = np.lib.format.read_array_header_1_0(file)
    assert not is_fortran
    return file.tell(), shape, kind
