"""The benchmark of mined negatives: what it compares them with."""

import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.mined_training import told_apart, with_random_negatives
from benchmarks.mined_trials import Trial, sample_trial, split_questions
from benchmarks.tiny_teacher import SHIPPED
from model.teacher import TeacherSpec, load_teacher
from pipelines.triplets import triplet_schema


def row(number: int, language: str) -> dict[str, object]:
    uid = f"{number:032x}"
    return {
        **dict.fromkeys(triplet_schema(2).names, ""),
        "anchor": f"question {number}",
        "positive": f"{language} answer {number}",
        "negative_1": f"{language} answer {number + 2}",
        "negative_2": f"{language} answer {number + 4}",
        "scores": [0.9, 0.5, 0.4],
        "negative_ids": ["", ""],
        "anchor_uid": uid,
        "positive_uid": uid,
        "negative_uids": ["", ""],
        "positive_language": language,
        "negative_languages": [language] * 2,
        "origins": ["nearest"] * 2,
    }


def test_random_negatives_are_of_the_language_and_never_the_positives_own() -> None:
    rows = pa.Table.from_pylist(
        [row(number, "de" if number % 2 else "en") for number in range(60)], triplet_schema(2)
    )
    drawn = with_random_negatives(rows)
    assert drawn.schema == rows.schema
    same = [name for name in rows.column_names if not name.startswith("negative_")]
    assert drawn.select(same).equals(rows.select(same))
    changed = 0
    for before, after in zip(rows.to_pylist(), drawn.to_pylist(), strict=True):
        texts = [after["negative_1"], after["negative_2"]]
        assert len({*texts, after["positive"]}) == 3
        assert {text[:2] for text in texts} == {after["positive_language"]}
        numbers = [int(uid, 16) for uid in after["negative_uids"]]
        assert [text.split()[-1] for text in texts] == [str(number) for number in numbers]
        changed += texts != [before["negative_1"], before["negative_2"]]
    assert changed > 50
    assert drawn.equals(with_random_negatives(rows))


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """Of few pictures, not curated."""
    monkeypatch.setattr("benchmarks.mined_trials.pairmill", lambda *_: None)
    monkeypatch.setattr("benchmarks.mined_trials._PICTURES", 3)
    monkeypatch.setattr("benchmarks.mined_trials._HELD_PICTURES", 20)
    return sample_trial(tmp_path)


def test_mined_negatives_are_in_the_language_of_random_ones(trial: Trial) -> None:
    """By default a share is in other ones, which teach a language's own retrieval less."""
    recipe = tomllib.loads((trial.folder / "recipe.toml").read_text("utf-8"))
    assert recipe["mine"]["cross_language"] == 0
    assert recipe["mine"]["negatives"] == {"num_negatives": 4, "absolute_margin": 0.1}


def test_pictures_that_judge_are_others(trial: Trial) -> None:
    seen = pq.read_table(trial.folder / "pairs.parquet").to_pylist()
    judged = pq.read_table(trial.judged).to_pylist()
    assert (len(seen), len(judged)) == (3 * 2, 20 * 4)
    assert all(row["text"] != row["altered"] for row in judged)
    assert not {row["text"] for row in seen} & {row["text"] for row in judged}


def test_questions_that_judge_are_not_trained_on() -> None:
    codes = ("ar", "de", "el", "en", "es", "fi", "fr", "hi", "id", "it", "pl", "ru", "tr")
    sentences = [{code: f"{number} in {code}" for code in codes} for number in range(9)]
    seen, held = split_questions(sentences)
    assert (len(seen), len(held)) == (9 * 8, 9 * 4)
    assert not {row["query"] for row in seen} & {row["query"] for row in held}
    for rows, answer in ((seen, "positive"), (held, "document")):
        assert {row[answer] for row in rows} == {row["en"] for row in sentences}
        assert all(row["query"].split()[0] == row[answer].split()[0] for row in rows)
    assert {row["language"] for row in held} == {*codes} - {"en"}


def test_told_apart_are_captions_that_fit_better_than_altered(trial: Trial) -> None:
    teacher = load_teacher(TeacherSpec(model=str(SHIPPED)))
    share = told_apart(teacher, trial.judged)
    assert share > 0.8
    table = pq.read_table(trial.judged)
    swapped = trial.judged.with_name("swapped.parquet")
    other = {"text": "altered", "altered": "text"}
    names = [other.get(name, name) for name in table.column_names]
    pq.write_table(table.rename_columns(names), swapped)
    assert told_apart(teacher, swapped) == pytest.approx(1 - share)
