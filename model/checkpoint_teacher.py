"""Teachers from checkpoints in transformers' format, with the preprocessing each was trained on."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
)

from model.teacher import FAMILY_LANGUAGES, Embeddings, TeacherSpec
from model.towers import longest_text

_SIGLIP = ("siglip", "siglip-multilingual", "siglip2")
_ENGLISH_SIGLIP_VOCABULARY = 32_000
_REVISION_SUFFIXES = (".json", ".safetensors", ".bin", ".model", ".txt", ".py")


class CheckpointTeacher:
    """A `model.teacher.Teacher`; see there.

    Pictures go through the checkpoint's own image processor, always Pillow's version of it, so that
    it does not matter whether torchvision is installed. Texts are cut to the length that the model
    has positions for. SigLIP was trained on texts padded to that length, without an attention mask,
    and SigLIP 2 on lower-case ones; other texts are padded to the longest of the batch.
    """

    def __init__(self, spec: TeacherSpec) -> None:
        where = {"revision": spec.revision, "trust_remote_code": spec.allow_remote_code}
        config = _config(spec, where)
        self.name = spec.model
        self.revision = spec.revision or folder_digest(Path(spec.model))
        self._dtype = working_dtype(spec.dtype, spec.device)
        self._model = _model(spec.model, where, self._dtype).to(spec.device)
        self._tokenizer = AutoTokenizer.from_pretrained(spec.model, **where)
        self._image_processor = AutoImageProcessor.from_pretrained(
            spec.model, backend="pil", **where
        )
        self._family = family_of(config, type(self._tokenizer).__name__)
        self._languages = spec.languages or _languages(config, self._family)
        if not self._languages:
            raise ValueError(f"{spec.model} does not tell its languages: state them")
        text = getattr(config, "text_config", config)
        self._max_tokens = min(self._tokenizer.model_max_length, longest_text(text))
        self.dim = self._embed_texts(["a"]).shape[1]

    def understands(self, language: str) -> bool:
        """See `model.teacher.Teacher`."""
        return language in self._languages

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """See `model.teacher.Teacher`."""
        if not images:
            return np.zeros((0, self.dim), np.float32)
        colours = [image.convert("RGB") for image in images]
        inputs = self._image_processor(images=colours, return_tensors="pt")
        return self._features(self._model.get_image_features, inputs)

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str]) -> Embeddings:
        """See `model.teacher.Teacher`."""
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

    @torch.inference_mode()
    def _features(self, method: Any, inputs: Any) -> Embeddings:
        moved = {name: self._moved(value) for name, value in inputs.items()}
        output = method(**moved)
        features = getattr(output, "pooler_output", output).float()  # [n, dim]
        embeddings = torch.nn.functional.normalize(features, dim=-1).cpu().numpy()  # [n, dim]
        if not np.isfinite(embeddings).all():
            raise FloatingPointError(f"{self.name} made embeddings that are not finite")
        return embeddings

    def _moved(self, value: Tensor) -> Tensor:
        dtype = self._dtype if value.is_floating_point() else value.dtype
        return value.to(self._model.device, dtype)


def working_dtype(wanted: str, device: str) -> torch.dtype:
    """The dtype that a teacher calculates in.

    `auto` is bfloat16 on GPUs that have it and on x86 with AVX512-BF16 or AMX, elsewhere float32:
    where it is emulated, bfloat16 is slower than float32.
    """
    if wanted != "auto":
        dtype: torch.dtype = getattr(torch, wanted)
        return dtype
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu.get_capabilities()
    has_it = able.get("avx512_bf16", False) or able.get("amx_bf16", False)
    return torch.bfloat16 if has_it else torch.float32


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


def folder_digest(folder: Path) -> str:
    """A digest of a checkpoint's files: the revision of what has no commit, 40 hex digits."""
    digest = hashlib.blake2b(digest_size=20)
    for path in sorted(folder.iterdir()):
        if path.suffix in _REVISION_SUFFIXES:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "blake2b").hexdigest()
            digest.update(f"{path.name}\n{content}\n".encode())
    return digest.hexdigest()


def _config(spec: TeacherSpec, where: dict[str, Any]) -> PreTrainedConfig:
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(spec.model, **where)
    except ValueError as error:
        if spec.allow_remote_code or "trust_remote_code" not in str(error):
            raise
        raise ValueError(
            f"{spec.model} brings code of its own, which allow_remote_code must allow to run"
        ) from error
    return config


def _model(name: str, where: dict[str, Any], dtype: torch.dtype) -> PreTrainedModel:
    model, info = AutoModel.from_pretrained(name, dtype=dtype, output_loading_info=True, **where)
    wrong = sorted({*info["missing_keys"], *map(str, info["mismatched_keys"])})
    if wrong:
        raise ValueError(f"{name} lacks weights, {len(wrong)} in all: {', '.join(wrong[:3])} …")
    for method in ("get_text_features", "get_image_features"):
        if not hasattr(model, method):
            raise ValueError(f"a teacher must have {method}, got {type(model).__name__}")
    loaded: PreTrainedModel = model.eval()
    return loaded


def _languages(config: PreTrainedConfig, family: str) -> tuple[str, ...]:
    """What a dual encoder was trained on, else what its family or its text tower knows."""
    stated = tuple(getattr(config, "languages", None) or ())
    text = getattr(config, "text_config", None)
    tower = getattr(text, "model_type", "")
    return stated or FAMILY_LANGUAGES.get(family) or FAMILY_LANGUAGES.get(tower, ())
