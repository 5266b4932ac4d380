import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.text_pair import TextPairFault, TextPairRules, text_pair_fault

RULES = TextPairRules()
OVERLAP = TextPairFault.OVERLAP


@pytest.mark.parametrize(
    ("query", "positive", "fault"),
    [
        ("one two three four five", "FIVE, four! Three: two.", OVERLAP),  # 4 of 4
        ("one two three four five", "one two three four six seven", OVERLAP),  # 4 of 5
        ("one two three four five six", "one two three four", OVERLAP),
        ("one two three four a b", "one two three four c d", None),  # 4 of 6
        ("one two three", "one two three", None),  # fewer than four
        ("one one one one", "one one one one", None),  # a word counts once
        ("Wie hoch ist der Turm?", "Er misst 330 Meter.", None),
        ("कुत्ता बिल्ली घोड़ा गाय", "गाय घोड़ा बिल्ली कुत्ता", OVERLAP),
        ("一只红色的狐狸", "雪地里有一只红色的狐狸", OVERLAP),
        ("一只红色的狐狸", "高塔有三百米", None),
        ("หมาจิ้งจอกแดง", "หมาจิ้งจอกแดงบนหิมะ", OVERLAP),
        ("빨간 여우 한 마리가", "눈 속에 빨간 여우 한 마리가", OVERLAP),
        ("", "", None),
    ],
)
def test_text_pair_fault(query: str, positive: str, fault: TextPairFault | None) -> None:
    assert text_pair_fault(query, positive, RULES) is fault
    assert text_pair_fault(positive, query, RULES) is fault


def test_the_rule_can_be_turned_off() -> None:
    rules = TextPairRules(max_overlap=0)
    assert text_pair_fault("one two three four", "one two three four", rules) is None


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"max_overlap": -1}, r"max_overlap must be in \[0, 1\], got -1"),
        ({"min_shared_words": 0}, "min_shared_words must be at least 1, got 0"),
    ],
)
def test_impossible_bounds_are_named(bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TextPairRules(**bounds)


WORDS = ["a", "b", "c", "d", "é", "ж", "狐狸在", "雪地里", "여우", "กบ", "x"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


@given(TEXTS, TEXTS, st.floats(0.1, 1), st.integers(1, 6))
def test_looser_bounds_keep_all_that_stricter_ones_kept(
    query: str, positive: str, share: float, fewest: int
) -> None:
    strict = TextPairRules(max_overlap=share, min_shared_words=fewest)
    looser = [
        TextPairRules(max_overlap=(1 + share) / 2, min_shared_words=fewest),
        TextPairRules(max_overlap=share, min_shared_words=fewest + 1),
    ]
    if text_pair_fault(query, positive, strict) is None:
        assert [text_pair_fault(query, positive, rules) for rules in looser] == [None, None]


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["NFC", "NFD"]))
def test_neither_spelling_nor_order_changes_a_verdict(query: str, positive: str, form: Any) -> None:
    fault = text_pair_fault(query, positive, RULES)
    assert text_pair_fault(positive, unicodedata.normalize(form, query), RULES) is fault
