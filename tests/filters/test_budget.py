from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.budget import UNJUDGED, BudgetRules, last_step, quotas, steps_of

FOUND = st.dictionaries(st.sampled_from(["de", "en", "fr", "ja"]), st.integers(1, 999), min_size=1)


@given(FOUND, st.integers(1, 3_000))
def test_a_budget_is_used_up_and_not_passed(found: dict[str, int], most: int) -> None:
    rooms = quotas(found, BudgetRules(max_pictures=most))
    assert sum(rooms.values()) == min(most, sum(found.values()))
    for language, room in rooms.items():
        share = most * found[language] / sum(found.values())
        assert room <= found[language]
        assert abs(room - min(share, found[language])) <= 1


@given(FOUND, st.integers(1, 500))
def test_more_room_is_room_for_all_that_had_room(found: dict[str, int], most: int) -> None:
    total = sum(quotas(found, BudgetRules(max_pictures=most)).values())
    assert total <= sum(quotas(found, BudgetRules(max_pictures=most + 1)).values())


def test_shares_hold_where_there_is_no_other_bound() -> None:
    found = {"de": 30, "en": 600, "fr": 10, "ja": 30}
    rooms = quotas(found, BudgetRules(shares={"de": 0.5, "en": 0.1}))
    assert rooms == {"de": 30, "en": 6, "fr": 6, "ja": 18}
    rooms = quotas(found, BudgetRules(max_pictures=100, shares={"de": 0.5, "en": 0.1}))
    assert rooms == {"de": 50, "en": 10, "fr": 10, "ja": 30}
    assert quotas({"de": 4}, BudgetRules(shares={"fr": 0.5})) == {"de": 0}


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 9)), st.integers(1, 200))
def test_the_room_ends_at_a_step(counts: dict[int, int], room: int) -> None:
    step, left = last_step(counts, room)
    if step == -1:
        assert sum(counts.values()) < room
    else:
        assert sum(n for at, n in counts.items() if at > step) + left == room
        assert 0 < left <= counts[step]


def test_steps_rise_with_standings() -> None:
    steps = steps_of(np.array([UNJUDGED, -64.0, 0.0, 0.01, 63.99, 1e9]))
    assert (np.diff(steps) >= 0).all()
    assert steps[0] == 0
    assert steps[2] < steps[3]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "max_pictures must be given where shares are not"),
        ({"max_pictures": -1}, "max_pictures must be at least 0, got -1"),
        ({"shares": {"de": 0.0}}, r"shares.de must be in \(0, 1\], got 0"),
        ({"shares": {"de": 0.6, "en": 0.5}}, "shares must add up to 1 at most, got 1.1"),
    ],
)
def test_impossible_rules_are_refused(rules: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BudgetRules(**rules)
