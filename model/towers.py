"""A dual encoder: a text and an image tower that embed into one space.

The towers are any of transformers' text and image encoders, or EVA-02 (`eva02.py`). The reference
is jina-clip-v2 (Koukounas et al. 2024, arXiv:2412.08802): text by mean pooling, pictures by the
class token, no projections, embeddings sliced and normalised again.

This file travels with checkpoints as their code, so that `trust_remote_code` loads them where
pairmill is not installed: it imports torch and transformers alone, and its neighbours relatively.
"""

import copy
import math
import os
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel, ProcessorMixin
from transformers.configuration_utils import SubConfigSpec
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.utils import ModelOutput

from .checkpoint_files import write_sentence_transformers_files
from .eva02 import EVA02Config as EVA02Config
from .resolution import carry_weights

_PADDED_POSITIONS = ("camembert", "roberta", "xlm-roberta", "xlm-roberta-xl")
"""Text encoders that count positions from their padding token's id + 1."""

_NORMED_AFTERWARDS = {
    "clip_vision_model": "post_layernorm",
    "chinese_clip_vision_model": "post_layernorm",
    "mlcd_vision_model": "post_layernorm",
    "convnext": "layernorm",
    "convnextv2": "layernorm",
}
"""Image encoders that norm what was pooled, not each patch, and what they call that norm."""

_PYRAMID = (1, 3)  # cells along each side, a level each
_USUAL_IMAGE_SIZE = 224  # pixels a side that networks for ImageNet are trained on


class DualEncoderConfig(PreTrainedConfig):
    """The shape of a dual encoder.

    Attributes:
      text_config: of the text tower, of any model type that `AutoModel` knows; may be given as a
        dict with its `model_type`.
      vision_config: of the image tower, likewise; pictures are square, `image_size` a side, also
        those of a convolutional network (ResNet, ConvNeXt), where it is 224 if not said.
      text_pooling: `mean` over the attention mask, or the `class` token, which comes first.
      image_pooling: the `class` token, the `mean` of the patches or of the last grid, the tower's
        own `head` (SigLIP's attention pooling), or the `pyramid` of the mean over all of it and
        the means over 3 by 3 parts, side by side, so that it is known where something is (He et
        al. 2014, arXiv:1406.4729, section 2.2, with means for maxima); that needs projections.
      projection_dim: size of an embedding; 0: that of both towers' features, without projections.
      has_projections: whether a linear map without bias stands between a tower and the embedding;
        None: where `projection_dim` is given.
      context_length: tokens that a text is cut to.
      languages: ISO 639-1 codes that it was trained on; none: those that its text tower knows.
      folds: parts that the pairs of its data fall into, see `model.plan.Plan`.
      folds_of: what falls into one as a whole.
      unseen_fold: the one of them that it was not trained on; None: it was trained on all.
    """

    model_type = "pairmill_dual_encoder"
    sub_configs_defaults = {  # noqa: RUF012  (transformers' own form)
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="xlm-roberta"),
        "vision_config": SubConfigSpec(config_class=AutoConfig, model_type="vit"),
    }

    text_config: Any = None
    vision_config: Any = None
    text_pooling: Literal["mean", "class"] = "mean"
    image_pooling: Literal["class", "mean", "head", "pyramid"] = "class"
    projection_dim: int = 0
    has_projections: bool | None = None
    context_length: int = 77
    languages: list[str] | tuple[str, ...] = ()
    folds: int | None = None
    folds_of: Literal["pictures", "captions"] = "pictures"
    unseen_fold: int | None = None

    def __post_init__(self, **kwargs: object) -> None:
        """Raises ValueError for what cannot fit together."""
        super().__post_init__(**kwargs)
        for name, known in (
            ("text_pooling", ("mean", "class")),
            ("image_pooling", ("class", "mean", "head", "pyramid")),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got {getattr(self, name)!r}")
        if not hasattr(self.vision_config, "image_size"):
            self.vision_config.image_size = _USUAL_IMAGE_SIZE
        sizes = (features_of(self.text_config), self.image_features)
        if self.has_projections is None:
            self.has_projections = self.projection_dim > 0
        self.projection_dim = self.projection_dim or sizes[0]
        if not self.has_projections and sizes != (self.projection_dim,) * 2:
            raise ValueError(
                "without projections both towers must have projection_dim features, "
                f"got {sizes[0]} (text), {sizes[1]} (image) and {self.projection_dim}"
            )
        _check_context_length(self.context_length, self.text_config)

    @property
    def image_features(self) -> int:
        """Features of a picture before it is projected."""
        cells = sum(side**2 for side in _PYRAMID) if self.image_pooling == "pyramid" else 1
        return cells * features_of(self.vision_config)


def features_of(config: PreTrainedConfig) -> int:
    """Features that a tower gives, in hierarchical ones those of the last stage."""
    size: int = getattr(config, "hidden_size", None) or config.hidden_sizes[-1]
    return size


def longest_text(config: PreTrainedConfig) -> int:
    """The most tokens that a text encoder has positions for."""
    positions: int = getattr(config, "max_position_embeddings", 2**31)
    taken = config.pad_token_id + 1 if config.model_type in _PADDED_POSITIONS else 0
    return positions - taken


def _check_context_length(tokens: int, text_config: PreTrainedConfig) -> None:
    longest = longest_text(text_config)
    if not 1 <= tokens <= longest:
        raise ValueError(f"context_length must be in [1, {longest}], got {tokens}")


@dataclass
class DualEncoderOutput(ModelOutput):
    """Embeddings of length 1, of whichever was given.

    Attributes:
      text_embeds: [n, projection_dim].
      image_embeds: [m, projection_dim].
    """

    text_embeds: Tensor | None = None
    image_embeds: Tensor | None = None


class DualEncoder(PreTrainedModel):
    """Texts and pictures in, embeddings in one space out.

    Args:
      config: its shape.
      text_tower: a model of `config.text_config`, taken as it is; None: a new one.
      image_tower: a model of `config.vision_config`, likewise.
    """

    config_class = DualEncoderConfig
    base_model_prefix = "dual_encoder"
    input_modalities = ("image", "text")
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(
        self,
        config: DualEncoderConfig,
        text_tower: PreTrainedModel | None = None,
        image_tower: PreTrainedModel | None = None,
    ) -> None:
        super().__init__(config)
        text, vision, size = config.text_config, config.vision_config, config.projection_dim
        self.text_tower = _trim(text_tower or AutoModel.from_config(text), head=False)
        self.image_tower = _trim(
            image_tower or AutoModel.from_config(vision), head=config.image_pooling == "head"
        )
        self.text_projection: nn.Module = nn.Identity()
        self.image_projection: nn.Module = nn.Identity()
        if config.has_projections:
            self.text_projection = nn.Linear(features_of(text), size, bias=False)
            self.image_projection = nn.Linear(config.image_features, size, bias=False)
        self.post_init()

    @property
    def image_size(self) -> int:
        """Pixels a side of the pictures that it takes."""
        size: int = self.config.vision_config.image_size
        return size

    def set_image_size(self, image_size: int) -> None:
        """Makes it take pictures of another size; learned positions are interpolated bicubically.

        The interpolated positions are new parameters: make the optimizer afterwards.
        """
        config = copy.deepcopy(self.config.vision_config)
        config.image_size = image_size
        tower = _trim(AutoModel.from_config(config), head=self.config.image_pooling == "head")
        carry_weights(self.image_tower, tower)
        self.image_tower = tower
        self.config.vision_config = tower.config

    def set_context_length(self, tokens: int) -> None:
        """Makes its processor cut texts to another length.

        Raises:
          ValueError: the text tower has no positions for that many.
        """
        _check_context_length(tokens, self.config.text_config)
        self.config.context_length = tokens

    def get_text_features(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> BaseModelOutputWithPooling:
        """Text features before normalisation, as transformers and sentence-transformers call them.

        Shapes: input_ids and attention_mask [n, t]; `pooler_output` [n, projection_dim].
        """
        if attention_mask is None:
            attention_mask = input_ids.new_ones(input_ids.shape)  # [n, t]
        output = self.text_tower(input_ids=input_ids, attention_mask=attention_mask)
        hidden = output.last_hidden_state  # [n, t, d]
        if self.config.text_pooling == "class":
            pooled = hidden[:, 0]  # [n, d]
        else:
            weights = attention_mask.unsqueeze(-1).to(hidden.dtype)  # [n, t, 1]
            pooled = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)  # [n, d]
        features = self.text_projection(pooled)  # [n, projection_dim]
        return BaseModelOutputWithPooling(last_hidden_state=hidden, pooler_output=features)

    def get_image_features(self, pixel_values: Tensor) -> BaseModelOutputWithPooling:
        """Picture features before normalisation.

        Shapes: pixel_values [n, 3, image_size, image_size]; `pooler_output` [n, projection_dim].
        """
        output = self.image_tower(pixel_values=pixel_values)
        pooled = self._pool_image(output)  # [n, image_features]
        features = self.image_projection(pooled)  # [n, projection_dim]
        return BaseModelOutputWithPooling(
            last_hidden_state=output.last_hidden_state, pooler_output=features
        )

    def _pool_image(self, output: BaseModelOutputWithPooling) -> Tensor:
        config, pooling = self.config.vision_config, self.config.image_pooling
        if pooling == "head":
            head: Tensor = output.pooler_output  # [n, d], or [n, d, 1, 1]
            return head.flatten(1)
        hidden: Tensor = output.last_hidden_state  # [n, prefix + grid², d], or [n, d, grid, grid]
        if hidden.dim() == 4:
            hidden, prefix = hidden.flatten(2).mT, 0  # [n, grid², d]
        else:
            prefix = hidden.shape[1] - (config.image_size // config.patch_size) ** 2
        if pooling == "class" and not prefix:
            raise ValueError(f"image_pooling 'class' needs a class token: {config.model_type}")
        match pooling:
            case "class":
                cells = hidden[:, :1]  # [n, 1, d]
            case "mean":
                cells = hidden[:, prefix:].mean(1, keepdim=True)  # [n, 1, d]
            case _:
                cells = _pyramid(hidden[:, prefix:])  # [n, cells, d]
        if config.model_type in _NORMED_AFTERWARDS:
            cells = getattr(self.image_tower, _NORMED_AFTERWARDS[config.model_type])(cells)
        return cells.flatten(1)  # [n, image_features]

    def encode_text(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        truncate_dim: int | None = None,
    ) -> Tensor:
        """Embeddings of texts, float32, of length 1.

        Args:
          input_ids: [n, t].
          attention_mask: [n, t], 0 where there is padding; None: there is none.
          truncate_dim: how many features to keep before normalising; None: all.

        Shapes: the result is [n, truncate_dim].
        """
        features = self.get_text_features(input_ids, attention_mask).pooler_output
        return self._embedding(features, truncate_dim)

    def encode_image(self, pixel_values: Tensor, truncate_dim: int | None = None) -> Tensor:
        """Embeddings of pictures, float32, of length 1.

        Args:
          pixel_values: [n, 3, image_size, image_size].
          truncate_dim: how many features to keep before normalising; None: all.

        Shapes: the result is [n, truncate_dim].
        """
        return self._embedding(self.get_image_features(pixel_values).pooler_output, truncate_dim)

    def _embedding(self, features: Tensor, truncate_dim: int | None) -> Tensor:
        size = self.config.projection_dim
        if truncate_dim is not None and not 1 <= truncate_dim <= size:
            raise ValueError(f"truncate_dim must be in [1, {size}], got {truncate_dim}")
        return functional.normalize(features[:, :truncate_dim].float(), dim=-1)  # [n, truncate_dim]

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
    ) -> DualEncoderOutput:
        """Embeddings of texts, of pictures, or of both; their numbers may differ.

        Shapes: input_ids and attention_mask [n, t], pixel_values [m, 3, image_size, image_size].
        """
        return DualEncoderOutput(
            text_embeds=None if input_ids is None else self.encode_text(input_ids, attention_mask),
            image_embeds=None if pixel_values is None else self.encode_image(pixel_values),
        )

    def save_pretrained(
        self,
        save_directory: str | os.PathLike[str],
        processor: ProcessorMixin | None = None,
        **kwargs: object,
    ) -> None:
        """Writes a folder that `AutoModel` and, with a processor, `SentenceTransformer` load.

        Its code goes along, for `trust_remote_code` where pairmill is not installed.

        Args:
          save_directory: the folder.
          processor: of `model.checkpoints.make_processor`: the tokenizer and image processor.
          kwargs: `PreTrainedModel.save_pretrained`'s.
        """
        super().save_pretrained(save_directory, **kwargs)
        if processor is not None:
            processor.save_pretrained(save_directory)
            write_sentence_transformers_files(save_directory)


def _pyramid(patches: Tensor) -> Tensor:
    """Means over the cells of each level. Shapes: [n, grid², d] to [n, cells, d]."""
    side = math.isqrt(patches.shape[1])
    grid = patches.mT.unflatten(2, (side, side))  # [n, d, grid, grid]
    levels = [functional.adaptive_avg_pool2d(grid, cells).flatten(2) for cells in _PYRAMID]
    return torch.cat(levels, dim=2).mT


def _trim(tower: PreTrainedModel, head: bool) -> PreTrainedModel:
    """Leaves only such parameters to be trained as embeddings depend on."""
    pooler = getattr(tower, "pooler", None)
    if not head and pooler is not None and [*pooler.parameters()]:  # BERT, XLM-RoBERTa, ViT
        tower.pooler = None
    if not head and getattr(tower, "use_head", False):  # SigLIP
        tower.use_head, tower.head = False, None
    masked = getattr(tower.embeddings, "mask_token", None) if hasattr(tower, "embeddings") else None
    if masked is not None:  # DINOv2
        masked.requires_grad_(False)
    return tower


DualEncoderConfig.register_for_auto_class()
DualEncoder.register_for_auto_class("AutoModel")
AutoConfig.register(DualEncoderConfig.model_type, DualEncoderConfig, exist_ok=True)
AutoModel.register(DualEncoderConfig, DualEncoder, exist_ok=True)
