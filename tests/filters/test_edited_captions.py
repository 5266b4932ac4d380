import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.edited_captions import edited_captions


@pytest.mark.parametrize(
    ("caption", "edited"),
    [
        ("a kite left of a boat", {"a kite right of a boat"}),
        ("Two dogs", {"Three dogs", "Four dogs"}),
        ("10 dogs", {"11 dogs", "12 dogs"}),
        ("ten dogs", set()),
        ("007 and 1 dog", set()),
        ("one dog", set()),  # of two dogs, one is a dog
        ("the reddish bluebird", set()),
        ("Top left", {"Bottom left", "Top right"}),
    ],
)
def test_one_word_changes(caption: str, edited: set[str]) -> None:
    assert set(edited_captions(caption)) == edited


def test_a_colour_becomes_one_that_is_not_named() -> None:
    found = edited_captions("a grey cat and a red dog")
    assert "a blue cat and a red dog" in found
    assert "a grey cat and a green dog" in found
    assert not any("gray" in text or "red cat and" in text for text in found)
    assert "a grey dog and a red cat" in found


@pytest.mark.parametrize(
    "caption",
    ["two red kites and a blue boat", "a red kite and a red boat", "a red kite and a blue kite"],
)
def test_nouns_stay_where_number_or_colour_would_not_fit(caption: str) -> None:
    nouns = [word for word in caption.split() if word.rstrip("s") in ("kite", "boat")]
    kept = [[word for word in text.split() if word in nouns] for text in edited_captions(caption)]
    assert all(found == nouns for found in kept)


@given(st.text())
def test_no_edit_is_the_caption_itself(caption: str) -> None:
    found = edited_captions(caption)
    assert caption not in found
    assert len(set(found)) == len(found)
