"""An encoder over a model in memory: a teacher's, or the one that is being trained."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.image_processing_base import ImageProcessingMixin

from model.teacher import FAMILY_LANGUAGES, Embeddings
from model.towers import longest_text

_SIGLIP = ("siglip", "siglip-multilingual", "siglip2")
_ENGLISH_SIGLIP_VOCABULARY = 32_000


class ModelEncoder:
    """A `model.teacher.Encoder` over any model with `get_text_features` and `get_image_features`.

    Texts are cut to the length that the model has positions for. SigLIP was trained on texts padded
    to that length, without an attention mask, and SigLIP 2 on lower-case ones; other texts are
    padded to the longest of the batch.

    The model may be in training: it embeds as in evaluation, without gradients or random numbers,
    and is left in the mode that it was in. Make another encoder when its sizes change.

    Args:
      model: on the device and in the dtype that it is to calculate in.
      tokenizer: the model's.
      image_processor: the model's.
      languages: ISO 639-1 codes that it understands; None: as its configuration or family says.
      name: for errors.

    Raises:
      ValueError: nothing says which languages it understands.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        image_processor: ImageProcessingMixin,
        *,
        languages: Sequence[str] | None = None,
        name: str = "the model",
    ) -> None:
        self.name = name
        self._model = model
        self._tokenizer = tokenizer
        self._image_processor = image_processor
        self._family = family_of(model.config, type(tokenizer).__name__)
        self._languages = tuple(languages or _languages(model.config, self._family))
        if not self._languages:
            raise ValueError(f"{name} does not tell its languages: state them")
        text = getattr(model.config, "text_config", model.config)
        self._max_tokens = min(tokenizer.model_max_length, longest_text(text))
        self.dim = self._embed_texts(["a"]).shape[1]

    def understands(self, language: str) -> bool:
        """See `model.teacher.Encoder`."""
        return language in self._languages

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """See `model.teacher.Encoder`."""
        if not images:
            return np.zeros((0, self.dim), np.float32)
        colours = [image.convert("RGB") for image in images]
        inputs = self._image_processor(images=colours, return_tensors="pt")
        return self._features(self._model.get_image_features, inputs)

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str]) -> Embeddings:
        """See `model.teacher.Encoder`."""
        if len(texts) != len(languages):
            raise ValueError(
                f"{len(texts)} texts must have as many languages, got {len(languages)}"
            )
        if strangers := sorted({code for code in languages if not self.understands(code)}):
            raise ValueError(f"{self.name} does not understand {', '.join(strangers)}")
        return self._embed_texts(texts) if texts else np.zeros((0, self.dim), np.float32)

    def _embed_texts(self, texts: Sequence[str]) -> Embeddings:
        siglip = self._family in _SIGLIP
        tokens = self._tokenizer(
            [text.lower() for text in texts] if self._family == "siglip2" else list(texts),
            padding="max_length" if siglip else True,
            truncation=True,
            max_length=self._max_tokens,
            return_tensors="pt",
        )
        names = ("input_ids",) if siglip else ("input_ids", "attention_mask")
        inputs = {name: tokens[name] for name in names if name in tokens}
        return self._features(self._model.get_text_features, inputs)

    def _features(self, method: Any, inputs: Any) -> Embeddings:
        moved = {name: self._moved(value) for name, value in inputs.items()}
        # Not inference_mode: what the model caches meanwhile must serve training too.
        with _in_evaluation(self._model), torch.no_grad():
            output = method(**moved)
            features = getattr(output, "pooler_output", output).float()  # [n, dim]
            embeddings = torch.nn.functional.normalize(features, dim=-1).cpu().numpy()  # [n, dim]
        if not np.isfinite(embeddings).all():
            raise FloatingPointError(f"{self.name} made embeddings that are not finite")
        return embeddings

    def _moved(self, value: Tensor) -> Tensor:
        dtype = self._model.dtype if value.is_floating_point() else value.dtype
        return value.to(self._model.device, dtype)


@contextmanager
def _in_evaluation(model: nn.Module) -> Iterator[None]:
    """Turns dropout off, and afterwards on again in those parts that had it on."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def family_of(config: PreTrainedConfig, tokenizer: str) -> str:
    """The family that a checkpoint belongs to, a key of `FAMILY_LANGUAGES` where it is known.

    SigLIP 2 at a fixed resolution says that it is SigLIP, and differs in its tokenizer, Gemma's;
    the multilingual SigLIP differs from the English in the size of its vocabulary.
    """
    kind: str = config.model_type
    if kind != "siglip":
        return kind
    if tokenizer != "SiglipTokenizer":
        return "siglip2"
    large = config.text_config.vocab_size > _ENGLISH_SIGLIP_VOCABULARY
    return "siglip-multilingual" if large else "siglip"


def _languages(config: PreTrainedConfig, family: str) -> tuple[str, ...]:
    """What a dual encoder was trained on, else what its family or its text tower knows."""
    stated = tuple(getattr(config, "languages", None) or ())
    text = getattr(config, "text_config", None)
    tower = getattr(text, "model_type", "")
    return stated or FAMILY_LANGUAGES.get(family) or FAMILY_LANGUAGES.get(tower, ())
