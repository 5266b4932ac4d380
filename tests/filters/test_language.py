"""Verdicts from guesses, thresholds, and what scripts settle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.language import (
    Guess,
    LanguageFault,
    LanguageRules,
    judge_language,
    shares_by_script,
    told_apart,
    weigh_close,
)
from filters.scripts import Column, letters_of, plain
from schemas.languages import ALL, UNKNOWN

RULES = LanguageRules()
CODES = [*ALL, "cs", "nn", "ms", "fa", "be"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("개가 달린다", "ko"),
        ("漢字 한국어 한자", "ko"),
        ("犬が走る", "ja"),
        ("ラーメン", "ja"),
        ("一只狗在草地上奔跑", "zh"),
        ("一隻狗在草地上奔跑", "zh"),
        ("中国的の美食在这里可以找到", "zh"),
        ("渋谷駅", "ja"),
        ("สุนัข", "th"),
        ("ძაღლი", "ka"),
        ("σκύλος", "el"),
        ("কুকুর দৌড়াচ্ছে", "bn"),
        ("কুকুৰ দৌৰি আছে", "as"),
        ("כלב", "he"),
        ("நாய்", "ta"),
        ("ውሻ", "am"),
    ],
)
def test_scripts_of_one_language_settle_it(text: str, language: str) -> None:
    shares = shares_by_script(letters_of(Column.of([plain(text)])))[0]
    assert shares is not None
    assert shares[0][0] == language


@pytest.mark.parametrize("text", ["dog", "собака", "كلب", "कुत्ता"])
def test_scripts_of_many_languages_settle_nothing(text: str) -> None:
    assert shares_by_script(letters_of(Column.of([plain(text)]))) == [None]


@pytest.mark.parametrize(
    ("shares", "stated", "language", "fault"),
    [
        # nothing is stated
        ((("de", 0.9), ("nl", 0.1)), "und", "de", None),
        ((("de", 0.4), ("nl", 0.3)), "und", "de", LanguageFault.UNKNOWN),
        ((("cs", 0.9), ("sk", 0.1)), "und", "cs", LanguageFault.FOREIGN),
        ((("th", 0.9),), "und", "th", LanguageFault.UNWANTED),
        ((), "und", "und", LanguageFault.UNKNOWN),
        # the source is a prior
        ((("no", 0.6), ("da", 0.35)), "da", "da", None),
        ((("no", 0.95), ("da", 0.04)), "da", "no", LanguageFault.DISAGREES),
        ((("cs", 0.99),), "sk", "cs", LanguageFault.DISAGREES),
        ((("de", 0.3), ("nl", 0.2)), "de", "de", None),
        ((), "de", "de", None),
        # nobody wants it
        ((("th", 0.99),), "th", "th", LanguageFault.UNWANTED),
        ((("cs", 0.99),), "cs", "cs", LanguageFault.UNWANTED),
    ],
)
def test_verdicts(
    shares: tuple[tuple[str, float], ...], stated: str, language: str, fault: LanguageFault | None
) -> None:
    wanted = ("de", "nl", "da", "no", "sk")
    verdict = judge_language(Guess(shares, 30, 1.0), stated, LanguageRules(), wanted)
    assert (verdict.language, verdict.fault) == (language, fault)
    assert bool(verdict.detail) == bool(fault)


def test_scripts_may_mix_in_short_texts_alone() -> None:
    shares = (("ru", 1.0),)
    assert judge_language(Guess(shares, 40, 0.55), "ru", RULES).fault is LanguageFault.MIXED
    assert judge_language(Guess(shares, 12, 0.55), "ru", RULES).fault is None
    assert judge_language(Guess(shares, 40, 0.65), "ru", RULES).fault is None


def test_a_language_may_have_a_threshold_of_its_own() -> None:
    rules = LanguageRules(min_share_by_language={"da": 0.8})
    assert (
        judge_language(Guess((("da", 0.7),), 30, 1.0), UNKNOWN, rules).fault
        is LanguageFault.UNKNOWN
    )
    assert judge_language(Guess((("no", 0.7),), 30, 1.0), UNKNOWN, rules).fault is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_share": 2}, r"min_share must be in \[0, 1\], got 2"),
        ({"min_script_share": -1}, r"min_script_share must be in \[0, 1\], got -1"),
        ({"min_share_by_language": {"da": 7}}, r"min_share_by_language.da must be .*, got 7"),
        ({"min_share_by_language": {"xx": 0.5}}, "min_share_by_language must be of .*, got 'xx'"),
        ({"source_odds": 0.5}, "source_odds must be at least 1, got 0.5"),
        ({"source_odds": float("nan")}, "source_odds must be at least 1, got nan"),
    ],
)
def test_impossible_bounds_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LanguageRules(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shares", "language"),
    [
        ("hva sier de", (("da", 0.6), ("no", 0.3)), "no"),
        ("hvad siger de", (("no", 0.6), ("da", 0.3)), "da"),
        ("ho veit ikkje kva dei gjer heime", (("no", 0.8), ("da", 0.1)), "nn"),
        ("what do they say", (("en", 0.6), ("da", 0.3)), "en"),
        ("xyz", (("da", 0.6), ("no", 0.3)), "da"),
    ],
)
def test_telling_words_turn_close_shares(
    text: str, shares: tuple[tuple[str, float], ...], language: str
) -> None:
    assert told_apart(shares, text)[0][0] == language


def test_close_languages_share_anew_what_they_had_together() -> None:
    shares = np.array([[0.6, 0.3], [0.0, 0.0], [0.5, 0.5]])
    ngrams = np.log([[0.1, 0.9], [0.5, 0.5], [0.5, 0.5]])
    weighed = weigh_close(shares, ngrams)
    np.testing.assert_allclose(weighed.sum(axis=1), shares.sum(axis=1))
    assert weighed[0, 0] < weighed[0, 1] < 0.9
    np.testing.assert_allclose(weighed[1:], shares[1:])


SHARES = st.lists(
    st.tuples(st.sampled_from(CODES), st.floats(0.001, 1)), max_size=4, unique_by=lambda kv: kv[0]
).map(lambda shares: tuple(sorted(shares, key=lambda kv: -kv[1])))
GUESSES = st.builds(Guess, SHARES, st.integers(0, 100), st.floats(0, 1))
SHARE = st.floats(0, 1)


@given(GUESSES, st.sampled_from([*CODES, UNKNOWN]), SHARE, SHARE, st.floats(1, 100), SHARE)
def test_looser_rules_keep_all_that_stricter_ones_kept(
    guess: Guess, stated: str, share: float, purity: float, odds: float, looser: float
) -> None:
    strict = LanguageRules(min_share=share, min_script_share=purity, source_odds=odds)
    loose = LanguageRules(
        min_share=share * looser, min_script_share=purity * looser, source_odds=odds + 100 * looser
    )
    if not judge_language(guess, stated, strict).fault:
        assert not judge_language(guess, stated, loose).fault


@given(GUESSES, st.sampled_from([*CODES, UNKNOWN]))
def test_what_is_kept_is_in_a_wanted_language(guess: Guess, stated: str) -> None:
    verdict = judge_language(guess, stated, LanguageRules(), ("de", "no"))
    assert verdict.fault or verdict.language in ("de", "no")
