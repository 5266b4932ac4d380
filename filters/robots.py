"""What does a host's robots.txt (RFC 9309) let our agent ask for?

Protego 0.7, Scrapy's parser, was tried and is not used: it takes the group of `pair` for one of
`pairmill`, misses that of `pairmill/0.1`, ends a group at `Crawl-delay` and at records that it does
not know, breaks lines where Unicode does, and reads more into `index.html` and `$` than is there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from filters.path_pattern import PathPattern, first_match

_MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: at least as many must be read
# The colon may be missing: what `disallow /` means is plain, and Google reads it so, too.
_RECORD = re.compile(rb"[ \t]*(user-agent|allow|disallow)[ \t]*[: \t][ \t]*([^#]*)", re.IGNORECASE)
_TOKEN = re.compile(rb"\*|[\w-]+")


@dataclass(frozen=True, slots=True)
class Robots:
    """One agent's rules.

    Attributes:
      rules: patterns, and whether each allows; the most specific first, of equals those that allow.
    """

    rules: tuple[tuple[PathPattern, bool], ...]

    def allows(self, target: str) -> bool:
        """Whether `target`, path and query as requested, may be asked for.

        >>> robots_of(b"User-agent: *\\nDisallow: /a", "pairmill").allows("/a/1.jpg")
        False
        """
        return target == "/robots.txt" or first_match(self.rules, target) is not False


ALLOW_ALL = Robots(())


def robots_after(status: int, body: bytes, agent: str) -> Robots | None:
    """The rules of a host that answered for its robots.txt, redirects followed.

    RFC 9309, 2.3.1: a body is obeyed; a file that is "unavailable" (too many redirects, 4xx) allows
    all; one that is "unreachable" (5xx) leaves us without rules: nothing may be asked for. 429 says
    nothing of the file, only that we ask too much: like 5xx, as Google has it, where the RFC would
    let us pass.

    Args:
      status: the last answer's.
      body: the last answer's.
      agent: our product token.
    """
    if 200 <= status < 300:
        return robots_of(body, agent)
    return ALLOW_ALL if 300 <= status < 500 and status != 429 else None


def robots_of(body: bytes, agent: str) -> Robots:
    """Reads the rules for `agent`: those of all groups that name it, else those for `*`.

    Any bytes do. Of a file over 500 KiB the whole lines of that much are read.
    """
    own = agent.lower().encode()
    rules: dict[bytes, dict[tuple[bytes, bool], None]] = {}  # by agent, own and `*` alone
    named: set[bytes] = set()
    naming = False  # whether the record before named an agent, too
    for field, value in _records(body):
        if field == b"user-agent":
            named = named if naming else set()
            naming = True
            token = _TOKEN.match(value)
            if token and token[0].lower() in (own, b"*"):
                named.add(token[0].lower())
                rules.setdefault(token[0].lower(), {})
        else:
            naming = False
            for name in named:
                rules[name][value, field == b"allow"] = None
    chosen = rules.get(own, rules.get(b"*", {}))
    patterns = [(PathPattern.of(value), allows) for value, allows in chosen if value]
    return Robots(tuple(sorted(patterns, key=lambda rule: (-rule[0].octets, not rule[1]))))


def _records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Field, in lower case, and value of each line that groups or rules are made of."""
    text = body.removeprefix(b"\xef\xbb\xbf")  # a byte order mark
    lines = text[:_MAX_BYTES].splitlines()
    for line in lines[:-1] if len(text) > _MAX_BYTES else lines:
        if record := _RECORD.match(line):
            yield record[1].lower(), record[2].strip()
