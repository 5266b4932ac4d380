"""Scripts of translations."""

import pytest

from filters.caption_text import CaptionText
from filters.translation_scripts import script_shares, shares_without


@pytest.mark.parametrize(
    ("text", "language", "own", "stray"),
    [
        ("ein roter Fuchs", "de", 1.0, 0.0),
        ("рыжая лиса", "de", 0.0, 1.0),
        ("рыжая лиса", "uk", 1.0, 0.0),
        ("Canon EOS", "ru", 0.0, 0.0),
        ("東京タワー", "ja", 1.0, 0.0),
        ("Canon EOS", "ja", 0.0, 0.0),
        ("東京タワー", "zh", 0.4, 0.6),
        ("美 대통령", "ko", 0.75, 0.25),
        ("一隻狐狸", "zh", 1.0, 0.0),
        ("12:30 🦊", "th", 1.0, 0.0),
        ("line\nfeed", "en", 1.0, 0.0),
        ("", "en", 1.0, 0.0),
    ],
)
def test_script_shares(text: str, language: str, own: float, stray: float) -> None:
    shares = script_shares([CaptionText.of(text)], [language])
    assert shares == ([pytest.approx(own)], [pytest.approx(stray)])


@pytest.mark.parametrize(
    ("text", "source", "language", "own", "stray"),
    [
        ("Canon EOS", "Canon EOS", "ru", 1.0, 0.0),
        ("Canon и EOS", "Canon EOS", "ru", 1.0, 0.0),
        ("the fox", "Canon EOS", "ru", 0.0, 0.0),
        ("The word 犬", "言葉の犬", "en", pytest.approx(0.7), 0.0),
    ],
)
def test_what_the_source_has_does_not_count(
    text: str, source: str, language: str, own: float, stray: float
) -> None:
    first, second = CaptionText.column([text, source])
    assert shares_without(first, second, language) == (own, stray)
