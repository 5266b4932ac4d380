"""Numbers that translators restate, and those that they lose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption_text import CaptionText
from filters.number_change import NumberChange, number_change
from schemas.languages import ALL


def change(source: str, source_language: str, text: str, language: str) -> NumberChange:
    first, second = CaptionText.column([source, text])
    return number_change(first, source_language, second, language)


@pytest.mark.parametrize(
    ("source", "source_language", "text", "language"),
    [
        ("16,700 dogs", "en", "16.700 Hunde", "de"),
        ("16,700 dogs", "en", "16 700 собак", "ru"),
        ("20,000 dogs", "en", "2万只狗", "zh"),
        ("1.5 million dogs", "en", "150万匹の犬", "ja"),
        ("120 million dogs", "en", "1億2000万匹の犬", "ja"),
        ("1.5 million dogs", "en", "15 लाख कुत्ते", "hi"),
        ("1,500,000 dogs", "en", "1,5 миллиона собак", "ru"),
        ("25,000 dogs", "en", "25 tysięcy psów", "pl"),
        ("3.6bn dollars", "en", "3,6 млрд долларов", "ru"),
        ("2019", "en", "২০১৯", "bn"),
        ("2019", "en", "٢٠١٩", "ar"),
        ("2019", "en", "พ.ศ. 2562", "th"),
        ("at 3 pm", "en", "um 15:00 Uhr", "de"),
        ("at 5.30pm", "en", "à 17 h 30", "fr"),
        ("at 04:00", "en", "um 4 Uhr", "de"),
        ("in the 1990s", "en", "в 90-е годы", "ru"),
        ("the 19th century", "en", "XIX век", "ru"),
        ("the 19th century", "en", "1800-luvulla", "fi"),
        ("on September 29, 2018", "en", "am 29.9.2018", "de"),
        ("on July 20", "en", "20.7.", "fi"),
        ("on July 20", "en", "7月20日", "ja"),
        ("in May", "en", "vào tháng 5", "vi"),
        ("2 dogs", "en", "zwei Hunde", "de"),
        ("two dogs", "en", "2 Hunde", "de"),
        ("a dog and 1 cat", "en", "ein Hund und eine Katze", "de"),
        ("42 dogs", "en", "quarante-deux chiens", "fr"),
        ("1000 dogs", "en", "tuhat koiraa", "fi"),
        ("600万人", "ja", "six million people", "en"),
        ("1つの大きな黒い十字", "ja", "Большой чёрный крест", "ru"),
        ("上に1 個の赤い丸", "ja", "hore červený kruh", "sk"),
        ("9月30日", "zh", "on September 30", "en"),
        ("ngày 29/09/2018", "vi", "29 September 2018", "id"),
        ("50 of these 50 dogs", "en", "50 Hunde", "de"),
        ("won 1-0", "en", "ایک صفر سے جیت", "ur"),
        ("10 years", "en", "десятилетие", "ru"),
        ("World War 2", "en", "II wojna światowa", "pl"),
        ("385 miles away", "en", "620 km entfernt", "de"),
        ("2 to 4 inches of rain", "en", "5 bis 10 Zentimeter Regen", "de"),
        ("80 degrees", "en", "27 Grad", "de"),
        ("the 6-foot-6 forward", "en", "der 1,98 m große Stürmer", "de"),
        ("620 km entfernt", "de", "385 miles away", "en"),
        ("45 miles (72 km) away", "en", "72 km entfernt", "de"),
        ("waves of six metres (18 feet)", "en", "sechs Meter hohe Wellen", "de"),
        ("call 0800 555 111", "en", "اتصل على 111 555 0800", "ar"),
        ("3-1 and 10", "en", "10 und 3:1", "de"),
        ("100 percent sure", "en", "ganz sicher", "de"),
        ("50 m²", "en", "50 square metres", "de"),
    ],
)
def test_a_number_restated_is_no_change(
    source: str, source_language: str, text: str, language: str
) -> None:
    assert change(source, source_language, text, language) == NumberChange()


@pytest.mark.parametrize(
    ("source", "text", "language", "lost", "added"),
    [
        ("born in 1968", "geboren 1986", "de", ["1968"], ["1986"]),
        ("born in 1968", "geboren", "de", ["1968"], []),
        ("5 dogs", "Hunde", "de", ["5"], []),
        ("5 dogs", "7 Hunde", "de", ["5"], ["7"]),
        ("13 percent", "약 15% 1주택", "ko", ["13"], ["15", "1"]),
        ("100 percent sure", "sicher zu %", "de", ["100"], []),
        ("5 of 50 dogs", "von 50 Hunden", "de", ["5"], []),
        ("5 dogs", "7匹の犬", "ja", ["5"], ["7"]),
        ("16,700 dogs", "16.900 Hunde", "de", ["16,700"], ["16.900"]),
        ("40,000 dogs", "40 Hunde", "de", ["40,000"], ["40"]),
        ("2.9 points", "2,4 Punkte", "de", ["2.9"], ["2,4"]),
        ("won 1-0", "gewann :0 ein Spiel", "de", ["1"], []),
        ("won 1-0", "gewann 1:", "de", ["0"], []),
        ("300 km (190 miles) north", "390 km nördlich", "de", ["300"], ["390"]),
        ("a dog", "ein Hund von 1968", "de", [], ["1968"]),
        ("10 percent sure", "ganz sicher", "de", ["10"], []),
        ("385 miles away", "Meilen entfernt", "de", ["385"], []),
    ],
)
def test_a_number_lost_is_named(
    source: str, text: str, language: str, lost: list[str], added: list[str]
) -> None:
    assert change(source, "en", text, language) == NumberChange(tuple(lost), tuple(added))


def test_a_month_lost_between_languages_that_number_them_is_named() -> None:
    assert change("5月9日", "zh", "9日", "ja") == NumberChange(("5",))


@given(
    st.lists(st.integers(0, 10**9), max_size=5),
    st.sampled_from([k for k in ALL if k != "en"]),
    st.randoms(use_true_random=False),
)
def test_numbers_in_any_order_are_kept(numbers: list[int], language: str, random: object) -> None:
    source = " and ".join(map(str, numbers))
    random.shuffle(numbers)  # type: ignore[attr-defined]
    assert change(source, "en", "; ".join(map(str, numbers)), language) == NumberChange()


@given(st.integers(1900, 2099), st.sampled_from([k for k in ALL if k != "en"]))
def test_a_year_lost_is_found(year: int, language: str) -> None:
    assert change(f"born in {year}", "en", "…", language).lost == (str(year),)


@given(st.text("0123456789.,:-() 万億천", max_size=20), st.text("0123456789.,:() 万", max_size=20))
def test_whatever_is_written_what_is_named_are_numbers_of_it(source: str, text: str) -> None:
    for languages in (("en", "ja"), ("zh", "de"), ("ko", "en")):
        found = change(source, languages[0], text, languages[1])
        assert all(any(map(str.isdigit, its)) for its in (*found.lost, *found.added))
        assert change(source, languages[0], source, languages[1]) == NumberChange()
