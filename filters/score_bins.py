"""Scores counted in fixed bins: sums of counts are exact, in whatever order they are made.

Bins divide [-1, 1] evenly. Their edges are binary fractions, which 32 bits hold without rounding.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 1 << 14
WIDTH = 2 / BINS
"""Of a bin, 0.00012."""

LEAST = 100
"""Scores of mismatches that are enough to tell their mean and deviation."""

Counts = NDArray[np.int64]
"""How many scores lie in each bin; shape [BINS]."""

Scores = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the scores of mismatches lie, and so what a score is worth.

    Attributes:
      mean: of their scores.
      std: standard deviation, positive.
    """

    mean: float
    std: float

    def standing(self, scores: Scores) -> NDArray[np.float64]:
        """Scores over the mean of mismatches, in their standard deviations."""
        return (np.asarray(scores, np.float64) - self.mean) / self.std

    def moved(self, score: float, to: "Scale") -> float:
        """A score of this scale as one of another that stands as high over its mismatches."""
        return to.mean + to.std * (score - self.mean) / self.std


def bins_of(scores: Scores) -> NDArray[np.int64]:
    """The bin of each score; what lies outside [-1, 1], by rounding, counts with the last one.

    >>> bins_of(np.array([-1.0, 0.0, 1.0])).tolist()
    [0, 8192, 16383]
    """
    found = np.floor((np.asarray(scores, np.float64) + 1) / WIDTH)
    return np.clip(found, 0, BINS - 1).astype(np.int64)


def edge(at: float) -> float:
    """The lower edge of a bin."""
    return -1 + WIDTH * at


def counted(scores: Scores) -> Counts:
    """The histogram of some scores."""
    return np.bincount(bins_of(scores), minlength=BINS)


def quantile(counts: Counts, share: float) -> float:
    """The score that a `share` in [0, 1] of the scores lie below, of at least one score.

    It is numpy's `quantile` of the scores themselves, to the width of one bin: where that lies
    between two scores, this lies likewise between the lower edges of their bins.
    """
    ends = np.cumsum(counts)
    place = (int(ends[-1]) - 1) * share
    below, above = (int(np.searchsorted(ends, side, "right")) for side in _around(place))
    return edge(below) + (edge(above) - edge(below)) * (place - math.floor(place))


def _around(place: float) -> tuple[int, int]:
    return math.floor(place), math.ceil(place)


def scale_of(shuffled: Counts) -> Scale | None:
    """The scale of mismatches' scores; None where there are too few, or all are the same."""
    total = int(shuffled.sum())
    if total < LEAST:
        return None
    mean = float((shuffled * _CENTRES).sum() / total)
    std = float(np.sqrt((shuffled * (_CENTRES - mean) ** 2).sum() / total))
    return Scale(mean, std) if std >= WIDTH else None


def rescaled(counts: Counts, scale: Scale, to: Scale) -> Counts:
    """The histogram of the same scores in another scale; each bin goes where its centre goes."""
    moved = to.mean + to.std * scale.standing(_CENTRES)
    sums = np.zeros(BINS, np.int64)
    np.add.at(sums, bins_of(moved), counts)
    return sums


_CENTRES = edge(0.5) + WIDTH * np.arange(BINS)
