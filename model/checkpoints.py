"""Dual encoders from pre-trained towers, with the tokenizer and image processor they need."""

from typing import Any

from transformers import (
    MODEL_MAPPING,
    AutoConfig,
    AutoModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    VisionTextDualEncoderProcessor,
)
from transformers.image_processing_base import ImageProcessingMixin

from model.towers import DualEncoderConfig


def load_tower(name: str, side: str, revision: str | None = None) -> PreTrainedModel:
    """Loads a pre-trained tower, by itself or out of a model that has two, such as CLIP's.

    Args:
      name: a folder or an id on the Hugging Face hub.
      side: `text` or `vision`.
      revision: of the hub's repository.

    Raises:
      ValueError: AutoModel has no such tower, or weights are missing, those of a pooling head
        apart, which is not used.
    """
    config = AutoConfig.from_pretrained(name, revision=revision)
    config = getattr(config, f"{side}_config", config)
    if type(config) not in MODEL_MAPPING:
        raise ValueError(
            f"{name} must have a {side} tower that AutoModel loads by itself, "
            f"got model type {config.model_type!r}"
        )
    tower, info = AutoModel.from_pretrained(
        name, config=config, revision=revision, output_loading_info=True
    )
    missing = sorted(key for key in info["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise ValueError(f"{name} lacks weights, {len(missing)} in all: {', '.join(missing[:3])} …")
    return tower


def make_processor(
    tokenizer: PreTrainedTokenizerBase,
    image_processor: ImageProcessingMixin,
    config: DualEncoderConfig,
) -> VisionTextDualEncoderProcessor:
    """Returns the processor of a dual encoder; both parts are made to fit its present sizes.

    Call it again after `set_image_size` or `set_context_length`.
    """
    size = config.vision_config.image_size
    tokenizer.model_max_length = config.context_length
    square = {"height": size, "width": size}
    old: Any = image_processor.size
    image_processor.size = {"shortest_edge": size} if "shortest_edge" in old else square
    if getattr(image_processor, "crop_size", None) is not None:
        image_processor.crop_size = square
    return VisionTextDualEncoderProcessor(image_processor, tokenizer)
