"""Reads translation models as transformers has them: M2M-100, NLLB, MADLAD-400 (T5) and Marian."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, PreTrainedConfig, PreTrainedModel
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as M2M_CODES
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as NLLB_CODES
from transformers.utils import cached_file

from model.teacher import folder_digest
from model.translation_manifest import Tags
from model.translation_tokens import read_pieces
from model.translator import require_revision, short_name
from schemas.languages import LANGUAGES, normalise_tag

UNKNOWN = "<unk>"
_FAIRSEQ = ("<s>", "<pad>", "</s>", UNKNOWN)  # the first tokens of its models, in its order
_PIECES = {
    "m2m_100": ("sentencepiece.bpe.model",) * 2,
    "nllb": ("sentencepiece.bpe.model",) * 2,
    "madlad": ("spiece.model",) * 2,
    "marian": ("source.spm", "target.spm"),
}
"""Files that cut sources and targets."""


@dataclass(frozen=True, slots=True)
class TranslationCheckpoint:
    """A translation model's files, read but for the weights.

    Attributes:
      model: folder or hub id.
      commit: of a hub id.
      name: hub id, or the folder's name.
      revision: the commit, or a digest of the folder's files.
      config: transformers'.
      tags: its languages.
      vocabulary: its tokens in the order of their ids, as many as the model has embeddings.
      source_pieces: SentencePiece model of its sources.
      target_pieces: that of its translations; the same file where the model has but one.
      start: id of the token that the decoder begins with.
      longest: tokens that it has positions for; 0: any number.
    """

    model: str
    commit: str | None
    name: str
    revision: str
    config: PreTrainedConfig
    tags: Tags
    vocabulary: tuple[str, ...]
    source_pieces: Path
    target_pieces: Path
    start: int
    longest: int


def read_checkpoint(model: str, commit: str | None) -> TranslationCheckpoint:
    """Reads all but the weights.

    Args:
      model: a folder, or an id on the Hugging Face hub.
      commit: of an id, 40 hex digits.

    Raises:
      ValueError: it is no model of the four families, or a file is missing or not as it should be.
    """
    require_revision(model, commit)
    with _named(model):
        config = AutoConfig.from_pretrained(model, revision=commit)
    files = _Files(model, commit)
    family = _family(files, config)
    source, target = (files.path(name) for name in _PIECES[family])
    tokens = _tokens(family, files, source)
    size = config.vocab_size
    if len(tokens) > size:
        raise ValueError(f"{model} has {len(tokens)} tokens and embeddings of {size} alone")
    unused = (f"<unused{number}>" for number in range(size - len(tokens)))
    if family == "marian":
        _require_shared(model, config, tokens)
    start = getattr(config, "decoder_start_token_id", None)
    return TranslationCheckpoint(
        model=model,
        commit=commit,
        name=short_name(model),
        revision=commit or folder_digest(Path(model)),
        config=config,
        tags=_tags(family, tokens, files),
        vocabulary=(*tokens, *unused),
        source_pieces=source,
        target_pieces=target,
        start=config.pad_token_id if start is None else start,
        longest=getattr(config, "max_position_embeddings", 0),
    )


def load_model(
    checkpoint: TranslationCheckpoint, dtype: torch.dtype | Literal["auto"]
) -> PreTrainedModel:
    """Loads the weights, onto the CPU.

    Args:
      checkpoint: …
      dtype: `auto`: as they are stored.

    Raises:
      ValueError: some are missing.
    """
    with _named(checkpoint.model):
        model, info = AutoModelForSeq2SeqLM.from_pretrained(
            checkpoint.model, revision=checkpoint.commit, dtype=dtype, output_loading_info=True
        )
    wrong = sorted({*info["missing_keys"], *map(str, info["mismatched_keys"])})
    if wrong:
        raise ValueError(
            f"{checkpoint.model} lacks weights, {len(wrong)} in all: {', '.join(wrong[:3])} …"
        )
    loaded: PreTrainedModel = model.eval()
    return loaded


@contextmanager
def _named(model: str) -> Iterator[None]:
    """Says in a sentence what transformers says of a folder or id in several."""
    try:
        yield
    except (OSError, ValueError) as error:
        said = str(error).strip().partition("\n")[0]
        raise ValueError(f"{model} cannot be loaded: {said}") from error


class _Files:
    """Files of a checkpoint, by name."""

    def __init__(self, model: str, commit: str | None) -> None:
        self.model = model
        self._commit = commit

    def path(self, name: str) -> Path:
        path = self._find(name)
        if path is None:
            raise ValueError(f"{self.model} has no {name}, which cuts its texts into tokens")
        return path

    def has(self, name: str) -> bool:
        return self._find(name) is not None

    def json(self, name: str) -> Any:
        path = self._find(name)
        return {} if path is None else json.loads(path.read_text("utf-8"))

    def _find(self, name: str) -> Path | None:
        found = cached_file(
            self.model,
            name,
            revision=self._commit,
            _raise_exceptions_for_missing_entries=False,
        )
        return Path(found) if found else None


def _family(files: _Files, config: PreTrainedConfig) -> str:
    if config.model_type == "m2m_100":
        return "m2m_100" if files.has("vocab.json") else "nllb"
    family = {"t5": "madlad", "marian": "marian"}.get(config.model_type)
    if family is None:
        raise ValueError(
            "a translator must be M2M-100, NLLB, MADLAD-400 (t5) or Marian, got "
            f"{config.model_type}: {files.model}"
        )
    return family


def _tokens(family: str, files: _Files, pieces: Path) -> list[str]:
    """All tokens but those that only fill up the embeddings, in the order of their ids.

    NLLB has fairseq's four, the pieces but for SentencePiece's own three, languages and the mask.
    """
    if family == "madlad":
        return _pieces(pieces)
    if family == "nllb":
        return [*_FAIRSEQ, *_pieces(pieces)[3:], *NLLB_CODES, "<mask>"]
    tokens = _by_id(files.json("vocab.json"))
    if family == "marian":
        return tokens
    codes = files.json("tokenizer_config.json").get("language_codes", "m2m100")
    return [*tokens, *(f"__{code}__" for code in M2M_CODES[codes])]


def _pieces(path: Path) -> list[str]:
    model = read_pieces(path)
    pieces: list[str] = model.id_to_piece(list(range(len(model))))
    return pieces


def _by_id(ids: Mapping[str, int]) -> list[str]:
    return sorted(ids, key=ids.__getitem__)


def _tags(family: str, tokens: Sequence[str], files: _Files) -> Tags:
    """What of our languages the model has tokens for."""
    if family == "marian":
        return _marian_tags(tokens, files)
    known = set(tokens)
    tags = {
        code: {"m2m_100": row.m2m, "nllb": row.nllb, "madlad": row.madlad}[family]
        for code, row in LANGUAGES.items()
    }
    targets = {code: tag for code, tag in tags.items() if tag in known}
    if not targets:
        raise ValueError(f"{files.model} has no token for any of our languages")
    return Tags(family, dict.fromkeys(LANGUAGES, "") if family == "madlad" else targets, targets)


def _marian_tags(tokens: Sequence[str], files: _Files) -> Tags:
    """A model of many targets has `>>deu<<` and the like; what it does not say stays empty."""
    settings = files.json("tokenizer_config.json")
    source, target = (normalise_tag(settings.get(f"{side}_lang")) for side in ("source", "target"))
    asked = {
        normalise_tag(token[2:-2]): token
        for token in reversed(tokens)
        if token.startswith(">>") and token.endswith("<<")
    }
    targets = {code: asked[code] for code in LANGUAGES if code in asked}
    if not asked and target in LANGUAGES:
        targets = {target: ""}
    return Tags("marian", {source: ""} if source in LANGUAGES else {}, targets)


def _require_shared(model: str, config: PreTrainedConfig, tokens: Sequence[str]) -> None:
    """Raises ValueError where sources and targets have not the same tokens, `<pad>` the last."""
    sizes = {config.vocab_size, getattr(config, "decoder_vocab_size", None) or config.vocab_size}
    if not config.share_encoder_decoder_embeddings or len(sizes) > 1:
        raise ValueError(f"{model} has other tokens for targets than for sources, unsupported here")
    if tokens[-1] != "<pad>" or len(tokens) != config.vocab_size:
        raise ValueError(f"{model} must have <pad> as its last token, got {tokens[-1]}")
