"""An HTTP endpoint that speaks as OpenAI's does: a vLLM of the user's, say."""

import http.client
import json
import math
import os
import re
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

_CHARS_A_TOKEN = 3  # of prompts, guessed low: of models' own tokens we know nothing
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0
_MOST_BODY = 4 << 20
_TOLD = 200  # characters of an answer that is none
_AGAIN = frozenset({408, 409, 425, 429})  # and from 500 on
_OF_REQUEST = frozenset({400, 413, 422})  # what is wrong lies in the request
_WITHHELD = "content_filter"  # why an answer ends
_BROKEN_OFF = frozenset({"abort", "error"})  # likewise, of a server that stops, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An HTTP endpoint that speaks as OpenAI's chat completions do.

    Attributes:
      url: that `/chat/completions` is put behind, e.g. `http://127.0.0.1:8000/v1`.
      key_variable: name of the environment's variable with the key; "" for none.
      concurrency: requests in flight in one process.
      retries: further attempts on 429, 5xx and broken connections, backing off, obeying
        Retry-After.
      timeout_s: seconds for an answer, from its request to its last byte.
    """

    url: str
    key_variable: str = ""
    concurrency: int = 16
    retries: int = 5
    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        if not re.match(r"https?://[^/\s]+", self.url):
            raise ValueError(f"url must be http:// or https://, got {self.url!r}")
        try:
            there = urlsplit(self.url)
            usable = bool(there.hostname) and there.port != 0 and "@" not in there.netloc
            usable = usable and not there.query
        except ValueError:  # the port is none
            usable = False
        if not usable:
            raise ValueError(f"url must be a host with a port and a path alone, got {self.url!r}")
        for name, least in (("concurrency", 1), ("retries", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if not 0 < self.timeout_s < float("inf"):
            raise ValueError(f"timeout_s must be over 0, got {self.timeout_s}")


def key_of(endpoint: Endpoint) -> str:
    """The key that the environment has, without white space at its ends.

    Raises:
      ValueError: there is none, or it cannot be sent; the key is not told.
    """
    key = os.environ.get(endpoint.key_variable, "").strip()
    if not key:
        raise ValueError(f"the environment has no {endpoint.key_variable}, set it to a key")
    if not (key.isascii() and key.isprintable()):
        raise ValueError(
            f"the environment's {endpoint.key_variable} must be printable ASCII, which a key is"
        )
    return key


class NoAnswerError(ConnectionError):
    """The endpoint did not answer a request, however often it was asked."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answers.

    Attributes:
      text: without white space at its ends.
      read: tokens, None where the endpoint does not say.
      written: likewise.
      is_cut: whether it came to its longest length.
      is_withheld: whether the endpoint keeps it, or the rest of it, back.
    """

    text: str
    read: int | None
    written: int | None
    is_cut: bool
    is_withheld: bool


class EndpointClient:
    """Posts JSON over connections that are kept open until `close`; tries again what may pass.

    Attributes:
      refusal: what was said of the last request that was found fault with.

    Raises:
      ValueError: see `key_of`.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._url = urlsplit(endpoint.url)
        self._headers = {"Content-Type": "application/json"}
        if endpoint.key_variable:
            self._headers["Authorization"] = f"Bearer {key_of(endpoint)}"
        self._idle: deque[http.client.HTTPConnection] = deque()
        self.refusal = ""
        self._has_answered = False

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def ask(self, asked: Mapping[str, Any], probe: Mapping[str, Any]) -> Completion | None:
        """What a model of it says, None where it finds fault with this request.

        Args:
          asked: of OpenAI's chat completions.
          probe: a request with which nobody finds fault; sent where nothing was answered yet.

        Raises:
          NoAnswerError: it cannot be reached, or fails at each try.
          ConnectionError: it will answer nobody, answers otherwise, broke off, or refuses the
            probe, too.
        """
        answer = self.complete(asked)
        if answer is None and not self._has_answered and self.complete(probe) is None:
            raise ConnectionError(
                f"{self._endpoint.url} refuses whatever it is asked: {self.refusal}"
            )
        self._has_answered = True
        return answer

    def complete(self, asked: Mapping[str, Any]) -> Completion | None:
        """What a model of it says, None where it finds fault with the request.

        Args:
          asked: of OpenAI's chat completions.

        Raises:
          NoAnswerError: it cannot be reached, or fails at each try.
          ConnectionError: it will answer nobody, answers otherwise, or broke off.
        """
        answer = self.post("/chat/completions", asked)
        if answer is None:
            return None
        try:
            choice, usage = answer["choices"][0], answer.get("usage") or {}
            text = str(choice["message"]["content"] or "").strip()
            end = choice.get("finish_reason")
            read, written = (
                None if (n := usage.get(name)) is None else int(n)
                for name in ("prompt_tokens", "completion_tokens")
            )
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise ConnectionError(
                f"{self._endpoint.url} answers otherwise than OpenAI's chat completions: "
                f"{json.dumps(answer)[:_TOLD]}"
            ) from error
        if end in _BROKEN_OFF:
            raise ConnectionError(f"{self._endpoint.url} broke an answer off: {end}")
        return Completion(text, read, written, end == "length", end == _WITHHELD)

    def post(self, path: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the endpoint answers, None where it finds fault with the request.

        Raises:
          NoAnswerError: it cannot be reached, or fails at each try.
          ConnectionError: it will answer nobody.
        """
        body, said = json.dumps(asked).encode(), ""
        for turn in range(self._endpoint.retries + 1):
            wait = min(_FIRST_WAIT_S * 2**turn, _LONGEST_WAIT_S)
            try:
                status, headers, content = self._exchange(path, body)
            except (OSError, http.client.HTTPException) as error:
                said = str(error) or type(error).__name__
            else:
                if status == 200:
                    return self._read(content)
                said = f"status {status}: {content[:_TOLD].decode(errors='replace')}"
                if status in _OF_REQUEST:
                    self.refusal = said
                    return None
                if status < 500 and status not in _AGAIN:
                    raise ConnectionError(f"{self._endpoint.url} says {said}")
                wait = _seconds(headers.get("Retry-After"), wait)
            if turn < self._endpoint.retries:
                time.sleep(wait)
        tries = self._endpoint.retries + 1
        raise NoAnswerError(f"{self._endpoint.url} gave no answer in {tries} tries: {said}")

    def _read(self, content: bytes) -> dict[str, Any]:
        try:
            return dict(json.loads(content))
        except (ValueError, TypeError) as error:
            raise ConnectionError(f"{self._endpoint.url} answers no JSON: {error}") from error

    def _exchange(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connection = self._taken()
        try:
            with _ended_after(self._endpoint.timeout_s, connection.sock):
                connection.request(
                    "POST", f"{self._url.path.rstrip('/')}{path}", body, self._headers
                )
                response = connection.getresponse()
                content = response.read(_MOST_BODY)
            if response.length:  # cut, or longer than any translation
                raise http.client.IncompleteRead(content, response.length)
        except BaseException:
            connection.close()
            raise
        if response.will_close or not response.isclosed():
            connection.close()
        else:
            self._idle.append(connection)
        return response.status, dict(response.headers), content

    def _taken(self) -> http.client.HTTPConnection:
        """A connection that is open still, or a new one."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect()
            if not _is_ended(connection.sock):
                return connection
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(str(self._url.hostname), self._url.port, timeout=self._endpoint.timeout_s)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _is_ended(idle: socket.socket) -> bool:
    """Whether the other side closed a connection, or says what nobody asked."""
    waiting = select.poll()
    waiting.register(idle, select.POLLIN)
    return bool(waiting.poll(0))


@contextmanager
def _ended_after(seconds: float, answering: socket.socket) -> Iterator[None]:
    """Ends a connection after so long, however slowly it still answers.

    A socket's own timeout begins anew with each byte.

    Raises:
      TimeoutError: it was ended.
    """
    is_late = Event()

    def end() -> None:
        is_late.set()
        with suppress(OSError):  # it ended by itself
            answering.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if is_late.is_set():
            raise TimeoutError(f"no whole answer in {seconds:g} s") from error
        raise
    finally:
        timer.cancel()
    if is_late.is_set():
        raise TimeoutError(f"no whole answer in {seconds:g} s")


def guessed_tokens(text: str) -> int:
    """A guess, also of what an endpoint took that does not say: else no budget would end it.

    >>> guessed_tokens("a red kite")
    4
    """
    return -(-len(text) // _CHARS_A_TOKEN)


def _seconds(header: str | None, usual: float) -> float:
    """How long to wait: as the endpoint asks, where that is a number of seconds."""
    try:
        asked = float(header or usual)
        return min(max(asked, 0.0), _LONGEST_WAIT_S) if math.isfinite(asked) else usual
    except ValueError:
        return usual
