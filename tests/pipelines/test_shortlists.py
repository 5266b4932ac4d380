"""Shortlists: what is found by them is what is found without, to the bit."""

import tracemalloc

import numpy as np
import pytest

from pipelines.nearest import Found, Units, nearest, units
from pipelines.shortlists import is_worth, shortlists

DIM, ROWS, QUERIES, K = 384, 5_000, 300, 20


def normal(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, DIM))


def alike(rows: int, seed: int) -> np.ndarray:
    """A hundred heaps of which most bits are equal in bfloat16."""
    heaps = normal(100, 0)[np.random.default_rng(seed).integers(0, 100, rows)]
    return np.asarray(heaps + 2e-3 * normal(rows, seed + 1))


def tied(rows: int, seed: int) -> np.ndarray:
    """Forty vectors, many times each."""
    return np.asarray(normal(40, 0)[np.random.default_rng(seed).integers(0, 40, rows)])


def cone(rows: int, seed: int) -> np.ndarray:
    """All cosines near 0.99."""
    return np.asarray(normal(1, 0) + 0.1 * normal(rows, seed))


def some_zero(rows: int, seed: int) -> np.ndarray:
    return np.asarray(normal(rows, seed) * (np.arange(rows) % 3 > 0)[:, None])


def opposite(rows: int, seed: int) -> np.ndarray:
    """Queries, and rows against them."""
    return np.asarray((normal(1, 0) + 0.5 * normal(rows, seed)) * (1 if rows == QUERIES else -1))


MADE = [normal, alike, tied, cone, some_zero, opposite]


@pytest.fixture(autouse=True)
def in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    import faiss

    faiss.omp_set_num_threads(1)
    monkeypatch.setattr("pipelines.shortlists._AT_ONCE", 128 * ROWS)


def search(
    queries: Units, rows: Units, k: int, is_short: bool, monkeypatch: pytest.MonkeyPatch
) -> Found:
    monkeypatch.setattr("pipelines.nearest.is_worth", lambda queries, rows: is_short)
    names = np.random.default_rng(1).permutation(len(rows)).astype(np.uint64)
    return nearest(queries, rows, names, 0, k)


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("k", [1, K, 700, ROWS + 1])
def test_shortlists_change_nothing(made, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    queries, rows = (units(made(n, n).astype(np.float16)) for n in (QUERIES, ROWS))
    plain, short = (search(queries, rows, k, way, monkeypatch) for way in (False, True))
    assert short.scores.tobytes() == plain.scores.tobytes()
    assert (short.names == plain.names).all()
    assert (short.rows == plain.rows).all()
    assert short.present.all()


@pytest.mark.parametrize("made", [normal, alike, opposite])
def test_a_shortlist_is_short(made) -> None:
    queries, rows = (units(made(n, n).astype(np.float16)) for n in (QUERIES, ROWS))
    listed = [*shortlists(queries, rows, K)]
    assert sorted(np.concatenate([of for of, _ in listed]).tolist()) == [*range(QUERIES)]
    lengths = np.concatenate([(near >= 0).sum(axis=1) for _, near in listed])
    assert lengths.min() >= K
    assert np.median(lengths) < 3 * K


def test_rows_that_are_all_as_near_are_no_shortlist() -> None:
    """Nor are they held for all queries at once."""
    queries = units(normal(QUERIES, 1).astype(np.float16))
    rows = np.concatenate((queries[:1].repeat(ROWS - 500, 0), units(normal(500, 2).astype("e"))))
    queries[: QUERIES // 2] = queries[0]
    tracemalloc.start()
    listed = [some for some, _ in shortlists(queries, rows, K)]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.concatenate(listed).min() >= QUERIES // 2
    assert most < QUERIES * ROWS * 8  # bytes of the places of all


def test_a_query_that_is_no_number_has_no_shortlist() -> None:
    queries, rows = (units(normal(n, n).astype(np.float16)) for n in (QUERIES, ROWS))
    queries[3] = np.nan
    listed = np.concatenate([some for some, _ in shortlists(queries, rows, K)])
    assert sorted(listed.tolist()) == [n for n in range(QUERIES) if n != 3]


def test_little_work_does_not_load_torch() -> None:
    assert not is_worth(QUERIES, ROWS)
