import time

import pytest

from filters.html_opt_outs import html_opt_out


@pytest.mark.parametrize(
    "meta",
    [
        '<meta name="robots" content="noai">',
        "<META content=noindex NAME=ROBOTS>",
        "<meta name='pairmill' content='none' />",
        '<meta name="robots" content="follow, NOIMAGEAI">',
        '<meta name="tdm-reservation" content="1">',
        '<meta\nname="robots"\ncontent="no&#97;i">',
    ],
)
def test_pages_that_opt_out(meta: str) -> None:
    page = f"<!doctype html><html><head><meta charset='utf-8'>{meta}</head>".encode()
    assert html_opt_out(page, "pairmill") == "opt-out-meta"


@pytest.mark.parametrize(
    "meta",
    [
        '<meta name="robots" content="index, follow">',
        '<meta name="googlebot" content="noindex">',
        '<meta name="description" content="noai">',
        '<meta name="tdm-reservation" content="0">',
        "<meta>",
        "<p>noai</p>",
        " " * (1 << 16) + '<meta name="robots" content="noai">',
    ],
)
def test_pages_that_do_not(meta: str) -> None:
    assert html_opt_out(f"<!doctype html><html>{meta}".encode(), "pairmill") is None


@pytest.mark.parametrize(
    "part", ["<meta ", "<meta x", "<meta x=", "<meta x='", "a", "a ", "<meta>"]
)
@pytest.mark.parametrize("end", ["", ">"])
def test_no_page_takes_long(part: str, end: str) -> None:
    page = f"<meta {part * (1 << 16)}"[: (1 << 16) - 1] + end
    started = time.process_time()
    assert html_opt_out(page.encode(), "pairmill") is None
    assert time.process_time() - started < 1
