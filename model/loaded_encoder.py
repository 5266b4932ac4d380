"""Sentence encoders that sentence-transformers loads."""

from collections.abc import Sequence

import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from model.arithmetic import require_device, working_device
from model.sentence_encoder import SentenceEncoderSpec
from model.teacher import Embeddings


class LoadedEncoder:
    """A `model.sentence_encoder.SentenceEncoder`; see there."""

    def __init__(self, spec: SentenceEncoderSpec) -> None:
        disable_progress_bar()  # of transformers, whose weights are read in a moment
        device = working_device(spec.device)
        require_device(device)
        self._threads = spec.threads
        self._model = SentenceTransformer(
            spec.model, revision=spec.revision, device=str(device), trust_remote_code=False
        )
        self.dim = int(self._model.get_embedding_dimension() or 0)
        if not self.dim:
            raise ValueError(f"{spec.model} does not say how many features its embeddings have")

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """See `model.sentence_encoder.SentenceEncoder`."""
        torch.set_num_threads(self._threads)  # torch keeps the number for each thread apart
        found: Embeddings = self._model.encode(
            list(texts),
            batch_size=max(1, len(texts)),
            show_progress_bar=False,
            normalize_embeddings=True,
            convert_to_numpy=True,
        )
        return found.astype("float32").reshape(len(texts), self.dim)
