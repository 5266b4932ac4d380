"""Texts to tokens and back, as M2M-100, NLLB, MADLAD-400 and Marian were trained on them.

SentencePiece itself cuts the texts: transformers' own tokenizers need packages that Beam does not
go with where a checkpoint has no `tokenizer.json`, take `</s>` in a text for its end, and know
neither MADLAD's bytes nor which of its tokens is the unknown one.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sentencepiece import SentencePieceProcessor

from model.translation_manifest import SOURCE_PIECES, TARGET_PIECES, Tags

END = "</s>"
_SPACE = "▁"  # as SentencePiece writes it


class Tokenizer:
    """Cuts texts into tokens for one model.

    Args:
      tags: the model's.
      source: the SentencePiece model of its sources.
      target: that of its translations.

    Raises:
      ValueError: one of them cannot be read.
    """

    def __init__(self, tags: Tags, source: Path, target: Path) -> None:
        self._tags = tags
        self._source = read_pieces(source)
        self._target = self._source if source == target else read_pieces(target)

    def encode(
        self, texts: Sequence[str], sources: Sequence[str], targets: Sequence[str]
    ) -> list[list[str]]:
        """What the encoder reads: tokens that name languages, the text's, and the end.

        A text of spaces has no tokens at all.
        """
        pieces = self._source.encode(list(self._written(texts, targets)), out_type=str)
        return [
            [*self._before(source, target), *cut, END] if text.strip() else []
            for text, cut, source, target in zip(texts, pieces, sources, targets, strict=True)
        ]

    def prefix(self, target: str) -> list[str]:
        """What the decoder is made to begin with: the token of the language, or nothing."""
        return [self._tags.targets[target]] if self._tags.family in ("m2m_100", "nllb") else []

    def decode(self, tokens: Sequence[str]) -> str:
        """The text of tokens, but for those that are not of texts."""
        text = self._target.decode([token for token in tokens if self._is_text(token)])
        return text.replace(_SPACE, " ").strip()  # in tokens of Marian that only its source has

    def _written(self, texts: Sequence[str], targets: Sequence[str]) -> Iterator[str]:
        """MADLAD's tag belongs to the text: cut alone it would be another token."""
        if self._tags.family != "madlad":
            yield from texts
            return
        for text, target in zip(texts, targets, strict=True):
            yield f"{self._tags.targets[target]} {text}"

    def _before(self, source: str, target: str) -> list[str]:
        if self._tags.family in ("m2m_100", "nllb"):
            return [self._tags.sources[source]]
        tag = self._tags.targets[target] if self._tags.family == "marian" else ""
        return [tag] if tag else []

    def _is_text(self, token: str) -> bool:
        return any(
            model.piece_to_id(token) != model.unk_id() for model in (self._source, self._target)
        )


def read_pieces(path: Path) -> SentencePieceProcessor:
    """A SentencePiece model.

    Raises:
      ValueError: there is none, or it is damaged.
    """
    try:
        return SentencePieceProcessor(model_file=str(path))
    except (RuntimeError, OSError) as error:
        raise ValueError(f"{path} is no SentencePiece model: {error}") from error


def load_tokenizer(folder: Path, tags: Tags) -> Tokenizer:
    """The tokenizer of a converted translator."""
    target = folder / TARGET_PIECES
    source = folder / SOURCE_PIECES
    return Tokenizer(tags, source, target if target.exists() else source)
