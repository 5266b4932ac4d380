import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from transformers import PreTrainedModel

from model.sentence_encoder import SentenceEncoderSpec, encoder_revision, load_sentence_encoder
from tests.model.sentence_encoders import DIM, encoder
from tests.model.tiny import TEXTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder(tmp_path_factory.mktemp("encoder"))


def test_embeddings_are_those_of_sentence_transformers_of_length_1(folder: Path) -> None:
    subject = load_sentence_encoder(SentenceEncoderSpec(model=str(folder)))
    found = subject.embed_texts(TEXTS)
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), subject.dim) == (len(TEXTS), DIM)
    plain = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    expected = plain / np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert subject.embed_texts([]).shape == (0, DIM)


def test_the_revision_is_of_every_modules_files(folder: Path, tmp_path: Path) -> None:
    spec = SentenceEncoderSpec(model=str(folder))
    before = encoder_revision(spec)
    (weights,) = folder.glob("2_*/model.safetensors")
    layer = load_file(weights)
    save_file({name: tensor + 1 for name, tensor in layer.items()}, weights)
    assert encoder_revision(spec) != before
    save_file(layer, weights)
    hub = SentenceEncoderSpec(model="a/b", revision="0123456789" * 4)
    assert encoder_revision(hub) == "0123456789" * 4


def with_tower(
    folder: Path, there: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Any:
    """Loads the encoder with other weights of its tower."""
    shutil.copytree(folder, there)
    weights = there / "model.safetensors"
    save_file(change(load_file(weights)), weights, metadata={"format": "pt"})
    return load_sentence_encoder(SentenceEncoderSpec(model=str(there)))


def test_weights_that_lack_are_not_drawn_by_chance(folder: Path, tmp_path: Path) -> None:
    def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return lambda weights: {key: tensor for key, tensor in weights.items() if name not in key}

    expected = load_sentence_encoder(SentenceEncoderSpec(model=str(folder))).embed_texts(TEXTS)
    pooled = with_tower(folder, tmp_path / "pooled", without("pooler."))
    np.testing.assert_array_equal(pooled.embed_texts(TEXTS), expected)
    with pytest.raises(ValueError, match=r"lacks \d+ weights, e\.g\. encoder\.layer\.0\."):
        with_tower(folder, tmp_path / "other", without("layer.0."))
    usual = PreTrainedModel.from_pretrained.__func__  # type: ignore[attr-defined]
    assert usual.__name__ == "from_pretrained"


def test_what_is_no_number_is_no_embedding(folder: Path, tmp_path: Path) -> None:
    broken = with_tower(
        folder, tmp_path / "broken", lambda weights: {k: t * np.nan for k, t in weights.items()}
    )
    with pytest.raises(FloatingPointError, match="made embeddings that are not finite"):
        broken.embed_texts(TEXTS)


def test_a_branch_is_no_revision() -> None:
    with pytest.raises(ValueError, match="of a hub's model the revision must be a commit"):
        SentenceEncoderSpec(model="a/b", revision="main")


@pytest.mark.parametrize("missing", ["torch", "sentence_transformers"])
def test_a_missing_extra_is_named(
    folder: Path, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "model.loaded_encoder", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'pairmill\[train\]'"):
        load_sentence_encoder(SentenceEncoderSpec(model=str(folder)))


def test_the_interface_is_light() -> None:
    program = (
        "import sys, model.sentence_encoder; "
        "print([name for name in ('torch', 'sentence_transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
