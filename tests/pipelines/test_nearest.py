"""Nearest rows: exact, and the same ones however they are cut."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from pipelines.nearest import (
    Found,
    Names,
    Units,
    cosines,
    fit_lists,
    merged,
    names_of,
    nearest,
    nearest_by_lists,
    none_found,
    units,
)

DIM, ROWS, QUERIES, K = 384, 3_000, 500, 20  # faiss multiplies small ones otherwise


def some_units(rows: int, seed: int) -> Units:
    random = np.random.default_rng(seed)
    heaps = np.random.default_rng(0).normal(size=(30, DIM))
    return units(
        (heaps[random.integers(0, 30, rows)] + random.normal(size=(rows, DIM))).astype("e")
    )


@pytest.fixture(scope="module")
def corpus() -> tuple[Units, Names]:
    """Rows of which a hundred are alike, so that many scores are equal."""
    rows = some_units(ROWS, 1)
    rows[700:800] = rows[5]
    return rows, np.random.default_rng(2).permutation(ROWS).astype(np.uint64)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    import faiss

    faiss.omp_set_num_threads(1)


@pytest.fixture(params=["at once", "of shortlists"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of searching exactly."""
    is_short = request.param == "of shortlists"
    monkeypatch.setattr("pipelines.nearest.is_worth", lambda queries, rows: is_short)


@pytest.fixture(scope="module")
def queries(corpus: tuple[Units, Names]) -> Units:
    asked = some_units(QUERIES, 3)
    asked[:10] = corpus[0][5]
    return asked


def search(queries: Units, rows: Units, names: Names, pieces: list[np.ndarray]) -> Found:
    found = none_found(len(queries))
    for shard, piece in enumerate(pieces):
        found = merged(found, nearest(queries, rows[piece], names[piece], shard, K), K)
    return found


@pytest.mark.usefixtures("way")
def test_the_nearest_are_those_of_sorting_all(corpus: tuple[Units, Names], queries: Units) -> None:
    rows, names = corpus
    found = search(queries, rows, names, [np.arange(ROWS)])
    every = np.tile(np.arange(ROWS), (QUERIES, 1))
    scores = cosines(queries, rows, every)
    order = np.lexsort((names[every], -scores), axis=1)[:, :K]
    assert (found.names == names[order]).all()
    assert (found.scores == np.take_along_axis(scores, order, axis=1)).all()
    assert np.allclose(scores, queries @ rows.T, atol=1e-6)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("pieces", [2, 7, 400])
def test_cut_and_order_change_nothing(
    corpus: tuple[Units, Names], queries: Units, pieces: int
) -> None:
    rows, names = corpus
    whole = search(queries, rows, names, [np.arange(ROWS)])
    cut = np.array_split(np.random.default_rng(pieces).permutation(ROWS), pieces)
    found = search(queries, rows, names, cut)
    assert (found.names == whole.names).all()
    assert found.scores.tobytes() == whole.scores.tobytes()
    places = np.array(
        [
            [cut[s][r] for s, r in zip(*at, strict=True)]
            for at in zip(found.shards.tolist(), found.rows.tolist(), strict=True)
        ]
    )
    assert (names[places] == found.names).all()
    alone = search(queries[3:4], rows, names, cut)
    assert alone.scores.tobytes() == whole.scores[3:4].tobytes()


@pytest.mark.usefixtures("way")
def test_fewer_rows_than_are_wanted(corpus: tuple[Units, Names], queries: Units) -> None:
    rows, names = corpus
    found = search(queries, rows, names, [np.arange(3), np.arange(0), np.arange(3, 5)])
    assert found.present.all()
    assert found.rows.shape == (QUERIES, 5)


@pytest.mark.parametrize("probes", [16, 1_000])
def test_all_lists_have_the_same_as_the_rows(
    corpus: tuple[Units, Names], queries: Units, probes: int
) -> None:
    rows, names = corpus
    lists, order = fit_lists(rows)
    rows, names = rows[order], names[order]
    found = nearest_by_lists(queries, rows, names, replace(lists, probes=probes), 0, K)
    whole = search(queries, rows, names, [np.arange(ROWS)])
    assert (found.scores == cosines(queries, rows, found.rows.astype(np.int64))).all()
    same = found.scores == whole.scores  # to the bit
    assert same.mean() > (0.9 if probes == 16 else 0.9999)


def test_lists_hold_each_row_once_and_look_where_it_is_near(corpus: tuple[Units, Names]) -> None:
    rows = corpus[0]
    lists, order = fit_lists(rows)
    assert sorted(order.tolist()) == list(range(ROWS))
    assert lists.starts[[0, -1]].tolist() == [0, ROWS]
    near = np.argmax(rows[order] @ lists.centres.T, axis=1)
    of = np.repeat(np.arange(len(lists.centres)), np.diff(lists.starts))
    assert (near == of).mean() > 0.999  # of two that are as near either may be it
    asked = [len(asking) for asking, _, _ in replace(lists, probes=3).asked(rows)]
    assert sum(asked) == 3 * ROWS


def test_a_list_of_rows_that_are_alike_is_not_multiplied_whole(
    corpus: tuple[Units, Names], queries: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows are in one list then, and every query looks at it."""
    rows, names = np.tile(corpus[0][5], (ROWS, 1)), corpus[1]
    lists, order = fit_lists(rows)
    lists = replace(lists, probes=len(lists.centres))
    assert np.diff(lists.starts).max() == ROWS
    monkeypatch.setattr("pipelines.nearest._AT_ONCE", 1 << 16)
    tracemalloc.start()
    found = nearest_by_lists(queries, rows[order], names[order], lists, 0, K)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.present.all()
    copied = rows.nbytes  # by the test itself, in the order of the lists
    assert most - copied < QUERIES * ROWS * 4 / 4  # bytes of all cosines, a quarter


def test_lists_of_fewer_rows_than_are_wanted(corpus: tuple[Units, Names], queries: Units) -> None:
    rows, names = corpus[0][:50], corpus[1][:50]
    lists, order = fit_lists(rows)
    found = nearest_by_lists(queries, rows[order], names[order], lists, 0, 60)
    assert found.present.all()
    assert found.rows.shape == (QUERIES, 50)


def test_names_are_the_ids_first_bits() -> None:
    assert names_of(["0" * 15 + "a" + "f" * 16]).tolist() == [10]
