"""EVA-02's image tower: a vision transformer with rotary positions, SwiGLU and sub-norms.

Fang et al. 2023, "EVA-02: A Visual Representation for Neon Genesis" (arXiv:2303.11331), as
EVA-CLIP trains it (Sun et al. 2023, arXiv:2303.15389). Parameters have EVA-CLIP's names: its image
towers fit once the prefix `visual.`, the rotary tables and the head are dropped.

This file travels with checkpoints as their code: it imports torch and transformers alone.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPooling


class EVA02Config(PreTrainedConfig):
    """The shape of the tower; the defaults are EVA02-L/14, 304M parameters.

    Attributes:
      hidden_size: d, features of a token.
      num_hidden_layers: blocks.
      num_attention_heads: h; a head's features, d / h, must be a multiple of 4: a pair turns by
        the row or by the column.
      intermediate_size: of the SwiGLU; EVA-02 takes 2/3 of the usual 4 d.
      patch_size: pixels a side; what is left of a picture beyond whole patches is not looked at.
      num_channels: of a picture.
      image_size: pixels a side.
      rotary_grid: patches a side that rotary positions are stretched to, whatever the picture's
        grid is; 16 is the pre-trained 224 px / 14 px.
      rotary_theta: base of the rotary frequencies.
      layer_norm_eps: of every norm.
      initializer_range: standard deviation of the initial weights.
    """

    model_type = "pairmill_eva02"

    hidden_size: int = 1024
    num_hidden_layers: int = 24
    num_attention_heads: int = 16
    intermediate_size: int = 2730
    patch_size: int = 14
    num_channels: int = 3
    image_size: int = 224
    rotary_grid: int = 16
    rotary_theta: float = 10000.0
    layer_norm_eps: float = 1e-6
    initializer_range: float = 0.02

    def __post_init__(self, **kwargs: object) -> None:
        """Raises ValueError where heads do not divide the features as rotary positions need it."""
        super().__post_init__(**kwargs)
        if self.hidden_size % (4 * self.num_attention_heads):
            raise ValueError(
                "hidden_size must be a multiple of 4 * num_attention_heads, "
                f"got {self.hidden_size} and {self.num_attention_heads}"
            )


def rotary_angles(grid: int, head_size: int, trained_grid: int, theta: float) -> Tensor:
    """Returns by how much each pair of a head's features turns at each patch, in radians.

    Patch (r, c) of a grid of g a side, stretched to the trained grid of t a side, stands at
    (r t / g, c t / g). The first half of the head's features turns by the row, the second by the
    column; pair i of a half of m features turns by position * theta^(-2i / m).

    Shapes: [grid², head_size], patches in reading order; both features of a pair have its angle.
    """
    half = head_size // 2
    frequencies = theta ** (-torch.arange(0, half, 2, dtype=torch.float32) / half)  # [half/2]
    positions = torch.arange(grid, dtype=torch.float32) * (trained_grid / grid)  # [grid]
    angles = torch.outer(positions, frequencies).repeat_interleave(2, dim=1)  # [grid, half]
    rows = angles[:, None, :].expand(grid, grid, half)  # [grid, grid, half]
    columns = angles[None, :, :].expand(grid, grid, half)  # [grid, grid, half]
    return torch.cat((rows, columns), dim=-1).flatten(0, 1)  # [grid², head_size]


def rotate(features: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turns neighbouring pairs (x, y) to (x cos - y sin, x sin + y cos), the class token's by none.

    Args:
      features: [n, h, 1 + grid², head_size], the class token first.
      cosines: [grid², head_size], of `rotary_angles`.
      sines: likewise.
    """
    token, patches = features[:, :, :1], features[:, :, 1:]  # [n, h, 1, e], [n, h, grid², e]
    turned = torch.stack((-patches[..., 1::2], patches[..., ::2]), dim=-1)  # [n, h, grid², e/2, 2]
    rotated = patches * cosines + turned.flatten(-2) * sines  # [n, h, grid², e]
    return torch.cat((token, rotated.to(token.dtype)), dim=2)  # [n, h, 1 + grid², e]


class EVA02Attention(nn.Module):
    """Multi-head attention with rotary positions and a norm before its last projection."""

    def __init__(self, config: EVA02Config) -> None:
        super().__init__()
        size = config.hidden_size
        self.num_heads = config.num_attention_heads
        self.q_proj = nn.Linear(size, size, bias=False)
        self.k_proj = nn.Linear(size, size, bias=False)
        self.v_proj = nn.Linear(size, size, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(size))  # keys have none
        self.v_bias = nn.Parameter(torch.zeros(size))
        self.inner_attn_ln = nn.LayerNorm(size, eps=config.layer_norm_eps)
        self.proj = nn.Linear(size, size)

    def forward(self, tokens: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
        """Shapes: tokens and result [n, t, d]; cosines and sines [t - 1, d / h]."""
        query = self._heads(self.q_proj(tokens) + self.q_bias)  # [n, h, t, d/h]
        key = self._heads(self.k_proj(tokens))  # [n, h, t, d/h]
        value = self._heads(self.v_proj(tokens) + self.v_bias)  # [n, h, t, d/h]
        mixed = functional.scaled_dot_product_attention(
            rotate(query, cosines, sines), rotate(key, cosines, sines), value
        )  # [n, h, t, d/h]
        joined = mixed.transpose(1, 2).flatten(2)  # [n, t, d]
        result: Tensor = self.proj(self.inner_attn_ln(joined))  # [n, t, d]
        return result

    def _heads(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # [n, h, t, d/h]


class EVA02SwiGLU(nn.Module):
    """w3(norm(silu(w1 x) * w2 x)): Shazeer 2020 (arXiv:2002.05202) with EVA-02's sub-norm."""

    def __init__(self, config: EVA02Config) -> None:
        super().__init__()
        size, inner = config.hidden_size, config.intermediate_size
        self.w1 = nn.Linear(size, inner)
        self.w2 = nn.Linear(size, inner)
        self.ffn_ln = nn.LayerNorm(inner, eps=config.layer_norm_eps)
        self.w3 = nn.Linear(inner, size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Shapes: tokens and result [n, t, d]."""
        gated = functional.silu(self.w1(tokens)) * self.w2(tokens)  # [n, t, inner]
        result: Tensor = self.w3(self.ffn_ln(gated))  # [n, t, d]
        return result


class EVA02Block(GradientCheckpointingLayer):
    """Attention, then SwiGLU, each on normed tokens and added to them."""

    def __init__(self, config: EVA02Config) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.attn = EVA02Attention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = EVA02SwiGLU(config)

    def forward(self, tokens: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
        """Shapes: tokens and result [n, t, d]; cosines and sines [t - 1, d / h]."""
        attended = tokens + self.attn(self.norm1(tokens), cosines, sines)  # [n, t, d]
        result: Tensor = attended + self.mlp(self.norm2(attended))  # [n, t, d]
        return result


class EVA02PatchEmbed(nn.Module):
    """One token a patch."""

    def __init__(self, config: EVA02Config) -> None:
        super().__init__()
        patch = config.patch_size
        self.proj = nn.Conv2d(config.num_channels, config.hidden_size, patch, stride=patch)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Shapes: pixel_values [n, c, H, W]; result [n, grid², d]."""
        pixels = pixel_values.to(self.proj.weight.dtype)  # [n, c, H, W]
        return self.proj(pixels).flatten(2).transpose(1, 2)  # [n, grid², d]


class EVA02VisionModel(PreTrainedModel):
    """The tower: patches and a class token in, normed tokens and the class token out."""

    config_class = EVA02Config
    main_input_name = "pixel_values"
    input_modalities = ("image",)
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules = ("EVA02Block",)

    def __init__(self, config: EVA02Config) -> None:
        super().__init__(config)
        size = config.hidden_size
        self.grid = config.image_size // config.patch_size
        self.patch_embed = EVA02PatchEmbed(config)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid**2, size))
        self.blocks = nn.ModuleList(EVA02Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(size, eps=config.layer_norm_eps)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, EVA02Attention):
            init.zeros_(module.q_bias)
            init.zeros_(module.v_bias)
        if isinstance(module, EVA02VisionModel):
            init.trunc_normal_(module.cls_token, std=self.config.initializer_range)
            init.trunc_normal_(module.pos_embed, std=self.config.initializer_range)

    def forward(self, pixel_values: Tensor) -> BaseModelOutputWithPooling:
        """Shapes: pixel_values [n, c, image_size, image_size]; last_hidden_state [n, 1 + grid², d].

        Raises:
          ValueError: the pictures are not of `image_size`.
        """
        config, (height, width) = self.config, pixel_values.shape[-2:]
        if (height, width) != (config.image_size, config.image_size):
            raise ValueError(
                f"pictures must be {config.image_size} px a side, got {height} x {width}"
            )
        patches = self.patch_embed(pixel_values)  # [n, grid², d]
        token = self.cls_token.expand(len(patches), -1, -1)  # [n, 1, d]
        tokens = torch.cat((token, patches), dim=1) + self.pos_embed  # [n, 1 + grid², d]
        angles = rotary_angles(
            self.grid,
            config.hidden_size // config.num_attention_heads,
            config.rotary_grid,
            config.rotary_theta,
        ).to(tokens.device)  # [grid², d/h]
        cosines, sines = angles.cos(), angles.sin()  # [grid², d/h] both
        for block in self.blocks:
            tokens = block(tokens, cosines, sines)  # [n, 1 + grid², d]
        normed = self.norm(tokens)  # [n, 1 + grid², d]
        return BaseModelOutputWithPooling(last_hidden_state=normed, pooler_output=normed[:, 0])


AutoConfig.register(EVA02Config.model_type, EVA02Config, exist_ok=True)
AutoModel.register(EVA02Config, EVA02VisionModel, exist_ok=True)
