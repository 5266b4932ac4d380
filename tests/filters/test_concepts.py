import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.concepts import (
    BalanceRules,
    Concepts,
    concept_fault,
    frequent_runs,
    kept_share,
    tail_threshold,
)

COUNTS = st.lists(st.integers(1, 10_000), min_size=1, max_size=60).map(np.array)


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("A polar bear, and a KITE.", ["kite", "polar bear"]),
        ("Polar bears", []),
        ("東京の北極熊", ["北極熊", "東京"]),
        ("หมีขั้วโลกตัวใหญ่", ["หมี"]),
        ("белый Медведь!", ["медведь"]),
        ("", []),
    ],
)
def test_concepts_stand_in_a_text_as_they_are(text: str, concepts: list[str]) -> None:
    lists = Concepts.of(["polar bear", "Kite", "東京", "北極熊", "หมี", "медведь", "", "…"])
    assert lists.in_texts([text]) == [concepts]


def test_frequent_runs_are_words_or_characters() -> None:
    assert frequent_runs(["A red kite", "北極熊"]) == [
        {"a", "red", "kite", "a red", "red kite"},
        {"北極", "極熊", "北極熊"},
    ]


@given(COUNTS, st.floats(0.01, 1))
def test_the_tail_has_at_most_its_share_and_the_next_concept_would_be_too_much(
    counts: np.ndarray, share: float
) -> None:
    t = tail_threshold(counts, share)
    assert counts[counts < t].sum() <= share * counts.sum()
    beyond = counts[counts >= t]
    if len(beyond) and (counts > beyond.min()).any():
        more = counts[counts <= beyond.min()].sum()
        assert more > share * counts.sum() or beyond.min() == t


@given(COUNTS, st.floats(0.01, 0.5), st.floats(0, 0.5))
def test_a_larger_tail_keeps_all_that_a_smaller_one_keeps(
    counts: np.ndarray, share: float, more: float
) -> None:
    small, large = tail_threshold(counts, share), tail_threshold(counts, share + more)
    assert small <= large
    assert kept_share(counts.tolist(), small) <= kept_share(counts.tolist(), large)


def test_a_caption_stays_for_its_rarest_concept() -> None:
    assert kept_share([10_000, 30], 40) == 1
    assert kept_share([400], 40) == pytest.approx(0.1)
    assert kept_share([400, 400], 40) == pytest.approx(0.19)
    assert kept_share([], 40) == 0


@pytest.mark.parametrize(
    ("counts", "drawn", "drop_unmatched", "fault"),
    [
        ([400], 0.0999, False, None),
        ([400], 0.1, False, "concept-balance"),
        ([40], 0.9999, False, None),
        ([], 0.9999, False, None),
        ([], 0.0, True, "no-concept"),
        ([400], 0.0, True, None),
    ],
)
def test_a_caption_goes_for_its_concepts(
    counts: list[int], drawn: float, drop_unmatched: bool, fault: str | None
) -> None:
    rules = BalanceRules(drop_unmatched=drop_unmatched)
    assert concept_fault(counts, 40, drawn, rules) == fault


@pytest.mark.parametrize(
    ("rules", "words"),
    [({"tail_share": 0.0}, "tail_share must be in"), ({"min_captions": 0}, "at least 1, got 0")],
)
def test_impossible_rules_are_refused(rules: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BalanceRules(**rules)  # type: ignore[arg-type]
