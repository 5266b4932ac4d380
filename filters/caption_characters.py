"""Are a caption's characters those that its writer meant, and enough of them letters?"""

import re

from filters.caption_text import (
    DIGIT,
    HANGUL,
    JOINER,
    LETTER,
    MARK,
    OTHER,
    SPACE,
    UNFIT,
    CaptionText,
)

_WORD = re.compile(f"[{LETTER}{DIGIT}{HANGUL}][^{SPACE}]*")  # in a caption's classes
_PILED_MARKS = MARK * 6  # no script piles up more than four on a letter
# Joiners between ASCII letters, which they never join: words that are hidden from a search.
_HIDDEN = re.compile("(?<=[A-Za-z])[\u200b-\u200d\u2060\ufeff](?=[A-Za-z])")
_MOST_HIDDEN = 2


def has_unfit_characters(caption: CaptionText) -> bool:
    r"""Whether there are controls, private use, piles of marks or joiners hidden in Latin words.

    Joiners are at home in Persian, Hindi, Bengali and emoji.

    >>> [has_unfit_characters(CaptionText.of(t)) for t in ("क्\u200dष", "a\x07b", "\ue000")]
    [False, True, True]
    """
    classes = caption.classes
    return UNFIT in classes or _PILED_MARKS in classes or _hides_joiners(caption)


def _hides_joiners(caption: CaptionText) -> bool:
    return JOINER in caption.classes and len(_HIDDEN.findall(caption.text)) > _MOST_HIDDEN


def letter_share(caption: CaptionText) -> float:
    """Letters, as `CaptionText` counts them, among all that is no space, in [0, 1].

    >>> [round(letter_share(CaptionText.of(text)), 2) for text in ("10:30 Uhr", "星!", "")]
    [0.38, 0.75, 0.0]
    """
    others = sum(map(caption.classes.count, (DIGIT, OTHER, UNFIT)))
    return caption.letters / (caption.letters + others) if caption.letters else 0.0


def is_short_of_letters(caption: CaptionText, least: float) -> bool:
    """Whether `letter_share` is under `least`."""
    most_others = len(caption.text)  # which settles most captions, and is soon counted
    if caption.letters and caption.letters >= least * (caption.letters + most_others):
        return False
    return letter_share(caption) < least


def words(caption: CaptionText) -> int | None:
    """How many words there are, None where the script puts no space between them.

    A word has a letter or a digit.

    >>> [words(CaptionText.of(text)) for text in ("a red - fox!", "빨간 여우", "狐", "สุนัข")]
    [3, 2, None, None]
    """
    return None if caption.unspaced else len(_WORD.findall(caption.classes))


def repeats(caption: CaptionText, most: float) -> bool:
    """Whether more than the share `most` of its runs of words stood in the caption before.

    Runs are of three words. Of captions of under six words, and of scripts without spaces, runs of
    six characters, under twelve characters runs of three. Rae et al. 2021 (arXiv:2112.11446, table
    A1) filter web pages by such shares.

    >>> texts = "aaaaa", "go go go go go go", "tok tok"
    >>> [repeats(CaptionText.of(text), 0.5) for text in texts]
    [True, True, False]
    """
    by_words = len(caption.words) >= _FEW and not caption.unspaced
    units = caption.words if by_words else caption.folded
    length = 3 if by_words or len(units) < _SHORT else 6
    runs = len(units) - length + 1
    at_least = len(set(units)) - length + 1  # different runs: a new unit ends a new run
    if runs < 2 or 1 - at_least / runs <= most:
        return False
    distinct = {*zip(*(units[start:] for start in range(length)), strict=False)}
    return 1 - len(distinct) / runs > most


_FEW = 6
_SHORT = 12
