"""Scripts of real texts, whole columns at a time."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.scripts import SCRIPTS, Column, letters_of, plain, script_table


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Ein Hund läuft", "Latn"),
        ("Một con chó", "Latn"),
        ("Собака біжить", "Cyrl"),
        ("كلب يجري", "Arab"),
        ("ایک کتا", "Arab"),
        ("एक कुत्ता दौड़ रहा है", "Deva"),
        ("一只狗在跑", "Hani"),
        ("犬が走っている", "Kana"),
        ("개가 달린다", "Hang"),
        ("สุนัขกำลังวิ่ง", "Thai"),
        ("ძაღლი გარბის", "Geor"),
        ("Ένας σκύλος", "Grek"),
        ("একটি কুকুর", "Beng"),
        ("כלב רץ", "Hebr"),
        ("Canon EOS R5 のカメラレビュー", "Kana"),
        ("กล้อง Canon", "Thai"),
        ("The word 犬 means dog", "Latn"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "Latn"),
        ("12:30 — 🐕!", ""),
        ("", ""),
    ],
)
def test_main_script(text: str, script: str) -> None:
    found = letters_of(Column.of([plain(text)])).script[0]
    assert (SCRIPTS[found] if found >= 0 else "") == script


def test_purity_is_the_share_of_the_main_script() -> None:
    found = letters_of(Column.of(["abcd", "abcd зз", "ab зз"]))
    assert found.purity.tolist() == [1.0, 0.5, 4 / 6]
    assert found.count.tolist() == [4, 6, 4]


def test_no_code_point_is_of_two_scripts() -> None:
    assert sum(np.bincount(script_table())[:-1]) == sum(script_table() < len(SCRIPTS))


@pytest.mark.parametrize("script", ["Latn", "Cyrl", "Deva", "Thai", "Hang", "Arab"])
def test_the_table_agrees_with_the_names_of_letters(script: str) -> None:
    name = {"Latn": "LATIN", "Cyrl": "CYRILLIC", "Deva": "DEVANAGARI", "Thai": "THAI",
            "Hang": "HANGUL", "Arab": "ARABIC"}[script]  # fmt: skip
    letters = [
        point
        for point in range(0x10000)
        if unicodedata.category(chr(point)) in ("Lu", "Ll", "Lo")
        and unicodedata.name(chr(point), "").startswith(name)
        and " LETTER " in unicodedata.name(chr(point))
        and unicodedata.normalize("NFKC", chr(point)) == chr(point)
    ]
    in_table = sum(script_table()[point] == SCRIPTS.index(script) for point in letters)
    assert in_table >= 0.9 * len(letters)


@given(st.text(st.characters(), max_size=30))
def test_all_unicode_forms_are_one_plain_text(text: str) -> None:
    forms = {plain(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {plain(text)}


@given(st.lists(st.text(st.characters(), max_size=30), max_size=5))
def test_a_column_counts_as_its_texts_do(texts: list[str]) -> None:
    lines = [plain(text) for text in texts]
    whole = letters_of(Column.of(lines))
    for number, line in enumerate(lines):
        alone = letters_of(Column.of([line]))
        for name in ("script", "count", "purity", "han", "kana", "told"):
            assert getattr(whole, name)[number] == getattr(alone, name)[0]
