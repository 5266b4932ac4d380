import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters import near_hashes
from filters.near_hashes import (
    FURTHEST,
    Hashes,
    HashIndex,
    dealt,
    distances,
    key_places,
    near_keys,
    near_leaders,
    near_pairs,
)

Pair = tuple[int, int, int]


def digests(seed: int, number: int = 40) -> list[str]:
    """Hashes, many of them near each other at every distance, some equal."""
    dice = np.random.default_rng(seed)
    found = []
    for _ in range(number):
        bits = dice.integers(0, 2, 256, dtype=np.uint8)
        for flips in dice.integers(0, 45, 4):
            bits = bits.copy()
            bits[dice.choice(256, flips, replace=False)] ^= 1
            found.append(np.packbits(bits).tobytes().hex())
    return [*found, *found[:5]]


def spread(distance: int, seed: int) -> list[str]:
    """Two hashes so far apart, their unlike bits spread evenly over the bands: the hardest case."""
    dice = np.random.default_rng(seed)
    one = dice.integers(0, 2, (16, 16), dtype=np.uint8)
    other = one.copy()
    for band in range(16):
        bits = distance // 16 + (band < distance % 16)
        other[band, dice.choice(16, bits, replace=False)] ^= 1
    inverse = np.argsort(near_hashes._DIAGONALS)
    return [np.packbits(bits.ravel()[inverse]).tobytes().hex() for bits in (one, other)]


def slow(given_digests: list[str], max_distance: int) -> set[Pair]:
    numbers = [int(digest, 16) for digest in given_digests]
    pairs = itertools.combinations(range(len(numbers)), 2)
    apart = {(i, j, (numbers[i] ^ numbers[j]).bit_count()) for i, j in pairs}
    return {pair for pair in apart if pair[2] <= max_distance}


def joined(hashes: Hashes, max_distance: int) -> list[Pair]:
    rows, keys = near_keys(hashes, key_places(max_distance))
    return [
        (*sorted((int(rows[one]), int(rows[other]))), int(bits))
        for left, right, apart, _ in near_pairs(keys, hashes[rows], max_distance)
        for one, other, bits in zip(left, right, apart, strict=True)
    ]


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(0, FURTHEST))
def test_every_near_pair_is_found_once(seed: int, max_distance: int) -> None:
    given_digests = digests(seed)
    found = joined(dealt(given_digests), max_distance)
    assert sorted(found) == sorted(slow(given_digests, max_distance))


@pytest.mark.parametrize("distance", range(FURTHEST + 3))
def test_the_hardest_pair_is_found_up_to_its_distance(distance: int) -> None:
    pairs = dealt([each for seed in range(20) for each in spread(distance, seed)])
    expected = [(row, row + 1, distance) for row in range(0, len(pairs), 2)]
    for max_distance in (0, 15, 16, 30, FURTHEST):
        found = sorted(joined(pairs, max_distance))
        assert found == (expected if distance <= max_distance else [])


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_a_smaller_distance_finds_a_part_of_what_a_larger_one_does(seed: int) -> None:
    hashes = dealt(digests(seed, 10))
    found = [set(joined(hashes, most)) for most in range(0, FURTHEST + 1, 3)]
    assert all(fewer <= more for fewer, more in itertools.pairwise(found))


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 9))
def test_pairs_of_one_group_are_left_out(seed: int, groups: int) -> None:
    hashes = dealt(digests(seed, 10))
    rows, keys = near_keys(hashes, key_places(FURTHEST))
    grouped = near_pairs(keys, hashes[rows], FURTHEST, rows % groups)
    found = [
        pair for left, right, *_ in grouped for pair in zip(rows[left], rows[right], strict=True)
    ]
    apart = {(one, other) for one, other, _ in joined(hashes, FURTHEST) if (one - other) % groups}
    assert sorted((min(pair), max(pair)) for pair in found) == sorted(apart)


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(0, FURTHEST))
def test_leaders_are_near_those_they_lead(seed: int, max_distance: int) -> None:
    hashes = dealt(digests(seed, 10))
    rows, keys = near_keys(hashes, key_places(max_distance))
    led, leaders = (rows[each] for each in near_leaders(keys, hashes[rows], max_distance))
    near = {pair[:2] for pair in joined(hashes, max_distance)}
    tied = {(min(pair), max(pair)) for pair in zip(led, leaders, strict=True)}
    assert tied <= near
    assert bool(tied) == bool(near) or max_distance > 0


def test_few_pairs_at_once_are_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = dealt(digests(0))
    whole = sorted(joined(hashes, FURTHEST))
    monkeypatch.setattr(near_hashes, "_PAIRS_AT_ONCE", 3)
    assert sorted(joined(hashes, FURTHEST)) == whole


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(0, FURTHEST))
def test_an_index_finds_the_first_near_hash(seed: int, max_distance: int) -> None:
    hashes = dealt(digests(seed))
    known, asked = hashes[::2], hashes[1::2]
    near = [np.flatnonzero(distances(known, one[None]) <= max_distance) for one in asked]
    expected = [int(rows[0]) if len(rows) else -1 for rows in near]
    assert HashIndex.of(known, max_distance).first_near(asked).tolist() == expected


def test_nothing_is_near_in_an_empty_index() -> None:
    hashes = dealt(digests(0))
    assert HashIndex.of(hashes[:0], FURTHEST).first_near(hashes).tolist() == [-1] * len(hashes)
    assert HashIndex.of(hashes, FURTHEST).first_near(hashes[:0]).tolist() == []
    assert joined(hashes[:0], FURTHEST) == joined(hashes[:1], FURTHEST) == []
