"""Which near candidates are negatives, and which may well be positives that nobody has labelled?

The parameters have the names and the meaning that sentence-transformers gives them
(`sentence_transformers.util.mine_hard_negatives`), and give the same negatives; `own_margin` and
`max_standing` are ours. The default margin
is NV-Retriever's TopK-PercPos (Moreira et al. 2024, arXiv:2407.15831, section 3.1): a negative's
score is at most 95 % of the positive's. What is known beside scores comes first: captions and
translations of one picture, pictures that look alike, texts of one document, texts that say the
same.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from filters.overlap import mixed

Scores = NDArray[np.float32]
"""Cosines of anchors and candidates, shape [anchors, candidates], falling along each row."""

ABSENT = -1
"""In place of a fault: there is no such candidate. In place of a column: no such negative."""

UNKNOWN_DISTANCE = 256
"""Bits between two pictures of which one is none, or has no telling hash."""


MOST_POSITIVES = 100
"""Positives of an anchor by which more candidates are looked at. Of one that has more, all that is
looked at may be positives: it then has few negatives, or such as are drawn by chance."""

_WITHIN = {
    "num_negatives": (1, 100),
    "range_min": (0, 1_000),
    "range_max": (1, 2_000),  # candidates of a block are held: 24 bytes each
    "max_score": (-1, 1),
    "min_score": (-1, 1),
    "absolute_margin": (0, 2),
    "max_distance": (0, UNKNOWN_DISTANCE - 1),
}


class NegativeFault(StrEnum):
    """Why a candidate is no negative, in the order of asking.

    The last is said by `filters.cross_encoders`.
    """

    POSITIVE = "positive"
    NEAR_PICTURE = "near-picture"
    SAME_DOCUMENT = "same-document"
    SAME_TEXT = "same-text"
    REPEATED = "repeated-text"
    FITS = "fits-by-teacher"
    ABSOLUTE_MARGIN = "absolute-margin"
    RELATIVE_MARGIN = "relative-margin"
    OWN_MARGIN = "own-margin"
    MAX_SCORE = "max-score"
    MIN_SCORE = "min-score"
    CROSS_ENCODER = "cross-encoder"


FAULTS = (None, *NegativeFault)
"""What the numbers in an array of faults mean; `ABSENT` is none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeRules:
    """What a negative must be: the recipe's `[mine.negatives]`.

    Attributes:
      num_negatives: of each anchor.
      range_min: candidates that are passed over, the nearest first, of those without a fault.
      range_max: rank, of those without a fault, before which candidates are taken; by default
        `range_min + num_negatives` and the anchor's positives, or `range_min + 10 *
        num_negatives` and the anchor's positives where a margin or a greatest score is asked for.
        As many are looked at as this and the anchor's positives together. No more than
        `MOST_POSITIVES` positives count.
      max_score: greatest cosine of anchor and negative.
      min_score: least.
      absolute_margin: how much less the negative's cosine must be than the least of the positives'.
      relative_margin: the same as a share of that positive's cosine.
      own_margin: how much less the negative's cosine with the anchor must be than that with what
        it belongs to itself, as a share of the latter: a caption that fits the anchor's picture
        as well as its own is true of both.
      sampling_strategy: `top`: the nearest; `random`: any in the range, by a hash.
      max_standing: how high a caption's cosine with the anchor's picture may stand over the
        teacher's mismatches of its language, in their standard deviations.
      max_distance: bits of 256 within which two pictures' PDQ hashes say that they look alike.
      overlook: faults that are none here.
    """

    num_negatives: int = 7
    range_min: int = 0
    range_max: int | None = None
    max_score: float | None = None
    min_score: float | None = None
    absolute_margin: float | None = None
    relative_margin: float | None = 0.05
    own_margin: float | None = None
    sampling_strategy: Literal["top", "random"] = "top"
    max_standing: float | None = None
    max_distance: int = 31
    overlook: tuple[NegativeFault, ...] = ()

    def __post_init__(self) -> None:
        for name, (least, most) in _WITHIN.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ValueError(f"{name} must be in [{least}, {most}], got {value}")
        for name in ("relative_margin", "own_margin"):
            share = getattr(self, name)
            if share is not None and not 0 <= share < 1:
                raise ValueError(f"{name} must be in [0, 1), got {share}")
        if self.max_standing is not None and not isfinite(self.max_standing):
            raise ValueError(f"max_standing must be a number, got {self.max_standing}")
        last = self.range_max
        if last is not None and last - self.range_min < self.num_negatives:
            raise ValueError(
                f"range_max must be at least range_min and num_negatives together, "
                f"{self.range_min + self.num_negatives}, got {last}"
            )
        low, high = self.min_score, self.max_score
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_score must be at most max_score, {high}, got {low}")

    def last_ranks(self, positives: NDArray[np.int64]) -> NDArray[np.int64]:
        """`range_max` of anchors that have so many positives; shape [anchors]."""
        if self.range_max is not None:
            return np.full(len(positives), self.range_max)
        bounds = (self.absolute_margin, self.relative_margin, self.own_margin, self.max_score)
        spare = self.num_negatives * (1 if set(bounds) == {None} else 10)
        return np.asarray(self.range_min + spare + np.minimum(positives, MOST_POSITIVES))

    def depths(self, positives: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of the nearest are looked at; shape [anchors]."""
        return self.last_ranks(positives) + np.minimum(positives, MOST_POSITIVES)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a candidate and its anchor.

    Attributes:
      score: their cosine.
      is_positive: whether it is one of the anchor's picture, or known to answer the anchor.
      distance: bits between their pictures' PDQ hashes, or `UNKNOWN_DISTANCE`.
      same_document: whether they are of one.
      same_text: whether it says what the anchor or one of its positives says, normalised.
      is_repeated: whether a nearer candidate of the anchor says the same, normalised.
      standing: of its score over the teacher's mismatches of its language, in their standard
        deviations; minus infinity where these are not known.
      own_score: the least cosine of it and what it belongs to: a caption's picture, a picture's
        captions, a text's queries.
    """

    score: float
    is_positive: bool = False
    distance: int = UNKNOWN_DISTANCE
    same_document: bool = False
    same_text: bool = False
    is_repeated: bool = False
    standing: float = -np.inf
    own_score: float = 1.0


def negative_fault(
    candidate: Candidate, positive_score: float, rules: NegativeRules
) -> NegativeFault | None:
    """Why a candidate is no negative, None where it may be one.

    Args:
      candidate: with its score.
      positive_score: the least cosine of the anchor and its positives.
      rules: what it must be.

    >>> negative_fault(Candidate(0.78), 0.8, NegativeRules())
    <NegativeFault.RELATIVE_MARGIN: 'relative-margin'>
    """
    fits = rules.max_standing is not None and candidate.standing > rules.max_standing
    looks_alike = candidate.distance <= rules.max_distance
    score, positive = np.float32(candidate.score), np.float32(positive_score)
    own = np.float32(candidate.own_score)
    broken = {
        NegativeFault.POSITIVE: candidate.is_positive,
        NegativeFault.NEAR_PICTURE: looks_alike,
        NegativeFault.SAME_DOCUMENT: candidate.same_document,
        NegativeFault.SAME_TEXT: candidate.same_text,
        NegativeFault.REPEATED: candidate.is_repeated,
        NegativeFault.FITS: fits,
        NegativeFault.ABSOLUTE_MARGIN: rules.absolute_margin is not None
        and score + rules.absolute_margin > positive,
        NegativeFault.RELATIVE_MARGIN: rules.relative_margin is not None
        and score > positive - abs(positive) * rules.relative_margin,
        NegativeFault.OWN_MARGIN: rules.own_margin is not None
        and score > own - abs(own) * rules.own_margin,
        NegativeFault.MAX_SCORE: rules.max_score is not None and score > rules.max_score,
        NegativeFault.MIN_SCORE: rules.min_score is not None and score < rules.min_score,
    }
    asked = (fault for fault, is_so in broken.items() if is_so and fault not in rules.overlook)
    return next(asked, None)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is known of the candidates of many anchors; every array [anchors, candidates].

    Attributes:
      present: whether there is one.
      scores: falling along a row as far as candidates are there.
      is_positive: see `Candidate`, and so on.
      distances: …
      same_document: …
      same_text: …
      is_repeated: …
      standings: …
      own_scores: …
    """

    present: NDArray[np.bool_]
    scores: Scores
    is_positive: NDArray[np.bool_]
    distances: NDArray[np.int64]
    same_document: NDArray[np.bool_]
    same_text: NDArray[np.bool_]
    is_repeated: NDArray[np.bool_]
    standings: NDArray[np.float32]
    own_scores: NDArray[np.float32]


def negative_faults(
    candidates: Candidates, positive_scores: NDArray[np.float32], rules: NegativeRules
) -> NDArray[np.int8]:
    """`negative_fault` of all at once: numbers of `FAULTS`, or `ABSENT`; [anchors, candidates].

    Args:
      candidates: of each anchor.
      positive_scores: the least of each anchor's; shape [anchors].
      rules: what a negative must be.
    """
    scores, least = candidates.scores, positive_scores[:, None]
    broken: dict[NegativeFault, NDArray[np.bool_]] = {
        NegativeFault.POSITIVE: candidates.is_positive,
        NegativeFault.NEAR_PICTURE: candidates.distances <= rules.max_distance,
        NegativeFault.SAME_DOCUMENT: candidates.same_document,
        NegativeFault.SAME_TEXT: candidates.same_text,
        NegativeFault.REPEATED: candidates.is_repeated,
    }
    if rules.max_standing is not None:
        broken[NegativeFault.FITS] = candidates.standings > rules.max_standing
    if rules.absolute_margin is not None:
        broken[NegativeFault.ABSOLUTE_MARGIN] = scores + rules.absolute_margin > least
    if rules.relative_margin is not None:
        highest = least - np.abs(least) * rules.relative_margin
        broken[NegativeFault.RELATIVE_MARGIN] = scores > highest
    if rules.own_margin is not None:
        highest = candidates.own_scores - np.abs(candidates.own_scores) * rules.own_margin
        broken[NegativeFault.OWN_MARGIN] = scores > highest
    if rules.max_score is not None:
        broken[NegativeFault.MAX_SCORE] = scores > rules.max_score
    if rules.min_score is not None:
        broken[NegativeFault.MIN_SCORE] = scores < rules.min_score
    faults = np.zeros(scores.shape, np.int8)
    for number, fault in reversed(list(enumerate(FAULTS))):
        if fault in broken and fault not in rules.overlook:
            faults[broken[fault]] = number
    faults[~candidates.present] = ABSENT
    return faults


def choose(
    faults: NDArray[np.int8],
    last_ranks: NDArray[np.int64],
    draws: NDArray[np.uint64],
    rules: NegativeRules,
) -> NDArray[np.int64]:
    """The columns of each anchor's negatives, the nearest first, then `ABSENT`.

    Args:
      faults: of candidates in the order of falling scores, as `negative_faults` gives them.
      last_ranks: of each anchor, see `NegativeRules.last_ranks`; shape [anchors].
      draws: of each candidate, see `draws_of`; looked at where the strategy is `random`.
      rules: how many, of which.

    Returns:
      shape [anchors, num_negatives].
    """
    sound = faults == 0
    ranks = np.cumsum(sound, axis=1) - 1
    sound &= (ranks >= rules.range_min) & (ranks < last_ranks[:, None])
    if rules.sampling_strategy == "random":
        order = np.argsort(np.where(sound, draws, np.uint64(2**64 - 1)), axis=1, kind="stable")
        wins = np.zeros_like(sound)
        np.put_along_axis(wins, order[:, : rules.num_negatives], True, axis=1)
        sound &= wins
    return _first(sound, rules.num_negatives)


def repeats(keys: NDArray[np.uint64], present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether an equal key stands further left in the row; both shapes [anchors, candidates].

    Args:
      keys: 64 bits of what must not come twice.
      present: keys that count.

    >>> repeats(np.array([[7, 5, 7, 7]], np.uint64), np.array([[False, True, True, True]])).tolist()
    [[False, False, False, True]]
    """
    order = np.lexsort((~present, keys), axis=1)
    ordered = np.take_along_axis(keys, order, axis=1)
    found = np.zeros(keys.shape, np.bool_)
    again = np.zeros(keys.shape, np.bool_)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    np.put_along_axis(found, order, again, axis=1)
    return found & present


def fill(keys: NDArray[np.uint64], present: NDArray[np.bool_], number: int) -> NDArray[np.int64]:
    """The first `number` columns of each row that are present and no repeats, then `ABSENT`.

    Args:
      keys: 64 bits of what must not come twice, in the order of taking; shape [anchors, columns].
      present: columns that may be taken; likewise.
      number: how many.

    Returns:
      shape [anchors, number].
    """
    return _first(present & ~repeats(keys, present), number)


def slots(number: int, share: float) -> int:
    """How many of `number` negatives a share of them is.

    >>> slots(7, 0.0), slots(7, 0.15), slots(7, 1.0)
    (0, 1, 7)
    """
    return int(number * share + 0.5)


def draws_of(
    seed: int, anchors: NDArray[np.uint64], candidates: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """A number for each candidate of each anchor that stands where others draw by chance.

    Args:
      seed: of the recipe.
      anchors: 64 bits of the id of each; shape [anchors].
      candidates: likewise; shape [anchors, candidates].
    """
    salted = mixed(anchors ^ mixed(np.full(1, seed % 2**64, np.uint64)))
    return mixed(candidates ^ salted[:, None])


def _first(sound: NDArray[np.bool_], number: int) -> NDArray[np.int64]:
    """The first `number` columns of each row that are sound, then `ABSENT`."""
    places = np.cumsum(sound, axis=1) - 1
    rows, columns = np.nonzero(sound & (places < number))
    found = np.full((len(sound), number), ABSENT, np.int64)
    found[rows, places[rows, columns]] = columns
    return found
