"""What a training's folder says of its plan."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model.run_folder import RunError, RunFolder
from tests.model.small_training import plan, stage


def test_a_training_that_was_begun_before_a_key_was_there_goes_on(tmp_path: Path) -> None:
    """What it does not say is what is done where nothing is said."""
    asked = plan(tmp_path / "out", stage(tmp_path, "images"), beta1=0.5)
    folder = RunFolder(asked.output)
    folder.begin(asked)
    file = tmp_path / "out/plan.json"
    told = json.loads(file.read_text())
    del told["folds_of"], told["stages"][0]["token_dropout"]
    file.write_text(json.dumps(told))
    folder.begin(asked)
    (one,) = asked.stages
    dropped = replace(asked, stages=(replace(one, token_dropout=0.5),))
    with pytest.raises(RunError, match=r"another plan: stages\.0\.token_dropout changed"):
        folder.begin(dropped)
