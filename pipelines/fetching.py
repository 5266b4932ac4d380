"""Pictures off the network or a file system, many at a time, each within its deadline.

Only public addresses are asked, and only the address that was checked is connected to: the resolver
refuses the others, and redirects are followed by hand, each checked like a first request.
"""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from filters.location import LocationRules, host_of, location_fault
from filters.response import FetchFault, backoff_s, may_pass, status_reason
from pipelines.errors import FetchError
from pipelines.local_pictures import read_picture
from pipelines.recipe import Gather

_REDIRECTS = {301, 302, 303, 307, 308}
_MAX_REDIRECTS = 5
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    location: str | None
    retry_after: str | None
    body: bytes


class Fetcher:
    """Fetches under one recipe's rules; use as an async context manager."""

    def __init__(self, rules: Gather) -> None:
        self._rules = rules
        self._allowed = frozenset(rules.allow_hosts)

    async def __aenter__(self) -> Self:
        # No cookies, no credentials or proxies from the environment, no decompression: what is
        # counted is what came over the wire.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=300, resolver=_PublicResolver(self._allowed)
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),  # one deadline for all of it, see `fetch`
            headers={
                "User-Agent": self._rules.user_agent,
                "Accept": "image/*,*/*;q=0.5",
                "Accept-Encoding": "identity",
            },
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def fetch(self, location: str) -> bytes:
        """The body at `location`.

        Raises:
          FetchError: with the last attempt's reason.
        """
        if not host_of(location):
            return await asyncio.to_thread(read_picture, location, self._rules.max_bytes)
        try:
            async with asyncio.timeout(self._rules.deadline_s):
                return await self._with_retries(location)
        except TimeoutError as error:
            words = f"no picture within {self._rules.deadline_s} s"
            raise FetchError(FetchFault.TIMED_OUT, words) from error

    async def _with_retries(self, location: str) -> bytes:
        for attempt in range(self._rules.retries + 1):
            try:
                return await self._with_redirects(location)
            except FetchError as error:
                if attempt == self._rules.retries or not may_pass(error.reason):
                    raise
                await asyncio.sleep(backoff_s(attempt, error.retry_after))
        raise AssertionError("the last attempt returns or raises")

    async def _with_redirects(self, location: str) -> bytes:
        for _ in range(_MAX_REDIRECTS + 1):
            self._check(location)
            reply = await self._ask(location)
            if reply.status in _REDIRECTS and reply.location:
                location = urljoin(location, reply.location)
                if location_fault(location, LocationRules()):
                    raise FetchError(FetchFault.BAD_REDIRECT, location[:200])
                continue
            if reason := status_reason(reply.status):
                raise FetchError(reason, location, reply.retry_after)
            if not reply.body:
                raise FetchError(FetchFault.EMPTY, location)
            return reply.body
        raise FetchError(FetchFault.REDIRECTS, f"more than {_MAX_REDIRECTS}")

    def _check(self, location: str) -> None:
        """Refuses a literal address that is not public; names are checked when resolved."""
        host = host_of(location)
        if host in self._allowed:
            return
        address = host.rpartition(":")[0].strip("[]")
        if _is_address(address) and not _is_public(address):
            raise FetchError(FetchFault.FORBIDDEN_ADDRESS, host)

    async def _ask(self, location: str) -> _Reply:
        try:
            async with self._session.get(location, allow_redirects=False) as response:
                # Nothing but a picture's body is read.
                body = await self._body(response) if response.status == 200 else b""
                headers = response.headers
                return _Reply(
                    response.status, headers.get("Location"), headers.get("Retry-After"), body
                )
        except _ForbiddenAddress as error:
            raise FetchError(FetchFault.FORBIDDEN_ADDRESS, str(error)) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise FetchError(FetchFault.HOST_UNKNOWN, str(error)) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise FetchError(FetchFault.TLS, str(error)) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise FetchError(FetchFault.UNASKABLE, str(error)) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise FetchError(FetchFault.BAD_RESPONSE, str(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise FetchError(FetchFault.CONNECTION, str(error)) from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._rules.max_bytes
        if (response.content_length or 0) > limit:
            raise FetchError(FetchFault.TOO_LARGE, f"announced {response.content_length}")
        chunks, size = [], 0
        async for chunk in response.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise FetchError(FetchFault.TOO_LARGE, f"more than {limit}")
            chunks.append(chunk)
        return b"".join(chunks)


class _ForbiddenAddress(Exception):
    """A name led to an address that is not public."""


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone, unless `host:port` is allowed."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if f"{host}:{port}" in self._allowed:
            return found
        refused = [result["host"] for result in found if not _is_public(result["host"])]
        if refused:
            raise _ForbiddenAddress(f"{host} is {refused[0]}")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _is_address(text: str) -> bool:
    """Whether the system would read `text` as an address: also `127.1` and `0x7f000001`."""
    try:
        socket.getaddrinfo(text, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _is_public(text: str) -> bool:
    found = socket.getaddrinfo(text, None, flags=socket.AI_NUMERICHOST)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return all(_unmapped(address).is_global for address in addresses)


def _unmapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address
