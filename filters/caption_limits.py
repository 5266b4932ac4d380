"""May this caption be gathered? What needs no reading; `filters.caption` reads it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from schemas.languages import UNKNOWN


class LimitFault(StrEnum):
    """Why a caption is turned away."""

    EMPTY = "empty-caption"
    TOO_LONG = "too-long"
    UNWANTED_LANGUAGE = "unwanted-language"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionLimits:
    """What a caption must be before its picture is asked for.

    Attributes:
      languages: those wanted; one that nobody stated (`und`) passes.
      max_chars: most characters; a longer text is a page, not a caption.
    """

    languages: Collection[str]
    max_chars: int = 50_000


def limit_fault(text: str, language: str, limits: CaptionLimits) -> LimitFault | None:
    """Returns the first rule that the stripped `text` breaks, or None: keep it.

    >>> limit_fault("สุนัข", "th", CaptionLimits(languages=("en", "th"))) is None
    True
    """
    if not text:
        return LimitFault.EMPTY
    if len(text) > limits.max_chars:
        return LimitFault.TOO_LONG
    if language != UNKNOWN and language not in limits.languages:
        return LimitFault.UNWANTED_LANGUAGE
    return None
