"""The files that tell sentence-transformers what is in a checkpoint's folder.

This file travels with checkpoints as their code.
"""

import json
import os
from pathlib import Path

_BASE = "sentence_transformers.base.modules"
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": f"{_BASE}.transformer.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": f"{_BASE}.normalize.Normalize"},
]
_TRANSFORMER = {
    "transformer_task": "feature-extraction",
    "modality_config": {
        kind: {"method": f"get_{kind}_features", "method_output_name": "pooler_output"}
        for kind in ("text", "image")
    },
    "module_output_name": "sentence_embedding",
}
_NORMALIZE = dict.fromkeys(("module_input_name", "module_output_name"), "sentence_embedding")
_MODEL = {"model_type": "SentenceTransformer", "similarity_fn_name": "cosine"}


def write_sentence_transformers_files(folder: str | os.PathLike[str]) -> None:
    """Declares the model in `folder` as features of texts and pictures, then normalised."""
    path = Path(folder)
    (path / "1_Normalize").mkdir(exist_ok=True)
    for name, content in (
        ("modules.json", _MODULES),
        ("sentence_bert_config.json", _TRANSFORMER),
        ("1_Normalize/config.json", _NORMALIZE),
        ("config_sentence_transformers.json", _MODEL),
    ):
        (path / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
