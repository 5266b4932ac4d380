"""HTTP replies out of memory, for the benchmarks' own servers."""

import asyncio
from collections.abc import Callable

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def ok(body: bytes, kind: str = "image/jpeg") -> bytes:
    """A reply with a body of that media type."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Replies(asyncio.Protocol):
    """A connection, HTTP/1.1 with keep-alive, GET only.

    Args:
      reply_to: a path without its query to the whole reply, None for none ever.
    """

    def __init__(self, reply_to: Callable[[bytes], bytes | None]) -> None:
        self._reply_to = reply_to
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for request in requests:
            path = request.split(b" ", 2)[1].partition(b"?")[0]
            if reply := self._reply_to(path):
                self._transport.write(reply)
