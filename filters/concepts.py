"""What is a caption about, and how much of it is there already? Concepts and their balance.

MetaCLIP (Xu et al. 2023, arXiv:2309.16671, section 3): a caption has the concepts of a list that
stand in it as they are; of a concept with more than t captions about t are kept, of others all.
MetaCLIP 2 (arXiv:2507.22062, section 3) chooses t in each language so that the captions of rare
concepts, the tail, are the same share of all matches in every language.

Concepts are runs of words; in scripts that put no space between words, runs of characters: for
Chinese, Japanese and Thai a run of two to four often is a word, and one that is none is as frequent
as the words that it lies in, and so says the same. Case, punctuation and Unicode's other spellings
do not count (`filters.overlap.normalised`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from filters.overlap import all_normalised, is_spaceless
from filters.set_faults import SetFault

_WORDS = range(1, 3)  # in a run, where the list is made from the captions
_CHARACTERS = range(2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRules:
    """How concepts are balanced: the recipe's `[select.balance]`.

    Attributes:
      tail_share: of all matches of captions and concepts in a language, those of concepts that keep
        all their captions, in (0, 1]. MetaCLIP 2's is 0.06.
      concepts: files of concepts by language, one a line; where a language has none, its frequent
        runs of one or two words, or of two to four characters, are taken.
      min_captions: that a run must stand in to be a concept where no file names them.
      drop_unmatched: whether captions without any concept are turned away, as MetaCLIP does. Where
        the lists are made from the captions, these are the rarest.
    """

    tail_share: float = 0.06
    concepts: Mapping[str, str] = field(default_factory=dict)
    min_captions: int = 20
    drop_unmatched: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.tail_share <= 1:
            raise ValueError(f"tail_share must be in (0, 1], got {self.tail_share}")
        if self.min_captions < 1:
            raise ValueError(f"min_captions must be at least 1, got {self.min_captions}")


@dataclass(frozen=True, slots=True)
class Concepts:
    """A language's list, to look captions up in.

    Attributes:
      names: normalised concepts; characters run together in scripts without spaces.
      words: lengths of their runs, in words.
      characters: lengths, in characters, of those in scripts without spaces.
    """

    names: frozenset[str]
    words: tuple[int, ...]
    characters: tuple[int, ...]

    @classmethod
    def of(cls, lines: Iterable[str]) -> "Concepts":
        """Reads concepts in any spelling.

        >>> found = Concepts.of(["Polar  bear", "kite", "東京"])
        >>> sorted(found.names), found.words, found.characters
        (['kite', 'polar bear', '東京'], (1, 2), (2,))
        """
        names = [name for name in all_normalised(list(lines)) if name]
        spaceless = {name.replace(" ", "") for name in names if is_spaceless(name)}
        spaced = {name for name in names if not is_spaceless(name)}
        return cls(
            frozenset(spaced | spaceless),
            tuple(sorted({name.count(" ") + 1 for name in spaced})),
            tuple(sorted({len(name) for name in spaceless})),
        )

    def in_texts(self, texts: Sequence[str]) -> list[list[str]]:
        """The concepts of each text, each once, in order."""
        found = _runs(texts, self.words, self.characters)
        return [sorted(runs & self.names) for runs in found]


def frequent_runs(texts: Sequence[str]) -> list[set[str]]:
    """What could be a concept of each text, each once."""
    return _runs(texts, _WORDS, _CHARACTERS)


def _runs(texts: Sequence[str], words: Iterable[int], characters: Iterable[int]) -> list[set[str]]:
    found = []
    for text in all_normalised(texts):
        if is_spaceless(text):
            line = text.replace(" ", "")
            runs = {line[at : at + n] for n in characters for at in range(len(line) - n + 1)}
        else:
            split = text.split()
            runs = {" ".join(split[at : at + n]) for n in words for at in range(len(split) - n + 1)}
        found.append(runs)
    return found


def tail_threshold(counts: NDArray[np.int64], tail_share: float) -> int:
    """The t for which concepts with fewer than t captions have at most `tail_share` of all matches.

    The greatest that there is: one more than the frequency of the commonest concept of the tail
    where all others are commoner still. At least 1.

    >>> tail_threshold(np.array([1, 2, 3, 94]), 0.06), tail_threshold(np.array([50, 50]), 0.06)
    (94, 50)
    """
    frequencies, number = np.unique(counts, return_counts=True)
    below = np.cumsum(frequencies * number) - frequencies * number
    fitting = np.flatnonzero(below <= tail_share * counts.sum())
    return max(1, int(frequencies[fitting[-1]])) if len(fitting) else 1


def kept_share(counts: Iterable[int], threshold: int) -> float:
    """The probability that a caption is kept whose concepts have so many captions each.

    MetaCLIP draws for each concept anew, with t over its captions, and keeps what is drawn once.
    """
    lost = 1.0
    for count in counts:
        lost *= 1 - min(1.0, threshold / count)
    return 1 - lost


def concept_fault(
    counts: Sequence[int], threshold: int, drawn: float, rules: BalanceRules
) -> SetFault | None:
    """Why a caption is turned away for its concepts, None where it stays.

    Args:
      counts: of each of its concepts, how many captions have it.
      threshold: MetaCLIP's t in its language.
      drawn: a number in [0, 1) that nothing but the caption decides.
      rules: of the balance.

    >>> concept_fault([400], 40, 0.05, BalanceRules()), concept_fault([], 40, 0.9, BalanceRules())
    (None, None)
    """
    if not counts:
        return SetFault.NO_CONCEPT if rules.drop_unmatched else None
    return None if drawn < kept_share(counts, threshold) else SetFault.CONCEPT_BALANCE
