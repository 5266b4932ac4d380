"""Tiny checkpoints of the families that can be teachers, as folders in transformers' format."""

import json
from pathlib import Path

import sentencepiece
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    BertModel,
    CLIPImageProcessorPil,
    CLIPProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    PreTrainedModel,
    ProcessorMixin,
    Siglip2ImageProcessorPil,
    Siglip2Processor,
    SiglipImageProcessorPil,
    SiglipProcessor,
    SiglipTokenizer,
    VisionTextDualEncoderModel,
    VisionTextDualEncoderProcessor,
    ViTImageProcessorPil,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from schemas.ids import Folds
from tests.model.tiny import (
    IMAGE,
    SHAPE,
    TEXTS,
    VOCABULARY,
    XLM_R,
    save_dual_encoder,
    tiny_dual_encoder,
    tiny_tokenizer,
)

TEXT = {"vocab_size": VOCABULARY, "max_position_embeddings": 16, **SHAPE}
IDS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
CLIP_PIXELS = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
SQUARE = {"size": {"height": 32, "width": 32}}

TWO_FOLDS = Folds(2)


def clip(folder: Path) -> Path:
    return _clip_like(folder, "clip")


def metaclip_2(folder: Path) -> Path:
    return _clip_like(folder, "metaclip_2")


def siglip(folder: Path) -> Path:
    """The first SigLIP, whose tokenizer lower-cases and drops punctuation by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "spiece.model"
    with model.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXTS),
            model_writer=file,
            vocab_size=VOCABULARY,
            hard_vocab_limit=False,
            minloglevel=3,
        )
    tokenizer = SiglipTokenizer(str(model), model_max_length=16, model_input_names=["input_ids"])
    processor = SiglipProcessor(SiglipImageProcessorPil(**SQUARE), tokenizer)
    return _save(folder, _two_towers("siglip", IMAGE), processor)


def siglip2(folder: Path) -> Path:
    """SigLIP 2 at a fixed resolution: says `siglip`, and comes with Gemma's cased tokenizer."""
    processor = SiglipProcessor(SiglipImageProcessorPil(**SQUARE), tiny_tokenizer())
    return _save(folder, _two_towers("siglip", IMAGE), processor)


def siglip2_naflex(folder: Path) -> Path:
    """SigLIP 2 at any aspect ratio: patches, their mask and their shapes."""
    vision = {"num_patches": 16, "patch_size": 8, **SHAPE}
    pictures = Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16)
    processor = Siglip2Processor(pictures, tiny_tokenizer(padding_side="right"))
    return _save(folder, _two_towers("siglip2", vision), processor)


def vision_text(folder: Path) -> Path:
    """transformers' dual encoder with a multilingual text tower."""
    return _vision_text(folder, XLMRobertaModel(XLMRobertaConfig(**XLM_R)))


def vision_text_of_unknown_language(folder: Path) -> Path:
    return _vision_text(folder, BertModel(BertConfig(**TEXT)))


def ours(folder: Path) -> Path:
    return save_dual_encoder(tiny_dual_encoder("clip", projection_dim=24), folder)


def cross_fitted(folder: Path, folds: Folds = TWO_FOLDS) -> Path:
    """A teacher of a model for each fold, as different from each other as from any."""
    for number in range(folds.number):
        model = tiny_dual_encoder("clip", seed=number, projection_dim=24)
        told = {"folds": folds.number, "folds_of": folds.of, "unseen_fold": number}
        state(save_dual_encoder(model, folder / f"fold-{number}/model"), **told)
    return folder


def with_code(folder: Path) -> Path:
    """A checkpoint whose model type nobody but its own code knows."""
    ours(folder)
    for name in ("config.json", "towers.py"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace("pairmill_dual_encoder", "someone_elses"))
    return folder


FAMILIES = {
    made.__name__: made
    for made in (clip, metaclip_2, siglip, siglip2, siglip2_naflex, vision_text, ours)
}


def state(folder: Path, **values: object) -> None:
    """Changes what a checkpoint's configuration says."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def _clip_like(folder: Path, kind: str) -> Path:
    settings = {"projection_dim": 24, "text_config": TEXT | IDS, "vision_config": IMAGE}
    torch.manual_seed(5)
    model = AutoModel.from_config(AutoConfig.for_model(kind, **settings))
    tokenizer = tiny_tokenizer(model_max_length=16)
    return _save(folder, model, CLIPProcessor(CLIPImageProcessorPil(**CLIP_PIXELS), tokenizer))


def _two_towers(kind: str, vision: dict[str, object]) -> PreTrainedModel:
    torch.manual_seed(5)
    settings = {"text_config": TEXT | IDS, "vision_config": vision}
    return AutoModel.from_config(AutoConfig.for_model(kind, **settings))


def _vision_text(folder: Path, text: PreTrainedModel) -> Path:
    torch.manual_seed(5)
    vision = CLIPVisionModel(CLIPVisionConfig(**IMAGE))
    model = VisionTextDualEncoderModel(vision_model=vision, text_model=text)
    processor = VisionTextDualEncoderProcessor(
        ViTImageProcessorPil(**SQUARE), tiny_tokenizer(model_max_length=20)
    )
    return _save(folder, model, processor)


def _save(folder: Path, model: PreTrainedModel, processor: ProcessorMixin) -> Path:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
