"""Teachers of several models, each of which judges the pairs that it has not seen.

    TEACHER/fold-0/model/    has seen all pictures, or captions, but those of fold 0, and says so
    TEACHER/fold-1/model/    …

This is what a plan with `folds` leaves in its `output`. Models of different folds have different
spaces, even where they began alike: embeddings of one must not be compared with those of another.
"""

import json
from pathlib import Path
from typing import get_args

from schemas.ids import Folds, FoldsOf

MODEL = "model"
"""Below a training's folder: what it leaves in the end."""


def fold_folder(folder: str, number: int) -> str:
    """Where the model is trained that does not see a fold."""
    return f"{folder}/fold-{number}"


def is_cross_fitted(folder: str) -> bool:
    """Whether it is the folder of such a teacher, be it not whole."""
    return any(path.is_dir() for path in Path(folder).glob("fold-[0-9]*"))


def fold_models(folder: str) -> tuple[Folds, tuple[str, ...]]:
    """The folds of such a teacher, and its checkpoints in their order.

    Raises:
      ValueError: one is not there, or has seen the fold that it is to judge.
    """
    folds, of, _ = _unseen_by(_model(folder, 0))
    models = tuple(_model(folder, number) for number in range(folds or 1))
    for number, model in enumerate(models):
        told = _unseen_by(model)
        if told != (folds, of, number):
            raise ValueError(
                f"{model} must not have seen fold {number} of {folds}, whose {of} it is to judge; "
                f"its config.json says that it has not seen fold {told[2]} of {told[0]}, of "
                f"{told[1]}"
            )
    return Folds(len(models), of), models


def _model(folder: str, number: int) -> str:
    return f"{fold_folder(folder, number)}/{MODEL}"


def _unseen_by(model: str) -> tuple[int | None, FoldsOf, int | None]:
    """Of how many folds a checkpoint was trained, and of what; the one that it has not seen."""
    file = Path(model, "config.json")
    try:
        told = json.loads(file.read_text("utf-8"))
        folds, of = told.get("folds"), told.get("folds_of", "pictures")
    except FileNotFoundError as error:
        raise ValueError(
            f"a cross-fitted teacher must have a model of every fold, got none in {model}: "
            "pairmill train goes on with its plan"
        ) from error
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{file} must be the configuration of a model, got {error}") from error
    if not isinstance(folds, int | None) or of not in get_args(FoldsOf):
        raise ValueError(
            f"{file} must have a number of folds, of {' or '.join(get_args(FoldsOf))}, got "
            f"{folds!r} of {of!r}"
        )
    return folds, of, told.get("unseen_fold")
