"""Short cuts miss no price."""

from hypothesis import given, settings
from hypothesis import strategies as st

from filters.caption_text import CaptionText
from filters.selling import _PRICE, has_price


@settings(deadline=None)
@given(st.from_regex(_PRICE))
def test_whatever_reads_as_a_price_is_one(text: str) -> None:
    caption = CaptionText.of(text)
    assert has_price(caption) is (_PRICE.search(caption.folded) is not None)
