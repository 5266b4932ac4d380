"""The numbers that a text has in digits, of whatever script, as far as they can be compared.

Digits count, not how they are parted: 1,500,000, 1.500.000, 1 500 000 and 150万 are one number.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from filters.caption_text import CaptionText

_PARTING = ".,'’٫٬،"
_NUMBER = re.compile(
    # not the 2 of m², which is no number; by threes with spaces, else with what parts digits
    rf"(?<![\dm])(?:\d{{1,3}}(?: \d{{3}})+(?!\d)|\d+(?:[{_PARTING}]\d+)*)"
)
_BETWEEN_GROUPS = re.compile(f"[{_PARTING} ]")
_SMALL_SCALES = {"百": 2, "백": 2, "千": 3, "천": 3}
_MYRIAD_SCALES = {"萬": 4, "万": 4, "만": 4, "億": 8, "亿": 8, "억": 8}
_SCALES = f"[{''.join(_SMALL_SCALES | _MYRIAD_SCALES)}]"
_BY_MYRIADS = re.compile(
    rf"(?<![\d.,])(?:\d[\d.,]* ?{_SCALES}{{1,2}} ?)+\d[\d.,]*(?: ?{_SCALES}{{1,2}})?"
)
_MYRIAD = re.compile(rf"(\d[\d.,]*) ?({_SCALES}*)")
_COUNT_BY_MYRIADS = frozenset(["zh", "ja", "ko"])


class Number(NamedTuple):
    """A number; a frozen dataclass would take longer to make.

    Attributes:
      digits: without zeros at either end; of nought "0".
      place: of the last of them: the number is `digits` times 10 to this power.
      written: as it stands in the text, its digits as ASCII's.
    """

    digits: str
    place: int
    written: str

    @property
    def value(self) -> float:
        return float(f"{self.digits}e{self.place}")


def numbers_in(text: CaptionText, language: str) -> list[Number]:
    """The numbers of `text`. What counts by myriads in two steps is one.

    >>> [n.value for n in numbers_in(CaptionText.of("1億2000万人, 1.50 m², 03:00"), "ja")]
    [120000000.0, 1.5, 3.0]
    >>> [n.written for n in numbers_in(CaptionText.of("১৯৭১, 16 700, 1.2.2003"), "bn")]
    ['1971', '16 700', '1', '2', '2003']
    """
    plain = text.plain
    if language in _COUNT_BY_MYRIADS:
        plain = _BY_MYRIADS.sub(_in_one, plain)
    return [number for token in _NUMBER.findall(plain) for number in _numbers(token)]


def parts_of(number: Number) -> list[Number]:
    """What stands between its separators, if it may be a time or a date: the 5 and 30 of 5.30.

    >>> [part.written for part in parts_of(numbers_in(CaptionText.of("5.30"), "en")[0])]
    ['5', '30']
    """
    groups = _BETWEEN_GROUPS.split(number.written)
    if len(groups) == 1 or _are_grouped(groups):
        return []
    return [part for group in groups for part in _numbers(group)]


def _in_one(found: re.Match[str]) -> str:
    """3천5백만 as 35000000."""
    total, section = 0.0, 0.0
    for digits, scales in _MYRIAD.findall(found[0]):
        written = digits.replace(",", "").rstrip(".")
        if written.count(".") > 1:
            return found[0]
        small = sum(_SMALL_SCALES.get(scale, 0) for scale in scales)
        myriads = sum(_MYRIAD_SCALES.get(scale, 0) for scale in scales)
        section += float(written) * 10**small
        if myriads:
            total, section = total + section * 10**myriads, 0.0
    return f"{total + section:.0f}"


@lru_cache(maxsize=1 << 14)
def _numbers(token: str) -> tuple[Number, ...]:
    """The one number that `token` is, or those of a date. Noughts that fill places are left out."""
    groups = _BETWEEN_GROUPS.split(token)
    place = 0
    if len(groups) > 1 and not _are_grouped(groups):
        if len(groups) > 2 and not _are_grouped(groups[:-1]):
            return tuple(number for group in groups for number in _numbers(group))
        place = -len(groups[-1])
    digits = "".join(groups)
    kept = digits.rstrip("0")
    if not kept:
        return (Number("0", 0, token),) if len(digits) == 1 else ()
    return (Number(kept.lstrip("0"), place + len(digits) - len(kept), token),)


def _are_grouped(groups: list[str]) -> bool:
    """Whether digits are parted by threes, or as in India: 1,50,000."""
    sizes = {len(group) for group in groups[1:-1]}
    return len(groups[-1]) == 3 and sizes in (set(), {3}, {2})
