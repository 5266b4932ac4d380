"""Does a translation have the numbers of its source?"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from filters.caption_text import CaptionText
from filters.number_words import says, says_scale
from filters.numbers import Number, numbers_in, parts_of
from filters.units import Conversion, are_converted, conversions_from, heights_in, measured_in

_OTHER_SCALES = frozenset(["zh", "ja", "ko", "hi", "bn", "ur"])
"""Whose numbers have scales other than thousands: myriads, lakh and crore."""

_MONTHS = 12
_MOST_COMPARED = 50  # numbers; of two tables that differ more, each is compared with each
_MOST_IN_WORDS = 1e9
_LEAST_ADDED_DIGITS = 3  # of fewer, a number that only the translation has was a word more often
_BUDDHIST_YEARS = 543  # that Thailand is ahead
_METRES = (Conversion(1.0, slack=0.02), Conversion(100.0))

_NUMBER_MONTHS = frozenset(["zh", "ja", "ko", "vi"])
_COUNTING = frozenset(["zh", "ja", "ko"])
_CALENDAR = re.compile(
    r"(?:tháng|thứ) (\d+)|(?<!\d)(\d+) ?[月월]"
    r"|(?<!\d)(\d\d?)/(\d\d?)/\d{4}|(?<!\d)\d\d?/(1[0-2]|0?\d)(?!\d)"
)
_CLOCK = re.compile(
    r"\d ?(?:[ap]\.? ?m(?!\w)|[:.] ?\d\d(?!\d)|h(?!\w)|h ?\d\d|uhr|[時时点點시]|giờ|น\.|вечера"
    r"|часа?)"
)
_DIGITS = re.compile("[0-9]+")
_ONE_THING = re.compile(r"(?<![\d.,])(1) ?(?:つ|個|本|枚|人|匹|台|羽|頭|冊|杯|个|개|명|마리|대)")
"""Where other languages have an article, or nothing."""
_WHOLLY = re.compile(r"(?<![\d.,])(100) ?(?:%|per ?cent)")
_SCORE = re.compile(r"(?<!\d)(\d{1,2}) ?[-–:] ?(\d{1,2})(?!\d)")
_ASIDE = re.compile(r"\(([^()]*)\)")
_OPENING = "([（【"


class NumberChange(NamedTuple):
    """Numbers that one of two texts has alone, as they are written there.

    Attributes:
      lost: of the source.
      added: of the translation.
    """

    lost: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class _Texts(NamedTuple):
    source: CaptionText
    source_language: str
    translation: CaptionText
    language: str


_Sides = tuple[list[Number], list[Number]]
"""Numbers of the source and of the translation that have no partner yet."""

_NO_CHANGE = NumberChange()


def number_change(
    source: CaptionText, source_language: str, translation: CaptionText, language: str
) -> NumberChange:
    """Which numbers are lost in translation, and which only stand there.

    What is no change: other digits, separators and scales (1.5 million, 1 500 000, 150万), another
    clock (3 pm, 15:00), years in short, centuries, months by number, words and Roman numerals
    (`filters.number_words`), units converted from those of English-speaking countries, 100 % for
    "wholly", 1 with a counter (1つ) for an article, and a parenthesis left out. A small number that
    the translation alone has is taken for a word of the source.

    >>> texts = CaptionText.column(["3 of 1,200 dogs, 1998", "1988: drei von 1200 Hunden"])
    >>> number_change(texts[0], "en", texts[1], "de")
    NumberChange(lost=('1998',), added=('1988',))
    """
    runs = _DIGITS.findall(source.plain), _DIGITS.findall(translation.plain)
    if runs[0] == runs[1] or sorted(runs[0]) == sorted(runs[1]):
        return _NO_CHANGE
    texts = _Texts(source, source_language, translation, language)
    numbers = numbers_in(source, source_language), numbers_in(translation, language)
    sides = _without_common(numbers, lambda number: (number.digits, number.place))
    for step in _STEPS if max(map(len, sides)) <= _MOST_COMPARED else ():
        if not any(sides):
            return _NO_CHANGE
        sides = step(sides, texts)
    lost, added = (tuple([number.written for number in side]) for side in sides)
    return NumberChange(lost, added)


def _scaled(sides: _Sides, texts: _Texts) -> _Sides:
    """Matches 20 thousand with 20,000 and 2万."""
    if {texts.source_language, texts.language} & _OTHER_SCALES:
        return _without_common(sides, lambda number: number.digits)
    if says_scale(texts.source.folded, texts.source_language) or says_scale(
        texts.translation.folded, texts.language
    ):
        return _without_common(sides, lambda number: (number.digits, number.place % 3))
    return sides


def _restated(sides: _Sides, texts: _Texts) -> _Sides:
    """Matches the 90s with 1990, 2019 with 2562 in Thai, the 19th century with the 1800s."""
    if any(_CLOCK.search(text.folded) for text in (texts.source, texts.translation)):
        sides = _without_pairs(sides, _are_hours)
    return _without_pairs(sides, _are_same)


def _converted(sides: _Sides, texts: _Texts) -> _Sides:
    """Matches 385 miles with 620 km, and 6-foot-6 with 1.98 m; says nothing of a unit kept."""
    conversions, measured = [], set()
    for text, language in (texts[:2], texts[2:]):
        if language == "en":
            conversions += conversions_from(text.folded)
            measured |= set(measured_in(text.folded))
    if not conversions:
        return sides
    both = numbers_in(*texts[:2]), numbers_in(*texts[2:])
    if measured.isdisjoint(_written(both[0]) & _written(both[1])):
        sides = _without_pairs(
            sides, lambda one, other: are_converted(one.value, other.value, conversions)
        )
    return _without_heights(_without_asides(sides, texts, conversions), texts)


def _written(numbers: Sequence[Number]) -> set[str]:
    return {number.written for number in numbers}


def _without_heights(sides: _Sides, texts: _Texts) -> _Sides:
    lost, added = sides
    for height in heights_in(texts.source.folded):
        metres = 0.3048 * int(height[0]) + 0.0254 * int(height[1])
        lost = [its for its in lost if its.written not in height]
        added = [its for its in added if not are_converted(metres, its.value, _METRES)]
    return lost, added


def _without_asides(sides: _Sides, texts: _Texts, conversions: Sequence[Conversion]) -> _Sides:
    """Leaves out what is said a second time in other units: `45 miles (72 km)`."""
    lost, added = sides
    source = numbers_in(texts.source, texts.source_language)
    added = [
        its
        for its in added
        if not any(are_converted(its.value, one.value, conversions) for one in source)
    ]
    aside = _asides(texts)
    kept = [its for its in aside if its not in lost]
    lost = [
        its
        for its in lost
        if not any(are_converted(its.value, one.value, conversions) for one in kept)
    ]
    return lost, added


def _in_parts(sides: _Sides, _: _Texts) -> _Sides:
    """Matches 5.30 pm with 17:30, July 20 with 20.7., and dates in another order."""
    lost, added = sides
    lost, added = _without_parted(lost, added, most_left=0)
    added, lost = _without_parted(added, lost, most_left=_MONTHS)
    if Counter(_all_parts(lost)) == Counter(_all_parts(added)):
        return [], []
    return lost, added


def _parenthetic(sides: _Sides, texts: _Texts) -> _Sides:
    lost, added = sides
    aside = _asides(texts)
    return [its for its in lost if its not in aside], added


def _in_words(sides: _Sides, texts: _Texts) -> _Sides:
    """Leaves out what the other text says in words, and what its words may account for."""
    lost, added = sides
    source, source_language, translation, language = texts
    added = [
        its
        for its in added
        if its.written not in _months(translation, language, source_language)
        and not _is_said(its, source.folded, source_language)
    ]
    restated = _months(source, source_language, language)
    if source_language in _COUNTING:
        restated |= set(_ONE_THING.findall(source.plain))
    if "%" not in translation.plain:
        restated |= set(_WHOLLY.findall(source.plain))
    unsaid = [
        its
        for its in lost
        if its.written not in restated
        and (_is_of_score(its, texts, lost) or not _is_said(its, translation.folded, language))
    ]
    if unsaid and not added:  # one that the source has twice may stand once
        there = {number[:2] for number in numbers_in(translation, language)}
        unsaid = [its for its in unsaid if its[:2] not in there]
    if unsaid or (lost and added):  # a word for 1, say, stands in most texts
        return unsaid or lost, added
    known = {number.digits for number in numbers_in(source, source_language)}
    return [], [
        its for its in added if len(its.digits) >= _LEAST_ADDED_DIGITS and its.digits not in known
    ]


def _is_of_score(number: Number, texts: _Texts, lost: Sequence[Number]) -> bool:
    """Whether this is the 1 of 1-0, whose other number stands in the translation."""
    return (
        number.written == "1"
        and len(lost) == 1
        and any("1" in score for score in _SCORE.findall(texts.source.plain))
    )


_STEPS: tuple[Callable[[_Sides, _Texts], _Sides], ...] = (
    _scaled, _restated, _converted, _in_parts, _parenthetic, _in_words
)  # fmt: skip


def _months(text: CaptionText, language: str, other: str) -> set[str]:
    """Months, and days of the week, that are numbers here and have names in another language."""
    if language in _NUMBER_MONTHS and other in _NUMBER_MONTHS:
        return set()
    return {its for found in _CALENDAR.findall(text.plain) for its in found}


def _without_common(sides: _Sides, key: Callable[[Number], Hashable]) -> _Sides:
    """Leaves out numbers with the same key on both sides, as often as they are on both."""
    common = Counter(map(key, sides[0])) & Counter(map(key, sides[1]))
    if not common:
        return sides
    return _less(sides[0], common.copy(), key), _less(sides[1], common, key)


def _less(
    numbers: Sequence[Number], common: Counter[Hashable], key: Callable[[Number], Hashable]
) -> list[Number]:
    left = []
    for number in numbers:
        if common[key(number)] > 0:
            common[key(number)] -= 1
        else:
            left.append(number)
    return left


def _without_pairs(sides: _Sides, are_pair: Callable[[Number, Number], bool]) -> _Sides:
    """Leaves out a number of either side for one of the other."""
    left, others = [], list(sides[1])
    for number in sides[0]:
        partner = next((its for its in others if are_pair(number, its)), None)
        if partner is None:
            left.append(number)
        else:
            others.remove(partner)
    return left, others


def _without_parted(
    whole: Sequence[Number], parts: list[Number], most_left: int
) -> tuple[list[Number], list[Number]]:
    """Leaves out numbers of `whole` whose parts are among `parts`, but for some up to `most_left`.

    At least one must be.
    """
    left = []
    for number in whole:
        its_parts = parts_of(number)
        rest, others = _without_pairs(
            (its_parts, parts), lambda a, b: _are_same(a, b) or _are_hours(a, b)
        )
        if len(its_parts) > len(rest) and all(part.value <= most_left for part in rest):
            parts = others
        else:
            left.append(number)
    return left, parts


def _all_parts(numbers: Sequence[Number]) -> list[tuple[str, int]]:
    return [part[:2] for number in numbers for part in parts_of(number) or [number]]


def _asides(texts: _Texts) -> list[Number]:
    """The numbers in parentheses of the source, if the translation has fewer of these."""
    plain = texts.source.plain
    if "(" not in plain or plain.count("(") <= sum(map(texts.translation.plain.count, _OPENING)):
        return []
    asides = CaptionText.column(_ASIDE.findall(plain))
    return [number for aside in asides for number in numbers_in(aside, texts.source_language)]


def _are_hours(one: Number, other: Number) -> bool:
    """Whether two numbers are one hour, by clocks of 12 and of 24."""
    earlier, later = sorted((one.value, other.value))
    return 0 < earlier <= 12 and later == earlier + 12


def _are_same(one: Number, other: Number) -> bool:
    if one[:2] == other[:2]:
        return True
    return _may_be(one.value, other.value) or _may_be(other.value, one.value)


def _may_be(a: float, b: float) -> bool:
    """Whether b is the year a in its last two digits or in Thailand, or a century's hundreds."""
    return (
        (1000 < a < 2100 and 10 <= b == a % 100)
        or (1900 < a < 2100 and b == a + _BUDDHIST_YEARS)
        or (13 < a < 22 and b == 100 * (a - 1))
    )


def _is_said(number: Number, folded: str, language: str) -> bool:
    value = number.value
    if value >= _MOST_IN_WORDS or value != int(value):
        return False
    if says(int(value), folded, language):
        return True
    if 1900 <= value < 2000 and says(int(value) % 100, folded, language):
        return True
    return number.place > 0 and _says_scaled(int(number.digits), folded, language)


def _says_scaled(digits: int, folded: str, language: str) -> bool:
    """Whether there are words for the digits, and for a thousand or more: six million for 600万."""
    return says(digits, folded, language) and says_scale(folded, language)
