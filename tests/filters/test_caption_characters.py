"""Runs are counted as by hand, though most texts need no counting."""

from hypothesis import given
from hypothesis import strategies as st

from filters.caption_characters import is_short_of_letters, letter_share, repeats
from filters.caption_text import CaptionText

WORDS = ["ha", "ho", "a", "red", "fox", "in", "the", "snow"]
SPOKEN = st.builds(
    lambda words, times: " ".join(words * times),
    st.lists(st.sampled_from(WORDS), max_size=10),
    st.integers(1, 6),
)
UNSPACED = st.text("狐犬猫が走る", max_size=40)


@given(SPOKEN | UNSPACED)
def test_runs_that_stood_before_are_counted(text: str) -> None:
    caption = CaptionText.of(text)
    units: str | list[str] = caption.words
    length = 3
    if len(units) < 6 or caption.unspaced:
        units, length = caption.folded, 6 if len(text) >= 12 else 3
    runs = [str(units[start : start + length]) for start in range(len(units) - length + 1)]
    share = 1 - len(set(runs)) / len(runs) if len(runs) > 1 else 0
    assert not repeats(caption, share)
    assert share == 0 or repeats(caption, share - 0.001)


@given(st.text("aक星\u0301가 1-\x07", max_size=12), st.sampled_from([0, 0.01, 0.3, 0.5, 0.75, 1]))
def test_letters_are_few_where_their_share_is(text: str, least: float) -> None:
    caption = CaptionText.of(text)
    assert is_short_of_letters(caption, least) == (letter_share(caption) < least)
