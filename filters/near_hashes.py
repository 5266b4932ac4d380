"""Which of these PDQ hashes are near each other? All such pairs, without comparing all.

A hash has 256 bits, dealt into 16 bands of 16. Two hashes at most 31 bits apart differ by at most
one bit in some band (31 < 16 · 2), so that one of the band's two bytes is equal, too. Hashes are
therefore brought together by each of their 32 bytes, and compared where the band's other byte
differs by no more than one bit: no pair is missed. Up to 15 bits apart some band is equal, and 16
keys do. (Norouzi, Punjani and Fleet 2012, "Fast Search in Hamming Space with Multi-Index Hashing",
section 3.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint8]
"""Hashes as `dealt` leaves them, shape [hashes, 32]: a row's bytes 2b and 2b + 1 are band b."""

Rows = NDArray[np.int64]

Columns = NDArray[np.uint64]
"""The same as whole words, shape [4, hashes]: what is compared lies together."""

HASH_BYTES = 32
FURTHEST = 31
"""Bits, of 256, up to which no near pair is missed."""

_BANDS = 16
_PAIRS_AT_ONCE = 1 << 19  # 60 bytes each while they are compared
_VALUES = 1 << 16  # of a band
_PROBES = 1 << 21  # keys with another byte

# Along the diagonals of PDQ's 16 × 16 frequencies: bits of one row or column go together, and their
# bands would bring half as many again unlike pictures together.
_DIAGONALS = np.array([16 * row + (row + band) % 16 for band in range(16) for row in range(16)])


def dealt(digests: list[str]) -> Hashes:
    """Hashes of 64 hex digits as `Hashes`: the same bits in another order, the same distances.

    >>> pair = dealt(["0" * 64, "7" + "0" * 63])
    >>> int(distances(pair[:1], pair[1:])[0])
    3
    """
    packed = np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, HASH_BYTES)
    return np.packbits(np.unpackbits(packed, axis=1)[:, _DIAGONALS], axis=1)


def distances(left: Hashes, right: Hashes) -> NDArray[np.int64]:
    """Bits in which the rows of two arrays differ, shape [hashes]; one row is compared with all."""
    return _bits(_words(left) ^ _words(right))


def key_places(max_distance: int) -> list[int]:
    """The bytes by which hashes must be brought together, so that no near pair is missed."""
    return list(range(0, HASH_BYTES, 1 if _flips(max_distance) else 2))


def near_keys(hashes: Hashes, places: list[int]) -> tuple[Rows, Rows]:
    """The keys of hashes by some of their bytes: rows and keys, shape [places · hashes] each.

    A key is a place, in [0, 32), times 256, and the byte there.
    """
    keys = np.array(places)[:, None] * 256 + hashes.T[places].astype(np.int64)
    return np.tile(np.arange(len(hashes)), len(places)), keys.ravel()


def near_leaders(keys: Rows, hashes: Hashes, max_distance: int) -> tuple[Rows, Rows]:
    """Rows that are near the first row with the same band, and that row: a few of the near pairs.

    Of thousands of pictures that are nearly the same they tell at little cost that they belong
    together.
    """
    probes = _probes(keys, hashes)
    _, firsts, at = np.unique(probes, return_index=True, return_inverse=True)
    leaders = firsts[at]
    bits = _bits(_words(hashes) ^ _words(hashes[leaders]))
    led = np.flatnonzero((bits <= max_distance) & (leaders != np.arange(len(keys))))
    return led, leaders[led]


def near_pairs(
    keys: Rows, hashes: Hashes, max_distance: int, groups: Rows | None = None
) -> Iterator[tuple[Rows, Rows, NDArray[np.int64], int]]:
    """All pairs of rows under one key that are near, and found by no other key before.

    Args:
      keys: of `near_keys`, in any order, shape [rows]; all rows of a key must be here.
      hashes: theirs, shape [rows, 32].
      max_distance: bits, in [0, 31].
      groups: in [0, rows), if rows are not to be compared with others of their group.

    Yields:
      Left rows, right rows and the bits between them; and how many pairs were compared for these.
    """
    number = len(keys)
    rows = np.arange(number)
    codes = _probes(keys, hashes) * number + (rows if groups is None else groups)
    order = np.argsort(codes)
    codes, places, hashes = codes[order], keys[order] >> 8, hashes[order]
    probes, groups = np.divmod(codes, max(1, number))
    sizes = np.bincount(probes, minlength=_PROBES)
    band_ends = np.cumsum(sizes)
    shared = np.zeros(number, dtype=bool)  # groups of several hashes
    for place in np.unique(places):
        shared |= np.bincount(groups[places == place], minlength=number) > 1
    flips, columns = _flips(max_distance), _columns(hashes)
    for bit in _changes(8 * flips):
        from_rows = rows[probes & bit == 0]  # from the side whose bit is 0: each pair once
        others = from_rows[shared[groups[from_rows]]] if bit else from_rows
        band = probes[others] | bit
        own = band * number + groups[others]
        ranges = [(others, np.searchsorted(codes, own, "right"), band_ends[band])]
        if bit:
            ranges.append((others, band_ends[band] - sizes[band], np.searchsorted(codes, own)))
            alone = from_rows[~shared[groups[from_rows]]]
            band = probes[alone] | bit
            ranges.append((alone, band_ends[band] - sizes[band], band_ends[band]))
        for whose, starts, ends in ranges:
            for left, right in _expanded(whose, starts, ends):
                compared = len(left)
                left, right, bits = _near(columns, left, columns, right, max_distance)
                first = _first_band(hashes[left], hashes[right], flips) == places[left] >> 1
                if not bit and flips:  # both bytes are equal: the band's first key has found it
                    first &= places[left] % 2 == 0
                yield order[left[first]], order[right[first]], bits[first], compared


@dataclass(frozen=True, slots=True)
class HashIndex:
    """Hashes to look others up in: about 100 bytes each, and 4 MiB.

    Attributes:
      columns: shape [4, hashes].
      order: their rows by band and by its value, shape [16 · hashes].
      starts: where in `order` those of a band's value begin, shape [16 · 65,536 + 1].
      max_distance: bits, in [0, 31].
    """

    columns: Columns
    order: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    max_distance: int

    @classmethod
    def of(cls, hashes: Hashes, max_distance: int) -> Self:
        values = _band_values(hashes)
        order = np.argsort(values, kind="stable")
        starts = np.searchsorted(values[order], np.arange(_BANDS * _VALUES + 1))
        rows = (order % max(1, len(hashes))).astype(np.uint32)
        return cls(_columns(hashes), rows, starts.astype(np.uint32), max_distance)

    def first_near(self, hashes: Hashes) -> Rows:
        """The first row of the index that is near each of `hashes`, -1 where none is."""
        none, columns = self.columns.shape[1], _columns(hashes)
        found = np.full(len(hashes), none)
        values, rows = _band_values(hashes), np.tile(np.arange(len(hashes)), _BANDS)
        for bit in _changes(_BANDS * _flips(self.max_distance)):
            starts, ends = (self.starts[(values ^ bit) + n].astype(np.int64) for n in (0, 1))
            for left, places in _expanded(rows, starts, ends):
                right = self.order[places].astype(np.int64)
                left, right, _ = _near(columns, left, self.columns, right, self.max_distance)
                np.minimum.at(found, left, right)
        return np.where(found == none, -1, found)


def _flips(max_distance: int) -> int:
    """Bits by which the closest band of a near pair may differ."""
    return max_distance // _BANDS


def _probes(keys: Rows, hashes: Hashes) -> Rows:
    """The key and the other byte of its band, in [0, 2²¹)."""
    return np.asarray(keys << 8 | hashes[np.arange(len(keys)), keys >> 8 ^ 1])


def _changes(bits: int) -> list[int]:
    """No bit, and each of so many."""
    return [0, *(1 << bit for bit in range(bits))]


def _columns(hashes: Hashes) -> Columns:
    return np.ascontiguousarray(_words(hashes).T)


def _words(hashes: Hashes) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes).view(np.uint64)


def _bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many bits are 1 in each row."""
    ones: NDArray[np.int64] = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
    return ones


def _band_values(hashes: Hashes) -> Rows:
    """Bands' values made unlike each other's, shape [16 · hashes], all of the first band first."""
    values = np.ascontiguousarray(hashes).view(np.uint16).T.astype(np.int64)
    return (np.arange(_BANDS)[:, None] * _VALUES + values).ravel()


def _expanded(rows: Rows, starts: Rows, ends: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Each of `rows` with all of its [start, end), about so many pairs at once."""
    some = ends > starts
    rows, starts, counts = rows[some], starts[some], (ends - starts)[some]
    sums = np.cumsum(counts)
    first = done = 0
    while first < len(rows):
        end = max(first + 1, int(np.searchsorted(sums, done + _PAIRS_AT_ONCE, "right")))
        times = counts[first:end]
        begins = starts[first:end] - (sums[first:end] - times - done)
        total = int(sums[end - 1]) - done
        yield np.repeat(rows[first:end], times), np.repeat(begins, times) + np.arange(total)
        first, done = end, done + total


def _near(
    one: Columns, left: Rows, other: Columns, right: Rows, max_distance: int
) -> tuple[Rows, Rows, NDArray[np.int64]]:
    """The pairs that are near, and their distances: half of the bits tells unlike ones apart."""
    bits = np.bitwise_count(one[0].take(left) ^ other[0].take(right))
    bits += np.bitwise_count(one[1].take(left) ^ other[1].take(right))
    maybe = bits <= max_distance
    left, right = left[maybe], right[maybe]
    exact = _bits((one[:, left] ^ other[:, right]).T)
    near = exact <= max_distance
    return left[near], right[near], exact[near]


def _first_band(left: Hashes, right: Hashes, flips: int) -> NDArray[np.int64]:
    """The first band in which hashes differ by no more than `flips` bits."""
    bits = np.bitwise_count(left.view(np.uint16) ^ right.view(np.uint16))
    return np.asarray(np.argmax(bits <= flips, axis=1))
