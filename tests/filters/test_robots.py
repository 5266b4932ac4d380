import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.robots import ALLOW_ALL, robots_after, robots_of

# RFC 9309, 5.1
SIMPLE = b"""
            User-Agent: *
            Disallow: *.gif$
            Disallow: /example/
            Allow: /publications/

            User-Agent: foobot
            Disallow:/
            Allow:/example/page.html
            Allow:/example/allowed.gif

            User-Agent: barbot
            User-Agent: bazbot
            Disallow: /example/page.html

            User-Agent: quxbot
"""
GROUPS = b"""Allow: /foo/bar/

user-agent: FooBot
disallow: /
allow: /x/
user-agent: BarBot
disallow: /
allow: /y/


allow: /w/
user-agent: BazBot

user-agent: FooBot
allow: /z/
disallow: /
"""


def allows(body: bytes | str, target: str, agent: str = "pairmill") -> bool:
    return robots_of(body if isinstance(body, bytes) else body.encode(), agent).allows(target)


@pytest.mark.parametrize(
    ("agent", "target", "allowed"),
    [
        ("pairmill", "/a.gif", False),
        ("pairmill", "/a.gif?x", True),
        ("pairmill", "/example/", False),
        ("pairmill", "/publications/a.gif", True),
        ("foobot", "/", False),
        ("foobot", "/example/page.html", True),
        ("FooBot", "/example/allowed.gif", True),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/", True),
        ("quxbot", "/example/a.gif", True),
        ("foobot", "/robots.txt", True),
    ],
)
def test_the_example_of_the_rfc(agent: str, target: str, allowed: bool) -> None:
    assert allows(SIMPLE, target, agent) is allowed


@pytest.mark.parametrize(
    ("agent", "target", "allowed"),
    [
        ("FooBot", "/x/b", True),
        ("FooBot", "/z/d", True),
        ("FooBot", "/y/c", False),
        ("BarBot", "/y/c", True),
        ("BarBot", "/w/a", True),
        ("BarBot", "/z/d", False),
        ("BazBot", "/z/d", True),
        ("FooBot", "/foo/bar/", False),  # a rule outside of any group
    ],
)
def test_groups_are_merged_and_told_apart(agent: str, target: str, allowed: bool) -> None:
    assert allows(GROUPS, target, agent) is allowed


@pytest.mark.parametrize(
    ("rules", "target", "allowed"),
    [
        ("Allow: /a/page/\nDisallow: /a/page/disallowed.gif", "/a/page/disallowed.gif", False),
        ("Disallow: /x/page.html\nAllow: /x/", "/x/page.html", False),
        ("Disallow: /x\nAllow: /x/", "/x", False),
        ("Disallow: /x\nAllow: /x/", "/x/", True),
        ("Disallow: /folder\nAllow: /folder", "/folder/page", True),
        ("Allow: /p\nDisallow: /", "/page", True),
        ("Allow: /page\nDisallow: /*.htm", "/page.htm", False),
        ("Allow: /x/page.\nDisallow: /*.html", "/x/page.html", True),
        ("Allow: /$\nDisallow: /", "/", True),
        ("Allow: /$\nDisallow: /", "/page", False),
        ("Allow: /index.html\nDisallow: /", "/", False),
        ("Disallow:", "/x", True),
        ("Disallow:\nAllow:", "/x", True),
        ("Disallow: /x # why\n# Disallow: /", "/x", False),
        ("Disallow: /x # why\n# Disallow: /", "/y", True),
        ("Disallow: /foo/quz#qux", "/foo/quz", False),
        ("dIsAlLoW:/x", "/x", False),
        ("disallow /x", "/x", False),
        ("Disallowed: /x\nDisallow-all: /x\nDis allow: /x", "/x", True),
        ("Disallow: /a b", "/a%20b", False),
        ("Disallow: /foo/bar/ツ", "/foo/bar/%e3%83%84", False),
        ("Disallow: /a\u2028b\nDisallow: /c\x0cd", "/a", True),
    ],
)
def test_the_most_specific_rule_decides(rules: str, target: str, allowed: bool) -> None:
    for start in ("User-agent: *", "user-agent : PairMill/1.0 # we", "User-agent: x\nUSER-AGENT:*"):
        for end in ("\n", "\r\n", "\r"):
            body = f"{start}\n{rules}".replace("\n", end)
            assert allows(body, target) is allowed
            assert allows(b"\xef\xbb\xbf" + body.encode(), target) is allowed


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("pairmill", True),
        ("PAIRMILL", True),
        ("pairmill/0.1", True),
        ("pairmill bot", True),
        ("pair", False),
        ("mill", False),
        ("pairmills", False),
        ("pairmill-images", False),
        ("(pairmill)", False),
        ("", False),
    ],
)
def test_a_group_is_ours_where_it_names_our_product(name: str, ours: bool) -> None:
    assert allows(f"User-agent: {name}\nDisallow: /\n\nUser-agent: *\nAllow: /", "/x") is not ours


@pytest.mark.parametrize(
    "record", ["Crawl-delay: 5", "Sitemap: https://a.org/s.xml", "Content-Signal: ai-train=no", "?"]
)
def test_other_records_end_no_group(record: str) -> None:
    """RFC 9309, 2.2.4."""
    assert not allows(f"User-agent: pairmill\n{record}\nUser-agent: x\nDisallow: /", "/a")
    assert not allows(f"User-agent: pairmill\n{record}\nDisallow: /", "/a")


def test_an_agent_without_a_token_obeys_the_rules_for_all() -> None:
    body = "User-agent: /\nDisallow: /a\nUser-agent: *\nDisallow: /b"
    assert allows(body, "/a", "")
    assert not allows(body, "/b", "")


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (200, {"/a": False, "/b": True}),
        (206, {"/a": False, "/b": True}),
        (301, {"/a": True, "/b": True}),
        (404, {"/a": True, "/b": True}),
        (401, {"/a": True, "/b": True}),
        (403, {"/a": True, "/b": True}),
        (410, {"/a": True, "/b": True}),
    ],
)
def test_what_an_answer_allows(status: int, allowed: dict[str, bool]) -> None:
    robots = robots_after(status, b"User-agent: *\nDisallow: /a", "pairmill")
    assert robots is not None
    assert {target: robots.allows(target) for target in allowed} == allowed


@pytest.mark.parametrize("status", [100, 429, 500, 503, 599])
def test_an_answer_that_says_nothing_of_rules(status: int) -> None:
    assert robots_after(status, b"User-agent: *\nAllow: /", "pairmill") is None


def test_no_rules_allow_all() -> None:
    assert ALLOW_ALL.allows("/a")
    assert robots_of(b"", "pairmill") == ALLOW_ALL


def test_of_a_long_file_whole_lines_up_to_the_limit_count() -> None:
    rules = b"User-agent: *\nDisallow: /a\nAllow: /a"  # cut here, the last would allow all
    filler = b"#" * (500 * 1024 - len(rules) - 1) + b"\n"
    body = filler + rules + b"/b\nDisallow: /c"
    assert not allows(body, "/a")
    assert allows(body, "/c")
    assert allows(body[1:] + b"\nAllow: /a", "/c")
    assert not allows(body[100_000:], "/c")


def test_naming_agents_over_and_over_costs_no_more_than_reading() -> None:
    body = b"User-agent: *\n" * 15_000 + b"Disallow: /a\n" * 15_000
    assert len(robots_of(body, "pairmill").rules) == 1


@given(st.binary(), st.text(), st.text("abc-", max_size=5))
def test_any_bytes_are_a_robots_txt(body: bytes, target: str, agent: str) -> None:
    for text in (body, b"User-agent: *\nDisallow: " + body):
        assert robots_of(text, agent).allows(target) in (True, False)


PATHS = st.text("/a*$", min_size=1, max_size=6)


@given(st.lists(st.tuples(st.booleans(), PATHS)), st.text("/a", max_size=8))
def test_the_order_of_rules_makes_no_difference(rules: list[tuple[bool, str]], target: str) -> None:
    lines = [f"{'Allow' if allow else 'Disallow'}: {path}" for allow, path in rules]
    bodies = ("\n".join(["User-agent: *", *some]) for some in (lines, lines[::-1]))
    assert len({allows(body, f"/{target}") for body in bodies}) == 1
