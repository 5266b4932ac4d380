"""Tiny translation checkpoints with random weights, as folders in transformers' format."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

from schemas.languages import LANGUAGES

TEXTS = [
    "a red circle above a blue square",
    "Ein roter Kreis über einem blauen Quadrat, daneben ein Dreieck",
    "красный круг над синим квадратом",
    "青い四角形の上に赤い円がある",
    "สามเหลี่ยมสีเขียว",
    "دائرة حمراء فوق مربع أزرق",
    "un cercle rouge",
    "नीले वर्ग के ऊपर लाल वृत्त और तीन हरे त्रिभुज",
]
SOURCES = ["en", "de", "ru", "ja", "th", "ar", "fr", "hi"]
PIECES = 160
WIDTH = 16
POSITIONS = 64
FAIRSEQ = ["<s>", "<pad>", "</s>", "<unk>"]

_LAYERS = {
    "d_model": WIDTH,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": POSITIONS,
    "init_std": 0.3,  # so that what is written depends on what was read
    "tie_word_embeddings": False,  # likewise
}


def m2m_100(folder: Path) -> Path:
    pieces = _learn(folder / "sentencepiece.bpe.model", TEXTS, model_type="bpe")
    vocabulary = FAIRSEQ + pieces[3:]
    _write(folder / "vocab.json", _ids(vocabulary))
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "M2M100Tokenizer"})
    config = M2M100Config(vocab_size=len(vocabulary) + 100 + 8, **_LAYERS)
    return _save(folder, M2M100ForConditionalGeneration, config, 4, len(vocabulary), 2.5)


def nllb(folder: Path) -> Path:
    pieces = _learn(folder / "sentencepiece.bpe.model", TEXTS, model_type="bpe")
    tokens = len(FAIRSEQ) + len(pieces) - 3 + len(FAIRSEQ_LANGUAGE_CODES) + 1
    config = M2M100Config(vocab_size=tokens + 2, **_LAYERS)
    return _save(folder, M2M100ForConditionalGeneration, config, 4, len(pieces) + 1, 1.5)


def madlad(folder: Path) -> Path:
    pieces = _learn(
        folder / "spiece.model",
        TEXTS,
        vocab_size=460,
        byte_fallback=True,
        user_defined_symbols=[language.madlad for language in LANGUAGES.values()],
    )
    config = T5Config(
        vocab_size=len(pieces) + 3,
        d_model=WIDTH,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        initializer_factor=2.0,
    )
    return _save(folder, T5ForConditionalGeneration, config, 3 + len(LANGUAGES), len(pieces), 1.4)


def marian(folder: Path, targets: Sequence[str] = (), **languages: str) -> Path:
    """From English to German, unless other languages are given."""
    source = _learn(folder / "source.spm", TEXTS[::2])
    target = _learn(folder / "target.spm", TEXTS[1::2])
    tokens = ["</s>", "<unk>", *(f">>{name}<<" for name in targets)]
    tokens += sorted({*source, *target} - {"<s>", "</s>", "<unk>"})
    tokens.append("<pad>")
    _write(folder / "vocab.json", _ids(tokens))
    stated = {"source_lang": "en", "target_lang": "de"} | languages
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "MarianTokenizer"} | stated)
    pad = len(tokens) - 1
    config = MarianConfig(
        vocab_size=len(tokens),
        decoder_vocab_size=len(tokens),
        pad_token_id=pad,
        decoder_start_token_id=pad,
        eos_token_id=0,
        bos_token_id=0,
        forced_eos_token_id=0,
        **_LAYERS,
    )
    return _save(folder, MarianMTModel, config, 2, pad, 5.0)


FAMILIES: dict[str, Callable[[Path], Path]] = {
    made.__name__: made for made in (m2m_100, nllb, madlad, marian)
}


def pieces_of(path: Path) -> list[str]:
    """Those of a SentencePiece model, in the order of their ids."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return model.id_to_piece(list(range(len(model))))


def _learn(path: Path, texts: Sequence[str], **settings: Any) -> list[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=file,
            hard_vocab_limit=False,
            minloglevel=3,
            **({"vocab_size": PIECES} | settings),
        )
    return pieces_of(path)


def _ids(tokens: Sequence[str]) -> dict[str, int]:
    return {token: number for number, token in enumerate(tokens)}


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def _save(
    folder: Path, kind: type[PreTrainedModel], config: Any, first: int, last: int, end: float
) -> Path:
    """Writes a model whose outputs are mostly pieces, and which ends now and then.

    Args:
      folder: …
      kind: …
      config: …
      first: id of the first piece of texts.
      last: id after the last one.
      end: how much more probable than others the end is.
    """
    torch.manual_seed(7)
    model = kind(config)
    loudness = torch.full((config.vocab_size, 1), 0.1)
    loudness[first:last] = 1
    loudness[config.eos_token_id] = end
    with torch.no_grad():
        model.get_output_embeddings().weight *= loudness
    model.save_pretrained(folder)
    return folder
