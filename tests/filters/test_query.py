import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.language import Guess
from filters.query import AskedPage, QueryFault, QueryRules, query_faults, read_queries

PROMPT = "Write up to 3 different queries in Russian that somebody might search with"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"queries": ["a b", "c"]}', ["a b", "c"]),
        ('```json\n{"queries": ["a b"]}\n```', ["a b"]),
        ('Sure! ["a b", "c"] Anything else?', ["a b", "c"]),
        ('{"queries": [{"query": "a b"}]}', ["a b"]),
        ('{"queries": []}', []),
        ('As [1] says {so}, and ["x", 2]: {"queries": ["a b"]}', ["a b"]),
        ("", None),
        ("a b", None),
        ('{"queries": ["a b", ', None),
        ('{"queries": "a b"}', None),
        ('{"queries": [1, null]}', None),
        ('{"queries": [{"text": "a b"}]}', None),
        ('{"answer": ["a b"]}', None),
        ("[" * 100_000, None),
    ],
)
def test_answers_are_read_with_what_stands_around_them(
    answer: str, expected: list[str] | None
) -> None:
    assert read_queries(answer) == expected


@given(st.text())
def test_any_answer_is_read(answer: str) -> None:
    read = read_queries(answer)
    assert read is None or all(isinstance(text, str) for text in read)


def faults(texts: list[str], language: str, **changes: Any) -> list[QueryFault | None]:
    """Of queries that nobody's language model knows anything about but what is given."""
    said = changes.pop("said", language)
    captions, most = changes.pop("captions", []), changes.pop("wanted", 3)
    guesses = [Guess(((said, 0.99),), 30, 1.0)] * len(texts)
    page = AskedPage(language, captions, PROMPT, most)
    return query_faults(texts, guesses, page, QueryRules(**changes))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "how many pairs of red kites nest in the valley"),
        ("ru", "сколько пар коршунов в долине"),
        ("zh", "红鸢在山谷里筑巢"),
        ("ja", "トビの巣 2024"),
        ("ar", "كم عدد أزواج الحدأة"),
        ("th", "เหยี่ยวแดงทำรังที่ไหน"),
        ("ka", "რამდენი ძერაა ხეობაში"),
        ("de", "iPhone 15"),
    ],
)
def test_queries_stay(language: str, text: str) -> None:
    assert faults([text], language) == [None]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", QueryFault.EMPTY),
        ("?! 12", QueryFault.EMPTY),
        ("коршун " * 60, QueryFault.LONG),
        ("queries in Russian that somebody", QueryFault.PROMPT),
        ("where do red kites nest", QueryFault.SCRIPT),
        ("\ud800", QueryFault.UNFIT),
        ("a\0b", QueryFault.UNFIT),
    ],
)
def test_what_is_no_query_has_a_reason(text: str, fault: QueryFault) -> None:
    assert faults([text], "ru") == [fault]


def test_another_language_is_told_of_long_queries_alone() -> None:
    text = "скільки пар коршаків гніздиться в долині"
    assert faults([text], "ru", said="uk") == [QueryFault.LANGUAGE]
    assert faults([text], "ru", said="uk", language_odds=math.inf) == [None]
    assert faults([text[:12]], "ru", said="uk") == [None]


def test_the_same_twice_is_one_query() -> None:
    texts = ["where do kites nest?", "Where do KITES nest", "red kites", "kites in the valley"]
    assert faults(texts, "en", captions=["Red Kites!"]) == [
        None,
        QueryFault.DUPLICATE,
        QueryFault.DUPLICATE,
        None,
    ]


def test_more_than_were_asked_for_are_too_many() -> None:
    texts = ["red kites", "—", "nests", "valleys"]
    assert faults(texts, "en", wanted=2) == [None, QueryFault.EMPTY, None, QueryFault.SURPLUS]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_chars", 0),
        ("min_script_share", 2),
        ("language_odds", 0.5),
        ("min_language_letters", -1),
    ],
)
def test_bounds_are_checked(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be .*got {value}"):
        QueryRules(**{name: value})
