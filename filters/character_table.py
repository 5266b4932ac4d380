"""What each character of a text becomes or is a sign of, looked up for whole columns at once."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

_CHARACTERS = 0x110000
_AT_ONCE = 1 << 16  # characters: their arrays stay in the processor's cache


_ASKED = 1 << 15
"""The bit that says that a character's signs are known."""


class CharacterTable:
    """Puts one character in the place of each.

    Args:
      of: what becomes of a character; it is asked once for each.
    """

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of
        self._found = np.zeros(_CHARACTERS, np.uint32)  # 0: not asked yet

    def texts(self, texts: Sequence[str]) -> list[str]:
        """Each of `texts` with all of its characters replaced.

        >>> CharacterTable(lambda char: char if char.isalpha() else "-").texts(["a1é", "", "星 2"])
        ['a-é', '', '星--']
        """
        whole = "".join(texts)
        starts = range(0, len(whole), _AT_ONCE)
        replaced = "".join([self._replaced(whole[at : at + _AT_ONCE]) for at in starts])
        ends = accumulate(map(len, texts), initial=0)
        return [replaced[start:end] for start, end in pairwise(ends)]

    def _replaced(self, text: str) -> str:
        points = _points(text)
        found = self._found[points]
        if not found.all():
            for code in np.unique(points[found == 0]).tolist():
                self._found[code] = ord(self._of(chr(code)))
            found = self._found[points]
        return found.tobytes().decode("utf-32-le", "surrogatepass")


class SignTable:
    """Tells which signs stand in a text.

    Args:
      of: what a character is a sign of, bits under `1 << 15`; it is asked once for each.
    """

    def __init__(self, of: Callable[[str], int]) -> None:
        self._of = of
        self._found = np.zeros(_CHARACTERS, np.uint16)

    def texts(self, texts: Sequence[str]) -> list[int]:
        """The bits of all characters of each text.

        >>> SignTable(lambda char: 1 * char.isdigit() + 2 * (char == "/")).texts(["1/2", "", "a2"])
        [3, 0, 1]
        """
        if not texts:
            return []
        points = _points("\n".join([*texts, ""]))
        found = self._found[points]
        if not found.all():
            for code in np.unique(points[found == 0]).tolist():
                self._found[code] = _ASKED | self._of(chr(code))
            found = self._found[points]
        sizes = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
        found[np.cumsum(sizes) - 1] = 0  # the line feeds between texts
        signs = np.bitwise_or.reduceat(found, np.cumsum(sizes) - sizes)
        told: list[int] = (signs & ~np.uint16(_ASKED)).tolist()
        return told


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
