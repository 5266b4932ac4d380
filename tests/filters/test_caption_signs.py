"""No rule is passed over that a caption breaks."""

from hypothesis import given
from hypothesis import strategies as st

from filters.boilerplate import KEY_WORDS
from filters.caption import RULE_OF, CaptionFault, CaptionRules, caption_fault, caption_faults
from filters.caption_signs import signs_in
from filters.caption_text import CaptionText
from filters.character_table import SignTable

RULES = CaptionRules()
JUNK = (
    "IMG_0001.jpg", "see example.org/a", "www.bbc.co.uk", "<b>fox</b>", "cats &amp; dogs", "$19.99",
    "ａｎａ＠example.org", "call +44 20 7946 0958", "٠٨٠٠ ٥٥٥ ١١١", "a\x07b", "क्\u200dष", "cafÃ©",
    "РџСЂРёРІРµС‚", "\ufffd", "ÀÁÂÃÄÅ", "buy now", "Bild 3", "送料無料", "n°", "a_b_c", "1,980円",
)  # fmt: skip
PIECES = st.sampled_from(JUNK) | st.sampled_from(sorted(KEY_WORDS)) | st.text(max_size=8)
CAPTIONS = st.lists(PIECES, max_size=4).map(" ".join)


def slow_fault(caption: CaptionText) -> CaptionFault | None:
    broken = (fault for fault, is_broken in RULE_OF.items() if is_broken(caption, "en", RULES))
    return next(broken, None)


@given(st.lists(CAPTIONS, max_size=5))
def test_verdicts_are_those_of_all_rules(texts: list[str]) -> None:
    expected = [slow_fault(caption) for caption in CaptionText.column(texts)]
    assert caption_faults(texts, ["en"] * len(texts), RULES) == expected


def test_each_rule_is_broken_by_a_caption_with_its_signs() -> None:
    """So that the property above says something of each."""
    faults = {caption_fault(text, "en", RULES) for text in JUNK}
    assert faults >= {
        CaptionFault.MOJIBAKE, CaptionFault.UNFIT_CHARACTERS, CaptionFault.MARKUP, CaptionFault.URL,
        CaptionFault.FILE_NAME, CaptionFault.PERSONAL_DATA, CaptionFault.BOILERPLATE,
        CaptionFault.PRICE, CaptionFault.CALL_TO_BUY,
    }  # fmt: skip


def test_a_plain_caption_has_no_signs() -> None:
    texts = "a red fox sits in the snow", "ein roter Fuchs", "рыжая лиса на снегу"
    assert signs_in(CaptionText.column(texts)) == [0, 0, 0]


@given(st.lists(st.text("a1/\n", max_size=6), max_size=5))
def test_signs_are_those_of_each_texts_characters(texts: list[str]) -> None:
    table = SignTable(lambda char: {"1": 1, "/": 2, "\n": 4}.get(char, 0))
    slow = [("1" in text) + 2 * ("/" in text) + 4 * ("\n" in text) for text in texts]
    assert table.texts(texts) == slow
