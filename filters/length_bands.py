"""How long may a translation be? In characters, for any two of the 30 languages.

As in Gale and Church (1993) the logarithm of the ratio of two lengths spreads the less, the longer
the texts are; here to a floor. The table is fitted by `python -m benchmarks.length_bands` to the
news sentences of NTREX-128 (Federmann, Kocmi and Xin 2022, CC BY-SA 4.0), half of them.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple


class Lengths(NamedTuple):
    """How long texts in a language are.

    Attributes:
      characters: for one of English.
      spread: its part in the variance of the logarithm of ratios of lengths.
    """

    characters: float
    spread: float


LENGTHS: Mapping[str, Lengths] = {
    "ar": Lengths(0.913, 0.0067),
    "bn": Lengths(0.989, 0.0048),
    "da": Lengths(1.013, 0.0038),
    "de": Lengths(1.181, 0.0040),
    "el": Lengths(1.203, 0.0042),
    "en": Lengths(1.000, 0.0021),
    "es": Lengths(1.157, 0.0042),
    "fi": Lengths(1.085, 0.0050),
    "fr": Lengths(1.185, 0.0043),
    "hi": Lengths(1.055, 0.0049),
    "id": Lengths(1.157, 0.0044),
    "it": Lengths(1.168, 0.0040),
    "ja": Lengths(0.459, 0.0108),
    "ka": Lengths(1.071, 0.0056),
    "ko": Lengths(0.528, 0.0119),
    "lv": Lengths(1.071, 0.0050),
    "nl": Lengths(1.164, 0.0046),
    "no": Lengths(1.006, 0.0032),
    "pl": Lengths(1.120, 0.0060),
    "pt": Lengths(1.122, 0.0037),
    "ro": Lengths(1.171, 0.0051),
    "ru": Lengths(1.105, 0.0067),
    "sk": Lengths(1.021, 0.0033),
    "sv": Lengths(1.007, 0.0039),
    "th": Lengths(0.953, 0.0068),
    "tr": Lengths(1.065, 0.0064),
    "uk": Lengths(1.053, 0.0054),
    "ur": Lengths(0.995, 0.0049),
    "vi": Lengths(1.101, 0.0054),
    "zh": Lengths(0.340, 0.0125),
}

SHORT = 220.0
"""Characters of English: at this length texts vary twice as much as without end."""


def length_deviation(source: int, source_language: str, translation: int, language: str) -> float:
    """By how many standard deviations a translation is longer than expected; negative if shorter.

    Args:
      source: characters of the source, at least 1.
      source_language: one of the 30.
      translation: characters of the translation, at least 1.
      language: its, one of the 30.

    >>> round(length_deviation(100, "en", 34, "zh"), 1)
    0.0
    >>> length_deviation(100, "en", 34, "de") < -5 < 5 < length_deviation(100, "en", 340, "de")
    True
    """
    first, second = LENGTHS[source_language], LENGTHS[language]
    expected = source * second.characters / first.characters
    variance = (first.spread + second.spread) * (1 + SHORT * first.characters / source)
    return math.log(translation / expected) / math.sqrt(variance)
