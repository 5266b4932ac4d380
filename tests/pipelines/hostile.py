"""A server of bad manners: each behaviour on a port of its own, so that none spoils another.

A behaviour is a function from a `Visit` to what is done to it. Paths other than `/robots.txt` and
`/.well-known/tdmrep.json` are pictures.
"""

import asyncio
import gzip
import io
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from PIL import Image

FORBIDDEN = "127.0.0.2"
"""Answers as well, and must never be asked."""

RULES = ("/robots.txt", "/.well-known/tdmrep.json")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request.

    Attributes:
      path: as asked for.
      head: the whole of it.
      times: how often the path has been asked for, this time among them.
      port: where.
      writer: to answer with.
    """

    path: str
    head: str
    times: int
    port: int
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Behaviour = Callable[[Visit], Awaitable[None]]


class HostileServer:
    """Serves each of `behaviours` until closed.

    Attributes:
      ports: of the behaviours by name.
      asked: paths of pictures by behaviour's name.
      forbidden: connections to the address that may not be asked.
    """

    def __init__(self, behaviours: dict[str, Behaviour]) -> None:
        self.ports: dict[str, int] = {}
        self.asked: Counter[str] = Counter()
        self.forbidden = 0
        self._behaviours = behaviours
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._serve(started)), daemon=True
        )
        self._thread.start()
        assert started.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, started: threading.Event) -> None:
        servers = []
        for name, behaviour in self._behaviours.items():
            server = await asyncio.start_server(self._handler(name, behaviour), "127.0.0.1", 0)
            self.ports[name] = server.sockets[0].getsockname()[1]
            servers.append(server)
        servers += [
            await asyncio.start_server(self._count, FORBIDDEN, port) for port in self.ports.values()
        ]
        started.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _count(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.forbidden += 1
        writer.close()

    def _handler(self, name: str, behaviour: Behaviour):
        times: Counter[str] = Counter()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    path = head.split(" ")[1]
                    times[path] += 1
                    if path not in RULES:
                        self.asked[name] += 1
                    visit = Visit(path, head, times[path], self.ports[name], writer)
                    await (behaviour if path not in RULES else _rules(behaviour))(visit)
            writer.close()

        return handle


def _rules(behaviour: Behaviour) -> Behaviour:
    """What a behaviour answers to requests for rules: nothing special unless it says so."""
    return behaviour if getattr(behaviour, "has_rules", False) else answer(404)


def answer(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> Behaviour:
    """Answers so, always."""

    async def behave(visit: Visit) -> None:
        await visit.send(reply(status, body, *headers, length=length))

    return behave


def reply(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def raw(data: bytes, *, closes: bool = True) -> Behaviour:
    """Sends these bytes, whatever they mean."""

    async def behave(visit: Visit) -> None:
        await visit.send(data)
        if closes:
            visit.writer.close()

    return behave


def then(*behaviours: Behaviour) -> Behaviour:
    """The first time the first, and so on; the last for ever."""

    async def behave(visit: Visit) -> None:
        await behaviours[min(visit.times, len(behaviours)) - 1](visit)

    return behave


def redirect(location: str, status: int = 302) -> Behaviour:
    """To `location`, in which `{port}` is the behaviour's own."""

    async def behave(visit: Visit) -> None:
        to = location.format(port=visit.port)
        await visit.send(reply(status, b"", f"Location: {to}"))

    return behave


def by_path(**behaviours: Behaviour) -> Behaviour:
    """By the path's last part, up to its first dot; `picture` for any other picture."""

    async def behave(visit: Visit) -> None:
        name = visit.path.partition("?")[0].rsplit("/", 1)[-1].partition(".")[0]
        other = answer(404) if visit.path in RULES else behaviours["picture"]
        await behaviours.get(name, other)(visit)

    behave.has_rules = True  # type: ignore[attr-defined]
    return behave


async def stalls(visit: Visit) -> None:
    await asyncio.sleep(3600)


async def drips(visit: Visit) -> None:
    """A body that is coming, a byte at a time."""
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await visit.send(b"x")
        await asyncio.sleep(0.05)


async def drips_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visit.send(b"X-More: yes\r\n")
        await asyncio.sleep(0.05)


async def endless_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visit.send(b"X-More: " + b"x" * 1000 + b"\r\n")


async def endless_body(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await visit.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")


async def resets(visit: Visit) -> None:
    visit.writer.transport.abort()


async def loops(visit: Visit) -> None:
    await visit.send(reply(301, b"", f"Location: /again-{visit.path.count('again')}?{visit.times}"))


async def counts_down(visit: Visit) -> None:
    """Five redirects, then the picture."""
    left = int(visit.path.rsplit("-", 1)[-1]) if "-" in visit.path else 5
    if left:
        await visit.send(reply(307, b"", f"Location: /left-{left - 1}"))
    else:
        await visit.send(reply(200, picture()))


async def wants_cookies(visit: Visit) -> None:
    """Gives a cookie and credentials with a redirect, and the picture to who brings neither."""
    if visit.path == "/clean":
        brought = any(f"\r\n{name}:" in visit.head for name in ("Cookie", "Authorization"))
        await visit.send(reply(400) if brought else reply(200, picture()))
    else:
        to = f"http://me:secret@127.0.0.1:{visit.port}/clean"
        await visit.send(reply(302, b"", "Set-Cookie: me=you", f"Location: {to}"))


@cache
def picture(image_format: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    sink = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(sink, image_format)
    return sink.getvalue()


def png_bomb() -> bytes:
    """A few hundred bytes that claim to be 50,000 pixels square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sums = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + sums

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@cache
def gzip_bomb() -> bytes:
    """A megabyte that unpacks to one gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = bytes(1 << 24)
    return b"".join(packer.compress(block) for _ in range(64)) + packer.flush()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data)
