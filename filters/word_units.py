"""The words of a text, and what stands for words where a script does not part them."""

from collections.abc import Iterator
from itertools import pairwise

from filters.caption_text import CaptionText


def words_of(text: CaptionText) -> Iterator[str]:
    """The text's words, and the pairs of characters of those that are made of several words.

    >>> list(words_of(CaptionText.of("Big 红狐狸!")))
    ['big', '红狐', '狐狸']
    """
    if not text.unspaced:
        yield from text.words
        return
    for word, its in zip(text.words, CaptionText.column(text.words), strict=True):
        if its.unspaced:
            yield from map("".join, pairwise(word)) if len(word) > 1 else word
        else:
            yield word
