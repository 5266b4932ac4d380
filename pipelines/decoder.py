"""The decoder in a process of its own: what it reads is hostile, what runs beside it is not.

Frames over its pipes, big-endian: a request is `length, body`; a reply is `length, JSON, length,
picture`, the JSON either a list of the measures or `{"fault": …, "detail": …}`. Replies come in the
order of requests.
"""

import asyncio
import dataclasses
import fcntl
import json
import os
import resource
import struct
import subprocess
import sys
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from pipelines.decoding import DecodeError, DecodeFault, Decoding, prepare
from schemas.rows import Measures

Prepared = tuple[bytes, Measures]
_Request = tuple[bytes, asyncio.Future[Prepared]]
_Answer = Callable[[bytes, bytes], None]
_Died = Callable[[], None]

_LENGTH = struct.Struct(">I")
_BYTES_WITHOUT_PICTURE = 3 << 30  # address space, of which little is used
_BYTES_A_PIXEL = 24  # of the largest picture: 16 bits to floating point, and copies
_PIPE_BYTES = 1 << 20  # Linux' default of 64 kB would stop us at nearly every picture
_AHEAD_BYTES = _PIPE_BYTES * 3 // 4  # a pipe counts in pages, and pictures seldom fill their last
KEEPS_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}


class Decoder:
    """Decodes pictures in a child process, and starts another when it dies.

    Use as an async context manager.

    Args:
      settings: how pictures are stored.
      timeout_s: seconds after which a picture is given up and its process killed.
    """

    def __init__(self, settings: Decoding, timeout_s: float = 30.0) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._child: _Child | None = None
        self._queued: deque[_Request] = deque()
        self._sent: deque[_Request] = deque()  # the first is what the child is at
        self._ahead = 0  # bytes of those sent
        self._began = 0.0  # with it, on the loop's clock
        self._timer: asyncio.TimerHandle | None = None

    async def prepare(self, body: bytes) -> Prepared:
        """As `pipelines.decoding.prepare`, whatever becomes of the process that does it.

        Raises:
          DecodeError: also with `decoder-crashed` and `decoder-timed-out`.
          OSError: if no process can be started.
        """
        if self._child is None:
            self._start()
        future: asyncio.Future[Prepared] = asyncio.get_running_loop().create_future()
        self._queued.append((body, future))
        self._feed()
        return await future

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._child is not None:
            await self._connecting
        self._end()
        await asyncio.sleep(0)  # lets the pipes close

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._child is not None:
            self._child.close()
            self._child = None

    def _start(self) -> None:
        child = self._child = _Child(self._settings)
        connecting = child.connect(self._answer, partial(self._died, child))
        self._connecting = asyncio.get_running_loop().create_task(connecting)
        self._connecting.add_done_callback(lambda _: self._feed())

    def _feed(self) -> None:
        """Hands the child what its pipe takes at once: what a full pipe leaves is copied again and
        again. One picture is always with it, and others in the pipe, so that it never waits.
        """
        if self._child is None or not self._child.connected:
            return
        while self._queued:
            body, _ = self._queued[0]
            if self._sent and self._ahead + len(body) > _AHEAD_BYTES:
                return
            self._child.send(body)
            self._ahead += len(body)
            self._sent.append(self._queued.popleft())
            if len(self._sent) == 1:
                self._watch()

    def _answer(self, reply: bytes, picture: bytes) -> None:
        request = self._sent.popleft()
        self._ahead -= len(request[0])
        self._watch()
        values = json.loads(reply.decode())  # of bytes it would guess the encoding first
        if isinstance(values, dict):
            _settle(request, DecodeError(DecodeFault(values["fault"]), values["detail"]))
        else:
            _settle(request, (picture, Measures(*values)))
        self._feed()

    def _watch(self) -> None:
        """Gives the picture that is next its time. A timer that is there finds the later start."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._timeout_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._sent:
            return
        loop = asyncio.get_running_loop()
        ends = self._began + self._timeout_s
        if loop.time() < ends:
            self._timer = loop.call_at(ends, self._look)
        else:
            self._give_up(DecodeFault.TIMED_OUT)

    def _died(self, child: "_Child") -> None:
        if child is self._child:  # else we ended it ourselves
            self._give_up(DecodeFault.CRASHED)

    def _give_up(self, fault: DecodeFault) -> None:
        """Fails the picture that the child was at, and lets another child take the rest."""
        self._end()
        self._queued.extendleft(reversed(self._sent))
        self._sent.clear()
        self._ahead = 0
        if self._queued:
            _settle(self._queued.popleft(), DecodeError(fault, f"within {self._timeout_s} s"))
        try:
            if self._queued:
                self._start()
        except OSError as error:  # no more processes: nobody else would hear of it
            while self._queued:
                _settle(self._queued.popleft(), error)


def _settle(request: _Request, outcome: Prepared | Exception) -> None:
    _, future = request
    if future.done():  # cancelled by who asked
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


class _Child:
    """The process and its pipes."""

    def __init__(self, settings: Decoding) -> None:
        command = [sys.executable, "-m", "pipelines.decoder"]
        self._process = subprocess.Popen(
            [*command, json.dumps(dataclasses.asdict(settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | KEEPS_MEMORY,
        )
        self.connected = False
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(PermissionError):  # of a user with many large pipes: slower, no more
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    async def connect(self, answer: _Answer, died: _Died) -> None:
        loop = asyncio.get_running_loop()
        reading = loop.connect_read_pipe(lambda: _Replies(answer, died), self._process.stdout)
        self._reading, _ = await reading
        self._writing, _ = await loop.connect_write_pipe(asyncio.Protocol, self._process.stdin)
        self.connected = True
        if self._process.returncode is not None:  # it died at once
            self._close_pipes()

    def send(self, body: bytes) -> None:
        self._writing.write(_LENGTH.pack(len(body)) + body)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self.connected:
            self._close_pipes()

    def _close_pipes(self) -> None:
        self._reading.close()
        self._writing.abort()


class _Replies(asyncio.Protocol):
    """Cuts the child's output into replies."""

    def __init__(self, answer: _Answer, died: _Died) -> None:
        self._answer = answer
        self._died = died
        self._buffer = bytearray()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        start = 0
        while (end := _frame_end(self._buffer, start)) and (last := _frame_end(self._buffer, end)):
            first = start + _LENGTH.size
            frames = bytes(self._buffer[first:end]), bytes(self._buffer[end + _LENGTH.size : last])
            start = last
            self._answer(*frames)
        del self._buffer[:start]

    def connection_lost(self, _error: Exception | None) -> None:
        self._died()


def _frame_end(buffer: bytearray, start: int) -> int:
    """Where the frame at `start` ends, 0 where it is not all there."""
    if len(buffer) < start + _LENGTH.size:
        return 0
    end: int = start + _LENGTH.size + _LENGTH.unpack_from(buffer, start)[0]
    return end if len(buffer) >= end else 0


def main() -> None:
    """Serves requests from standard input until it ends."""
    settings = Decoding(**json.loads(sys.argv[1]))
    most = _BYTES_WITHOUT_PICTURE + _BYTES_A_PIXEL * settings.max_pixels
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    names = [field.name for field in dataclasses.fields(Measures)]
    warnings.simplefilter("ignore")  # Pillow's, of metadata that it cannot read
    replies = os.fdopen(os.dup(1), "wb")
    sys.stderr = os.fdopen(os.dup(2), "w")  # for our own words
    for printed in (1, 2):  # native decoders speak of every bad file: never into the frames
        os.dup2(os.open(os.devnull, os.O_WRONLY), printed)
    requests = sys.stdin.buffer
    while head := requests.read(_LENGTH.size):
        body = requests.read(_LENGTH.unpack(head)[0])
        try:
            picture, measures = prepare(body, settings)
            reply = json.dumps([getattr(measures, name) for name in names]).encode()
        except DecodeError as error:
            picture = b""
            reply = json.dumps({"fault": error.fault, "detail": error.detail}).encode()
        replies.write(_LENGTH.pack(len(reply)) + reply + _LENGTH.pack(len(picture)) + picture)
        replies.flush()


if __name__ == "__main__":
    main()
