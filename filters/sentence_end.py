"""Does a text end as sentences do?"""

from filters.caption_text import CaptionText

_ENDS = frozenset(".?!…。।۔॥؟")
_CLOSING = "\"'”’“»«›)]】」』〉》 "
_WITHOUT_STOPS = frozenset(["th"])


def breaks_off(source: CaptionText, text: CaptionText, language: str) -> bool:
    """Whether a translation has no full stop, though its source has one and its language, too.

    >>> source, whole, cut = CaptionText.column(["A red fox.", "Ein „roter Fuchs.“", "Ein roter"])
    >>> breaks_off(source, whole, "de"), breaks_off(source, cut, "de")
    (False, True)
    """
    return language not in _WITHOUT_STOPS and _is_ended(source) and not _is_ended(text)


def _is_ended(text: CaptionText) -> bool:
    return text.plain.strip().rstrip(_CLOSING)[-1:] in _ENDS
