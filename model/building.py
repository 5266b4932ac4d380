"""The model that a plan names: loaded, or put together from towers old and new."""

from collections.abc import Iterable
from typing import Any

from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    SiglipImageProcessorPil,
    VisionTextDualEncoderProcessor,
)

from model.checkpoints import load_tower, make_processor
from model.plan import ModelPlan
from model.tokens import learn_tokenizer
from model.towers import DualEncoder, DualEncoderConfig, longest_text


def load_dual_encoder(folder: str) -> tuple[DualEncoder, VisionTextDualEncoderProcessor]:
    """Loads a model that `DualEncoder.save_pretrained` wrote with its processor.

    Raises:
      ValueError: weights are missing.
    """
    model, info = DualEncoder.from_pretrained(folder, output_loading_info=True)
    missing = sorted(info["missing_keys"])
    if missing:
        raise ValueError(f"{folder} lacks weights, {len(missing)} in all: {missing[0]} …")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    return model, make_processor(tokenizer, image_processor, model.config)


def build(
    plan: ModelPlan, texts: Iterable[str]
) -> tuple[DualEncoder, VisionTextDualEncoderProcessor]:
    """Makes the model and its processor; new weights are drawn from torch's generator.

    Args:
      plan: …
      texts: what a tokenizer is learned from, where one is; not read elsewhere.
    """
    if plan.checkpoint:
        return load_dual_encoder(plan.checkpoint)
    tokenizer = _tokenizer(plan, texts)
    text, image = _text_tower(plan, tokenizer), _image_tower(plan)
    configs = [getattr(tower, "config", tower) for tower in (text, image)]
    config = DualEncoderConfig(
        text_config=configs[0].to_dict(),
        vision_config=configs[1].to_dict(),
        text_pooling=plan.text_pooling,
        image_pooling=plan.image_pooling,
        projection_dim=plan.projection_dim,
        context_length=min(77, longest_text(configs[0])),
    )
    towers = [tower if isinstance(tower, PreTrainedModel) else None for tower in (text, image)]
    model = DualEncoder(config, *towers)
    return model, make_processor(tokenizer, _image_processor(plan), config)


def _tokenizer(plan: ModelPlan, texts: Iterable[str]) -> PreTrainedTokenizerBase:
    if plan.learned_tokens:
        return learn_tokenizer(texts, plan.learned_tokens)
    revision = None if plan.tokenizer else plan.text_revision or None
    return AutoTokenizer.from_pretrained(plan.tokenizer or plan.text, revision=revision)


def _text_tower(plan: ModelPlan, tokenizer: PreTrainedTokenizerBase) -> Any:
    """A tower, or the configuration of a new one."""
    if plan.text:
        return load_tower(plan.text, "text", plan.text_revision or None)
    settings = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    return _config(settings | plan.new_text, "new_text")


def _image_tower(plan: ModelPlan) -> Any:
    if plan.image:
        return load_tower(plan.image, "vision", plan.image_revision or None)
    return _config(plan.new_image, "new_image")


def _config(settings: dict[str, Any], name: str) -> Any:
    kind = settings.get("model_type")
    try:
        return AutoConfig.for_model(**settings)
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"model.{name} must be a configuration, got {kind!r}: {error}") from error


def _image_processor(plan: ModelPlan) -> Any:
    """Of the tower that is loaded; a new one sees whole pictures, in values from -1 to 1."""
    if not plan.image:
        return SiglipImageProcessorPil()
    return AutoImageProcessor.from_pretrained(
        plan.image, revision=plan.image_revision or None, backend="pil"
    )
