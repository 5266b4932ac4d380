import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.opt_outs import OptOut, agent_token, header_opt_out


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        ("pairmill/0.1 (+https://example.org/bot)", "pairmill"),
        ("My-Bot_2", "My-Bot_2"),
        ("  foxbot", "foxbot"),
        ("Mozilla/5.0 (compatible; FoxBot/2.1; +https://example.org/bot)", "FoxBot"),
        ("Mozilla/5.0 (X11; Linux) Gecko (Compatible;img2dataset; +https://a.org)", "img2dataset"),
        ("Mozilla/5.0", "Mozilla"),
        ("(+https://example.org/bot)", ""),
        ("", ""),
    ],
)
def test_agent_token(user_agent: str, token: str) -> None:
    assert agent_token(user_agent) == token


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ([], False),
        ([""], False),
        (["noai"], True),
        (["NoImageAI"], True),
        (["noindex"], True),
        (["noimageindex"], True),
        (["none"], True),
        (["noml"], True),
        (["all"], False),
        (["index, follow"], False),
        (["nofollow, noarchive , noai"], True),
        (["nofollow", "noimageai"], True),
        (["noaiplease, notnoindex"], False),
        # addressed to somebody
        (["pairmill: noai"], True),
        (["PairMill : NOAI"], True),
        (["pairmill: nofollow, noai"], True),
        (["googlebot: noai"], False),
        (["googlebot: nofollow, noai, noindex"], False),
        (["googlebot: noindex", "noai"], True),
        (["noai", "googlebot: noindex"], True),
        (["noai, googlebot: nofollow"], True),
        (["badbot: noindex, nofollow, googlebot: nofollow"], False),
        (["badbot: noindex, pairmill: nofollow, noai"], True),
        (["pairmill: nofollow, badbot: noai"], False),
        (["pair: noai", "pairmill-images: noai"], False),
        (["*: noai"], True),
        (["robots: noai"], True),
        # directives with values are no names
        (["max-image-preview: none"], False),
        (["max-image-preview: large, noai"], True),
        (["max-snippet:-1, max-video-preview: 5, noindex"], True),
        (["badbot: max-snippet: 5, noindex"], False),
        (["pairmill: max-snippet: 5, noindex"], True),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST"], False),
        (["unavailable_after: Friday, 25-Jun-10 15:00:00 PST, noai"], True),
        (["unavailable_after: 2010-06-25T15:00:00+00:00, noindex"], True),
        (["badbot: unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"], False),
    ],
)
def test_x_robots_tag(lines: list[str], refused: bool) -> None:
    found = header_opt_out(lines, None, "pairmill")
    assert found is (OptOut.X_ROBOTS_TAG if refused else None)


@pytest.mark.parametrize(
    ("value", "reserved"),
    [
        ("1", True),
        (" 1 ", True),
        ("0, 1", True),  # two lines in one
        ("0", False),
        ("", False),
        ("2", False),
        ("10", False),
        ("true", False),
        (None, False),
    ],
)
def test_tdm_reservation(value: str | None, reserved: bool) -> None:
    found = header_opt_out(["nofollow"], value, "pairmill")
    assert found is (OptOut.TDM_HEADER if reserved else None)


WORDS = st.sampled_from(
    ["noai", "noindex", "follow", "all", "pairmill", "x", "max-snippet", "5", ""]
)
ITEMS = st.one_of(WORDS, st.builds("{}: {}".format, WORDS, WORDS), st.text(max_size=5))


@given(st.lists(st.lists(ITEMS).map(", ".join)), st.text() | st.none(), st.text(max_size=5))
def test_any_headers_get_a_verdict(lines: list[str], value: str | None, agent: str) -> None:
    found = header_opt_out(lines, value, agent)
    assert found in (None, OptOut.X_ROBOTS_TAG, OptOut.TDM_HEADER)


@given(st.lists(st.lists(ITEMS).map(", ".join)))
def test_case_makes_no_difference(lines: list[str]) -> None:
    lines = [line.encode("ascii", "replace").decode() for line in lines]  # elsewhere ı is no i
    upper = [line.upper() for line in lines]
    assert header_opt_out(lines, None, "pairmill") == header_opt_out(upper, None, "PairMill")


@given(st.lists(st.lists(ITEMS).map(", ".join)), st.lists(ITEMS).map(", ".join))
def test_a_further_line_lifts_no_opt_out(lines: list[str], line: str) -> None:
    if header_opt_out(lines, None, "pairmill"):
        assert header_opt_out([*lines, line], None, "pairmill")
        assert header_opt_out([line, *lines], None, "pairmill")
