"""A tiny cross-encoder, in a folder as transformers writes it."""

from pathlib import Path

import torch
from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

from tests.model.tiny import XLM_R, tiny_tokenizer


def cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Weights of chance, large enough to tell texts apart: XLM-RoBERTa with a head."""
    torch.manual_seed(11)
    settings = {key: value for key, value in XLM_R.items() if key != "model_type"}
    settings |= {"type_vocab_size": 2, "num_labels": labels, "initializer_range": 0.5}
    config = XLMRobertaConfig(**settings)
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    tiny_tokenizer(model_max_length=32).save_pretrained(folder)
    return folder
