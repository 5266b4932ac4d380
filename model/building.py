"""The model that a plan names: loaded, or put together from towers old and new."""

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from transformers import (
    MODEL_MAPPING,
    AutoConfig,
    AutoImageProcessor,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    SiglipImageProcessorPil,
    VisionTextDualEncoderProcessor,
)

from model.checkpoints import load_tower, make_processor
from model.plan import ModelPlan
from model.tokens import learn_tokenizer
from model.towers import DualEncoder, DualEncoderConfig, longest_text

_HARDLY_KNOWN = 1e-4  # well under the root of what norms add to a variance, 1e-5


def load_dual_encoder(folder: str) -> tuple[DualEncoder, VisionTextDualEncoderProcessor]:
    """Loads a model, in float32, that `DualEncoder.save_pretrained` wrote with its processor.

    Raises:
      ValueError: it is no such folder, or weights are missing.
    """
    config = Path(folder, "config.json")
    if not config.exists() or f'"{DualEncoderConfig.model_type}"' not in config.read_text("utf-8"):
        raise ValueError(f"checkpoint must be a folder with a dual encoder of ours, got {folder}")
    with _named(folder):
        model, info = DualEncoder.from_pretrained(folder, output_loading_info=True)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        image_processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    missing = sorted(info["missing_keys"])
    if missing:
        raise ValueError(f"{folder} lacks weights, {len(missing)} in all: {missing[0]} …")
    return model.float(), make_processor(tokenizer, image_processor, model.config)


def build(
    plan: ModelPlan, texts: Iterable[str]
) -> tuple[DualEncoder, VisionTextDualEncoderProcessor]:
    """Makes the model, in float32, and its processor; new weights come of torch's generator.

    Args:
      plan: …
      texts: what a tokenizer is learned from, where one is; not read elsewhere.

    Raises:
      ValueError: a part cannot be had, or they do not fit together.
    """
    if plan.checkpoint:
        return load_dual_encoder(plan.checkpoint)
    tokenizer = _tokenizer(plan, texts)
    text, image = _text_tower(plan, tokenizer), _image_tower(plan)
    configs = [getattr(tower, "config", tower) for tower in (text, image)]
    if len(tokenizer) > configs[0].vocab_size:
        raise ValueError(
            f"the tokenizer must have at most the {configs[0].vocab_size} tokens that the text "
            f"tower has, got {len(tokenizer)}"
        )
    config = DualEncoderConfig(
        text_config=configs[0].to_dict(),
        vision_config=configs[1].to_dict(),
        text_pooling=plan.text_pooling,
        image_pooling=plan.image_pooling,
        projection_dim=plan.projection_dim,
        context_length=min(77, longest_text(configs[0])),
    )
    towers = [tower if isinstance(tower, PreTrainedModel) else None for tower in (text, image)]
    model = DualEncoder(config, *towers).float()
    if plan.learned_tokens:
        _know_no_token(model)
    return model, make_processor(tokenizer, _image_processor(plan), config)


@torch.no_grad()
def _know_no_token(model: DualEncoder) -> None:
    """Lets all tokens begin almost alike, so that those never met in training say next to nothing.

    Were they zero, all texts would be the zero vector, whose direction has no finite gradient.
    """
    model.text_tower.get_input_embeddings().weight.normal_(std=_HARDLY_KNOWN)


def _tokenizer(plan: ModelPlan, texts: Iterable[str]) -> PreTrainedTokenizerBase:
    if plan.learned_tokens:
        return learn_tokenizer(texts, plan.learned_tokens)
    name = plan.tokenizer or plan.text
    with _named(name):
        revision = None if plan.tokenizer else plan.text_revision or None
        return AutoTokenizer.from_pretrained(name, revision=revision)


def _text_tower(plan: ModelPlan, tokenizer: PreTrainedTokenizerBase) -> Any:
    """A tower, or the configuration of a new one."""
    if plan.text:
        with _named(plan.text):
            return load_tower(plan.text, "text", plan.text_revision or None)
    settings = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    return _config(settings | plan.new_text, "new_text")


def _image_tower(plan: ModelPlan) -> Any:
    if plan.image:
        with _named(plan.image):
            return load_tower(plan.image, "vision", plan.image_revision or None)
    return _config(plan.new_image, "new_image", "image_size")


def _config(settings: dict[str, Any], name: str, *ours: str) -> PreTrainedConfig:
    """Of settings that its model type has; transformers itself takes a typo without a word.

    Args:
      settings: …
      name: of their table.
      ours: settings that any model type may have.
    """
    kind = settings.get("model_type")
    try:
        config = AutoConfig.for_model(**settings)
    except Exception as error:  # of many kinds, by what the settings are
        said = str(error).partition("\n")[0].partition(". Should contain one of")[0]
        raise ValueError(f"model.{name} must be a configuration, got {kind!r}: {said}") from error
    if type(config) not in MODEL_MAPPING:
        raise ValueError(f"model.{name} must be of a model type that AutoModel makes, got {kind!r}")
    known = [field.name for field in fields(config)] + list(config.attribute_map) + list(ours)
    for key in settings:
        if key not in known and key != "model_type":
            close = difflib.get_close_matches(key, known, n=1)
            meant = f", did you mean {close[0]}?" if close else ""
            raise ValueError(f"model.{name}.{key}: {kind} has no such setting{meant}")
    return config


def _image_processor(plan: ModelPlan) -> Any:
    """Of the tower that is loaded; a new one sees whole pictures, in values from -1 to 1."""
    if not plan.image:
        return SiglipImageProcessorPil()
    with _named(plan.image):
        return AutoImageProcessor.from_pretrained(
            plan.image, revision=plan.image_revision or None, backend="pil"
        )


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Says in a sentence what transformers says of a folder or id in several."""
    try:
        yield
    except (OSError, ImportError) as error:
        said = str(error).strip().partition("\n")[0]
        place = f"{name}" if Path(name).is_dir() else f"{name}, which is no folder here,"
        raise ValueError(f"{place} cannot be loaded: {said}") from error
