"""Numbers as they are written around the world."""

import pytest

from filters.caption_text import CaptionText
from filters.numbers import numbers_in, parts_of


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("1,500,000 people", "en", [1_500_000]),
        ("1.500.000 Menschen", "de", [1_500_000]),
        ("1 500 000 человек", "ru", [1_500_000]),
        ("1\u202f500\xa0000 personnes", "fr", [1_500_000]),
        ("15,00,000 लोग", "hi", [1_500_000]),
        ("१५,००,००० लोग", "hi", [1_500_000]),
        ("١٬٥٠٠٬٠٠٠", "ar", [1_500_000]),
        ("১৫০০", "bn", [1500]),
        ("๑๕๐๐", "th", [1500]),
        ("１５００", "ja", [1500]),
        ("3.14 and 3,14 and ٣٫١٤", "en", [3.14, 3.14, 3.14]),
        ("1,234.5", "en", [1234.5]),
        ("1.234,5", "de", [1234.5]),
        ("20.7.1969", "fi", [20, 7, 1969]),
        ("2019-20", "en", [2019, 20]),
        ("5:30", "en", [5, 30]),
        ("17:00", "de", [17]),  # the noughts fill places
        ("1-0", "en", [1, 0]),
        ("0800 555 111", "en", [800, 555_111]),
        ("in 2019 300 people", "en", [2019, 300]),
        ("50 m2, 10 km²", "en", [50, 10]),
        ("1億2000万円", "ja", [120_000_000]),
        ("3만 5천 명", "ko", [35_000]),
        ("3천5백만 달러", "ko", [35_000_000]),
        ("1억 4천 2백만 명", "ko", [142_000_000]),
        ("1.2亿和300万", "zh", [1.2, 300]),
        ("1억 달러, 20명", "ko", [1, 20]),
        ("no number", "en", []),
    ],
)
def test_numbers_in(text: str, language: str, values: list[float]) -> None:
    assert [number.value for number in numbers_in(CaptionText.of(text), language)] == values


@pytest.mark.parametrize(
    ("text", "parts"),
    [("17.30", ["17", "30"]), ("1730", []), ("20.7.", ["20", "7"]), ("1,500", [])],
)
def test_parts_of(text: str, parts: list[str]) -> None:
    assert [part.written for part in parts_of(numbers_in(CaptionText.of(text), "en")[0])] == parts
