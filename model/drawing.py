"""Chance that is the same in every process: numbers drawn by hashes of a salt and a place."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIXERS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def uniform(salt: str, count: int) -> Numbers:
    """Numbers in (0, 1], [count], of SplitMix64 (Steele et al. 2014) begun at a hash of `salt`.

    >>> uniform("a", 2).round(3).tolist() == uniform("a", 3).round(3).tolist()[:2]
    True
    """
    begin = hashlib.blake2b(salt.encode(), digest_size=8).digest()
    with np.errstate(over="ignore"):
        bits = np.uint64(int.from_bytes(begin)) + _GOLDEN * np.arange(1, count + 1, dtype=np.uint64)
        for shift, factor in _MIXERS:
            bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53


def shuffled(salt: str, count: int) -> Places:
    """The places 0 … count - 1 in another order."""
    return np.argsort(uniform(salt, count), kind="stable")


@dataclass(frozen=True, slots=True)
class Drawing:
    """How often a sample comes in an epoch, and with which of its texts.

    A language's share is made proportional to the 1/T-th power of its share of the data (Conneau et
    al. 2020, arXiv:1911.02116, section 3.1, α = 1/T): a sample's text is drawn with weights v by
    language, and the sample comes as often as the mean of its texts' v says, rounded up or down by
    chance in each epoch (the repeat factors of Gupta et al. 2019, arXiv:1908.03195, section 3, only
    that ours may be below 1). With T = 1 each sample comes once.

    Attributes:
      weights: v of each language, of mean 1 over the samples.
    """

    weights: dict[str, float]

    @classmethod
    def at(cls, temperature: float, shares: dict[str, float]) -> "Drawing":
        """For languages of such shares of the data.

        >>> drawing = Drawing.at(2, {"en": 0.8, "fi": 0.2})
        >>> [round(drawing.weights[code] * share, 2) for code, share in [("en", 0.8), ("fi", 0.2)]]
        [0.67, 0.33]
        """
        raw = {code: share ** (1 / temperature - 1) for code, share in shares.items()}
        mean = sum(raw[code] * share for code, share in shares.items())
        return cls({code: weight / mean for code, weight in raw.items()})

    def draw(self, languages: Sequence[str], starts: Places, salt: str) -> tuple[Places, Places]:
        """The visits of an epoch: which sample, and which text of all.

        Args:
          languages: of every text, [texts], a sample's texts together.
          starts: where each sample's texts begin, [samples].
          salt: of the epoch and the place.

        Shapes: [visits] each.
        """
        weights = np.array([self.weights[code] for code in languages])  # [texts]
        counts = np.diff(starts, append=len(weights))  # [samples]
        means = (np.add.reduceat(weights, starts) / counts).round(9)  # [samples]
        whole = np.floor(means)  # [samples]
        visits = whole + (uniform(f"{salt}:visits", len(starts)) < means - whole)  # [samples]
        samples, texts = [], []
        for visit in range(int(visits.max(initial=0))):
            again = visits > visit
            samples.append(np.flatnonzero(again))
            texts.append(_one_of_each(weights, starts, counts, f"{salt}:{visit}")[again])
        none = np.empty(0, np.int64)
        return np.concatenate([none, *samples]), np.concatenate([none, *texts])


def _one_of_each(weights: Numbers, starts: Places, counts: Places, salt: str) -> Places:
    """A text of each sample in proportion to the weights: the first of a race, [samples]."""
    finish = -np.log(uniform(salt, len(weights))) / weights  # [texts], exponentially distributed
    sample = np.repeat(np.arange(len(starts)), counts)  # [texts]
    return np.lexsort((finish, sample))[starts]
