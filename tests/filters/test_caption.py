import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption import CaptionFault, CaptionRules, caption_fault

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
