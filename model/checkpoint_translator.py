"""Translators as transformers runs them: slow, obvious, what other engines are held to."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import GenerationConfig

from model.arithmetic import require_device, working_device
from model.batched_translator import BatchedSizer, BatchedTranslator, Tokens
from model.translation_checkpoint import (
    UNKNOWN,
    TranslationCheckpoint,
    load_model,
    read_checkpoint,
)
from model.translation_manifest import chosen_tags
from model.translation_tokens import Tokenizer
from model.translator import TranslatorSpec


class CheckpointSizer(BatchedSizer):
    """A `model.translator.Sizer`; see there."""

    def __init__(self, spec: TranslatorSpec) -> None:
        checkpoint = read_checkpoint(spec.model, spec.revision)
        tags = chosen_tags(checkpoint.name, checkpoint.tags, spec.sources, spec.targets)
        tokenizer = Tokenizer(tags, checkpoint.source_pieces, checkpoint.target_pieces)
        super().__init__(checkpoint.name, tokenizer, tags, checkpoint.longest, spec.decoding)


class CheckpointTranslator(BatchedTranslator):
    """A `model.translator.Translator`; see there."""

    def __init__(self, spec: TranslatorSpec) -> None:
        checkpoint = read_checkpoint(spec.model, spec.revision)
        tags = chosen_tags(checkpoint.name, checkpoint.tags, spec.sources, spec.targets)
        super().__init__(
            checkpoint.name,
            checkpoint.revision,
            _Generation(checkpoint, spec),
            Tokenizer(tags, checkpoint.source_pieces, checkpoint.target_pieces),
            tags,
            checkpoint.longest,
            spec.decoding,
        )


class _Generation:
    """A `model.batched_translator.Engine`."""

    def __init__(self, checkpoint: TranslationCheckpoint, spec: TranslatorSpec) -> None:
        self._device = working_device(spec.device)
        require_device(self._device)
        dtype = torch.bfloat16 if spec.dtype == "bfloat16" else torch.float32
        self._model = load_model(checkpoint, dtype).to(self._device)
        self._model.generation_config = GenerationConfig()  # how to search is for the spec to say
        self._threads = spec.threads
        self._vocabulary = checkpoint.vocabulary
        self._ids = {token: number for number, token in enumerate(checkpoint.vocabulary)}
        self._start = checkpoint.start
        config = checkpoint.config
        self._settings = {
            "num_beams": spec.decoding.beam_size,
            "no_repeat_ngram_size": spec.decoding.no_repeat_ngram_size,
            "decoder_start_token_id": checkpoint.start,
            "min_new_tokens": 1,
            "eos_token_id": config.eos_token_id,
            "pad_token_id": config.pad_token_id,
            # Marian's <pad> only fills and starts
            "suppress_tokens": [config.pad_token_id] if config.model_type == "marian" else None,
        }

    @torch.inference_mode()
    def generate(
        self, sources: Sequence[Tokens], prefixes: Sequence[Tokens], most: int
    ) -> list[tuple[Tokens, bool]]:
        """See `model.batched_translator.Engine`."""
        if self._threads:
            torch.set_num_threads(self._threads)  # torch keeps the number for each thread apart
        end = self._settings["eos_token_id"]
        read = self._padded(sources)  # [n, source tokens]
        begun = self._padded(prefixes)  # [n, 0 or 1], all alike
        start = begun.new_full((len(begun), 1), self._start)  # [n, 1]
        written = self._model.generate(
            read,
            attention_mask=self._mask(sources, read.shape[1]),
            decoder_input_ids=torch.cat([start, begun], dim=1),
            generation_config=GenerationConfig(max_new_tokens=most, **self._settings),
        )[:, 1 + begun.shape[1] :]  # [n, at most `most`]
        return [self._read(row, end) for row in written.tolist()]

    def _read(self, row: list[int], end: int) -> tuple[Tokens, bool]:
        ended = end in row
        ids = row[: row.index(end)] if ended else row
        return [self._vocabulary[number] for number in ids], ended

    def _padded(self, batch: Sequence[Tokens]) -> Tensor:
        unknown = self._ids[UNKNOWN]
        width = max(map(len, batch))
        ids = [
            [self._ids.get(token, unknown) for token in tokens]
            + [self._settings["pad_token_id"]] * (width - len(tokens))
            for tokens in batch
        ]
        return torch.tensor(ids, dtype=torch.int64, device=self._device).reshape(len(batch), width)

    def _mask(self, batch: Sequence[Tokens], width: int) -> Tensor:
        """[n, width], 1 where there is a token."""
        lengths = torch.tensor([len(tokens) for tokens in batch], device=self._device)[:, None]
        return (torch.arange(width, device=self._device) < lengths).long()
