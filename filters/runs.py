"""How often does one character stand in a row? For whole columns at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def longest_runs(texts: Sequence[str]) -> NDArray[np.int64]:
    """The length of each text's longest run of one character, 0 of an empty text.

    >>> longest_runs(["Help!!!!", "aab", "", "b"]).tolist()
    [4, 2, 0, 1]
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    longest = np.minimum(sizes, 1)
    owners = np.repeat(np.arange(len(texts)), sizes)
    is_again = (points[1:] == points[:-1]) & (owners[1:] == owners[:-1])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_again, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    np.maximum.at(longest, owners[starts], ends - starts + 1)
    return longest
