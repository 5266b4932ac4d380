"""Translators behind an HTTP endpoint that speaks as OpenAI's does: a vLLM of the user's, say."""

import http.client
import json
import math
import os
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from model.batched_translator import batches_of
from model.translator import (
    Endpoint,
    Sizes,
    Translation,
    TranslationFault,
    TranslatorSpec,
    identify,
)
from schemas.languages import ALL, LANGUAGES

_CHARS_A_TOKEN = 3  # of prompts, guessed low: of models' own tokens we know nothing
_SLACK = 64  # tokens of an answer that its text need not account for
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0
_MOST_BODY = 4 << 20
_PROBE = "a dog"
_TOLD = 200  # characters of an answer that is no translation
_AGAIN = frozenset({408, 409, 425, 429})  # and from 500 on
_OF_TEXT = frozenset({400, 413, 422})  # what is wrong lies in the request
_WITHHELD = "content_filter"  # why an answer ends
_BROKEN_OFF = frozenset({"abort", "error"})  # likewise, of a server that stops, say


class EndpointSizer:
    """A `model.translator.Sizer`; see there. Tokens are guessed by characters."""

    def __init__(self, spec: TranslatorSpec) -> None:
        assert spec.endpoint is not None
        self.name = spec.model
        self._endpoint = spec.endpoint
        self._decoding = spec.decoding
        self._sources = spec.sources or ALL
        self._targets = spec.targets or ALL

    def translates(self, source: str, target: str) -> bool:
        """See `model.translator.Sizer`."""
        return source != target and source in self._sources and target in self._targets

    def sizes(self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]) -> Sizes:
        """See `model.translator.Sizer`."""
        for source, target in sorted(set(zip(sources, targets, strict=True))):
            if not self.translates(source, target):
                raise ValueError(f"{self.name} is not asked to translate from {source} to {target}")
        prompts = map(self._prompt, texts, sources, targets)
        tokens = [
            _tokens_of(prompt) if text.strip() else 0
            for text, prompt in zip(texts, prompts, strict=True)
        ]
        most = self._decoding.max_source_tokens
        tried = [number for number, length in enumerate(tokens) if 0 < length <= most]
        return Sizes(tokens, list(batches_of(tried, tokens, self._decoding.batch_tokens)))

    def _prompt(self, text: str, source: str, target: str) -> str:
        return (
            self._endpoint.prompt.replace("{source}", LANGUAGES[source].name)
            .replace("{target}", LANGUAGES[target].name)
            .replace("{text}", text)
        )


class EndpointTranslator(EndpointSizer):
    """A `model.translator.Translator`; see there.

    Each text is a request of its own, so many at once as the endpoint is said to take.

    Raises:
      ValueError: the variable with the key is not set.
    """

    def __init__(self, spec: TranslatorSpec) -> None:
        super().__init__(spec)
        self.revision = identify(spec).revision
        self._client = _Client(self._endpoint)
        self._has_answered = False

    def translate(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Translation]:
        """See `model.translator.Translator`.

        Raises:
          ConnectionError: the endpoint gives no answer, or will answer nobody.
        """
        tokens, batches = self.sizes(texts, sources, targets)
        most = self._decoding.max_source_tokens
        too_long = TranslationFault.SOURCE_TOO_LONG
        found = [Translation("", 0, 0, too_long if n > most else None) for n in tokens]
        tried = [number for batch in batches for number in batch]

        def ask(number: int) -> Translation:
            prompt = self._prompt(texts[number], sources[number], targets[number])
            longest = _SLACK + int(self._decoding.max_length_ratio * tokens[number])
            return self._ask(prompt, longest)

        try:
            with ThreadPoolExecutor(self._endpoint.concurrency) as pool:
                for number, translation in zip(tried, pool.map(ask, tried), strict=True):
                    found[number] = translation
        finally:
            self._client.close()
        return found

    def _ask(self, prompt: str, longest: int) -> Translation:
        asked = {
            "model": self.name,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "seed": 0,
            "max_tokens": longest,
        }
        answer = self._client.post("/chat/completions", asked)
        if answer is None:
            self._require_answers(asked)
            return Translation("", 0, 0, TranslationFault.REFUSED)
        self._has_answered = True
        try:
            choice, usage = answer["choices"][0], answer.get("usage") or {}
            text = str(choice["message"]["content"] or "").strip()
            end = choice.get("finish_reason")
            read, written = (
                _tokens_of(said) if (n := usage.get(name)) is None else int(n)
                for name, said in (("prompt_tokens", prompt), ("completion_tokens", text))
            )
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise ConnectionError(
                f"{self._endpoint.url} answers otherwise than OpenAI's chat completions: "
                f"{json.dumps(answer)[:_TOLD]}"
            ) from error
        if end in _BROKEN_OFF:
            raise ConnectionError(f"{self._endpoint.url} broke an answer off: {end}")
        if end == _WITHHELD:
            return Translation("", read, written, TranslationFault.REFUSED)
        is_cut = end == "length"
        return Translation(text, read, written, TranslationFault.UNFINISHED if is_cut else None)

    def _require_answers(self, refused: Mapping[str, Any]) -> None:
        """Raises ConnectionError where not this text is refused, but whatever is asked."""
        if self._has_answered:
            return
        source, target = self._sources[0], next(c for c in self._targets if c != self._sources[0])
        prompt = self._prompt(_PROBE, source, target)
        asked = {**refused, "messages": [{"role": "user", "content": prompt}]}
        if self._client.post("/chat/completions", asked | {"max_tokens": _SLACK}) is None:
            raise ConnectionError(
                f"{self._endpoint.url} refuses whatever it is asked: {self._client.refusal}"
            )
        self._has_answered = True


class _Client:
    """Posts JSON over connections that are kept open until `close`; tries again what may pass."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._url = urlsplit(endpoint.url)
        self._headers = {"Content-Type": "application/json"}
        if endpoint.key_variable:
            key = os.environ.get(endpoint.key_variable)
            if not key:
                raise ValueError(f"the environment has no {endpoint.key_variable}, set it to a key")
            self._headers["Authorization"] = f"Bearer {key}"
        self._idle: deque[http.client.HTTPConnection] = deque()
        self.refusal = ""  # what was said of the last request that was found fault with

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def post(self, path: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the endpoint answers, None where it finds fault with the request.

        Raises:
          ConnectionError: it cannot be reached, or answers nobody.
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
                if status in _OF_TEXT:
                    self.refusal = said
                    return None
                if status < 500 and status not in _AGAIN:
                    raise ConnectionError(f"{self._endpoint.url} says {said}")
                wait = _seconds(headers.get("Retry-After"), wait)
            if turn < self._endpoint.retries:
                time.sleep(wait)
        tries = self._endpoint.retries + 1
        raise ConnectionError(f"{self._endpoint.url} gave no answer in {tries} tries: {said}")

    def _read(self, content: bytes) -> dict[str, Any]:
        try:
            return dict(json.loads(content))
        except (ValueError, TypeError) as error:
            raise ConnectionError(f"{self._endpoint.url} answers no JSON: {error}") from error

    def _exchange(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connection = self._taken()
        try:
            connection.request("POST", f"{self._url.path.rstrip('/')}{path}", body, self._headers)
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
        """A connection that is open already, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(str(self._url.hostname), self._url.port, timeout=self._endpoint.timeout_s)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _tokens_of(text: str) -> int:
    """A guess, also of what an endpoint took that does not say: else no budget would end it."""
    return -(-len(text) // _CHARS_A_TOKEN)


def _seconds(header: str | None, usual: float) -> float:
    """How long to wait: as the endpoint asks, where that is a number of seconds."""
    try:
        asked = float(header or usual)
        return min(max(asked, 0.0), _LONGEST_WAIT_S) if math.isfinite(asked) else usual
    except ValueError:
        return usual
