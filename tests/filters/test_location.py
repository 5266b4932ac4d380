import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption import CaptionFault, CaptionRules, caption_fault
from filters.location import LocationFault, LocationRules, host_of, location_fault
from filters.response import backoff_s, may_pass


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ("http://a.org/1.jpg", None),
        ("HTTPS://A.org:8443/1.jpg?x=y#z", None),
        ("https://пример.рф/картинка.jpg", None),
        ("https://a.org/with space.jpg", None),
        ("http://[2001:db8::1]/x", None),
        ("", LocationFault.MISSING),
        ("http://", LocationFault.MALFORMED),
        ("http://[::1", LocationFault.MALFORMED),
        ("http://a.org:99999/", LocationFault.MALFORMED),
        ("http://a.org/\nx", LocationFault.MALFORMED),
        ("http://a.org/" + "x" * 9000, LocationFault.MALFORMED),
        ("ftp://a.org/x", LocationFault.SCHEME),
        ("data:image/png;base64,AAAA", LocationFault.SCHEME),
        ("javascript:alert(1)", LocationFault.SCHEME),
        ("s3://bucket/x.jpg", LocationFault.SCHEME),
        ("pictures/1.jpg", LocationFault.LOCAL),
        ("/etc/passwd", LocationFault.LOCAL),
        ("file:///etc/passwd", LocationFault.LOCAL),
    ],
)
def test_location_fault(location: str, fault: LocationFault | None) -> None:
    assert location_fault(location, LocationRules()) is fault
    if fault is LocationFault.LOCAL:
        assert location_fault(location, LocationRules(allow_local_files=True)) is None


@given(st.text())
def test_any_text_gets_a_verdict_and_a_sound_location_a_host(text: str) -> None:
    for location in (text, f"http://{text}", f"https://a.org/{text}"):
        if location_fault(location, LocationRules()) is None:
            assert host_of(location).rpartition(":")[2].isdigit()


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("http://A.org/x", "a.org:80"),
        ("https://a.org/x", "a.org:443"),
        ("http://user:word@a.org:81/x", "a.org:81"),
        ("http://[2001:db8::1]:80/x", "[2001:db8::1]:80"),
        ("s3://bucket/x", ""),
        ("pictures/1.jpg", ""),
    ],
)
def test_host_of(location: str, host: str) -> None:
    assert host_of(location) == host


RULES = CaptionRules(languages=("en", "th"), max_chars=20)


@pytest.mark.parametrize(
    ("text", "language", "fault"),
    [
        ("a red fox", "en", None),
        ("หมาจิ้งจอกแดง", "th", None),
        ("nobody said which", "und", None),
        ("", "en", CaptionFault.EMPTY),
        ("", "cs", CaptionFault.EMPTY),
        ("x" * 21, "en", CaptionFault.TOO_LONG),
        ("liška", "cs", CaptionFault.UNWANTED_LANGUAGE),
    ],
)
def test_caption_fault(text: str, language: str, fault: CaptionFault | None) -> None:
    assert caption_fault(text, language, RULES) is fault


@given(st.text(), st.integers(1, 30))
def test_a_looser_bound_keeps_all_that_a_tighter_one_kept(text: str, bound: int) -> None:
    tight, loose = (CaptionRules(languages=("en",), max_chars=n) for n in (bound, bound + 1))
    if caption_fault(text, "en", tight) is None:
        assert caption_fault(text, "en", loose) is None


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


@given(st.integers(0, 10), st.text() | st.none())
def test_any_retry_after_gives_a_wait(attempt: int, retry_after: str | None) -> None:
    assert backoff_s(attempt, retry_after) >= 0
