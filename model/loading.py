"""From planned batches to tensors: pictures decoded and fitted, texts cut to tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import fsspec
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from model.evaluation_sets import DataError
from model.fitting import PictureFit, Pixels
from model.samples import Pair, TextTuple


@dataclass(frozen=True, slots=True)
class PlannedPiece:
    """What one pass of the towers takes, as planned.

    Attributes:
      pairs: pictures with captions.
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
      pixels: [pairs, 3, s, s] uint8.
      input_ids: [texts, t]: captions, then anchors, positives, and negatives anchor by anchor.
      attention_mask: [texts, t].
      pairs: how many pictures and captions.
      anchors: how many.
      negatives: of each anchor.
      names: of the pairs, then of the text tuples.
    """

    pixels: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    pairs: int
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
    """Makes the pieces that are asked for; the same piece is the same tensors."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, context_length: int, fit: PictureFit
    ) -> None:
        self._tokenizer = tokenizer
        self._context_length = context_length
        self._fit = fit

    def __getitem__(self, planned: PlannedPiece) -> Piece:
        pairs, texts = planned.pairs, planned.texts
        words = [
            *(pair.text for pair in pairs),
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
        return Piece(
            pixels=self._pixels(pairs, planned.salt),
            input_ids=tokens["input_ids"],
            attention_mask=tokens["attention_mask"],
            pairs=len(pairs),
            anchors=len(texts),
            negatives=len(texts[0].negatives) if texts else 0,
            names=[*(pair.name for pair in pairs), *(text.name for text in texts)],
        )

    def _pixels(self, pairs: Sequence[Pair], salt: str) -> Tensor:
        """Decodes and fits the pictures, [pairs, 3, s, s] uint8."""
        size = self._fit.size
        pixels = torch.empty(len(pairs), 3, size, size, dtype=torch.uint8)
        for number, (pair, encoded) in enumerate(zip(pairs, _bytes_of(pairs), strict=True)):
            decoded = _decoded(encoded)
            if decoded is None:
                raise DataError(
                    f"{pair.tar} must hold the picture {pair.name} in {pair.size} bytes at "
                    f"{pair.offset}, got what cannot be decoded"
                )
            fitted = self._fit(decoded, f"{salt}:{pair.name}")  # [s, s, 3], blue first
            for channel, plane in enumerate(reversed(cv2.split(fitted))):  # [s, s]
                pixels[number, channel] = torch.from_numpy(plane)
        return pixels


def _decoded(encoded: bytes) -> Pixels | None:
    """[h, w, 3], blue first; None where it is no picture."""
    if not encoded:
        return None
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)


def _bytes_of(pairs: Sequence[Pair]) -> Sequence[bytes]:
    """The encoded pictures; from a store that is far, many at a time."""
    if not pairs:
        return []
    fs, _ = fsspec.url_to_fs(pairs[0].tar)
    tars = [fs._strip_protocol(pair.tar) for pair in pairs]
    starts = [pair.offset for pair in pairs]
    ends = [pair.offset + pair.size for pair in pairs]
    read: Sequence[bytes] = fs.cat_ranges(tars, starts, ends, on_error="raise")
    return read
