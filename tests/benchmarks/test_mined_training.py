"""The benchmark of mined negatives: what it compares them with."""

import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
import tomli_w

from benchmarks.mined_training import sample_trial, with_random_negatives
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


def test_mined_negatives_are_in_the_language_of_random_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default a share is in other ones, which teach a language's own retrieval less."""

    def pairmill(command: str, at: Path, *_: object) -> None:
        if command == "sample":
            at.mkdir(exist_ok=True)
            tables = {"translate": {}, "select": {}, "mine": {}, "sources": [{"name": "pairs"}]}
            (at / "recipe.toml").write_text(tomli_w.dumps(tables), "utf-8")

    monkeypatch.setattr("benchmarks.mined_training.pairmill", pairmill)
    trial = sample_trial(tmp_path, 1, 16)
    assert (trial.triplet_batches, trial.triplet_settings["image_batch"]) == ((200, 16), 16)
    recipe = tomllib.loads((tmp_path / "recipe.toml").read_text("utf-8"))
    assert recipe["mine"]["cross_language"] == 0
    assert recipe["mine"]["negatives"] == {"num_negatives": 4}
