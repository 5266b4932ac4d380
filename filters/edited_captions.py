"""Captions that are wrong by one word: a number, a colour, a position, or two nouns changed over.

For English alone, by lists of words. What is changed is what models that bag words get wrong
(Yuksekgonul et al. 2023, "When and why vision-language models behave like bags-of-words",
arXiv:2210.01936); the words and rules are ours. Numbers only grow: where there are three, two may
be true.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

LANGUAGE = "en"

_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COLOURS = (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white", "brown", "grey",
    "gray",
)  # fmt: skip
_ALIKE = {"grey": "gray", "gray": "grey"}
_OPPOSITES = {
    one: other
    for pair in (
        ("left", "right"), ("top", "bottom"), ("above", "below"), ("over", "under"),
        ("upper", "lower"), ("inside", "outside"), ("leftmost", "rightmost"),
    )
    for one, other in (pair, pair[::-1])
}  # fmt: skip

_WORD = re.compile(r"[A-Za-z]+|[0-9]+")
_COLOURED = re.compile(rf"\b(?:{'|'.join(_COLOURS)}) ([a-z]+)\b", re.IGNORECASE)
_LARGEST = 100


def edited_captions(caption: str) -> list[str]:
    """Every caption that the rules make of an English one, each once, in a fixed order.

    >>> edited_captions("A red kite above two blue boats.")[-3:]
    ['A red kite below two blue boats.', 'A red kite above three blue boats.', \
'A red kite above four blue boats.']
    >>> edited_captions("A red kite and a blue boat.")[-1]
    'A red boat and a blue kite.'
    >>> edited_captions("Nothing to change.")
    []
    """
    words = list(_WORD.finditer(caption))
    present = {word.group().lower() for word in words}
    changed = [
        caption[: word.start()] + _in_case(word.group(), other) + caption[word.end() :]
        for options in (_other_colours, _opposites, _greater_numbers)
        for word in words
        for other in options(word.group().lower(), present)
    ]
    return list(dict.fromkeys([*changed, *_swapped_nouns(caption)]))


def _other_colours(word: str, present: set[str]) -> Iterator[str]:
    """Those that the caption does not name."""
    if word in _COLOURS:
        named = present | {_ALIKE[name] for name in present if name in _ALIKE}
        yield from (colour for colour in _COLOURS if colour not in named)


def _opposites(word: str, _: set[str]) -> Iterator[str]:
    if word in _OPPOSITES:
        yield _OPPOSITES[word]


def _greater_numbers(word: str, _: set[str]) -> Iterator[str]:
    if word in _NUMBERS:
        yield from _NUMBERS[_NUMBERS.index(word) + 1 :][:2]
    elif word.isdigit() and 2 <= int(word) < _LARGEST and str(int(word)) == word:
        yield from (str(int(word) + more) for more in (1, 2))


def _swapped_nouns(caption: str) -> Iterator[str]:
    """What is of two colours, the nouns changed over: both singular, or both plural."""
    found = list(_COLOURED.finditer(caption))
    for one, other in pairwise(found):
        first, second = one.group(1), other.group(1)
        colours = {match.group().split()[0].lower() for match in (one, other)}
        if first != second and len(colours) == 2 and first.endswith("s") == second.endswith("s"):
            between = caption[one.end() : other.start(1)]
            yield caption[: one.start(1)] + second + between + first + caption[other.end() :]


def _in_case(word: str, other: str) -> str:
    return other.capitalize() if word[0].isupper() else other
