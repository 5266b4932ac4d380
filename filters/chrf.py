"""chrF: how alike two texts of one language are by their letters. In a module of its own, since
sacrebleu comes with the extra `translate`.
"""

from functools import cache

from sacrebleu.metrics.chrf import CHRF


def chrf_of(text: str, reference: str) -> float:
    """chrF2 of a text beside another, in [0, 100]; 0 where one is empty.

    F-score with beta 2 over runs of 1 to 6 characters without spaces (Popović 2015, "chrF:
    character n-gram F-score for automatic MT evaluation"), as sacrebleu has it.

    >>> chrf_of("two red foxes", "two red foxes"), round(chrf_of("two red cats", "two red foxes"))
    (100.0, 41)
    """
    return float(_metric().sentence_score(text, [reference]).score)


@cache
def _metric() -> CHRF:
    return CHRF()
