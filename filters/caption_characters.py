"""Are a caption's characters those that its writer meant, and enough of them letters?"""

import re

from filters.caption_text import (
    DIGIT,
    HAN,
    HANGUL,
    JOINER,
    KANA,
    LETTER,
    MARK,
    OTHER,
    SPACE,
    UNFIT,
    UNSPACED,
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


def letters(caption: CaptionText) -> int:
    """How much is written, in letters of an alphabet; marks count, too.

    A Han character counts 3, Hangul syllables and kana 2: news in 30 languages (NTREX-128) have 2.7
    times as many letters in English as in Chinese, 2.05 times as many as in Korean; all others lie
    between 0.8 and 1.1.

    >>> [letters(CaptionText.of(text)) for text in ("café", "円", "눈", "কুকুর")]
    [4, 3, 2, 5]
    """
    count = caption.classes.count
    alphabetic = count(LETTER) + count(MARK) + count(UNSPACED)
    return alphabetic + 3 * count(HAN) + 2 * (count(HANGUL) + count(KANA))


def letter_share(caption: CaptionText) -> float:
    """Letters, as `letters` counts them, among all that is no space, in [0, 1]; 0 for nothing."""
    counted = letters(caption)
    others = sum(map(caption.classes.count, (DIGIT, OTHER, UNFIT)))
    return counted / (counted + others) if counted else 0.0


def words(caption: CaptionText) -> int | None:
    """How many words there are, None where the script puts no space between them.

    A word has a letter or a digit.

    >>> [words(CaptionText.of(text)) for text in ("a red - fox!", "빨간 여우", "狐", "สุนัข")]
    [3, 2, None, None]
    """
    return None if caption.unspaced else len(_WORD.findall(caption.classes))


def repeated_share(caption: CaptionText) -> float:
    """Share of the runs of three words that stood in the caption before, in [0, 1].

    Of captions of under six words, and of scripts without spaces, runs of six characters, under
    twelve characters runs of three. Rae et al. 2021 (arXiv:2112.11446, table A1) filter web pages
    by such shares.

    >>> texts = "aaaaa", "go go go go go go", "tok tok"
    >>> [round(repeated_share(CaptionText.of(text)), 2) for text in texts]
    [0.67, 0.75, 0.2]
    """
    spoken = caption.words
    if len(spoken) >= _FEW and not caption.unspaced:
        runs, distinct = (
            len(spoken) - 2,
            len({*zip(spoken[:-2], spoken[1:-1], spoken[2:], strict=True)}),
        )
    else:
        text = caption.folded
        length = 6 if len(text) >= _SHORT else 3
        runs = len(text) - length + 1
        distinct = len({text[start : start + length] for start in range(runs)})
    return 1 - distinct / runs if runs > 1 else 0.0


_FEW = 6
_SHORT = 12
