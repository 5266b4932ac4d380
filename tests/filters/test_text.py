"""What text can be stored, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.text import MAX_CHARS, TextFault, text_fault


@pytest.mark.parametrize("text", ["", "สุนัข", "é", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a\nb\t", "\ufeff", "x" * MAX_CHARS])
def test_text_that_can_be_stored(text: str) -> None:
    assert text_fault(text) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a\ud800", TextFault.INVALID),
        (b"\xff".decode("utf-8", "surrogateescape"), TextFault.INVALID),
        ("\0", TextFault.NUL),
        ("x" * (MAX_CHARS + 1), TextFault.OVERSIZED),
    ],
)
def test_text_that_cannot(text: str, fault: TextFault) -> None:
    assert text_fault(text) is fault


@given(st.text(st.characters()))
def test_what_passes_is_utf8_without_nuls(text: str) -> None:
    if text_fault(text) is None:
        assert b"\0" not in text.encode()
