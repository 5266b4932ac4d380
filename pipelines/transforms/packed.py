"""Rows by the block that they are looked at in, compressed until its turn comes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

_HELD_BYTES = 4 << 20


class PackedBlocks:
    """Rows of many blocks in little memory: one block at a time is a table.

    Args:
      schema: of the rows.
      column: that has their ids.
      blocks_of: the blocks that a row is of, by its id; a row whose id is not there is left out.
    """

    def __init__(
        self, schema: pa.Schema, column: str, blocks_of: Mapping[str, Sequence[int]]
    ) -> None:
        self._schema = schema
        self._column = column
        self._blocks_of = blocks_of
        self._held: dict[int, list[pa.Table]] = defaultdict(list)
        self._packed: dict[int, list[pa.Buffer]] = defaultdict(list)

    def add(self, tables: Iterable[pa.Table]) -> None:
        """Adds rows, each to its blocks."""
        held = 0
        for table in tables:
            for block, rows in self._rows_of(table).items():
                self._held[block].append(table.take(pa.array(rows, pa.int64())))
            held += table.nbytes
            if held > _HELD_BYTES:
                self._pack()
                held = 0
        self._pack()

    def take(self, block: int) -> pa.Table:
        """The rows of a block, in arbitrary order, which are not kept any longer."""
        packed = self._packed.pop(block, [])
        tables = [pa.ipc.open_stream(piece).read_all() for piece in packed]
        return pa.concat_tables([self._schema.empty_table(), *tables]).combine_chunks()

    def _rows_of(self, table: pa.Table) -> dict[int, list[int]]:
        rows: dict[int, list[int]] = defaultdict(list)
        for row, id_ in enumerate(table[self._column].to_pylist()):
            for block in self._blocks_of.get(id_, ()):
                rows[block].append(row)
        return rows

    def _pack(self) -> None:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        for block, tables in self._held.items():
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, self._schema, options=options) as writer:
                writer.write_table(pa.concat_tables(tables).combine_chunks())
            self._packed[block].append(sink.getvalue())
        self._held.clear()
