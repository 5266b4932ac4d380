"""Can this text be stored, and how? What no language and no meaning can excuse."""

import unicodedata
from enum import StrEnum

MAX_CHARS = 1_000_000


class TextFault(StrEnum):
    """Why a row's text is turned away before anyone reads it."""

    INVALID = "invalid-text"
    NUL = "nul-in-text"
    OVERSIZED = "oversized-text"


def text_fault(text: str) -> TextFault | None:
    r"""Returns what is wrong with one value of a row, or None.

    Lone surrogates stand for bytes that are not UTF-8, or came as such out of JSON.

    >>> text_fault("สุนัข") is None, text_fault("\ud800"), text_fault("a\0b")
    (True, <TextFault.INVALID: 'invalid-text'>, <TextFault.NUL: 'nul-in-text'>)
    """
    if len(text) > MAX_CHARS:
        return TextFault.OVERSIZED
    try:
        text.encode()
    except UnicodeEncodeError:
        return TextFault.INVALID
    return TextFault.NUL if "\0" in text else None


def tidied(text: str) -> str:
    r"""`text` as it is kept: NFC, without white space at its ends.

    >>> tidied(" e\u0301t\u00e9\n")
    'été'
    """
    return unicodedata.normalize("NFC", text).strip()
