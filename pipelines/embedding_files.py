"""Embeddings as they stay: numpy's arrays with the ids of their rows beside."""

import numpy as np
import pyarrow as pa

from pipelines.storage import Folder
from pipelines.transforms.inference import Halves
from pipelines.transforms.tables import write_table
from schemas.layout import shard_name


def write_embeddings(folder: Folder, number: int, ids: pa.Table, embeddings: Halves) -> None:
    """Writes embeddings, [n, dim], and `n` rows that say what each is of, without nulls."""
    write_npy(folder, f"{shard_name(number)}.npy", embeddings)
    types = pa.schema([column.with_nullable(False) for column in ids.schema])
    write_table(folder, f"{shard_name(number)}.parquet", ids.cast(types))


def write_npy(folder: Folder, name: str, array: Halves) -> None:
    """Writes an array as numpy does."""
    with folder.writing(name) as path, path.open("wb") as file:
        np.save(file, array)
