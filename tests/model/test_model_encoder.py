from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPImageProcessorPil

from model.checkpoints import make_processor
from model.model_encoder import ModelEncoder
from model.teacher import TeacherSpec, load_teacher
from model.towers import DualEncoder
from tests.model.tiny import (
    LANGUAGES,
    TEXTS,
    XLM_R,
    pictures,
    save_dual_encoder,
    tiny_dual_encoder,
    tiny_tokenizer,
)


def encoder_of(model: DualEncoder) -> ModelEncoder:
    processor = make_processor(tiny_tokenizer(), CLIPImageProcessorPil(), model.config)
    return ModelEncoder(model, processor.tokenizer, processor.image_processor)


def in_training() -> DualEncoder:
    dropout = {"hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}
    return tiny_dual_encoder("clip", text_config=XLM_R | dropout, projection_dim=24).train()


def test_a_model_in_training_embeds_as_it_does_when_saved(tmp_path: Path) -> None:
    model = in_training()
    live = encoder_of(model)
    spec = TeacherSpec(model=str(save_dual_encoder(model, tmp_path)), dtype="float32")
    saved = load_teacher(spec)
    assert live.dim == saved.dim
    np.testing.assert_array_equal(live.embed_images(pictures()), saved.embed_images(pictures()))
    np.testing.assert_array_equal(
        live.embed_texts(TEXTS, LANGUAGES), saved.embed_texts(TEXTS, LANGUAGES)
    )


def test_training_goes_on_as_if_nothing_had_been() -> None:
    model = in_training()
    model.text_tower.embeddings.eval()  # a part that is kept still
    modes = {name: module.training for name, module in model.named_modules()}
    before = torch.get_rng_state()
    encoder = encoder_of(model)
    encoder.embed_texts(TEXTS, LANGUAGES)
    encoder.embed_images(pictures())
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert torch.equal(torch.get_rng_state(), before)
    assert all(weight.grad is None for weight in model.parameters())


def test_what_a_model_keeps_meanwhile_can_be_trained_on() -> None:
    """Such as a cache of rotary positions: an inference tensor would stop the next step."""
    model, kept = in_training(), []
    model.image_tower.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
    encoder_of(model).embed_images(pictures())
    assert not kept[0].last_hidden_state.is_inference()
    assert not kept[0].last_hidden_state.requires_grad


def test_the_mode_is_restored_after_an_error() -> None:
    model = in_training()
    encoder = encoder_of(model)
    with torch.no_grad():
        model.image_projection.weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="the model made embeddings that are not finite"):
        encoder.embed_images(pictures())
    assert model.training
    assert model.image_tower.training
