"""Tells a dead network from dead hosts, so that an outage stops the run and fails no picture."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from filters.location import RequestUrl, request_url
from pipelines.errors import FetchError, RunError

_SILENT = 100  # pictures in a row that nobody answered for, before somebody else is tried
_CONNECTED_S = 10.0
_WITNESSES = 5  # hosts that answered, tried to see whether there is a network


class Reaches(Protocol):
    """What can connect without asking anything."""

    async def reach(self, url: RequestUrl) -> None:
        """Raises FetchError where it cannot."""


class Network:
    """Remembers who answered, and how long nobody has.

    Args:
      client: connects to witnesses.
      recall: tells the origins of other hosts that answered earlier in the run.
    """

    def __init__(self, client: Reaches, recall: Callable[[], list[str]]) -> None:
        self._client = client
        self._recall = recall
        self._witnesses: deque[str] = deque(maxlen=_WITNESSES)
        self._silent = 0
        self._words = ""

    @property
    def witnesses(self) -> list[str]:
        """Origins of the hosts that answered, a few of them."""
        return list(self._witnesses)

    def answered(self, url: RequestUrl) -> None:
        self._silent = 0
        if url.origin not in self._witnesses:
            self._witnesses.append(url.origin)

    async def silent(self, words: str) -> None:
        """Nobody answered for a picture. Raises RunError where that has gone on, see `check`."""
        self._silent += 1
        self._words = words
        if self._silent % _SILENT == 0:
            await self.check()

    async def check(self) -> None:
        """Before pictures are taken for lost.

        Raises:
          RunError: where requests since the last answer failed, and none of the hosts that
            answered before can be reached any more.
        """
        if not self._silent:
            return
        witnesses = list(dict.fromkeys([*self.witnesses, *self._recall()]))
        for origin in witnesses:
            url = request_url(origin)
            assert url is not None, origin
            try:
                async with asyncio.timeout(_CONNECTED_S):
                    await self._client.reach(url)
            except (FetchError, TimeoutError):
                continue
            return
        if witnesses:
            raise RunError(
                f"the network seems to be down: {self._silent} URLs in a row were not answered "
                f"for, nor can {witnesses[-1]} be reached, which answered before. The same command "
                f"goes on where it stopped. Said last: {self._words}"
            )
