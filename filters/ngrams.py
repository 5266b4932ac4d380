"""Which language do a text's letters look like? A linear model over hashed character n-grams.

Words with the blanks around them give their n-grams (Cavnar and Trenkle 1994), hashed to rows of a
table of weights. What they say is divided by the root of their number, so that certainty grows with
length, but not as if n-grams were independent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.scripts import SCRIPTS, Column, script_table

MOST_POINTS = 120
"""Code points of a text that are looked at: the sums of their n-grams' weights fit 16 bits."""

SHORTEST = 3
"""Characters of the shortest n-grams."""

_LANES = 4  # of 16 bits in 64
_SPREAD = 512  # of the weights at one point of a text, over all its n-grams
_BLANK = np.uint32(ord(" "))
_FACTORS = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35))


@dataclass(frozen=True, slots=True, eq=False)
class Ngrams:
    """The n-grams of a column of texts.

    Attributes:
      buckets: hashes, text by text; shape [ngrams].
      sizes: how many each text has; shape [texts].
    """

    buckets: NDArray[np.uint32]
    sizes: NDArray[np.int64]


class NgramModel:
    """Weights for the languages of one script.

    Sums are made four at a time: weights, shifted to be positive, lie side by side in 64 bits, and
    those of `MOST_POINTS` cannot run over.

    Args:
      languages: ISO 639-1 codes, not all of them ours.
      weights: shape [buckets, languages], none beyond `most_weight(longest)`; buckets are a power
        of two.
      scale: what one unit of `weights` is worth, in nats.
      longest: characters of the longest n-grams.
    """

    def __init__(
        self,
        languages: tuple[str, ...],
        weights: NDArray[np.int8],
        scale: float,
        longest: int = 4,
    ) -> None:
        self.languages = languages
        self._scale = scale
        self._longest = longest
        self._shift = most_weight(longest) + 1
        self._bits = len(weights).bit_length() - 1
        shifted = np.zeros((len(weights), -(-len(languages) // _LANES) * _LANES), np.uint16)
        shifted[:, : len(languages)] = weights.astype(np.int16) + self._shift
        self._packed = np.ascontiguousarray(shifted.view(np.uint64).T)  # a row fits the cache

    def log_shares(self, column: Column) -> NDArray[np.float64]:
        """How probable each language is by these n-grams alone, in nats; [texts, languages]."""
        found = ngrams_of(column, self._bits, self._longest)
        sums = np.zeros((len(found.sizes), len(self._packed)), np.uint64)
        some = found.sizes > 0
        if some.any():
            starts = (np.cumsum(found.sizes) - found.sizes)[some]
            for lanes, weights in enumerate(self._packed):
                sums[some, lanes] = np.add.reduceat(weights.take(found.buckets), starts)
        totals = sums.view(np.uint16)[:, : len(self.languages)].astype(np.float64)
        totals -= self._shift * found.sizes[:, None]
        logits = totals * (self._scale / np.sqrt(np.maximum(found.sizes, 1)))[:, None]
        logits -= logits.max(axis=1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))


def most_weight(longest: int) -> int:
    """How great a weight may be, so that sums fit, of n-grams up to `longest` characters."""
    return min(127, _SPREAD // 2 // (longest - SHORTEST + 1) - 1)


def ngrams_of(column: Column, bits: int, longest: int = 4) -> Ngrams:
    """The hashes, `bits` wide, of the n-grams of words, of three to `longest` characters.

    A word is a run of letters and marks; no n-gram reaches over the blank beside it.
    """
    points, owners = _words(column)
    is_letter = points != _BLANK
    hashes = _mixed(_mixed(np.uint32(0), points[:-1]), points[1:])
    is_inside = np.ones(len(hashes), np.bool_)  # whether all but the first and the last are letters
    found: list[NDArray[np.uint32]] = []
    starts: list[NDArray[np.int64]] = []
    for size in range(SHORTEST, longest + 1):
        hashes = _mixed(hashes[:-1], points[size - 1 :])
        is_inside = is_inside[:-1] & is_letter[size - 2 : -1]
        starts.append(np.flatnonzero(is_inside))
        found.append(hashes[starts[-1]])
    of = owners[1:][np.concatenate(starts)]
    order = np.argsort(of, kind="stable")
    buckets = (np.concatenate(found)[order] * _FACTORS[2]) >> np.uint32(32 - bits)
    return Ngrams(buckets, np.bincount(of, minlength=len(column.ends)))


def _words(column: Column) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """All words with one blank before, between and after them; and whose text each point is of.

    The blank between two texts serves both: an n-gram's second point is always a letter of its own.
    """
    points = column.points
    sizes = np.diff(column.ends, prepend=-1)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(points)) - (column.ends - sizes)[owners] <= MOST_POINTS
    is_word = (script_table()[points] < len(SCRIPTS)) & within
    stays = is_word | np.append(False, is_word[:-1])
    words = np.where(is_word, points, _BLANK)[stays]
    return np.append(_BLANK, words), np.append(0, owners[stays])


def _mixed(
    hashes: NDArray[np.uint32] | np.uint32, points: NDArray[np.uint32]
) -> NDArray[np.uint32]:
    mixed = (hashes * _FACTORS[0]) ^ (points * _FACTORS[1])
    return np.asarray(mixed ^ (mixed >> np.uint32(15)), np.uint32)
