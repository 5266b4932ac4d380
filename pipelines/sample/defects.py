"""Which defects a sample world has, and which rows and pictures get them."""

from collections.abc import Collection

from pipelines.sample.dice import Dice, spread
from pipelines.sample.junk import JUNK_KINDS

CAPTION_KINDS = (
    "mismatched",
    "mismatched-hard",
    "wrong-language",
    "foreign-language",
    *JUNK_KINDS,
    "popular-caption",
    "contaminated-caption",
)
"""Defects of one row, whose picture is good."""

PICTURE_KINDS = (
    "duplicate-picture",
    "near-duplicate",
    "blank",
    "nearly-blank",
    "tiny",
    "extreme-aspect",
    "corrupt",
    "missing",
    "contaminated-picture",
)
"""Defects of a picture, and so of all its rows, whose captions are good."""

MOST_DEFECTS = (
    0.9  # of all rows: what is good is needed for copies and for other pictures' captions
)
POPULAR_ROWS = 20  # that say the same, where the world is large enough for it
_POPULAR_SHARE = 0.05  # of all rows, at most, to get there


class Schedule:
    """Says when a defect is due, so that each kind gets its share of what passes by.

    Args:
      shares: of all that passes, by kind.
      start: of the spread, any number.
    """

    def __init__(self, shares: dict[str, float], start: int) -> None:
        self._shares = shares
        self._start = start
        self._passed = 0
        self._due: list[str] = []

    def next_kind(self, unsuited: Collection[str] = ()) -> str:
        """Returns the kind for what passes now, or "". One that is `unsuited` waits for later."""
        point = spread(self._passed, self._start)
        self._passed += 1
        for kind, share in self._shares.items():
            if 0 <= point < share:
                self._due.append(kind)
            point -= share
        kind = next((kind for kind in self._due if kind not in unsuited), "")
        if kind:
            self._due.remove(kind)
        return kind


def plan_defects(dice: Dice, rows: int, share: float) -> tuple[Schedule, Schedule]:
    """Returns the schedules of pictures and of the rows of good pictures.

    Every kind gets the same share of the rows; a popular caption's is raised to POPULAR_ROWS, but
    to no more than a twentieth of the rows.
    """
    each = share / len(CAPTION_KINDS + PICTURE_KINDS)
    pictures = dict.fromkeys(PICTURE_KINDS, each)
    good = 1 - each * len(PICTURE_KINDS)
    captions = dict.fromkeys(CAPTION_KINDS, each / good)
    if share:
        least = min(_POPULAR_SHARE, 1.25 * POPULAR_ROWS / rows)
        captions["popular-caption"] = max(each, least) / good
    starts = [int.from_bytes(dice.digest(f"schedule/{of}"), "big") for of in ("picture", "row")]
    return Schedule(pictures, starts[0]), Schedule(captions, starts[1])
