"""The tiny teacher's codes tell what is true of a picture, and its lessons say what they claim."""

import random

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.teacher_codes import code_picture, code_sentence
from benchmarks.teacher_lessons import (
    CELLS,
    UNKNOWN,
    WORDS,
    draw_pictures,
    loosen,
    say_freely,
    say_sentences,
)
from pipelines.sample.charts import Chart
from pipelines.sample.dice import Dice
from pipelines.sample.scenes import KINDS, LEFT, RIGHT, Fact, Thing
from pipelines.sample.subjects import alter, compose, facts_of
from schemas.languages import ALL

SUBJECTS = [compose(Dice(11, number)) for number in range(400)]


def test_what_holds_adds_up_to_more_than_nothing_and_what_is_altered_to_less():
    true, altered = [], []
    for number, subject in enumerate(SUBJECTS):
        picture = code_picture(subject)
        for at, fact in enumerate(facts_of(subject)):
            wrong, _ = alter(fact, subject, Dice(11, (number << 8) + at))
            true.append(picture @ code_sentence(fact))
            altered.append(picture @ code_sentence(wrong))
    # But for what shares a colour with what is told of, or a slot.
    assert np.mean(np.array(true) > 0) > 0.95
    assert np.mean(np.array(altered) < 0) > 0.97


def test_a_cosine_of_codes_tells_a_sentence_of_which_one_attribute_is_altered():
    dice = random.Random(11)
    cosines = []
    for number, subject in enumerate(SUBJECTS):
        picture = code_picture(subject)
        fact = dice.choice(facts_of(subject))
        for said in (fact, alter(fact, subject, Dice(11, number))[0]):
            code = code_sentence(said)
            cosines.append(picture @ code / np.linalg.norm(picture) / np.linalg.norm(code))
    assert roc_auc_score([True, False] * len(SUBJECTS), cosines) > 0.985


def test_two_of_one_colour_claim_no_places_as_their_sum_tells_nothing():
    one, other = (Thing(kind, "red", True, "plain", 1) for kind in ("star", "ring"))
    apart = Fact("pair", (one, other), (LEFT, RIGHT))
    assert (code_sentence(apart) == code_sentence(Fact("list", (one, other)))).all()


def test_sentences_of_charts_are_told_apart_without_fail():
    charts = [subject for subject in SUBJECTS if isinstance(subject, Chart)]
    codes = np.stack([code_picture(chart) for chart in charts])
    facts = [facts_of(chart)[0] for chart in charts]
    told = np.stack([code_sentence(fact) for fact in facts]) @ codes.T > 0
    assert len(charts) > 20
    assert (told == [[fact == other for other in facts] for fact in facts]).all()


def test_a_picture_s_labels_say_what_stands_where():
    pictures = draw_pictures(60, 11, 24, sentences=2)
    assert pictures.pixels.shape == (60, 24, 24, 3)
    for number, subject in enumerate(SUBJECTS[:60]):
        kinds = pictures.cells[number, :, 0]
        if isinstance(subject, Chart):
            assert (kinds == UNKNOWN).all()
            continue
        expected = [len(KINDS)] * CELLS
        for group in subject.groups:
            for cell in group.cells:
                expected[cell] = KINDS.index(group.thing.kind)
        assert kinds.tolist() == expected
    told = np.einsum("nd,nsd->ns", pictures.codes, pictures.said.astype(np.float32)) > 0
    assert told[:, :2].mean() > 0.95
    assert told[:, 2:].mean() < 0.05


def test_sentences_come_in_pairs_of_a_true_and_an_altered_one():
    sentences = say_sentences(scenes=50, seed=11, each=3)
    assert len(sentences.texts) == len(sentences.codes) == 300
    seen = sentences.pictures[sentences.scenes]
    told = (seen * sentences.codes).sum(1) > 0
    assert told[::2].mean() > 0.95
    assert told[1::2].mean() < 0.05
    assert (sentences.named.sum(1) >= 3).all()
    assert sentences.named.shape == (300, len(WORDS))


@pytest.mark.parametrize("code", ALL)
def test_a_sentence_said_freely_names_what_its_grammar_names(code):
    dice = random.Random(3)
    frames = {fact.frame: fact for subject in SUBJECTS for fact in facts_of(subject)}
    for fact in frames.values():
        said = {say_freely(fact, code, dice) for _ in range(30)}
        assert len(said) > 3
        assert not any(mark in sentence for sentence in said for mark in "{}<>|")
        if fact.number:
            assert all(str(fact.number) in sentence for sentence in said)


def test_a_loosened_pattern_keeps_its_slots():
    dice = random.Random(5)
    for _ in range(100):
        loose = loosen("{place_a} you see {a}, and {place_b} {b}.", "pair", dice)
        slots = ("{a}", "{b}", "{place_a}", "{place_b}")
        assert all(loose.count(slot) == 1 for slot in slots)
