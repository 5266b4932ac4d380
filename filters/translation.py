"""Is this a translation of its source? Rules for what machines do wrong, between any two languages.

All faults are told, in the order of `TranslationFault`; the first is the reason why a translation
is turned away. None of the rules on texts understands them: two more judge by cosines.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from filters.caption_text import DIGIT, CaptionText
from filters.contact import addresses_in
from filters.copies import is_copied, may_be_names
from filters.language import Guess, contradicts
from filters.length_bands import length_deviation
from filters.number_change import number_change
from filters.placeholders import placeholders_in
from filters.repetition import repetition_of
from filters.sentence_end import breaks_off
from filters.translation_scripts import script_shares, shares_without
from schemas.languages import ALL, LANGUAGES

_BLOCK = 256  # pairs at a time; each text is held in several forms
_MOST_TOLD = 3  # numbers


class TranslationFault(StrEnum):
    """Why a translation is turned away, in the order in which the rules are tried."""

    EMPTY = "empty-translation"
    LOOPING = "looping"
    COPIED = "copied-source"
    SCRIPT = "wrong-script"
    LANGUAGE = "wrong-language"
    LENGTH = "length-ratio"
    NUMBERS = "numbers-changed"
    ADDRESSES = "address-lost"
    PLACEHOLDERS = "placeholder-broken"
    COSINE = "cosine-drop"
    MEANING = "unlike-source"
    ROUND_TRIP = "round-trip"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationRules:
    """What a translation must be.

    Attributes:
      max_rounds: most times that a phrase may come in a row, unless it does in the source; at
        least 1. Many languages say a word twice.
      max_repeated_share: by how much the share of runs of two words that stood in the text before
        may be over the source's, in [0, 1]; 1 turns the rule off.
      max_run: most of one character in a row, unless it is so in the source; 0 turns the rule off.
      max_copied_share: share of the source's words, without names and numbers, that stand in the
        translation, in [0, 1]; from this share on it is a copy. 0 turns the rule off. Where the
        languages are taken for each other all words must be the same, and at least five.
      min_copied_words: fewest such words, at least 1: one or two are the same in many languages.
      min_script_share: least share of the letters, without words of the source, that is of the
        language's script, in [0, 1]; 0 turns the rule off.
      max_stray_share: largest share of the letters that is neither of this script nor Latin nor in
        the source, in [0, 1]; 1 turns the rule off.
      language_odds: how many times as probable as its language another must be for a translation
        to be in the wrong one, at least 1; `inf` turns the rule off.
      min_language_share: how probable the other must be at least, in [0, 1].
      min_language_letters: fewest letters, counted as in `CaptionText`, that tell a language.
      max_shorter: by how many standard deviations the logarithm of the ratio of lengths may be
        under what is usual for the languages; `inf` turns the rule off.
      max_shorter_unended: the same for a translation without the full stop that its source has.
      max_longer: by how many it may be over what is usual; `inf` turns the rule off.
      max_cosine_drop: by how much the cosine of translation and picture may be under that of source
        caption and picture, in [0, 2]. 2, the default, turns the rule off.
      min_cosine: least cosine of translation and source, in [-1, 1]. -1, the default, turns the
        rule off.
      overlook: faults that are none here, e.g. `["length-ratio"]`.
    """

    max_rounds: int = 2
    max_repeated_share: float = 0.3
    max_run: int = 10
    max_copied_share: float = 0.8
    min_copied_words: int = 3
    min_script_share: float = 0.5
    max_stray_share: float = 0.05
    language_odds: float = 10.0
    min_language_share: float = 0.5
    min_language_letters: int = 20
    max_shorter: float = 4.5
    max_shorter_unended: float = 2.5
    max_longer: float = 3.5
    max_cosine_drop: float = 2.0
    min_cosine: float = -1.0
    overlook: tuple[TranslationFault, ...] = ()

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                asked = f"in [{least}, {most}]" if most < math.inf else f"at least {least}"
                raise ValueError(f"{name} must be {asked}, got {value}")


_BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "max_rounds": (1, math.inf),
        "max_repeated_share": (0, 1),
        "max_run": (0, math.inf),
        "max_copied_share": (0, 1),
        "min_copied_words": (1, math.inf),
        "min_script_share": (0, 1),
        "max_stray_share": (0, 1),
        "language_odds": (1, math.inf),
        "min_language_share": (0, 1),
        "min_language_letters": (0, math.inf),
        "max_shorter": (0, math.inf),
        "max_shorter_unended": (0, math.inf),
        "max_longer": (0, math.inf),
        "max_cosine_drop": (0, 2),
        "min_cosine": (-1, 1),
    }
)


class Translated(NamedTuple):
    """A text and its translation; a frozen dataclass would take longer to make.

    Attributes:
      source: any text, in any normal form.
      source_language: one of the 30.
      text: the translation.
      language: what it is to be in, another of the 30.
      guess: what the translation says of its language; None where no model was asked.
    """

    source: str
    source_language: str
    text: str
    language: str
    guess: Guess | None = None


class Finding(NamedTuple):
    """A fault and what was found, for the ledger."""

    fault: TranslationFault
    detail: str


def judge_translation(translated: Translated, rules: TranslationRules) -> list[Finding]:
    """All that is wrong with a translation: nothing, where it may be kept.

    >>> looping = Translated("two red foxes", "en", "zwei rote rote rote rote Füchse", "de")
    >>> judge_translation(looping, TranslationRules())
    [Finding(fault=<TranslationFault.LOOPING: 'looping'>, detail='4 times in a row')]
    """
    return judge_translations([translated], rules)[0]


def judge_translations(
    translated: Sequence[Translated], rules: TranslationRules
) -> list[list[Finding]]:
    """What `judge_translation` returns of each, in a small part of the time.

    Raises:
      ValueError: where a language is none of the 30, or both are the same.
    """
    tried = [(fault, rule) for fault, rule in _RULE_OF.items() if fault not in rules.overlook]
    return [
        _findings(pair, rules, tried)
        for start in range(0, len(translated), _BLOCK)
        for pair in _read(translated[start : start + _BLOCK])
    ]


class Cosines(NamedTuple):
    """What models say of a translation, each in [-1, 1]; None where none was asked.

    Attributes:
      source: of source caption and picture, by the teacher.
      translation: of translation and picture, by the same teacher.
      texts: of source and translation, by a model of sentences in many languages, be it the
        teacher.
    """

    source: float | None = None
    translation: float | None = None
    texts: float | None = None


def judge_cosines(cosines: Cosines, rules: TranslationRules) -> list[Finding]:
    """What is wrong with a translation by its cosines; one that is no number is too low.

    >>> rules = TranslationRules(max_cosine_drop=0.05, min_cosine=0.7)
    >>> [str(found.fault) for found in judge_cosines(Cosines(0.31, 0.24, 0.81), rules)]
    ['cosine-drop']
    """
    findings = []
    if cosines.source is not None and cosines.translation is not None and rules.max_cosine_drop < 2:
        drop = cosines.source - cosines.translation
        if not drop <= rules.max_cosine_drop:
            detail = f"{cosines.translation:.3f} after {cosines.source:.3f}"
            findings.append(Finding(TranslationFault.COSINE, detail))
    if (
        cosines.texts is not None
        and rules.min_cosine > -1
        and not cosines.texts >= rules.min_cosine
    ):
        findings.append(Finding(TranslationFault.MEANING, f"{cosines.texts:.3f}"))
    return [found for found in findings if found.fault not in rules.overlook]


class _Pair(NamedTuple):
    """What the rules look at.

    Attributes:
      own_share: of the text's letters, of the scripts of its language.
      stray_share: of neither these nor Latin.
    """

    source: CaptionText
    source_language: str
    text: CaptionText
    language: str
    guess: Guess | None
    own_share: float
    stray_share: float


_Rule = Callable[[_Pair, TranslationRules], str]
"""Says what breaks it; nothing, if nothing does."""


def _read(block: Sequence[Translated]) -> list[_Pair]:
    _check_languages({(its.source_language, its.language) for its in block})
    sources = list(dict.fromkeys([its.source for its in block]))
    forms = CaptionText.column([*sources, *[its.text for its in block]])
    source_forms = dict(zip(sources, forms, strict=False))
    texts = forms[len(sources) :]
    shares = script_shares(texts, [its.language for its in block])
    return [
        _Pair(
            source_forms[its.source],
            its.source_language,
            text,
            its.language,
            its.guess,
            own_share,
            stray_share,
        )
        for its, text, own_share, stray_share in zip(block, texts, *shares, strict=True)
    ]


def _check_languages(pairs: set[tuple[str, str]]) -> None:
    for source, target in pairs:
        for language in (source, target):
            if language not in LANGUAGES:
                raise ValueError(f"languages must be of {' '.join(ALL)}, got {language!r}")
        if source == target:
            raise ValueError(f"source and translation must differ in language, both are {target!r}")


def _findings(
    pair: _Pair, rules: TranslationRules, tried: Sequence[tuple[TranslationFault, _Rule]]
) -> list[Finding]:
    findings = []
    for fault, rule in tried:
        detail = rule(pair, rules)
        if detail:
            findings.append(Finding(fault, detail))
            if fault is TranslationFault.EMPTY:
                break  # all else follows
    return findings


def _empty(pair: _Pair, _: TranslationRules) -> str:
    if _says_something(pair.text) or not _says_something(pair.source):
        return ""
    return f"no letter in {len(pair.text.text)} characters"


def _says_something(text: CaptionText) -> bool:
    return text.letters > 0 or DIGIT in text.classes


def _looping(pair: _Pair, rules: TranslationRules) -> str:
    found = repetition_of(pair.text)
    if found.rounds > rules.max_rounds or found.share > rules.max_repeated_share:
        in_source = repetition_of(pair.source)
        if found.rounds > max(rules.max_rounds, in_source.rounds + 1):
            return f"{found.rounds} times in a row"
        if found.share > in_source.share + rules.max_repeated_share:
            return f"{found.share:.2f} said before"
    run = pair.text.longest_run
    if not 0 < rules.max_run < run > pair.source.longest_run:
        return ""
    is_written = re.search(rf"(\S)\1{{{rules.max_run}}}", pair.text.folded)
    return f"{run} of one character" if is_written else ""


def _copied(pair: _Pair, rules: TranslationRules) -> str:
    if rules.max_copied_share and is_copied(
        pair.source,
        pair.text,
        rules.max_copied_share,
        rules.min_copied_words,
        pair.language in LANGUAGES[pair.source_language].confusable,
    ):
        return "words of the source"
    return ""


def _script(pair: _Pair, rules: TranslationRules) -> str:
    own, stray = pair.own_share, pair.stray_share
    if own >= rules.min_script_share and stray <= rules.max_stray_share:
        return ""
    own, stray = shares_without(pair.text, pair.source, pair.language)
    if own < rules.min_script_share:
        return f"{own:.2f} of its script"
    return f"{stray:.2f} of other scripts" if stray > rules.max_stray_share else ""


def _language(pair: _Pair, rules: TranslationRules) -> str:
    guess = pair.guess
    if guess is None or not contradicts(guess, pair.language, rules.language_odds):
        return ""
    if pair.text.letters < rules.min_language_letters or may_be_names(pair.source, pair.text):
        return ""
    found, share = guess.shares[0]
    return f"{found} {share:.2f}" if share >= rules.min_language_share else ""


def _length(pair: _Pair, rules: TranslationRules) -> str:
    source, text = len(pair.source.text), len(pair.text.text)
    if _is_usual(source, text, pair, rules):
        return ""
    common = set(pair.source.words) & set(pair.text.words)  # names, say: as long in any language
    rest = [
        len(" ".join([word for word in its.folded.split() if word not in common]))
        for its in (pair.source, pair.text)
    ]
    if _is_usual(rest[0], rest[1], pair, rules):
        return ""
    return f"{text / max(1, source):.2f} of the source"


def _is_usual(source: int, text: int, pair: _Pair, rules: TranslationRules) -> bool:
    deviation = length_deviation(max(1, source), pair.source_language, max(1, text), pair.language)
    if deviation > 0:
        return deviation <= rules.max_longer
    if -deviation > rules.max_shorter:
        return False
    return -deviation <= rules.max_shorter_unended or not breaks_off(
        pair.source, pair.text, pair.language
    )


def _numbers(pair: _Pair, _: TranslationRules) -> str:
    if DIGIT not in pair.source.classes and DIGIT not in pair.text.classes:
        return ""
    change = number_change(pair.source, pair.source_language, pair.text, pair.language)
    return ", ".join(
        [
            f"{what} {' '.join(numbers[:_MOST_TOLD])}"
            for what, numbers in zip(("lost", "added"), change, strict=True)
            if numbers
        ]
    )


def _addresses(pair: _Pair, _: TranslationRules) -> str:
    addresses = addresses_in(pair.source.plain)
    if not addresses:
        return ""
    text = pair.text.plain.lower()
    lost = sum(address not in text for address in addresses)
    return f"{lost} of {len(addresses)}" if lost else ""


def _placeholders(pair: _Pair, _: TranslationRules) -> str:
    expected, found = placeholders_in(pair.source.plain), placeholders_in(pair.text.plain)
    if expected == found:
        return ""
    return f"{' '.join(expected[:_MOST_TOLD])} became {' '.join(found[:_MOST_TOLD])}"


_RULE_OF: Mapping[TranslationFault, _Rule] = MappingProxyType(
    {
        TranslationFault.EMPTY: _empty,
        TranslationFault.LOOPING: _looping,
        TranslationFault.COPIED: _copied,
        TranslationFault.SCRIPT: _script,
        TranslationFault.LANGUAGE: _language,
        TranslationFault.LENGTH: _length,
        TranslationFault.NUMBERS: _numbers,
        TranslationFault.ADDRESSES: _addresses,
        TranslationFault.PLACEHOLDERS: _placeholders,
    }
)
"""The rules on texts; each costs little on texts that do not break it."""
