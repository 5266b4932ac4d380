"""Which candidates a cross-encoder takes for answers: it reads a query and a text together.

Its scores stand in the place of cosines, as in `sentence_transformers.util.mine_hard_negatives`,
and the bounds have the names and the meaning that they have there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossEncoderRules:
    """What a cross-encoder must say of a negative; one bound at least.

    Attributes:
      max_score: greatest score of a query and a negative, as the model gives them.
      absolute_margin: how much less it must be than the least of the query's positives.
      relative_margin: the same as a share of that score.
    """

    max_score: float | None = None
    absolute_margin: float | None = None
    relative_margin: float | None = None

    def __post_init__(self) -> None:
        if {self.max_score, self.absolute_margin, self.relative_margin} == {None}:
            raise ValueError("max_score, absolute_margin or relative_margin must be given")
        if not (self.absolute_margin is None or self.absolute_margin >= 0):
            raise ValueError(f"absolute_margin must be at least 0, got {self.absolute_margin}")
        if not (self.relative_margin is None or 0 <= self.relative_margin < 1):
            raise ValueError(f"relative_margin must be in [0, 1), got {self.relative_margin}")
        if self.max_score is not None and np.isnan(self.max_score):
            raise ValueError(f"max_score must be a number, got {self.max_score}")

    @property
    def has_margin(self) -> bool:
        """Whether scores of positives are asked for."""
        return self.absolute_margin is not None or self.relative_margin is not None


def are_answers(
    scores: NDArray[np.float32], positive_scores: NDArray[np.float32], rules: CrossEncoderRules
) -> NDArray[np.bool_]:
    """Whether a text may answer its query; all shapes [pairs].

    Args:
      scores: of queries and texts.
      positive_scores: the least of each query and its positives.
      rules: the bounds.

    >>> rules = CrossEncoderRules(max_score=0.9, relative_margin=0.5)
    >>> are_answers(np.array([0.4, 0.6, 0.95]), np.array([1.0, 1.0, 2.0]), rules).tolist()
    [False, True, True]
    """
    found = np.zeros(scores.shape, np.bool_)
    if rules.absolute_margin is not None:
        found |= scores + rules.absolute_margin > positive_scores
    if rules.relative_margin is not None:
        found |= scores > positive_scores - np.abs(positive_scores) * rules.relative_margin
    if rules.max_score is not None:
        found |= scores > rules.max_score
    return found
