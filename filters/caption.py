"""Is this caption worth keeping? Rules that hold in the 30 languages and their scripts.

A verdict is taken on the caption's NFC, so spellings that are canonically equivalent share it, and
words are looked for in full-width forms and any case, too. The rules come in the order of
`CaptionFault`: those that say what is wrong before those that measure; the first fault counts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from filters.boilerplate import is_boilerplate
from filters.caption_characters import (
    has_unfit_characters,
    is_short_of_letters,
    repeats,
    words,
)
from filters.caption_markup import has_markup
from filters.caption_signs import Sign, signs_in
from filters.caption_text import CaptionText
from filters.contact import has_personal_data, has_url, without_personal_data
from filters.file_names import is_file_name
from filters.mojibake import is_mojibake
from filters.selling import calls_to_buy, has_price
from schemas.languages import LANGUAGES

_BLOCK = 256  # captions at a time; each is held in several forms


IsBroken = Callable[[CaptionText, str, "CaptionRules"], bool]


class CaptionFault(StrEnum):
    """Why a caption is turned away, in the order in which the rules are tried."""

    TOO_LONG = "too-long"
    MOJIBAKE = "mojibake"
    UNFIT_CHARACTERS = "unfit-characters"
    MARKUP = "markup"
    URL = "url"
    FILE_NAME = "file-name"
    PERSONAL_DATA = "personal-data"
    BOILERPLATE = "boilerplate"
    PRICE = "price"
    CALL_TO_BUY = "call-to-buy"
    TOO_SHORT = "too-short"
    FEW_WORDS = "few-words"
    FEW_LETTERS = "few-letters"
    REPETITIVE = "repetitive"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRules:
    """What a caption must be: the recipe's `[screen.caption]`.

    Attributes:
      max_chars: most characters; a longer text is a page, not a caption.
      min_letters: fewest letters and marks, a Han character for 3 and Hangul syllables and kana for
        2; the default spares "ox" and "円". 0 turns the rule off.
      min_words: fewest words, in scripts that part them by spaces. 0 turns the rule off, for one
        word can say all; jina-clip-v2's data had at least 5.
      min_words_in: by language, where it is not `min_words`.
      min_letter_share: least share of letters, counted as for `min_letters`, in what is no space,
        in [0, 1]; the default spares "10:30 Uhr". 0 turns the rule off.
      max_repeated_share: largest share of the runs of six characters that stood in the caption
        before, in [0, 1]; at the default a third "ha ha" is too much, a refrain is not. 1 turns the
        rule off.
      max_run: most of one character in a row; 0 turns the rule off. Dot leaders and shouting are
        repetition.
      max_pictures_per_text: most pictures that one text may stand on, in all of the set, in any
        case and punctuation; 0 turns the rule off.
      personal_data: of a caption with an e-mail address or a telephone number: `reject` it,
        `redact` it (an ellipsis for what is found, and the rules judge what is left) or `keep` it.
      overlook: faults that are none here, e.g. `["price", "call-to-buy"]` for a shop's catalogue.
    """

    max_chars: int = 5000
    min_letters: int = 2
    min_words: int = 0
    min_words_in: Mapping[str, int] = field(default_factory=dict)
    min_letter_share: float = 0.3
    max_repeated_share: float = 0.5
    max_run: int = 10
    max_pictures_per_text: int = 100
    personal_data: Literal["reject", "redact", "keep"] = "reject"
    overlook: tuple[CaptionFault, ...] = ()

    def __post_init__(self) -> None:
        for name in ("max_chars", "min_letters", "min_words", "max_run", "max_pictures_per_text"):
            least = 1 if name == "max_chars" else 0
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        for name in ("min_letter_share", "max_repeated_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        for language, fewest in self.min_words_in.items():
            if language not in LANGUAGES or fewest < 0:
                raise ValueError(
                    "min_words_in must have at least 0 for languages among "
                    f"{' '.join(LANGUAGES)}, got {fewest} for {language!r}"
                )


def caption_fault(text: str, language: str, rules: CaptionRules) -> CaptionFault | None:
    """Returns the first rule that `text` breaks, or None: keep it.

    Args:
      text: any text, in any normal form.
      language: what it is in; it decides on `min_words_in` alone.
      rules: what is asked of it.

    >>> rules = CaptionRules()
    >>> [caption_fault(text, "en", rules) for text in ("a red fox", "星", "IMG_0001.jpg")]
    [None, None, <CaptionFault.FILE_NAME: 'file-name'>]
    """
    return caption_faults([text], [language], rules)[0]


def caption_faults(
    texts: Sequence[str], languages: Sequence[str], rules: CaptionRules
) -> list[CaptionFault | None]:
    """What `caption_fault` returns of each, in a small part of the time."""
    faults: list[CaptionFault | None] = []
    tried: dict[int, tuple[tuple[CaptionFault, IsBroken], ...]] = {}
    most = math.inf if CaptionFault.TOO_LONG in rules.overlook else 4 * rules.max_chars
    for start in range(0, len(texts), _BLOCK):
        block = slice(start, start + _BLOCK)
        short = [text if len(text) <= most else "" for text in texts[block]]
        captions = CaptionText.column(all_redacted(short, rules))
        signs = signs_in(captions)
        for its in set(signs) - tried.keys():
            tried[its] = _rules_for(its, rules)
        faults += [
            CaptionFault.TOO_LONG  # NFC composes no more than four characters into one
            if len(text) > most
            else _first_fault(caption, language, rules, tried[its])
            for text, caption, language, its in zip(
                texts[block], captions, languages[block], signs, strict=True
            )
        ]
    return faults


def _rules_for(signs: int, rules: CaptionRules) -> tuple[tuple[CaptionFault, IsBroken], ...]:
    """The rules that a caption with these signs can break."""
    return tuple(
        (fault, is_broken)
        for fault, is_broken in RULE_OF.items()
        if fault not in rules.overlook and (fault not in _SIGN_OF or signs & _SIGN_OF[fault])
    )


def _first_fault(
    caption: CaptionText,
    language: str,
    rules: CaptionRules,
    tried: tuple[tuple[CaptionFault, IsBroken], ...],
) -> CaptionFault | None:
    for fault, is_broken in tried:
        if is_broken(caption, language, rules):
            return fault
    return None


def redacted(text: str, rules: CaptionRules) -> str:
    """`text` as it may be kept: where the rules say `redact`, in NFC and without personal data.

    >>> redacted("Call Ana: ana@example.org", CaptionRules(personal_data="redact"))
    'Call Ana: …'
    """
    return all_redacted([text], rules)[0]


def all_redacted(texts: Sequence[str], rules: CaptionRules) -> list[str]:
    """What `redacted` returns of each, in a small part of the time."""
    if rules.personal_data != "redact":
        return list(texts)
    kept = []
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        for text, caption in zip(block, CaptionText.column(block), strict=True):
            kept.append(_redacted(caption) if has_personal_data(caption) else text)
    return kept


def _redacted(caption: CaptionText) -> str:
    while has_personal_data(caption):  # again, since "call" now stands before the next number
        caption = CaptionText.of(without_personal_data(caption))
    return caption.text


def _is_personal(caption: CaptionText, _: str, rules: CaptionRules) -> bool:
    return rules.personal_data == "reject" and has_personal_data(caption)


def _has_few_words(caption: CaptionText, language: str, rules: CaptionRules) -> bool:
    fewest = rules.min_words_in.get(language, rules.min_words)
    count = words(caption) if fewest else None
    return count is not None and count < fewest


def _is_repetitive(caption: CaptionText, _: str, rules: CaptionRules) -> bool:
    return repeats(caption, rules.max_repeated_share) or 0 < rules.max_run < caption.longest_run


RULE_OF: Mapping[CaptionFault, IsBroken] = MappingProxyType(
    {
        CaptionFault.TOO_LONG: lambda caption, _, rules: len(caption.text) > rules.max_chars,
        CaptionFault.MOJIBAKE: lambda caption, _, __: is_mojibake(caption.text),
        CaptionFault.UNFIT_CHARACTERS: lambda caption, _, __: has_unfit_characters(caption),
        CaptionFault.MARKUP: lambda caption, _, __: has_markup(caption.plain),
        CaptionFault.URL: lambda caption, _, __: has_url(caption.plain),
        CaptionFault.FILE_NAME: lambda caption, _, __: is_file_name(caption),
        CaptionFault.PERSONAL_DATA: _is_personal,
        CaptionFault.BOILERPLATE: lambda caption, _, __: is_boilerplate(caption),
        CaptionFault.PRICE: lambda caption, _, __: has_price(caption),
        CaptionFault.CALL_TO_BUY: lambda caption, _, __: calls_to_buy(caption),
        CaptionFault.TOO_SHORT: lambda caption, _, rules: caption.letters < rules.min_letters,
        CaptionFault.FEW_WORDS: _has_few_words,
        CaptionFault.FEW_LETTERS: (
            lambda caption, _, rules: is_short_of_letters(caption, rules.min_letter_share)
        ),
        CaptionFault.REPETITIVE: _is_repetitive,
    }
)

_SIGN_OF = {
    CaptionFault.MOJIBAKE: Sign.MOJIBAKE,
    CaptionFault.UNFIT_CHARACTERS: Sign.UNFIT,
    CaptionFault.MARKUP: Sign.MARKUP,
    CaptionFault.URL: Sign.URL,
    CaptionFault.FILE_NAME: Sign.FILE_NAME,
    CaptionFault.PERSONAL_DATA: Sign.PERSONAL_DATA,
    CaptionFault.BOILERPLATE: Sign.PHRASE,
    CaptionFault.PRICE: Sign.PRICE,
    CaptionFault.CALL_TO_BUY: Sign.PHRASE,
}
"""What breaks these rules has such a character or word; the others can be broken without."""
