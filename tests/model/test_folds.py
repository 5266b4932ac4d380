"""Teachers of several models: which they are, and that each has not seen what it judges."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from model.folds import fold_models, is_cross_fitted
from schemas.ids import Folds


def write(folder: Path, *told: tuple[Any, ...]) -> str:
    """Configurations alone, of so many folds each, the one that it has not seen, and of what."""
    for number, (folds, unseen, *of) in enumerate(told):
        model = folder / f"fold-{number}" / "model"
        model.mkdir(parents=True)
        of_what = {"folds_of": of[0]} if of else {}  # older ones do not say
        text = json.dumps({"folds": folds, "unseen_fold": unseen, **of_what})
        (model / "config.json").write_text(text)
    return str(folder)


def test_the_models_are_those_of_the_folds(tmp_path: Path) -> None:
    assert not is_cross_fitted(str(tmp_path))
    teacher = write(tmp_path, (3, 0), (3, 1), (3, 2))
    assert is_cross_fitted(teacher)
    models = tuple(f"{tmp_path}/fold-{n}/model" for n in range(3))
    assert fold_models(teacher) == (Folds(3, "pictures"), models)


def test_folds_of_captions(tmp_path: Path) -> None:
    teacher = write(tmp_path, (2, 0, "captions"), (2, 1, "captions"))
    assert fold_models(teacher)[0] == Folds(2, "captions")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            [(3, 0), (3, 0), (3, 2)],
            r"fold-1/model must not have seen fold 1 of 3.*seen fold 0 of 3",
        ),
        (
            [(3, 0), (2, 1), (3, 2)],
            r"fold-1/model must not have seen fold 1 of 3.*seen fold 1 of 2",
        ),
        (
            [(None, None)],
            r"fold-0/model must not have seen fold 0 of None.*not seen fold None of None",
        ),
        (
            [(2, 0, "captions"), (2, 1)],
            r"fold-1/model must not have .* whose captions it .* fold 1 of 2, of pictures",
        ),
        ([("3", 0)], "fold-0/model/config.json must have a number of folds, .* got '3' of 'pic"),
        ([(3, 0, "caption")], "folds, of pictures or captions, got 3 of 'caption'"),
        ([(3, None), (3, 1), (3, 2)], "fold-0/model must not have seen fold 0 of 3"),
        ([(3, 0), (3, 1)], "a model of every fold, got none in .*fold-2/model: pairmill train"),
    ],
)
def test_a_model_that_has_seen_what_it_is_to_judge_is_refused(
    tmp_path: Path, told: list[tuple[Any, ...]], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        fold_models(write(tmp_path, *told))


def test_a_training_that_has_not_ended_is_named(tmp_path: Path) -> None:
    teacher = write(tmp_path, (2, 0), (2, 1))
    shutil.rmtree(tmp_path / "fold-0" / "model")
    with pytest.raises(ValueError, match=r"got none in .*fold-0/model: pairmill train goes on"):
        fold_models(teacher)


@pytest.mark.parametrize("text", ['{"folds": 3, ', "[]", "\xff"])
def test_a_damaged_configuration_is_named(tmp_path: Path, text: str) -> None:
    teacher = write(tmp_path, (2, 0), (2, 1))
    (tmp_path / "fold-1/model/config.json").write_text(text, "latin-1")
    with pytest.raises(ValueError, match=r"fold-1/model/config\.json must be the configuration"):
        fold_models(teacher)


def test_a_teacher_without_its_first_model_is_one_that_lacks_it(tmp_path: Path) -> None:
    teacher = write(tmp_path, (2, 0), (2, 1))
    shutil.rmtree(tmp_path / "fold-0")
    assert is_cross_fitted(teacher)
    with pytest.raises(ValueError, match=r"every fold, got none in .*fold-0/model: pairmill train"):
        fold_models(teacher)
