"""Renders documents in processes that are killed where a page hangs or takes too much memory.

What is lost is the page that a process was at: another process goes on with the next.
"""

import fcntl
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from pipelines.decoder import KEEPS_MEMORY
from pipelines.errors import RunError
from pipelines.rendering.child import LENGTH
from pipelines.rendering.pages import (
    Document,
    Load,
    LostPage,
    Opened,
    Page,
    PageText,
    RenderError,
    RenderFault,
    Rendering,
)
from pipelines.rendering.processes import below, kill_all, private_bytes, processor_seconds
from schemas.pages import PageMeasures
from schemas.rows import Measures

_LOOK_S = 0.2  # between two looks at what a renderer takes
_START_S = 20.0  # for a renderer's process and its browser to start
_END_S = 5.0  # for a process that has closed its pipe to end
_WALL = (
    10  # seconds on the clock for each of processor time: machines are busy, and some hangs idle
)
_MOST_LOST = 3  # pages one after another by which a document has cost its process
_PIPE_BYTES = 1 << 20  # so that a page waits here while the next one is rendered
_MOST_SAID = 10_000  # bytes of what a process told that are looked at
_ERROR = re.compile(r"^[\w.]*Error\b.*$", re.MULTILINE)


class Renderer:
    """Renders documents of any kind, one at a time. Use as a context manager, or close it.

    Args:
      settings: how.
    """

    def __init__(self, settings: Rendering) -> None:
        self._settings = settings
        self._children: dict[str, _Child] = {}

    def render(self, document: Document) -> Iterator[Opened | Page | LostPage]:
        """What the document says of itself, then each of its pages, rendered or lost.

        Raises:
          RenderError: where the document as a whole cannot be rendered.
          RunError: where no renderer can be started here, or the network that pages load from is
            down.
        """
        opened: Opened | None = None
        first, lost, is_second_try = 1, 0, False
        while opened is None or first <= opened.pages:
            try:
                for found in self._replies(document, first):
                    if not isinstance(found, Opened):
                        first, lost = first + 1, 0
                        yield found
                    elif opened is None:
                        opened = found
                        yield found
                    elif opened.pages != found.pages:
                        words = f"{found.pages} pages when opened again, {opened.pages} before"
                        raise RenderError(RenderFault.BROKEN, words)
            except RenderError as error:
                if opened is None:
                    raise
                yield from _lost(range(first, opened.pages + 1), error.fault, error.detail)
                return
            except _Lost as error:
                if opened is None and error.was_idle and not is_second_try:
                    is_second_try = True  # it may have died before it was asked
                    continue
                if opened is None:
                    raise RenderError(error.fault, error.detail) from error
                lost += 1
                yield LostPage(first, error.fault, error.detail)
                first += 1
                if lost == _MOST_LOST:
                    words = f"after {lost} pages one after another that cost a renderer"
                    yield from _lost(range(first, opened.pages + 1), RenderFault.GIVEN_UP, words)
                    return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all that was started."""
        for name in list(self._children):
            self._end(name)

    def _replies(self, document: Document, first: int) -> Iterator[Opened | Page | LostPage]:
        """One process' replies to a request, from page `first` on.

        Raises:
          _Lost: where it died, or was killed, before the last.
        """
        name = "pdf" if document.kind == "pdf" else "html"
        child = self._ready(name)
        is_asked = is_whole = False
        try:
            child.ask(document, first, self._settings.deadline_s)
            is_asked = True
            opened = _opened(child.reply(self._settings.deadline_s)[0])
            yield opened
            for _ in range(first, opened.pages + 1):
                yield _page(*child.reply(self._settings.deadline_s))
            is_whole = True
        except RenderError:
            is_whole = True
            raise
        except _Lost as error:
            crashed = error.fault == RenderFault.CRASHED
            error.was_idle = not is_asked or (child.served > 0 and crashed)
            raise
        finally:
            child.served += 1
            if not is_whole:
                self._end(name)

    def _ready(self, name: str) -> "_Child":
        """A process that waits for a request: the one that is there, or another in its place.

        What keeps the one that is there from getting ready is left of the document before.
        """
        if child := self._children.get(name):
            try:
                child.wait_until_ready(self._settings.deadline_s)
                return child
            except _Lost:
                self._end(name)
        return self._start(name)

    def _start(self, name: str) -> "_Child":
        child = self._children[name] = _Child(name, self._settings)
        try:
            child.wait_until_ready(_START_S)
        except _Lost as error:
            said = child.last_words()
            self._end(name)
            raise RunError(f"no renderer can be started: {said or error.detail}") from error
        return child

    def _end(self, name: str) -> None:
        self._children.pop(name).kill()


def _lost(pages: range, fault: RenderFault, detail: str) -> Iterator[LostPage]:
    return (LostPage(page, fault, detail) for page in pages)


class _Lost(Exception):
    """A renderer's process died or had to be killed.

    Attributes:
      fault: how.
      detail: for people.
      was_idle: whether it had not read the request, or died and had served another before.
    """

    def __init__(self, fault: RenderFault, detail: str) -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail
        self.was_idle = False


def _check_stop(values: dict[str, Any]) -> None:
    if "stop" in values:
        raise RunError(values["stop"])


def _opened(values: dict[str, Any]) -> Opened:
    _check_stop(values)
    if "fault" in values:
        raise RenderError(RenderFault(values["fault"]), values["detail"])
    return Opened(**values)


def _page(values: dict[str, Any], image: bytes) -> Page | LostPage:
    _check_stop(values)
    if "fault" in values:
        return LostPage(values["page"], RenderFault(values["fault"]), values["detail"])
    pixels, measures = Measures(**values["pixels"]), PageMeasures(**values["measures"])
    texts = tuple(PageText(origin, text) for origin, text in values["texts"])
    loads = tuple(Load(*load) for load in values["loads"])
    return Page(image, pixels, measures, values["text"], texts, loads)


class _Deadline:
    """Seconds of processor time for a reply, or several times as many on the clock.

    They count from the first look on: most replies come before it, and looking takes its time.

    Args:
      seconds: of these.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._most: float | None = None
        self._ends = time.monotonic() + _WALL * seconds

    def check(self, taken: float) -> None:
        """Raises _Lost where it is over."""
        if self._most is None:
            self._most = taken + self._seconds
        if taken > self._most:
            words = f"within {self._seconds:g} s of processor time"
            raise _Lost(RenderFault.TIMED_OUT, words)
        if time.monotonic() > self._ends:
            raise _Lost(RenderFault.TIMED_OUT, f"within {_WALL * self._seconds:g} s on the clock")


class _Child:
    """A renderer's process, with its pipes and all that it started.

    Attributes:
      served: requests that it was sent.
    """

    def __init__(self, kind: str, settings: Rendering) -> None:
        self.served = 0
        self._most_bytes = settings.memory_bytes
        command = [sys.executable, "-m", "pipelines.rendering.child", kind]
        self._said = os.memfd_create("said")
        self._process = subprocess.Popen(
            [*command, json.dumps(asdict(settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=os.environ | KEEPS_MEMORY,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        with suppress(PermissionError):  # of a user with many large pipes: slower, no more
            fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._buffer = bytearray()

    def wait_until_ready(self, deadline_s: float) -> None:
        """Waits until the process waits for a request. Raises _Lost as `reply` does."""
        self.reply(deadline_s)

    def ask(self, document: Document, first: int, deadline_s: float) -> None:
        """Sends a request.

        Raises:
          _Lost: where the process has died since, or does not read it within the deadline.
        """
        values = {name: getattr(document, name) for name in ("kind", "folder", "name", "url")}
        head = json.dumps(values | {"first": first}).encode()
        deadline = _Deadline(deadline_s)
        try:
            for frame in (head, document.body):
                self._send(LENGTH.pack(len(frame)) + frame, deadline)
        except BrokenPipeError as error:
            raise _Lost(RenderFault.CRASHED, self._end_of()) from error

    def reply(self, deadline_s: float) -> tuple[dict[str, Any], bytes]:
        """The next reply.

        Raises:
          _Lost: where there is none within the deadline and the memory.
        """
        deadline = _Deadline(deadline_s)
        head = json.loads(self._frame(deadline))
        return head, self._frame(deadline)

    def _frame(self, deadline: "_Deadline") -> bytes:
        self._fill(LENGTH.size, deadline)
        (length,) = LENGTH.unpack_from(self._buffer)
        self._fill(LENGTH.size + length, deadline)
        frame = bytes(self._buffer[LENGTH.size : LENGTH.size + length])
        del self._buffer[: LENGTH.size + length]
        return frame

    def _send(self, data: bytes, deadline: "_Deadline") -> None:
        """Writes `data`, as the process reads it, and looks at the time meanwhile."""
        assert self._process.stdin is not None
        pipe, left = self._process.stdin.fileno(), memoryview(data)
        while left:
            if select.select([], [pipe], [], _LOOK_S)[1]:
                left = left[os.write(pipe, left) :]
            else:
                deadline.check(self._seconds())

    def _fill(self, size: int, deadline: "_Deadline") -> None:
        """Reads until the buffer has `size` bytes, and looks at time and memory meanwhile."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        while len(self._buffer) < size:
            if select.select([pipe], [], [], _LOOK_S)[0]:
                read = os.read(pipe, 1 << 20)
                if not read:
                    raise _Lost(RenderFault.CRASHED, self._end_of())
                self._buffer += read
                continue
            deadline.check(self._seconds())
            if (taken := self._memory()) > self._most_bytes:
                words = f"{taken:,} bytes, more than {self._most_bytes:,}"
                raise _Lost(RenderFault.OUT_OF_MEMORY, words)

    def _memory(self) -> int:
        """Bytes that the process and those below it have for themselves."""
        return sum(map(private_bytes, self._all()))

    def _seconds(self) -> float:
        """Processor time that the process and those below it have taken."""
        return sum(map(processor_seconds, self._all()))

    def _all(self) -> list[int]:
        return [self._process.pid, *below(self._process.pid)]

    def _end_of(self) -> str:
        """How the process ended, in words."""
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return f"closed its pipe and is there after {_END_S:g} s"
        ended = f"signal {-status}" if status < 0 else f"exit code {status}"
        last = self.last_words()
        return f"{ended}: {last}" if last else ended

    def last_words(self) -> str:
        """The last error that the process told on standard error, or else its last line."""
        start = max(0, os.fstat(self._said).st_size - _MOST_SAID)
        said = os.pread(self._said, _MOST_SAID, start).decode("utf-8", "replace")
        lines = _ERROR.findall(said) or [line for line in said.splitlines() if line.strip()]
        return lines[-1].strip()[:300] if lines else ""

    def kill(self) -> None:
        """Ends the process and all that it started: a browser is in a session of its own."""
        kill_all(self._process.pid)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        os.close(self._said)
