"""Loops of models, and what people say twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption_text import CaptionText
from filters.repetition import NO_REPETITION, repetition_of


@pytest.mark.parametrize(
    ("text", "rounds"),
    [
        ("a red fox in the snow", 1),
        ("a very, very big fox", 1),
        ("a very very very big fox", 3),
        ("the fox in the fox in the fox", 1),  # the third round is cut off
        ("a big, big, bad fox a big, big, bad fox a big, big, bad fox", 3),
        ("the fox in, the fox in. The fox in!", 3),
        ("Ein Fuchs, ein Fuchs, ein Fuchs", 3),
        ("anak-anak bermain", 1),
        ("धीरे धीरे चलता है", 1),
        ("एक लाल लोमड़ी, एक लाल लोमड़ी, एक लाल लोमड़ी", 3),
        ("লাল শেয়াল লাল শেয়াল লাল শেয়াল", 3),
        ("高高的山和长长的河", 1),
        ("雪中的狐狸狐狸狐狸狐狸", 4),
        ("雪の中の狐、雪の中の狐、雪の中の狐", 1),  # the last comma is missing
        ("หมาจิ้งจอกหมาจิ้งจอกหมาจิ้งจอก", 3),
        ("ขาวๆ ดำๆ", 1),
        ("빨간 여우 빨간 여우 빨간 여우", 3),
        ("- - - - -", 1),
        ("10 10 10 10", 1),
        ("............", 1),
        ("", 1),
    ],
)
def test_rounds(text: str, rounds: int) -> None:
    assert repetition_of(CaptionText.of(text)).rounds == rounds


def test_share_counts_what_comes_again_anywhere() -> None:
    found = repetition_of(CaptionText.of("a dog sees a cat and a dog sees a bird"))
    assert found.share == pytest.approx(3 / 10)  # a dog, dog sees, sees a
    assert found.rounds == 1


WORDS = st.lists(st.sampled_from(["ab", "cd", "efg", "hij", "é", "ж"]), min_size=1, unique=True)


@given(WORDS, st.integers(3, 6))
def test_a_phrase_said_often_is_found(phrase: list[str], times: int) -> None:
    assert repetition_of(CaptionText.of(" ".join(phrase * times))).rounds >= times


@given(st.lists(st.integers(0, 10_000).map("w{}".format), unique=True))
def test_words_that_differ_repeat_nothing(words: list[str]) -> None:
    assert repetition_of(CaptionText.of(" ".join(words))) == NO_REPETITION
