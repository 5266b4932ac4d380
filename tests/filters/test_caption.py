import dataclasses
import subprocess
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.caption import (
    CaptionFault,
    CaptionRules,
    all_redacted,
    caption_fault,
    caption_faults,
    redacted,
)

RULES = CaptionRules()
KEPT = """
en ox
en star
en 10 o’clock
de 10:30 Uhr
en a $100 bill
en red heart: it’s a picture book about photographs
en Photo of a lighthouse in the fog
en rock & roll; AT&T and R&D
en if 3 < x and x > 2
en Route 66, summer of '69
en The years 1939–1945 and 1950-1953
en Apollo 11 landed on 20 July 1969, 20:17 UTC
en a 1920 × 1080 screen, 16:9
en a book, ISBN 978-3-16-148410-0
en 1 000 000 people in 12.500.000 km²
en node.js and Vue.js logos
en The dog ran.Now it sleeps.
en Tok tok tok! said the stork.
en Get out of my shop now! The bread is sold out.
en Brrrrrr, it was cold.
en formula (a) F = ma, (b) $\\vec{F}$
fr La maison.Il pleut à l’école
pt “MAÇÃ”
es “BOGOTÁ…” MENÚ»
ar قلب أحمر
ar صورة لقلب أحمر
ur سرخ دل
hi क्‍षत्रिय योद्धा
bn লাল হৃদয়
th หมาจิ้งจอกแดง
ka წითელი გული
el κόκκινη καρδιά
ja 円
ja 10時半
ja はし
ko 눈
ko 빨간 여우 한 마리
zh 红心
zh 一只红色的狐狸坐在雪地里
tr IŞIKLI DENİZ FENERİ
ru рис
ru картина на стене
vi cú
vi Bức ảnh chụp một con mèo đen
en family 👨‍👩‍👧‍👦 and flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿
""".strip().splitlines()

TURNED_AWAY = {
    "unfit-characters": [
        "a\x07b c",
        "logo \ue000",
        "lost \ufffc object",
        "z" + "\u0330" * 7 + "algo",
    ],
    "mojibake": [
        "cafÃ© au lait",
        "itâ€™s a dog",
        "gÅ‚owa konia",
        "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
        "РџСЂРёРІРµС‚ РјРёСЂ",
        "Ïðèâåò ìèð",
        "п÷я─п╦п╡п╣я┌",
        "à¤¨à¤®à¤¸à¥\x8dà¤¤à¥‡",
        "ä¸\xadæ–‡",
        "l\ufffdwe",
    ],
    "markup": [
        "<b>A red</b> fox",
        "A fox<br/>in snow",
        "Fish &amp; chips",
        "it&#39;s",
        "[url=x]fox[/url]",
        "[caption id=3] a fox",
        "a [fox](https://example.org/x)",
        "**A fox** in snow",
        '<img src="a.jpg" alt="fox',
        ".fox { color: red; }",
        "window.onload = function() { return 1 }",
        "caf\\u00e9",
        "red%20fox",
        "{{fox|red}}",
    ],
    "url": [
        "see https://example.org/fox.jpg",
        "www.example.org",
        "Foxes at example.com",
        "FOXES.EXAMPLE.COM",
        "bit.ly/3fox",
        "更多请看example.com。",
    ],
    "file-name": [
        "IMG_0001",
        "IMG_20240102_101112.jpg",
        "DSC_0042",
        "DSC00042 (2)",
        "P1010001",
        "fox in snow.JPG",
        "ＩＭＧ＿０００１",
        "Screenshot 2024-01-02 at 10.11.12",
        "Screenshot 2024-01-02 at 10.11.12 AM",
        "Bildschirmfoto 2024-01-02 um 10.11.12",
        "Снимок экрана 2024-01-02 в 10.11.12",
        "スクリーンショット 2024-01-02 10.11.12",
        "Ekran görüntüsü 2024-01-02",
        "WhatsApp Image 2024-01-02 at 10.11.12",
        "123e4567-e89b-12d3-a456-426614174000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "red_fox_final",
        "aX9kQ2mZ7pL4vB8nR1tY",
    ],
    "personal-data": [
        "write to ana.b+c@example.org",
        "ana (at) example (dot) org",
        "почта: аня@пример.рф",
        "发邮件给ana@example.org，谢谢",
        "Call +44 20 7946 0958",
        "+1 (555) 555-0123",
        "(555) 555-0123",
        "555-555-0123",
        "call 555-0123 now",
        "0800 555 111",
        "Tel. 030 1234567",
        "tel:0301234567",
        "тел. 601 234 567",
        "手机13812345678",
        "010-1234-5678",
        "ফোন ০৮০০ ৫৫৫ ১১১",
        "هاتف: ٠٢٠ ٧٩٤٦ ٠٩٥٨",
        "โทร 02 123 4567",
    ],
    "boilerplate": [
        "image",
        "Image 3",
        "PHOTO",
        "untitled",
        "Das Bild",
        "صُورَة",
        "RESİM",
        "resim",
        "画像",
        "图片1",
        "รูปภาพ",
        "फ़ोटो",
        "Stock photo of a fox",
        "Click to enlarge",
        "Image may contain: fox, snow",
        "Büyütmek için TIKLAYIN",
        "BÜYÜTMEK İÇİN TIKLAYIN",
        "クリックで拡大",
        "нажмите, чтобы увеличить",
    ],
    "price": [
        "Red shoes $19.99",
        "Rote Schuhe 19,99 €",
        "only €5",
        "赤い靴 1,980円",
        "красные туфли, цена: 1990 руб.",
        "Fox mug ￥1,980",
        "20% off",
        "czerwone buty 49,90 zł",
    ],
    "call-to-buy": [
        "Buy now: red shoes",
        "Jetzt kaufen!",
        "今すぐ購入",
        "立即购买红鞋",
        "Купить онлайн",
        "HEMEN AL",
        "اشتر الآن",
        "अभी खरीदें",
        "สั่งซื้อ ซื้อเลย",
        "Acheter en ligne",
        "Sold out!",
    ],
    "too-short": ["", "x", "👍👍", "12345", "…"],
    "few-letters": ["12/34/5678 ab 99", "----- == ---- no ----- == ----"],
    "repetitive": [
        "aaaaaaaa",
        "fox fox fox fox fox fox fox fox",
        "狐狸狐狸狐狸狐狸狐狸狐狸",
        "ха ха ха ха ха ха ха",
    ],
}


@pytest.mark.parametrize("line", KEPT)
def test_what_people_write_below_pictures_is_kept(line: str) -> None:
    language, text = line.split(" ", 1)
    assert caption_fault(text, language, RULES) is None


@pytest.mark.parametrize(
    ("text", "fault"), [(text, fault) for fault, texts in TURNED_AWAY.items() for text in texts]
)
def test_what_no_caption_is_is_turned_away(text: str, fault: str) -> None:
    assert caption_fault(text, "und", RULES) == fault


def test_every_rule_has_its_example() -> None:
    by_bound = {CaptionFault.TOO_LONG, CaptionFault.FEW_WORDS}
    assert {*map(CaptionFault, TURNED_AWAY)} == {*CaptionFault} - by_bound


def test_a_page_is_no_caption() -> None:
    rules = CaptionRules(max_chars=20)
    assert caption_fault("a red fox in the snow", "en", rules) is CaptionFault.TOO_LONG
    assert caption_fault("fox " * 1000, "en", rules) is CaptionFault.TOO_LONG
    assert caption_fault("a red fox in snow", "en", rules) is None


def test_words_are_asked_for_by_language_and_where_the_script_has_them() -> None:
    rules = CaptionRules(min_words=3, min_words_in={"ko": 2})
    few = CaptionFault.FEW_WORDS
    assert caption_fault("red - fox", "en", rules) is few
    assert caption_fault("a red fox", "en", rules) is None
    assert caption_fault("빨간 여우", "ko", rules) is None
    assert caption_fault("여우", "ko", rules) is few
    assert caption_fault("หมาจิ้งจอก", "th", rules) is None
    assert caption_fault("狐狸", "zh", rules) is None


def test_what_is_overlooked_is_no_fault() -> None:
    rules = CaptionRules(overlook=(CaptionFault.PRICE, CaptionFault.CALL_TO_BUY))
    assert caption_fault("Buy now: red shoes $19.99", "en", rules) is None
    assert caption_fault("", "en", CaptionRules(overlook=tuple(CaptionFault))) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to ana@example.org, or call 555-555-0123!", "write to …, or call …!"),
        ("发邮件给ana@example.org，谢谢", "发邮件给…，谢谢"),
        ("call ＋４４ ２０ ７９４６ ０９５８ now", "call … now"),
        ("a red fox, 1914-1918", "a red fox, 1914-1918"),
    ],
)
def test_personal_data_is_redacted_by_recipe(text: str, left: str) -> None:
    rules = CaptionRules(personal_data="redact")
    assert redacted(text, rules) == left
    assert caption_fault(text, "en", rules) is None
    assert redacted(text, RULES) == text


def test_a_caption_of_nothing_but_an_address_is_not_kept_redacted() -> None:
    rules = CaptionRules(personal_data="redact")
    assert caption_fault("ana@example.org", "en", rules) is CaptionFault.TOO_SHORT
    keeps = CaptionRules(personal_data="keep")
    assert caption_fault("ana@example.org", "en", keeps) is None


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"min_letter_share": 2}, r"min_letter_share must be in \[0, 1\], got 2"),
        ({"max_repeated_share": -0.1}, r"max_repeated_share must be in \[0, 1\], got -0.1"),
        ({"max_chars": 0}, "max_chars must be at least 1, got 0"),
        ({"min_letters": -1}, "min_letters must be at least 0, got -1"),
        ({"min_words_in": {"xx": 1}}, "got 1 for 'xx'"),
    ],
)
def test_impossible_bounds_are_named(bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CaptionRules(**bounds)


PARTS = st.sampled_from(
    [text for texts in TURNED_AWAY.values() for text in texts]
    + [line.split(" ", 1)[1] for line in KEPT]
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.one_of(PARTS, st.text(max_size=8)), max_size=4).map("".join),
    st.text("0123456789 ()+-./@abcom…", max_size=60),
)


@given(TEXTS, st.sampled_from(["NFC", "NFD"]))
def test_a_spelling_never_changes_a_verdict(text: str, form: Any) -> None:
    other = unicodedata.normalize(form, text)
    assert caption_fault(text, "en", RULES) is caption_fault(other, "en", RULES)


@given(PARTS.filter(lambda text: text not in TURNED_AWAY["mojibake"]))
def test_full_width_letters_never_change_a_verdict(text: str) -> None:
    wide = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert caption_fault(text, "en", RULES) is caption_fault(wide, "en", RULES)


@given(TEXTS, st.integers(1, 40), st.integers(0, 9), st.floats(0, 1), st.sampled_from(CaptionFault))
def test_a_looser_rule_keeps_all_that_a_stricter_one_kept(
    text: str, chars: int, fewest: int, share: float, fault: CaptionFault
) -> None:
    strict = CaptionRules(
        max_chars=chars,
        min_letters=fewest,
        min_words=fewest,
        min_letter_share=share,
        max_repeated_share=1 - share,
    )
    looser: list[dict[str, Any]] = [
        {"max_chars": chars + 1},
        {"min_letters": max(0, fewest - 1)},
        {"min_words": max(0, fewest - 1)},
        {"min_words_in": {"en": 0}},
        {"min_letter_share": share / 2},
        {"max_repeated_share": 1 - share / 2},
        {"personal_data": "redact"},
        {"personal_data": "keep"},
        {"overlook": (fault,)},
    ]
    if caption_fault(text, "en", strict) is None:
        for change in looser:
            assert caption_fault(text, "en", dataclasses.replace(strict, **change)) is None


@given(TEXTS)
def test_redaction_leaves_nothing_behind(text: str) -> None:
    rules = CaptionRules(personal_data="redact")
    once = redacted(text, rules)
    assert redacted(once, rules) == once
    assert caption_fault(once, "en", RULES) is not CaptionFault.PERSONAL_DATA


@given(st.lists(TEXTS, max_size=5), st.sampled_from(["reject", "redact", "keep"]))
def test_a_column_is_judged_as_its_texts_are(texts: list[str], personal_data: Any) -> None:
    rules = CaptionRules(personal_data=personal_data, max_chars=10)
    found = caption_faults(texts, ["en"] * len(texts), rules)
    assert found == [caption_fault(text, "en", rules) for text in texts]
    assert all_redacted(texts, rules) == [redacted(text, rules) for text in texts]


def test_long_columns_are_judged_in_their_order() -> None:
    texts = ["a red fox", "IMG_0001.jpg", "https://example.org", "word " * 5000, "€", "狐"] * 100
    file_name, url, too_long = CaptionFault.FILE_NAME, CaptionFault.URL, CaptionFault.TOO_LONG
    expected = [None, file_name, url, too_long, CaptionFault.TOO_SHORT, None] * 100
    assert caption_faults(texts, ["en"] * len(texts), RULES) == expected


LONG = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from filters.caption import CaptionRules, caption_faults
pieces = [*"a_-.@ (0+<[&#é", "ab ", "a_", "0 ", "a.", "1-", "$1 "]
texts = [text for piece in pieces for text in (piece * 5000, "tel " + piece * 200)]
caption_faults(texts, ["en"] * len(texts), CaptionRules(max_chars=50_000))
"""


def test_no_text_is_read_for_ever() -> None:
    """A pattern that goes back and forth would run into the bound on a process of its own."""
    assert subprocess.run([sys.executable, "-c", LONG]).returncode == 0
