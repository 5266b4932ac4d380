"""Trains the tiny teacher that ships with the project: `python -m benchmarks.tiny_teacher`.

Teaches two small towers from nothing (`teacher_teaching.py`), each in a process of its own, halves
their weights to bfloat16 and leaves them, with what they score, in `model/tiny_teacher/`. An hour
on two cores. `--judge` only judges what lies there.

Judged on worlds of other seeds, in sentences that it was not taught: retrieval among 1,000
pictures, and how well the cosine of a picture and its caption tells true captions from planted
mismatches (area under the ROC curve; also of the hard ones alone, of which one attribute is wrong),
by language.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from transformers import VisionTextDualEncoderProcessor

from benchmarks.harness import ROOT
from benchmarks.teacher_codes import NUMBERS_OF_A_CODE
from benchmarks.teacher_lessons import draw_pictures, say_sentences
from benchmarks.teacher_teaching import (
    LONGEST,
    teach_labels,
    teach_pictures,
    teach_sentences,
    teach_words,
)
from model.building import build, load_dual_encoder
from model.pictures import decode_picture
from model.plan import ModelPlan
from model.teacher import TeacherSpec, load_teacher
from model.towers import DualEncoder
from pipelines.sample.dice import Dice
from pipelines.sample.grammars import GRAMMARS, say_fact
from pipelines.sample.spoiling import encode
from pipelines.sample.subjects import Subject, alter, compose, draw, facts_of, may_hold
from schemas.languages import ALL

SHIPPED = ROOT / "model" / "tiny_teacher"
_WORK = ROOT / "out" / "tiny-teacher"
_TEXT, _IMAGE = _WORK / "text", _WORK / "image.safetensors"
_SEED = 7  # of the world that it learns from
_IMAGE_SIZE = 96  # pixels
_MODEL = ModelPlan(
    learned_tokens=5000,  # most words of 30 languages are one token then
    projection_dim=NUMBERS_OF_A_CODE,
    image_pooling="pyramid",  # what a mean over all of the picture would not know
    new_text={
        "model_type": "modernbert",  # norms before, not after: learns several times as fast
        "hidden_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 6,
        "intermediate_size": 384,
        "max_position_embeddings": 64,  # tokens
        "initializer_range": 0.05,
        **dict.fromkeys(
            ("bos_token_id", "cls_token_id"), 0
        ),  # those of a tokenizer that is learned
        **dict.fromkeys(("eos_token_id", "sep_token_id"), 2),
    },
    new_image={
        "model_type": "resnet",  # learns shapes and colours from fewer pictures than a ViT
        "image_size": _IMAGE_SIZE,
        "embedding_size": 32,
        "hidden_sizes": [48, 96, 192],
        "depths": [1, 1, 1],
        "layer_type": "basic",
    },
)
_FILES = (
    "config.json",
    "model.safetensors",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
_BATCH = 256  # pictures or texts that are judged at a time
T = TypeVar("T")

_LANGUAGES = 10  # in which something is said of a picture that is judged
_WRONG = ("mismatched", "mismatched-hard")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption that is judged, in a sentence that no teacher was taught.

    Attributes:
      picture: number of its picture.
      language: ISO 639-1.
      defect: one of _WRONG; "": none.
      text: …
    """

    picture: int
    language: str
    defect: str
    text: str


def _pairmill(*words: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pipelines.cli", *map(str, words)], cwd=ROOT, check=True)


def _draw(name: str, rows: int, seed: int) -> Path:
    shape = ("--rows", rows, "--seed", seed, "--defects", 0, "--templates", "held-out")
    _pairmill("sample", _WORK / name, *map(str, shape))
    return _WORK / name


def train() -> None:
    """Teaches the towers that an earlier call has not taught, side by side."""
    context = get_context("spawn")
    lessons = [(_teach_text, _TEXT), (_teach_image, _IMAGE)]
    running = [context.Process(target=teach) for teach, made in lessons if not made.exists()]
    for process in running:
        process.start()
    for process in running:
        process.join()
    if not (_TEXT.exists() and _IMAGE.exists()):
        sys.exit("a tower was not taught: see above")


def _teach_text() -> None:
    sentences = say_sentences(scenes=40_000, seed=_SEED, each=6)
    model, processor = _begin(sentences.texts[::7])
    teach_words(model, processor.tokenizer, sentences, steps=600, batch=192, dropped=0.1)
    teach_sentences(model, processor.tokenizer, sentences, steps=3400, batch=192, dropped=0.1)
    model.config.languages = list(ALL)
    model.set_context_length(LONGEST)
    partial = _TEXT.with_name("text.partial")
    model.save_pretrained(partial, processor)
    partial.rename(_TEXT)


def _teach_image() -> None:
    pictures = draw_pictures(count=60_000, seed=_SEED, side=_IMAGE_SIZE, sentences=4)
    model, _ = _begin(["no text is read here"])
    teach_labels(model, pictures, steps=2000, batch=128)
    teach_pictures(model, pictures, steps=2000, batch=128)
    partial = _IMAGE.with_name("image.partial")
    save_file(_image_weights(model), partial, {"format": "pt"})
    partial.rename(_IMAGE)


def _begin(texts: Iterable[str]) -> tuple[DualEncoder, VisionTextDualEncoderProcessor]:
    torch.set_num_threads(1)
    torch.manual_seed(_SEED)
    model, processor = build(_MODEL, texts)
    return model.train(), processor


def _image_weights(model: DualEncoder) -> dict[str, torch.Tensor]:
    weights = model.state_dict()
    return {name: weights[name].contiguous() for name in weights if name.startswith("image_")}


def ship() -> None:
    """Puts the towers together, in half of their bytes and without their code, which is ours."""
    model, processor = load_dual_encoder(str(_TEXT))
    model.load_state_dict(load_file(_IMAGE), strict=False)
    whole = _WORK / "model"
    model.bfloat16().save_pretrained(whole, processor)
    SHIPPED.mkdir(exist_ok=True)
    for name in _FILES:
        shutil.copyfile(whole / name, SHIPPED / name)
    config = json.loads((SHIPPED / "config.json").read_text("utf-8"))
    config.pop("auto_map", None)
    (SHIPPED / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def judge(pictures: int) -> None:
    """Prints and writes `scores.json`: retrieval, then what the cosine tells."""
    gallery = _draw("gallery", 3_000, seed=1)
    scores = _WORK / "retrieval.json"
    _pairmill("evaluate", SHIPPED, gallery / "pairs.parquet", "--json", scores)
    areas = _areas(pictures, seed=307)
    for language, (together, hard) in areas.items():
        print(f"{language:4} mismatches {together:.3f}, hard ones alone {hard:.3f}")
    retrieval = json.loads(scores.read_text("utf-8").replace(f"{ROOT}/", ""))
    found = {"retrieval": retrieval, "area_under_roc": areas}
    (SHIPPED / "scores.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def _areas(pictures: int, seed: int) -> dict[str, tuple[float, float]]:
    """Areas under the ROC curve by language and, under `all`, over all captions."""
    said, images, texts = embed_captions(pictures, seed)
    cosines = (texts * images[[row.picture for row in said]]).sum(1)  # [rows]
    by_language: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row, cosine in zip(said, cosines.tolist(), strict=True):
        by_language[row.language].append((row.defect, cosine))
        by_language["all"].append((row.defect, cosine))
    return {
        language: (_area(found, _WRONG), _area(found, _WRONG[1:]))
        for language, found in sorted(by_language.items())
    }


def _say(subjects: list[Subject], number: int, seed: int) -> Iterator[Caption]:
    """Yields captions of a picture, three in each of some languages: two of them are mismatched."""
    subject = subjects[number]
    dice = Dice(seed, number)
    for language in dice.shuffle("languages", ALL)[:_LANGUAGES]:
        fact = dice.pick(f"fact/{language}", facts_of(subject))
        other = next(
            found
            for attempt in count()
            for of in [dice.pick(f"other/{language}/{attempt}", subjects)]
            for found in [dice.pick(f"other-fact/{language}/{attempt}", facts_of(of))]
            if not may_hold(found, subject)
        )
        altered, _ = alter(fact, subject, Dice(seed, (number << 8) + ALL.index(language)))
        for defect, claimed in zip(("", *_WRONG), (fact, other, altered), strict=True):
            text = say_fact(claimed, GRAMMARS[language], held_out=True)
            yield Caption(number, language, defect, text)


def _area(found: list[tuple[str, float]], wrong: tuple[str, ...]) -> float:
    told = [(not defect, cosine) for defect, cosine in found if defect in ("", *wrong)]
    sound, cosines = zip(*told, strict=True)
    return round(float(roc_auc_score(sound, cosines)), 4)


def embed_captions(pictures: int, seed: int) -> tuple[list[Caption], np.ndarray, np.ndarray]:
    """Captions of so many pictures of a world, and what the teacher that ships makes of both.

    Returns:
      The captions, the pictures' embeddings [pictures, d], the captions' [captions, d].
    """
    subjects = [compose(Dice(seed, number)) for number in range(pictures)]
    said = [row for number in range(pictures) for row in _say(subjects, number, seed)]
    teacher = load_teacher(TeacherSpec(model=str(SHIPPED)))
    images = [
        teacher.embed_images([decode_picture(encode(draw(of), "jpg")) for of in some])
        for some in _batches(subjects)
    ]
    texts = [
        teacher.embed_texts([row.text for row in some], [row.language for row in some])
        for some in _batches(said)
    ]
    return said, np.concatenate(images), np.concatenate(texts)


def _batches(rows: list[T]) -> list[list[T]]:
    return [rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH)]


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", action="store_true", help="what lies there, without training")
    parser.add_argument("--pictures", type=int, default=3000, help="with captions and mismatches")
    asked = parser.parse_args()
    _WORK.mkdir(parents=True, exist_ok=True)
    if not asked.judge:
        train()
        ship()
    judge(asked.pictures)


if __name__ == "__main__":
    main()
