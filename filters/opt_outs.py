"""Does its server ask that this picture be left alone? What response headers say."""

import re
from collections.abc import Sequence
from enum import StrEnum


class OptOut(StrEnum):
    """The signal by which a picture is withheld from us."""

    ROBOTS_TXT = "opt-out-robots-txt"
    X_ROBOTS_TAG = "opt-out-x-robots-tag"
    TDM_HEADER = "opt-out-tdm-reservation"
    TDMREP = "opt-out-tdmrep-json"
    META = "opt-out-meta"


_REFUSALS = {"noai", "noimageai", "noindex", "noimageindex", "none", "noml"}
# Directives that have a value after a colon; before any other colon stands an agent's name.
_VALUED = {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
_EVERYONE = {"*", "robots"}
_NAME = re.compile(r"[\w*.-]+", re.ASCII)
_COMPATIBLE = re.compile(r"compatible;\s*([\w-]+)", re.ASCII | re.IGNORECASE)
_PRODUCT = re.compile(r"\s*([\w-]+)", re.ASCII)


def agent_token(user_agent: str) -> str:
    """The product token by which robots.txt and X-Robots-Tag call an agent, "" without one.

    >>> agent_token("pairmill/0.1 (+https://example.org/bot)")
    'pairmill'
    >>> agent_token("Mozilla/5.0 (compatible; FoxBot/2.1; +https://example.org/bot)")
    'FoxBot'
    """
    found = _COMPATIBLE.search(user_agent) or _PRODUCT.match(user_agent)
    return found[1] if found else ""


def header_opt_out(
    x_robots_tags: Sequence[str], tdm_reservation: str | None, agent: str
) -> OptOut | None:
    """Returns the opt-out that a response's headers state, or None: the picture may be kept.

    Args:
      x_robots_tags: the values of all X-Robots-Tag lines, each by itself: a name holds to its end.
      tdm_reservation: the tdm-reservation header (TDM Reservation Protocol, final report, "TDM
        Header Field in HTTP Responses"); 1 reserves.
      agent: our product token.

    >>> header_opt_out(["googlebot: noindex", "pairmill: noai"], None, "pairmill")
    <OptOut.X_ROBOTS_TAG: 'opt-out-x-robots-tag'>
    """
    if any(_refuses(line.lower(), agent.lower()) for line in x_robots_tags):
        return OptOut.X_ROBOTS_TAG
    if "1" in (value.strip() for value in (tdm_reservation or "").split(",")):
        return OptOut.TDM_HEADER
    return None


def _refuses(line: str, agent: str) -> bool:
    """Whether one X-Robots-Tag line refuses `agent`, both in lower case.

    Google, "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications": a name and a colon
    address the directives after them, `badbot: noindex, nofollow, otherbot: nofollow`.
    """
    addressed = True
    for item in line.split(","):
        directive = item.strip()
        name, colon, rest = (part.strip() for part in item.partition(":"))
        if colon and name not in _VALUED and _NAME.fullmatch(name):
            addressed = name == agent or name in _EVERYONE
            directive = rest
        if addressed and directive in _REFUSALS:
            return True
    return False
