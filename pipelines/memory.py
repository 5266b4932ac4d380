"""Translations that are there already: a folder a translator, to which any number of runs add.
What a model answers about pages is kept the same way: a folder a model and prompt.

A file has the translations of some texts, sorted by the texts' ids, and its name says from which to
which. Names depend on what is in it, and files are written at once, so whoever adds the same twice
leaves it once. It is never held as a whole: whoever looks for texts of a range of ids reads those
parts of files that may have them, one after the other. A file whose ids begin alike lies in a
folder called so: of millions of files only those in the folders of the range are listed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.storage import Folder
from pipelines.transforms.blocks import arrow_schema
from pipelines.transforms.tables import write_table
from schemas.ids import digest

_PREFIX = 8  # digits of an id in a file's name
_FOLDER = re.compile("[0-9a-f]{1,3}")  # those that all ids in a folder begin with
_MOST_ALIKE = 3


@dataclass(frozen=True, slots=True)
class Remembered:
    """A translation in a memory.

    Attributes:
      key: `schemas.ids.phrase_id` of the source text; of a page the SHA-256 of its picture.
      source_language: ISO 639-1; "" of a page.
      source_text: NFC; "" of a page.
      language: of the translation, or of the page.
      text: the translation, or the answer as it came; "" where there is none.
      fault: why it is not the whole of it, a `model.translator.TranslationFault`, of a page a
        `model.query_writer.AnswerFault`, or a `filters.text.TextFault`; or "".
      source_tokens: that the model read; 0 where it is not from a model.
      tokens: that it wrote.
    """

    key: str
    source_language: str
    source_text: str
    language: str
    text: str
    fault: str
    source_tokens: int
    tokens: int


REMEMBERED = arrow_schema(Remembered)
_ORDER = [("key", "ascending"), ("language", "ascending")]


class Memory:
    """The translations of one translator, or of a file that was imported.

    Args:
      folder: of its files.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def add(self, rows: pa.Table) -> None:
        """Adds a table of `Remembered`s, atomically."""
        if not rows.num_rows:
            return
        rows = rows.select(REMEMBERED.names).cast(REMEMBERED).sort_by(_ORDER)
        keys, languages = (rows[name].to_pylist() for name in ("key", "language"))
        content = digest(*keys, *languages)[:_PREFIX]
        name = f"{keys[0][:_PREFIX]}-{keys[-1][:_PREFIX]}-{content}.parquet"
        write_table(self._folder_of(keys[0], keys[-1]), name, rows)

    def find(self, keys: pa.Array, languages: pa.Array) -> pa.Table:
        """The translations of some texts into some languages, each once, by key and language.

        Others of the same texts, of which a shared memory may have many, are not held.

        Args:
          keys: of the texts, sorted; a text comes once for each language.
          languages: as many, that they are wanted in.
        """
        if not len(keys):
            return REMEMBERED.empty_table()
        low, high = keys[0].as_py(), keys[-1].as_py()
        wanted = pa.table([keys, languages], ["key", "language"])
        found = [REMEMBERED.empty_table()]
        for folder in self._folders(low, high):
            for name in folder.names():
                if _may_hold(name, low, high):
                    found += _search(folder, name, wanted, low, high)
        return _first_of_each(pa.concat_tables(found))

    def _folder_of(self, first: str, last: str) -> Folder:
        """Where a file of a range of ids lies."""
        alike = next((n for n in range(_MOST_ALIKE, 0, -1) if first[:n] == last[:n]), 0)
        return self._folder / first[:alike] if alike else self._folder

    def _folders(self, low: str, high: str) -> Iterator[Folder]:
        """Those in which there may be files of a range of ids."""
        yield self._folder
        for name in self._folder.folders():
            if _FOLDER.fullmatch(name) and low[: len(name)] <= name <= high[: len(name)]:
                yield self._folder / name


def _search(folder: Folder, name: str, wanted: pa.Table, low: str, high: str) -> Iterator[pa.Table]:
    keys, names = wanted["key"].combine_chunks(), _names(wanted).combine_chunks()
    with folder.open(name) as file:
        parquet = pq.ParquetFile(file)
        for group in range(parquet.num_row_groups):
            if not _overlaps(parquet.metadata.row_group(group).column(0).statistics, low, high):
                continue
            there = pc.is_in(parquet.read_row_group(group, ["key"])["key"], value_set=keys)
            if pc.any(there).as_py():
                rows = parquet.read_row_group(group).filter(there).cast(REMEMBERED)
                yield rows.filter(pc.is_in(_names(rows), value_set=names))


def _names(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(rows["key"], rows["language"], " ")


def _may_hold(name: str, low: str, high: str) -> bool:
    first, _, rest = name.partition("-")
    last = rest.partition("-")[0]
    return name.endswith(".parquet") and first <= high[:_PREFIX] and last >= low[:_PREFIX]


def _overlaps(statistics: Any, low: str, high: str) -> bool:
    return statistics is None or (statistics.min <= high and statistics.max >= low)


def _first_of_each(rows: pa.Table) -> pa.Table:
    """By key and language, of several translations the first that is whole, else the first.

    Two runs may have made one each, and what was refused may have been asked for again.
    """
    names = _names(rows).to_pylist()
    faults, first = rows["fault"].to_pylist(), dict[str, int]()
    for row in sorted(range(len(names)), key=lambda row: faults[row] != ""):
        first.setdefault(names[row], row)
    return rows.take(pa.array([first[name] for name in sorted(first)], pa.int64())).combine_chunks()
