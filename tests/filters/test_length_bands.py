"""Lengths that are usual between languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.length_bands import LENGTHS, length_deviation
from schemas.languages import ALL

CODES = st.sampled_from(ALL)


def test_every_language_has_its_lengths() -> None:
    assert set(LENGTHS) == set(ALL)


@given(CODES, CODES, st.integers(1, 10_000))
def test_what_is_expected_deviates_by_nothing(source: str, target: str, characters: int) -> None:
    expected = characters * LENGTHS[target].characters / LENGTHS[source].characters
    deviation = length_deviation(characters, source, max(1, round(expected)), target)
    assert abs(deviation) < 1 if expected >= 1 else True


@given(CODES, CODES, st.integers(1, 5000), st.integers(1, 5000))
def test_longer_translations_deviate_further_up(a: str, b: str, source: int, text: int) -> None:
    assert length_deviation(source, a, text + 1, b) > length_deviation(source, a, text, b)


@given(CODES, CODES)
def test_short_texts_may_differ_more(a: str, b: str) -> None:
    short, long = (length_deviation(n, a, 3 * n, b) for n in (20, 200))
    assert abs(short) < abs(long)


@pytest.mark.parametrize(("source", "text"), [("en", "zh"), ("zh", "en")])
def test_chinese_is_short(source: str, text: str) -> None:
    characters = {"en": 90, "zh": 31}
    assert abs(length_deviation(characters[source], source, characters[text], text)) < 0.2
