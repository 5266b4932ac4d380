from collections import defaultdict
from itertools import islice

from benchmarks.grammar_pairs import KINDS, TITLE, draw_languages, draw_meanings, is_kept_back
from pipelines.sample.grammars import GRAMMARS
from schemas.languages import ALL

MEANINGS = 1500


def test_a_sentence_says_one_thing_and_so_has_one_translation():
    drawn = list(islice(draw_meanings(3, kept_back=False), MEANINGS))
    for grammar in GRAMMARS.values():
        said = defaultdict(set)
        for meaning in drawn:
            held_out = meaning.held_out and meaning.fact.frame != TITLE
            said[meaning.say(grammar)].add((meaning.fact, held_out))
        assert all(len(meanings) == 1 for meanings in said.values())


def test_nothing_that_is_judged_is_taught():
    taught = list(islice(draw_meanings(3, kept_back=False), MEANINGS))
    judged = list(islice(draw_meanings(3, kept_back=True), MEANINGS // 5))
    assert not {meaning.fact for meaning in taught} & {meaning.fact for meaning in judged}
    things = {thing for meaning in taught for thing in meaning.fact.things}
    assert all({*meaning.fact.things} - things or not meaning.fact.things for meaning in judged)
    assert all(is_kept_back(meaning.fact) for meaning in judged)
    for meanings in (taught, judged):
        assert {meaning.kind for meaning in meanings} == {*KINDS}
        assert {meaning.held_out for meaning in meanings} == {False, True}


def test_all_pairs_of_languages_are_taught():
    pairs = set(islice(draw_languages(3), 9000))
    assert len(pairs) == len(ALL) * (len(ALL) - 1)
