"""How the tiny translator is made: its vocabulary, its batches, its model and its steps."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Literal

import torch
from sentencepiece import SentencePieceProcessor
from torch import Tensor
from torch.nn import functional
from transformers import M2M100Config, M2M100ForConditionalGeneration
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

from benchmarks.grammar_pairs import draw_languages, draw_meanings
from benchmarks.grammar_pieces import learn_pieces
from pipelines.sample.grammars import GRAMMARS
from schemas.languages import ALL

_FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")  # the first tokens of M2M-100's vocabulary
_PAD, _END = 1, 2
_UNUSED = 8  # embeddings that M2M-100 has beyond its languages
_IGNORED = -100
_LEARNED_FROM = 2000  # meanings: the pieces
_SAVED_EVERY = 500  # steps
_SORTED = 8192  # pairs: of which batches of like length are made


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that are taken alike.

    Attributes:
      steps: of the optimizer.
      learning_rate: Adam's, at its highest.
      warmup: steps until there.
      seed: of meanings, languages and the order of batches.
      against: what a translation's tokens are told from: those of its batch, which is a quarter
        cheaper, or all, without which those that no translation has are written now and then.
    """

    steps: int
    learning_rate: float
    warmup: int
    seed: int
    against: Literal["batch", "all"]


@dataclass(frozen=True, slots=True)
class Teaching:
    """How the model is made.

    Attributes:
      pieces: of SentencePiece; almost every word of the grammar is one then.
      width: d_model; an eighth of M2M-100 418M's.
      heads: of attention, 32 wide.
      hidden: width of the feed-forward layers.
      encoder_layers: …
      decoder_layers: …
      positions: tokens that a text may have; the longest sentence here has some fifty.
      batch_tokens: of sources and translations together, padding among them.
      phases: one after the other.
    """

    pieces: int = 3200
    width: int = 128
    heads: int = 4
    hidden: int = 256
    encoder_layers: int = 3
    decoder_layers: int = 2
    positions: int = 128
    batch_tokens: int = 4096
    phases: tuple[Phase, ...] = (
        Phase(14_000, learning_rate=3e-3, warmup=400, seed=7, against="batch"),
        Phase(2_400, learning_rate=1e-3, warmup=100, seed=8, against="all"),
    )


# Tokens


class Vocabulary:
    """M2M-100's numbers of tokens: its four, SentencePiece's pieces but three, the languages.

    Args:
      model: of SentencePiece.
    """

    def __init__(self, model: bytes) -> None:
        self._pieces = SentencePieceProcessor(model_proto=model)
        pieces = self._pieces.id_to_piece(list(range(3, len(self._pieces))))
        codes = FAIRSEQ_LANGUAGE_CODES["m2m100"]
        self.ids = {token: number for number, token in enumerate([*_FAIRSEQ, *pieces])}
        self.languages = {code: len(self.ids) + codes.index(code) for code in ALL}
        self.size = len(self.ids) + len(codes) + _UNUSED

    def encode(self, text: str, language: str) -> list[int]:
        """The language, the text and the end."""
        pieces = self._pieces.encode(text)
        return [self.languages[language], *(piece + 1 for piece in pieces), _END]


Pair = tuple[list[int], list[int]]
"""A source's tokens and those of its translation."""


def draw_pairs(vocabulary: Vocabulary, seed: int) -> Iterator[Pair]:
    """Yields what is taught, without end."""
    taught = draw_meanings(seed, kept_back=False)
    for meaning, languages in zip(taught, draw_languages(seed), strict=False):
        source, target = (
            vocabulary.encode(meaning.say(GRAMMARS[code]), code) for code in languages
        )
        yield source, target


def draw_batches(pairs: Iterator[Pair], batch_tokens: int, seed: int) -> Iterator[list[Pair]]:
    """Yields batches of pairs of like length, in a random order, while there are pairs."""
    order = torch.Generator().manual_seed(seed)
    while drawn := sorted(islice(pairs, _SORTED), key=lambda pair: (len(pair[1]), len(pair[0]))):
        batches: list[list[Pair]] = [[]]
        longest = 0
        for pair in drawn:
            longest = max(longest, len(pair[0]) + len(pair[1]))
            if batches[-1] and longest * (len(batches[-1]) + 1) > batch_tokens:
                batches.append([])
                longest = len(pair[0]) + len(pair[1])
            batches[-1].append(pair)
        for number in torch.randperm(len(batches), generator=order).tolist():
            yield batches[number]


# Teaching


def make_model(teaching: Teaching, vocabulary: Vocabulary) -> M2M100ForConditionalGeneration:
    """A model without knowledge."""
    config = M2M100Config(
        vocab_size=vocabulary.size,
        d_model=teaching.width,
        encoder_layers=teaching.encoder_layers,
        decoder_layers=teaching.decoder_layers,
        encoder_attention_heads=teaching.heads,
        decoder_attention_heads=teaching.heads,
        encoder_ffn_dim=teaching.hidden,
        decoder_ffn_dim=teaching.hidden,
        max_position_embeddings=teaching.positions,
        init_std=teaching.width**-0.5,
        dropout=0.0,  # no sentence comes twice
        attention_dropout=0.0,
        activation_dropout=0.0,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        attn_implementation="eager",  # in bf16 on a CPU the other ones take ten times as long back
    )
    return M2M100ForConditionalGeneration(config)


def teach(
    model: M2M100ForConditionalGeneration, batches: Iterator[list[Pair]], phase: Phase, state: Path
) -> None:
    """Takes a phase's steps; goes on from where an earlier call that was ended left its state."""
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), fused=True)
    taken = _restore(state, model, optimizer)
    losses: list[float] = []
    for step, batch in zip(range(taken, phase.steps), islice(batches, taken, None), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = _learning_rate(step, phase)
        loss = loss_of(model, batch, phase.against)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % _SAVED_EVERY == 0 or step + 1 == phase.steps:
            spent = time.process_time()
            print(f"step {step + 1}, loss {fmean(losses):.4f}, {spent:.0f} s of CPU", flush=True)
            losses.clear()
            _save(state, model, optimizer, step + 1)


def _learning_rate(step: int, phase: Phase) -> float:
    """Rises evenly, stays, and falls evenly to nothing in the last third."""
    left = 3 * (1 - step / phase.steps)
    return phase.learning_rate * min(1.0, (step + 1) / phase.warmup, left)


def _save(
    state: Path, model: M2M100ForConditionalGeneration, optimizer: torch.optim.Adam, step: int
) -> None:
    unfinished = state.with_suffix(".part")
    torch.save((step, model.state_dict(), optimizer.state_dict()), unfinished)
    unfinished.replace(state)


def _restore(
    state: Path, model: M2M100ForConditionalGeneration, optimizer: torch.optim.Adam
) -> int:
    """Steps that were taken."""
    if not state.exists():
        return 0
    step, weights, moments = torch.load(state)
    model.load_state_dict(weights)
    optimizer.load_state_dict(moments)
    return int(step)


def loss_of(
    model: M2M100ForConditionalGeneration, batch: Sequence[Pair], against: Literal["batch", "all"]
) -> Tensor:
    """Mean cross-entropy of the translations' tokens, in nats; the first, a language, is given."""
    sources = _pad([source for source, _ in batch], _PAD)  # [n, s]
    read = _pad([[_END, *target[:-1]] for _, target in batch], _PAD)  # [n, t]
    labels = _pad([[_IGNORED, *target[1:]] for _, target in batch], _IGNORED)  # [n, t]
    told = labels != _IGNORED
    right = labels[told]  # [told]
    outputs = model.lm_head.weight  # [v, d]
    if against == "batch":
        tokens, right = right.unique(return_inverse=True)  # [v], [told]
        outputs = outputs[tokens]
    with torch.autocast("cpu", torch.bfloat16):
        states = model.model(
            input_ids=sources, attention_mask=(sources != _PAD).long(), decoder_input_ids=read
        ).last_hidden_state  # [n, t, d]
        logits = functional.linear(states[told], outputs)  # [told, v]
    return functional.cross_entropy(logits.float(), right)


def _pad(rows: Sequence[list[int]], filler: int) -> Tensor:
    """[rows, longest]."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *([filler] * (width - len(row)))] for row in rows])


def make_checkpoint(folder: Path, teaching: Teaching) -> None:
    """Teaches a model and leaves it as transformers has them, with M2M-100's files of tokens.

    Until it is done its states lie beside the folder, and the next call goes on from there.
    """
    seed = teaching.phases[0].seed
    torch.manual_seed(seed)
    taught = draw_meanings(seed, kept_back=False)
    pieces = learn_pieces(list(islice(taught, _LEARNED_FROM)), teaching.pieces)
    vocabulary = Vocabulary(pieces)
    model = make_model(teaching, vocabulary).train()
    folder.mkdir(parents=True, exist_ok=True)
    states = [folder.with_suffix(f".state-{number}") for number in range(len(teaching.phases))]
    for phase, state in zip(teaching.phases, states, strict=True):
        pairs = draw_pairs(vocabulary, phase.seed)
        teach(model, draw_batches(pairs, teaching.batch_tokens, phase.seed), phase, state)
    model.save_pretrained(folder)
    (folder / "sentencepiece.bpe.model").write_bytes(pieces)
    for name, content in (
        ("vocab.json", vocabulary.ids),
        ("tokenizer_config.json", {"tokenizer_class": "M2M100Tokenizer"}),
    ):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    for state in states:
        state.unlink()
