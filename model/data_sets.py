"""The data sets that a stage names, opened."""

from collections.abc import Sequence

from model.picture_triplets import PictureTriplets
from model.plan import DataSet, Stage
from model.samples import ImageSet, Pair, SampleSet, TextSet
from schemas.ids import Fold


def open_images(stage: Stage, unseen: Fold | None) -> Sequence[SampleSet[Pair]]:
    """Those of pictures with captions.

    Args:
      stage: …
      unseen: pairs that are left out, but of what is trusted; of triplets none can be.

    Raises:
      DataError: one is not as `pack` writes it.
    """
    temperature = stage.language_temperature
    return [
        PictureTriplets(data.path, data.pictures, temperature, _negatives(data, stage))
        if data.pictures
        else ImageSet(data.path, temperature, None if data.trusted else unseen)
        for data in stage.images
    ]


def open_texts(stage: Stage) -> Sequence[TextSet]:
    """Those of texts with texts.

    Raises:
      DataError: one is not as `pack` writes it.
    """
    temperature = stage.language_temperature
    return [TextSet(data.path, temperature, _negatives(data, stage)) for data in stage.texts]


def _negatives(data: DataSet, stage: Stage) -> int:
    """Hard negatives of each row that are used."""
    return stage.negatives if data.negatives is None else data.negatives
