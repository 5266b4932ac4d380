"""The decoder in a process of its own: what it reads is hostile, what runs beside it is not.

Frames over its pipes, big-endian: a request is `length, body`; a reply is `length, JSON, length,
picture`, the JSON either the measures or `{"fault": …, "detail": …}`.
"""

import dataclasses
import json
import os
import select
import struct
import subprocess
import sys
import time
import weakref
from typing import IO

from pipelines.decoding import DecodeError, DecodeFault, Decoding, prepare
from schemas.rows import Measures

_LENGTH = struct.Struct(">I")


class Decoder:
    """Decodes one picture after another in a child process, and starts another when it dies.

    Args:
      settings: how pictures are stored.
      timeout_s: seconds after which a picture is given up and its process killed.
    """

    def __init__(self, settings: Decoding, timeout_s: float = 30.0) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, body: bytes) -> tuple[bytes, Measures]:
        """As `pipelines.decoding.prepare`, whatever becomes of the process that does it.

        Raises:
          DecodeError: also with `decoder-crashed` and `decoder-timed-out`.
        """
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + self._timeout_s
        try:
            _write_all(process.stdin, _LENGTH.pack(len(body)) + body)
            reply = json.loads(_read_frame(process.stdout, deadline))
            picture = _read_frame(process.stdout, deadline)
        except TimeoutError as error:
            self.close()
            words = f"no answer in {self._timeout_s} s"
            raise DecodeError(DecodeFault.TIMED_OUT, words) from error
        except (BrokenPipeError, EOFError) as error:
            status = process.wait()
            self.close()
            raise DecodeError(DecodeFault.CRASHED, f"exit status {status}") from error
        if "fault" in reply:
            raise DecodeError(DecodeFault(reply["fault"]), reply["detail"])
        return picture, Measures(**reply)

    def close(self) -> None:
        """Ends the process; another begins with the next picture."""
        if self._process is not None:
            self._end()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            settings = json.dumps(dataclasses.asdict(self._settings))
            command = [sys.executable, "-m", "pipelines.decoder", settings]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
            # Not every runner tears down what it set up.
            self._end = weakref.finalize(self, _kill, self._process)
        return self._process


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def _read_frame(pipe: IO[bytes], deadline: float) -> bytes:
    (length,) = _LENGTH.unpack(_read_exactly(pipe, _LENGTH.size, deadline))
    return _read_exactly(pipe, length, deadline)


def _read_exactly(pipe: IO[bytes], size: int, deadline: float) -> bytes:
    chunks = []
    while size:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe.fileno()], [], [], left)[0]:
            raise TimeoutError
        chunk = os.read(pipe.fileno(), min(size, 1 << 20))
        if not chunk:
            raise EOFError
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def main() -> None:
    """Serves requests from standard input until it ends."""
    settings = Decoding(**json.loads(sys.argv[1]))
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a decoder that prints must not speak into the frames
    requests = sys.stdin.buffer
    while head := requests.read(_LENGTH.size):
        body = requests.read(_LENGTH.unpack(head)[0])
        try:
            picture, measures = prepare(body, settings)
            reply = json.dumps(dataclasses.asdict(measures)).encode()
        except DecodeError as error:
            picture = b""
            reply = json.dumps({"fault": error.fault, "detail": error.detail}).encode()
        replies.write(_LENGTH.pack(len(reply)) + reply + _LENGTH.pack(len(picture)) + picture)
        replies.flush()


if __name__ == "__main__":
    main()
