"""Tables in Parquet, written so that equal rows give equal bytes."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.storage import Folder

_ROW_GROUP = 5_000  # small, so that one id is looked up without reading the whole part


def write_table(folder: Folder, name: str, table: pa.Table) -> None:
    """Writes `table` atomically; readers see all of it or nothing."""
    with folder.writing(name) as path:
        pq.write_table(
            table, path, row_group_size=_ROW_GROUP, compression="zstd", write_page_index=True
        )


def read_table(folder: Folder, name: str, columns: Iterable[str] | None = None) -> pa.Table:
    """Reads a whole table, or some of its columns."""
    with folder.open(name) as file:
        return pq.read_table(file, columns=None if columns is None else list(columns))


def read_rows(folder: Folder, name: str, row_type: type) -> list[Any]:
    """Reads a table as the dataclass that describes it."""
    return [row_type(**row) for row in read_table(folder, name).to_pylist()]
