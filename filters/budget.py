"""How many pictures of each language are there room for, and where does the room end?

A picture counts with the language of its best caption. Within a language the better come first: by
how high their best caption stands over the mismatches of its language, then by uid.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_MOST = 64.0  # standard deviations over mismatches; what stands higher counts with it
_STEPS = 1 << 14

UNJUDGED = -math.inf
"""How high a picture stands that no teacher has judged: below all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRules:
    """How many pictures there are to be: the recipe's `[select.budget]`.

    Attributes:
      max_pictures: at most so many, 0 for as many as `shares` allow.
      shares: of the pictures, by language; languages that are not named share what is left as they
        stand. A language with fewer pictures than its share leaves its room empty, but where
        `max_pictures` is 0: then the set is as large as the scarcest named language allows.
    """

    max_pictures: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.max_pictures < 0:
            raise ValueError(f"max_pictures must be at least 0, got {self.max_pictures}")
        if not self.max_pictures and not self.shares:
            raise ValueError("max_pictures must be given where shares are not")
        for language, share in self.shares.items():
            if not 0 < share <= 1:
                raise ValueError(f"shares.{language} must be in (0, 1], got {share}")
        if sum(self.shares.values()) > 1 + 1e-9:
            raise ValueError(f"shares must add up to 1 at most, got {sum(self.shares.values())}")


def quotas(found: Mapping[str, int], rules: BudgetRules) -> dict[str, int]:
    """The pictures that there is room for, of each language that has any.

    Rooms are rounded down, and what is left of the budget goes to those that lost most by that, the
    first in the alphabet first.

    Args:
      found: pictures by language.
      rules: by which to divide.

    >>> quotas({"de": 30, "en": 60, "fr": 10}, BudgetRules(max_pictures=11))
    {'de': 3, 'en': 7, 'fr': 1}
    >>> quotas({"de": 30, "en": 60, "fr": 10}, BudgetRules(shares={"de": 0.5, "en": 0.5}))
    {'de': 30, 'en': 30, 'fr': 0}
    """
    others = {language: n for language, n in found.items() if language not in rules.shares}
    left = max(0.0, 1 - sum(rules.shares.values()))
    shares = dict(rules.shares) | {
        language: left * n / sum(others.values()) for language, n in others.items()
    }
    total = rules.max_pictures or min(
        int(found.get(language, 0) / share + 1e-9) for language, share in rules.shares.items()
    )
    if not rules.shares:
        total = min(total, sum(found.values()))
    exact = {language: shares[language] * total for language in sorted(shares)}
    rooms = {language: int(room + 1e-9) for language, room in exact.items()}
    spare = int(sum(exact.values()) + 1e-9) - sum(rooms.values())
    for language in sorted(exact, key=lambda code: (rooms[code] - exact[code], code))[:spare]:
        rooms[language] += 1
    return {language: rooms[language] for language in sorted(found)}


def steps_of(standings: NDArray[np.float64]) -> NDArray[np.int64]:
    """Standings as whole numbers, so that they can be counted; shape [pictures]."""
    bounded = np.clip(standings, -_MOST, _MOST)
    return np.floor((bounded + _MOST) * (_STEPS / (2 * _MOST))).astype(np.int64)


def last_step(counts: Mapping[int, int], room: int) -> tuple[int, int]:
    """The step where the room ends, and how many of its pictures there is still room for.

    Args:
      counts: pictures by step.
      room: for how many.

    >>> last_step({3: 5, 7: 2}, 4), last_step({3: 5}, 9)
    ((3, 2), (-1, 0))
    """
    for step in sorted(counts, reverse=True):
        if counts[step] >= room:
            return step, room
        room -= counts[step]
    return -1, 0
