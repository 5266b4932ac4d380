"""From planned batches to tensors: pictures decoded and fitted, texts cut to tokens."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import fsspec
import numpy as np
import simplejpeg
import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from model.drawing import uniform
from model.evaluation_sets import DataError
from model.fitting import PictureFit, Pixels
from model.samples import Pair, Picture, TextTuple

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class PlannedPiece:
    """What one pass of the towers takes, as planned.

    Attributes:
      pairs: pictures with captions, all with as many hard captions and near pictures.
      texts: texts with texts, all with as many negatives.
      salt: of what is drawn for its pictures.
    """

    pairs: Sequence[Pair]
    texts: Sequence[TextTuple]
    salt: str


@dataclass(slots=True)
class Piece:
    """What one pass of the towers takes.

    Attributes:
      pixels: [pictures, 3, s, s] uint8: those of the pairs, then near ones pair by pair.
      input_ids: [texts, t]: captions, hard captions pair by pair, then anchors, positives, and
        negatives anchor by anchor.
      attention_mask: [texts, t].
      pairs: how many pictures and captions.
      hard_captions: of each pair.
      near_pictures: of each pair.
      anchors: how many.
      negatives: of each anchor.
      names: of the pairs, then of the text tuples.
    """

    pixels: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    pairs: int
    hard_captions: int
    near_pictures: int
    anchors: int
    negatives: int
    names: list[str]

    def pin_memory(self) -> "Piece":
        """Called by torch's loader so that it is copied to a GPU while that computes."""
        self.pixels = self.pixels.pin_memory()
        self.input_ids = self.input_ids.pin_memory()
        self.attention_mask = self.attention_mask.pin_memory()
        return self


class PieceReader(Dataset[Piece]):
    """Makes the pieces that are asked for; the same piece is the same tensors.

    Args:
      tokenizer: of all texts.
      context_length: tokens that they are cut to.
      fit: of all pictures.
      token_dropout: share of a text's tokens that are not told.
      threads: that decode a piece's pictures.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        context_length: int,
        fit: PictureFit,
        token_dropout: float = 0.0,
        threads: int = 1,
    ) -> None:
        self._tokenizer = tokenizer
        self._context_length = context_length
        self._fit = fit
        self._token_dropout = token_dropout
        self._kept = {*tokenizer.all_special_ids} - {tokenizer.unk_token_id}
        self._threads = threads

    def __getitem__(self, planned: PlannedPiece) -> Piece:
        pairs, texts = planned.pairs, planned.texts
        words = [
            *(pair.text for pair in pairs),
            *(caption for pair in pairs for caption in pair.hard_captions),
            *(text.anchor for text in texts),
            *(text.positive for text in texts),
            *(negative for text in texts for negative in text.negatives),
        ]
        tokens = self._tokenizer(
            words,
            padding=True,
            truncation=True,
            max_length=self._context_length,
            return_tensors="pt",
        )
        pictures = [pair.picture for pair in pairs]
        pictures += [picture for pair in pairs for picture in pair.near_pictures]
        return Piece(
            pixels=self._pixels(pictures, planned.salt),
            input_ids=self._told(tokens["input_ids"], words, planned.salt),
            attention_mask=tokens["attention_mask"],
            pairs=len(pairs),
            hard_captions=len(pairs[0].hard_captions) if pairs else 0,
            near_pictures=len(pairs[0].near_pictures) if pairs else 0,
            anchors=len(texts),
            negatives=len(texts[0].negatives) if texts else 0,
            names=[*(pair.name for pair in pairs), *(text.name for text in texts)],
        )

    def _told(self, ids: Tensor, words: Sequence[str], salt: str) -> Tensor:
        """The tokens, padding for those that are not told, [texts, t]; special ones stay."""
        if not self._token_dropout:
            return ids
        chances = np.stack([uniform(f"{salt}:{text}", ids.shape[1]) for text in words])
        dropped = torch.from_numpy(chances < self._token_dropout)  # [texts, t]
        dropped &= ~torch.isin(ids, torch.tensor(sorted(self._kept)))
        return ids.masked_fill(dropped, self._tokenizer.pad_token_id)

    def _pixels(self, pictures: Sequence[Picture], salt: str) -> Tensor:
        """Decodes and fits the pictures, [pictures, 3, s, s] uint8."""
        size = self._fit.size
        pixels = torch.empty(len(pictures), 3, size, size, dtype=torch.uint8)
        with ThreadPoolExecutor(self._threads) as threads:
            fitted = threads.map(
                self._fitted, pictures, _bytes_of(pictures), itertools.repeat(salt)
            )
            for number, square in enumerate(fitted):  # [s, s, 3]
                for channel, plane in enumerate(reversed(cv2.split(square))):  # [s, s]
                    pixels[number, channel] = torch.from_numpy(plane)
        return pixels

    def _fitted(self, picture: Picture, encoded: bytes, salt: str) -> Pixels:
        """A picture, [s, s, 3], blue first."""
        decoded = _decoded(encoded, self._fit.least_side)
        if decoded is None:
            raise DataError(
                f"{picture.tar} must hold the picture {picture.name} in {picture.size} bytes at "
                f"{picture.offset}, got what cannot be decoded"
            )
        return self._fit(decoded, f"{salt}:{picture.name}")


def _decoded(encoded: bytes, least_side: int) -> Pixels | None:
    """[h, w, 3], blue first; None where it is no picture.

    A JPEG is decoded at an eighth, a quarter … of its size where both sides are `least_side` still.
    """
    if encoded.startswith(_JPEG):
        try:
            return simplejpeg.decode_jpeg(
                encoded, "BGR", min_height=least_side, min_width=least_side
            )
        except ValueError:
            return None
    if not encoded:
        return None
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)


def _bytes_of(pictures: Sequence[Picture]) -> Sequence[bytes]:
    """The encoded pictures; from a store that is far, many at a time."""
    if not pictures:
        return []
    fs, _ = fsspec.url_to_fs(pictures[0].tar)
    tars = [fs._strip_protocol(picture.tar) for picture in pictures]
    starts = [picture.offset for picture in pictures]
    ends = [picture.offset + picture.size for picture in pictures]
    read: Sequence[bytes] = fs.cat_ranges(tars, starts, ends, on_error="raise")
    return read
