"""Was this text once decoded by the wrong table?

Only what no writer can have meant counts: accented capitals do stand before quotation marks
(“MAÇÃ”, “CAFÉ…”), so a pair of characters must also be impossible where it stands.
"""

import re

# The bytes 0x80-0xBF, which go on a character in UTF-8, as tables of one byte have them.
_GO_ON_1252 = (
    "\x80-\xbf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018"
    "\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
_GO_ON_1251 = re.escape(bytes(byte for byte in range(0x80, 0xC0) if byte != 0x98).decode("cp1251"))
# Those that come after no capital in any language: not quotation marks, dashes, degrees, spaces …
_ODD_1252 = (
    "\x80-\x9f\xa1-\xaa\xac\xad\xaf\xb1-\xba\xbc-\xbf\u0192\u2020\u2021\u02c6\u2030\u0160\u0152"
    "\u017d\u02dc\u0161\u0153\u017e\u0178\u20ac"
)
# One of these stands in all that is looked for, but for `_BYTES_1251`.
_TRACE = re.compile(
    f"[{_GO_ON_1252}{_GO_ON_1251}\u2500-\u259f\ufffd]"
    "(?:(?<=[\xc2-\xf4В-Яа-п].)|(?<=[\u2500-\u259f\ufffd]))"
)
_BYTES_1251 = re.compile(6 * "[\xc0-\xd6\xd8-\xf6\xf8-\xff]")  # Cyrillic, by Windows-1252
MOJIBAKE_SIGNS = re.compile(
    f"[\xc0-\xd6\xd8-\xf6\xf8-\xff{_GO_ON_1252}{_GO_ON_1251}\u2500-\u259f\ufffd]"
)
"""One of these stands in all of it."""

_KOI8 = re.compile(r"[\u2500-\u259f](?<=[^\W\d_].)(?=[^\W\d_])")  # lines between letters
_THREES_1251 = re.compile(f"[а-п][{_GO_ON_1251}]{{2}}[а-п][{_GO_ON_1251}]{{2}}")  # Indic, Han …
_PAIRS = re.compile(
    "|".join(
        (
            f"[ÂÃ][{_ODD_1252}]",  # é as Ã©, £ as Â£
            f"â(?:\u20ac[{_GO_ON_1252}]|\x80[\x80-\xbf])",  # quotation marks, dashes
            f"ð\u0178[{_GO_ON_1252}]|ï»¿|ï¿½",  # emoji, byte order mark, U+FFFD
            f"(?<=[a-z])[\xc2-\xdf](?:[{_ODD_1252}]|[{_GO_ON_1252}](?=[a-z]))",  # ł as Å‚
            f"(?:[\xc2-\xdf][{_GO_ON_1252}]){{3}}",  # Cyrillic, Greek, Arabic
            f"(?:[\xe0-\xef][{_GO_ON_1252}]{{2}}){{2}}",  # Indic, Thai, Georgian, Han, kana
            f"(?:[\xc2-\xdf][{_ODD_1252}]){{2}}",  # ļš as Ä¼Å¡
            f"(?:[В-Я][{_GO_ON_1251}]){{3}}",  # Cyrillic, Greek, Arabic, by cp1251
            f"(?<=[A-Za-z])[В-Я][{_GO_ON_1251}]",  # é in a word, by cp1251
        )
    )
)


def is_mojibake(text: str) -> bool:
    """Whether UTF-8 was read as Windows-1252, Latin-1, Windows-1251 or KOI8-R, or lost characters.

    Args:
      text: NFC.

    >>> [is_mojibake(text) for text in ("cafÃ©", "São”", "РџСЂРёРІРµС‚", "a \ufffd", "“MAÇÃ”")]
    [True, False, True, True, False]
    """
    if text.isascii():
        return False
    if _BYTES_1251.search(text):
        return True
    if not _TRACE.search(text):
        return False
    if "\ufffd" in text or "вЂ" in text:  # lost for good; quotation marks and dashes by cp1251
        return True
    return any(pattern.search(text) for pattern in (_KOI8, _THREES_1251, _PAIRS))
