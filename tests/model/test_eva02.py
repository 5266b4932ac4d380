import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from model.eva02 import EVA02Config, EVA02VisionModel, rotary_angles, rotate

THETA = 10_000.0
TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 40,
    "patch_size": 8,
    "image_size": 32,
    "rotary_grid": 3,
}


def tiny(**settings: int) -> EVA02VisionModel:
    torch.manual_seed(1)
    model = EVA02VisionModel(EVA02Config(**(TINY | settings))).eval()
    for parameter in model.parameters():  # biases and norms too must be seen to matter
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def slow_angle(row: int, column: int, feature: int, grid: int, size: int, trained: int) -> float:
    half = size // 2
    position = (row if feature < half else column) * trained / grid
    pair = (feature % half) // 2
    return position * THETA ** (-2 * pair / half)


@pytest.mark.parametrize(("grid", "size", "trained"), [(4, 16, 4), (7, 8, 4), (3, 64, 16)])
def test_rotary_angles_are_those_of_the_written_out_formula(
    grid: int, size: int, trained: int
) -> None:
    slow = [
        [slow_angle(row, column, feature, grid, size, trained) for feature in range(size)]
        for row in range(grid)
        for column in range(grid)
    ]
    np.testing.assert_allclose(rotary_angles(grid, size, trained, THETA), slow, rtol=1e-5)


def test_rotation_is_a_multiplication_of_complex_numbers() -> None:
    features = torch.randn(2, 3, 1 + 16, 8, dtype=torch.float64)  # [n, h, 1 + grid², head_size]
    angles = rotary_angles(4, 8, 4, THETA).double()  # [grid², head_size]
    rotated = rotate(features, angles.cos(), angles.sin())
    for patch in range(16):
        for pair in range(4):
            turn = complex(math.cos(angles[patch, 2 * pair]), math.sin(angles[patch, 2 * pair]))
            before = torch.view_as_complex(features[:, :, 1 + patch, 2 * pair : 2 * pair + 2])
            after = torch.view_as_complex(rotated[:, :, 1 + patch, 2 * pair : 2 * pair + 2])
            torch.testing.assert_close(after, before * turn)
    assert torch.equal(rotated[:, :, 0], features[:, :, 0])


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2), st.integers(0, 2))
def test_attention_sees_only_how_far_two_patches_are_apart(
    row: int, column: int, down: int, right: int
) -> None:
    angles = rotary_angles(8, 16, 8, THETA).double()
    query, key = torch.linspace(-1, 2, 16).double(), torch.linspace(3, -2, 16).double()

    def product(at: tuple[int, int], other: tuple[int, int]) -> Tensor:
        def turned(features: Tensor, patch: tuple[int, int]) -> Tensor:
            patches = features.expand(1, 1, 1 + 64, 16)
            whole = rotate(patches, angles.cos(), angles.sin())
            return whole[0, 0, 1 + 8 * patch[0] + patch[1]]

        return turned(query, at) @ turned(key, other)

    moved = product((row, column), (row + down, column + right))
    torch.testing.assert_close(moved, product((0, 0), (down, right)), rtol=1e-5, atol=1e-5)


def test_a_finer_grid_stands_between_the_positions_of_the_trained_one() -> None:
    trained = rotary_angles(4, 16, 4, THETA).reshape(4, 4, 16)
    finer = rotary_angles(8, 16, 4, THETA).reshape(8, 8, 16)
    torch.testing.assert_close(finer[::2, ::2], trained)
    assert finer.max() < trained.max() + trained[1].max()


def slow_forward(model: EVA02VisionModel, pixels: Tensor) -> Tensor:
    """The tower of one picture, patch by patch and head by head, from its weights alone."""
    weights, config = model.state_dict(), model.config
    patch, size, heads = config.patch_size, config.hidden_size, config.num_attention_heads
    grid, head_size = config.image_size // patch, size // heads

    def linear(name: str, tokens: Tensor) -> Tensor:
        return tokens @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)

    def norm(name: str, tokens: Tensor) -> Tensor:
        centred = tokens - tokens.mean(-1, keepdim=True)
        scaled = centred / (centred.square().mean(-1, keepdim=True) + config.layer_norm_eps).sqrt()
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def turned(tokens: Tensor) -> Tensor:
        result = tokens.clone()
        for index in range(grid**2):
            for pair in range(head_size // 2):
                spot = (*divmod(index, grid), 2 * pair)
                angle = slow_angle(*spot, grid, head_size, config.rotary_grid)
                x, y = tokens[1 + index, 2 * pair], tokens[1 + index, 2 * pair + 1]
                result[1 + index, 2 * pair] = x * math.cos(angle) - y * math.sin(angle)
                result[1 + index, 2 * pair + 1] = x * math.sin(angle) + y * math.cos(angle)
        return result

    kernel = weights["patch_embed.proj.weight"].reshape(size, -1)  # [d, c p p]
    patches = [
        kernel
        @ pixels[:, row * patch : (row + 1) * patch, column * patch : (column + 1) * patch].reshape(
            -1
        )
        for row in range(grid)
        for column in range(grid)
    ]
    tokens = torch.stack(patches) + weights["patch_embed.proj.bias"]  # [grid², d]
    tokens = torch.cat((weights["cls_token"][0], tokens)) + weights["pos_embed"][0]
    for number in range(config.num_hidden_layers):
        at = f"blocks.{number}"
        normed = norm(f"{at}.norm1", tokens)
        query = linear(f"{at}.attn.q_proj", normed) + weights[f"{at}.attn.q_bias"]
        key = linear(f"{at}.attn.k_proj", normed)
        value = linear(f"{at}.attn.v_proj", normed) + weights[f"{at}.attn.v_bias"]
        mixed = []
        for head in range(heads):
            part = slice(head * head_size, (head + 1) * head_size)
            scores = turned(query[:, part]) @ turned(key[:, part]).T / math.sqrt(head_size)
            mixed.append(scores.softmax(-1) @ value[:, part])
        attended = norm(f"{at}.attn.inner_attn_ln", torch.cat(mixed, -1))
        tokens = tokens + linear(f"{at}.attn.proj", attended)
        normed = norm(f"{at}.norm2", tokens)
        gate = linear(f"{at}.mlp.w1", normed)
        gated = gate * gate.sigmoid() * linear(f"{at}.mlp.w2", normed)
        tokens = tokens + linear(f"{at}.mlp.w3", norm(f"{at}.mlp.ffn_ln", gated))
    return norm("norm", tokens)


@pytest.mark.parametrize("image_size", [32, 44])  # 44: a grid of 5 and four pixels to spare
@torch.no_grad()
def test_the_tower_is_what_its_formula_says(image_size: int) -> None:
    model = tiny(image_size=image_size).double()
    pixels = torch.randn(2, 3, image_size, image_size, dtype=torch.float64)
    output = model(pixels)
    for picture, hidden in zip(pixels, output.last_hidden_state, strict=True):
        torch.testing.assert_close(hidden, slow_forward(model, picture), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(output.pooler_output, output.last_hidden_state[:, 0])


def test_the_large_model_has_the_papers_304_million_parameters() -> None:
    with torch.device("meta"):
        model = EVA02VisionModel(EVA02Config())
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(304e6, 3e-3)


def test_parameters_are_called_what_eva_clip_calls_them() -> None:
    block = (
        "norm1.weight norm1.bias norm2.weight norm2.bias attn.q_bias attn.v_bias "
        "attn.q_proj.weight attn.k_proj.weight attn.v_proj.weight attn.inner_attn_ln.weight "
        "attn.inner_attn_ln.bias attn.proj.weight attn.proj.bias mlp.w1.weight mlp.w1.bias "
        "mlp.w2.weight mlp.w2.bias mlp.ffn_ln.weight mlp.ffn_ln.bias mlp.w3.weight mlp.w3.bias"
    )
    rest = "cls_token pos_embed patch_embed.proj.weight patch_embed.proj.bias norm.weight norm.bias"
    named = {f"blocks.{number}.{name}" for number in range(2) for name in block.split()}
    assert set(tiny().state_dict()) == named | set(rest.split())


def test_checkpointed_gradients_are_the_plain_ones() -> None:
    pixels = torch.randn(2, 3, 32, 32)
    gradients = []
    for enable in (False, True):
        model = tiny().train()
        if enable:
            model.activation_checkpointing_enable()
        model(pixels).pooler_output.square().sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    torch.testing.assert_close(gradients[1], gradients[0], rtol=0, atol=0)


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="must be 32 px a side, got 40 x 32"):
        tiny()(torch.zeros(1, 3, 40, 32))


def test_heads_that_cannot_be_rotated_are_refused() -> None:
    with pytest.raises(ValueError, match="a multiple of 4"):
        EVA02Config(hidden_size=36, num_attention_heads=6)
