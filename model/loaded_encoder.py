"""Sentence encoders that sentence-transformers loads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from transformers import PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from model.arithmetic import require_device, working_device
from model.sentence_encoder import SentenceEncoderSpec
from model.teacher import Embeddings

M = TypeVar("M")


class LoadedEncoder:
    """A `model.sentence_encoder.SentenceEncoder`; see there."""

    def __init__(self, spec: SentenceEncoderSpec) -> None:
        self._threads = spec.threads
        self._name = spec.model
        self._model = load_whole(SentenceTransformer, spec)
        self.dim = int(self._model.get_embedding_dimension() or 0)
        if not self.dim:
            raise ValueError(f"{spec.model} does not say how many features its embeddings have")

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """See `model.sentence_encoder.SentenceEncoder`.

        Raises:
          FloatingPointError: embeddings are not finite.
        """
        torch.set_num_threads(self._threads)  # torch keeps the number for each thread apart
        found: Embeddings = self._model.encode(
            list(texts),
            batch_size=max(1, len(texts)),
            show_progress_bar=False,
            normalize_embeddings=True,
            convert_to_numpy=True,
        )
        if not np.isfinite(found).all():
            raise FloatingPointError(f"{self._name} made embeddings that are not finite")
        return found.astype("float32").reshape(len(texts), self.dim)


def load_whole(kind: Callable[..., M], spec: SentenceEncoderSpec) -> M:
    """Loads a model of sentence-transformers onto its device, none of its weights by chance.

    Raises:
      ValueError: there is no such device, or weights lack or cannot be read.
    """
    disable_progress_bar()  # of transformers, whose weights are read in a moment
    device = working_device(spec.device)
    require_device(device)
    with _none_by_chance():
        return kind(spec.model, revision=spec.revision, device=str(device), trust_remote_code=False)


@contextmanager
def _none_by_chance() -> Iterator[None]:
    """Refuses checkpoints that lack weights, which sentence-transformers takes, drawn by chance.

    It does not hand on what transformers says of them, so that we ask in its place. Poolers of
    transformers' own, which it has no use for, may lack.

    Raises:
      ValueError: naming some of the weights, or the folder where they cannot be read.
    """
    usual = PreTrainedModel.__dict__["from_pretrained"]

    def whole(cls: type[PreTrainedModel], name: Any, *rest: Any, **options: Any) -> Any:
        try:
            model, info = usual.__func__(cls, name, *rest, output_loading_info=True, **options)
        except SafetensorError as error:
            raise ValueError(f"the weights in {name} cannot be read: {error}") from error
        lacking = {*info["missing_keys"], *map(str, info["mismatched_keys"])}
        wrong = sorted(key for key in lacking if "pooler." not in key)
        if wrong:
            raise ValueError(f"{name} lacks {len(wrong)} weights, e.g. {wrong[0]}")
        return model

    PreTrainedModel.from_pretrained = classmethod(whole)
    try:
        yield
    finally:
        PreTrainedModel.from_pretrained = usual
