import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.spheres import (
    UNIT,
    SemanticRules,
    Whole,
    duplicates_of,
    fit_centres,
    is_sampled,
    nearest_centres,
    whole,
)


def embeddings(seed: int, groups: int, each: int, spread: float = 0.05, dim: int = 24) -> Whole:
    """Groups of rows around points of their own."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(groups, dim))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    rows = np.repeat(points, each, axis=0) + spread * random.normal(size=(groups * each, dim))
    return whole(rows)


def slow_duplicates(rows: Whole, min_cosine: float) -> list[int]:
    kept: list[int] = []
    twins = []
    for row in range(len(rows)):
        products = [int(rows[row].astype(int) @ rows[other].astype(int)) for other in kept]
        near = [p for p in products if p >= min_cosine * UNIT * UNIT]
        twins.append(kept[products.index(max(near))] if near else -1)
        if not near:
            kept.append(row)
    return twins


@settings(max_examples=25)
@given(st.integers(0, 99), st.floats(0.5, 0.99), st.integers(1, 60))
def test_duplicates_are_those_of_a_plain_loop(seed: int, min_cosine: float, each: int) -> None:
    rows = embeddings(seed, 3, each, spread=0.15)
    twins, cosines = duplicates_of(rows, min_cosine)
    assert twins.tolist() == slow_duplicates(rows, min_cosine)
    assert (cosines[twins >= 0] >= min_cosine - 1e-6).all()


def test_duplicates_are_found_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = embeddings(1, 5, 40, spread=0.15)
    expected = duplicates_of(rows, 0.8)
    monkeypatch.setattr("filters.spheres._BLOCK", 7)
    found = duplicates_of(rows, 0.8)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])
    assert (expected[0] >= 0).sum() > 50


def test_a_picture_goes_only_for_one_that_is_kept() -> None:
    """The second is near the first, the third near the second alone: the third stays."""
    angles = np.radians([0, 15, 30])
    rows = whole(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    twins, _ = duplicates_of(rows, np.cos(np.radians(16)))
    assert twins.tolist() == [-1, 0, -1]


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(1, 9))
def test_clusters_do_not_depend_on_how_rows_are_cut(seed: int, pieces: int) -> None:
    rows = embeddings(seed, 6, 30, spread=0.2)
    centres = fit_centres(rows, 6)
    cut = [nearest_centres(part, centres) for part in np.array_split(rows, pieces)]
    assert np.array_equal(np.concatenate(cut), nearest_centres(rows, centres))
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = nearest_centres(rows[order], centres)
    assert np.array_equal(shuffled, nearest_centres(rows, centres)[order])


def test_products_are_whole_numbers_however_they_are_summed() -> None:
    rows = embeddings(0, 50, 4, dim=1024)
    exact = rows.astype(np.int64) @ rows.astype(np.int64).T
    assert np.array_equal(rows.astype(np.float32) @ rows.astype(np.float32).T, exact)
    assert np.abs(exact).max() < 1 << 24


def test_clusters_are_found() -> None:
    rows = embeddings(3, 4, 50)
    centres = fit_centres(rows[np.random.default_rng(0).permutation(len(rows))], 4)
    groups = nearest_centres(rows, centres).reshape(4, 50)
    assert (groups == groups[:, :1]).all()
    assert fit_centres(rows[:2].repeat(9, axis=0), 5).shape == (2, 24)


def test_a_sample_is_chosen_by_uid_and_grows_with_its_share() -> None:
    uids = [f"{number:032x}" for number in range(4_000)]
    small, large = ({uid for uid in uids if is_sampled(uid, 17, share)} for share in (0.1, 0.3))
    assert small < large
    assert len(small) == pytest.approx(400, abs=80)
    assert small != {uid for uid in uids if is_sampled(uid, 18, 0.1)}


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"min_cosine": 0}, "min_cosine must be in"),
        ({"clusters": -1}, "clusters must be in"),
        ({"largest_cluster": 1}, "largest_cluster must be at least 2"),
    ],
)
def test_impossible_rules_are_refused(rules: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SemanticRules(**rules)  # type: ignore[arg-type]


def test_how_many_clusters() -> None:
    assert [SemanticRules().clusters_for(n) for n in (0, 1, 1_000, 1_001)] == [1, 1, 1, 2]
    assert SemanticRules(clusters=7).clusters_for(10**9) == 7
