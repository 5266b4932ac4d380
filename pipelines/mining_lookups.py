"""Whether what is known of candidates is among what is known of their anchors, all at once."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.overlap import mixed

Words = NDArray[np.uint64]
"""64 bits of what is compared; 0 where there is nothing."""

_FEW = 4  # values of a row that are compared one by one
_AT_ONCE = 1 << 22  # values of candidates


@dataclass(frozen=True, slots=True)
class WordLists:
    """A list of words a row, of any lengths.

    Attributes:
      values: of all rows, one row's after another's.
      lengths: how many each row has; shape [rows].
    """

    values: Words
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, values: Words, column: pa.ChunkedArray) -> "WordLists":
        """Values that stand for those of a column of lists."""
        return cls(values, pc.list_value_length(column).to_numpy().astype(np.int64))

    @property
    def starts(self) -> NDArray[np.int64]:
        return np.asarray(np.cumsum(self.lengths) - self.lengths)

    def at(self, place: int) -> Words:
        """The value at a place of each list, 0 where that is shorter; shape [rows]."""
        if not len(self.values):
            return np.zeros(len(self.lengths), np.uint64)
        at = np.minimum(self.starts + place, len(self.values) - 1)
        return np.where(self.lengths > place, self.values[at], np.uint64(0))


def among(values: Words, lists: WordLists) -> NDArray[np.bool_]:
    """Whether each value is in its row's list; 0 never is.

    Args:
      values: shape [rows, columns].
      lists: of the rows.

    Returns:
      shape [rows, columns].
    """
    found = np.zeros(values.shape, np.bool_)
    for place in range(min(_FEW, lists.lengths.max(initial=0))):
        found |= values == lists.at(place)[:, None]
    starts, ends = lists.starts, np.cumsum(lists.lengths)
    for row in np.flatnonzero(lists.lengths > _FEW).tolist():
        found[row] = np.isin(values[row], lists.values[starts[row] : ends[row]])
    return found & (values != 0)


def share_any(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    values: Words,
    lists: WordLists,
) -> NDArray[np.bool_]:
    """Whether each candidate has a value that is in the list of its row.

    Args:
      rows: of the candidates; shape [candidates].
      starts: where their values begin; likewise.
      lengths: how many they have; likewise.
      values: of all, one after another.
      lists: of the rows.

    Returns:
      shape [candidates].
    """
    of_rows = np.repeat(np.arange(len(lists.lengths), dtype=np.uint64), lists.lengths)
    known = np.sort(_of_row(of_rows, lists.values))
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
