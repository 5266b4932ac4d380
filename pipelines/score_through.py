"""By what captions that a teacher does not understand are said in a language that it does."""

from dataclasses import dataclass

from model.translator import TranslatorSpec, identify
from pipelines.errors import RecipeError, RunError
from pipelines.score_options import Score
from pipelines.teachers import Sight
from pipelines.translators import Speaker, load_known, require_engine, require_folder
from schemas.languages import ALL


@dataclass(frozen=True, slots=True)
class Through:
    """How captions are brought into another language.

    Attributes:
      speaker: the translator.
      languages: of captions that are translated.
      into: the language that these are said in.
    """

    speaker: Speaker
    languages: tuple[str, ...]
    into: str

    def helps(self, sight: Sight) -> bool:
        """Whether a teacher understands what is said."""
        return self.into in sight.languages


def speaker_of(score: Score) -> Speaker | None:
    """The translator with its revision, for which a folder's files are read; None: there is none.

    Raises:
      RecipeError: it is not there, not converted, or an extra is not installed.
    """
    if not (through := score.through):
        return None
    require_engine("[score.through]", through.engine)
    require_folder("score.through.model", through.model, through.engine)
    try:
        spec = TranslatorSpec(
            model=through.model,
            revision=through.revision,
            engine=through.engine,
            sources=through.sources,
            targets=(through.into,),
            dtype=through.dtype,
            device=score.device,
            threads=1,
        )
        return Speaker(0, spec, identify(spec))
    except (ValueError, OSError) as error:
        raise RecipeError(f"score.through: {error}") from error


def find_through(speaker: Speaker, into: str, sights: tuple[Sight, ...]) -> Through | None:
    """What is translated: the languages that not all teachers understand; None: nothing.

    Args:
      speaker: the translator.
      into: the recipe's language.
      sights: of the teachers.

    Raises:
      RunError: no teacher understands what would be said, or the translator says none of them.
    """
    helped = [sight for sight in sights if into in sight.languages]
    if not helped:
        raise RunError(f"score.through.into must be a language of a teacher's, got {into!r}")
    sizer = load_known(speaker.spec)
    wanted = [code for code in ALL if any(code not in sight.languages for sight in helped)]
    languages = tuple(code for code in wanted if sizer.translates(code, into))
    if not wanted:
        return None
    if not languages:
        raise RunError(
            f"score.through: {speaker.label} says none of the languages that the teachers do not "
            f"understand in {into!r}"
        )
    return Through(speaker, languages, into)
