"""The recipe's sentence encoder: which it is, and whether it can be had."""

from importlib.util import find_spec

from model.sentence_encoder import (
    SentenceEncoder,
    SentenceEncoderSpec,
    encoder_revision,
    load_sentence_encoder,
)
from pipelines.errors import RecipeError, loading_told
from pipelines.teachers import label_of
from pipelines.translate_options import Translate, TranslateEncoder

_PACKAGES = ("torch", "sentence_transformers")


def encoder_spec(encoder: TranslateEncoder, device: str) -> SentenceEncoderSpec:
    """How an encoder is loaded.

    Raises:
      RecipeError: where it is not certain which weights are meant.
    """
    try:
        return SentenceEncoderSpec(model=encoder.model, revision=encoder.revision, device=device)
    except ValueError as error:
        raise RecipeError(f"translate.encoder: {error}") from error


def revision_of(spec: SentenceEncoderSpec) -> str:
    """See `model.sentence_encoder.encoder_revision`: reads a folder's files through.

    Raises:
      RecipeError: where the folder is none of an encoder.
    """
    try:
        return encoder_revision(spec)
    except ValueError as error:
        raise RecipeError(f"translate.encoder: {error}") from error


def encoder_label(spec: SentenceEncoderSpec) -> str:
    """Its name and its revision, short; raises as `revision_of` does."""
    return label_of(spec.model, revision_of(spec))


def check_encoder(translate: Translate) -> None:
    """Refuses to begin without the packages that an encoder needs, where there is one.

    Raises:
      RecipeError: naming the extra that brings them, or what is wrong with the model's name.
    """
    if translate.encoder is None:
        return
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise RecipeError(
            f"translate.encoder needs {missing[0]}, which is not installed: "
            "pip install 'pairmill[train]'"
        )
    encoder_spec(translate.encoder, translate.device)


def load_encoder(spec: SentenceEncoderSpec) -> SentenceEncoder:
    """Loads an encoder.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_sentence_encoder(spec)
