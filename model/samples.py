"""What there is to train on: the samples of folders that `pack` wrote, without their pixels."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model.drawing import Drawing, Places
from model.evaluation_sets import DataError
from schemas.ids import Fold
from schemas.layout import CAPTIONS_SUFFIX, TEXT_TEXT, TRIPLET_KINDS

_UNSTATED = "und"
_UID = re.compile(r"[0-9a-f]{32}")
_LOOKED_AT = 16  # rows
_NEGATIVE = re.compile(r"negative(_\d+)?")  # sentence-transformers' names


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and the caption drawn for it.

    Attributes:
      name: the picture's uid.
      text: the caption.
      tar: the shard's path.
      offset: of the picture's bytes in it.
      size: bytes.
    """

    name: str
    text: str
    tar: str
    offset: int
    size: int

    @property
    def stands_for(self) -> tuple[str, ...]:
        """What no other sample of its batch may stand for or against."""
        return self.name, self.text.casefold()

    @property
    def stands_against(self) -> tuple[str, ...]:
        """What no other sample of its batch may stand for."""
        return ()


@dataclass(frozen=True, slots=True)
class TextTuple:
    """A text, one that answers it, and such as nearly do.

    Attributes:
      name: its part and row, `part-00000.parquet:7`.
      anchor: the query.
      positive: the answer.
      negatives: maybe none.
    """

    name: str
    anchor: str
    positive: str
    negatives: tuple[str, ...]

    @property
    def stands_for(self) -> tuple[str, ...]:
        """What no other sample of its batch may stand for or against."""
        return self.anchor.casefold(), self.positive.casefold()

    @property
    def stands_against(self) -> tuple[str, ...]:
        """What no other sample of its batch may stand for."""
        return tuple(text.casefold() for text in self.negatives)


Sample = TypeVar("Sample", bound=Pair | TextTuple)
Read = TypeVar("Read", bound=Pair | TextTuple, covariant=True)


class SampleSet(Protocol[Read]):
    """Samples in blocks, each small enough to be held.

    Attributes:
      path: its folder, as it was named.
      blocks: samples in each, as stored.
      languages: the share of each language; a picture's captions together count as one.
    """

    path: str
    blocks: Sequence[int]
    languages: dict[str, float]

    def read(self, block: int, salt: str) -> Sequence[Read]:
        """The samples of a block as stored, then those that come once more, and so on.

        Args:
          block: its number.
          salt: of the epoch: texts and visits are drawn with it.
        """
        ...


class ImageSet:
    """Pictures with captions: `shards/pairs` or `shards/documents`; see `SampleSet`.

    Args:
      path: of the folder.
      temperature: of the languages, see `Drawing`.
      unseen: pictures of this fold are left out, with all of their captions.

    Raises:
      DataError: it is no such folder.
    """

    def __init__(self, path: str, temperature: float, unseen: Fold | None = None) -> None:
        self.path = path
        self._unseen = unseen
        self._fs, root = fsspec.url_to_fs(path)
        places = [at for at in (root, f"{root}/train") if self._fs.exists(f"{at}/sizes.json")]
        if not places:
            raise DataError(f"{path} must hold shards that pack wrote: it has no sizes.json")
        sizes = json.loads(self._fs.cat_file(f"{places[0]}/sizes.json"))
        self._shards = [f"{places[0]}/{name.removesuffix('.tar')}" for name in sizes]
        self.blocks: Sequence[int] = (
            [self._table(f"{shard}.parquet", ["uid"]).num_rows for shard in self._shards]
            if unseen
            else list(sizes.values())
        )
        self.languages = _shares(self._languages(block) for block in range(len(sizes)))
        self._drawing = Drawing.at(temperature, self.languages)

    def read(self, block: int, salt: str) -> list[Pair]:
        """See `SampleSet`."""
        shard = self._shards[block]
        keys = self._table(f"{shard}.parquet", ["key", "uid", "image_offset", "image_size"])
        captions = self._table(f"{shard}{CAPTIONS_SUFFIX}", ["key", "language", "text"])
        starts = _runs(captions["key"])
        if not captions["key"].take(pa.array(starts)).equals(keys["key"]):
            raise DataError(f"the captions beside {shard}.tar must be of its samples, in order")
        samples, texts = self._drawing.draw(captions["language"].to_pylist(), starts, salt)
        chosen = keys.take(pa.array(samples))
        tar = self._fs.unstrip_protocol(f"{shard}.tar")
        return [
            Pair(uid, text, tar, offset, size)
            for uid, text, offset, size in zip(
                chosen["uid"].to_pylist(),
                captions["text"].take(pa.array(texts)).to_pylist(),
                chosen["image_offset"].to_pylist(),
                chosen["image_size"].to_pylist(),
                strict=True,
            )
        ]

    def _languages(self, block: int) -> tuple[list[str], Places]:
        """Of each caption of a shard, and where each sample's captions begin."""
        table = self._table(f"{self._shards[block]}{CAPTIONS_SUFFIX}", ["key", "language"])
        return table["language"].to_pylist(), _runs(table["key"])

    def _table(self, path: str, columns: list[str]) -> pa.Table:
        """The rows of pictures that are not left out."""
        if not self._unseen:
            return _read(self._fs, path, columns)
        table = _read(self._fs, path, list({"uid": None, **dict.fromkeys(columns)}))
        left = [not self._unseen.has(uid) for uid in table["uid"].to_pylist()]
        return table.filter(pa.array(left, pa.bool_())).combine_chunks()


class TextSet:
    """Text pairs or triplets of texts: Parquet as sentence-transformers reads it; see `SampleSet`.

    Beside a folder that `pack` wrote, `train`, lie `rows` with the languages; elsewhere they are
    not known, and a language temperature changes nothing.

    Raises:
      DataError: there are no such tables, or they name pictures.
    """

    def __init__(self, path: str, temperature: float, negatives: int = 0) -> None:
        self.path = path
        self._fs, root = fsspec.url_to_fs(path)
        root = f"{root}/train" if self._fs.exists(f"{root}/train") else root
        self._parts = sorted(self._fs.glob(f"{root}/*.parquet"))
        if not self._parts:
            kinds = any(self._fs.exists(f"{root}/{kind}") for kind in TRIPLET_KINDS)
            use = f": name {path}/{TEXT_TEXT}, the triplets of texts alone" if kinds else ""
            raise DataError(f"{path} must hold Parquet with columns anchor and positive{use}")
        self._columns = ["anchor", "positive", *self._negatives(negatives)]
        self.blocks: Sequence[int] = [self._rows(part) for part in self._parts]
        self._refuse_pictures()
        beside = f"{root.removesuffix('/train')}/rows"
        self._rows_folder = beside if root.endswith("/train") and self._fs.exists(beside) else ""
        self.languages = _shares(
            (languages, np.arange(len(languages)))
            for languages in map(self._languages, range(len(self._parts)))
        )
        self._drawing = Drawing.at(temperature, self.languages)

    def read(self, block: int, salt: str) -> list[TextTuple]:
        """See `SampleSet`."""
        part = self._parts[block]
        table = _read(self._fs, part, self._columns)
        if any(column.null_count for column in table.columns):
            raise DataError(f"{part} must have a text in every row of {', '.join(self._columns)}")
        starts = np.arange(table.num_rows)
        rows, _ = self._drawing.draw(self._languages(block), starts, salt)
        name = part.rpartition("/")[2]
        texts = zip(*(table[column].to_pylist() for column in self._columns), strict=True)
        every = [
            TextTuple(f"{name}:{row}", anchor, positive, tuple(negatives))
            for row, (anchor, positive, *negatives) in enumerate(texts)
        ]
        return [every[row] for row in rows]

    def _languages(self, block: int) -> list[str]:
        if not self._rows_folder:
            return [_UNSTATED] * self.blocks[block]
        path = f"{self._rows_folder}/{self._parts[block].rpartition('/')[2]}"
        table = _read(self._fs, path, ["query_language"])
        languages: list[str] = table["query_language"].to_pylist()
        if len(languages) != self.blocks[block]:
            raise DataError(f"{path} must have {self.blocks[block]} rows, got {len(languages)}")
        return languages

    def _refuse_pictures(self) -> None:
        """Raises DataError where pictures stand by their uids, as in triplets with pictures."""
        for column in ("anchor", "positive"):
            first = _read(self._fs, self._parts[0], [column])[column].slice(0, _LOOKED_AT)
            if len(first) and all(_UID.fullmatch(text or "") for text in first.to_pylist()):
                raise DataError(
                    f"{self.path} has pictures' uids as {column}, and is read as texts: of what "
                    f"pack wrote, texts are shards/texts and shards/triplets/{TEXT_TEXT}, and "
                    "pictures with captions shards/pairs, which go to images"
                )

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


def _about(fs: Any, path: str) -> pq.FileMetaData:
    try:
        with fs.open(path) as file:
            return pq.read_metadata(file)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} must be Parquet: {error}") from error


def _read(fs: Any, path: str, columns: list[str]) -> pa.Table:
    try:
        with fs.open(path) as file:
            return pq.read_table(file, columns=columns).combine_chunks()
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise DataError(f"{path} must be a table with {', '.join(columns)}: {error}") from error


def _runs(keys: pa.ChunkedArray) -> Places:
    """Where each run of equal keys begins, [runs]."""
    codes = keys.combine_chunks().dictionary_encode().indices.to_numpy()  # [rows]
    return np.flatnonzero(np.diff(codes, prepend=-1))


def _shares(blocks: Iterable[tuple[Sequence[str], Places]]) -> dict[str, float]:
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
