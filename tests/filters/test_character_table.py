"""Whole columns get what each character alone would."""

from hypothesis import given
from hypothesis import strategies as st

from filters.character_table import CharacterTable
from filters.runs import longest_runs


def shouted(char: str) -> str:
    upper = char.upper()
    return upper if len(upper) == 1 else "?"


TABLE = CharacterTable(shouted)
TEXTS = st.lists(st.text(st.characters(), max_size=20), max_size=6)


@given(TEXTS)
def test_each_character_is_replaced_in_its_text(texts: list[str]) -> None:
    assert TABLE.texts(texts) == ["".join(map(shouted, text)) for text in texts]


def test_long_columns_and_what_is_no_character() -> None:
    texts = ["ß\ud800\0", "", "é\U0001f415" * 50_000, "a"]
    assert TABLE.texts(texts) == ["?\ud800\0", "", "É\U0001f415" * 50_000, "A"]
    assert TABLE.texts([]) == []


def test_a_character_is_asked_for_once() -> None:
    asked: list[str] = []

    def as_it_is(char: str) -> str:
        asked.append(char)
        return char

    table = CharacterTable(as_it_is)
    for _ in range(2):
        table.texts(["abba", "b"])
    assert sorted(asked) == ["a", "b"]


@given(st.lists(st.text("ab\n", max_size=12), max_size=6))
def test_runs_end_with_their_text(texts: list[str]) -> None:
    def slow(text: str) -> int:
        return max((n for n in range(1, 13) for char in "ab\n" if n * char in text), default=0)

    assert longest_runs(texts).tolist() == list(map(slow, texts))
