"""Is a translation its source over again? Names may be the same in both."""

import re

from filters.caption_text import CaptionText
from filters.contact import addresses_in
from filters.placeholders import placeholders_in
from filters.word_units import words_of

_WORD = re.compile(r"\w+")
_BEFORE_ADDRESSES = ("http", "https", "www")
_MOST_NAMES = 7  # in a row; a text of more capitalised words is a headline
_MOST_LIKELY_NAMES = 5
_LEAST_SHARED = 0.5  # of all words: a copy has the names, too
_LEAST_CLOSE = 5  # words: as many that are all the same in Danish and Norwegian are no chance


def is_copied(
    source: CaptionText, text: CaptionText, share: float, least: int, are_close: bool
) -> bool:
    """Whether the words of `source` that are no names stand in `text`, its translation.

    Pairs of characters stand for words in scripts that do not part these; twice as many are asked.

    Args:
      source: in another language than `text`.
      text: its translation.
      share: of these words from which on it is a copy, in (0, 1].
      least: fewest such words in all.
      are_close: whether the languages are taken for each other: then there must be no other words,
        and more of them.

    >>> source, copy, text = CaptionText.column(["A red fox in snow", "a Red FOX in snow", "Fuchs"])
    >>> is_copied(source, copy, 0.8, 3, False), is_copied(source, text, 0.8, 3, False)
    (True, False)
    >>> names = CaptionText.of("Rio de Janeiro 2016")
    >>> is_copied(names, names, 0.8, 3, False)
    False
    """
    if source.unspaced != text.unspaced:
        return False
    if not source.unspaced:
        words = set(source.words)
        shared = len(words.intersection(text.words))
        if shared < least or shared < _LEAST_SHARED * len(words):
            return False
    own = _own_words(source)
    if source.unspaced:
        least *= 2
    if are_close:
        return len(own) >= max(least, _LEAST_CLOSE) and own == _own_words(text)
    return len(own) >= least and len(own & set(words_of(text))) >= share * len(own)


def _own_words(text: CaptionText) -> set[str]:
    """The words of the text's language: no numbers or signs, no names where these have capitals."""
    signs = " ".join([*addresses_in(text.plain), *placeholders_in(text.plain)]).casefold()
    words = {word for word in words_of(text) if not word.isdecimal()}
    words -= {*_WORD.findall(signs), *_BEFORE_ADDRESSES}
    names = {word.casefold() for word in _WORD.findall(text.plain) if word[0].isupper()}
    own = words - names
    return words if not own and len(words) > _MOST_NAMES else own


def may_be_names(source: CaptionText, text: CaptionText) -> bool:
    """Whether a translation is a few words that stand in its source, so of no language.

    >>> may_be_names(*CaptionText.column(["Lake Como, Italy", "Lake Como"]))
    True
    """
    return len(text.words) <= _MOST_LIKELY_NAMES and set(text.words) <= set(source.words)
