"""Which paths does a host's `/.well-known/tdmrep.json` reserve?

TDM Reservation Protocol, final report of the W3C community group of 10 May 2024, "TDM File on the
Origin Server".
"""

import json
from dataclasses import dataclass

from filters.path_pattern import PathPattern, first_match


@dataclass(frozen=True, slots=True)
class Reservations:
    """What one file says.

    Attributes:
      rules: patterns in the file's order, and whether each reserves.
    """

    rules: tuple[tuple[PathPattern, bool], ...]

    def covers(self, target: str) -> bool:
        """Whether text and data mining of `target`, path and query as requested, is reserved.

        The first rule that matches decides.

        >>> file = b'[{"location": "/a/", "tdm-reservation": 1}]'
        >>> reservations_of(file).covers("/a/1.jpg"), reservations_of(file).covers("/b/1.jpg")
        (True, False)
        """
        return first_match(self.rules, target) is True


def reservations_of(body: bytes) -> Reservations:
    """Reads a tdmrep.json; what is no array, and what in it is no rule, reserves nothing.

    A rule with another `tdm-reservation` than the number 1 takes its paths out, as one with 0 does:
    the report has other values count as unset.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or brackets beyond reason
        return Reservations(())
    entries = found if isinstance(found, list) else []
    return Reservations(
        tuple(
            (PathPattern.of(entry["location"].encode(errors="surrogatepass")), _reserves(entry))
            for entry in entries
            if isinstance(entry, dict) and _is_pattern(entry.get("location"))
        )
    )


def _is_pattern(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _reserves(entry: dict[str, object]) -> bool:
    value = entry.get("tdm-reservation")
    return value == 1 and not isinstance(value, bool)
