"""The tables of folders that `pack` wrote: pictures beside their shards, and tuples of texts."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.drawing import Drawing, Places
from model.evaluation_sets import DataError
from schemas.ids import is_uid

_UNSTATED = "und"
_LOOKED_AT = 16  # rows
_OF_TRIPLETS = (
    "; of triplets with pictures their folder is named, too: "
    '{ path = "…/triplets/image-to-text", pictures = "…/shards/pairs" }'
)
_NEGATIVE = re.compile(r"negative(_\d+)?")  # sentence-transformers' names


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of a folder of pictures.

    Attributes:
      names: paths without their suffixes, for `fs`.
      sizes: samples in each.
      fs: fsspec's.
    """

    names: Sequence[str]
    sizes: Sequence[int]
    fs: Any

    @classmethod
    def of(cls, path: str) -> "Shards":
        """Those of `shards/pairs` or `shards/documents`, or of the folder `train` in it.

        Raises:
          DataError: it is no such folder.
        """
        fs, root = fsspec.url_to_fs(path)
        places = [at for at in (root, f"{root}/train") if fs.exists(f"{at}/sizes.json")]
        if not places:
            are_tables = fs.glob(f"{root}/train/*.parquet") or fs.glob(f"{root}/*.parquet")
            raise DataError(
                f"{path} must hold shards that pack wrote: it has no sizes.json"
                f"{_OF_TRIPLETS if are_tables else ''}"
            )
        sizes = json.loads(fs.cat_file(f"{places[0]}/sizes.json"))
        names = [f"{places[0]}/{name.removesuffix('.tar')}" for name in sizes]
        return cls(names, list(sizes.values()), fs)

    def tar(self, name: str) -> str:
        """The path of a shard, for anybody."""
        path: str = self.fs.unstrip_protocol(f"{name}.tar")
        return path


class TupleTables:
    """Parquet with columns as sentence-transformers names them: `anchor, positive, negative_1 …`.

    Beside a folder that `pack` wrote, `train`, lie `rows` with the languages; elsewhere they are
    not known, and a language temperature changes nothing.

    Attributes:
      path: of the folder, as it was named.
      blocks: rows of each part.
      languages: the share of each, of the anchors.

    Raises:
      DataError: there are no such tables.
    """

    def __init__(self, path: str, temperature: float, negatives: int) -> None:
        self.path = path
        self._fs, root = fsspec.url_to_fs(path)
        root = f"{root}/train" if self._fs.exists(f"{root}/train") else root
        self._parts = sorted(self._fs.glob(f"{root}/*.parquet"))
        if not self._parts:
            raise DataError(f"{path} must hold Parquet with columns anchor and positive")
        self._columns = ["anchor", "positive"]
        self._rows(self._parts[0])  # these first: without them negatives are beside the point
        self._columns += self._negatives(negatives)
        self.blocks: Sequence[int] = [self._rows(part) for part in self._parts]
        beside = f"{root.removesuffix('/train')}/rows"
        self._rows_folder = beside if root.endswith("/train") and self._fs.exists(beside) else ""
        self.languages = shares_of(
            (languages, np.arange(len(languages)))
            for languages in map(self._languages, range(len(self._parts)))
        )
        self._drawing = Drawing.at(temperature, self.languages)

    def name(self, block: int) -> str:
        """Of a part, `part-00000.parquet`."""
        name: str = self._parts[block].rpartition("/")[2]
        return name

    def read(self, block: int) -> list[tuple[str, ...]]:
        """Anchor, positive and negatives of each row of a part.

        Raises:
          DataError: one is null.
        """
        part = self._parts[block]
        table = read_columns(self._fs, part, self._columns)
        if any(column.null_count for column in table.columns):
            raise DataError(f"{part} must have a text in every row of {', '.join(self._columns)}")
        return list(zip(*(table[column].to_pylist() for column in self._columns), strict=True))

    def drawn(self, block: int, salt: str) -> Places:
        """The rows of a part as an epoch has them, see `Drawing`, [visits]."""
        starts = np.arange(self.blocks[block])
        return self._drawing.draw(self._languages(block), starts, salt)[0]

    def beside(self, block: int, column: str) -> list[Any] | None:
        """What `rows` says of each row of a part; None where there is no such folder."""
        if not self._rows_folder:
            return None
        path = f"{self._rows_folder}/{self.name(block)}"
        values: list[Any] = read_columns(self._fs, path, [column])[column].to_pylist()
        if len(values) != self.blocks[block]:
            raise DataError(f"{path} must have {self.blocks[block]} rows, got {len(values)}")
        return values

    def are_pictures(self, column: str) -> bool:
        """Whether `anchor` or `positive` names pictures by their uids, as far as is looked."""
        for part, rows in zip(self._parts, self.blocks, strict=True):
            if rows:
                first = read_columns(self._fs, part, [column])[column].slice(0, _LOOKED_AT)
                return all(is_uid(text or "") for text in first.to_pylist())
        return False

    def _languages(self, block: int) -> list[str]:
        return self.beside(block, "query_language") or [_UNSTATED] * self.blocks[block]

    def _negatives(self, wanted: int) -> list[str]:
        names = _about(self._fs, self._parts[0]).schema.to_arrow_schema().names
        columns = [name for name in names if _NEGATIVE.fullmatch(name)]
        if len(columns) < wanted:
            raise DataError(f"{self.path} must have {wanted} negatives a row, got {len(columns)}")
        return columns[:wanted]

    def _rows(self, part: str) -> int:
        """How many rows a part has."""
        about = _about(self._fs, part)
        names = about.schema.to_arrow_schema().names
        if not set(names).issuperset(self._columns):
            raise DataError(
                f"{part} must have columns {', '.join(self._columns)}, got {', '.join(names)}"
            )
        rows: int = about.num_rows
        return rows


def read_columns(fs: Any, path: str, columns: list[str]) -> pa.Table:
    """Some columns of a table.

    Raises:
      DataError: it is no table, or has not all of them.
    """
    try:
        with fs.open(path) as file:
            return pq.read_table(file, columns=columns).combine_chunks()
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise DataError(f"{path} must be a table with {', '.join(columns)}: {error}") from error


def _about(fs: Any, path: str) -> pq.FileMetaData:
    try:
        with fs.open(path) as file:
            return pq.read_metadata(file)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} must be Parquet: {error}") from error


def runs(keys: pa.ChunkedArray) -> Places:
    """Where each run of equal keys begins, [runs]."""
    codes = keys.combine_chunks().dictionary_encode().indices.to_numpy()  # [rows]
    return np.flatnonzero(np.diff(codes, prepend=-1))


def shares_of(blocks: Iterable[tuple[Sequence[str], Places]]) -> dict[str, float]:
    """Shares of languages, by the texts' languages and where each sample's texts begin."""
    counted: Counter[str] = Counter()
    for languages, starts in blocks:
        counts = np.diff(starts, append=len(languages))  # [samples]
        codes = pa.array(languages).dictionary_encode()
        sums = np.bincount(
            codes.indices.to_numpy(), weights=np.repeat(1 / counts, counts)
        )  # [languages]
        counted.update(dict(zip(codes.dictionary.to_pylist(), sums.tolist(), strict=True)))
    total = sum(counted.values())
    return {code: counted[code] / total for code in sorted(counted)}
