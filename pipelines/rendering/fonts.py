"""Which characters the fonts of this machine have glyphs for, as fontconfig tells."""

import subprocess
import unicodedata
from collections.abc import Iterable
from functools import cache

from pipelines.errors import RunError

_NO_GLYPH_NEEDED = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}  # Unicode 15.1, 4.5: nothing to see
_NAMES = {"no": ("nb",), "zh": ("zh-cn", "zh-tw")}  # fontconfig's, where they are not ours
_EMOJI = "und-zsye"
_CJK = {"zh", "ja", "ko"}
_LIST_S = 120.0  # fontconfig reads all fonts where nobody has listed them before
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))  # of variants of what stands before


@cache
def covered() -> frozenset[int]:
    """The code points that some installed font has a glyph for.

    Raises:
      RunError: where there is no fontconfig, or it does not answer.
    """
    found: set[int] = set()
    for span in set(_listed("charset").split()):
        first, _, last = span.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


def languages_without_font(codes: Iterable[str]) -> list[str]:
    """The languages, of our codes, for which no installed font has all letters.

    Raises:
      RunError: where there is no fontconfig.
    """
    known = set(_listed("lang").replace("|", " ").split())
    return [code for code in codes if not known.issuperset(_NAMES.get(code, (code,)))]


def has_emoji() -> bool:
    """Whether a font for emoji is installed. Raises RunError where there is no fontconfig."""
    return _EMOJI in _listed("lang").replace("|", " ").split()


def package_for(code: str) -> str:
    """The Debian package with fonts for a language.

    >>> package_for("ja"), package_for("hi")
    ('fonts-noto-cjk', 'fonts-noto-core')
    """
    return "fonts-noto-cjk" if code in _CJK else "fonts-noto-core"


def _listed(what: str) -> str:
    """A property of each installed font, a line each."""
    try:
        return subprocess.run(
            ["fc-list", "--format", f"%{{{what}}}\n"],
            capture_output=True,
            check=True,
            text=True,
            timeout=_LIST_S,
        ).stdout
    except subprocess.TimeoutExpired as error:
        words = f"fc-list has not ended after {_LIST_S:g} s: see what fc-cache -v stops at"
        raise RunError(f"fonts cannot be told: {words}") from error
    except (OSError, subprocess.CalledProcessError) as error:
        words = f"fc-list cannot be run ({error}): apt-get install fontconfig"
        raise RunError(f"fonts cannot be told: {words}") from error


def without_glyph(text: Iterable[str]) -> list[str]:
    """The characters of a text, as often as they stand there, that no installed font has."""
    return [character for character in text if not _has_glyph(character)]


@cache
def _has_glyph(character: str) -> bool:
    return ord(character) in covered() or not is_drawn(character)


@cache
def is_drawn(character: str) -> bool:
    """Whether a character is to leave a mark of its own.

    >>> is_drawn("ż"), is_drawn("\\u200b"), is_drawn("\\ufeff")
    (True, False, False)
    """
    if unicodedata.category(character) in _NO_GLYPH_NEEDED:
        return False
    return not any(ord(character) in span for span in _SELECTORS)
