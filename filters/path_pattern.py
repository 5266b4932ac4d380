"""Patterns over paths with `*` and `$`, as robots.txt and tdmrep.json write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote_to_bytes

# RFC 3986's reserved characters but for `*` and `$`, which only ever mean something here.
_RESERVED = "/?:@!&'()+,;=#[]"


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A pattern in one spelling of percent-encoding.

    Attributes:
      head: what a target begins with.
      others: what follows after each `*`, in order; `$` at the end is the target's own.
      octets: length of the pattern, which is how specific it is (RFC 9309, 2.2.2).
    """

    head: str
    others: tuple[str, ...]
    octets: int

    @classmethod
    def of(cls, pattern: bytes) -> Self:
        """Reads a pattern: `*` is any octets, a final `$` the end, all else is itself."""
        literal = pattern.removesuffix(b"$")
        parts = [_spelled(part) for part in literal.split(b"*")]
        if literal != pattern:
            parts[-1] += "$"
        return cls(parts[0], tuple(parts[1:]), sum(map(len, parts)) + len(parts) - 1)

    def matches(self, spelled: str) -> bool:
        """Whether a target matches, given in the patterns' spelling and with `$` at its end.

        Each part is looked for once, after the one before it: no pattern makes this take long.
        """
        if not spelled.startswith(self.head):
            return False
        place = len(self.head)
        for part in self.others:
            found = spelled.find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return True


def first_match(rules: Sequence[tuple[PathPattern, bool]], target: str) -> bool | None:
    """What the first rule whose pattern matches `target` (path and query) says, None without one.

    >>> rules = [(PathPattern.of(b"/a/*.gif$"), True), (PathPattern.of(b"/a"), False)]
    >>> [first_match(rules, target) for target in ("/a/b.gif", "/a/b.gif?c", "/b")]
    [True, False, None]
    """
    if not rules:  # as of most hosts
        return None
    spelled = _spelled(target.encode()) + "$"
    return next((says for pattern, says in rules if pattern.matches(spelled)), None)


def _spelled(text: bytes) -> str:
    """`text` with every octet in one spelling, so that `%7e` and `~`, `é` and `%C3%A9` are equal.

    RFC 9309, 2.2.2: reserved and foreign octets are compared percent-encoded, others decoded. Here
    reserved ones are compared decoded, which tells the same texts apart.
    """
    return quote(unquote_to_bytes(text), safe=_RESERVED)
