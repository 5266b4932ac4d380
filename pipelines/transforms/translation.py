"""Beam's inference with our translators. Beam's module brings torch along, for seconds: import this
one where something is to be translated, and not before.
"""

import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, RunInference

from model.translator import Translator, TranslatorSpec
from pipelines.errors import RunError
from pipelines.transforms.blocks import Deal
from pipelines.translate_plan import TranslationPiece
from pipelines.translate_wanted import (
    Desk,
)
from pipelines.translating import KeepTranslations, ReadTextBatches, Spoken, TextBatch
from pipelines.translators import load


class TranslatePieces(beam.PTransform):
    """Translates pieces of work with one translator.

    Args:
      desk: …
      spec: which translator.
      pieces: all of its.
    """

    def __init__(self, desk: Desk, spec: TranslatorSpec, pieces: list[TranslationPiece]) -> None:
        super().__init__()
        self._pieces = pieces
        self._read = ReadTextBatches(desk.work)
        self._handler = TranslatorHandler(spec)
        self._keep = KeepTranslations(desk.work, desk.memory)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        return (
            begin
            | Deal("pieces", self._pieces)
            | beam.ParDo(self._read)
            | RunInference(self._handler)
            | beam.ParDo(self._keep)
        )


class TranslatorHandler(ModelHandler[TextBatch, Spoken, Translator]):
    """Translates batches with a translator, which Beam loads once a process.

    Batches come as they are to be translated: Beam's own batching depends on timing.

    Args:
      spec: which translator.
    """

    def __init__(self, spec: TranslatorSpec) -> None:
        super().__init__()
        self._spec = spec

    def load_model(self) -> Translator:
        return load(self._spec)

    def run_inference(  # a batch is one element
        self,
        batch: TextBatch,
        model: Translator,
        inference_args: dict[str, Any] | None = None,  # noqa: ARG002  # Beam's
    ) -> Iterator[Spoken]:
        began = time.perf_counter()
        try:
            translations = model.translate(
                [request.source_text for request in batch.requests],
                [request.source_language for request in batch.requests],
                [request.language for request in batch.requests],
            )
        except ConnectionError as error:  # an endpoint's
            raise RunError(f"{error}; the same command goes on from here") from error
        yield Spoken(batch, tuple(translations), time.perf_counter() - began)

    def should_skip_batching(self) -> bool:
        return True

    def get_num_bytes(self, batch: TextBatch) -> int:
        return sum(len(request.source_text) for request in batch.requests)

    def get_metrics_namespace(self) -> str:
        return "translate"
