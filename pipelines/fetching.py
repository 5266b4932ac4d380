"""Pictures off the network or a file system, many at a time, each within its deadline.

Every request, of a picture, a redirect's target or a host's rules, goes the same way: may the host
be asked, is it its turn, is the address public, and what does the answer say of the next request.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from filters.location import RequestUrl, redirect_target, request_url
from filters.opt_outs import OptOut, agent_token, header_opt_out
from filters.response import (
    FetchFault,
    backoff_s,
    may_be_the_network,
    may_pass,
    retry_after_s,
    status_reason,
)
from pipelines.errors import FetchError
from pipelines.hosts import Hosts
from pipelines.http_client import Client, Headers, Reply, first
from pipelines.local_pictures import read_picture
from pipelines.network import Network
from pipelines.opt_out_rules import OptOutRules
from pipelines.recipe import Gather
from pipelines.storage import Folder

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 5
_BUSY = {429, 503}
_RULES_BYTES = 1 << 19  # RFC 9309, section 2.5, wants 500 KiB to be read


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for.

    Attributes:
      guarded: whether opt-outs are to be obeyed.
      max_bytes: of the body.
      cut: whether the beginning of a larger body will do.
    """

    guarded: bool
    max_bytes: int
    cut: bool


_RULES = _Wish(guarded=False, max_bytes=_RULES_BYTES, cut=True)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched.

    Attributes:
      location: that was asked for.
      body: at least one byte.
      content_type: the header, "" where there is none.
      final_url: where redirects led to, "" of a file.
    """

    location: str
    body: bytes
    content_type: str
    final_url: str = ""


class Fetcher:
    """Fetches under one recipe's rules; use as an async context manager.

    Args:
      rules: of the recipe.
      hosts: how they are asked.
      network: who answers.
      client: asks.
      shared: a folder where lanes tell each other of hosts that several of them ask.
      only: `host:port` of all that may be asked, redirects' targets included; None: of any host.
    """

    def __init__(
        self,
        rules: Gather,
        hosts: Hosts,
        network: Network,
        client: Client,
        shared: Folder,
        only: frozenset[str] | None = None,
    ) -> None:
        self._rules = rules
        self._hosts = hosts
        self._network = network
        self._client = client
        self._only = only
        self._picture = _Wish(rules.respect_opt_outs, rules.max_bytes, cut=False)
        self._agent = agent_token(rules.user_agent)
        self._opt_outs = OptOutRules(
            self._ask_rules, self._agent, shared, hosts.is_own, patience_s=rules.deadline_s / 4
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._opt_outs.close()
        await self._client.close()

    async def fetch(self, location: str) -> Fetched:
        """What lies at `location`, as it came off the network or the disk.

        Raises:
          FetchError: with the last attempt's reason.
          RunError: where the network is down.
        """
        if not location.lower().startswith(("http:", "https:")):
            body = await asyncio.to_thread(read_picture, location, self._rules.max_bytes)
            return Fetched(location, body, "")
        try:
            reply = await self._within(self._rules.deadline_s, location, self._picture)
        except FetchError as error:
            if may_be_the_network(error.reason):
                await self._network.silent(error.detail)
            raise
        if reason := status_reason(reply.status):
            raise FetchError(reason, location)
        if not reply.body:
            raise FetchError(FetchFault.EMPTY, location)
        content_type = first(reply.headers, "content-type")
        return Fetched(location, reply.body, content_type, reply.location)

    async def _ask_rules(self, location: str) -> Reply:
        """Fetches a host's rules in half of a picture's deadline; the first picture waits for it.

        Rules behind redirects that lead nowhere are taken for missing, as RFC 9309 has it (section
        2.3.1.2).
        """
        try:
            return await self._within(self._rules.deadline_s / 2, location, _RULES)
        except FetchError as error:
            if error.reason in (FetchFault.REDIRECTS, FetchFault.BAD_REDIRECT):
                return Reply(404, {}, b"")
            raise

    async def _within(self, deadline_s: float, location: str, wish: _Wish) -> Reply:
        ends = asyncio.get_running_loop().time() + deadline_s
        try:
            async with asyncio.timeout_at(ends):
                return await self._with_retries(location, ends, wish)
        except TimeoutError as error:
            raise FetchError(FetchFault.TIMED_OUT, f"{location}: {deadline_s:g} s") from error

    async def _with_retries(self, location: str, ends: float, wish: _Wish) -> Reply:
        """The reply after the last attempt that makes sense, whatever its status."""
        for attempt in range(self._rules.retries + 1):
            last = attempt == self._rules.retries
            try:
                reply = await self._with_redirects(location, ends, wish)
            except FetchError as error:
                if last or not may_pass(error.reason):
                    raise
            else:
                reason = status_reason(reply.status)
                if last or not reason or not may_pass(reason) or self._is_too_late(reply, ends):
                    return reply
            await asyncio.sleep(backoff_s(attempt, location))
        raise AssertionError("the last attempt returns or raises")

    def _is_too_late(self, reply: Reply, ends: float) -> bool:
        """Whether the server wants to be asked again, but after the deadline."""
        return asyncio.get_running_loop().time() + _wished_s(reply.headers) > ends

    async def _with_redirects(self, location: str, ends: float, wish: _Wish) -> Reply:
        for _ in range(_MAX_REDIRECTS + 1):
            url = request_url(location)
            if url is None:
                raise FetchError(FetchFault.UNASKABLE, location[:200])
            if self._only is not None and url.address not in self._only:
                raise FetchError(FetchFault.UNLISTED_HOST, url.address)
            if wish.guarded:
                await self._check_rules(url)
            reply = await self._ask(url, ends, wish)
            header = first(reply.headers, "location")
            if reply.status not in _REDIRECTS or not header:
                return replace(reply, location=f"{url.origin}{url.target}")
            target = redirect_target(location, header)
            if target is None:
                raise FetchError(FetchFault.BAD_REDIRECT, header[:200])
            location = target
        raise FetchError(FetchFault.REDIRECTS, f"more than {_MAX_REDIRECTS}")

    async def _check_rules(self, url: RequestUrl) -> None:
        asking = self._opt_outs.asking(url)
        if not asking.done():
            await asyncio.wait([asking])
        if opt_out := asking.result().opt_out(url.target):
            raise FetchError(opt_out, f"{url.origin}{url.target}")

    async def _ask(self, url: RequestUrl, ends: float, wish: _Wish) -> Reply:
        """Asks once, when it is the host's turn, and takes note of how it answered."""
        loop, host = asyncio.get_running_loop(), self._hosts.of(url.address)
        wanted = self._is_free_picture if wish.guarded else _is_success
        if wait_s := host.turn_s(loop.time(), ends):
            await asyncio.sleep(wait_s)
        async with host.slots:
            host.check()  # again: others may have waited for it in vain meanwhile
            began = loop.time()
            try:
                reply = await self._client.get(url, wanted, wish.max_bytes, wish.cut)
            except asyncio.CancelledError:
                if loop.time() >= ends:
                    host.passed_a_deadline(began, loop.time())
                raise
        self._network.answered(url)
        if reply.status in _BUSY:
            host.busy(loop.time(), _wished_s(reply.headers))
        else:
            host.answered()
        if wish.guarded and (opt_out := self._opt_out(reply.headers)):
            raise FetchError(opt_out, f"{url.origin}{url.target}")
        return reply

    def _is_free_picture(self, status: int, headers: Headers) -> bool:
        return status == 200 and not self._opt_out(headers)

    def _opt_out(self, headers: Headers) -> OptOut | None:
        tags, reservation = headers.get("x-robots-tag", ()), headers.get("tdm-reservation")
        if not tags and not reservation:
            return None
        return header_opt_out(tags, reservation[0] if reservation else None, self._agent)


def _is_success(status: int, _: Headers) -> bool:
    return status == 200


def _wished_s(headers: Headers) -> float:
    """Seconds until the server wants to be asked again, 0 where it does not say."""
    return retry_after_s(first(headers, "retry-after"), datetime.now(UTC)) or 0.0
