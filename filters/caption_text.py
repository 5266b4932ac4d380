"""A caption in the forms that its rules look at."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from filters.character_table import CharacterTable
from filters.runs import longest_runs

LETTER, MARK, HAN, KANA, HANGUL = "L", "M", "H", "K", "G"
DIGIT, SPACE, JOINER, UNFIT, OTHER = "D", "S", "J", "X", "O"
UNSPACED = "T"
"""A letter of a script that puts no space between words, other than Han and kana."""

# Tatweel, dots left by the case folding of a Turkish I, joiners, signs of direction, and the vowel
# signs of Arabic, which are written or not.
_FOLDED_AWAY = re.compile(
    "[\u0307\u0610-\u061a\u0640\u064b-\u065f\u0670\xad\u061c\u200b-\u200f\u2060\ufeff]"
)
_INTERPRETED = "\t\n\r"
_VARIATION_SELECTORS = "\ufe0e\ufe0f"
_UNFIT_SIGNS = "\u202d\u202e\ufff9\ufffa\ufffb\ufffc"  # overrides, annotations, a lost object
_HAN = ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7FF))
_UNSPACED = ((0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF))


class CaptionText(NamedTuple):
    """A caption in all its forms; a frozen dataclass would take six times as long to make.

    Attributes:
      text: NFC.
      classes: one of this module's signs for each character of `text`: counting them is fast.
      plain: `text`, character by character, with full-width and other compatible forms as usual
        characters, and all digits as ASCII's.
      folded: `plain` without case, and without what is not always written.
      words: runs of letters, digits and `_` of `folded`; marks part them, here and in phrases.
      unspaced: whether there are letters of a script that puts no space between words.
      letters: how much is written, in letters of an alphabet; marks count, too. A Han character
        counts 3, Hangul syllables and kana 2: news in 30 languages (NTREX-128) have 2.7 times as
        many letters in English as in Chinese, 2.05 times as many as in Korean; all others lie
        between 0.8 and 1.1.
      longest_run: most of one character in a row in `folded`.
    """

    text: str
    classes: str
    plain: str
    folded: str
    words: list[str]
    unspaced: bool
    letters: int
    longest_run: int

    @classmethod
    def of(cls, text: str) -> "CaptionText":
        """Any spelling of a caption: those that are canonically equivalent give the same.

        >>> CaptionText.of("10時 はし!").classes, CaptionText.of("ＩＭＧ＿００１ ৩").plain
        ('DDHSKKO', 'IMG_001 3')
        >>> CaptionText.of("TIKLAYIN").folded == CaptionText.of("tıklayın").folded
        True
        >>> [CaptionText.of(text).letters for text in ("café", "円", "눈", "কুকুর")]
        [4, 3, 2, 5]
        """
        return cls.column([text])[0]

    @classmethod
    def column(cls, texts: Sequence[str]) -> "list[CaptionText]":
        """Each as `of` has it, in a small part of the time."""
        texts = [unicodedata.normalize("NFC", text) for text in texts]
        classes, plain = _CLASSES.texts(texts), _PLAIN.texts(texts)
        folded = [_folded(text) for text in plain]
        words = [text.split() for text in _WORDS.texts(folded)]
        unspaced = [HAN in its or KANA in its or UNSPACED in its for its in classes]
        letters = map(_letters, classes, unspaced)
        runs = longest_runs(folded).tolist()
        forms = zip(texts, classes, plain, folded, words, unspaced, letters, runs, strict=True)
        return [cls(*its) for its in forms]


def _letters(classes: str, unspaced: bool) -> int:
    count = classes.count
    spaced = count(LETTER) + count(MARK) + 2 * count(HANGUL)
    return spaced + count(UNSPACED) + 3 * count(HAN) + 2 * count(KANA) if unspaced else spaced


def _folded(plain: str) -> str:
    if plain.isascii():
        return plain.lower()
    return _FOLDED_AWAY.sub("", plain.casefold()).replace("ı", "i")


def _word_character(char: str) -> str:
    return char if char.isalnum() or char == "_" else " "


def plain_form(char: str) -> str:
    compatible = unicodedata.normalize("NFKC", char)
    decimal = unicodedata.decimal(char, None)
    if decimal is not None:
        return str(decimal)
    return compatible if len(compatible) == 1 else char


def class_of(char: str) -> str:
    code, category = ord(char), unicodedata.category(char)
    if char in _VARIATION_SELECTORS:
        return JOINER
    if char in _UNFIT_SIGNS:
        return UNFIT
    match category[0]:
        case "L":
            return _letter_class(code)
        case "M":
            return MARK
        case "N":
            return _letter_class(code) if category == "Nl" else DIGIT
        case "Z":
            return SPACE
        case "C":
            return _control_class(char, category)
    return OTHER


def _letter_class(code: int) -> str:
    for sign, ranges in ((HAN, _HAN), (KANA, _KANA), (HANGUL, _HANGUL), (UNSPACED, _UNSPACED)):
        if any(first <= code <= last for first, last in ranges):
            return sign
    return LETTER


def _control_class(char: str, category: str) -> str:
    """Controls, surrogates, private use and noncharacters are unfit; the unassigned is not."""
    if char in _INTERPRETED:
        return SPACE
    code = ord(char)
    noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    if category in ("Cc", "Cs", "Co") or noncharacter:
        return UNFIT
    return JOINER if category == "Cf" else OTHER


_PLAIN = CharacterTable(plain_form)
_CLASSES = CharacterTable(class_of)
_WORDS = CharacterTable(_word_character)
