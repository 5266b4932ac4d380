"""Has a vision model behind an endpoint write queries that a page answers."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Literal, Self

from PIL import Image

from model.endpoint import Endpoint, EndpointClient, NoAnswerError, guessed_tokens
from model.pictures import PictureError, decode_picture
from schemas.languages import LANGUAGES

PROMPT = (
    "This is a page of a document. Write up to {number} different queries in {language} that "
    "somebody might search with who looks for what stands on this page: its text, figures, tables "
    "and charts. Each is short, and makes sense to a reader who does not see the page. Answer with "
    'JSON alone: {"queries": ["first query", "second query"]}. Where the page answers nothing, the '
    "list is empty."
)
_SHORT = 12  # digits of a revision
_SIDE = 28  # pixels of a picture's side for a token, guessed: Qwen2-VL's
_BLANK_SIDE = 56
_PILLOW = {"jpeg": "JPEG", "webp": "WEBP"}
_BEGINS = {"jpeg": (b"\xff\xd8", 0), "webp": (b"WEBP", 8)}  # what, at which byte


class AnswerFault(StrEnum):
    """Why a page has no whole answer."""

    REFUSED = "refused"  # the endpoint finds fault with the request, or withholds its answer
    UNFINISHED = "unfinished"  # cut at its longest length
    NO_ANSWER = "no-answer"  # at each try, while the endpoint answers other requests
    BROKEN_PICTURE = "broken-picture"  # the stored page cannot be decoded


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a page.

    Attributes:
      text: the answer, as it came; "" where there is none.
      read: tokens.
      written: likewise.
      fault: why it is not the whole answer.
    """

    text: str
    read: int
    written: int
    fault: AnswerFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryWriterSpec:
    """Which model is asked for queries, and how.

    Attributes:
      model: what the endpoint calls it.
      endpoint: …
      revision: what tells its weights from others, as you please.
      prompt: what it is asked with; `{language}` stands for the English name of the page's
        language, `{number}` for `max_queries`.
      max_queries: of a page.
      max_tokens: of an answer.
      image_size: pixels of the longer side of the picture that it is shown; a smaller page is shown
        as it is.
      image_format: of this picture.
      quality: of this picture, in [1, 100].
      json_schema: whether the answer's schema is sent along (`response_format`), which some
        endpoints do not take.
    """

    model: str
    endpoint: Endpoint
    revision: str = ""
    prompt: str = PROMPT
    max_queries: int = 3
    max_tokens: int = 300
    image_size: int = 1024
    image_format: Literal["jpeg", "webp"] = "jpeg"
    quality: int = 85
    json_schema: bool = True

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        if not self.model:
            raise ValueError("model must be what the endpoint calls it, got ''")
        if "{language}" not in self.prompt:
            raise ValueError(f"prompt must have {{language}}, got {self.prompt!r}")
        for name, least, most in (
            ("max_queries", 1, 20),
            ("max_tokens", 1, 100_000),
            ("image_size", 28, 8192),
            ("quality", 1, 100),
        ):
            if not least <= getattr(self, name) <= most:
                value = getattr(self, name)
                raise ValueError(f"{name} must be in [{least}, {most}], got {value}")

    @property
    def digest(self) -> str:
        """What changes when answers may, 40 hex digits: where the endpoint is does not matter."""
        told = [
            self.model,
            self.revision,
            self.prompt,
            self.max_queries,
            self.max_tokens,
            self.image_size,
            self.image_format,
            self.quality,
            self.json_schema,
        ]
        return blake2b(repr(told).encode(), digest_size=20).hexdigest()

    @property
    def label(self) -> str:
        """What its queries call it: its name, and its digest, short."""
        return f"{self.model}@{self.digest[:_SHORT]}"

    def prompt_in(self, language: str) -> str:
        """What it is asked with, of a page in a language, an ISO 639-1 code."""
        number = str(self.max_queries)
        return self.prompt.replace("{language}", LANGUAGES[language].name).replace(
            "{number}", number
        )

    def guessed_tokens(self, width: int, height: int) -> int:
        """About how many tokens a page of so many pixels takes, read and written."""
        scale = min(1.0, self.image_size / max(width, height, 1))
        across, down = (-(-round(side * scale) // _SIDE) for side in (width, height))
        return across * down + guessed_tokens(self.prompt) + self.max_tokens // 2


class QueryWriter:
    """Asks for queries; any number of threads may. Connections are kept open within its `with`.

    Raises:
      ValueError: the variable with the key is not set.
    """

    def __init__(self, spec: QueryWriterSpec) -> None:
        self._spec = spec
        self._client = EndpointClient(spec.endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, page: bytes, language: str) -> Answer:
        """What the model answers about a page.

        Args:
          page: its stored picture.
          language: of the page and of the queries, an ISO 639-1 code.

        Raises:
          ConnectionError: the endpoint does not answer, or will answer nobody.
        """
        try:
            url = data_url(page, self._spec)
        except PictureError:
            return Answer("", 0, 0, AnswerFault.BROKEN_PICTURE)
        asked, probe = self._request(url, language), self._blank_request()
        try:
            answer = self._client.ask(asked, probe)
        except NoAnswerError:
            self._client.complete(probe)  # where this fails, too, it is not the page's fault
            try:
                answer = self._client.ask(asked, probe)  # an outage may have just ended
            except NoAnswerError:
                return Answer("", 0, 0, AnswerFault.NO_ANSWER)
        if answer is None:
            return Answer("", 0, 0, AnswerFault.REFUSED)
        guess = guessed_tokens(self._spec.prompt)
        read = guess if answer.read is None else answer.read
        written = guessed_tokens(answer.text) if answer.written is None else answer.written
        if answer.is_withheld:
            return Answer("", read, written, AnswerFault.REFUSED)
        fault = AnswerFault.UNFINISHED if answer.is_cut else None
        return Answer(answer.text, read, written, fault)

    def try_out(self) -> Answer:
        """What it answers about a blank picture; raises as `ask` does."""
        return self.ask(_blank(self._spec), "en")

    def _blank_request(self) -> dict[str, Any]:
        """A request that only who refuses all finds fault with."""
        return self._request(data_url(_blank(self._spec), self._spec), "en")

    def _request(self, url: str, language: str) -> dict[str, Any]:
        spec = self._spec
        content = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": spec.prompt_in(language)},
        ]
        asked: dict[str, Any] = {
            "model": spec.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            "seed": 0,
            "max_tokens": spec.max_tokens,
        }
        if spec.json_schema:
            schema = {"name": "queries", "strict": True, "schema": _schema(spec.max_queries)}
            asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        return asked


def _schema(most: int) -> Mapping[str, Any]:
    """Of an answer; its prompt says so, too."""
    queries = {"type": "array", "items": {"type": "string"}, "maxItems": most}
    return {
        "type": "object",
        "properties": {"queries": queries},
        "required": ["queries"],
        "additionalProperties": False,
    }


def data_url(page: bytes, spec: QueryWriterSpec) -> str:
    """A stored picture as a model is shown it: its bytes as they are where it may be shown so.

    Raises:
      PictureError: it cannot be decoded.
    """
    image = decode_picture(page)
    if max(image.size) > spec.image_size or not page.startswith(*_BEGINS[spec.image_format]):
        image.thumbnail((spec.image_size, spec.image_size))
        body = io.BytesIO()
        image.save(body, _PILLOW[spec.image_format], quality=spec.quality)
        page = body.getvalue()
    return f"data:image/{spec.image_format};base64,{base64.b64encode(page).decode()}"


def _blank(spec: QueryWriterSpec) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (_BLANK_SIDE, _BLANK_SIDE), "white").save(body, _PILLOW[spec.image_format])
    return body.getvalue()
