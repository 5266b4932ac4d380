"""The recipe's teachers: which they are, and whether they can be had."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from model.teacher import Teacher, TeacherSpec, load_teacher, revision_of
from pipelines.errors import RecipeError, RunError
from pipelines.recipe import Score, ScoreTeacher

_SHORT = 12  # digits of a revision
_PACKAGES = ("torch", "transformers")


@dataclass(frozen=True, slots=True)
class Judge:
    """A teacher of the recipe.

    Attributes:
      number: in the recipe, from 0.
      label: what its scores call it, see `label_of`.
      revision: its commit, or its folder's digest.
      spec: how it is loaded.
    """

    number: int
    label: str
    revision: str
    spec: TeacherSpec

    def depends_on(self) -> list[Any]:
        """What its scores depend on: where a folder lies is not among it."""
        return [self.label, self.revision, self.spec.languages, self.spec.dtype]


def spec_of(teacher: ScoreTeacher, device: str) -> TeacherSpec:
    """How a teacher is loaded: on one thread a process, since there are as many as processors.

    More threads would also divide sums differently, and give other last bits.

    Raises:
      RecipeError: where it is not certain which weights are meant.
    """
    try:
        return TeacherSpec(
            model=teacher.model,
            revision=teacher.revision,
            languages=teacher.languages,
            allow_remote_code=teacher.allow_remote_code,
            dtype=teacher.dtype,
            device=device,
            threads=1,
        )
    except ValueError as error:
        raise RecipeError(f"score.teachers: {error}") from error


def judges_of(score: Score) -> list[Judge]:
    """The teachers with their revisions, for which a folder's files are read."""
    judges = []
    for number, teacher in enumerate(score.teachers):
        spec = spec_of(teacher, score.device)
        revision = revision_of(spec)
        judges.append(Judge(number, label_of(spec.model, revision), revision, spec))
    return judges


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
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise RecipeError(
            f"[score] needs {missing[0]}, which is not installed: pip install 'pairmill[train]'"
        )


def load(spec: TeacherSpec) -> Teacher:
    """Loads a teacher.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    try:
        return load_teacher(spec)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise RunError(str(error).strip().split("\n")[0]) from error
