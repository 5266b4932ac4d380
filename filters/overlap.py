"""Does this text also stand in an evaluation set, as a whole or in good part?

Texts are compared without case, punctuation and Unicode's other spellings, as hashes of 64 bits:
of the whole text, and of every run of so many words, or of so many characters in the scripts that
put no spaces between words. Runs of 8 words are what GPT-3's authors (Brown et al. 2020, appendix
C) took at least for a sign that a text was seen.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from filters.character_table import CharacterTable

Digests = NDArray[np.uint64]

_FACTOR = 0x9E3779B97F4A7C15  # 2⁶⁴ over the golden ratio, odd: products keep all that differs
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)  # Thai, Lao, Burmese, Khmer, kana, Han
_DENSE = re.compile("[\u3005-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapRules:
    """When a caption overlaps with an evaluation set.

    Attributes:
      min_letters: letters and digits of a text that counts as a whole; kana, Han and Hangul count
        twice. Shorter ones ("a red car") are found in any two sets.
      words: in a run.
      characters: in a run, of a text that is mostly in a script without spaces.
      min_share: of a text's runs that must stand in one set, in (0, 1].
    """

    min_letters: int = 16
    words: int = 8
    characters: int = 20
    min_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("min_letters", "words", "characters"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 < self.min_share <= 1:
            raise ValueError(f"min_share must be in (0, 1], got {self.min_share}")


def normalised(text: str) -> str:
    """Letters, marks and digits in one spelling and case, single spaces between words.

    >>> normalised("  Ｔhe “ﬁne” STRASSE, n°5\u00ad! "), normalised("İZMİR ve Isparta")
    ('the fine strasse n 5', 'izmir ve isparta')
    """
    return all_normalised([text])[0]


def all_normalised(texts: Sequence[str]) -> list[str]:
    """What `normalised` returns of each, in a small part of the time."""
    return [_spaced_once(text) for text in _PLAIN.texts([_folded(text) for text in texts])]


def is_spaceless(text: str) -> bool:
    """Whether most of a text is in a script that puts no spaces between words.

    >>> is_spaceless("東京 tower"), is_spaceless("東京タワー tv")
    (False, True)
    """
    return not text.isascii() and 2 * len(_SPACELESS.findall(text)) > len(text)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    whole = unicodedata.normalize("NFKC", text)
    folded = whole.casefold()
    return whole if folded == whole else unicodedata.normalize("NFKC", folded)


def _spaced_once(text: str) -> str:
    text = text.replace(_NOTHING, "")
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip(" ")


def _plain(char: str) -> str:
    if char == "ı":
        return "i"
    code, category = ord(char), unicodedata.category(char)
    if category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return _NOTHING  # joiners, soft hyphens, variation selectors
    if char == "\u0307":  # left by the folding of a Turkish İ
        return _NOTHING
    return char if category[0] in "LMN" else " "


_NOTHING = "\x01"  # a control, which becomes a space itself
_PLAIN = CharacterTable(_plain)


def whole_digests(texts: Iterable[str], rules: OverlapRules) -> Digests:
    """A digest of each normalised text, 0 of one too short to count, shape [texts]."""
    found = [_digest(text) if _weight(text) >= rules.min_letters else 0 for text in texts]
    return np.array(found, dtype=np.uint64)


def run_digests(texts: Iterable[str], rules: OverlapRules) -> tuple[NDArray[np.int64], Digests]:
    """Digests of all runs of normalised texts: numbers of their texts, and the digests."""
    units: dict[int, list[Digests]] = {rules.words: [], -rules.characters: []}
    numbers: dict[int, list[int]] = {length: [] for length in units}
    known: dict[str, int] = {}
    for number, text in enumerate(texts):
        spaceless = is_spaceless(text)
        length = -rules.characters if spaceless else rules.words
        units[length].append(_characters(text) if spaceless else _words(text, known))
        numbers[length].append(number)
    found = [_runs(numbers[length], units[length], abs(length)) for length in units]
    rows, digests = zip(*found, strict=True)
    return np.concatenate(rows), np.concatenate(digests)


@dataclass(frozen=True, slots=True)
class TextIndex:
    """The texts of one evaluation set: 8 bytes a text and 8 a run, without repetitions.

    Attributes:
      whole: digests of texts, sorted.
      runs: digests of runs, sorted.
      rules: by which they were made.
    """

    whole: Digests
    runs: Digests
    rules: OverlapRules

    @classmethod
    def of(cls, texts: Iterable[str], rules: OverlapRules) -> Self:
        plain = all_normalised(list(texts))
        whole = np.unique(whole_digests(plain, rules))
        return cls(whole[whole > 0], np.unique(run_digests(plain, rules)[1]), rules)

    def holds(self, whole: Digests, runs: tuple[NDArray[np.int64], Digests]) -> NDArray[np.bool_]:
        """Which texts overlap, by their `whole_digests` and `run_digests`, shape [texts]."""
        rows, digests = runs
        among = np.bincount(rows, minlength=len(whole))
        shared = np.bincount(rows, weights=_is_in(digests, self.runs), minlength=len(whole))
        overlaps = (among > 0) & (shared >= self.rules.min_share * among)
        return overlaps | _is_in(whole, self.whole)


def _weight(text: str) -> int:
    """Characters but for spaces, those twice that say as much as two."""
    dense = 0 if text.isascii() else len(_DENSE.findall(text))
    return len(text) - text.count(" ") + dense


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _words(text: str, known: dict[str, int]) -> Digests:
    words = text.split()
    for word in words:
        if word not in known:
            known[word] = _digest(word)
    return np.array([known[word] for word in words], dtype=np.uint64)


def _characters(text: str) -> Digests:
    """The characters without spaces, made unlike as words' digests are."""
    codes = text.replace(" ", "").encode("utf-32-le", "surrogatepass")
    return mixed(np.frombuffer(codes, np.uint32).astype(np.uint64) + np.uint64(1))


def _runs(
    numbers: list[int], units: list[Digests], length: int
) -> tuple[NDArray[np.int64], Digests]:
    """The runs of `length` units that stand in one text: a polynomial in the units' digests."""
    sizes = np.array([len(unit) for unit in units], dtype=np.int64)
    every = np.concatenate([np.empty(0, np.uint64), *units])
    total = max(0, len(every) - length + 1)
    sums = np.zeros(total, dtype=np.uint64)
    for at in range(length):
        sums = sums * np.uint64(_FACTOR) + every[at : at + total]
    owners = np.repeat(np.arange(len(sizes)), sizes)
    inside = owners[:total] == owners[length - 1 :]
    rows = np.array(numbers, dtype=np.int64)[owners[:total][inside]]
    return rows, mixed(sums[inside] + np.uint64(length))


def mixed(values: Digests) -> Digests:
    """Each bit of a value in all bits of what comes out (splitmix64's end)."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


def _is_in(values: Digests, ordered: Digests) -> NDArray[np.bool_]:
    if not len(ordered):
        return np.zeros(len(values), dtype=bool)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[at] == values)
