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


def write_embeddings(folder: Folder, number: int, ids: pa.Table, embeddings: Halves) -> None:
    """Writes embeddings, [n, dim], and `n` rows that say what each is of, without nulls."""
    write_npy(folder, f"{shard_name(number)}.npy", embeddings)
    types = pa.schema([column.with_nullable(False) for column in ids.schema])
    write_table(folder, f"{shard_name(number)}.parquet", ids.cast(types))


def write_npy(folder: Folder, name: str, array: NDArray[Any]) -> None:
    """Writes an array as numpy does."""
    with folder.writing(name) as path, path.open("wb") as file:
        np.save(file, array)


def read_ids(folder: Folder, number: int, column: str) -> pa.Array:
    """The ids of the rows of `{number}.npy`; none where there is no such file."""
    name = f"{shard_name(number)}.parquet"
    if not folder.exists(name):
        return pa.array([], pa.string())
    return read_table(folder, name, [column])[column].combine_chunks()


def read_npy(folder: Folder, number: int) -> Halves:
    """The embeddings themselves, float16 [n, dim]."""
    return np.asarray(np.load(io.BytesIO(folder.read(f"{shard_name(number)}.npy"))))
