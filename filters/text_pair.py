"""Do the two texts of a pair say the same in the same words? Then there is nothing to learn."""

from dataclasses import dataclass
from enum import StrEnum

from filters.caption_text import CaptionText
from filters.word_units import words_of


class TextPairFault(StrEnum):
    """Why a pair of texts is turned away."""

    OVERLAP = "text-overlap"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPairRules:
    """What a pair of texts must be.

    Attributes:
      max_overlap: share of the shorter text's words that stand in the longer, in [0, 1]; from this
        share on a pair is rejected. As jina-clip-v2's data (arXiv:2412.08802) was filtered. 0
        turns the rule off.
      min_shared_words: fewest such words for a pair to be rejected, at least 1.
    """

    max_overlap: float = 0.8
    min_shared_words: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.max_overlap <= 1:
            raise ValueError(f"max_overlap must be in [0, 1], got {self.max_overlap}")
        if self.min_shared_words < 1:
            raise ValueError(f"min_shared_words must be at least 1, got {self.min_shared_words}")


def text_pair_fault(query: str, positive: str, rules: TextPairRules) -> TextPairFault | None:
    """Returns the rule that a pair breaks, or None: keep it.

    Each different word counts once, in any case and width. In scripts that put no space between
    words, pairs of neighbouring characters stand for words.

    >>> rules = TextPairRules()
    >>> text_pair_fault("How tall is the Eiffel tower", "The Eiffel Tower: how tall is it?", rules)
    <TextPairFault.OVERLAP: 'text-overlap'>
    >>> text_pair_fault("How tall is the Eiffel tower", "It has 330 metres.", rules) is None
    True
    """
    if not rules.max_overlap:
        return None
    first, second = (set(words_of(text)) for text in CaptionText.column([query, positive]))
    shared = len(first & second)
    shorter = min(len(first), len(second))
    if shared >= rules.min_shared_words and shared >= rules.max_overlap * shorter:
        return TextPairFault.OVERLAP
    return None
