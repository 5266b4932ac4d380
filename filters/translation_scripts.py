"""Is a text in the script of its language? Names may stand there in Latin letters."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from filters.caption_text import CaptionText
from filters.scripts import SCRIPTS, Column, weighed_letters
from schemas.languages import ALL, LANGUAGES

_AS_COUNTED = {"Hans": "Hani", "Hant": "Hani", "Hira": "Kana"}
_LATIN = SCRIPTS.index("Latn")
_PLACE_OF = {language: place for place, language in enumerate(ALL)}


def script_shares(
    texts: Sequence[CaptionText], languages: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Shares of letters, weighed as for `scripts.Letters`, by text.

    Returns:
      Of the language's script, 1 where there are no letters; and of all others but the Latin one.

    >>> texts = CaptionText.column(["красная лиса", "red fox", "рыжая 狐"])
    >>> [[round(share, 2) for share in its] for its in script_shares(texts, ["ru"] * 3)]
    [[1.0, 0.0, 0.77], [0.0, 0.0, 0.23]]
    """
    letters = weighed_letters(Column.of([text.plain.replace("\n", " ") for text in texts]))
    own = letters * _own_scripts()[[_PLACE_OF[language] for language in languages]]
    total, own_total = letters.sum(axis=1), own.sum(axis=1)
    latin = letters[:, _LATIN] - own[:, _LATIN]
    some = np.maximum(total, 1)
    own_shares = np.where(total > 0, own_total / some, 1.0)
    return own_shares.tolist(), ((total - own_total - latin) / some).tolist()


def shares_without(text: CaptionText, source: CaptionText, language: str) -> tuple[float, float]:
    """The shares of a text without the words, and without the characters, of its source."""
    words, characters = set(source.words), set(source.plain)
    own_words = " ".join([word for word in text.words if word not in words])
    strange = "".join([char for char in text.plain if char not in characters])
    own, _ = script_shares(CaptionText.column([own_words]), [language])
    _, stray = script_shares(CaptionText.column([strange]), [language])
    return own[0], stray[0] * min(1.0, len(strange) / max(1, len(text.plain)))


@cache
def _own_scripts() -> NDArray[np.int64]:
    """1 where a language is written in a script; [languages, scripts]."""
    table = np.zeros((len(ALL), len(SCRIPTS)), np.int64)
    for place, language in enumerate(ALL):
        for script in LANGUAGES[language].scripts:
            table[place, SCRIPTS.index(_AS_COUNTED.get(script, script))] = 1
    return table
