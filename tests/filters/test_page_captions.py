import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.page_captions import captions_in, texts_for_page


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("Figure 2: A kite in flight", "figure-caption"),
        ("Fig. 3.1 – A kite in flight", "figure-caption"),
        ("Abbildung 4. Ein Milan im Flug", "figure-caption"),
        ("Abb. 4: Ein Milan im Flug", "figure-caption"),
        ("Kuva 2. Haarahaukka lennossa", "figure-caption"),
        ("Rysunek 5. Kania ruda w locie", "figure-caption"),
        ("Рис. 1. Красный коршун в полёте", "figure-caption"),
        ("Εικόνα 7: Ψαλιδιάρης σε πτήση", "figure-caption"),
        ("Hình 3: Diều hâu đang bay", "figure-caption"),
        ("شكل ٣: حدأة حمراء", "figure-caption"),
        ("चित्र २: उड़ती हुई चील", "figure-caption"),
        ("รูปที่ 2. เหยี่ยวกำลังบิน", "figure-caption"),
        ("図3：飛んでいるアカトビ", "figure-caption"),
        ("图 3. 飞行中的赤鸢", "figure-caption"),
        ("그림 2. 날고 있는 붉은솔개", "figure-caption"),
        ("3. attēls. Sarkanā klija lidojumā", "figure-caption"),
        ("Table 1. Pairs by year", "table-caption"),
        ("Tabelle 1: Paare im Jahr", "table-caption"),
        ("Таблица 2. Пары по годам", "table-caption"),
        ("表1: 年ごとのつがい", "table-caption"),
        ("Figure 3 shows a kite in flight.", None),
        ("Table 2 has the pairs of each year.", None),
        ("The figure 3: a number", None),
        ("Figures: 3", None),
        ("1. Introduction", None),
        ("Figure 3:", None),
    ],
)
def test_captions_begin_with_their_word_number_and_mark(line: str, origin: str | None) -> None:
    found = list(captions_in(f"Some text before\n{line}\n\nand after."))
    assert found == ([(origin, line)] if origin else [])


def test_a_caption_goes_on_to_the_end_of_its_sentence() -> None:
    text = "Figure 2: A kite\nin flight. \nIt circles."
    assert list(captions_in(text)) == [("figure-caption", "Figure 2: A kite in flight.")]
    text = "Figure 2: A kite\nof the\nvalley\nand not this"
    assert list(captions_in(text)) == [("figure-caption", "Figure 2: A kite of the valley")]


@given(st.text())
def test_any_text_has_its_captions_in_one_line_each(text: str) -> None:
    for _, caption in captions_in(text):
        assert caption == caption.strip() != ""
        assert len(caption.splitlines()) == 1


HEADING, ALT = ("page-heading", "Nests"), ("alt-text", "A kite")


@pytest.mark.parametrize(
    ("found", "number", "title", "section", "texts"),
    [
        ([HEADING, ALT], 1, "Birds", "", [("page-title", "Birds"), HEADING, ALT]),
        ([HEADING], 2, "Birds", "Kites", [HEADING]),
        ([ALT], 2, "Birds", "Kites", [("page-section", "Kites"), ALT]),
        ([], 3, "Birds", "Kites", [("page-section", "Kites")]),
        ([], 3, "Birds", "", [("page-title", "Birds")]),
        ([], 3, "", "", []),
        ([("page-heading", "Birds")], 1, "Birds", "", [("page-title", "Birds")]),
        ([HEADING, ALT, HEADING], 2, "", "", [HEADING, ALT]),
    ],
)
def test_what_can_stand_for_a_page(
    found: list[tuple[str, str]], number: int, title: str, section: str, texts: list[str]
) -> None:
    assert texts_for_page(found, number, title, section) == texts
