"""The translator that ships: it loads as any other does, is small, and knows the sample world."""

import json
from itertools import islice, permutations
from pathlib import Path

import pytest

from benchmarks.grammar_pairs import KINDS, draw_meanings
from model.translator import Translator, TranslatorSpec, load_translator
from pipelines.sample.grammars import GRAMMARS
from schemas.languages import ALL

FOLDER = Path(__file__).parents[2] / "model" / "tiny_translator"
SEED = 4242
PAIRS = list(permutations(ALL, 2))


@pytest.fixture(scope="module")
def translator() -> Translator:
    return load_translator(TranslatorSpec(model=str(FOLDER), threads=1))


def test_it_is_small_and_translates_between_all_languages(translator):
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 3_000_000
    assert all(translator.translates(source, target) for source, target in PAIRS)


def test_it_says_what_the_grammar_says_of_what_it_never_saw(translator):
    meanings = list(islice(draw_meanings(SEED, kept_back=True), len(PAIRS)))
    assert {meaning.kind for meaning in meanings} == {*KINDS}
    asked = list(zip(meanings, PAIRS, strict=True))
    found = translator.translate(
        [meaning.say(GRAMMARS[source]) for meaning, (source, _) in asked],
        [source for source, _ in PAIRS],
        [target for _, target in PAIRS],
    )
    wrong = [
        (pair, translation)
        for translation, (meaning, pair) in zip(found, asked, strict=True)
        if translation.fault or translation.text != meaning.say(GRAMMARS[pair[1]])
    ]
    assert len(wrong) <= len(PAIRS) // 100, wrong


def test_its_scores_are_told_for_every_language():
    scores = json.loads((FOLDER / "scores.json").read_text("utf-8"))
    others = {code for code in ALL if code != "en"}
    for way, codes in (
        ("from_english", others),
        ("into_english", others),
        ("from", {*ALL}),
        ("into", {*ALL}),
    ):
        assert {*scores[way]} == codes
        assert min(scores[way].values()) >= 0.99
