"""What `save_pretrained` leaves behind, as transformers and sentence-transformers see it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import (
    AutoImageProcessor,
    AutoProcessor,
    AutoTokenizer,
    CLIPImageProcessorPil,
    SiglipImageProcessorPil,
)

from model.checkpoints import make_processor
from model.towers import DualEncoder
from tests.model.tiny import TEXTS, pictures, save_dual_encoder, tiny_dual_encoder, tiny_tokenizer


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DualEncoder]:
    model = tiny_dual_encoder("eva02", projection_dim=24)
    return save_dual_encoder(model, tmp_path_factory.mktemp("saved")), model


@torch.no_grad()
def ours(saved: tuple[Path, DualEncoder], truncate_dim: int | None = None) -> list[np.ndarray]:
    folder, model = saved
    processor = AutoProcessor.from_pretrained(folder)
    texts = processor(text=TEXTS, padding=True, truncation=True, return_tensors="pt")
    images = processor(images=pictures(), return_tensors="pt")
    return [
        model.encode_text(**texts, truncate_dim=truncate_dim).numpy(),
        model.encode_image(**images, truncate_dim=truncate_dim).numpy(),
    ]


def test_sentence_transformers_gives_the_same_embeddings(saved: tuple[Path, DualEncoder]) -> None:
    embedder = SentenceTransformer(str(saved[0]), device="cpu")
    assert embedder.get_embedding_dimension() == 24
    assert embedder.max_seq_length == 24
    for inputs, wanted in zip((TEXTS, pictures()), ours(saved), strict=True):
        np.testing.assert_allclose(embedder.encode(inputs), wanted, rtol=0, atol=1e-6)
    for inputs, wanted in zip((TEXTS, pictures()), ours(saved, 8), strict=True):
        part = embedder.encode(inputs, truncate_dim=8, normalize_embeddings=True)
        np.testing.assert_allclose(part, wanted, rtol=0, atol=1e-6)


def test_sentence_transformers_finds_out_by_itself(
    saved: tuple[Path, DualEncoder], tmp_path: Path
) -> None:
    """Where only the model and its processor were saved, as transformers does."""
    folder, model = saved
    model.save_pretrained(tmp_path)
    AutoProcessor.from_pretrained(folder).save_pretrained(tmp_path)
    assert not (tmp_path / "modules.json").exists()
    embedder = SentenceTransformer(str(tmp_path), device="cpu")
    for inputs, wanted in zip((TEXTS, pictures()), ours(saved), strict=True):
        got = embedder.encode(inputs, normalize_embeddings=True)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6)


def test_saved_again_by_sentence_transformers_it_is_the_same(
    saved: tuple[Path, DualEncoder], tmp_path: Path
) -> None:
    first = SentenceTransformer(str(saved[0]), device="cpu")
    first.save(str(tmp_path))
    again = SentenceTransformer(str(tmp_path), device="cpu")
    np.testing.assert_array_equal(again.encode(TEXTS), first.encode(TEXTS))


ELSEWHERE = """
import json, sys
from transformers import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True)
from sentence_transformers import SentenceTransformer
embedder = SentenceTransformer(sys.argv[1], device="cpu", trust_remote_code=True)
assert "model" not in sys.modules and "schemas" not in sys.modules
print(json.dumps([type(model).__module__, embedder.encode(json.loads(sys.argv[2])).tolist()]))
"""


def test_it_loads_where_pairmill_is_not_installed(
    saved: tuple[Path, DualEncoder], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, saved[0], json.dumps(TEXTS)],
        cwd=tmp_path,
        env={"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    module, embeddings = json.loads(done.stdout)
    assert module.startswith("transformers_modules.")
    np.testing.assert_allclose(embeddings, ours(saved)[0], rtol=0, atol=1e-5)


def test_the_processor_comes_along(saved: tuple[Path, DualEncoder]) -> None:
    folder, _ = saved
    assert AutoTokenizer.from_pretrained(folder).model_max_length == 24
    image_processor: Any = AutoImageProcessor.from_pretrained(folder)
    assert dict(image_processor.crop_size) == {"height": 32, "width": 32}


@pytest.mark.parametrize("image_processor", [CLIPImageProcessorPil, SiglipImageProcessorPil])
def test_the_processor_follows_the_stage(image_processor: type) -> None:
    model = tiny_dual_encoder()
    model.set_image_size(48)
    model.set_context_length(9)
    processor = make_processor(tiny_tokenizer(), image_processor(), model.config)
    inputs = processor(
        text=[" ".join(TEXTS)], images=pictures(), truncation=True, return_tensors="pt"
    )
    assert inputs["pixel_values"].shape == (3, 3, 48, 48)
    assert inputs["input_ids"].shape == (1, 9)
    assert model(**inputs).image_embeds.shape == (3, 32)
