"""Choices that depend on nothing but their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_WHOLE = 1 << 64
_GOLDEN = 0x9E3779B97F4A7C15  # _WHOLE over the golden ratio, odd


@dataclass(frozen=True, slots=True)
class Dice:
    """Choices for one picture: each is blake2b of (seed, index, what).

    Attributes:
      seed: of the whole sample, 0 or more.
      index: of the picture that the choices are for: from 0 in the pairs, from -1 downwards in the
        evaluation set.
    """

    seed: int
    index: int

    def digest(self, what: str, size: int = 8) -> bytes:
        """Returns `size` bytes, 1 to 64."""
        return blake2b(f"{self.seed}/{self.index}/{what}".encode(), digest_size=size).digest()

    def pick(self, what: str, options: Sequence[T]) -> T:
        """Returns one of `options`."""
        return options[int.from_bytes(self.digest(what), "big") % len(options)]

    def shuffle(self, what: str, options: Sequence[T]) -> list[T]:
        """Returns all of `options` in another order."""
        return sorted(options, key=lambda option: self.digest(f"{what}/{option}"))

    def noise(self, size: int) -> bytes:
        """Returns `size` bytes, a multiple of 64, that look random."""
        return b"".join(self.digest(f"noise/{line}", 64) for line in range(size // 64))


def spread(number: int, start: int) -> float:
    """Returns the `number`-th of points that fill [0, 1) evenly, however many are taken.

    Multiples of the golden ratio: an interval gets its share of the first n to within a few.

    >>> sum(spread(number, start=0) < 0.1 for number in range(1000))
    100
    """
    return (number * _GOLDEN + start) % _WHOLE / _WHOLE
