import re
import sys
from types import FrameType
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.path_pattern import PathPattern, first_match


def matches(pattern: str, target: str) -> bool:
    return first_match([(PathPattern.of(pattern.encode()), True)], target) is True


@pytest.mark.parametrize(
    ("pattern", "fits", "others"),
    [
        # "URL matching based on path values", Google's page on robots.txt
        ("/", ["/", "/fish", "/?a"], []),
        ("/*", ["/", "/fish"], []),
        ("/$", ["/"], ["/fish", "/?a"]),
        ("/fish", ["/fish", "/fish.html", "/fish/salmon", "/fish.html?a"], ["/Fish", "/catfish"]),
        ("/fish*", ["/fish", "/fishheads/yummy.html", "/fish.html?a"], ["/Fish.asp", "/?id=fish"]),
        ("/fish/", ["/fish/", "/fish/?id=a", "/fish/salmon"], ["/fish", "/fish.html"]),
        ("/*.php", ["/a.php", "/f/a.php?b", "/f/a.php.html", "/a?f=b.php/"], ["/", "/a.PHP"]),
        ("/*.php$", ["/a.php", "/f/a.php", "/a.php.php"], ["/a.php?b", "/a.php/", "/a.php5"]),
        ("/fish*.php", ["/fish.php", "/fishheads/catfish.php?a"], ["/Fish.PHP"]),
        # RFC 9309, 2.2.2 and 2.2.3
        ("/foo/bar?baz=quz", ["/foo/bar?baz=quz"], ["/foo/bar?baz=qux"]),
        ("/foo?baz=https://foo.bar", ["/foo?baz=https%3A%2F%2Ffoo.bar"], ["/foo?baz="]),
        ("/foo/bar/ツ", ["/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84"], ["/foo/bar/%E3%83%85"]),
        ("/foo/bar/%E3%83%84", ["/foo/bar/%e3%83%84"], []),
        ("/foo/bar/%62%61%7A", ["/foo/bar/baz", "/foo/bar/b%61z"], ["/foo/bar/%2562az"]),
        ("/a-%2A.html", ["/a-*.html", "/a-%2a.html"], ["/a-b.html"]),
        ("/foo-%24", ["/foo-$", "/foo-%24", "/foo-$x"], ["/foo-"]),
        ("/path/exactly$", ["/path/exactly"], ["/path/exactly/", "/path/exactly$"]),
        ("*.gif$", ["/.gif", "/a/b.gif"], ["/a.gif?b"]),
        # odd ones
        ("/a$b", ["/a$b", "/a%24b"], ["/a", "/ab"]),
        ("/a$$", ["/a$"], ["/a", "/a$$"]),
        ("/a*$", ["/a", "/abc"], ["/b"]),
        ("/a**b", ["/ab", "/axb"], ["/a"]),
        ("/a*b*c$", ["/abc", "/abcbc", "/a.b.c"], ["/acb", "/abcd"]),
        ("/*bb*b", ["/bbb", "/bb.b"], ["/bb"]),
        ("/a*a$", ["/aa", "/aaa"], ["/a"]),
        ("/100%", ["/100%25"], ["/100"]),
        ("fish", [], ["/fish", "/fi"]),
    ],
)
def test_a_pattern_matches_what_it_should(pattern: str, fits: list[str], others: list[str]) -> None:
    assert [target for target in fits + others if matches(pattern, target)] == fits


@given(st.text("a/*$", max_size=12), st.text("a/$*", max_size=12))
def test_it_matches_what_the_same_regular_expression_does(pattern: str, target: str) -> None:
    body = pattern.removesuffix("$")
    expression = ".*".join(map(re.escape, body.split("*"))) + (r"\Z" if body != pattern else "")
    assert matches(pattern, target) == bool(re.match(expression, target))


@given(st.text(min_size=1).filter(lambda text: "*" not in text and not text.endswith("$")))
def test_the_spelling_of_a_target_makes_no_difference(text: str) -> None:
    octets = unquote_to_bytes(text)
    everything = "".join(f"%{octet:02x}" for octet in octets)
    assert matches(text, everything)
    assert matches(everything, quote(octets))


@given(st.binary(), st.text())
def test_any_bytes_are_a_pattern(pattern: bytes, target: str) -> None:
    assert first_match([(PathPattern.of(pattern), True)], target) in (True, None)


@pytest.mark.parametrize(
    ("pattern", "octets"),
    [("/", 1), ("/fish*.php$", 11), ("/%7Ea", 3), ("/é", 7), ("/a?b=c", 6)],
)
def test_octets_count_as_robots_txt_counts_them(pattern: str, octets: int) -> None:
    assert PathPattern.of(pattern.encode()).octets == octets


def test_the_first_rule_that_matches_decides() -> None:
    rules = [(PathPattern.of(b"/a/b"), False), (PathPattern.of(b"/a"), True)]
    assert [first_match(rules, target) for target in ("/a/b", "/a", "/c")] == [False, True, None]


def test_many_stars_take_no_more_than_one_search_each() -> None:
    """Backtracking would take steps beyond counting here."""
    few, many = (steps(b"/" + b"*a" * n + b"b", "/" + "a" * 2 * n) for n in (500, 1000))
    assert few > 500
    assert many < 2.1 * few


def steps(pattern: bytes, target: str) -> int:
    """How many functions, Python's own among them, matching calls."""
    rules, calls = [(PathPattern.of(pattern), True)], 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        assert first_match(rules, target) is None
    finally:
        sys.setprofile(None)
    return calls
