from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.response import backoff_s, may_pass, retry_after_s

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
YEAR_S = 366 * 86400


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        ("http-429", True),
        ("http-500", True),
        ("http-503", True),
        ("connection-failed", True),
        ("bad-response", True),
        ("http-404", False),
        ("http-403", False),
        ("http-410", False),
        ("timed-out", False),
        ("too-many-bytes", False),
        ("forbidden-address", False),
        ("host-unknown", False),
    ],
)
def test_what_may_pass_is_asked_again(reason: str, again: bool) -> None:
    assert may_pass(reason) is again


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("007", 7.0),
        ("9" * 5000, YEAR_S),  # more digits than int() takes
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60.0),
        ("Sun Mar  1 12:02:00 2026", 120.0),
        ("Sun Mar 15 12:00:00 2026", 14 * 86400.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", YEAR_S),
        ("Sun, 31 Feb 2026 12:00:30 GMT", None),
        ("Sun, 01 Mar 2026 12:00:30 CET", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),  # a digit, but none of HTTP's
        ("²", None),
        ("1e9", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_s(value: str, wait_s: float | None) -> None:
    assert retry_after_s(value, NOW) == wait_s


@given(st.text() | st.from_regex(r"[0-9]+|[A-Z][a-z]{2,8}, [0-9]+[ -][A-Z][a-z]{2}[ -][0-9: ]+GMT"))
def test_any_retry_after_is_read_or_not_and_never_raises(value: str) -> None:
    wait_s = retry_after_s(value, NOW)
    assert wait_s is None or 0 <= wait_s <= YEAR_S


@given(st.integers(0, 300 * 86400))
def test_a_date_means_what_its_seconds_mean(wait_s: int) -> None:
    date = NOW + timedelta(seconds=wait_s)
    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"):
        assert retry_after_s(date.strftime(form), NOW) == wait_s == retry_after_s(str(wait_s), NOW)


@given(st.integers(0, 20), st.text())
def test_the_wait_doubles_within_its_jitter_and_repeats(attempt: int, location: str) -> None:
    wait_s = backoff_s(attempt, location)
    assert 0.25 * 2**attempt <= wait_s < 0.75 * 2**attempt
    assert wait_s == backoff_s(attempt, location)


def test_the_jitter_spreads_over_locations_and_attempts() -> None:
    by_location = [backoff_s(0, f"https://a.org/{n}.jpg") for n in range(1000)]
    by_attempt = [backoff_s(n, "https://a.org/1.jpg") / 2**n for n in range(60)]
    assert min(by_location) < 0.27
    assert max(by_location) > 0.73
    assert len(set(by_location)) == 1000
    assert len(set(by_attempt)) == 60
