"""The recipe's teachers: which they are, and whether they can be had."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.folds import fold_models, is_cross_fitted
from model.teacher import Teacher, TeacherSpec, joint_revision, load_teacher, revision_of
from pipelines.errors import RecipeError, RunError, loading_told
from pipelines.mining_rules import Mine
from pipelines.packages import require_packages
from pipelines.score_options import Score, ScoreTeacher
from pipelines.select_options import Select
from schemas.ids import Folds
from schemas.languages import ALL

_SHORT = 12  # digits of a revision
_PACKAGES = ("torch", "transformers")
_ONE = Folds(1)


@dataclass(frozen=True, slots=True)
class Judge:
    """A teacher of the recipe.

    Attributes:
      number: in the recipe, from 0.
      label: what its scores call it, see `label_of`.
      revision: its commit, or its folder's digest.
      specs: how its models are loaded: one, or one a fold, in their order.
      folds: which of them judges which pairs.
    """

    number: int
    label: str
    revision: str
    specs: tuple[TeacherSpec, ...]
    folds: Folds = _ONE

    def depends_on(self) -> list[Any]:
        """What its scores depend on: where a folder lies is not among it."""
        return [self.label, self.revision, self.specs[0].languages, self.specs[0].dtype]

    def fold_of(self, uid: str, caption: str) -> int:
        """The model that judges a pair; texts without a picture, of uid "", are the first's."""
        return self.folds.fold_of(uid, caption) if uid else 0


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a teacher once it was loaded.

    Attributes:
      dim: features of an embedding.
      languages: those of ours that it understands.
    """

    dim: int
    languages: tuple[str, ...]


def specs_of(teacher: ScoreTeacher, device: str) -> tuple[Folds, tuple[TeacherSpec, ...]]:
    """The folds of a teacher, and how its models are loaded, see `Judge`.

    On one thread a process, since there are as many as processors. More threads would also divide
    sums differently, and give other last bits.

    Raises:
      RecipeError: where it is not certain which weights are meant, or a fold's model has seen it.
    """
    try:
        folds, models = (
            fold_models(teacher.model)
            if is_cross_fitted(teacher.model)
            else (_ONE, (teacher.model,))
        )
        spec = TeacherSpec(
            model=teacher.model,
            revision=teacher.revision,
            languages=teacher.languages,
            allow_remote_code=teacher.allow_remote_code,
            dtype=teacher.dtype,
            device=device,
            threads=1,
        )
        return folds, tuple(replace(spec, model=model) for model in models)
    except ValueError as error:
        raise RecipeError(f"score.teachers: {error}") from error


def judges_of(score: Score) -> list[Judge]:
    """The teachers with their revisions, for which a folder's files are read."""
    judges = []
    for number, teacher in enumerate(score.teachers):
        folds, specs = specs_of(teacher, score.device)
        revision = joint_revision([revision_of(spec) for spec in specs])
        judges.append(Judge(number, label_of(teacher.model, revision), revision, specs, folds))
    return judges


def first_of_one_space(score: Score) -> int | None:
    """The number of the first teacher whose embeddings can all be compared with each other."""
    for number, teacher in enumerate(score.teachers):
        if not is_cross_fitted(teacher.model):
            return number
    return None


def check_spaces(score: Score, select: Select | None, mine: Mine | None = None) -> None:
    """Refuses what compares pictures of different folds where all teachers are cross-fitted.

    Raises:
      RecipeError: naming the key.
    """
    if first_of_one_space(score) is not None:
        return
    for key, is_asked in (
        ("score.clip_retrieval", score.clip_retrieval),
        ("select.semantic", bool(select and select.semantic)),
        (
            "select.documents.semantic",
            bool(select and select.documents and select.documents.semantic),
        ),
        ("mine", mine is not None),
    ):
        if is_asked:
            raise RecipeError(
                f"{key} compares any two pictures, and {score.teachers[0].model} is cross-fitted: "
                "its folds' embeddings are of different spaces. Add a teacher of one model"
            )


def label_of(model: str, revision: str) -> str:
    """A teacher's name and its revision, short.

    >>> label_of("/models/clip", "0123456789abcdef"), label_of("google/siglip2", "f" * 40)
    ('clip@0123456789ab', 'google/siglip2@ffffffffffff')
    """
    name = Path(model).name if Path(model).is_absolute() else model
    return f"{name}@{revision[:_SHORT]}"


def check_installed() -> None:
    """Refuses to begin without the packages that a teacher needs.

    Raises:
      RecipeError: naming the extra that brings them.
    """
    require_packages("[score]", _PACKAGES, "train")


def look(judge: Judge) -> Sight:
    """Loads a teacher: nothing less says for sure what it understands.

    Of several models, it understands what they all do.

    Raises:
      RunError: where that is not possible, or its models are of different kinds.
    """
    sights = []
    for spec in judge.specs:
        model = load(spec)
        languages = tuple(code for code in ALL if model.understands(code))
        sights.append(Sight(model.dim, languages))
    dims = sorted({sight.dim for sight in sights})
    if len(dims) > 1:
        raise RunError(f"the models of {judge.label} must have as many features, got {dims}")
    everywhere = set.intersection(*(set(sight.languages) for sight in sights))
    return Sight(dims[0], tuple(code for code in ALL if code in everywhere))


def load(spec: TeacherSpec) -> Teacher:
    """Loads a teacher.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_teacher(spec)
