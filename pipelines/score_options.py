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
class ScoreThrough:
    """What says captions in a language that teachers understand; see `TranslatorSpec`.

    Attributes:
      model: for ctranslate2 a folder that `pairmill convert-translator` wrote, for transformers a
        checkpoint's folder, both relative to the recipe's folder, or its id on the Hugging Face
        hub.
      engine: `ctranslate2`, or `transformers`: the slow reference.
      revision: of an id: the commit's 40 hex digits.
      sources: languages to translate from; default: those of the model.
      dtype: what it calculates in; `auto`: as the model was converted.
      into: the language; teachers that do not understand it are asked about their own alone.
    """

    model: Annotated[str, Field(min_length=1)]
    engine: Literal["ctranslate2", "transformers"] = "ctranslate2"
    revision: str | None = None
    sources: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    dtype: Literal["auto", "int8", "bfloat16", "float32"] = "auto"
    into: str = "en"

    def __post_init__(self) -> None:
        for key, codes in (("sources", self.sources or ()), ("into", (self.into,))):
            unknown = [code for code in codes if code not in LANGUAGES]
            if unknown:
                raise ValueError(
                    f"score.through.{key} must be among {' '.join(ALL)}, got {unknown[0]!r}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Who judges pictures and texts, and how.

    Attributes:
      teachers: at least one. Each embeds everything that it understands.
      through: by what captions that a teacher does not understand are translated for it; default:
        they are not judged by it.
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
    through: ScoreThrough | None = None

    def __post_init__(self) -> None:
        models = Counter((teacher.model, teacher.revision) for teacher in self.teachers)
        twice = [model for (model, _), n in models.items() if n > 1]
        if twice:
            raise ValueError(f"score.teachers must be different models, got {twice[0]!r} twice")
