"""Another run's thresholds, as people may have edited them."""

import json
from pathlib import Path
from typing import Any

import pytest

from filters.score_bins import Scale
from filters.thresholds import Threshold
from pipelines.chosen import Chosen, read_chosen
from pipelines.errors import RecipeError

CHOSEN = Chosen(
    ("teacher@0123456789ab",),
    {("teacher@0123456789ab", 0, "en"): Scale(0.1, 0.05)},
    {"en": Scale(0.1, 0.05)},
    (
        Threshold("*", "*", -1.0, "all", 90),
        Threshold("en", "web", 0.25, "group", 5_000, 0.1, 0.05, 0.4, 0.35, 0.45, 0.95, 0.9),
    ),
)


def test_what_was_chosen_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "thresholds.json").write_bytes(CHOSEN.to_json(semantic={"clusters": 1}))
    assert read_chosen(str(tmp_path / "thresholds.json")) == CHOSEN


@pytest.mark.parametrize(
    ("table", "key", "value", "words"),
    [
        ("thresholds", "score", None, "'NoneType'"),
        ("thresholds", "score", "high", "'str'"),
        ("thresholds", "score", float("nan"), r"score must be in \[-1, 1\], got nan"),
        ("thresholds", "score", 28, r"score must be in \[-1, 1\], got 28"),
        ("thresholds", "std", 0.0, r"std in \(0, 1\], got 0.1 and 0.0"),
        ("thresholds", "colour", "red", "colour"),
        ("languages", "std", -0.05, r"std in \(0, 1\], got 0.1 and -0.05"),
        ("scales", "mean", float("nan"), r"mean must be in \[-1, 1\]"),
    ],
)
def test_what_cannot_be_a_threshold_is_refused(
    tmp_path: Path, table: str, key: str, value: Any, words: str
) -> None:
    edited = json.loads(CHOSEN.to_json())
    edited[table][-1][key] = value
    (tmp_path / "edited.json").write_text(json.dumps(edited))
    with pytest.raises(
        RecipeError, match=rf"edited.json is no thresholds.json of a run: .*{words}"
    ):
        read_chosen(str(tmp_path / "edited.json"))
