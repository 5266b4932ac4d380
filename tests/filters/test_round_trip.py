import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.chrf import chrf_of
from filters.round_trip import RoundTripRules, is_sent_back, judge_round_trip
from filters.translation import TranslationFault, TranslationRules

KEYS = [f"{number:032x}" for number in range(2_000)]


def test_chrf_is_that_of_the_paper() -> None:
    """By hand: of "abcd" beside "abce", 3 of 4 letters, 2 of 3 pairs, 1 of 2 triples, 0 of 1."""
    precision = recall = (3 / 4 + 2 / 3 + 1 / 2 + 0 / 1) / 4
    expected = 100 * 5 * precision * recall / (4 * precision + recall)
    assert chrf_of("a bcd", "abc e") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("back", "source", "least", "most"),
    [
        ("a red kite over a lake", "a red kite over a lake", 100, 100),
        ("a red kite above a lake", "a red kite over a lake", 50, 99),
        ("the train was late", "a red kite over a lake", 0, 30),
        ("赤い凧", "赤い凧", 100, 100),
        ("วงกลมสีแดง", "วงกลมสีน้ำเงิน", 30, 80),
        ("", "a red kite", 0, 0),
    ],
)
def test_the_nearer_the_higher(back: str, source: str, least: float, most: float) -> None:
    assert least <= chrf_of(back, source) <= most


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_larger_share_has_those_of_a_smaller_one(one: float, other: float) -> None:
    small, large = (
        {key for key in KEYS[:100] if is_sent_back(key, "de", 7, RoundTripRules(share=share))}
        for share in sorted((one, other))
    )
    assert small <= large


def test_a_share_is_about_so_many_and_another_in_each_language() -> None:
    rules = RoundTripRules(share=0.3)
    german, greek = (
        {key for key in KEYS if is_sent_back(key, code, 7, rules)} for code in ("de", "el")
    )
    assert 0.25 < len(german) / len(KEYS) < 0.35
    assert len(german & greek) < 0.5 * len(german)


def test_what_is_overlooked_is_no_fault() -> None:
    trip = RoundTripRules(min_chrf=50)
    assert judge_round_trip(50, "a cat", trip, TranslationRules()) is None
    found = judge_round_trip(49.9, "a cat", trip, TranslationRules())
    assert found is not None
    assert found.fault is TranslationFault.ROUND_TRIP
    overlooking = TranslationRules(overlook=(TranslationFault.ROUND_TRIP,))
    assert judge_round_trip(0, "a cat", trip, overlooking) is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"min_chrf": 101}, r"min_chrf must be in \[0, 100\], got 101"),
        ({"share": 0}, r"share must be in \(0, 1\], got 0"),
        ({"share": 1.5}, r"share must be in \(0, 1\], got 1.5"),
    ],
)
def test_impossible_bounds_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RoundTripRules(**settings)
