"""Full stops, and translations that break off."""

import pytest

from filters.caption_text import CaptionText
from filters.sentence_end import breaks_off


@pytest.mark.parametrize(
    ("source", "text", "language", "expected"),
    [
        ("A red fox.", "Ein roter Fuchs.", "de", False),
        ("A red fox.", "Ein roter", "de", True),
        ("A red fox", "Ein roter", "de", False),
        ("Is it a fox?", "这是狐狸吗？", "zh", False),
        ("Is it a fox?", "这是", "zh", True),
        ("A red fox.", "एक लाल लोमड़ी।", "hi", False),
        ("A red fox.", "ایک لومڑی۔", "ur", False),
        ("Is it a fox?", "هل هو ثعلب؟", "ar", False),
        ('He said: "A fox."', "Il dit : « Un renard. »", "fr", False),
        ("He saw a fox.", "Il a vu un « renard. »", "fr", False),
        ("A red fox.", "สุนัขจิ้งจอกแดง", "th", False),
        ("A red fox.", "", "de", True),
    ],
)
def test_breaks_off(source: str, text: str, language: str, expected: bool) -> None:
    first, second = CaptionText.column([source, text])
    assert breaks_off(first, second, language) is expected
