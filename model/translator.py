"""The translator: a model that says a text in another language.

This module is the interface, and light: engines load with a translator, not with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from model.endpoint import Endpoint
from model.teacher import folder_digest
from model.translation_manifest import is_converted, read_manifest
from schemas.languages import LANGUAGES

_COMMIT = re.compile(r"[0-9a-f]{40}")
PROMPT = (
    "Translate this image caption from {source} into {target}. Answer with the translation alone."
    "\n\n{text}"
)
_EXTRAS = {
    "ctranslate2": "translate",
    "sentencepiece": "translate",
    "torch": "translate,train",
    "transformers": "translate,train",
}
"""That bring a package."""


class TranslationFault(StrEnum):
    """Why a text has no whole translation."""

    SOURCE_TOO_LONG = "source-too-long"  # more tokens than `Decoding.max_source_tokens`: not tried
    UNFINISHED = "unfinished"  # cut at its longest length: most often a loop
    REFUSED = "refused"  # the endpoint finds fault with the request


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of a text.

    Attributes:
      text: the translation; what there is of it where it is unfinished, else "".
      source_tokens: that the model read, those that name a language among them; 0 where it did not.
      tokens: that it wrote, without the end and those that name a language.
      fault: why the text is not the whole translation.
    """

    text: str
    source_tokens: int
    tokens: int
    fault: TranslationFault | None = None


class Sizes(NamedTuple):
    """How a translator would work on texts.

    Attributes:
      tokens: that each text has, those that name a language among them; 0 of a text of spaces.
      batches: numbers of the texts that are translated at once; those that are not tried are in
        none. A batch handed over alone is worked on as it is.
    """

    tokens: list[int]
    batches: list[list[int]]


class Sizer(Protocol):
    """What can be known of a translator without its weights.

    Attributes:
      name: hub id or folder's name of the checkpoint that it was made of.
      family: `m2m_100`, `nllb`, `madlad` or `marian`; "" where that is not known.
    """

    name: str
    family: str

    def translates(self, source: str, target: str) -> bool:
        """Whether it can say texts of one ISO 639-1 language in another."""
        ...

    def sizes(self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]) -> Sizes:
        """How it would work on texts; arguments and errors are those of `Translator.translate`."""
        ...


class Translator(Sizer, Protocol):
    """A model that translates between some of our languages.

    Attributes:
      revision: what identifies its weights: a hub's commit, or a digest of a folder's files.
    """

    revision: str

    def translate(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Translation]:
        """Translates texts; the results are in their order.

        Texts of like length are translated together. What becomes of one depends on no other, up to
        the last bits of sums that depend on how many are added at once: the same texts in the same
        order give the same bytes. A text without a letter, digit or sign is translated as "".

        Args:
          texts: in any mixture of languages.
          sources: the ISO 639-1 language of each.
          targets: the one that each is to be said in.

        Raises:
          ValueError: it does not translate one of the pairs, or their numbers differ.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How translations are searched for, and how much at a time.

    Attributes:
      beam_size: hypotheses kept at each step; 1 is greedy.
      no_repeat_ngram_size: no so many tokens come twice in a translation; 0: they may, else from 2.
      max_length_ratio: tokens that a translation may have for each of its source, beyond the
        first 16; sources are taken at their length rounded up to 8.
      max_source_tokens: a longer text is not translated.
      batch_tokens: source tokens translated at once, padding among them; memory also grows with
        the beam.
    """

    beam_size: int = 1
    no_repeat_ngram_size: int = 0
    max_length_ratio: float = 3.0
    max_source_tokens: int = 512
    batch_tokens: int = 2048

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        for name, least in (("beam_size", 1), ("max_source_tokens", 1), ("batch_tokens", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.no_repeat_ngram_size < 0 or self.no_repeat_ngram_size == 1:
            raise ValueError(
                "no_repeat_ngram_size must be 0 or at least 2, since words do come twice; "
                f"got {self.no_repeat_ngram_size}"
            )
        if not 0 < self.max_length_ratio < float("inf"):
            raise ValueError(f"max_length_ratio must be over 0, got {self.max_length_ratio}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationEndpoint(Endpoint):
    """An HTTP endpoint that is asked for translations.

    Attributes:
      prompt: what a text is asked for with; `{source}` and `{target}` stand for the languages'
        English names, `{text}` for the text.
    """

    prompt: str = PROMPT

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        Endpoint.__post_init__(self)
        if "{text}" not in self.prompt or "{target}" not in self.prompt:
            raise ValueError(f"prompt must have {{text}} and {{target}}, got {self.prompt!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorSpec:
    """Which translator, and how to run it.

    Attributes:
      model: for ctranslate2 the folder that `pairmill convert-translator` wrote; for transformers
        a checkpoint's folder, or its id on the Hugging Face hub; for openai what the endpoint
        calls it.
      revision: of an id: the commit's 40 hex digits, since branches move; None for a folder; of an
        endpoint's model what tells its weights from others, as you please.
      engine: `ctranslate2`, `transformers`: the slow reference, or `openai`: an endpoint.
      sources: ISO 639-1 codes to translate from; None: those of the model. A Marian model that does
        not say its languages needs them, and its `targets`.
      targets: ISO 639-1 codes to translate into; None: those of the model.
      dtype: that it calculates in; `auto`: ctranslate2 as the model was converted, as near as the
        device can, transformers float32. Only ctranslate2 has `int8`.
      device: `cpu`, `cuda`, `cuda:0` …; `auto`: the GPU where there is one, else the CPU.
      threads: of the CPU that it calculates on; None: as many as the engine takes.
      decoding: how it searches; of an endpoint, whose tokens are guessed at three characters each,
        the lengths and how much is kept at a time.
      endpoint: for openai.
    """

    model: str
    revision: str | None = None
    engine: Literal["ctranslate2", "transformers", "openai"] = "ctranslate2"
    sources: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None
    dtype: Literal["auto", "int8", "bfloat16", "float32"] = "auto"
    device: str = "cpu"
    threads: int | None = None
    decoding: Decoding = field(default_factory=Decoding)
    endpoint: TranslationEndpoint | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where it is not certain which weights are meant, or how to run them."""
        if self.engine == "ctranslate2" and not is_converted(Path(self.model)):
            raise ValueError(
                f"{self.model} is not converted for ctranslate2: run "
                f"pairmill convert-translator {self.model} OUT, and name OUT"
            )

        if (self.engine == "openai") != (self.endpoint is not None):
            raise ValueError("the engine openai needs an endpoint, and no other engine has one")
        if self.engine != "openai":
            require_revision(self.model, self.revision)
        strangers = sorted({*(self.sources or ()), *(self.targets or ())} - set(LANGUAGES))
        if strangers:
            raise ValueError(f"languages must be of {' '.join(LANGUAGES)}; got {strangers[0]!r}")
        if self.engine != "ctranslate2" and self.dtype == "int8":
            raise ValueError(f"dtype int8 needs the engine ctranslate2, got {self.engine}")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a translation depends on, beside its text, its languages and how it is searched for.

    Attributes:
      name: hub id or folder's name of the checkpoint.
      revision: a hub's commit, or a digest of the folder's files, 40 hex digits both.
      family: `m2m_100`, `nllb`, `madlad` or `marian`; "" for a checkpoint that was not converted.
    """

    name: str
    revision: str
    family: str


def identify(spec: TranslatorSpec) -> Identity:
    """What `load_translator` would load, without loading it; reads a folder's files through."""
    folder = Path(spec.model)
    if spec.engine == "ctranslate2":
        manifest = read_manifest(folder)
        return Identity(manifest.name, folder_digest(folder), manifest.family)
    if spec.endpoint:
        told = f"{spec.model}\n{spec.revision or ''}\n{spec.endpoint.prompt}"
        return Identity(spec.model, blake2b(told.encode(), digest_size=20).hexdigest(), "")
    return Identity(short_name(spec.model), spec.revision or folder_digest(folder), "")


def short_name(model: str) -> str:
    """A hub's id as it is; of a folder its name alone, wherever it lies."""
    return Path(model).resolve().name if Path(model).is_dir() else model


def require_revision(model: str, revision: str | None) -> None:
    """Raises ValueError where it is not certain which weights are meant."""
    if Path(model).is_dir():
        if revision is not None:
            raise ValueError(f"a folder has no revision, got {revision!r} for {model}")
    elif not _COMMIT.fullmatch(revision or ""):
        raise ValueError(
            f"{model} is no folder, and of a hub's model the revision must be a commit, 40 hex "
            f"digits, so that the same can be made again; got {revision!r}"
        )


def load_translator(spec: TranslatorSpec) -> Translator:
    """Loads a translator: M2M-100, NLLB, MADLAD-400 or Marian.

    Raises:
      ModuleNotFoundError: an extra is not installed; the error names it.
      ValueError: the model is none of these, does not say its languages, cannot be loaded, or
        cannot run as asked.
    """
    try:
        if spec.engine == "ctranslate2":
            from model.ctranslate2_translator import Ctranslate2Translator

            return Ctranslate2Translator(spec)
        if spec.engine == "openai":
            from model.endpoint_translator import EndpointTranslator

            return EndpointTranslator(spec)
        from model.checkpoint_translator import CheckpointTranslator

        return CheckpointTranslator(spec)
    except ModuleNotFoundError as error:
        raise named_extra(error) from error


def load_sizer(spec: TranslatorSpec) -> Sizer:
    """What can be known of a translator without its weights; raises as `load_translator` does."""
    try:
        if spec.engine == "ctranslate2":
            from model.converted_sizer import ConvertedSizer

            return ConvertedSizer(spec)
        if spec.engine == "openai":
            from model.endpoint_translator import EndpointSizer

            return EndpointSizer(spec)
        from model.checkpoint_translator import CheckpointSizer

        return CheckpointSizer(spec)
    except ModuleNotFoundError as error:
        raise named_extra(error) from error


def named_extra(error: ModuleNotFoundError) -> ModuleNotFoundError:
    """The error again, with what to install where it is a package of ours that lacks."""
    package = (error.name or "").partition(".")[0]
    extras = _EXTRAS.get(package)
    if not extras:
        return error
    return ModuleNotFoundError(
        f"a translator needs {package}: pip install 'pairmill[{extras}]'", name=package
    )
