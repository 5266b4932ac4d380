from dataclasses import replace

import torch

from model.building import build
from tests.model.small_training import MODEL
from tests.model.tiny import TEXTS, save_dual_encoder, tiny_dual_encoder

DEEP_TEXT = {
    "model_type": "modernbert",
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 32,
    "bos_token_id": 0,
    "cls_token_id": 0,
    "eos_token_id": 2,
    "sep_token_id": 2,
}


def test_learned_tokens_begin_almost_alike():
    model, _ = build(MODEL, TEXTS)
    rows = model.text_tower.get_input_embeddings().weight  # [tokens, d]
    assert 0 < rows.abs().max() < 1e-3


def test_a_deep_tower_without_biases_has_gradients_everywhere():
    model, processor = build(replace(MODEL, new_text=DEEP_TEXT, projection_dim=16), TEXTS)
    tokens = processor.tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")
    embeddings = model.encode_text(tokens["input_ids"], tokens["attention_mask"])  # [n, 16]
    (embeddings @ embeddings.T).sum().backward()
    gradients = [weight.grad for weight in model.text_tower.parameters() if weight.grad is not None]
    assert all(gradient.norm().isfinite() and gradient.any() for gradient in gradients)


def test_tokens_of_a_tokenizer_that_is_given_do_not(tmp_path):
    folder = save_dual_encoder(tiny_dual_encoder(), tmp_path)
    model, _ = build(replace(MODEL, learned_tokens=0, tokenizer=str(folder)), TEXTS)
    rows = model.text_tower.get_input_embeddings().weight  # [tokens, d]
    assert torch.unique(rows, dim=0).shape == rows.shape
