"""The benchmark of mined negatives: what it compares them with."""

import pyarrow as pa

from benchmarks.mined_training import with_random_negatives
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
