import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from model.endpoint import Endpoint
from model.query_writer import Answer, AnswerFault, QueryWriter, QueryWriterSpec, data_url
from tests.model.endpoint import EndpointServer, answer

QUERIES = '{"queries": ["red kites"]}'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointServer]:
    monkeypatch.setattr("model.endpoint._FIRST_WAIT_S", 0.01)
    found = EndpointServer(lambda _: QUERIES)
    yield found
    found.close()


def spec_of(server: EndpointServer, **changes: Any) -> QueryWriterSpec:
    values = {"model": "seer", "endpoint": Endpoint(url=server.url, retries=1)}
    return QueryWriterSpec(**(values | changes))


def asked_once(server: EndpointServer, language: str, **changes: Any) -> Answer:
    with QueryWriter(spec_of(server, **changes)) as writer:
        return writer.ask(picture(), language)


def picture(size: tuple[int, int] = (400, 600), image_format: str = "JPEG") -> bytes:
    body = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(body, image_format)
    return body.getvalue()


def shown(url: str) -> tuple[bytes, Image.Image]:
    body = base64.b64decode(url.partition("base64,")[2])
    return body, Image.open(io.BytesIO(body))


def test_a_page_is_asked_about_in_its_language(server: EndpointServer) -> None:
    found = asked_once(server, "ka")
    assert found == Answer(QUERIES, 7, 3)
    (asked,) = server.asked
    image, text = asked["messages"][0]["content"]
    assert "queries in Georgian" in text["text"]
    assert "up to 3 " in text["text"]
    assert shown(image["image_url"]["url"])[0] == picture()
    assert (asked["model"], asked["temperature"], asked["path"]) == (
        "seer",
        0,
        "/v1/chat/completions",
    )
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["queries"]["maxItems"] == 3
    asked_once(server, "ka", json_schema=False)
    assert "response_format" not in server.asked[1]


@pytest.mark.parametrize(
    ("size", "stored", "image_format", "expected"),
    [
        ((400, 600), "JPEG", "jpeg", (400, 600)),
        ((1000, 2000), "JPEG", "jpeg", (400, 800)),
        ((400, 600), "PNG", "jpeg", (400, 600)),
        ((400, 600), "WEBP", "webp", (400, 600)),
        ((2000, 1000), "JPEG", "webp", (800, 400)),
    ],
)
def test_a_picture_is_shown_at_its_size(
    server: EndpointServer,
    size: tuple[int, int],
    stored: str,
    image_format: str,
    expected: tuple[int, int],
) -> None:
    page = picture(size, stored)
    url = data_url(page, spec_of(server, image_size=800, image_format=image_format))
    assert url.startswith(f"data:image/{image_format};base64,")
    body, image = shown(url)
    assert (image.format or "").lower() == image_format
    assert image.size == expected
    assert (body == page) == (size == expected and stored.lower() == image_format)


def test_a_page_fails_alone(server: EndpointServer) -> None:
    server.replies = {
        0: (400, {}, b"too many pixels"),
        2: (200, {}, answer('{"queries": ["r', "length")),
        3: (200, {}, answer("", "content_filter")),
        4: (500, {}, b"crashed"),
        5: (500, {}, b"crashed"),
        7: (500, {}, b"crashed"),
        8: (500, {}, b"crashed"),
    }
    with QueryWriter(spec_of(server)) as writer:
        assert writer.ask(picture(), "en").fault is AnswerFault.REFUSED
        assert len(server.asked) == 2  # it takes others
        assert writer.ask(picture(), "en").fault is AnswerFault.UNFINISHED
        assert writer.ask(picture(), "en").fault is AnswerFault.REFUSED
        assert writer.ask(picture(), "en").fault is AnswerFault.NO_ANSWER
        assert len(server.asked) == 9
        assert writer.ask(picture()[:-300], "en").fault is AnswerFault.BROKEN_PICTURE
        assert writer.ask(b"", "en").fault is AnswerFault.BROKEN_PICTURE
        assert len(server.asked) == 9
        assert writer.ask(picture(), "en").fault is None


def test_an_outage_that_ends_costs_no_page(server: EndpointServer) -> None:
    server.replies = {number: (503, {}, b"loading") for number in range(3)}
    with QueryWriter(spec_of(server)) as writer:
        assert writer.ask(picture(), "en").fault is None
    assert len(server.asked) == 5  # two tries, two of a blank page, one more


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((400, {}, b"no response_format"), "refuses whatever it is asked: status 400: no response"),
        ((500, {}, b"no room"), "gave no answer in 2 tries: status 500: no room"),
        ((401, {}, b"who are you"), "says status 401: who are you"),
    ],
)
def test_an_endpoint_that_answers_nobody_stops(
    server: EndpointServer, reply: Any, said: str
) -> None:
    server.replies = dict.fromkeys(range(99), reply)
    with pytest.raises(ConnectionError, match=said):
        asked_once(server, "en")


def test_what_tells_answers_apart_is_known_before(server: EndpointServer) -> None:
    spec = spec_of(server)
    elsewhere = spec_of(server, endpoint=Endpoint(url="http://elsewhere/v1"))
    assert spec.digest == elsewhere.digest
    assert spec.label == f"seer@{spec.digest[:12]}"
    changes: list[dict[str, Any]] = [
        {"model": "other"}, {"revision": "2"}, {"prompt": "{language}"}, {"max_queries": 2},
        {"max_tokens": 9}, {"image_size": 99}, {"image_format": "webp"}, {"quality": 9},
        {"json_schema": False},
    ]  # fmt: skip
    assert len({spec.digest, *(spec_of(server, **of).digest for of in changes)}) == 10
    assert not server.asked


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": ""}, "model must be what the endpoint calls it"),
        ({"prompt": "queries"}, "prompt must have {language}"),
        ({"max_queries": 0}, r"max_queries must be in \[1, 20\], got 0"),
        ({"image_size": 9}, r"image_size must be in \[28, 8192\], got 9"),
        ({"quality": 101}, r"quality must be in \[1, 100\], got 101"),
    ],
)
def test_an_impossible_writer_is_refused(
    server: EndpointServer, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        spec_of(server, **settings)
