"""Translations as machines make them: right ones, and each thing that goes wrong."""

import math
import time
import unicodedata
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.language import Guess
from filters.translation import (
    Cosines,
    Finding,
    Translated,
    TranslationFault,
    TranslationRules,
    judge_cosines,
    judge_translation,
    judge_translations,
)
from schemas.languages import ALL

RULES = TranslationRules()
FOX = "A red fox runs through the deep snow."

RIGHT = [
    (FOX, "en", "Ein roter Fuchs läuft durch den tiefen Schnee.", "de"),
    (FOX, "en", "Рыжая лиса бежит по глубокому снегу.", "ru"),
    (FOX, "en", "一只红色的狐狸在深雪中奔跑。", "zh"),
    (FOX, "en", "赤いキツネが深い雪の中を走る。", "ja"),
    (FOX, "en", "빨간 여우가 깊은 눈 속을 달린다.", "ko"),
    (FOX, "en", "สุนัขจิ้งจอกแดงวิ่งผ่านหิมะหนา", "th"),
    (FOX, "en", "एक लाल लोमड़ी गहरी बर्फ में दौड़ रही है।", "hi"),
    (FOX, "en", "ثعلب أحمر يركض عبر الثلوج العميقة.", "ar"),
    ("Рыжая лиса бежит по глубокому снегу.", "ru", "Руда лисиця біжить глибоким снігом.", "uk"),
    ("一只红色的狐狸在深雪中奔跑。", "zh", "赤いキツネが深い雪の中を走る。", "ja"),
    ("En rød ræv løber gennem dyb sne", "da", "En rød rev løper gjennom dyp snø", "no"),
    ("Eiffel Tower, Paris", "en", "Eiffel Tower, Paris", "it"),
    ("iPhone 12 Pro", "en", "iPhone 12 Pro", "ja"),
    ("Canon EOS R5 camera", "en", "Камера Canon EOS R5", "ru"),
    ("2 dogs at 3 pm", "en", "Zwei Hunde um 15 Uhr", "de"),
    ("No, no, no, no!", "en", "Nein, nein, nein, nein!", "de"),
    ("very, very, very big", "en", "très, très, très grand", "fr"),
    ("Hello {name}, see https://example.org/a", "en", "Hallo {name}, https://example.org/a", "de"),
    ("taxi", "en", "taxi", "nl"),
    ("A red fox.", "en", "Ein roter             Fuchs.", "de"),
    ("🦊", "en", "🦊", "de"),
    ("1914-1918", "en", "1914–1918", "fr"),
    ("α-Helix", "de", "α-helix", "en"),
]

LOOPING, COPIED, SCRIPT = (
    TranslationFault.LOOPING,
    TranslationFault.COPIED,
    TranslationFault.SCRIPT,
)
LENGTH, NUMBERS = TranslationFault.LENGTH, TranslationFault.NUMBERS
ADDRESSES, PLACEHOLDERS = TranslationFault.ADDRESSES, TranslationFault.PLACEHOLDERS
TALE = "und dann läuft er weiter, über Berge und Täler und Flüsse, bis es Abend wird "

WRONG = [
    (FOX, "en", "", "de", TranslationFault.EMPTY),
    (FOX, "en", " … ", "de", TranslationFault.EMPTY),
    (FOX, "en", "Ein roter Fuchs, ein roter Fuchs, ein roter Fuchs,", "de", LOOPING),
    (FOX, "en", "一只红色的狐狸狐狸狐狸狐狸", "zh", LOOPING),
    (FOX, "en", "Ein Fuchs läuft im Schnee. Ein Fuchs läuft im Schnee.", "de", LOOPING),
    (FOX, "en", "Ein roter Fuchs!!!!!!!!!!!!!!!!!!!!", "de", LOOPING),
    (FOX, "en", FOX, "de", COPIED),
    (FOX, "en", FOX, "ru", COPIED),
    (FOX, "en", f"{FOX} Ein roter Fuchs", "de", COPIED),
    (FOX, "en", "Рыжая лиса бежит по глубокому снегу.", "de", SCRIPT),
    (FOX, "en", "Ryzhaya lisa bezhit po glubokomu snegu.", "ru", SCRIPT),
    (FOX, "en", "Рыжая лиса бежит по 深い雪の中.", "ru", SCRIPT),
    (FOX, "en", "赤いキツネが深い雪の中を走る。", "zh", SCRIPT),
    (FOX, "en", "Fuchs", "de", LENGTH),
    (FOX, "en", "Ein roter Fuchs", "de", LENGTH),  # no full stop
    (FOX, "en", f"Ein roter Fuchs läuft durch den Schnee, {TALE}", "de", LENGTH),
    ("5 dogs in 1968", "en", "5 Hunde im Jahr 1986", "de", NUMBERS),
    ("5 dogs in 1968", "en", "Hunde im Jahr 1968", "de", NUMBERS),
    ("see https://example.org/a", "en", "siehe https://example.org/", "de", ADDRESSES),
    ("write to ana@example.org", "en", "schreib an ana@beispiel.org", "de", ADDRESSES),
    ("Hello {name}, dear guest", "en", "Hallo {Name}, lieber Gast", "de", PLACEHOLDERS),
    ("Hello %s, dear guest", "en", "Hallo % s, lieber Gast", "de", PLACEHOLDERS),
    ("a <b>red</b> fox runs", "en", "ein <b>roter Fuchs rennt", "de", PLACEHOLDERS),
    ("a red fox runs", "en", "ein {color} Fuchs rennt", "de", PLACEHOLDERS),
]


def faults(found: list[Finding]) -> set[TranslationFault]:
    return {its.fault for its in found}


@pytest.mark.parametrize(("source", "source_language", "text", "language"), RIGHT)
def test_right_translations_pass(
    source: str, source_language: str, text: str, language: str
) -> None:
    guess = Guess(((language, 0.9), (source_language, 0.1)), 30, 1.0)
    assert (
        judge_translation(Translated(source, source_language, text, language, guess), RULES) == []
    )


@pytest.mark.parametrize(("source", "source_language", "text", "language", "fault"), WRONG)
def test_each_fault_is_found(
    source: str, source_language: str, text: str, language: str, fault: TranslationFault
) -> None:
    translated = Translated(source, source_language, text, language)
    assert fault in faults(judge_translation(translated, RULES))
    overlooking = TranslationRules(overlook=(fault,))
    assert fault not in faults(judge_translation(translated, overlooking))


def test_every_fault_of_texts_is_tried() -> None:
    tried = {fault for *_, fault in WRONG} | {TranslationFault.LANGUAGE}
    of_models = {TranslationFault.COSINE, TranslationFault.MEANING, TranslationFault.ROUND_TRIP}
    assert tried == set(TranslationFault) - of_models


@pytest.mark.parametrize(
    ("source", "text", "shares", "is_wrong"),
    [
        (FOX, "En röd räv springer genom snön.", (("sv", 0.9), ("da", 0.05)), True),
        (FOX, "En rød rev løper gjennom snøen.", (("no", 0.7), ("da", 0.3)), False),
        (FOX, "En rød ræv løber i den dybe sne.", (), False),
        (FOX, "En rød ræv løber i den dybe sne.", (("no", 0.4), ("sv", 0.3)), False),
        (FOX, "springer räv", (("sv", 0.99),), False),  # too short to tell
        ("Angela Merkel, Berlin, Germany", "Angela Merkel, Berlin", (("en", 0.99),), False),
    ],
)
def test_the_wrong_language(source: str, text: str, shares: Any, is_wrong: bool) -> None:
    guess = Guess(shares, len(text), 1.0)
    found = judge_translation(Translated(source, "en", text, "da", guess), RULES)
    assert (TranslationFault.LANGUAGE in faults(found)) is is_wrong


def test_details_say_what_was_found() -> None:
    texts = [
        Translated("5 dogs in 1968 at example.org", "en", "7 Hunde im Jahr 1968 im Netz", "de"),
        Translated(FOX, "en", "Рыжая лиса бежит по снегу.", "de"),
        Translated(
            FOX, "en", "En röd räv springer genom djup snö", "de", Guess((("sv", 0.93),), 16, 1.0)
        ),
    ]
    told = [[its.detail for its in found] for found in judge_translations(texts, RULES)]
    assert told == [["lost 5, added 7", "1 of 1"], ["0.00 of its script"], ["sv 0.93"]]


def test_an_empty_translation_has_no_other_fault() -> None:
    found = judge_translation(Translated("5 dogs at example.org", "en", "", "de"), RULES)
    assert [its.fault for its in found] == [TranslationFault.EMPTY]


def test_faults_come_in_their_order() -> None:
    found = judge_translation(
        Translated("5 red dogs", "en", "лиса лиса лиса лиса {x}", "de"), RULES
    )
    assert [its.fault for its in found] == sorted(
        [its.fault for its in found], key=list(TranslationFault).index
    )
    assert len(found) > 2


@pytest.mark.parametrize(
    ("cosines", "faults"),
    [
        (Cosines(0.30, 0.28, 0.8), []),
        (Cosines(0.30, 0.24, 0.8), [TranslationFault.COSINE]),
        (Cosines(0.30, 0.34, 0.6), [TranslationFault.MEANING]),
        (Cosines(0.30, 0.10, 0.1), [TranslationFault.COSINE, TranslationFault.MEANING]),
        (Cosines(), []),
        (Cosines(0.30, None, None), []),
        (Cosines(0.30, math.nan, math.nan), [TranslationFault.COSINE, TranslationFault.MEANING]),
    ],
)
def test_cosines(cosines: Cosines, faults: list[TranslationFault]) -> None:
    rules = TranslationRules(max_cosine_drop=0.05, min_cosine=0.7)
    assert [its.fault for its in judge_cosines(cosines, rules)] == faults
    assert judge_cosines(cosines, RULES) == []
    assert (
        judge_cosines(
            cosines,
            TranslationRules(
                max_cosine_drop=0.05, min_cosine=0.7, overlook=tuple(TranslationFault)
            ),
        )
        == []
    )


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"max_rounds": 0}, "max_rounds must be at least 1, got 0"),
        ({"max_repeated_share": 2}, r"max_repeated_share must be in \[0, 1\], got 2"),
        ({"max_run": -1}, "max_run must be at least 0, got -1"),
        ({"max_copied_share": -0.1}, r"max_copied_share must be in \[0, 1\], got -0.1"),
        ({"min_copied_words": 0}, "min_copied_words must be at least 1, got 0"),
        ({"min_script_share": math.nan}, r"min_script_share must be in \[0, 1\], got nan"),
        ({"max_stray_share": 1.1}, r"max_stray_share must be in \[0, 1\], got 1.1"),
        ({"language_odds": 0.5}, "language_odds must be at least 1, got 0.5"),
        ({"min_language_share": 2}, r"min_language_share must be in \[0, 1\], got 2"),
        ({"min_language_letters": -1}, "min_language_letters must be at least 0, got -1"),
        ({"max_shorter": -1}, "max_shorter must be at least 0, got -1"),
        ({"max_shorter_unended": -1}, "max_shorter_unended must be at least 0, got -1"),
        ({"max_longer": math.nan}, "max_longer must be at least 0, got nan"),
        ({"max_cosine_drop": 3}, r"max_cosine_drop must be in \[0, 2\], got 3"),
        ({"min_cosine": -2}, r"min_cosine must be in \[-1, 1\], got -2"),
    ],
)
def test_impossible_bounds_are_named(bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TranslationRules(**bounds)


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (("cs", "de"), "languages must be of en ar .*, got 'cs'"),
        (("en", "und"), "languages must be of en ar .*, got 'und'"),
        (("de", "de"), "source and translation must differ in language, both are 'de'"),
    ],
)
def test_languages_must_be_known_and_differ(languages: tuple[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge_translation(Translated(FOX, languages[0], FOX, languages[1]), RULES)


LIMITLESS = TranslationRules(
    max_rounds=10**6,
    max_repeated_share=1,
    max_run=0,
    max_copied_share=0,
    min_script_share=0,
    max_stray_share=1,
    language_odds=math.inf,
    max_shorter=math.inf,
    max_shorter_unended=math.inf,
    max_longer=math.inf,
    overlook=(
        TranslationFault.EMPTY,
        TranslationFault.NUMBERS,
        TranslationFault.ADDRESSES,
        TranslationFault.PLACEHOLDERS,
    ),
)

TEXTS = st.text(max_size=40) | st.sampled_from(
    [text for case in (*RIGHT, *WRONG) for text in case[:3:2]]
)
PAIRS = st.tuples(st.sampled_from(ALL), st.sampled_from(ALL)).filter(lambda its: its[0] != its[1])
GUESSES = st.none() | st.just(Guess((("cs", 0.99),), 30, 1.0))
TRANSLATED = st.builds(
    lambda a, b, pair, guess: Translated(a, pair[0], b, pair[1], guess),
    TEXTS,
    TEXTS,
    PAIRS,
    GUESSES,
)


@given(st.lists(TRANSLATED, max_size=8))
def test_a_column_is_judged_as_its_rows(translated: list[Translated]) -> None:
    rows = [judge_translation(its, RULES) for its in translated]
    assert judge_translations(translated, RULES) == rows


@given(TRANSLATED)
def test_every_rule_can_be_turned_off(translated: Translated) -> None:
    assert judge_translation(translated, LIMITLESS) == []


@given(TRANSLATED, st.sampled_from(["NFC", "NFD"]))
def test_spelling_changes_no_verdict(translated: Translated, form: Any) -> None:
    spelt = translated._replace(
        source=unicodedata.normalize(form, translated.source),
        text=unicodedata.normalize(form, translated.text),
    )
    assert faults(judge_translation(spelt, RULES)) == faults(judge_translation(translated, RULES))


@given(st.text(st.characters(categories=("Cs",)), max_size=3), TEXTS)
def test_lone_surrogates_are_judged_as_any_text(source: str, text: str) -> None:
    odd = Translated(source + text, "en", text + source, "ja")
    of_empty, of_odd = judge_translations([Translated("a", "en", "", "ja"), odd], RULES)
    assert of_odd == judge_translation(odd, RULES)
    assert faults(of_empty) == {TranslationFault.EMPTY}


@pytest.mark.parametrize(
    "text",
    [
        "1" * 50_000,
        "1 " * 2500,
        "1," * 2500,
        "1億" * 2500,
        "一" * 5000,
        "(1" * 2500,
        "1-" * 2500,
        "<b " * 1600,
        "{" * 5000,
        "%" * 5000,
        "a." * 2500,
        "http://" * 7000,
        "www." * 12_000,
        "ab " * 1600,
        " ".join(map(str, range(1200))),
        "".join(chr(0x4E00 + n % 97) for n in range(5000)),
        "".join(Random(5).choices("犬猫鳥魚馬", k=20_000)),
    ],
)
@pytest.mark.parametrize(
    "other", ["7 dogs", "2 miles (3 km), 5 of 1,000", " ".join("9876543" * 300)]
)
def test_long_texts_take_no_long_time(text: str, other: str) -> None:
    began = time.process_time()
    judge_translation(Translated(text, "ja", other, "en"), RULES)
    judge_translation(Translated(other, "en", text, "ja"), RULES)
    assert time.process_time() - began < 1  # seconds
