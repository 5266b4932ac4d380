"""How each host is asked: so many requests at once, at the pace it can bear, or no more at all."""

import asyncio
from dataclasses import dataclass

from filters.response import FetchFault
from pipelines.errors import FetchError

_DEADLINES = 2  # passed one after another before a host is given up
_FIRST_PACE_S = 0.1  # between requests, once a host has asked for less
_QUICKER = 0.9  # of the interval after each answer, until …
_NO_PACE_S = 0.01  # … so little is left of it that it no longer counts


@dataclass(frozen=True, slots=True)
class Budget:
    """What one lane may ask of a host.

    Attributes:
      at_once: requests in flight.
      sharers: lanes that ask the same host at the same time, each at its share of the pace.
    """

    at_once: int
    sharers: int = 1


class Host:
    """One host as a lane sees it.

    A host that says it is busy (429, 503) is asked at half the pace and not before it said. One
    that lets several deadlines pass without an answer in between is given up.

    Args:
      budget: of this lane.
      deadline_s: of a picture; the pace never falls so low that waiting alone would pass it.
    """

    def __init__(self, budget: Budget, deadline_s: float) -> None:
        self.slots = asyncio.Semaphore(budget.at_once)
        self._sharers = budget.sharers
        self._deadline_s = deadline_s
        self._slowest_s = deadline_s / (2 * budget.at_once)
        self._interval_s = 0.0
        self._next = 0.0  # when it may be asked again, on the loop's clock
        self._deadlines = 0
        self._counted = 0.0  # when the latest of them passed

    @property
    def given_up(self) -> bool:
        return self._deadlines >= _DEADLINES

    def turn_s(self, now: float, ends: float) -> float:
        """Takes the next turn; returns the seconds until then.

        Raises:
          FetchError: `host-unresponsive` where it was given up, `host-busy` where the turn would
            come after `ends`.
        """
        self.check()
        turn = max(now, self._next)
        if turn > ends:
            raise FetchError(FetchFault.HOST_BUSY, f"asked for nothing within {turn - now:.0f} s")
        self._next = turn + self._interval_s
        return turn - now

    def check(self) -> None:
        """Raises FetchError where it was given up."""
        if self.given_up:
            words = f"given up after {self._deadlines} deadlines"
            raise FetchError(FetchFault.HOST_UNRESPONSIVE, words)

    def busy(self, now: float, wait_s: float) -> None:
        """It asked for fewer requests, and for none within `wait_s`."""
        interval_s = 2 * self._interval_s or _FIRST_PACE_S * self._sharers
        self._interval_s = min(interval_s, self._slowest_s)
        self._next = max(self._next, now + wait_s)

    def answered(self) -> None:
        self._deadlines = 0
        self._interval_s *= _QUICKER
        if self._interval_s < _NO_PACE_S:
            self._interval_s = 0.0

    def passed_a_deadline(self, began: float, now: float) -> None:
        """It let a request pass its deadline; those in flight together count once."""
        if began >= self._counted and now - began > self._deadline_s / 4:
            self._deadlines += 1
            self._counted = now


class Hosts:
    """The hosts of a lane: those planned for it, and those that redirects lead to.

    Args:
      planned: what it may ask of each planned host.
      other: what of any other.
      deadline_s: of a picture.
    """

    def __init__(self, planned: Budget, other: Budget, deadline_s: float) -> None:
        self._planned = planned
        self._other = other
        self._deadline_s = deadline_s
        self._names: set[str] = set()
        self._hosts: dict[str, Host] = {}

    def plan(self, addresses: set[str]) -> None:
        """These, `host:port` each, are planned for this lane."""
        self._names |= addresses

    def is_own(self, address: str) -> bool:
        """Whether no other lane is planned to ask the host at `address`."""
        return address in self._names and self._planned.sharers == 1

    def of(self, address: str) -> Host:
        host = self._hosts.get(address)
        if host is None:
            budget = self._planned if address in self._names else self._other
            host = self._hosts[address] = Host(budget, self._deadline_s)
        return host
