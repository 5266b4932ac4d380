"""Tiny models with random weights, their tokenizers and pictures, for the tests of this folder."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import CLIPImageProcessorPil, PreTrainedTokenizerFast

from model.checkpoints import make_processor
from model.eva02 import EVA02Config
from model.towers import DualEncoder, DualEncoderConfig

TEXTS = [
    "a red circle above a blue square",
    "Ein roter Kreis",
    "красный круг над синим квадратом",
    "青い四角形の上に赤い円がある",
    "สามเหลี่ยมสีเขียว",
    "دائرة حمراء",
]
LANGUAGES = ["en", "de", "ru", "ja", "th", "ar"]
VOCABULARY = 160

SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
XLM_R = {
    "model_type": "xlm-roberta",
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 66,
    "type_vocab_size": 1,
    **SHAPE,
}
ROPE_XLM_R = {**XLM_R, "model_type": "jina_embeddings_v3"}
IMAGE = {"image_size": 32, "patch_size": 8, **SHAPE}
IMAGE_TOWERS = {
    "vit": {"model_type": "vit", **IMAGE},
    "clip": {"model_type": "clip_vision_model", **IMAGE},
    "chinese_clip": {"model_type": "chinese_clip_vision_model", **IMAGE},
    "mlcd": {"model_type": "mlcd_vision_model", **IMAGE},
    "siglip": {"model_type": "siglip_vision_model", **IMAGE},
    "dinov2": {"model_type": "dinov2", **IMAGE, "mlp_ratio": 2},
    "eva02": {"model_type": EVA02Config.model_type, **IMAGE, "rotary_grid": 2},
    "resnet": {
        "model_type": "resnet",
        "image_size": 32,
        "embedding_size": 8,
        "hidden_sizes": [8, IMAGE["hidden_size"]],
        "depths": [1, 1],
        "layer_type": "basic",
    },
    "convnext": {
        "model_type": "convnext",
        "image_size": 32,
        "hidden_sizes": [8, IMAGE["hidden_size"]],
        "depths": [1, 1],
        "num_stages": 2,
    },
}


def tiny_tokenizer(lower: bool = False, **settings: object) -> PreTrainedTokenizerFast:
    """XLM-RoBERTa's manner: `<s> … </s>`, byte-level so that no script is unknown."""
    backend = Tokenizer(models.BPE(unk_token="<unk>"))
    if lower:
        backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, show_progress=False
    )
    backend.train_from_iterator(TEXTS, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = dict(zip(("bos", "pad", "eos", "unk", "mask"), special, strict=True))
    tokens = {f"{name}_token": token for name, token in names.items()}
    return PreTrainedTokenizerFast(tokenizer_object=backend, **tokens, **settings)


def tiny_dual_encoder(image: str = "vit", seed: int = 3, **settings: object) -> DualEncoder:
    torch.manual_seed(seed)
    shape = {"text_config": dict(XLM_R), "vision_config": dict(IMAGE_TOWERS[image])}
    config = DualEncoderConfig(**(shape | {"context_length": 24} | settings))
    return DualEncoder(config).eval()


def save_dual_encoder(model: DualEncoder, folder: Path) -> Path:
    image_processor = CLIPImageProcessorPil()
    processor = make_processor(tiny_tokenizer(), image_processor, model.config)
    model.save_pretrained(folder, processor=processor)
    return folder


def pictures(
    sizes: Iterable[tuple[int, int]] = ((40, 40), (64, 48), (33, 70)),
) -> list[Image.Image]:
    """Noise over a slope of colours, so that no two are alike."""
    noise = np.random.default_rng(7)
    made = []
    for width, height in sizes:
        slope = np.linspace(0, 200, width)[None, :, None] * noise.random(3)  # [1, w, 3]
        pixels = slope + noise.integers(0, 55, (height, width, 3))  # [h, w, 3]
        made.append(Image.fromarray(pixels.astype(np.uint8)))
    return made
