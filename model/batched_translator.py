"""What both engines share: which texts are translated together, and what becomes of each."""

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

from model.translation_manifest import Tags
from model.translation_tokens import Tokenizer
from model.translator import Decoding, Sizes, Translation, TranslationFault

_STEP = 8  # source tokens: how closely lengths must agree to be translated together
_SLACK = 16  # tokens of a translation that its source need not account for

_SIZED_AT_ONCE = 1_000

Tokens = list[str]


class Engine(Protocol):
    """A model that makes tokens of tokens."""

    def generate(
        self, sources: Sequence[Tokens], prefixes: Sequence[Tokens], most: int
    ) -> list[tuple[Tokens, bool]]:
        """Continues each prefix by the translation of its source, as one batch.

        Returns:
          For each the tokens after the prefix and before the end, from 1 to `most`, and whether the
          end came by itself.
        """
        ...


class BatchedSizer:
    """A `model.translator.Sizer`; see there.

    Args:
      name: of the checkpoint.
      tokenizer: the model's.
      tags: the languages that it is to translate.
      longest: tokens that it has positions for, of source and translation each; 0: any number.
      decoding: how much is translated at once, and how long translations may become.
    """

    def __init__(
        self,
        name: str,
        tokenizer: Tokenizer,
        tags: Tags,
        longest: int,
        decoding: Decoding,
    ) -> None:
        self.name = name
        self.family = tags.family
        self._tokenizer = tokenizer
        self._tags = tags
        self._decoding = decoding
        self._longest = longest or math.inf

    def translates(self, source: str, target: str) -> bool:
        """See `model.translator.Sizer`."""
        return source != target and source in self._tags.sources and target in self._tags.targets

    def sizes(self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]) -> Sizes:
        """See `model.translator.Sizer`."""
        self._require_pairs(texts, sources, targets)
        lengths: list[int] = []
        for first in range(0, len(texts), _SIZED_AT_ONCE):  # tokens take far more room than texts
            some = slice(first, first + _SIZED_AT_ONCE)
            encoded = self._tokenizer.encode(texts[some], sources[some], targets[some])
            lengths += map(len, encoded)
        return self._sizes(lengths)

    def _encoded(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Tokens]:
        self._require_pairs(texts, sources, targets)
        return self._tokenizer.encode(texts, sources, targets)

    def _sizes(self, lengths: list[int]) -> Sizes:
        tried = [number for number, length in enumerate(lengths) if 0 < length <= self._most_read]
        return Sizes(lengths, list(batches_of(tried, lengths, self._decoding.batch_tokens)))

    @property
    def _most_read(self) -> float:
        """Tokens of the longest text that is translated."""
        return min(self._decoding.max_source_tokens, self._longest)

    def _require_pairs(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> None:
        if not len(texts) == len(sources) == len(targets):
            raise ValueError(
                f"{len(texts)} texts must have as many sources and targets, got {len(sources)} "
                f"and {len(targets)}"
            )
        pairs = sorted(set(zip(sources, targets, strict=True)))
        for source, target in pairs:
            if not self.translates(source, target):
                raise ValueError(
                    f"{self.name} does not translate from {source} to {target}, but from "
                    f"{' '.join(self._tags.sources)} to {' '.join(self._tags.targets)}"
                )


class BatchedTranslator(BatchedSizer):
    """A `model.translator.Translator` over an engine; see there.

    Args:
      name: of the checkpoint.
      revision: of the weights.
      engine: …
      tokenizer: the model's.
      tags: the languages that it is to translate.
      longest: tokens that it has positions for, of source and translation each; 0: any number.
      decoding: how much is translated at once, and how long translations may become.
    """

    def __init__(
        self,
        name: str,
        revision: str,
        engine: Engine,
        tokenizer: Tokenizer,
        tags: Tags,
        longest: int,
        decoding: Decoding,
    ) -> None:
        super().__init__(name, tokenizer, tags, longest, decoding)
        self.revision = revision
        self._engine = engine

    def translate(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> list[Translation]:
        """See `model.translator.Translator`."""
        encoded = self._encoded(texts, sources, targets)
        lengths, batches = self._sizes([len(tokens) for tokens in encoded])
        too_long = TranslationFault.SOURCE_TOO_LONG
        translations = [
            Translation("", 0, 0, too_long if length > self._most_read else None)
            for length in lengths
        ]
        for batch in batches:
            prefixes = [self._tokenizer.prefix(targets[number]) for number in batch]
            found = self._engine.generate(
                [encoded[number] for number in batch], prefixes, self._most(lengths[batch[0]])
            )
            for number, (tokens, ended) in zip(batch, found, strict=True):
                translations[number] = Translation(
                    self._tokenizer.decode(tokens),
                    lengths[number],
                    len(tokens),
                    None if ended else TranslationFault.UNFINISHED,
                )
        return translations

    def _most(self, length: int) -> int:
        """Tokens that a translation may have, alike for all of a batch."""
        wanted = _SLACK + math.ceil(self._decoding.max_length_ratio * _rounded(length))
        return int(min(wanted, self._longest - 2))  # positions: the start and the language, too


def batches_of(
    numbers: Sequence[int], lengths: Sequence[int], batch_tokens: int
) -> Iterator[list[int]]:
    """Puts texts together whose lengths are alike, the shortest first.

    How long a translation may become is set for a batch: so that it depends on no other text, all
    of a batch have the same length rounded up.

    Args:
      numbers: of the texts to put together.
      lengths: tokens of all texts.
      batch_tokens: at most so many in a batch, padding among them, but for a text that alone has
        more.
    """
    batch: list[int] = []
    for number in sorted(numbers, key=lambda number: (lengths[number], number)):
        length = lengths[number]
        if batch and (
            _rounded(length) != _rounded(lengths[batch[0]])
            or (len(batch) + 1) * length > batch_tokens
        ):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _rounded(length: int) -> int:
    return -(-length // _STEP) * _STEP
