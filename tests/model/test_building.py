from dataclasses import replace

import torch

from model.building import build
from tests.model.small_training import MODEL
from tests.model.tiny import TEXTS, save_dual_encoder, tiny_dual_encoder


def test_learned_tokens_begin_alike():
    model, _ = build(MODEL, TEXTS)
    assert not model.text_tower.get_input_embeddings().weight.any()


def test_tokens_of_a_tokenizer_that_is_given_do_not(tmp_path):
    folder = save_dual_encoder(tiny_dual_encoder(), tmp_path)
    model, _ = build(replace(MODEL, learned_tokens=0, tokenizer=str(folder)), TEXTS)
    rows = model.text_tower.get_input_embeddings().weight  # [tokens, d]
    assert torch.unique(rows, dim=0).shape == rows.shape
