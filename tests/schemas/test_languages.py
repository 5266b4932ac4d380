import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.languages import _ALIASES, _MAX_CHARS, ALL, LANGUAGES, UNKNOWN, normalise_tag

THE_29 = "ar bn zh da nl fi fr ka de el hi id it ja ko lv no pl pt ro ru sk es sv th tr uk ur vi"
TAGS = st.text() | st.lists(
    st.sampled_from([*_ALIASES, *ALL, *"-_.@ (,İΣ1", "US", "x" * 17]), max_size=5
).map("".join)


def test_all_30_in_order() -> None:
    assert list(ALL) == ["en", *THE_29.split()]
    assert [language.code for language in LANGUAGES.values()] == list(ALL)


@pytest.mark.parametrize("column", ["code", "name", "nllb", "m2m", "madlad"])
def test_no_two_languages_share_a_name(column: str) -> None:
    assert len({getattr(language, column) for language in LANGUAGES.values()}) == 30


@pytest.mark.parametrize("code", ALL)
def test_codes_are_well_formed(code: str) -> None:
    language = LANGUAGES[code]
    assert re.fullmatch(r"[a-z]{2}", language.code)
    assert re.fullmatch(r"[a-z]{3}_[A-Z][a-z]{3}", language.nllb)
    assert (language.m2m, language.madlad) == (f"__{code}__", f"<2{code}>")
    assert language.scripts
    assert all(re.fullmatch(r"[A-Z][a-z]{3}", script) for script in language.scripts)
    # Jpan is ISO 15924's name for the mixture of the three that we list.
    assert language.nllb[4:] in (*language.scripts, "Jpan" if code == "ja" else "")


@pytest.mark.parametrize(
    ("code", "nllb"),
    [("ar", "arb_Arab"), ("lv", "lvs_Latn"), ("no", "nob_Latn"), ("zh", "zho_Hans")],
)
def test_macrolanguages_have_the_code_of_the_member_that_nllb_knows(code: str, nllb: str) -> None:
    assert LANGUAGES[code].nllb == nllb


@pytest.mark.parametrize(
    ("code", "confusable"),
    [
        ("da", {"no", "nn", "sv"}),
        ("no", {"da", "nn", "sv"}),
        ("sk", {"cs"}),
        ("id", {"ms", "jv"}),
        ("ur", {"hi"}),
        ("uk", {"ru"}),
        ("en", set()),
    ],
)
def test_confusable(code: str, confusable: set[str]) -> None:
    assert set(LANGUAGES[code].confusable) == confusable


@pytest.mark.parametrize("code", ALL)
def test_confusion_is_mutual_and_not_with_oneself(code: str) -> None:
    confusable = LANGUAGES[code].confusable
    assert code not in confusable
    assert all(code in LANGUAGES[other].confusable for other in confusable if other in LANGUAGES)


def test_the_table_travels_to_workers() -> None:
    assert pickle.loads(pickle.dumps(LANGUAGES)) == LANGUAGES


@pytest.mark.parametrize("code", ALL)
def test_each_language_is_known_by_all_its_names(code: str) -> None:
    language = LANGUAGES[code]
    names = (code, code.upper(), f"{code}-XX", language.name, language.nllb, language.m2m)
    assert {normalise_tag(name) for name in names} == {code}


@pytest.mark.parametrize(
    ("code", "tags"),
    [
        ("en", "en-US en_US.UTF-8 EN_gb@euro eng English ENGLISH"),
        ("ar", "ar-EG ara arb"),
        ("de", "deu ger de-CH-1996 de.UTF-8 de@euro German german"),
        ("el", "ell gre"),
        ("fr", "fra fre"),
        ("id", "in ind in_ID"),
        ("ka", "kat geo"),
        ("lv", "lav lvs"),
        ("nl", "nld dut nl-BE"),
        ("nn", "nn nno nn-NO nno_Latn"),  # Nynorsk is not ours
        ("no", "no nb nb-NO nob nor norwegian"),
        ("pt", "PT-br por"),
        ("ro", "ron rum mo mol ro-MD"),
        ("sk", "slk slo"),
        ("zh", "zh-Hans-CN zh_TW zho chi cmn zho_Hant zh-yue"),
        ("msa", "msa MSA-x"),
        ("yue", "yue yue_Hant"),
        ("sr", "sr-Latn"),
        ("klingonese", "Klingonese"),
        ("supercalifragil", "supercalifragil"),
        ("supercalifragili", "supercalifragilistic"),  # cut to 16
        (UNKNOWN, "und UND und-Latn unknown Unknown mul null None -- 42 @ 1-de"),
    ],
)
def test_normalise_tag(code: str, tags: str) -> None:
    assert {tag: normalise_tag(tag) for tag in tags.split()} == dict.fromkeys(tags.split(), code)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (None, UNKNOWN),
        ("", UNKNOWN),
        (" \t\n", UNKNOWN),
        ("  en-US \n", "en"),
        ("en - US", "en"),
        ("no language", "no language"),  # not Norwegian
        ("en, de", "en, de"),  # two languages are not one of them
        ("German" + " " * 20 + "x", "german x"),
        ("fifteen letters and more", "fifteen letters"),  # no blank where it was cut
        ("日本語", "日本語"),
    ],
)
def test_normalise_tag_with_blanks(tag: str | None, code: str) -> None:
    assert normalise_tag(tag) == code


@given(TAGS)
def test_normalise_tag_is_total_short_and_idempotent(tag: str) -> None:
    code = normalise_tag(tag)
    assert 0 < len(code) <= _MAX_CHARS
    assert code == code.lower().strip()
    assert normalise_tag(code) == code
