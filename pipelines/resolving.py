"""Names to addresses that may be asked: public ones, unless `host:port` is allowed."""

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from filters.address import is_public
from filters.location import RequestUrl
from filters.response import FetchFault
from pipelines.errors import FetchError

_THREADS = 32  # a name that cannot be resolved blocks one for up to half a minute
_REMEMBERED_S = 300.0
_MOST_REMEMBERED = 10_000  # names

_Found = tuple[list[str], tuple[FetchFault, str] | None]


class Resolver:
    """Resolves and remembers; use within one event loop.

    Args:
      allowed: `host:port` whose addresses need not be public.
    """

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(_THREADS, "resolve")
        self._known: dict[str, tuple[float, asyncio.Future[_Found]]] = {}

    async def resolve(self, url: RequestUrl) -> list[str]:
        """The addresses of `url`'s host, at least one, all of which may be connected to.

        Raises:
          FetchError: `host-unknown`, `dns-failed` or `forbidden-address`.
        """
        addresses, failure = await self._lookup(url.host)
        if failure:
            raise FetchError(*failure)
        if url.address not in self._allowed:
            refused = [address for address in addresses if not is_public(address)]
            if refused:
                raise FetchError(FetchFault.FORBIDDEN_ADDRESS, f"{url.host} is {refused[0]}")
        return addresses

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _lookup(self, host: str) -> _Found:
        now = time.monotonic()
        expires, found = self._known.get(host, (0.0, None))
        if found is None or expires < now:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.pop(next(iter(self._known)))
            loop = asyncio.get_running_loop()
            found = loop.run_in_executor(self._threads, _addresses, host)
            self._known[host] = now + _REMEMBERED_S, found
        addresses, failure = await asyncio.shield(found)  # others may be waiting for it, too
        if failure and failure[0] == FetchFault.DNS:  # it may pass
            self._known.pop(host, None)
        return addresses, failure


def _addresses(host: str) -> _Found:
    """Blocks; also reads `127.1` and `0x7f000001` as the addresses that they are."""
    try:
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        may_pass = error.errno in (socket.EAI_AGAIN, socket.EAI_SYSTEM)
        fault = FetchFault.DNS if may_pass else FetchFault.HOST_UNKNOWN
        return [], (fault, f"{host}: {error.strerror}")
    except (OSError, UnicodeError) as error:
        return [], (FetchFault.HOST_UNKNOWN, f"{host}: {error}")
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries)), None
