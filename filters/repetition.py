"""Does a text say the same again and again, as a model does that finds no end?"""

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import NamedTuple

from filters.caption_text import MARK, UNSPACED, CaptionText

_AROUND = ".,:;!?…।-–—\"'“”„‘’«»()[]"  # words
_LONGEST_PHRASE = 100  # words or characters
_CHARACTERS_IN_RUN = 4  # two words in Chinese and Japanese
_LETTERS_IN_RUN = 8  # two words in Thai, and others that spell words out but do not part them


class Repetition(NamedTuple):
    """How far a text repeats itself, in runs of two words or as many characters as make two.

    Attributes:
      share: of the runs that stood in the text before, in [0, 1].
      rounds: most times that a phrase comes in a row, if at least three: 3 in "very, very, very
        big"; else 1 or 2.
    """

    share: float
    rounds: int


NO_REPETITION = Repetition(0.0, 1)


def repetition_of(text: CaptionText) -> Repetition:
    """Counts what comes again in `text`; signs and digits alone are no phrase.

    Where no spaces part words, a phrase must come again for the length of two words.

    >>> texts = "A dog. A dog. A dog.", "a dog, a cat", "狗在跑狗在跑狗在跑", "......1000000"
    >>> [repetition_of(CaptionText.of(text)).rounds for text in texts]
    [3, 1, 3, 1]
    """
    if text.unspaced:
        units: Sequence[str] = "".join(text.folded.split())
        length = _LETTERS_IN_RUN if UNSPACED in text.classes else _CHARACTERS_IN_RUN
        runs: Sequence[Hashable] = [
            units[at : at + length] for at in range(len(units) - length + 1)
        ]
    else:
        units = _words(text) if MARK in text.classes else text.words
        runs = list(pairwise(units))
    again = len(runs) - len(set(runs))
    if not again:
        return NO_REPETITION
    return Repetition(again / len(runs), _most_rounds(units, runs))


def _words(text: CaptionText) -> list[str]:
    """The words with their marks, which part those of `CaptionText`."""
    words = text.folded.split()
    if len(set(pairwise(words))) == len(words) - 1:
        return words  # nothing comes again
    return [word for word in [its.strip(_AROUND) for its in words] if word]


def _most_rounds(units: Sequence[str], runs: Sequence[Hashable]) -> int:
    """How often the phrase comes in a row that does so most, of those that come thrice."""
    longest = min(len(units) // 3, _LONGEST_PHRASE)
    places: dict[Hashable, int] = {}
    sizes = set()
    for place, run in enumerate(runs):
        sizes.add(place - places.get(run, place))
        places[run] = place
    return max([1, *(_rounds(units, size) for size in sizes if 0 < size <= longest)])


def _rounds(units: Sequence[str], size: int) -> int:
    """How often a phrase of so many units comes in a row at most."""
    most, row = 1, 0
    for place in range(size, len(units)):
        row = row + 1 if units[place] == units[place - size] else 0
        if 1 + row // size > most and _is_phrase(units[place - size : place]):
            most = 1 + row // size
    return most


def _is_phrase(units: Sequence[str]) -> bool:
    return any(char.isalpha() for unit in units for char in unit)
