"""Where files say otherwise than they should."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not what it must be.

    Attributes:
      stage: `gather`, `pack` …
      unit: what is counted: a `Unit`, `file`, `shard` or `key`.
      what: of the unit, `kept`, `rejected duplicate-row`; or "".
      expected: how many there must be.
      found: how many there are.
      file: to blame, or the folder where no one file is, below the output.
      words: what is wrong with it, or "".
    """

    stage: str
    unit: str
    what: str
    expected: int
    found: int
    file: str
    words: str = ""

    def __str__(self) -> str:
        """One line.

        >>> print(Difference("gather", "caption", "kept", 1200, 1199, "captions/source/"))
        gather, caption: expected 1,200 kept, found 1,199 in captions/source/
        """
        expected = f"{self.expected:,} {self.what}".strip()
        words = f" ({self.words})" if self.words else ""
        return (
            f"{self.stage}, {self.unit}: expected {expected}, found {self.found:,}"
            f" in {self.file}{words}"
        )


def missing_file(stage: str, file: str) -> Difference:
    """A file that must be there and is not."""
    return Difference(stage, "file", "", 1, 0, file, "it is missing")


def unreadable(stage: str, file: str, words: str) -> Difference:
    """A file that is there and cannot be read."""
    return Difference(stage, "file", "whole", 1, 0, file, words)
