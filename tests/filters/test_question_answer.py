import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.question_answer import question_answer


@pytest.mark.parametrize(
    ("question", "answers", "expected"),
    [
        ("What year was it?", "1997", "What year was it? 1997"),
        (" What year?\n", ' ["1997", "in 1997"]', "What year? 1997"),
        ("How many?", '["", null, 12]', "How many? 12"),
        ("何年ですか？", '["令和6年"]', "何年ですか？ 令和6年"),
        ("Which note?", "[sic] as it stands", "Which note? [sic] as it stands"),
        ("What year?", "", ""),
        ("What year?", "[]", ""),
        ("", "1997", ""),
    ],
)
def test_a_question_with_its_answer_is_a_caption(
    question: str, answers: str, expected: str
) -> None:
    assert question_answer(question, answers) == expected


@given(st.text(), st.text())
def test_any_texts_are_taken(question: str, answers: str) -> None:
    found = question_answer(question, answers)
    assert found == found.strip()
