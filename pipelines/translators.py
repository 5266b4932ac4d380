"""The recipe's translators: which they are, and which of them says what in which language."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.translator import (
    Identity,
    Sizer,
    Translator,
    TranslatorSpec,
    identify,
    load_sizer,
    load_translator,
)
from pipelines.errors import RecipeError, loading_told
from pipelines.packages import require_packages
from pipelines.translate_options import Translate, TranslateModel
from schemas.ids import digest
from schemas.languages import ALL

_SHORT = 12  # digits of a revision
_PACKAGES = {
    "ctranslate2": ("ctranslate2", "sentencepiece"),
    "transformers": ("torch", "transformers", "sentencepiece"),
    "openai": ("sentencepiece",),
}
_EXTRAS = {"ctranslate2": "translate", "transformers": "translate,train", "openai": "translate"}
_OF_RESULTS = ("beam_size", "no_repeat_ngram_size", "max_length_ratio", "max_source_tokens")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A translator of the recipe.

    Attributes:
      number: in the recipe, from 0.
      spec: how it is loaded.
      identity: what its translations depend on.
    """

    number: int
    spec: TranslatorSpec
    identity: Identity

    @property
    def label(self) -> str:
        """Its name and its revision, short: what its translations call it."""
        return f"{self.identity.name}@{self.identity.revision[:_SHORT]}"

    @property
    def memory_name(self) -> str:
        """The folder of its translations below a memory."""
        name = self.identity.name
        safe = "".join(c if c.isalnum() or c in "-_+." else "-" for c in name)
        return f"{safe}-{digest(repr(self.depends_on()))[:_SHORT]}"

    def depends_on(self) -> list[Any]:
        """What a translation depends on, but for its text and languages."""
        options = asdict(self.spec.decoding)
        told = [options[name] for name in _OF_RESULTS]
        return [*asdict(self.identity).values(), self.spec.engine, self.spec.dtype, *told]


@dataclass(frozen=True, slots=True)
class Route:
    """How texts of one language come into another.

    Attributes:
      speakers: numbers of the translators: one, or two with the pivot between them.
      pivot: the language between, "" where there is none.
    """

    speakers: tuple[int, ...]
    pivot: str = ""


class Routes:
    """Which translator says what in which language.

    Attributes:
      speakers: the recipe's.
      pivot: the recipe's, "" for none.

    Args:
      speakers: the recipe's.
      pairs: of each, the languages that it translates into, by source language.
      pivot: the recipe's, "" for none.
    """

    def __init__(
        self, speakers: Sequence[Speaker], pairs: Sequence[dict[str, list[str]]], pivot: str
    ) -> None:
        self.speakers = tuple(speakers)
        self._pairs = tuple(pairs)
        self.pivot = pivot

    def of(self, source: str, target: str) -> Route | None:
        """How, the first translator that can before others; None where none can."""
        direct = self.direct(source, target)
        if direct is not None:
            return Route((direct,))
        there, back = self.direct(source, self.pivot), self.direct(self.pivot, target)
        if there is None or back is None:
            return None
        return Route((there, back), self.pivot)

    def targets(self, source: str, languages: Iterable[str]) -> tuple[str, ...]:
        """Those of some languages that texts of another can be said in."""
        return tuple(code for code in languages if self.of(source, code))

    def one_way(self, sources: Iterable[str], languages: Sequence[str]) -> list[str]:
        """The pairs `en-de` that are translated and of which the way back is not."""
        return [
            f"{source}-{target}"
            for source in sources
            for target in self.targets(source, languages)
            if self.of(target, source) is None
        ]

    def direct(self, source: str, target: str) -> int | None:
        """Number of the first translator that says it at once."""
        numbers = range(len(self._pairs))
        return next((n for n in numbers if target in self._pairs[n].get(source, ())), None)


def spec_of(model: TranslateModel, translate: Translate) -> TranslatorSpec:
    """How a translator is loaded.

    Raises:
      RecipeError: where it is not certain which weights are meant, or they are not converted.
    """
    if model.engine != "openai":
        require_folder("translate.models.model", model.model, model.engine)
    try:
        return TranslatorSpec(
            model=model.model,
            revision=model.revision,
            engine=model.engine,
            sources=model.sources,
            targets=model.targets,
            dtype=model.dtype,
            device=translate.device,
            threads=translate.threads,
            decoding=translate.decoding,
            endpoint=model.endpoint,
        )
    except ValueError as error:
        raise RecipeError(f"translate.models: {error}") from error


def speakers_of(translate: Translate) -> list[Speaker]:
    """The translators with their revisions, for which a folder's files are read."""
    speakers = []
    for number, model in enumerate(translate.models):
        spec = spec_of(model, translate)
        try:
            speakers.append(Speaker(number, spec, identify(spec)))
        except (ValueError, OSError) as error:
            raise RecipeError(f"translate.models: {error}") from error
    return speakers


def require_engine(what: str, engine: str) -> None:
    """Refuses to begin without the packages that an engine needs.

    Raises:
      RecipeError: naming the extras that bring them.
    """
    require_packages(what, _PACKAGES[engine], _EXTRAS[engine])


def require_folder(key: str, model: str, engine: str) -> None:
    """Refuses a translator whose folder, an absolute path, is not there.

    Raises:
      RecipeError: naming the key, with what to do.
    """
    path = Path(model)
    if not path.is_absolute() or path.is_dir():
        return
    advice = f"run pairmill convert-translator CHECKPOINT {path}"
    if engine == "transformers":
        advice = "an id on the Hugging Face hub needs its revision"
    raise RecipeError(f"{key}: there is no folder {path}: {advice}")


def check_translators(translate: Translate) -> None:
    """Refuses to begin without the packages that the engines need, and the models' folders.

    Raises:
      RecipeError: naming the extras that bring them, or what is wrong with a model.
    """
    for engine in sorted({model.engine for model in translate.models}):
        require_engine("[translate]", engine)
    if translate.round_trip:
        require_packages("translate.round_trip", ["sacrebleu"], "translate")
    for model in translate.models:
        spec_of(model, translate)


def pairs_of(speaker: Speaker) -> dict[str, list[str]]:
    """The languages that a translator says texts in, by their language; reads no weights.

    Raises:
      RunError: where it cannot be read.
    """
    sizer = load_known(speaker.spec)
    pairs = {source: [code for code in ALL if sizer.translates(source, code)] for source in ALL}
    return {source: targets for source, targets in pairs.items() if targets}


def load_known(spec: TranslatorSpec) -> Sizer:
    """What is known of a translator without its weights.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_sizer(spec)


def load(spec: TranslatorSpec) -> Translator:
    """Loads a translator.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_translator(spec)
