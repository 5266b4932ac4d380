from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from model.translator import (
    Decoding,
    Translation,
    TranslationEndpoint,
    TranslationFault,
    Translator,
    TranslatorSpec,
    identify,
    load_sizer,
    load_translator,
)
from tests.model.endpoint import EndpointServer, answer

TEXTS = ["a red kite", "zwei Hunde", "", "a b c"]
SOURCES = ["en", "de", "en", "en"]
TARGETS = ["de", "ka", "fr", "ja"]
ENDPOINT = {field.name for field in fields(TranslationEndpoint)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointServer]:
    monkeypatch.setattr("model.endpoint._FIRST_WAIT_S", 0.01)
    found = EndpointServer()
    yield found
    found.close()


def spec_of(server: EndpointServer, **changes: Any) -> TranslatorSpec:
    endpoint = {name: changes.pop(name) for name in [*changes] if name in ENDPOINT}
    return TranslatorSpec(
        model="big",
        engine="openai",
        endpoint=TranslationEndpoint(url=server.url, **endpoint),
        **changes,
    )


def translator(server: EndpointServer, **changes: Any) -> Translator:
    return load_translator(spec_of(server, **changes))


def test_each_text_is_asked_for_in_its_languages(server: EndpointServer) -> None:
    found = translator(server).translate(TEXTS, SOURCES, TARGETS)
    expected = [Translation(text[::-1], 7, 3) if text else Translation("", 0, 0) for text in TEXTS]
    assert found == expected
    assert len(server.asked) == 3
    prompts = {body["messages"][0]["content"] for body in server.asked}
    assert (
        "Translate this image caption from German into Georgian. Answer with the translation "
        "alone.\n\nzwei Hunde"
    ) in prompts
    assert {(of["model"], of["temperature"], of["path"]) for of in server.asked} == {
        ("big", 0, "/v1/chat/completions")
    }
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}])
def test_tokens_are_guessed_where_they_are_not_told(server: EndpointServer, usage: Any) -> None:
    server.replies = {0: (200, {}, answer("ein roter Drachen") | {"usage": usage})}
    subject = translator(server, prompt="{source}>{target}:\n{text}")
    (found,) = subject.translate(["a red kite"], ["en"], ["de"])
    assert found == Translation("ein roter Drachen", 9, 6)


def test_a_text_says_nothing_but_itself(server: EndpointServer) -> None:
    subject = translator(server, prompt="{source}>{target}:\n{text}")
    (found,) = subject.translate(["{target} {source}"], ["en"], ["de"])
    assert found.text == "{target} {source}"[::-1]
    assert server.asked[0]["messages"][0]["content"].startswith("English>German:")


def test_the_key_comes_from_the_environment(
    server: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="the environment has no THE_KEY"):
        translator(server, key_variable="THE_KEY")
    monkeypatch.setenv("THE_KEY", "abc\r\n")  # as files have it
    translator(server, key_variable="THE_KEY").translate(["a"], ["en"], ["de"])
    assert server.headers[0]["Authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    "reply",
    [
        (429, {"Retry-After": "0"}, b"slow down"),
        (503, {"Retry-After": "nonsense"}, b""),
        (500, {}, b"oops"),
        (200, {"Content-Length": "999", "Connection": "close"}, b"{}"),
    ],
)
def test_what_may_pass_is_asked_again(server: EndpointServer, reply: Any) -> None:
    server.replies = {0: reply, 1: reply}
    found = translator(server, concurrency=1, timeout_s=1.0).translate(TEXTS, SOURCES, TARGETS)
    assert [of.text for of in found] == [text[::-1] for text in TEXTS]
    assert len(server.asked) == 5


def test_it_gives_up_after_so_many_tries(server: EndpointServer) -> None:
    server.replies = {number: (500, {}, b"no room") for number in range(9)}
    subject = translator(server, retries=2)
    with pytest.raises(ConnectionError, match=r"gave no answer in 3 tries: status 500: no room"):
        subject.translate(["a"], ["en"], ["de"])
    assert len(server.asked) == 3
    server.close()
    subject = translator(server, retries=1)
    with pytest.raises(ConnectionError, match=r"gave no answer in 2 tries: .*refused"):
        subject.translate(["a"], ["en"], ["de"])


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, {}, b"who are you"), "says status 401: who are you"),
        ((404, {}, b"no such model"), "says status 404: no such model"),
        ((200, {}, {"choices": []}), "otherwise than OpenAI's"),
        ((200, {}, b"<html>"), "answers no JSON"),
        ((200, {}, answer("half an", "abort")), "broke an answer off: abort"),
    ],
)
def test_what_does_not_pass_stops(server: EndpointServer, reply: Any, said: str) -> None:
    server.replies = {0: reply}
    with pytest.raises(ConnectionError, match=said):
        translator(server).translate(["a"], ["en"], ["de"])
    assert len(server.asked) == 1


def test_a_text_fails_alone(server: EndpointServer) -> None:
    server.replies = {0: (400, {}, b"too long"), 2: (200, {}, answer("halb", "length"))}
    subject = translator(server, concurrency=1, decoding=Decoding(max_source_tokens=60))
    texts = ["a", "b", "c", "d" * 200]
    found = subject.translate(texts, ["en"] * 4, ["de"] * 4)
    assert found[0].fault is TranslationFault.REFUSED
    assert found[1] == Translation("halb", 7, 3, TranslationFault.UNFINISHED)
    assert (found[2].text, found[2].fault) == ("c", None)
    assert found[3] == Translation("", 0, 0, TranslationFault.SOURCE_TOO_LONG)


def test_what_the_endpoint_withholds_is_refused(server: EndpointServer) -> None:
    server.replies = {0: (200, {}, answer("", "content_filter"))}
    (found,) = translator(server).translate(["a"], ["en"], ["de"])
    assert found == Translation("", 7, 3, TranslationFault.REFUSED)


def test_an_endpoint_that_refuses_everything_stops(server: EndpointServer) -> None:
    server.replies = {number: (400, {}, b"no max_tokens here") for number in range(99)}
    subject = translator(server, concurrency=1)
    with pytest.raises(ConnectionError, match="refuses whatever it is asked: status 400: no max_t"):
        subject.translate(["a", "b", "c"], ["en"] * 3, ["de"] * 3)
    server.replies = {}
    assert subject.translate(["a"], ["en"], ["de"])[0].text == "a"


def test_connections_are_kept(server: EndpointServer) -> None:
    subject = translator(server, concurrency=2)
    subject.translate(["a", "b", "c", "d", "e", "f"], ["en"] * 6, ["de"] * 6)
    assert len(server.asked) == 6
    assert server.connections <= 2


def test_what_tells_translations_apart_is_known_before(server: EndpointServer) -> None:
    spec = spec_of(server, revision="2026-01")
    identity = identify(spec)
    assert identity.name == "big"
    assert load_translator(spec).revision == identity.revision
    others = [
        spec_of(server, revision="2026-02"),
        spec_of(server, revision="2026-01", prompt="{text} {target}"),
    ]
    assert identity.revision not in {identify(other).revision for other in others}
    sizer = load_sizer(spec_of(server, sources=("en",)))
    assert sizer.translates("en", "de")
    assert not sizer.translates("de", "en")
    sizes = sizer.sizes(["a", " ", "b c"], ["en"] * 3, ["de"] * 3)
    assert sizes.tokens[1] == 0
    assert sizes.batches == [[0, 2]]
    assert not server.asked


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "ftp://x"}, "url must be http:// or https://"),
        ({"url": "http://x:port/v1"}, "url must be a host with a port and a path alone"),
        ({"url": "http://x:99999/v1"}, "url must be a host with a port and a path alone"),
        ({"url": "http://me:key@x/v1"}, "url must be a host with a port and a path alone"),
        ({"url": "http://x/v1?version=3"}, "url must be a host with a port and a path alone"),
        ({"prompt": "translate"}, "prompt must have"),
        ({"concurrency": 0}, "concurrency must be at least 1, got 0"),
        ({"retries": -1}, "retries must be at least 0, got -1"),
        ({"timeout_s": 0.0}, r"timeout_s must be over 0, got 0\.0"),
    ],
)
def test_an_impossible_endpoint_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TranslationEndpoint(**({"url": "http://x/v1"} | settings))


def test_engine_and_endpoint_go_together() -> None:
    with pytest.raises(ValueError, match="the engine openai needs an endpoint"):
        TranslatorSpec(model="big", engine="openai")
