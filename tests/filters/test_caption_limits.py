import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption_limits import CaptionLimits, LimitFault, limit_fault

LIMITS = CaptionLimits(languages=("en", "th"), max_chars=20)


@pytest.mark.parametrize(
    ("text", "language", "fault"),
    [
        ("a red fox", "en", None),
        ("หมาจิ้งจอกแดง", "th", None),
        ("nobody said which", "und", None),
        ("", "en", LimitFault.EMPTY),
        ("", "cs", LimitFault.EMPTY),
        ("x" * 21, "en", LimitFault.TOO_LONG),
        ("liška", "cs", LimitFault.UNWANTED_LANGUAGE),
    ],
)
def test_limit_fault(text: str, language: str, fault: LimitFault | None) -> None:
    assert limit_fault(text, language, LIMITS) is fault


@given(st.text(), st.integers(1, 30))
def test_a_looser_bound_keeps_all_that_a_tighter_one_kept(text: str, bound: int) -> None:
    tight, loose = (CaptionLimits(languages=("en",), max_chars=n) for n in (bound, bound + 1))
    if limit_fault(text, "en", tight) is None:
        assert limit_fault(text, "en", loose) is None
