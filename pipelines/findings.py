"""What the doctor says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
      level: `ok`, `warning` or `error`.
      words: what was found and, if need be, what to do.
    """

    level: str
    words: str
