"""Beam's inference with models that embed: one element is one batch, cut before it comes here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from apache_beam.ml.inference.base import ModelHandler
from PIL import Image

from model.sentence_encoder import SentenceEncoder, SentenceEncoderSpec
from model.teacher import Embeddings, Teacher, TeacherSpec
from pipelines.embedding_files import Halves
from pipelines.errors import RunError
from pipelines.score_plan import Piece
from pipelines.sentence_encoders import load_encoder
from pipelines.teachers import load

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Lost:
    """A picture that can be decoded no more.

    Attributes:
      uid: …
      reason: kebab-case.
      detail: the decoder's words.
    """

    uid: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What is embedded together: pictures, or texts.

    Attributes:
      piece: that it is of.
      number: in the piece, from 0.
      batches: of the piece, at least 1.
      ids: of pictures or texts, in order.
      uids: of the texts' pictures, "" for others.
      images: decoded; none where there are texts.
      texts: none where there are pictures.
      languages: of the texts.
      lost: pictures that were to be in it.
    """

    piece: Piece
    number: int
    batches: int
    ids: tuple[str, ...]
    uids: tuple[str, ...]
    images: tuple[Image.Image, ...] = ()
    texts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    lost: tuple[Lost, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A batch when it is embedded.

    Attributes:
      batch: without its pictures and texts.
      embeddings: float16, [n, dim], each row of length 1 but for its rounding.
    """

    batch: Batch
    embeddings: Halves


class BatchHandler(ModelHandler[Batch, Embedded, M], Generic[M]):
    """Embeds batches with a model, which Beam loads once a process.

    Batches come as they are to be embedded, since Beam's own batching depends on timing and an
    embedding's last bits on its batch.
    """

    def embed(self, model: M, batch: Batch) -> Embeddings:
        """What the model makes of a batch."""
        raise NotImplementedError

    def run_inference(  # a batch is one element
        self,
        batch: Batch,
        model: M,
        inference_args: dict[str, Any] | None = None,  # noqa: ARG002  # Beam's
    ) -> Iterator[Embedded]:
        try:
            embeddings = self.embed(model, batch)
        except FloatingPointError as error:
            raise RunError(str(error)) from error
        rest = Batch(
            batch.piece, batch.number, batch.batches, batch.ids, batch.uids, lost=batch.lost
        )
        yield Embedded(rest, embeddings.astype(np.float16))

    def should_skip_batching(self) -> bool:
        return True

    def get_num_bytes(self, batch: Batch) -> int:
        pixels = sum(3 * image.width * image.height for image in batch.images)
        return pixels + sum(map(len, batch.texts))

    def get_metrics_namespace(self) -> str:
        return "score"


class TeacherHandler(BatchHandler[Teacher]):
    """Embeds batches with a teacher.

    Args:
      spec: which one.
    """

    def __init__(self, spec: TeacherSpec) -> None:
        super().__init__()
        self._spec = spec

    def load_model(self) -> Teacher:
        return load(self._spec)

    def embed(self, model: Teacher, batch: Batch) -> Embeddings:
        """See `BatchHandler`."""
        if batch.images:
            return model.embed_images(batch.images)
        return model.embed_texts(batch.texts, batch.languages)


class SentenceHandler(BatchHandler[SentenceEncoder]):
    """Embeds batches of texts with a sentence encoder.

    Args:
      spec: which one.
    """

    def __init__(self, spec: SentenceEncoderSpec) -> None:
        super().__init__()
        self._spec = spec

    def load_model(self) -> SentenceEncoder:
        return load_encoder(self._spec)

    def embed(self, model: SentenceEncoder, batch: Batch) -> Embeddings:
        """See `BatchHandler`."""
        return model.embed_texts(batch.texts)
