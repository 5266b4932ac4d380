"""`mine` and what is known to answer a query: no such text is a negative of it."""

from pathlib import Path

import numpy as np
import pytest

from tests.pipelines.made_embeddings import DIM, MadeWorld, unit
from tests.pipelines.test_mine import THREE, made, mined, negatives

TEXTS = 'kinds = ["text-text"]\n' + THREE
ACROSS = TEXTS.replace("cross_language = 0.0", "cross_language = 0.34")
PAIRS = 90


def asked_in_two_languages(folder: Path) -> MadeWorld:
    """Each query has an answer in English and, as near, one in German."""
    world, random = made(folder), np.random.default_rng(1)
    for number in range(PAIRS):
        query, answer = f"question {number}", f"Antwort {number}"
        row = world.texts[query]
        world.pairs.append((query, answer, "de", ""))
        world.texts[answer] = unit(row + 0.3 * random.normal(size=DIM))
    return world


def test_answers_in_another_language_are_positives(tmp_path: Path) -> None:
    rows = mined(asked_in_two_languages(tmp_path).write(ACROSS))
    assert sum(row["origins"].count("cross-language") for row in rows) > 0.9 * len(rows)
    for row in rows:
        number = row["anchor"].split()[1]
        assert not {f"answer {number}", f"Antwort {number}"} & {*negatives(row)}


def test_a_query_in_another_spelling_has_the_same_answers(tmp_path: Path) -> None:
    world, random = made(tmp_path), np.random.default_rng(3)
    for number in range(PAIRS):
        row = world.texts[f"question {number}"]
        near = unit(row + 0.25 * random.normal(size=DIM))
        world.pair(f"Question {number}?", f"other answer {number}", (row, near))
    rows = mined(world.write(TEXTS.replace("relative_margin = 0.05", "relative_margin = 0.01")))
    assert len(rows) > 1.5 * PAIRS
    for row in rows:
        number = row["anchor"].rstrip("?").split()[1]
        assert not {f"answer {number}", f"other answer {number}"} & {*negatives(row)}


def test_queries_without_letters_are_not_all_one(tmp_path: Path) -> None:
    world = made(tmp_path)
    for query, number in (("🙂", 0), ("🚲", 1)):
        row = world.texts[f"question {number}"]
        world.pair(query, f"shown {number}", (row, world.texts[f"answer {number}"]))
    rows = mined(world.write(TEXTS + 'overlook = ["relative-margin"]'))
    (row,) = [row for row in rows if row["anchor"] == "🙂"]
    assert negatives(row)[0] == "answer 0"


@pytest.mark.parametrize("parts", [1, 3])
def test_a_text_is_of_all_documents_it_stands_in(tmp_path: Path, parts: int) -> None:
    world = made(tmp_path)
    world.pairs = [
        (query, answer, language, f"story {at}")
        for at, (query, answer, language, _) in enumerate(world.pairs)
    ]
    for number in range(PAIRS):  # each answer stands in another's document as well
        answer, story = f"answer {number}", f"story {(number + 6) % PAIRS}"
        row = world.texts[answer]
        world.pair(f"second {number}", answer, (row, row), story)
    rows = mined(world.write('document_column = "story"\n' + TEXTS, parts))
    asked = [row for row in rows if row["anchor"].startswith("question")]
    assert asked
    for row in asked:
        number = int(row["anchor"].split()[1])
        assert f"answer {(number - 6) % PAIRS}" not in negatives(row)


def test_a_picture_is_of_all_documents_of_its_captions(tmp_path: Path) -> None:
    world = made(tmp_path)
    pages = [world.picture(unit(world.pictures[at][0]), story="") for at in (0, 0)]
    world.caption(pages[0], "en", "A page of two stories", world.pictures[0][0])
    world.caption(pages[0], "fr", "Une page de deux contes", world.pictures[0][0])
    world.caption(pages[1], "en", "The page after it", world.pictures[0][0])
    stories = {"A page of two stories": "one", "Une page de deux contes": "two"}
    stories["The page after it"] = "two"
    overlooked = 'kinds = ["image-to-text"]\ndocument_column = "story"\n' + THREE
    overlooked += 'overlook = ["near-picture", "relative-margin"]\n'
    rows = mined(world.write(overlooked, stories=stories))
    for page in ("A page of two stories", "The page after it"):
        (row,) = [row for row in rows if row["positive"] == page]
        assert not {*stories} & {*negatives(row)}
