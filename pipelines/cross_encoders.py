"""The recipe's cross-encoder: which it is, and whether it can be had."""

from importlib.util import find_spec

from model.cross_encoder import CrossEncoder, load_cross_encoder
from model.sentence_encoder import SentenceEncoderSpec, encoder_revision
from pipelines.errors import RecipeError, loading_told
from pipelines.mining_rules import Mine, MineCrossEncoder

_PACKAGES = ("torch", "sentence_transformers")


def spec_of(encoder: MineCrossEncoder) -> SentenceEncoderSpec:
    """How it is loaded.

    Raises:
      RecipeError: where it is not certain which weights are meant.
    """
    try:
        return SentenceEncoderSpec(
            model=encoder.model, revision=encoder.revision, device=encoder.device
        )
    except ValueError as error:
        raise RecipeError(f"mine.cross_encoder: {error}") from error


def revision_of(spec: SentenceEncoderSpec) -> str:
    """See `model.sentence_encoder.encoder_revision`: reads a folder's files through.

    Raises:
      RecipeError: where the folder is none of a model.
    """
    try:
        return encoder_revision(spec)
    except ValueError as error:
        raise RecipeError(f"mine.cross_encoder: {error}") from error


def check_encoder(mine: Mine) -> None:
    """Refuses to begin without the packages that it needs, where there is one.

    Raises:
      RecipeError: naming the extra that brings them, or what is wrong with the model's name.
    """
    if mine.cross_encoder is None:
        return
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise RecipeError(
            f"mine.cross_encoder needs {missing[0]}, which is not installed: "
            "pip install 'pairmill[train]'"
        )
    spec_of(mine.cross_encoder)


def load_encoder(spec: SentenceEncoderSpec) -> CrossEncoder:
    """Loads it.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_cross_encoder(spec)
