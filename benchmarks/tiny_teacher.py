"""Trains the tiny teacher that ships with the project: `python -m benchmarks.tiny_teacher`.

Draws a sample world without defects, gathers and packs it, trains two small towers from nothing on
it (`configs/train/tiny_teacher.toml`), halves their weights to bfloat16 and leaves them, with what
they score, in `model/tiny_teacher/`. `--judge` only judges what lies there.

Judged on worlds of other seeds, in sentences that no training world has: retrieval among 1,000
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
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score

from benchmarks.harness import ROOT
from model.pictures import decode_picture
from model.teacher import TeacherSpec, load_teacher

SHIPPED = ROOT / "model" / "tiny_teacher"
_PLAN = ROOT / "configs" / "train" / "tiny_teacher.toml"
_WORK = ROOT / "out" / "tiny-teacher"
_TRAINED = _WORK / "training" / "model"
_FILES = ("config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json")
_BATCH = 256  # pictures or texts
_SOUND = ("",)
_WRONG = ("mismatched", "mismatched-hard")
_RECIPE = """\
output = "out"
seed = 17                    # of the order of the samples in the shards

[[sources]]
name = "sample"
format = "table"
path = "pairs.parquet"
url_column = "image"
caption_column = "text"
language_column = "language"
licence_column = "licence"

[gather]
image_size = 144             # pixels: twice what the tower sees
pictures_per_shard = 2000
allow_local_files = true

[pack]
samples_per_shard = 2000
"""


def _pairmill(*words: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pipelines.cli", *map(str, words)], cwd=ROOT, check=True)


def _draw(name: str, rows: int, seed: int, defects: float, templates: str) -> Path:
    shape = ("--rows", rows, "--seed", seed, "--defects", defects, "--templates", templates)
    _pairmill("sample", _WORK / name, *map(str, shape))
    return _WORK / name


def train() -> None:
    """Draws the worlds and trains; taken up where an earlier call ended while training."""
    if not (_WORK / "training").exists():
        world = _draw("world", 110_000, seed=7, defects=0, templates="train")
        (world / "teacher.toml").write_text(_RECIPE, "utf-8")
        _pairmill("curate", world / "teacher.toml")
        _draw("gallery", 3_000, seed=1, defects=0, templates="held-out")
    _pairmill("train", _PLAN)


def ship() -> None:
    """Copies what was trained, in half of its bytes and without its code, which is ours."""
    SHIPPED.mkdir(exist_ok=True)
    for name in _FILES:
        shutil.copyfile(_TRAINED / name, SHIPPED / name)
    config = json.loads((SHIPPED / "config.json").read_text("utf-8"))
    config.pop("auto_map", None)
    (SHIPPED / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    weights = load_file(_TRAINED / "model.safetensors")
    halved = {
        name: value.to(torch.bfloat16) if value.is_floating_point() else value
        for name, value in weights.items()
    }
    save_file(halved, SHIPPED / "model.safetensors", {"format": "pt"})


def judge(rows: int) -> None:
    """Prints and writes `scores.json`: retrieval, then what the cosine tells."""
    gallery = _draw("gallery", 3_000, seed=1, defects=0, templates="held-out")
    scores = _WORK / "retrieval.json"
    _pairmill("evaluate", SHIPPED, gallery / "pairs.parquet", "--json", scores)
    areas = _areas(_draw("planted", rows, seed=307, defects=0.5, templates="held-out"))
    for language, (together, hard) in areas.items():
        print(f"{language:4} mismatches {together:.3f}, hard ones alone {hard:.3f}")
    retrieval = json.loads(scores.read_text("utf-8").replace(f"{ROOT}/", ""))
    found = {"retrieval": retrieval, "area_under_roc": areas}
    (SHIPPED / "scores.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def _areas(world: Path) -> dict[str, tuple[float, float]]:
    """Areas under the ROC curve by language and, under `all`, over all captions."""
    pairs = pq.read_table(world / "pairs.parquet").to_pylist()
    defects = pq.read_table(world / "truth.parquet")["defect"].to_pylist()
    chosen = [
        (pair, defect)
        for pair, defect in zip(pairs, defects, strict=True)
        if defect in _SOUND + _WRONG and pair["language"]
    ]
    cosines = _cosines(world, [pair for pair, _ in chosen])
    by_language: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for (pair, defect), cosine in zip(chosen, cosines.tolist(), strict=True):
        by_language[pair["language"]].append((defect, cosine))
        by_language["all"].append((defect, cosine))
    return {
        language: (_area(found, _WRONG), _area(found, _WRONG[1:]))
        for language, found in sorted(by_language.items())
    }


def _area(found: list[tuple[str, float]], wrong: tuple[str, ...]) -> float:
    told = [(defect in _SOUND, cosine) for defect, cosine in found if defect in _SOUND + wrong]
    sound, cosines = zip(*told, strict=True)
    return round(float(roc_auc_score(sound, cosines)), 4)


def _cosines(world: Path, pairs: list[dict[str, Any]]) -> np.ndarray:
    """Of each pair's picture and text, [pairs]."""
    teacher = load_teacher(TeacherSpec(model=str(SHIPPED)))
    paths = sorted({pair["image"] for pair in pairs})
    at = {path: row for row, path in enumerate(paths)}
    images = np.concatenate(
        [
            teacher.embed_images(
                [
                    decode_picture((world / path).read_bytes())
                    for path in paths[first : first + _BATCH]
                ]
            )
            for first in range(0, len(paths), _BATCH)
        ]
    )  # [pictures, d]
    texts = np.concatenate(
        [
            teacher.embed_texts(
                [pair["text"] for pair in pairs[first : first + _BATCH]],
                [pair["language"] for pair in pairs[first : first + _BATCH]],
            )
            for first in range(0, len(pairs), _BATCH)
        ]
    )  # [pairs, d]
    return np.asarray((texts * images[[at[pair["image"]] for pair in pairs]]).sum(1))


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", action="store_true", help="what lies there, without training")
    parser.add_argument("--rows", type=int, default=12000, help="of the world with mismatches")
    asked = parser.parse_args()
    _WORK.mkdir(parents=True, exist_ok=True)
    if not asked.judge:
        train()
        ship()
    judge(asked.rows)


if __name__ == "__main__":
    main()
