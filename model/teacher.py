"""The teacher: a CLIP-like model that says how well a picture and a text belong together.

This module is the interface, and light: torch and transformers load with a teacher, not with it.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.extras import train_extra
from schemas.languages import ALL

Embeddings = npt.NDArray[np.float32]
"""[n, dim], each row of length 1."""

_REVISION_SUFFIXES = (".json", ".safetensors", ".bin", ".model", ".spm", ".txt", ".py")
_COMMIT = re.compile(r"[0-9a-f]{40}")

FAMILY_LANGUAGES = {
    "clip": ("en",),  # Radford et al. 2021, arXiv:2103.00020: English captions
    "siglip": ("en",),  # Zhai et al. 2023, arXiv:2303.15343: WebLI's English half
    "siglip-multilingual": ALL,  # ibid., section 4.4: WebLI, over 100 languages
    "siglip2": ALL,  # Tschannen et al. 2025, arXiv:2502.14786: WebLI, 109 languages
    "metaclip_2": ALL,  # Chuang et al. 2025, arXiv:2507.22062: over 300 languages
    "jina_clip": ALL,  # Koukounas et al. 2024, arXiv:2412.08802: version 2, the 30 and more
    "xlm-roberta": ALL,  # Conneau et al. 2020, arXiv:1911.02116: 100 languages
    "xlm-roberta-xl": ALL,
    "jina_embeddings_v3": ALL,  # Sturua et al. 2024, arXiv:2409.10173: XLM-RoBERTa's
}
"""Languages of ours that a family of models was trained on, by family or text encoder."""


class Encoder(Protocol):
    """A model that embeds pictures and texts in one space.

    Attributes:
      dim: features of an embedding.
    """

    dim: int

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embeds the pictures as one batch; the same batch gives the same bytes."""
        ...

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str]) -> Embeddings:
        """Embeds the texts as one batch; the same batch gives the same bytes.

        Args:
          texts: not empty.
          languages: of each text; all must be understood.

        Raises:
          ValueError: a language is not understood, or there are more or fewer than texts.
        """
        ...

    def understands(self, language: str) -> bool:
        """Whether texts of an ISO 639-1 language can be judged; one that nobody stated cannot."""
        ...


class Teacher(Encoder, Protocol):
    """An encoder that can be had again.

    Attributes:
      name: the folder or hub id that it came from.
      revision: the hub's commit, or a digest of the folder's files.
    """

    name: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSpec:
    """Which teacher, and how to run it.

    Attributes:
      model: a checkpoint's folder, or its id on the Hugging Face hub.
      revision: of an id: the commit's 40 hex digits, since branches move; None for a folder.
      languages: ISO 639-1 codes that it understands; None: those of its family.
      allow_remote_code: whether code that comes with the checkpoint may be run.
      dtype: `bfloat16`, `float32` or `auto`: bfloat16 where the processor calculates in it.
      device: as torch names it, e.g. `cuda:0`; `auto`: the GPU where there is one, else the CPU.
      threads: of the CPU that this process's torch is to use from now on; None: as it is.
    """

    model: str
    revision: str | None = None
    languages: tuple[str, ...] | None = None
    allow_remote_code: bool = False
    dtype: Literal["auto", "bfloat16", "float32"] = "auto"
    device: str = "cpu"
    threads: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where it is not certain which weights are meant."""
        if self.is_folder:
            if self.revision is not None:
                raise ValueError(
                    f"a folder has no revision, got {self.revision!r} for {self.model}"
                )
        elif not _COMMIT.fullmatch(self.revision or ""):
            raise ValueError(
                f"{self.model} is no folder, and of a hub's model the revision must be a commit, "
                f"40 hex digits, so that scores can be made again; got {self.revision!r}"
            )

    @property
    def is_folder(self) -> bool:
        """Whether `model` lies on this machine."""
        return Path(self.model).is_dir()


def revision_of(spec: TeacherSpec) -> str:
    """The commit of a hub's model, or a digest of its folder's files, 40 hex digits both."""
    return spec.revision or folder_digest(Path(spec.model))


def folder_digest(folder: Path) -> str:
    """A digest of a checkpoint's files: the revision of what has no commit, 40 hex digits."""
    digest = hashlib.blake2b(digest_size=20)
    for path in sorted(folder.iterdir()):
        if path.suffix in _REVISION_SUFFIXES:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "blake2b").hexdigest()
            digest.update(f"{path.name}\n{content}\n".encode())
    return digest.hexdigest()


def joint_revision(revisions: Sequence[str]) -> str:
    """The revision of several models together, 40 hex digits; that of one alone is its own."""
    if len(revisions) == 1:
        return revisions[0]
    return hashlib.blake2b("\n".join(revisions).encode(), digest_size=20).hexdigest()


def load_teacher(spec: TeacherSpec) -> Teacher:
    """Loads a teacher.

    Takes CLIP, SigLIP, SigLIP 2, MetaCLIP 2, transformers' `VisionTextDualEncoderModel`, our own
    dual encoders, and, where `allow_remote_code` is set, any checkpoint whose code has
    `get_text_features` and `get_image_features`.

    Raises:
      ModuleNotFoundError: the extra `train` is not installed.
      ValueError: the checkpoint is none of these, lacks weights, or needs its own code or its
        languages stated.
    """
    with train_extra("a teacher"):
        from model.checkpoint_teacher import CheckpointTeacher
    return CheckpointTeacher(spec)
