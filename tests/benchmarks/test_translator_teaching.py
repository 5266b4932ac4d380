"""The tiny translator's teaching, in small: what it leaves is a checkpoint in M2M-100's format."""

from itertools import islice

import pytest
import torch
from sentencepiece import SentencePieceProcessor

from benchmarks import translator_teaching
from benchmarks.grammar_pairs import draw_meanings
from benchmarks.grammar_pieces import learn_pieces
from benchmarks.translator_teaching import (
    Phase,
    Teaching,
    Vocabulary,
    draw_batches,
    draw_pairs,
    make_checkpoint,
    make_model,
    teach,
)
from model.translation_checkpoint import read_checkpoint
from model.translation_tokens import Tokenizer
from model.translator import TranslatorSpec, load_translator
from model.translator_conversion import convert_checkpoint
from pipelines.sample.grammars import GRAMMARS
from schemas.languages import ALL, LANGUAGES

SMALL = Teaching(
    width=16,
    heads=2,
    hidden=16,
    encoder_layers=1,
    decoder_layers=1,
    batch_tokens=512,
    phases=(Phase(2, 1e-3, 1, 7, "batch"), Phase(1, 1e-3, 1, 8, "all")),
)


@pytest.fixture(scope="module")
def pieces():
    drawn = list(islice(draw_meanings(3, kept_back=False), 2000))
    return SentencePieceProcessor(model_proto=learn_pieces(drawn, SMALL.pieces))


def test_every_sentence_is_cut_and_put_together_again(pieces):
    for meaning in islice(draw_meanings(5, kept_back=True), 100):
        for grammar in GRAMMARS.values():
            text = meaning.say(grammar)
            cut = pieces.encode(text)
            assert pieces.decode(cut) == text
            assert pieces.unk_id() not in cut


@pytest.mark.parametrize("noun", ["三角形", "สามเหลี่ยม", "▁triangles", "▁трикутники"])
def test_a_noun_is_one_piece_where_no_spaces_are_either(noun, pieces):
    assert pieces.piece_to_id(noun) != pieces.unk_id()


def test_a_batch_has_its_tokens_and_each_pair_comes_once(pieces):
    vocabulary = Vocabulary(pieces.serialized_model_proto())
    pairs = list(islice(draw_pairs(vocabulary, 3), 300))
    batches = list(draw_batches(iter(pairs), SMALL.batch_tokens, 3))
    assert sorted(pair for batch in batches for pair in batch) == sorted(pairs)
    for batch in batches:
        longest = max(len(source) + len(target) for source, target in batch)
        assert longest * len(batch) <= SMALL.batch_tokens


def test_teaching_that_was_ended_goes_on_as_if_it_had_not_been(pieces, tmp_path, monkeypatch):
    monkeypatch.setattr(translator_teaching, "_SAVED_EVERY", 1)  # step
    vocabulary = Vocabulary(pieces.serialized_model_proto())
    pairs = list(islice(draw_pairs(vocabulary, 3), 200))
    batches = list(draw_batches(iter(pairs), SMALL.batch_tokens, 3))
    phase = Phase(4, learning_rate=1e-2, warmup=2, seed=3, against="batch")

    def weights(*parts, state):
        for part in parts:
            torch.manual_seed(3)
            model = make_model(SMALL, vocabulary)
            teach(model, iter(part), phase, tmp_path / state)
        return model.state_dict()

    whole = weights(batches, state="whole")
    taken_up = weights(batches[:2], batches, state="ended")
    assert all(torch.equal(value, taken_up[name]) for name, value in whole.items())


def test_what_is_left_is_a_checkpoint_of_m2m_100(tmp_path):
    make_checkpoint(tmp_path / "small", SMALL)
    checkpoint = read_checkpoint(str(tmp_path / "small"), None)
    assert checkpoint.tags.targets == {code: row.m2m for code, row in LANGUAGES.items()}
    pieces = (tmp_path / "small" / "sentencepiece.bpe.model").read_bytes()
    taught = Vocabulary(pieces)
    assert checkpoint.vocabulary[: len(taught.ids)] == tuple(taught.ids)
    for code, number in taught.languages.items():
        assert checkpoint.vocabulary[number] == LANGUAGES[code].m2m
    text = "Ein großer roter Kreis."
    tokens = Tokenizer(checkpoint.tags, checkpoint.source_pieces, checkpoint.target_pieces)
    read = [checkpoint.vocabulary[number] for number in taught.encode(text, "de")]
    assert read == tokens.encode([text], ["de"], ["en"])[0]
    convert_checkpoint(str(tmp_path / "small"), tmp_path / "converted")
    translator = load_translator(TranslatorSpec(model=str(tmp_path / "converted"), threads=1))
    assert all(translator.translates("en", code) for code in ALL if code != "en")
