import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoProcessor

from model.model_encoder import family_of
from model.teacher import Teacher, TeacherSpec, folder_digest, load_teacher
from schemas.languages import ALL, UNKNOWN
from tests.model import checkpoints
from tests.model.checkpoints import FAMILIES, state
from tests.model.tiny import LANGUAGES, TEXTS, pictures

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CASED = ["A RED circle", "Ein ROTER Kreis"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's checkpoint, made when first asked for."""
    root, made = tmp_path_factory.mktemp("families"), {}

    def get(family: str) -> Path:
        if family not in made:
            made[family] = FAMILIES[family](root / family)
        return made[family]

    return get


def teacher(folder: Path, **settings: Any) -> Teacher:
    return load_teacher(TeacherSpec(**({"model": str(folder), "dtype": "float32"} | settings)))


@torch.no_grad()
def transformers_own(
    folder: Path, texts: list[str], images: list[Image.Image]
) -> tuple[np.ndarray, np.ndarray]:
    """What the model's own forward makes of what its own processor makes of them."""
    processor, model = AutoProcessor.from_pretrained(folder), AutoModel.from_pretrained(folder)
    padding = "max_length" if "siglip" in folder.name else "longest"
    length = 16 if "siglip" in folder.name else processor.tokenizer.model_max_length
    patches = {"patch_size": 8, "max_num_patches": 16} if "naflex" in folder.name else {}
    inputs = processor(
        text=[text.lower() for text in texts] if "siglip" in folder.name else texts,
        images=images,
        text_kwargs={"padding": padding, "truncation": True, "max_length": length},
        images_kwargs=patches,
        common_kwargs={"return_tensors": "pt"},
    )
    if "siglip" in folder.name:
        inputs.pop("attention_mask", None)
    output = model.eval()(**inputs)
    return output.text_embeds.numpy(), output.image_embeds.numpy()


def test_it_calculates_on_so_many_threads(folder: Callable[[str], Path]) -> None:
    torch.set_num_threads(2)
    with ThreadPoolExecutor(1) as other:  # one that has calculated on two before
        other.submit(lambda: torch.ones(300, 300) @ torch.ones(300, 300)).result()
        made = teacher(folder("clip"), threads=1, device="auto")
        assert torch.get_num_threads() == 1
        other.submit(made.embed_texts, ["a"], ["en"]).result()
        assert other.submit(torch.get_num_threads).result() == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_embeddings_are_transformers_own(family: str, folder: Callable[[str], Path]) -> None:
    known = ALL if family in ("clip", "siglip") else None  # which know English alone
    subject = teacher(folder(family), languages=known)
    long = " ".join(TEXTS)
    texts, languages = [*TEXTS, *CASED, long], [*LANGUAGES, "en", "de", "en"]
    wanted_texts, wanted_images = transformers_own(folder(family), texts, pictures())
    got_texts, got_images = subject.embed_texts(texts, languages), subject.embed_images(pictures())
    np.testing.assert_allclose(got_texts, wanted_texts, rtol=0, atol=1e-6)
    np.testing.assert_allclose(got_images, wanted_images, rtol=0, atol=1e-6)
    assert got_texts.dtype == got_images.dtype == np.float32
    assert got_texts.shape[1] == got_images.shape[1] == subject.dim
    np.testing.assert_allclose(np.linalg.norm(got_images, axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("family", ["siglip", "siglip2", "siglip2_naflex"])
def test_siglip_does_not_see_capital_letters(family: str, folder: Callable[[str], Path]) -> None:
    subject = teacher(folder(family), languages=("en", "de"))
    lower = [text.lower() for text in CASED]
    np.testing.assert_array_equal(
        subject.embed_texts(CASED, ["en", "de"]), subject.embed_texts(lower, ["en", "de"])
    )


@pytest.mark.parametrize("family", ["siglip", "siglip2"])
def test_siglips_texts_do_not_depend_on_their_neighbours(
    family: str, folder: Callable[[str], Path]
) -> None:
    """All are padded to one length."""
    subject = teacher(folder(family), languages=("en",))
    alone = subject.embed_texts(["a"], ["en"])[0]
    beside = subject.embed_texts(["a", " ".join(TEXTS)], ["en", "en"])[0]
    np.testing.assert_allclose(alone, beside, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", ["clip", "siglip2", "ours"])
def test_the_same_batch_gives_the_same_bytes(family: str, folder: Callable[[str], Path]) -> None:
    settings = {"languages": ALL, "dtype": "bfloat16"}
    first, second = (teacher(folder(family), **settings) for _ in range(2))
    assert first.revision == second.revision
    for _ in range(2):
        assert first.embed_images(pictures()).tobytes() == second.embed_images(pictures()).tobytes()
        texts = [subject.embed_texts(TEXTS, LANGUAGES) for subject in (first, second)]
        assert texts[0].tobytes() == texts[1].tobytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_bfloat16_agrees_with_float32(family: str, folder: Callable[[str], Path]) -> None:
    exact, rough = (
        teacher(folder(family), languages=ALL, dtype=dtype) for dtype in ("float32", "bfloat16")
    )
    texts = [subject.embed_texts(TEXTS, LANGUAGES) for subject in (exact, rough)]
    images = [subject.embed_images(pictures()) for subject in (exact, rough)]
    for wanted, got in (texts, images):
        assert got.dtype == np.float32
        assert (wanted * got).sum(1).min() > 0.99
        np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("family", ["clip", "vision_text"])
def test_pictures_of_any_mode_are_looked_at_in_colour(
    family: str, folder: Callable[[str], Path]
) -> None:
    """ViT's image processor would not see to it."""
    subject = teacher(folder(family))
    grey = pictures()[0].convert("L")
    embeddings = subject.embed_images([grey, grey.convert("RGB"), grey.convert("RGBA")])
    np.testing.assert_allclose(embeddings[1:], embeddings[[0, 0]], rtol=0, atol=1e-6)


def test_nothing_in_nothing_out(folder: Callable[[str], Path]) -> None:
    subject = teacher(folder("clip"))
    assert subject.embed_images([]).shape == subject.embed_texts([], []).shape == (0, 24)


@pytest.mark.parametrize(
    ("family", "understood"),
    [
        ("clip", ("en",)),
        ("metaclip_2", ALL),
        ("siglip", ("en",)),
        ("siglip2", ALL),
        ("siglip2_naflex", ALL),
        ("vision_text", ALL),
        ("ours", ALL),
    ],
)
def test_languages_are_those_of_the_family(
    family: str, understood: tuple[str, ...], folder: Callable[[str], Path]
) -> None:
    subject = teacher(folder(family))
    assert [code for code in ALL if subject.understands(code)] == list(understood)
    assert not subject.understands(UNKNOWN)


def test_what_a_dual_encoder_was_trained_on_counts(tmp_path: Path) -> None:
    state(checkpoints.ours(tmp_path), languages=["de", "fr"])
    assert teacher(tmp_path).understands("fr")
    assert not teacher(tmp_path).understands("en")
    assert teacher(tmp_path, languages=("en",)).understands("en")


def test_languages_that_nobody_knows_must_be_stated(tmp_path: Path) -> None:
    checkpoints.vision_text_of_unknown_language(tmp_path)
    with pytest.raises(ValueError, match="does not tell its languages"):
        teacher(tmp_path)
    assert teacher(tmp_path, languages=("it",)).understands("it")


def test_a_large_vocabulary_is_the_multilingual_siglips(folder: Callable[[str], Path]) -> None:
    config = AutoModel.from_pretrained(folder("siglip")).config
    assert family_of(config, "SiglipTokenizer") == "siglip"
    config.text_config.vocab_size = 250_000
    assert family_of(config, "SiglipTokenizer") == "siglip-multilingual"
    assert family_of(config, "GemmaTokenizer") == "siglip2"


def test_texts_that_it_does_not_understand_are_refused(folder: Callable[[str], Path]) -> None:
    subject = teacher(folder("clip"))
    with pytest.raises(ValueError, match=r"does not understand de, th$"):
        subject.embed_texts(["a", "b", "c"], ["th", "en", "de"])
    with pytest.raises(ValueError, match="2 texts must have as many languages, got 1"):
        subject.embed_texts(["a", "b"], ["en"])


def test_a_folders_revision_follows_its_content(tmp_path: Path) -> None:
    checkpoints.clip(tmp_path)
    before = folder_digest(tmp_path)
    assert teacher(tmp_path).revision == before
    (tmp_path / "notes.md").write_text("not part of it")
    assert folder_digest(tmp_path) == before
    weights = load_file(tmp_path / "model.safetensors")
    weights["logit_scale"] += 1
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    assert folder_digest(tmp_path) != before


def test_missing_weights_are_an_error(tmp_path: Path) -> None:
    """Where transformers would go on with random ones."""
    checkpoints.clip(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks weights, 1 in all: visual_projection\.weight"):
        teacher(tmp_path)


def test_a_model_of_texts_alone_is_no_teacher(tmp_path: Path) -> None:
    model = AutoModel.from_pretrained(checkpoints.vision_text(tmp_path / "both")).text_model
    model.save_pretrained(tmp_path / "text")
    with pytest.raises(ValueError, match="must have get_text_features, got XLMRobertaModel"):
        teacher(tmp_path / "text", languages=("en",))


def test_code_that_comes_along_runs_only_where_it_may(tmp_path: Path) -> None:
    checkpoints.with_code(tmp_path)
    with pytest.raises(ValueError, match="brings code of its own, which allow_remote_code"):
        teacher(tmp_path)
    subject = teacher(tmp_path, allow_remote_code=True)
    assert subject.embed_images(pictures()).shape == (3, 24)
    assert subject.embed_texts(TEXTS, LANGUAGES).shape == (len(TEXTS), 24)


@pytest.mark.parametrize("revision", [None, "main", COMMIT[:7], COMMIT.upper()])
def test_a_hubs_model_needs_a_commit(revision: str | None) -> None:
    with pytest.raises(ValueError, match="must be a commit, 40 hex digits"):
        TeacherSpec(model="google/siglip2-base-patch16-256", revision=revision)
    assert TeacherSpec(model="google/siglip2-base-patch16-256", revision=COMMIT)


@pytest.mark.parametrize("family", ["clip", "siglip2", "ours"])
def test_a_hubs_model_is_read_at_its_commit(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the cache, where a machine without a network has it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    FAMILIES[family](tmp_path / f"models--someone--{family}" / "snapshots" / COMMIT)
    subject = teacher(Path("someone") / family, revision=COMMIT, languages=("en",))
    assert (subject.name, subject.revision) == (f"someone/{family}", COMMIT)
    assert subject.embed_images(pictures()).shape == (3, subject.dim)


def test_a_folder_takes_no_revision(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a folder has no revision, got '0123"):
        TeacherSpec(model=str(tmp_path), revision=COMMIT)


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_a_missing_extra_is_named(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "model.checkpoint_teacher")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'pairmill\[train\]'"):
        teacher(tmp_path)
