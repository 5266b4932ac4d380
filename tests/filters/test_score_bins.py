import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.score_bins import BINS, LEAST, WIDTH, Scale, counted, quantile, rescaled, scale_of

SCORES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=200).map(
    lambda values: np.array(values, np.float32)
)


@given(SCORES, st.floats(0, 1))
def test_quantiles_agree_with_numpys_to_one_bin(scores: np.ndarray, share: float) -> None:
    expected = float(np.quantile(scores.astype(np.float64), share))
    assert abs(quantile(counted(scores), share) - expected) <= WIDTH + 1e-12


@given(SCORES, st.integers(1, 7), st.randoms())
def test_counts_are_the_same_in_any_pieces_and_order(
    scores: np.ndarray, pieces: int, random: object
) -> None:
    order = list(range(len(scores)))
    random.shuffle(order)  # type: ignore[attr-defined]
    parts = np.array_split(scores[order], pieces)
    assert np.array_equal(sum(counted(part) for part in parts), counted(scores))


@given(SCORES)
def test_a_scale_moves_scores_and_back(scores: np.ndarray) -> None:
    one, other = Scale(0.1, 0.05), Scale(-0.2, 0.3)
    there = [one.moved(float(score), other) for score in scores]
    assert np.allclose([other.moved(score, one) for score in there], scores)
    assert np.allclose(other.standing(np.array(there)), one.standing(scores))


def test_every_score_counts_those_beyond_the_ends_too() -> None:
    counts = counted(np.array([-1.0000001, -1.0, 1.0, 1.0000002]))
    assert counts[0] == 2
    assert counts[BINS - 1] == 2


def test_a_scale_needs_enough_scores_that_differ() -> None:
    scores = np.linspace(-0.1, 0.3, LEAST)
    found = scale_of(counted(scores))
    assert found is not None
    assert found.mean == pytest.approx(scores.mean(), abs=WIDTH)
    assert found.std == pytest.approx(scores.std(), abs=WIDTH)
    assert scale_of(counted(scores[1:])) is None
    assert scale_of(counted(np.full(10 * LEAST, 0.5))) is None


@settings(max_examples=20)
@given(st.floats(-0.4, 0.4), st.floats(0.5, 1.5))
def test_rescaled_scores_lie_where_their_scores_would(mean: float, times: float) -> None:
    scores = np.random.default_rng(0).normal(0.1, 0.05, 500)
    one, other = Scale(0.1, 0.05), Scale(mean, 0.05 * times)
    moved = rescaled(counted(scores), one, other)
    expected = counted(mean + 0.05 * times * one.standing(scores))
    assert moved.sum() == 500
    for share in (0.05, 0.5, 0.95):
        apart = quantile(moved, share) - quantile(expected, share)
        assert abs(apart) <= (times + 1) * WIDTH
