"""Which characters the fonts of this machine have glyphs for, as fontconfig tells."""

import subprocess
import unicodedata
from collections.abc import Iterable
from functools import cache

from pipelines.errors import RunError

_NO_GLYPH_NEEDED = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}  # Unicode 15.1, 4.5: nothing to see
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))  # of variants of what stands before


@cache
def covered() -> frozenset[int]:
    """The code points that some installed font has a glyph for.

    Raises:
      RunError: where there is no fontconfig.
    """
    try:
        listed = subprocess.run(
            ["fc-list", "--format", "%{charset}\n"], capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        words = f"fc-list cannot be run ({error}): apt-get install fontconfig"
        raise RunError(f"fonts cannot be told: {words}") from error
    found: set[int] = set()
    for span in set(listed.split()):
        first, _, last = span.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


def without_glyph(text: Iterable[str]) -> list[str]:
    """The characters of a text, as often as they stand there, that no installed font has."""
    return [character for character in text if not _has_glyph(character)]


@cache
def _has_glyph(character: str) -> bool:
    code = ord(character)
    if code in covered() or unicodedata.category(character) in _NO_GLYPH_NEEDED:
        return True
    return any(code in span for span in _SELECTORS)
