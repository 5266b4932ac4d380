"""Guards of negatives: alone, all at once, and beside sentence-transformers on the same vectors."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.negatives import (
    ABSENT,
    FAULTS,
    Candidate,
    Candidates,
    NegativeFault,
    NegativeRules,
    choose,
    draws_of,
    fill,
    negative_fault,
    negative_faults,
)


@pytest.mark.parametrize(
    ("candidate", "rules", "fault"),
    [
        (Candidate(0.5), NegativeRules(), None),
        (Candidate(0.5, is_positive=True), NegativeRules(), NegativeFault.POSITIVE),
        (Candidate(0.5, distance=31), NegativeRules(), NegativeFault.NEAR_PICTURE),
        (Candidate(0.5, distance=32), NegativeRules(), None),
        (Candidate(0.5, same_document=True), NegativeRules(), NegativeFault.SAME_DOCUMENT),
        (Candidate(0.5, same_text=True), NegativeRules(), NegativeFault.SAME_TEXT),
        (
            Candidate(0.5, same_text=True),
            NegativeRules(overlook=(NegativeFault.SAME_TEXT,)),
            None,
        ),
        (Candidate(0.5, is_repeated=True), NegativeRules(), NegativeFault.REPEATED),
        (Candidate(0.5, standing=4.1), NegativeRules(max_standing=4.0), NegativeFault.FITS),
        (Candidate(0.77), NegativeRules(), NegativeFault.RELATIVE_MARGIN),
        (Candidate(0.75), NegativeRules(), None),
        (
            Candidate(0.75),
            NegativeRules(absolute_margin=0.1),
            NegativeFault.ABSOLUTE_MARGIN,
        ),
        (
            Candidate(0.5, own_score=0.52),
            NegativeRules(own_margin=0.05),
            NegativeFault.OWN_MARGIN,
        ),
        (Candidate(0.5, own_score=0.53), NegativeRules(own_margin=0.05), None),
        (Candidate(0.61), NegativeRules(max_score=0.6), NegativeFault.MAX_SCORE),
        (Candidate(0.1), NegativeRules(min_score=0.2), NegativeFault.MIN_SCORE),
        (Candidate(0.9, is_positive=True), NegativeRules(), NegativeFault.POSITIVE),
    ],
)
def test_a_candidate_has_the_first_fault(
    candidate: Candidate, rules: NegativeRules, fault: NegativeFault | None
) -> None:
    assert negative_fault(candidate, 0.8, rules) is fault


def test_a_margin_below_a_negative_positive_is_below_it() -> None:
    rules = NegativeRules(relative_margin=0.1)
    assert negative_fault(Candidate(-0.53), -0.5, rules) is NegativeFault.RELATIVE_MARGIN
    assert negative_fault(Candidate(-0.56), -0.5, rules) is None


lows, highs = (st.none() | st.floats(*ends, width=32) for ends in ((-1, 0), (0, 1)))
shares = st.none() | st.floats(0, 1, width=32, exclude_max=True)
all_rules = st.builds(
    NegativeRules,
    max_score=highs,
    min_score=lows,
    absolute_margin=highs,
    relative_margin=shares,
    max_standing=lows,
    own_margin=shares,
    max_distance=st.integers(0, 255),
    overlook=st.lists(st.sampled_from(NegativeFault)).map(tuple),
)
one = st.builds(
    Candidate,
    score=st.floats(-1, 1, width=32),
    is_positive=st.booleans(),
    distance=st.integers(0, 256),
    same_document=st.booleans(),
    same_text=st.booleans(),
    is_repeated=st.booleans(),
    standing=st.floats(-1, 1, width=32),
    own_score=st.floats(-1, 1, width=32),
)


@given(st.lists(one, min_size=1, max_size=6), st.floats(-1, 1, width=32), all_rules)
def test_all_at_once_are_judged_as_each_alone(
    candidates: list[Candidate], positive: float, rules: NegativeRules
) -> None:
    def column(name: str, kind: Any) -> np.ndarray:
        return np.array([[getattr(each, name) for each in candidates]], kind)

    together = Candidates(
        present=np.ones((1, len(candidates)), np.bool_),
        scores=column("score", np.float32),
        is_positive=column("is_positive", np.bool_),
        distances=column("distance", np.int64),
        same_document=column("same_document", np.bool_),
        same_text=column("same_text", np.bool_),
        is_repeated=column("is_repeated", np.bool_),
        standings=column("standing", np.float32),
        own_scores=column("own_score", np.float32),
    )
    found = negative_faults(together, np.array([positive], np.float32), rules)
    alone = [negative_fault(each, positive, rules) for each in candidates]
    assert [FAULTS[number] for number in found[0]] == alone


def test_an_anchor_with_many_positives_is_not_looked_for_without_end() -> None:
    depths = NegativeRules().depths(np.array([1, 100, 20_000]))
    assert depths.tolist() == [72, 270, 270]


def test_ranks_count_candidates_without_a_fault() -> None:
    rules = NegativeRules(num_negatives=2, range_min=1, range_max=4)
    faults = np.array([[1, 0, 0, 2, 0, 0, 0], [0, 1, 1, 1, 1, 1, ABSENT]], np.int8)
    draws = np.zeros(faults.shape, np.uint64)
    found = choose(faults, np.array([4, 4]), draws, rules)
    assert found.tolist() == [[2, 4], [ABSENT, ABSENT]]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=6, max_size=6), min_size=1
    ),
    st.integers(1, 4),
)
def test_places_are_filled_from_the_left_with_nothing_twice(
    rows: list[list[tuple[int, bool]]], number: int
) -> None:
    keys = np.array([[key for key, _ in row] for row in rows], np.uint64)
    present = np.array([[is_there for _, is_there in row] for row in rows])
    for row, columns in zip(rows, fill(keys, present, number).tolist(), strict=True):
        firsts: dict[int, int] = {}
        for column, (key, is_there) in enumerate(row):
            if is_there:
                firsts.setdefault(key, column)
        expected = sorted(firsts.values())[:number]
        assert columns == expected + [ABSENT] * (number - len(expected))


def test_random_negatives_depend_on_seed_and_ids_alone() -> None:
    rules = NegativeRules(num_negatives=3, range_max=10, sampling_strategy="random")
    anchors, ids = np.arange(200, dtype=np.uint64), np.arange(4_000, dtype=np.uint64)
    ids = ids.reshape(200, 20)
    faults, last = np.zeros(ids.shape, np.int8), np.full(200, 10)
    found = choose(faults, last, draws_of(17, anchors, ids), rules)
    one = choose(faults[7:8], last[7:8], draws_of(17, anchors[7:8], ids[7:8]), rules)
    assert found[7].tolist() == one[0].tolist()
    other = choose(faults, last, draws_of(18, anchors, ids), rules)
    assert (found != other).any(axis=1).mean() > 0.9
    assert (np.diff(found, axis=1) > 0).all()
    drawn = np.bincount(found.ravel(), minlength=20)
    assert (drawn[10:] == 0).all()
    assert (abs(drawn[:10] - 60) < 30).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_negatives": 0}, r"num_negatives must be in \[1, 100\], got 0"),
        ({"num_negatives": 100_000}, r"num_negatives must be in \[1, 100\], got 100000"),
        ({"range_min": -1}, r"range_min must be in \[0, 1000\], got -1"),
        ({"range_max": 20_000}, r"range_max must be in \[1, 2000\], got 20000"),
        ({"range_min": 5, "range_max": 11}, "range_max must be at least .* 12, got 11"),
        ({"max_distance": 256}, r"max_distance must be in \[0, 255\], got 256"),
        ({"relative_margin": 95.0}, r"relative_margin must be in \[0, 1\), got 95.0"),
        ({"relative_margin": math.nan}, r"relative_margin must be in \[0, 1\), got nan"),
        ({"own_margin": -0.1}, r"own_margin must be in \[0, 1\), got -0.1"),
        ({"absolute_margin": 2.5}, r"absolute_margin must be in \[0, 2\], got 2.5"),
        ({"max_score": 40.0}, r"max_score must be in \[-1, 1\], got 40.0"),
        ({"min_score": math.nan}, r"min_score must be in \[-1, 1\], got nan"),
        ({"min_score": 0.9, "max_score": 0.1}, "min_score must be at most max_score, 0.1, got 0.9"),
        ({"max_standing": math.inf}, "max_standing must be a number, got inf"),
    ],
)
def test_impossible_rules_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NegativeRules(**changes)
