"""Copies of a source, and what is rightly the same."""

import pytest

from filters.caption_text import CaptionText
from filters.copies import is_copied, may_be_names


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("A red fox runs through the snow.", "A red fox runs through the snow.", True),
        ("A red fox runs through the snow.", "a RED fox runs through the snow", True),
        ("A red fox runs through the snow.", "A red fox runs through der snow.", True),
        ("A red fox runs through the snow.", "Ein Fuchs rennt durch the snow.", False),
        ("Ein roter Fuchs läuft durch den Schnee", "Ein roter Fuchs läuft durch den Schnee", True),
        ("Eiffel Tower, Paris", "Eiffel Tower, Paris", False),
        ("iPhone 12 Pro Max", "iPhone 12 Pro Max", False),
        ("1914-1918", "1914-1918", False),
        ("taxi", "taxi", False),
        ("crème brûlée", "crème brûlée", False),
        (
            "A Red Fox Runs Through The Deep White Snow",
            "A Red Fox Runs Through The Deep White Snow",
            True,
        ),
        ("A photo of Angela Merkel in Berlin", "Ein Foto von Angela Merkel in Berlin", False),
        ("Лиса бежит по глубокому снегу", "Лиса бежит по глубокому снегу", True),
        ("一只红色的狐狸在雪地里", "一只红色的狐狸在雪地里", True),
        ("北京大学", "北京大学", False),
        ("北京大学", "beijing university", False),
        ("หมาจิ้งจอกแดงในหิมะ", "หมาจิ้งจอกแดงในหิมะ", True),
        ("", "", False),
    ],
)
def test_is_copied(source: str, text: str, expected: bool) -> None:
    first, second = CaptionText.column([source, text])
    assert is_copied(first, second, 0.8, 3, are_close=False) is expected


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("jeg kunne ikke gå", "jeg kunne ikke gå", False),
        (
            "en hund løper over en stor grønn eng i dag",
            "en hund løper over en stor grønn eng i dag",
            True,
        ),
        (
            "en hund løper over en stor grønn eng i dag",
            "en hund løber over en stor grøn eng i dag",
            False,
        ),
    ],
)
def test_close_languages_share_words(source: str, text: str, expected: bool) -> None:
    first, second = CaptionText.column([source, text])
    assert is_copied(first, second, 0.8, 3, are_close=True) is expected


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("Lake Como in Italy", "Lake Como", True),
        ("a very old big red fox", "a very old big red fox", False),
        ("Lake Como", "Comer See", False),
    ],
)
def test_may_be_names(source: str, text: str, expected: bool) -> None:
    assert may_be_names(*CaptionText.column([source, text])) is expected
