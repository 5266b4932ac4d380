"""Number words in all languages."""

import pytest

from filters.caption_text import CaptionText
from filters.number_words import says
from schemas.languages import ALL

TWELVE_DOGS = {
    "en": "twelve dogs", "ar": "اثنا عشر كلبا", "bn": "বারোটি কুকুর", "zh": "十二只狗",
    "da": "tolv hunde", "nl": "twaalf honden", "fi": "kaksitoista koiraa",
    "fr": "douze chiens", "ka": "თორმეტი ძაღლი",
    "de": "Zwölf Hunde", "el": "δώδεκα σκύλοι", "hi": "बारह कुत्ते", "id": "dua belas anjing",
    "it": "dodici cani", "ja": "十二匹の犬", "ko": "개 열두 마리", "lv": "divpadsmit suņi",
    "no": "tolv hunder", "pl": "dwanaście psów", "pt": "doze cães", "ro": "doisprezece câini",
    "ru": "двенадцать собак", "sk": "dvanásť psov", "es": "doce perros", "sv": "tolv hundar",
    "th": "สุนัขสิบสองตัว", "tr": "on iki köpek", "uk": "дванадцять собак", "ur": "بارہ کتے",
    "vi": "mười hai con chó",
}  # fmt: skip


@pytest.mark.parametrize("language", ALL)
def test_every_language_counts(language: str) -> None:
    folded = CaptionText.of(TWELVE_DOGS[language]).folded
    assert says(12, folded, language)
    assert not says(40, folded, language)
    assert not says(40, CaptionText.of("!").folded, language)


@pytest.mark.parametrize("number", [*range(21), *range(30, 100, 10), 24, 100, 1000])
@pytest.mark.parametrize("language", ALL)
def test_every_number_can_be_asked_for(language: str, number: int) -> None:
    assert not says(number, "…", language)


@pytest.mark.parametrize(
    ("number", "text", "language"),
    [
        (3, "на третьем этаже", "ru"),
        (5, "пятью собаками", "ru"),
        (7, "aamuseitsemältä", "fi"),
        (21, "zwanzig und eins", "de"),
        (42, "Zweiundvierzig", "de"),
        (42, "czterdziestodwuletni", "pl"),
        (24, "二十四", "zh"),
        (2019, "二〇一九年", "zh"),
        (80, "quatre-vingts chiens", "fr"),
        (20, "dua puluh anjing", "id"),
        (23, "yirmi üç köpek", "tr"),
        (20, "hai mươi con chó", "vi"),
        (14, "Louis XIV", "fr"),
        (19, "XIXe siècle", "fr"),
        (21, "w XXI wieku", "pl"),
        (1000, "más de mil", "es"),
        (100, "сто собак", "ru"),
    ],
)
def test_words_and_numerals(number: int, text: str, language: str) -> None:
    assert says(number, CaptionText.of(text).folded, language)


@pytest.mark.parametrize(
    ("number", "text", "language"),
    [
        (5, "a dog", "en"),
        (6, "sextant", "sv"),
        (13, "二十三", "zh"),
        (3, "ngày thứ ba", "vi"),  # Tuesday
        (100, "chín phần trăm", "vi"),  # per cent
        (20, "hai con chó", "vi"),
        (17, "dix chiens", "fr"),
    ],
)
def test_other_words(number: int, text: str, language: str) -> None:
    assert not says(number, CaptionText.of(text).folded, language)
