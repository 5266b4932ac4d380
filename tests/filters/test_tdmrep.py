import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.tdmrep import reservations_of

# The report's examples
ALL = b'[{"location": "/", "tdm-reservation": 1}]'
THREE = b"""[
  {"location": "/directory-a/", "tdm-reservation": 1},
  {"location": "/directory-b/html/", "tdm-reservation": 1,
   "tdm-policy": "https://provider.com/policies/policy.json"},
  {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0}
]"""


@pytest.mark.parametrize(
    ("body", "target", "reserved"),
    [
        (ALL, "/", True),
        (ALL, "/a/1.jpg?b", True),
        (b"\xef\xbb\xbf" + ALL, "/a", True),
        (ALL.decode().encode("utf-16"), "/a", True),
        (THREE, "/directory-a/1.jpg", True),
        (THREE, "/directory-b/html/1.html", True),
        (THREE, "/directory-b/images/1.jpg", False),
        (THREE, "/directory-c/1.jpg", False),
        (THREE, "/DIRECTORY-A/1.jpg", False),
    ],
)
def test_the_examples_of_the_report(body: bytes, target: str, reserved: bool) -> None:
    assert reservations_of(body).covers(target) is reserved


@pytest.mark.parametrize(
    ("rules", "target", "reserved"),
    [
        ([("/a/free/", 0), ("/a/", 1)], "/a/free/1.jpg", False),
        ([("/a/", 1), ("/a/free/", 0)], "/a/free/1.jpg", True),
        ([("/*.jpg$", 1)], "/a/1.jpg", True),
        ([("/*.jpg$", 1)], "/a/1.jpg?w=9", False),
        ([("*", 1)], "/a", True),
        ([("/path/foo-%24", 1)], "/path/foo-$", True),
        ([("/bücher/", 1)], "/b%C3%BCcher/1.jpg", True),
        ([("/\ud800", 1)], "/a", False),
        ([("/", 1.0)], "/a", True),
        ([("/", 2), ("/", 1)], "/a", False),  # a value that is none counts as unset
        ([("/", "1")], "/a", False),
        ([("/", True)], "/a", False),
        ([("/", None)], "/a", False),
        ([("/", [1])], "/a", False),
        ([("", 1)], "/a", False),
        ([(None, 1), (5, 1), (["/"], 1), ("/a", 1)], "/a", True),
    ],
)
def test_the_first_rule_that_matches_decides(
    rules: list[tuple[object, object]], target: str, reserved: bool
) -> None:
    body = json.dumps([{"location": path, "tdm-reservation": value} for path, value in rules])
    assert reservations_of(body.encode()).covers(target) is reserved


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[",
        ALL[:-1],
        b"null",
        b"1",
        b'"/"',
        ALL[1:-1],  # the brackets are mandatory
        b'[["location", "/"]]',
        b'[{"tdm-reservation": 1}]',
        b'[{"location": "/"}]',
        b'[{"location": "/", "tdm-reservation": ' + b"1" * 5000 + b"}]",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"location":' * 100_000,
        b"\xff\xfe\xfa",
    ],
)
def test_what_is_broken_reserves_nothing(body: bytes) -> None:
    assert not reservations_of(body).covers("/")


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
ENTRIES = st.fixed_dictionaries({}, optional={"location": VALUES, "tdm-reservation": VALUES})


@given(st.binary() | st.lists(ENTRIES | VALUES).map(lambda found: json.dumps(found).encode()))
def test_any_bytes_are_a_tdmrep_json(body: bytes) -> None:
    assert reservations_of(body).covers("/a") in (True, False)
