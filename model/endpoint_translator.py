"""Translators behind an HTTP endpoint that speaks as OpenAI's does: a vLLM of the user's, say."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

from model.batched_translator import batches_of
from model.endpoint import EndpointClient, guessed_tokens
from model.translator import (
    Sizes,
    Translation,
    TranslationFault,
    TranslatorSpec,
    identify,
)
from schemas.languages import ALL, LANGUAGES

_SLACK = 64  # tokens of an answer that its text need not account for
_PROBE = "a dog"


class EndpointSizer:
    """A `model.translator.Sizer`; see there. Tokens are guessed by characters."""

    def __init__(self, spec: TranslatorSpec) -> None:
        assert spec.endpoint is not None
        self.name = spec.model
        self.family = ""
        self._endpoint = spec.endpoint
        self._decoding = spec.decoding
        self._sources = spec.sources or ALL
        self._targets = spec.targets or ALL

    def translates(self, source: str, target: str) -> bool:
        """See `model.translator.Sizer`."""
        return source != target and source in self._sources and target in self._targets

    def sizes(self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]) -> Sizes:
        """See `model.translator.Sizer`."""
        for source, target in sorted(set(zip(sources, targets, strict=True))):
            if not self.translates(source, target):
                raise ValueError(f"{self.name} is not asked to translate from {source} to {target}")
        prompts = map(self._prompt, texts, sources, targets)
        tokens = [
            guessed_tokens(prompt) if text.strip() else 0
            for text, prompt in zip(texts, prompts, strict=True)
        ]
        most = self._decoding.max_source_tokens
        tried = [number for number, length in enumerate(tokens) if 0 < length <= most]
        return Sizes(tokens, list(batches_of(tried, tokens, self._decoding.batch_tokens)))

    def _prompt(self, text: str, source: str, target: str) -> str:
        return (
            self._endpoint.prompt.replace("{source}", LANGUAGES[source].name)
            .replace("{target}", LANGUAGES[target].name)
            .replace("{text}", text)
        )


class EndpointTranslator(EndpointSizer):
    """A `model.translator.Translator`; see there.

    Each text is a request of its own, so many at once as the endpoint is said to take.

    Raises:
      ValueError: the variable with the key is not set.
    """

    def __init__(self, spec: TranslatorSpec) -> None:
        super().__init__(spec)
        self.revision = identify(spec).revision
        self._client = EndpointClient(self._endpoint)

    def translate(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Translation]:
        """See `model.translator.Translator`.

        Raises:
          ConnectionError: the endpoint gives no answer, or will answer nobody.
        """
        tokens, batches = self.sizes(texts, sources, targets)
        most = self._decoding.max_source_tokens
        too_long = TranslationFault.SOURCE_TOO_LONG
        found = [Translation("", 0, 0, too_long if n > most else None) for n in tokens]
        tried = [number for batch in batches for number in batch]

        def ask(number: int) -> Translation:
            prompt = self._prompt(texts[number], sources[number], targets[number])
            longest = _SLACK + int(self._decoding.max_length_ratio * tokens[number])
            return self._ask(prompt, longest)

        try:
            with ThreadPoolExecutor(self._endpoint.concurrency) as pool:
                for number, translation in zip(tried, pool.map(ask, tried), strict=True):
                    found[number] = translation
        finally:
            self._client.close()
        return found

    def _ask(self, prompt: str, longest: int) -> Translation:
        asked = {
            "model": self.name,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "seed": 0,
            "max_tokens": longest,
        }
        answer = self._client.ask(asked, self._probe(asked))
        if answer is None:
            return Translation("", 0, 0, TranslationFault.REFUSED)
        read = guessed_tokens(prompt) if answer.read is None else answer.read
        written = guessed_tokens(answer.text) if answer.written is None else answer.written
        if answer.is_withheld:
            return Translation("", read, written, TranslationFault.REFUSED)
        fault = TranslationFault.UNFINISHED if answer.is_cut else None
        return Translation(answer.text, read, written, fault)

    def _probe(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A request like another, with which nobody can find fault."""
        pairs = product(self._sources, self._targets)
        source, target = next((one, other) for one, other in pairs if one != other)
        prompt = self._prompt(_PROBE, source, target)
        messages = [{"role": "user", "content": prompt}]
        return {**asked, "messages": messages, "max_tokens": _SLACK}
