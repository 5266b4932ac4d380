import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.overlap import (
    OverlapRules,
    TextIndex,
    all_normalised,
    normalised,
    run_digests,
    whole_digests,
)

SAME = [
    ("A dog — running!", "a DOG running"),
    ("e\u0301tude  nº 5", "\u00c9TUDE no 5"),
    ("ｶﾒﾗを持つ人", "カメラを持つ人"),
    ("STRASSE", "Straße"),
    ("İZMİR'DE KIŞ", "izmir de kış"),
    ("ΌΔΟΣ", "όδος"),
    ("می\u200cروم", "میروم"),
    ("soft\u00adhyphen", "softhyphen"),
    ("❤\ufe0f love", "❤ LOVE"),
    ("हिंदी, भाषा।", "हिंदी भाषा"),
]
UNLIKE = [
    ("कि", "की"),
    ("กา", "กิ"),
    ("two dogs", "twodogs"),
    ("résumé", "resume"),
    ("5 cats", "6 cats"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling_and_punctuation_make_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_letters_marks_and_digits_do(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@settings(deadline=None)
@given(st.text())
def test_unicode_forms_never_make_a_difference(text: str) -> None:
    forms = {normalised(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC")}
    assert forms == {normalised(text)}


@settings(deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_a_column_is_normalised_as_its_texts_are(texts: list[str]) -> None:
    assert all_normalised(texts) == [normalised(text) for text in texts]


EVALUATION = [
    "A man in a red coat walks two small brown dogs along the sandy beach at dusk.",
    "ชายคนหนึ่งสวมเสื้อโค้ทสีแดงกำลังจูงสุนัขตัวเล็กสองตัวเดินเล่นบนชายหาด",
    "一个穿着红色外套的男人在黄昏时分牵着两只棕色小狗沿着沙滩散步",
    "a red car",
    "Ein Kind schläft ruhig",
]
FOUND = [
    "a man in a RED coat walks two small brown dogs along the sandy beach, at dusk",
    "Photo: a man in a red coat walks two small brown dogs along the sandy beach",
    "ชายคนหนึ่งสวมเสื้อโค้ทสีแดงกำลังจูงสุนัขตัวเล็กสองตัวเดินเล่นบนชายหาด 2024",
    "【图】一个穿着红色外套的男人在黄昏时分牵着两只棕色小狗沿着沙滩散步",
    "ein kind schläft ruhig.",
]
NOT_FOUND = [
    "",
    "a red car",
    "A man in a blue coat walks two big brown dogs along the sandy river at dawn.",
    "ein Kind schläft ruhig bei seiner Mutter",
    "一个男人",
    "A man in a red coat walks two small cats, and after that he goes home to his wife and sleeps",
]


def holds(index: TextIndex, texts: list[str]) -> list[bool]:
    plain = [normalised(text) for text in texts]
    whole, runs = whole_digests(plain, index.rules), run_digests(plain, index.rules)
    return [bool(found) for found in index.holds(whole, runs)]


def test_what_stands_in_a_set_is_found_and_nothing_else() -> None:
    index = TextIndex.of(EVALUATION, OverlapRules())
    assert holds(index, FOUND) == [True] * len(FOUND)
    assert holds(index, NOT_FOUND) == [False] * len(NOT_FOUND)
    assert holds(TextIndex.of([], OverlapRules()), FOUND) == [False] * len(FOUND)


def slow(evaluation: list[str], text: str, rules: OverlapRules) -> bool:
    """The same without a digest."""
    known, plain = [normalised(each) for each in evaluation], normalised(text)

    def runs(each: str) -> list[tuple[str, ...]]:
        units = [*each.replace(" ", "")] if max(each, default="") >= "一" else each.split()
        length = rules.characters if max(each, default="") >= "一" else rules.words
        return [tuple(units[at : at + length]) for at in range(len(units) - length + 1)]

    if plain in known and len(plain.replace(" ", "")) + sum(c >= "一" for c in plain) >= 5:
        return True
    seen = {run for each in known for run in runs(each)}
    found = [run in seen for run in runs(plain)]
    return bool(found) and sum(found) >= rules.min_share * len(found)


texts = st.one_of(
    st.lists(st.sampled_from(["ab", "c", "dé", "f"]), max_size=9).map(" ".join),
    st.text(st.sampled_from("狗猫人"), max_size=9),
)
rules = st.builds(
    OverlapRules,
    min_letters=st.just(5),
    words=st.integers(1, 4),
    characters=st.integers(1, 4),
    min_share=st.sampled_from([0.25, 0.5, 0.75, 1.0]),
)


@settings(deadline=None)
@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5), rules)
def test_digests_find_what_the_texts_themselves_do(
    evaluation: list[str], captions: list[str], rules: OverlapRules
) -> None:
    found = holds(TextIndex.of(evaluation, rules), captions)
    assert found == [slow(evaluation, text, rules) for text in captions]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"min_share": 0.0}, "min_share must be in (0, 1], got 0.0"),
        ({"words": 0}, "words must be at least 1, got 0"),
    ],
)
def test_impossible_bounds_are_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        OverlapRules(**wrong)  # type: ignore[arg-type]
