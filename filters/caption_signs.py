"""Which characters and words stand in a caption that no rule of these is broken without.

Most captions have few of them, so most rules need not look at most captions.
"""

from collections.abc import Sequence
from enum import IntFlag, auto

from filters import boilerplate, selling
from filters.caption_markup import MARKUP_SIGNS
from filters.caption_text import (
    DIGIT,
    JOINER,
    MARK,
    UNFIT,
    CaptionText,
    class_of,
    plain_form,
)
from filters.character_table import SignTable
from filters.mojibake import MOJIBAKE_SIGNS


class Sign(IntFlag):
    """A bit for each of the rules that need a sign."""

    MOJIBAKE = auto()
    UNFIT = auto()
    MARKUP = auto()
    URL = auto()
    FILE_NAME = auto()
    PERSONAL_DATA = auto()
    PRICE = auto()
    PHRASE = auto()


def signs_in(captions: Sequence[CaptionText]) -> list[int]:
    """The `Sign`s of each caption.

    >>> texts = "a red fox", "see example.org", "$5"
    >>> [Sign(its) for its in signs_in(CaptionText.column(texts))]
    [<Sign: 0>, <Sign.URL|FILE_NAME: 24>, <Sign.FILE_NAME|PERSONAL_DATA|PRICE: 112>]
    """
    signs = _TABLE.texts([caption.text for caption in captions])
    for place, caption in enumerate(captions):
        if caption.unspaced or not _KEY_WORDS.isdisjoint(caption.words):
            signs[place] |= _PHRASE
    return signs


def _signs_of(char: str) -> int:
    plain, kind = plain_form(char), class_of(char)
    signs = Sign(0)
    if MOJIBAKE_SIGNS.match(char):
        signs |= Sign.MOJIBAKE
    if kind in (UNFIT, JOINER, MARK):
        signs |= Sign.UNFIT
    if MARKUP_SIGNS.match(plain):
        signs |= Sign.MARKUP
    if plain in "./":
        signs |= Sign.URL
    if plain in "._" or kind == DIGIT:
        signs |= Sign.FILE_NAME
    if plain in "@[(" or kind == DIGIT:
        signs |= Sign.PERSONAL_DATA
    if kind == DIGIT:
        signs |= Sign.PRICE
    return int(signs)


_PHRASE = int(Sign.PHRASE)
_KEY_WORDS = boilerplate.KEY_WORDS | selling.KEY_WORDS
_TABLE = SignTable(_signs_of)
