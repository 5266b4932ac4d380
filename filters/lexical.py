"""What a text is looked up by where words count and meaning does not: BM25's tokens."""

from collections.abc import Sequence

from filters.overlap import all_normalised, is_spaceless

_RUN = 2
"""Characters of a token of a script that puts no spaces between words."""


def all_tokens(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text; of Chinese, Japanese and Thai the runs of two characters.

    >>> all_tokens(["The red kite.", "東京タワー"])
    [['the', 'red', 'kite'], ['東京', '京タ', 'タワ', 'ワー']]
    """
    return [_tokens(text) for text in all_normalised(texts)]


def _tokens(text: str) -> list[str]:
    if not is_spaceless(text):
        return text.split()
    line = text.replace(" ", "")
    return [line[at : at + _RUN] for at in range(max(1, len(line) - _RUN + 1))]
