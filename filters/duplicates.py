"""Which pictures of a group of duplicates are turned away, and for which other one?"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from filters.near_hashes import FURTHEST, Hashes, distances


class DuplicateFault(StrEnum):
    """Why a picture is turned away for another."""

    BYTES = "duplicate-bytes"
    NEAR = "near-duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRules:
    """What counts as the same picture: the recipe's `[screen.duplicates]`.

    Attributes:
      exact: whether pictures of the same original bytes are duplicates.
      near: whether pictures that look the same are, by their PDQ hashes.
      max_distance: bits of 256 by which these may differ, in [0, 31]; PDQ's authors call up to 31
        the same picture.
      min_pdq_quality: of PDQ's own measure in [0, 100]: a hash below it says too little of its
        picture (blank, blurred) to be compared.
      largest_group: most different hashes that duplicates of duplicates may add up to. In a larger
        group chains do not count: from the best picture to the worst, one is turned away where a
        better one that is kept is itself within `max_distance`.
      inherit_captions: whether the kept picture inherits captions of those turned away.
    """

    exact: bool = True
    near: bool = True
    max_distance: int = FURTHEST
    min_pdq_quality: int = 50
    largest_group: int = 1_000
    inherit_captions: bool = False

    def __post_init__(self) -> None:
        for name, most in (("max_distance", FURTHEST), ("min_pdq_quality", 100)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(f"{name} must be in [0, {most}], got {value}")
        if self.largest_group < 1:
            raise ValueError(f"largest_group must be at least 1, got {self.largest_group}")


@dataclass(frozen=True, slots=True)
class Members:
    """Pictures of some groups as columns, shape [pictures] each.

    Attributes:
      group: which group it is in, any integer.
      uid: 32 hex digits.
      sha256: of the original bytes, 64 hex digits.
      hashes: PDQ, shape [pictures, 32].
      pdq_quality: in [0, 100].
      pixels: of the original.
      caption_quality: how much its captions are worth, the more the better.
    """

    group: NDArray[np.int64]
    uid: NDArray[np.str_]
    sha256: NDArray[np.str_]
    hashes: Hashes
    pdq_quality: NDArray[np.int64]
    pixels: NDArray[np.int64]
    caption_quality: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The pictures that are not kept, shape [pictures turned away] each.

    Attributes:
      row: among the members.
      kept: the row of the picture that is kept in its place.
      reason: a `DuplicateFault`.
      distance: bits between the two hashes; over `max_distance` where others stand between them.
    """

    row: NDArray[np.int64]
    kept: NDArray[np.int64]
    reason: NDArray[np.str_]
    distance: NDArray[np.int64]


def turned_away(members: Members, rules: DuplicateRules) -> TurnedAway:
    """Keeps the best picture of each group: by pixels, captions' quality and uid, in this order."""
    rank = np.lexsort(
        (members.uid, -members.caption_quality, -members.pixels, members.group)
    )  # the last key counts first
    groups = members.group[rank]
    starts = np.flatnonzero(np.diff(groups, prepend=groups[:1] - 1))
    sizes = np.diff(starts, append=len(groups))
    kept = rank.copy()
    kept[rank] = np.repeat(rank[starts], sizes)
    for giant in np.flatnonzero(sizes > rules.largest_group).tolist():
        ranked = rank[starts[giant] : starts[giant] + sizes[giant]]
        if len(np.unique(members.hashes[ranked], axis=0)) > rules.largest_group:
            for best, alike in _apart(members, ranked, rules):
                kept[alike] = best
    row = np.flatnonzero(kept != np.arange(len(kept)))
    kept = kept[row]
    same = members.sha256[row] == members.sha256[kept]
    reason = np.where(same, DuplicateFault.BYTES.value, DuplicateFault.NEAR.value)
    return TurnedAway(row, kept, reason, distances(members.hashes[row], members.hashes[kept]))


def _apart(
    members: Members, ranked: NDArray[np.int64], rules: DuplicateRules
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Takes the best of what is left, and with it all that are like it, until nothing is left."""
    while len(ranked):
        best = ranked[0]
        alike = np.zeros(len(ranked), dtype=bool)
        if rules.exact:
            alike |= members.sha256[ranked] == members.sha256[best]
        if rules.near and members.pdq_quality[best] >= rules.min_pdq_quality:
            clear = members.pdq_quality[ranked] >= rules.min_pdq_quality
            bits = distances(members.hashes[ranked], members.hashes[best : best + 1])
            alike |= clear & (bits <= rules.max_distance)
        alike[0] = True
        yield int(best), ranked[alike]
        ranked = ranked[~alike]
