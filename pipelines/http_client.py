"""HTTP/1.1 for pictures: GET on kept connections, to no address but those that were checked.

What asks for a hundred million pictures needs little of HTTP, and that little fast and strict: no
cookies, credentials, proxies or redirects, a cap on what is read, and no second look at the DNS
between the check of an address and the connection to it. Parsing is llhttp's, by httptools.
"""

import asyncio
import ssl
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import httptools

from filters.location import RequestUrl
from filters.response import FetchFault
from pipelines.errors import FetchError
from pipelines.resolving import Resolver

_CONNECT_S = 5.0  # to one of several addresses; the last may take what the deadline leaves
_IDLE_S = 10.0  # servers close idle connections after 5 to 75 s
_TURNS_TO_CLOSE = 10  # of the event loop; a plain connection takes one
_MOST_IDLE = 256  # connections kept for another request
_HEADER_BYTES = 1 << 16
_FRAMING_BYTES = 1 << 20  # of chunks' frames and trailers
_LEFT_OVER_BYTES = 1 << 14  # of a body that nobody wants, read so that its connection can be kept
_LEFT_OVER_S = 5.0
_UNREADABLE_ENCODINGS = ("br", "zstd", "compress", "x-compress")

PICTURES = "image/*,*/*;q=0.5"

Headers = dict[str, list[str]]
"""By lower-case name, a value for each line."""

Wanted = Callable[[int, Headers], bool]
"""Whether a reply of this status and these headers has a body worth reading."""


def first(headers: Headers, name: str) -> str:
    """The first value of a header, "" where there is none."""
    return headers.get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered.

    Attributes:
      status: HTTP's.
      headers: see `Headers`.
      body: decompressed; empty where it was not wanted.
      location: that it is from, behind all redirects; "" where nobody followed any.
    """

    status: int
    headers: Headers
    body: bytes
    location: str = ""


class Client:
    """Asks servers; use within one event loop and close at the end.

    Args:
      resolver: finds addresses, and refuses those that may not be asked.
      user_agent: what servers are told.
      accept: what is asked for, as the header of that name has it.
    """

    def __init__(self, resolver: Resolver, user_agent: str, accept: str = PICTURES) -> None:
        self._resolver = resolver
        self._fixed = (
            f"User-Agent: {user_agent}\r\nAccept: {accept}\r\nAccept-Encoding: identity\r\n\r\n"
        ).encode("ascii")
        self._open: set[_Connection] = set()
        self._idle: dict[_Connection, None] = {}  # in the order of falling idle
        self._idle_of: dict[str, list[_Connection]] = defaultdict(list)
        self._tls = ssl.create_default_context()

    async def get(
        self, url: RequestUrl, wanted: Wanted, max_bytes: int, cut: bool = False
    ) -> Reply:
        """Asks once for `url`.

        Args:
          url: what for.
          wanted: whether the body is.
          max_bytes: of the body.
          cut: whether a larger body is cut there rather than refused.

        Raises:
          FetchError: `host-unknown`, `forbidden-address`, `connection-failed`, `tls-failed`,
            `bad-response`, `too-many-bytes`, `unreadable-encoding`.
        """
        host = url.origin.partition("://")[2]
        head = f"GET {url.target} HTTP/1.1\r\nHost: {host}\r\n".encode("ascii") + self._fixed
        connection = self._take(url.origin) or await self._connect(url)
        return await connection.ask(head, _Reading(wanted, max_bytes, cut))

    async def reach(self, url: RequestUrl) -> None:
        """Connects and asks nothing, to see whether there is a network. Raises FetchError."""
        (await self._connect(url)).close()

    async def close(self) -> None:
        """Closes every connection, also those that are still being read from."""
        for connection in list(self._open):
            connection.close()
        for _ in range(_TURNS_TO_CLOSE):
            if self._open:
                await asyncio.sleep(0)
        self._resolver.close()

    def _take(self, origin: str) -> "_Connection | None":
        """An idle connection that is still open, the last used first."""
        while kept := self._idle_of.get(origin):
            connection = kept[-1]
            self._forget(connection)
            if connection.is_open:
                return connection
        return None

    def _keep(self, connection: "_Connection") -> None:
        self._idle[connection] = None
        self._idle_of[connection.origin].append(connection)
        if len(self._idle) > _MOST_IDLE:
            oldest = next(iter(self._idle))
            self._forget(oldest)
            oldest.close()

    def _gone(self, connection: "_Connection") -> None:
        self._open.discard(connection)
        self._forget(connection)

    def _forget(self, connection: "_Connection") -> None:
        if connection in self._idle:
            del self._idle[connection]
            kept = self._idle_of[connection.origin]
            kept.remove(connection)
            if not kept:
                del self._idle_of[connection.origin]

    async def _connect(self, url: RequestUrl) -> "_Connection":
        """A new connection to the first of the host's addresses that takes one."""
        addresses = await self._resolver.resolve(url)
        tls = self._tls if url.scheme == "https" else None
        name = url.host if tls else None
        make = partial(_Connection, url.origin, self._open.add, self._keep, self._gone)
        loop, failure = asyncio.get_running_loop(), ""
        for left, address in reversed(list(enumerate(reversed(addresses)))):
            try:
                async with asyncio.timeout(_CONNECT_S if left else None):
                    _, connection = await loop.create_connection(
                        make, address, url.port, ssl=tls, server_hostname=name
                    )
            except (ssl.SSLError, ssl.CertificateError) as error:
                raise FetchError(FetchFault.TLS, str(error)) from error
            except OSError as error:
                failure = str(error) or f"no connection within {_CONNECT_S:g} s"
            else:
                return connection
        raise FetchError(FetchFault.CONNECTION, failure)


class _Connection(asyncio.Protocol):
    """A connection; asked one thing after another."""

    def __init__(
        self,
        origin: str,
        made: Callable[["_Connection"], None],
        keep: Callable[["_Connection"], None],
        gone: Callable[["_Connection"], None],
    ) -> None:
        self.origin = origin
        self._made = made
        self._keep = keep
        self._gone = gone
        self._reading: _Reading | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._made(self)

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    async def ask(self, head: bytes, reading: "_Reading") -> Reply:
        """Sends a request and awaits its reply; the connection is kept or closed by itself."""
        self._stop_timer()
        self._reading = reading
        self._transport.write(head)
        try:
            return await reading.reply
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._stop_timer()
        if self._reading is not None:
            self._reading.give_up()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        reading = self._reading
        if reading is None:  # nobody asked for it
            self.close()
            return
        reading.feed(data)
        if reading.complete:
            self._reading = None
            self._stop_timer()
            if reading.may_go_on:
                self._timer = asyncio.get_running_loop().call_later(_IDLE_S, self.close)
                self._keep(self)
            else:
                self.close()
        elif reading.ended:
            self.close()
        elif reading.reply.done() and self._timer is None:  # a body that nobody wants
            self._timer = asyncio.get_running_loop().call_later(_LEFT_OVER_S, self.close)

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_timer()
        self._gone(self)
        if self._reading is not None:
            self._reading.lost(error)
            self._reading = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Reading:
    """One reply on its way in; httptools calls the `on_` methods.

    Attributes:
      reply: what is awaited; done with the headers where the body is not wanted.
      complete: whether the whole message has come.
      may_go_on: whether the connection may be asked again, once it is complete.
      ended: whether nothing more is to be read although it is not complete.
    """

    def __init__(self, wanted: Wanted, max_bytes: int, cut: bool) -> None:
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.complete = self.may_go_on = self.ended = False
        self._wanted = wanted
        self._max_bytes = max_bytes
        self._cut = cut
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: Headers = {}
        self._in_body = self._wants_body = False
        self._received = 0  # bytes off the wire
        self._before_body = 0  # of these, up to the packet in which the body begins
        self._left_over = 0  # bytes of a body that is not wanted
        self._body = bytearray()
        self._inflate: zlib._Decompress | None = None

    def feed(self, data: bytes) -> None:
        self._received += len(data)
        if self._in_body and self._received - self._before_body > self._max_bytes + _FRAMING_BYTES:
            self._overflow()  # also by chunks' frames and trailers, which nobody else counts
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.complete:  # else: more than was announced
                self._fail(FetchFault.BAD_RESPONSE, str(error))
            self.may_go_on = False
            return
        if not self._in_body and self._received > _HEADER_BYTES:
            self._fail(FetchFault.BAD_RESPONSE, f"more than {_HEADER_BYTES} bytes of headers")

    def give_up(self) -> None:
        """We close the connection, which is not the end of a body."""
        self._fail(FetchFault.BAD_RESPONSE, "given up")

    def lost(self, error: Exception | None) -> None:
        """The connection is gone: that ends a body of unknown length, and breaks anything else."""
        unbounded = not {"content-length", "transfer-encoding"} & self._headers.keys()
        if self.ended or self.reply.done():
            return
        if self._in_body and unbounded and error is None:
            self._finish()
        elif not self._received:
            self._fail(FetchFault.CONNECTION, str(error or "closed without an answer"))
        else:
            self._fail(FetchFault.BAD_RESPONSE, str(error or "ended before its end"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:  # a trailer
            return
        key = name.decode("latin-1").lower()
        self._headers.setdefault(key, []).append(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:
            return
        self._in_body, self._before_body = True, self._received
        self._wants_body = self._wanted(self._status, self._headers)
        if not self._wants_body:
            self._answer(b"")
            return
        length = first(self._headers, "content-length")
        if length.isdecimal() and int(length[:20]) > self._max_bytes and not self._cut:
            self._fail(FetchFault.TOO_LARGE, f"announced {length[:20]}")
            return
        encoding = first(self._headers, "content-encoding").strip().lower()
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._inflate = zlib.decompressobj(32 + zlib.MAX_WBITS)  # either's header
        elif encoding in _UNREADABLE_ENCODINGS:
            self._fail(FetchFault.ENCODING, encoding)

    def on_body(self, data: bytes) -> None:
        if self.ended:
            return
        if not self._wants_body:
            self._left_over += len(data)
            self.ended = self._left_over > _LEFT_OVER_BYTES
            return
        if self._inflate is not None and self._inflate.eof:
            self._fail(FetchFault.ENCODING, "goes on after its end")
            return
        if self._inflate is not None:
            try:
                data = self._inflate.decompress(data, self._max_bytes - len(self._body) + 1)
            except zlib.error as error:
                self._fail(FetchFault.ENCODING, str(error))
                return
        self._body += data
        if len(self._body) > self._max_bytes:
            self._overflow()

    def on_message_complete(self) -> None:
        if self._status < 200:  # informational: the answer is still to come
            self._headers, self.ended = {}, self._status == 101
            if self.ended:
                self._fail(FetchFault.BAD_RESPONSE, "switches protocols")
            return
        if self.complete:  # a second answer to one question
            self.may_go_on = False
            return
        self.complete = True
        self.may_go_on = self._parser.should_keep_alive() and not self.ended
        if not self.reply.done():
            self._finish()

    def _finish(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            self._fail(FetchFault.BAD_RESPONSE, "ended within its compressed body")
        else:
            self._answer(bytes(self._body))

    def _overflow(self) -> None:
        if self._cut:
            self._answer(bytes(self._body[: self._max_bytes]))
            self.ended = True
        else:
            self._fail(FetchFault.TOO_LARGE, f"more than {self._max_bytes}")

    def _answer(self, body: bytes) -> None:
        if not self.reply.done():  # a picture given up at its deadline
            self.reply.set_result(Reply(self._status, self._headers, body))

    def _fail(self, fault: FetchFault, words: str) -> None:
        self.ended = True
        if not self.reply.done():
            self.reply.set_exception(FetchError(fault, words))
