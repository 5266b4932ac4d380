from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM

from model.checkpoints import load_tower
from model.resolution import carry_weights, interpolate_positions
from model.towers import DualEncoder, DualEncoderConfig
from tests.model import checkpoints
from tests.model.tiny import (
    IMAGE_TOWERS,
    ROPE_XLM_R,
    TEXTS,
    XLM_R,
    save_dual_encoder,
    tiny_dual_encoder,
    tiny_tokenizer,
)

POOLINGS = [
    (name, pooling)
    for name in IMAGE_TOWERS
    for pooling in ("class", "mean", "head")
    if pooling != "class" or name not in ("siglip", "resnet", "convnext")  # they have none
]


def texts(*chosen: str) -> dict[str, Tensor]:
    return dict(tiny_tokenizer()(list(chosen or TEXTS), padding=True, return_tensors="pt"))


def pixels(count: int = 2, size: int = 32) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(size))


def test_texts_are_pooled_over_their_own_tokens() -> None:
    model = tiny_dual_encoder()
    batch = texts()
    together = model.encode_text(**batch)
    for row, text in enumerate(TEXTS):
        alone = texts(text)
        torch.testing.assert_close(together[row], model.encode_text(**alone)[0])
        hidden = model.text_tower(**alone).last_hidden_state[0]  # [t, d]
        torch.testing.assert_close(together[row], functional.normalize(hidden.mean(0), dim=0))


def test_class_pooling_takes_the_first_token_of_a_text() -> None:
    model = tiny_dual_encoder(text_pooling="class")
    hidden = model.text_tower(**texts()).last_hidden_state
    torch.testing.assert_close(
        model.encode_text(**texts()), functional.normalize(hidden[:, 0], dim=-1)
    )


@pytest.mark.parametrize("name", ["vit", "clip", "chinese_clip", "mlcd", "dinov2", "eva02"])
def test_class_pooling_takes_the_normed_class_token_of_a_picture(name: str) -> None:
    model = tiny_dual_encoder(name)
    output = model.image_tower(pixel_values=pixels())
    token = output.last_hidden_state[:, 0] if name == "vit" else output.pooler_output
    torch.testing.assert_close(model.encode_image(pixels()), functional.normalize(token, dim=-1))


@pytest.mark.parametrize(("name", "prefix"), [("vit", 1), ("siglip", 0), ("eva02", 1)])
def test_mean_pooling_leaves_the_class_token_out(name: str, prefix: int) -> None:
    model = tiny_dual_encoder(name, image_pooling="mean")
    hidden = model.image_tower(pixel_values=pixels()).last_hidden_state[:, prefix:]
    assert hidden.shape[1] == 16
    torch.testing.assert_close(
        model.encode_image(pixels()), functional.normalize(hidden.mean(1), dim=-1)
    )


def test_head_pooling_is_the_towers_own() -> None:
    model = tiny_dual_encoder("siglip", image_pooling="head")
    head = model.image_tower(pixel_values=pixels()).pooler_output
    torch.testing.assert_close(model.encode_image(pixels()), functional.normalize(head, dim=-1))


@pytest.mark.parametrize("name", ["resnet", "convnext"])
def test_a_grid_is_pooled_as_the_networks_own_head_does(name: str) -> None:
    model = tiny_dual_encoder(name, image_pooling="mean")
    own = model.image_tower(pixel_values=pixels()).pooler_output.flatten(1)  # [n, d]
    torch.testing.assert_close(model.encode_image(pixels()), functional.normalize(own, dim=-1))


@pytest.mark.parametrize(("name", "prefix"), [("resnet", 0), ("vit", 1), ("clip", 1)])
def test_a_pyramid_is_the_mean_of_all_and_of_nine_parts(name: str, prefix: int) -> None:
    tower = {**IMAGE_TOWERS[name], "image_size": 48}
    model = tiny_dual_encoder(vision_config=tower, image_pooling="pyramid", projection_dim=24)
    hidden = model.image_tower(pixel_values=pixels(size=48)).last_hidden_state
    if hidden.dim() == 3:
        hidden = hidden[:, prefix:].mT.unflatten(2, (6, 6))
    parts = [hidden] + [
        hidden[:, :, row : row + 2, column : column + 2]
        for row in (0, 2, 4)
        for column in (0, 2, 4)
    ]
    means = torch.stack([part.mean((2, 3)) for part in parts], dim=1)  # [n, 10, d]
    if name == "clip":
        means = model.image_tower.post_layernorm(means)
    wanted = functional.normalize(model.image_projection(means.flatten(1)), dim=-1)
    torch.testing.assert_close(model.encode_image(pixels(size=48)), wanted)


def test_a_tower_without_class_token_cannot_pool_by_it() -> None:
    with pytest.raises(ValueError, match="'class' needs a class token: siglip_vision_model"):
        tiny_dual_encoder("siglip").encode_image(pixels())


@pytest.mark.parametrize("size", [1, 8, 24])
def test_truncated_embeddings_are_sliced_then_normalised(size: int) -> None:
    model = tiny_dual_encoder(projection_dim=24)
    for encode, inputs in (
        (model.encode_text, texts()),
        (model.encode_image, {"pixel_values": pixels()}),
    ):
        whole, part = encode(**inputs), encode(**inputs, truncate_dim=size)
        torch.testing.assert_close(part, functional.normalize(whole[:, :size], dim=-1))
        assert whole.shape[1] == 24


@pytest.mark.parametrize("size", [0, 25])
def test_truncation_beyond_the_embedding_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=rf"truncate_dim must be in \[1, 24\], got {size}"):
        tiny_dual_encoder(projection_dim=24).encode_text(**texts(), truncate_dim=size)


def test_forward_takes_either_or_both() -> None:
    model = tiny_dual_encoder()
    both = model(**texts(), pixel_values=pixels(3))
    assert both.text_embeds.shape == (len(TEXTS), 32)
    assert both.image_embeds.shape == (3, 32)
    torch.testing.assert_close(model(pixel_values=pixels(3)).image_embeds, both.image_embeds)
    assert model(**texts()).image_embeds is None


@pytest.mark.parametrize(("name", "pooling"), POOLINGS)
def test_every_parameter_is_trained(name: str, pooling: str) -> None:
    """As DistributedDataParallel wants it."""
    model = tiny_dual_encoder(name, image_pooling=pooling, projection_dim=24)
    output = model(**texts(), pixel_values=pixels())
    (output.text_embeds.sum() + output.image_embeds.sum()).backward()
    assert not [
        name
        for name, value in model.named_parameters()
        if value.requires_grad and value.grad is None
    ]


@pytest.mark.parametrize(("name", "pooling"), POOLINGS)
def test_a_saved_model_loads_the_same(name: str, pooling: str, tmp_path: Path) -> None:
    model = tiny_dual_encoder(name, image_pooling=pooling, projection_dim=24, languages=["de"])
    loaded = AutoModel.from_pretrained(save_dual_encoder(model, tmp_path))
    assert type(loaded) is DualEncoder
    assert loaded.config.languages == ["de"]
    for before, after in zip(
        model(**texts(), pixel_values=pixels()).values(),
        loaded(**texts(), pixel_values=pixels()).values(),
        strict=True,
    ):
        assert torch.equal(before, after)


def test_a_text_tower_with_rotary_positions_knows_the_order_of_words(tmp_path: Path) -> None:
    model = tiny_dual_encoder(text_config={**ROPE_XLM_R, "initializer_range": 0.3})
    assert not [name for name in model.state_dict() if "text_tower" in name and "position" in name]
    forth, back = texts("red blue"), texts("blue red")
    assert not torch.allclose(model.encode_text(**forth), model.encode_text(**back), atol=1e-3)
    loaded = AutoModel.from_pretrained(save_dual_encoder(model, tmp_path))
    assert torch.equal(loaded.encode_text(**texts()), model.encode_text(**texts()))


@pytest.mark.parametrize("name", ["vit", "clip", "siglip"])
@pytest.mark.parametrize("size", [16, 48])
@torch.no_grad()
def test_another_resolution_is_what_transformers_interpolates(name: str, size: int) -> None:
    model = tiny_dual_encoder(name, image_pooling="mean")
    wanted = model.image_tower(pixel_values=pixels(2, size), interpolate_pos_encoding=True)
    model.set_image_size(size)
    output = model.image_tower(pixel_values=pixels(2, size))
    torch.testing.assert_close(output.last_hidden_state, wanted.last_hidden_state)
    assert model.image_size == size


@pytest.mark.parametrize("name", list(IMAGE_TOWERS))
def test_a_resized_model_is_saved_as_it_is(name: str, tmp_path: Path) -> None:
    model = tiny_dual_encoder(name, image_pooling="mean")
    model.set_image_size(56)
    loaded = AutoModel.from_pretrained(save_dual_encoder(model, tmp_path))
    assert loaded.image_size == 56
    assert torch.equal(loaded.encode_image(pixels(2, 56)), model.encode_image(pixels(2, 56)))


def test_resizing_keeps_what_does_not_depend_on_the_resolution() -> None:
    model = tiny_dual_encoder("vit").to(torch.bfloat16).train()
    model.activation_checkpointing_enable()
    model.image_tower.layers[0].requires_grad_(False)
    before = dict(model.named_parameters())
    model.set_image_size(48)
    after = dict(model.named_parameters())
    other = {name for name, value in after.items() if before[name] is not value}
    assert other == {"image_tower.embeddings.position_embeddings"}
    assert model.image_tower.training
    assert all(layer.gradient_checkpointing for layer in model.image_tower.layers)
    assert {value.dtype for value in after.values()} == {torch.bfloat16}
    assert not after["image_tower.layers.0.layernorm_before.weight"].requires_grad


def test_positions_of_the_same_grid_stay_what_they_are() -> None:
    positions = torch.randn(1, 1 + 25, 8)
    torch.testing.assert_close(interpolate_positions(positions, 5, 5), positions)


def test_weights_do_not_move_between_different_towers() -> None:
    small = AutoModel.from_config(AutoConfig.for_model(**IMAGE_TOWERS["vit"]))
    wide = AutoModel.from_config(
        AutoConfig.for_model(**(IMAGE_TOWERS["vit"] | {"intermediate_size": 64}))
    )
    with pytest.raises(ValueError, match=r"mlp\.fc1\.weight|intermediate"):
        carry_weights(small, wide)


@pytest.mark.parametrize("name", ["vit", "eva02"])
def test_checkpointed_gradients_are_the_plain_ones(name: str) -> None:
    gradients = []
    for enable in (False, True):
        text = {**XLM_R, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        model = tiny_dual_encoder(name, text_config=text).train()
        if enable:
            model.activation_checkpointing_enable()
        output = model(**texts(), pixel_values=pixels(len(TEXTS)))
        (output.text_embeds @ output.image_embeds.T).square().sum().backward()
        gradients.append([value.grad for value in model.parameters()])
    torch.testing.assert_close(gradients[1], gradients[0], rtol=0, atol=0)


def test_bfloat16_agrees_with_float32() -> None:
    model = tiny_dual_encoder("eva02")
    exact = model(**texts(), pixel_values=pixels())
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(**texts(), pixel_values=pixels())
    for wanted, got in zip(exact.values(), rough.values(), strict=True):
        assert got.dtype == torch.float32
        assert functional.cosine_similarity(got, wanted).min() > 0.999


@pytest.mark.parametrize(
    ("whole", "pooling"), [(checkpoints.clip, "class"), (checkpoints.siglip2, "head")]
)
@torch.no_grad()
def test_pretrained_towers_keep_their_weights(
    whole: Callable[[Path], Path], pooling: str, tmp_path: Path
) -> None:
    """A picture's out of a model with two towers, a text's out of one that was trained to fill."""
    pictures = AutoModel.from_pretrained(whole(tmp_path / "whole")).vision_model
    text = AutoModelForMaskedLM.from_config(AutoConfig.for_model(**XLM_R)).eval()
    text.save_pretrained(tmp_path / "text")
    towers = (
        load_tower(str(tmp_path / "text"), "text"),
        load_tower(str(tmp_path / "whole"), "vision"),
    )
    config = DualEncoderConfig(
        text_config=towers[0].config,
        vision_config=towers[1].config,
        image_pooling=pooling,
        context_length=24,
    )
    model = DualEncoder(config, *towers).eval()
    token = pictures(pixels()).pooler_output
    torch.testing.assert_close(model.encode_image(pixels()), functional.normalize(token, dim=-1))
    hidden = text.roberta(**texts(TEXTS[0])).last_hidden_state
    torch.testing.assert_close(
        model.encode_text(**texts(TEXTS[0])), functional.normalize(hidden.mean(1), dim=-1)
    )


def test_a_tower_that_stands_in_no_folder_of_its_own_is_refused(tmp_path: Path) -> None:
    whole = str(checkpoints.metaclip_2(tmp_path))
    with pytest.raises(ValueError, match=r"AutoModel loads by itself, got .*metaclip_2_vision"):
        load_tower(whole, "vision")


def test_a_tower_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    tower = AutoModel.from_config(AutoConfig.for_model(**IMAGE_TOWERS["vit"]))
    tower.layernorm = torch.nn.Identity()
    tower.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=r"lacks weights, 2 in all: layernorm\.bias"):
        load_tower(str(tmp_path), "vision")


def test_the_reference_architecture_has_its_865_million_parameters() -> None:
    """jina-clip-v2: arXiv:2412.08802, table 1: 561M for texts, 304M for pictures."""
    config = DualEncoderConfig(
        text_config={"model_type": "jina_embeddings_v3"},
        vision_config={"model_type": "pairmill_eva02", "image_size": 512},
        context_length=512,
    )
    with torch.device("meta"):
        model = DualEncoder(config)
    for tower, millions in ((model.text_tower, 561), (model.image_tower, 304)):
        count = sum(parameter.numel() for parameter in tower.parameters())
        assert count == pytest.approx(millions * 1e6, rel=0.01)
    assert config.projection_dim == 1024
    assert isinstance(model.text_projection, torch.nn.Identity)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text_pooling": "last"}, "text_pooling"),
        ({"image_pooling": "max"}, "image_pooling"),
        ({"image_pooling": "pyramid"}, r"without projections .* 32 \(text\), 320 \(image\) and 32"),
        ({"context_length": 65}, r"context_length must be in \[1, 64\], got 65"),
        ({"context_length": 0}, r"context_length must be in \[1, 64\], got 0"),
        ({"vision_config": {**IMAGE_TOWERS["vit"], "hidden_size": 48}}, "without projections"),
        ({"projection_dim": 24, "has_projections": False}, "without projections"),
    ],
)
def test_what_cannot_fit_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(Exception, match=message):
        tiny_dual_encoder(**settings)


@pytest.mark.parametrize(
    ("text", "longest"), [(XLM_R, 64), (ROPE_XLM_R, 66), ({**XLM_R, "model_type": "bert"}, 66)]
)
def test_a_text_is_as_long_as_there_are_positions(text: dict[str, object], longest: int) -> None:
    model = tiny_dual_encoder(text_config=dict(text))
    model.set_context_length(longest)
    ids = torch.full((1, longest), 7)
    assert model.encode_text(ids).shape == (1, 32)
    with pytest.raises(ValueError, match=rf"\[1, {longest}\], got {longest + 1}"):
        model.set_context_length(longest + 1)
