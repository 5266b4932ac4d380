"""What becomes of each character of a text, looked up for whole columns at once."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import numpy as np

_CHARACTERS = 0x110000
_AT_ONCE = 1 << 16  # characters: their arrays stay in the processor's cache


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
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        found = self._found[points]
        if not found.all():
            for code in np.unique(points[found == 0]).tolist():
                self._found[code] = ord(self._of(chr(code)))
            found = self._found[points]
        return found.tobytes().decode("utf-32-le", "surrogatepass")
