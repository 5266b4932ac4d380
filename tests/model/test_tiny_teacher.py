"""The teacher that ships: it loads as any other does, is small, and knows the sample world."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.teacher import Teacher, TeacherSpec, load_teacher
from pipelines.sample.dice import Dice
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.subjects import compose, draw, facts_of
from schemas.languages import ALL

FOLDER = Path(__file__).parents[2] / "model" / "tiny_teacher"
PICTURES = 100
SEED = 4242


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    return load_teacher(TeacherSpec(model=str(FOLDER)))


def test_it_is_small_and_understands_all_languages(teacher):
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 6_000_000
    assert all(teacher.understands(code) for code in ALL)


def test_it_finds_pictures_by_sentences_that_it_never_saw(teacher):
    subjects = [compose(Dice(SEED, number)) for number in range(PICTURES)]
    facts = [Dice(SEED, number).pick("fact", facts_of(of)) for number, of in enumerate(subjects)]
    languages = [ALL[number % len(ALL)] for number in range(PICTURES)]
    texts = [
        say_fact(fact, GRAMMARS[code], held_out=True)
        for fact, code in zip(facts, languages, strict=True)
    ]
    pictures = teacher.embed_images([draw(subject) for subject in subjects])  # [n, d]
    cosines = teacher.embed_texts(texts, languages) @ pictures.T  # [n, n]
    ranks = (cosines > np.diag(cosines)[:, None]).sum(1)  # [n]
    assert (ranks < 10).mean() > 0.8  # by chance: 0.1


def test_its_scores_are_told_for_every_language():
    scores = json.loads((FOLDER / "scores.json").read_text("utf-8"))
    areas = scores["area_under_roc"]
    assert {*areas} == {*ALL, "all"}
    assert 0.5 < areas["all"][1] < areas["all"][0] <= 1
