"""The recipe's `[translate]`: which captions are said in which languages, by what."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from filters.round_trip import RoundTripRules
from filters.translation import TranslationRules
from model.translator import Decoding, TranslationEndpoint
from schemas.languages import ALL, LANGUAGES

Positive = Annotated[int, Field(ge=1)]
Languages = Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateModel:
    """A model that translates; see `model.translator.TranslatorSpec`.

    Attributes:
      model: for ctranslate2 a folder that `pairmill convert-translator` wrote, for transformers a
        checkpoint's folder, both relative to the recipe's folder, or its id on the Hugging Face
        hub; for openai what the endpoint calls it.
      engine: `ctranslate2`, `transformers`: the slow reference, or `openai`: an HTTP endpoint.
      revision: of an id: the commit's 40 hex digits; of an endpoint's model what tells its weights
        from others, as you please.
      sources: languages to translate from; default: those of the model.
      targets: languages to translate into; default: those of the model.
      dtype: what it calculates in; `auto`: as the model was converted.
      endpoint: `model.translator.TranslationEndpoint`, for openai.
      max_requests: texts that it may be asked about in one run, those asked again not counted; 0:
        any number. A run ends where it would need more, and goes on when it is given more.
      max_tokens: that it may read and write in one run; likewise. Those of a text that was not
        asked yet are taken as twice the guess of what it reads.
      price: of a million tokens, read or written, in your currency: what a run costs is told; 0:
        nothing is told.
    """

    model: Annotated[str, Field(min_length=1)]
    engine: Literal["ctranslate2", "transformers", "openai"] = "ctranslate2"
    revision: str | None = None
    sources: Languages | None = None
    targets: Languages | None = None
    dtype: Literal["auto", "int8", "bfloat16", "float32"] = "auto"
    endpoint: TranslationEndpoint | None = None
    max_requests: Annotated[int, Field(ge=0)] = 0
    max_tokens: Annotated[int, Field(ge=0)] = 0
    price: Annotated[float, Field(ge=0)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateEncoder:
    """A model that says how near two texts of any languages are in what they mean.

    Attributes:
      model: a folder that sentence-transformers reads, relative to the recipe's folder, or its id
        on the Hugging Face hub.
      revision: of an id: the commit's 40 hex digits.
      languages: those that it understands: of others nothing is asked; default: all.
    """

    model: Annotated[str, Field(min_length=1)]
    revision: str | None = None
    languages: Languages | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Translate:
    """Which captions are translated, into which languages, and how.

    Attributes:
      models: at least one; a pair of languages is the first one's that translates it.
      from_languages: of captions to translate; default: all of the recipe's.
      from_sources: names of sources whose captions are translated; default: all.
      share: of these captions, chosen by a hash, in [0, 1].
      share_in: in its place, by the caption's language.
      into_languages: to translate into; default: all of the recipe's.
      per_caption: languages for each caption, chosen by a hash; 0: all.
      weights: of languages among which these are chosen, 1 where nothing is said.
      fill: whether languages that a picture has a caption in are left out for its other captions.
      pivot: language by way of which those are translated that no model translates directly; ""
        for none.
      memory: folder of translations that are there already and of those to come, which several
        recipes may share; default: below the output.
      memory_imports: TMX files or Parquet tables with the columns `source_language, source_text,
        language, text`, whose translations come before any model's.
      device: as torch names it, e.g. `cuda:1`; `auto`: the GPU where there is one.
      threads: of the CPU for each process.
      decoding: `model.translator.Decoding`.
      rules: `filters.translation.TranslationRules`.
      round_trip: `filters.round_trip.RoundTripRules`: what translations must be when they are
        translated back by the same models; default: none is.
      encoder: asked for `rules.min_cosine` in the teacher's place; default: the teacher is asked.
    """

    models: Annotated[tuple[TranslateModel, ...], Field(min_length=1)]
    from_languages: Languages | None = None
    from_sources: Languages | None = None
    share: float = 1.0
    share_in: Mapping[str, float] = field(default_factory=dict)
    into_languages: Languages | None = None
    per_caption: Annotated[int, Field(ge=0)] = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    fill: bool = True
    pivot: str = ""
    memory: str = ""
    memory_imports: tuple[str, ...] = ()
    device: Annotated[str, Field(min_length=1)] = "auto"
    threads: Positive = 1
    decoding: Decoding = field(default_factory=Decoding)
    rules: TranslationRules = field(default_factory=TranslationRules)
    round_trip: RoundTripRules | None = None
    encoder: TranslateEncoder | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be meant."""
        named = {
            "from_languages": self.from_languages or (),
            "into_languages": self.into_languages or (),
            "share_in": self.share_in,
            "weights": self.weights,
            "pivot": [self.pivot] if self.pivot else (),
            "encoder.languages": (self.encoder and self.encoder.languages) or (),
            "models.sources": [code for of in self.models for code in of.sources or ()],
            "models.targets": [code for of in self.models for code in of.targets or ()],
        }
        for key, codes in named.items():
            unknown = [code for code in codes if code not in LANGUAGES]
            if unknown:
                raise ValueError(f"{key} must be of {' '.join(ALL)}, got {unknown[0]!r}")
        for key in ("from_languages", "into_languages"):
            again = [code for code, n in Counter(named[key]).items() if n > 1]
            if again:
                raise ValueError(f"{key} must be different languages, got {again[0]!r} twice")
        shares = {"share": self.share} | {f"share_in.{k}": v for k, v in self.share_in.items()}
        for key, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{key} must be in [0, 1], got {share}")
        for code, weight in self.weights.items():
            if not 0 < weight < math.inf:
                raise ValueError(f"weights.{code} must be over 0, got {weight}")
        if self.weights and not self.per_caption:
            raise ValueError("weights must go with per_caption, the number that is chosen")
        if self.encoder and self.rules.min_cosine <= -1:
            raise ValueError(
                "encoder must go with rules.min_cosine, over -1, which it is asked for"
            )
        models = Counter((of.model, of.sources, of.targets) for of in self.models)
        twice = [model for (model, *_), n in models.items() if n > 1]
        if twice:
            raise ValueError(f"models must differ, got {twice[0]!r} twice")


def asks_for_cosines(translate: Translate) -> bool:
    """Whether a teacher is to judge translations."""
    of_texts = translate.rules.min_cosine > -1 and translate.encoder is None
    return translate.rules.max_cosine_drop < 2 or of_texts
