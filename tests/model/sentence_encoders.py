"""A tiny sentence encoder, in a folder as sentence-transformers writes it."""

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Dense, Pooling
from transformers import XLMRobertaConfig, XLMRobertaModel

from tests.model.tiny import XLM_R, tiny_tokenizer

DIM = 12


def encoder(folder: Path, seed: int = 5) -> Path:
    """Weights of chance: XLM-RoBERTa, mean pooling and a dense layer in a folder of its own."""
    torch.manual_seed(seed)
    settings = {key: value for key, value in XLM_R.items() if key != "model_type"}
    XLMRobertaModel(XLMRobertaConfig(**settings)).save_pretrained(folder / "tower")
    tiny_tokenizer(model_max_length=16).save_pretrained(folder / "tower")
    tower = Transformer(str(folder / "tower"))
    wide = tower.get_embedding_dimension()
    modules = [tower, Pooling(wide), Dense(wide, DIM)]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "encoder"))
    return folder / "encoder"
