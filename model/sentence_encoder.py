"""The sentence encoder: a model that says how well two texts of any languages mean the same.

This module is the interface, and light: torch and sentence-transformers load with an encoder.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from model.extras import train_extra
from model.teacher import Embeddings, folder_digest, joint_revision
from model.translator import require_revision

_MODULES = "modules.json"


class SentenceEncoder(Protocol):
    """A model that embeds texts of many languages in one space.

    Attributes:
      dim: features of an embedding.
    """

    dim: int

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embeds the texts as one batch; the same batch gives the same bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceEncoderSpec:
    """Which sentence encoder, and how to run it.

    Attributes:
      model: a folder that sentence-transformers reads, or an id on the Hugging Face hub.
      revision: of an id: the commit's 40 hex digits, since branches move; None for a folder.
      device: as torch names it, e.g. `cuda:0`; `auto`: the GPU where there is one, else the CPU.
      threads: of the CPU that this process's torch is to use from now on.
    """

    model: str
    revision: str | None = None
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError where it is not certain which weights are meant."""
        require_revision(self.model, self.revision)


def encoder_revision(spec: SentenceEncoderSpec) -> str:
    """The commit of a hub's model, or a digest of the files of all its modules, 40 hex digits.

    Raises:
      ValueError: the folder does not list its modules as sentence-transformers does.
    """
    folder = Path(spec.model)
    if spec.revision:
        return spec.revision
    modules = folder / _MODULES
    try:
        named = json.loads(modules.read_text("utf-8")) if modules.is_file() else []
        folders = sorted({folder, *(folder / module["path"] for module in named)})
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{modules} is no list of modules, each with its path") from error
    return joint_revision([folder_digest(of) for of in folders if of.is_dir()])


def load_sentence_encoder(spec: SentenceEncoderSpec) -> SentenceEncoder:
    """Loads a sentence encoder.

    Raises:
      ModuleNotFoundError: the extra `train` is not installed.
      ValueError: sentence-transformers cannot read the model.
      OSError: likewise.
    """
    with train_extra("a sentence encoder"):
        from model.loaded_encoder import LoadedEncoder
    return LoadedEncoder(spec)
