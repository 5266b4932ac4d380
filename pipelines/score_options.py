"""The recipe's `[score]`: who judges pictures and texts, and how."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from schemas.languages import ALL, LANGUAGES

Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTeacher:
    """A model that judges; see `model.teacher.TeacherSpec`.

    Attributes:
      model: a checkpoint's folder, relative to the recipe's folder, or its id on the Hugging Face
        hub; or the output of a plan with folds, of whose models each judges the pairs that it
        has not seen, and the first one texts without pictures.
      revision: of an id: the commit's 40 hex digits.
      languages: those that it understands; default: as the checkpoint, or its family, says.
      allow_remote_code: whether code that comes with the checkpoint may be run.
      dtype: what it calculates in; `auto`: bfloat16 where the processor does.
    """

    model: Annotated[str, Field(min_length=1)]
    revision: str | None = None
    languages: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    allow_remote_code: bool = False
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"

    def __post_init__(self) -> None:
        unknown = [code for code in self.languages or () if code not in LANGUAGES]
        if unknown:
            raise ValueError(
                f"score.teachers.languages must be among {' '.join(ALL)}, got {unknown[0]!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Who judges pictures and texts, and how.

    Attributes:
      teachers: at least one. Each embeds everything that it understands.
      picture_batch: pictures embedded together. Other batches may change an embedding's last bits.
      text_batch: texts embedded together; likewise.
      device: as torch names it, e.g. `cuda:1`; `auto`: the GPU where there is one.
      clip_retrieval: whether embeddings are also written in clip-retrieval's layout.
    """

    teachers: Annotated[tuple[ScoreTeacher, ...], Field(min_length=1)]
    picture_batch: Positive = 64
    text_batch: Positive = 256
    device: Annotated[str, Field(min_length=1)] = "auto"
    clip_retrieval: bool = False

    def __post_init__(self) -> None:
        models = Counter((teacher.model, teacher.revision) for teacher in self.teachers)
        twice = [model for (model, _), n in models.items() if n > 1]
        if twice:
            raise ValueError(f"score.teachers must be different models, got {twice[0]!r} twice")
