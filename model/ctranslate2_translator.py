"""Translators that ctranslate2 runs, from folders that `model.translator_conversion` wrote."""

from collections.abc import Sequence
from pathlib import Path

import ctranslate2

from model.batched_translator import BatchedTranslator, Tokens
from model.translation_manifest import chosen_tags, read_manifest
from model.translation_tokens import END, load_tokenizer
from model.translator import TranslatorSpec, identify


class Ctranslate2Translator(BatchedTranslator):
    """A `model.translator.Translator`; see there."""

    def __init__(self, spec: TranslatorSpec) -> None:
        folder = Path(spec.model)
        manifest = read_manifest(folder)
        tags = chosen_tags(manifest.name, manifest.tags, spec.sources, spec.targets)
        super().__init__(
            manifest.name,
            identify(spec).revision,
            _Engine(folder, spec),
            load_tokenizer(folder, tags),
            tags,
            manifest.longest,
            spec.decoding,
        )


class _Engine:
    """A `model.batched_translator.Engine`."""

    def __init__(self, folder: Path, spec: TranslatorSpec) -> None:
        device, _, index = spec.device.partition(":")
        try:
            self._translator = ctranslate2.Translator(
                str(folder),
                device,
                device_index=int(index or 0),
                compute_type="default" if spec.dtype == "auto" else spec.dtype,
                inter_threads=1,
                intra_threads=spec.threads or 0,
            )
        except (RuntimeError, ValueError) as error:
            raise ValueError(
                f"{folder} cannot run on {spec.device} in dtype {spec.dtype}: {error}"
            ) from error
        self._beams = spec.decoding.beam_size
        self._no_repeat = spec.decoding.no_repeat_ngram_size

    def generate(
        self, sources: Sequence[Tokens], prefixes: Sequence[Tokens], most: int
    ) -> list[tuple[Tokens, bool]]:
        """See `model.batched_translator.Engine`."""
        given = len(prefixes[0])  # in a batch all have one or none has
        results = self._translator.translate_batch(
            sources,
            prefixes,
            beam_size=self._beams,
            patience=2 if self._beams > 1 else 1,  # Kasai et al. 2022, arXiv:2204.05424
            no_repeat_ngram_size=self._no_repeat,
            max_input_length=0,  # too long ones do not come here
            min_decoding_length=given + 1,
            max_decoding_length=given + most,
            return_end_token=True,
        )
        return [
            _read(result.hypotheses[0][len(prefix) :])
            for result, prefix in zip(results, prefixes, strict=True)
        ]


def _read(tokens: Tokens) -> tuple[Tokens, bool]:
    ended = tokens[-1:] == [END]
    return (tokens[:-1] if ended else tokens), ended
