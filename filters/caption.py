"""Is this caption worth keeping? Rules that hold in any script."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from schemas.languages import UNKNOWN


class CaptionFault(StrEnum):
    """Why a caption is turned away."""

    EMPTY = "empty-caption"
    TOO_LONG = "too-long"
    UNWANTED_LANGUAGE = "unwanted-language"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRules:
    """What a caption must be before its picture is asked for.

    Attributes:
      languages: those wanted; one that nobody stated (`und`) passes.
      max_chars: most characters; a longer text is a page, not a caption.
    """

    languages: Collection[str]
    max_chars: int = 50_000


def caption_fault(text: str, language: str, rules: CaptionRules) -> CaptionFault | None:
    """Returns the first rule that the stripped `text` breaks, or None: keep it.

    >>> caption_fault("สุนัข", "th", CaptionRules(languages=("en", "th"))) is None
    True
    """
    if not text:
        return CaptionFault.EMPTY
    if len(text) > rules.max_chars:
        return CaptionFault.TOO_LONG
    if language != UNKNOWN and language not in rules.languages:
        return CaptionFault.UNWANTED_LANGUAGE
    return None
