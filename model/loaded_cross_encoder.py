"""Cross-encoders that sentence-transformers loads."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import CrossEncoder

from model.loaded_encoder import load_whole
from model.sentence_encoder import SentenceEncoderSpec

_BATCH = 32  # pairs, those of a length together, as sentence-transformers cuts them


class LoadedCrossEncoder:
    """A `model.cross_encoder.CrossEncoder`; see there."""

    def __init__(self, spec: SentenceEncoderSpec) -> None:
        self._threads = spec.threads
        self._name = spec.model
        self._model = load_whole(CrossEncoder, spec)
        if self._model.num_labels != 1:
            raise ValueError(
                f"{spec.model} must give one score a pair, got {self._model.num_labels} labels"
            )

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """See `model.cross_encoder.CrossEncoder`.

        Raises:
          FloatingPointError: a score is not finite.
        """
        if not pairs:
            return np.empty(0, np.float32)
        torch.set_num_threads(self._threads)  # torch keeps the number for each thread apart
        found = self._model.predict(
            list(pairs), batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True
        )
        if not np.isfinite(found).all():
            raise FloatingPointError(f"{self._name} made scores that are not finite")
        return np.asarray(found, np.float32)
