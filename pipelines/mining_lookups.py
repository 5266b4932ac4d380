"""Whether what is known of candidates is among what is known of their anchors, all at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filters.overlap import mixed

Words = NDArray[np.uint64]
"""64 bits of what is compared; 0 where there is nothing."""

_FEW = 4  # values of a row that are compared one by one
_AT_ONCE = 1 << 22  # values of candidates


def among(values: Words, lists: Sequence[Words]) -> NDArray[np.bool_]:
    """Whether each value is in its row's list; 0 never is.

    Args:
      values: shape [rows, columns].
      lists: one a row, of any lengths.

    Returns:
      shape [rows, columns].
    """
    found = np.zeros(values.shape, np.bool_)
    for place in range(_FEW):
        of = np.array([row[place] if len(row) > place else 0 for row in lists], np.uint64)
        found |= values == of[:, None]
    for number, row in enumerate(lists):
        if len(row) > _FEW:
            found[number] = np.isin(values[number], row)
    return found & (values != 0)


def share_any(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    values: Words,
    lists: Sequence[Words],
) -> NDArray[np.bool_]:
    """Whether each candidate has a value that is in the list of its row.

    Args:
      rows: of the candidates; shape [candidates].
      starts: where their values begin; likewise.
      lengths: how many they have; likewise.
      values: of all, one after another.
      lists: one a row, of any lengths.

    Returns:
      shape [candidates].
    """
    of_rows = np.repeat(np.arange(len(lists), dtype=np.uint64), [len(row) for row in lists])
    known = np.sort(_of_row(of_rows, np.concatenate([*lists, np.empty(0, np.uint64)])))
    found = np.zeros(len(rows), np.bool_)
    if not len(known):
        return found
    ends = np.cumsum(lengths)
    cuts = np.flatnonzero(np.diff(ends // _AT_ONCE, prepend=0)).tolist()
    for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        some = slice(first, last)
        number = lengths[some]
        before = np.cumsum(number) - number
        at = np.arange(number.sum()) + np.repeat(starts[some] - before, number)
        asked = _of_row(np.repeat(rows[some].astype(np.uint64), number), values[at])
        place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        hits = np.repeat(np.arange(len(number)), number)[known[place] == asked]
        found[first + hits] = True
    return found


def _of_row(rows: Words, values: Words) -> Words:
    """64 bits of a value and of whose it is."""
    return mixed(values ^ mixed(rows))
