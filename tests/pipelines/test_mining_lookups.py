"""Looking up what candidates and anchors share, beside the slow obvious way."""

import numpy as np
import pytest

from pipelines import mining_lookups
from pipelines.mining_lookups import WordLists, among, share_any


def lists_of(random: np.random.Generator, longest: int) -> list[np.ndarray]:
    return [
        random.integers(1, 30, size=random.integers(0, longest)).astype(np.uint64)
        for _ in range(40)
    ]


def as_lists(lists: list[np.ndarray]) -> WordLists:
    return WordLists(np.concatenate(lists), np.array([len(of) for of in lists]))


def test_values_among_their_rows_list() -> None:
    random = np.random.default_rng(0)
    lists = lists_of(random, 12)
    values = random.integers(0, 30, size=(40, 9)).astype(np.uint64)
    slow = [
        [value != 0 and value in of for value in row] for row, of in zip(values, lists, strict=True)
    ]
    assert among(values, as_lists(lists)).tolist() == slow
    assert any(map(any, slow))
    assert not among(values, as_lists([np.empty(0, np.uint64)] * 40)).any()


@pytest.mark.parametrize("at_once", [1, 7, 1 << 22])
def test_candidates_that_share_a_value_with_their_row(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(mining_lookups, "_AT_ONCE", at_once)
    random = np.random.default_rng(1)
    lists, own = lists_of(random, 4), lists_of(random, 6)
    rows = random.integers(0, 40, size=200)
    lengths = np.array([len(of) for of in own], np.int64)
    starts, values = np.cumsum(lengths) - lengths, np.concatenate(own)
    of = random.integers(0, 40, size=200)
    slow = [
        bool({*own[at].tolist()} & {*lists[row].tolist()}) for row, at in zip(rows, of, strict=True)
    ]
    assert share_any(rows, starts[of], lengths[of], values, as_lists(lists)).tolist() == slow
    assert {True, False} == {*slow}
    nobody = as_lists([np.empty(0, np.uint64)] * 40)
    assert not share_any(rows, starts[of], lengths[of], values, nobody).any()
