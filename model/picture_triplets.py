"""Triplets in which pictures stand by their uids: `triplets/image-to-text`, `text-to-image`,
`query-to-page`.

Pictures are found by a `PictureIndex` of `shards/pairs`, pages by one of `shards/documents`:
nothing of that is held but what a part of the triplets names.
"""

from collections.abc import Iterable, Iterator, Sequence

from model.evaluation_sets import DataError
from model.picture_index import PictureIndex
from model.sample_tables import Shards, TupleTables
from model.samples import Pair, Picture


class PictureTriplets:
    """Pictures with a caption and captions that almost fit, or captions with near pictures.

    See `model.samples.SampleSet`. Languages are known of folders that `pack` wrote, see
    `TupleTables`, and so are the pictures that hard captions belong to.

    Args:
      path: of the triplets.
      pictures: a folder with all of their pictures, `shards/pairs` of the same output; of pages its
        `shards/documents`.
      temperature: of the languages, see `Drawing`.
      negatives: of each row that are used.

    Raises:
      DataError: there are no such tables, they have texts alone, or pictures are not there, as far
        as the first part tells.
    """

    def __init__(self, path: str, pictures: str, temperature: float, negatives: int) -> None:
        self.path = path
        self._pictures = pictures
        shards = Shards.of(pictures)
        self._tables = TupleTables(path, temperature, negatives)
        self._asks_for_text = self._tables.are_pictures("anchor")
        if not self._asks_for_text and not self._tables.are_pictures("positive"):
            raise DataError(
                f"{path} must have pictures' uids as anchor or positive to go with the pictures of "
                f"{pictures}: triplets of texts alone go to texts, without pictures"
            )
        self._index = PictureIndex(shards)
        self.blocks: Sequence[int] = self._tables.blocks
        self.languages = self._tables.languages
        if self.blocks:
            self.read(0, "")

    def read(self, block: int, salt: str) -> list[Pair]:
        """See `SampleSet`."""
        rows = self._tables.read(block)
        pairs = list(self._of_pictures(block, rows) if self._asks_for_text else self._near(rows))
        return [pairs[row] for row in self._tables.drawn(block, salt)]

    def _of_pictures(self, block: int, rows: Sequence[tuple[str, ...]]) -> Iterator[Pair]:
        """Pictures with captions that almost fit."""
        found = self._found(anchor for anchor, *_ in rows)
        owners = self._tables.beside(block, "negative_uids") or [()] * len(rows)
        for (anchor, caption, *hard), uids in zip(rows, owners, strict=True):
            captioned = tuple(uid for uid in uids[: len(hard)] if uid)
            yield _pair(found[anchor], caption, tuple(hard), captioned)

    def _near(self, rows: Sequence[tuple[str, ...]]) -> Iterator[Pair]:
        """Captions with pictures that they almost fit."""
        found = self._found(uid for _, *uids in rows for uid in uids)
        for caption, positive, *near in rows:
            yield _pair(found[positive], caption, near=tuple(found[uid] for uid in near))

    def _found(self, uids: Iterable[str]) -> dict[str, Picture]:
        """Where pictures lie, by their uids."""
        wanted = {*uids}
        found = self._index.find(wanted)
        if lost := sorted(wanted - found.keys()):
            raise DataError(
                f"{self._pictures} must hold every picture of {self.path}, and lacks {len(lost)}, "
                f"{lost[0]} among them: name the shards/pairs of the same output, of pages "
                "its shards/documents"
            )
        return found


def _pair(
    picture: Picture,
    caption: str,
    hard: tuple[str, ...] = (),
    captioned: tuple[str, ...] = (),
    near: tuple[Picture, ...] = (),
) -> Pair:
    place = picture.tar, picture.offset, picture.size
    return Pair(picture.name, caption, *place, hard, captioned, near)
