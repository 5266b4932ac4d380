"""Shortlists: few rows of a shard that surely hold the `k` nearest of a query.

All rows are multiplied in bfloat16, which takes a quarter of the time of float32 where the CPU has
it. The error of these rough products is bounded (`model.bfloat16`), so with the k-th greatest of
them goes a value below which no row can be among the `k` nearest, nor as near as the last of them.
The products of those left are then calculated exactly: what is found is the same as without.

The k-th greatest need not be known: rows are put into groups, and the k-th greatest of the groups'
maxima, which is seldom much less, does as well, as there are `k` rows then that reach it.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

Units = NDArray[np.float32]
"""Embeddings of length 1; shape [rows, dim]."""

Places = NDArray[np.int64]

_ABSENT = -1
_WORTH = 1 << 28  # products; loading torch takes as long as they save
_AT_ONCE = 24 << 20  # products, of 2 bytes
_GROUPS = 16  # at least, for each of the `k`, so that few of the nearest share one
_GROUP = 32  # rows of a group at most
_LANES = 64  # marks that are looked at as one number
_LONGEST = 32  # times a shortlist and `k` are at most the shard; a longer one is not shorter work


def is_worth(queries: int, rows: int) -> bool:
    """Whether shortlists save time here; what is found does not depend on it."""
    return queries * rows >= _WORTH and _has_fast_products()


@cache
def _has_fast_products() -> bool:
    if find_spec("torch") is None:
        return False
    from model.bfloat16 import is_fast

    return is_fast()


def shortlists(queries: Units, rows: Units, k: int) -> Iterator[tuple[Places, Places]]:
    """Queries and their shortlists, some at a time.

    A query without is one that too many rows are near to, or not even `k` in the rows' direction.

    Args:
      queries: of length 1 or 0.
      rows: likewise.
      k: how many are wanted; at least 1, at most the rows.

    Yields:
      places of queries, shape [some]; and of rows, shape [some, longest], then -1.
    """
    from model.bfloat16 import RoundedRows, least_bits

    group = _group(len(rows), k)
    step = max(1, min(len(queries), _AT_ONCE // len(rows)))
    rounded = RoundedRows(rows, _GROUP * _LANES, step)
    for first in range(0, len(queries), step):
        products, errors = rounded.products(queries[first : first + step])
        maxima = products.reshape(len(products), group, -1).max(axis=1)  # [queries, groups]
        maxima.partition(maxima.shape[1] - k, axis=1)
        marks = np.packbits(products >= least_bits(maxima[:, -k, None], errors), axis=1)
        lengths = np.bitwise_count(marks.view(np.uint64)).sum(axis=1, dtype=np.int64)
        is_short = (lengths >= k) & (lengths <= k + len(rows) // _LONGEST)
        marks[~is_short] = 0
        if is_short.any():
            yield first + np.flatnonzero(is_short), _places(marks)[is_short]


def _group(rows: int, k: int) -> int:
    """How many rows share a group: a power of 2."""
    group = _GROUP
    while group > 1 and rows < _GROUPS * k * group:
        group //= 2
    return group


def _places(marks: NDArray[np.uint8]) -> Places:
    """Where each row's bits are set, then -1; [queries, rows / 8] becomes [queries, most].

    >>> _places(np.packbits([[0, 1, 1] + 61 * [0], 63 * [0] + [1]], axis=1))
    array([[ 1,  2],
           [63, -1]])
    """
    words = np.flatnonzero(marks.view(np.uint64))
    word, bit = np.nonzero(np.unpackbits(marks.reshape(-1, _LANES // 8)[words], axis=1))
    of, places = np.divmod(words[word] * _LANES + bit, 8 * marks.shape[1])
    counts = np.bincount(of, minlength=len(marks))
    found = np.full((len(marks), counts.max(initial=0)), _ABSENT)
    found[of, np.arange(len(of)) - (np.cumsum(counts) - counts)[of]] = places
    return found
