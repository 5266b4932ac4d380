"""The recipe's sentence encoder: which it is, and whether it can be had."""

from model.sentence_encoder import (
    SentenceEncoder,
    SentenceEncoderSpec,
    encoder_revision,
    load_sentence_encoder,
)
from pipelines.errors import loading_told, said_of
from pipelines.packages import require_packages
from pipelines.teachers import label_of
from pipelines.translate_options import Translate, TranslateEncoder

PACKAGES = ("torch", "sentence_transformers")

_TABLE = "translate.encoder"


def encoder_spec(encoder: TranslateEncoder, device: str) -> SentenceEncoderSpec:
    """How an encoder is loaded.

    Raises:
      RecipeError: where it is not certain which weights are meant.
    """
    with said_of(_TABLE):
        return SentenceEncoderSpec(model=encoder.model, revision=encoder.revision, device=device)


def revision_of(spec: SentenceEncoderSpec) -> str:
    """See `model.sentence_encoder.encoder_revision`: reads a folder's files through.

    Raises:
      RecipeError: where the folder is none of an encoder.
    """
    with said_of(_TABLE):
        return encoder_revision(spec)


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
    require_packages(_TABLE, PACKAGES, "train")
    encoder_spec(translate.encoder, translate.device)


def load_encoder(spec: SentenceEncoderSpec) -> SentenceEncoder:
    """Loads an encoder.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_sentence_encoder(spec)
