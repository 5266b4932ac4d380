"""What there is to train on: the samples of folders that `pack` wrote, without their pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import fsspec
import pyarrow as pa
import pyarrow.compute as pc

from model.drawing import Drawing, Places
from model.evaluation_sets import DataError
from model.sample_tables import Shards, TupleTables, read_columns, runs, shares_of
from schemas.ids import Fold
from schemas.layout import CAPTIONS_SUFFIX, TEXT_TEXT, TRIPLET_KINDS

_FOLDED_BY = ("uid", "caption_id", "parent")


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture lies.

    Attributes:
      name: its uid.
      tar: the shard's path.
      offset: of its bytes in it.
      size: bytes.
    """

    name: str
    tar: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and a caption of it, and maybe such as nearly fit.

    Attributes:
      name: the picture's uid.
      text: the caption.
      tar: the shard's path.
      offset: of the picture's bytes in it.
      size: bytes.
      hard_captions: that almost fit the picture.
      captioned: uids of the pictures that these belong to, as far as known.
      near_pictures: that the caption almost fits.
    """

    name: str
    text: str
    tar: str
    offset: int
    size: int
    hard_captions: tuple[str, ...] = ()
    captioned: tuple[str, ...] = ()
    near_pictures: tuple[Picture, ...] = ()

    @property
    def picture(self) -> Picture:
        return Picture(self.name, self.tar, self.offset, self.size)

    @property
    def stands_for(self) -> tuple[str, ...]:
        """What no other sample of its batch may stand for or against."""
        return self.name, self.text.casefold()

    @property
    def stands_against(self) -> tuple[str, ...]:
        """What no other sample of its batch may stand for."""
        captions = (text.casefold() for text in self.hard_captions)
        return (*captions, *self.captioned, *(near.name for near in self.near_pictures))


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
      unseen: pairs of this fold are left out, and pictures of which no caption is left.

    Raises:
      DataError: it is no such folder.
    """

    def __init__(self, path: str, temperature: float, unseen: Fold | None = None) -> None:
        self.path = path
        self._unseen = unseen
        self._shards = Shards.of(path)
        numbers = range(len(self._shards.names))
        self.blocks: Sequence[int] = (
            [len(self._languages(block)[1]) for block in numbers] if unseen else self._shards.sizes
        )
        self.languages = shares_of(self._languages(block) for block in numbers)
        self._drawing = Drawing.at(temperature, self.languages)

    def read(self, block: int, salt: str) -> list[Pair]:
        """See `SampleSet`."""
        shard = self._shards.names[block]
        columns = ["key", "uid", "image_offset", "image_size"]
        keys = read_columns(self._shards.fs, f"{shard}.parquet", columns)
        captions = self._captions(block, ["key", "language", "text"])
        starts = runs(captions["key"])
        ours = captions["key"].take(pa.array(starts))
        if self._unseen:
            keys = keys.filter(pc.is_in(keys["key"], ours.combine_chunks())).combine_chunks()
        if not ours.equals(keys["key"]):
            raise DataError(f"the captions beside {shard}.tar must be of its samples, in order")
        samples, texts = self._drawing.draw(captions["language"].to_pylist(), starts, salt)
        chosen = keys.take(pa.array(samples))
        tar = self._shards.tar(shard)
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
        table = self._captions(block, ["key", "language"])
        return table["language"].to_pylist(), runs(table["key"])

    def _captions(self, block: int, columns: list[str]) -> pa.Table:
        """Those of a shard that are not left out."""
        path = f"{self._shards.names[block]}{CAPTIONS_SUFFIX}"
        if not self._unseen:
            return read_columns(self._shards.fs, path, columns)
        table = read_columns(self._shards.fs, path, [*columns, *_FOLDED_BY])
        ids = zip(*(table[name].to_pylist() for name in _FOLDED_BY), strict=True)
        left = [not self._unseen.has(uid, parent or id_) for uid, id_, parent in ids]
        return table.filter(pa.array(left, pa.bool_())).combine_chunks()


class TextSet:
    """Text pairs or triplets of texts: Parquet as sentence-transformers reads it; see `SampleSet`.

    Languages are known of folders that `pack` wrote, see `TupleTables`.

    Raises:
      DataError: there are no such tables, or they name pictures.
    """

    def __init__(self, path: str, temperature: float, negatives: int = 0) -> None:
        self.path = path
        _refuse_all_kinds(path)
        self._tables = TupleTables(path, temperature, negatives)
        for column in ("anchor", "positive"):
            if self._tables.are_pictures(column):
                raise DataError(
                    f"{path} has pictures' uids as {column}, and is read as texts: such triplets "
                    'go to images, with the folder of their pictures, as { path = "…", pictures = '
                    '"…/shards/pairs" }'
                )
        self.blocks = self._tables.blocks
        self.languages = self._tables.languages

    def read(self, block: int, salt: str) -> list[TextTuple]:
        """See `SampleSet`."""
        name = self._tables.name(block)
        every = [
            TextTuple(f"{name}:{row}", anchor, positive, tuple(negatives))
            for row, (anchor, positive, *negatives) in enumerate(self._tables.read(block))
        ]
        return [every[row] for row in self._tables.drawn(block, salt)]


def _refuse_all_kinds(path: str) -> None:
    """Raises DataError where the folder has triplets of several kinds."""
    fs, root = fsspec.url_to_fs(path)
    if any(fs.exists(f"{root}/{kind}") for kind in TRIPLET_KINDS):
        raise DataError(
            f"{path} must hold Parquet with columns anchor and positive: name "
            f"{path}/{TEXT_TEXT}, the triplets of texts alone; those of pictures go to images"
        )
