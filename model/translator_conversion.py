"""Converts translation models from transformers' format to ctranslate2's."""

import shutil
import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

from ctranslate2.converters import transformers as loaders

from model.translation_checkpoint import (
    UNKNOWN,
    TranslationCheckpoint,
    load_model,
    read_checkpoint,
)
from model.translation_manifest import SOURCE_PIECES, TARGET_PIECES, Manifest, write_manifest
from model.translation_tokens import END

Quantization = Literal["int8", "bfloat16", "float32"]

_LOADERS = {
    "m2m_100": loaders.M2M100Loader,
    "nllb": loaders.M2M100Loader,
    "madlad": loaders.T5Loader,
    "marian": loaders.MarianMTLoader,
}


def convert_checkpoint(
    model: str, out: Path, *, commit: str | None = None, quantization: Quantization = "int8"
) -> Manifest:
    """Writes a folder that `model.translator` loads with the engine ctranslate2.

    The folder appears when it is whole. The same checkpoint gives the same bytes.

    Args:
      model: a checkpoint's folder, or its id on the Hugging Face hub.
      out: the folder; must not exist.
      commit: of an id, 40 hex digits.
      quantization: what the weights are stored in.

    Raises:
      ValueError: `out` exists, or the checkpoint is no translator of ours, or not whole.
      OSError: `out` cannot be written.
    """
    if quantization not in get_args(Quantization):
        raise ValueError(
            f"quantization must be one of {', '.join(get_args(Quantization))}, got {quantization}"
        )
    if out.exists():
        raise ValueError(f"{out} exists: name a folder that does not, or remove it")
    checkpoint = read_checkpoint(model, commit)
    weights = _specification(checkpoint, quantization)
    manifest = Manifest(
        checkpoint.name, checkpoint.revision, quantization, checkpoint.longest, checkpoint.tags
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as unfinished:
        folder = Path(unfinished) / out.name
        folder.mkdir()
        weights.save(str(folder))
        _copy_pieces(checkpoint, folder)
        write_manifest(folder, manifest)
        folder.rename(out)
    return manifest


def _specification(checkpoint: TranslationCheckpoint, quantization: str) -> Any:
    """The weights as ctranslate2 names and stores them, with the vocabulary.

    ctranslate2's own converter takes M2M-100's language tokens from a field that transformers 5
    leaves empty, and the configuration and the tokenizer of a hub's id from another commit.
    """
    loader = _LOADERS[checkpoint.tags.family]()
    specification = loader.get_model_spec(load_model(checkpoint, "auto"))
    tokens = list(checkpoint.vocabulary)
    start = tokens[checkpoint.start]
    if checkpoint.tags.family == "marian":
        tokens.pop()  # <pad>, whose weights the loader drops: it starts from an embedding of zeros
        start = END
    loader.set_vocabulary(specification, tokens)
    specification.config.bos_token = start
    specification.config.decoder_start_token = start
    specification.config.eos_token = END
    specification.config.unk_token = UNKNOWN
    specification.validate()
    specification.optimize(quantization=quantization)
    return specification


def _copy_pieces(checkpoint: TranslationCheckpoint, folder: Path) -> None:
    shutil.copyfile(checkpoint.source_pieces, folder / SOURCE_PIECES)
    if checkpoint.target_pieces != checkpoint.source_pieces:
        shutil.copyfile(checkpoint.target_pieces, folder / TARGET_PIECES)
