"""What hosts say of machines that collect: robots.txt and tdmrep.json, once a host and run."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from filters.location import RequestUrl
from filters.opt_outs import OptOut
from filters.response import FetchFault
from filters.robots import Robots, robots_after
from filters.tdmrep import Reservations, reservations_of
from pipelines.errors import FetchError
from pipelines.http_client import Reply
from pipelines.storage import Folder
from schemas.ids import digest

_ROBOTS = "/robots.txt"
_TDMREP = "/.well-known/tdmrep.json"
_LASTS_S = 24 * 3600.0  # RFC 9309, section 2.4
_POLL_S = 0.1

Ask = Callable[[str], Awaitable[Reply]]
"""Fetches a location, following redirects. Raises FetchError."""


@dataclass(frozen=True, slots=True)
class HostRules:
    """What one host says.

    Attributes:
      robots: its robots.txt for our agent.
      reservations: its tdmrep.json.
    """

    robots: Robots
    reservations: Reservations

    def opt_out(self, target: str) -> OptOut | None:
        """The signal by which the host keeps `target` from us, None: it may be asked for."""
        if not self.robots.allows(target):
            return OptOut.ROBOTS_TXT
        return OptOut.TDMREP if self.reservations.covers(target) else None


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of asking for one of the two files: a status and a body, or a failure."""

    status: int  # 0 of a failure
    body: bytes
    reason: str
    detail: str


class OptOutRules:
    """Asks each host once, also when several lanes need it at the same time.

    Args:
      ask: fetches.
      agent: our product token.
      shared: where lanes leave the answers of hosts that they share.
      is_own: whether the host at an address is asked by this lane alone.
      patience_s: how long to wait for another lane's answer before asking nevertheless.
    """

    def __init__(
        self,
        ask: Ask,
        agent: str,
        shared: Folder,
        is_own: Callable[[str], bool],
        patience_s: float,
    ) -> None:
        self._ask = ask
        self._agent = agent
        self._shared = shared
        self._is_own = is_own
        self._patience_s = patience_s
        self._known: dict[str, asyncio.Task[HostRules]] = {}

    def asking(self, url: RequestUrl) -> asyncio.Task[HostRules]:
        """The rules of `url`'s host, perhaps still being asked for.

        The task raises FetchError where robots.txt could not be had: the host must not be asked
        for anything then (RFC 9309, section 2.3.1.4).
        """
        task = self._known.get(url.origin)
        if task is None:
            task = self._known[url.origin] = asyncio.create_task(self._rules(url))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def close(self) -> None:
        """Gives up what is still being asked."""
        for task in self._known.values():
            task.cancel()
        await asyncio.gather(*self._known.values(), return_exceptions=True)

    async def _rules(self, url: RequestUrl) -> HostRules:
        own = self._is_own(url.address)
        robots, tdmrep = await (self._answers(url.origin) if own else self._common(url))
        if robots.reason:
            timed_out = robots.reason == FetchFault.TIMED_OUT
            reason = FetchFault.HOST_UNRESPONSIVE if timed_out else robots.reason
            raise FetchError(reason, f"{_ROBOTS}: {robots.detail}")
        known = robots_after(robots.status, robots.body, self._agent)
        if known is None:
            raise FetchError(FetchFault.ROBOTS, f"{_ROBOTS}: http-{robots.status}")
        return HostRules(known, reservations_of(tdmrep.body if tdmrep.status == 200 else b""))

    async def _common(self, url: RequestUrl) -> tuple[_Said, _Said]:
        """The answers that another lane got, or ours for the others."""
        name = digest(url.origin)
        claimed = await asyncio.to_thread(self._shared.create, f"{name}.asked", b"")
        ends = time.monotonic() + (0 if claimed else self._patience_s)
        while True:
            found = await asyncio.to_thread(self._read, f"{name}.json")
            if found:
                return found
            if time.monotonic() >= ends:
                break
            await asyncio.sleep(_POLL_S)
        said = await self._answers(url.origin)
        await asyncio.to_thread(self._shared.write, f"{name}.json", _packed(said))
        return said

    def _read(self, name: str) -> tuple[_Said, _Said] | None:
        if not self._shared.exists(name):
            return None
        found = json.loads(self._shared.read(name))
        if found["asked"] + _LASTS_S < time.time():
            return None
        robots, tdmrep = (
            _Said(**(said | {"body": base64.b64decode(said["body"])})) for said in found["said"]
        )
        return robots, tdmrep

    async def _answers(self, origin: str) -> tuple[_Said, _Said]:
        robots, tdmrep = await asyncio.gather(
            self._said(f"{origin}{_ROBOTS}"), self._said(f"{origin}{_TDMREP}")
        )
        return robots, tdmrep

    async def _said(self, location: str) -> _Said:
        try:
            reply = await self._ask(location)
        except FetchError as error:
            return _Said(0, b"", error.reason, error.detail)
        return _Said(reply.status, reply.body, "", "")


def _packed(said: tuple[_Said, _Said]) -> bytes:
    plain = [
        {
            "status": one.status,
            "body": base64.b64encode(one.body).decode(),
            "reason": one.reason,
            "detail": one.detail,
        }
        for one in said
    ]
    return json.dumps({"asked": time.time(), "said": plain}).encode()
