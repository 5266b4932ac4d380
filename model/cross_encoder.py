"""The cross-encoder: a model that says how well a text answers a query, reading both together.

This module is the interface, and light: torch and sentence-transformers load with a model.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.extras import train_extra
from model.sentence_encoder import SentenceEncoderSpec


class CrossEncoder(Protocol):
    """A model that scores pairs of texts."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """The score of each query and text, on the model's own scale, [pairs].

        The same pairs in the same order give the same bytes.
        """
        ...


def load_cross_encoder(spec: SentenceEncoderSpec) -> CrossEncoder:
    """Loads a cross-encoder that sentence-transformers reads.

    Raises:
      ModuleNotFoundError: the extra `train` is not installed.
      ValueError: sentence-transformers cannot read the model, or it gives more than one score.
      OSError: likewise.
    """
    with train_extra("a cross-encoder"):
        from model.loaded_cross_encoder import LoadedCrossEncoder
    return LoadedCrossEncoder(spec)
