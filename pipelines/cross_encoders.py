"""The recipe's cross-encoder: which it is, and whether it can be had."""

from model.cross_encoder import CrossEncoder, load_cross_encoder
from model.sentence_encoder import SentenceEncoderSpec, encoder_revision
from pipelines.errors import loading_told, said_of
from pipelines.mining_rules import Mine, MineCrossEncoder
from pipelines.packages import require_packages
from pipelines.sentence_encoders import PACKAGES

_TABLE = "mine.cross_encoder"


def spec_of(encoder: MineCrossEncoder) -> SentenceEncoderSpec:
    """How it is loaded.

    Raises:
      RecipeError: where it is not certain which weights are meant.
    """
    with said_of(_TABLE):
        return SentenceEncoderSpec(
            model=encoder.model, revision=encoder.revision, device=encoder.device
        )


def revision_of(spec: SentenceEncoderSpec) -> str:
    """See `model.sentence_encoder.encoder_revision`: reads a folder's files through.

    Raises:
      RecipeError: where the folder is none of a model.
    """
    with said_of(_TABLE):
        return encoder_revision(spec)


def check_encoder(mine: Mine) -> None:
    """Refuses to begin without the packages that it needs, where there is one.

    Raises:
      RecipeError: naming the extra that brings them, or what is wrong with the model's name.
    """
    if mine.cross_encoder is None:
        return
    require_packages(_TABLE, PACKAGES, "train")
    spec_of(mine.cross_encoder)


def load_encoder(spec: SentenceEncoderSpec) -> CrossEncoder:
    """Loads it.

    Raises:
      RunError: where that is not possible; its first line says why.
    """
    with loading_told():
        return load_cross_encoder(spec)
