"""Does curation pay: the benchmark of it in small, and what it makes of numbers."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from benchmarks.outcome import auroc, table_of, what_is_said
from benchmarks.outcome_worlds import World, concept_of, emoji_world, mismatches
from benchmarks.tiny_teacher import SHIPPED
from schemas.layout import KEPT, PICTURE_BRANCH

ROOT = Path(__file__).parents[2]


def test_mismatches_are_captions_of_other_pictures_in_the_same_language() -> None:
    rows = [
        {"image": f"{n % 200}.png", "language": code, "text": f"{code} {n % 150}"}
        for n in range(600)
        for code in ("en", "de", None)
    ]
    good = range(0, 1_800, 2)
    texts = mismatches(rows, good, 0.4)
    assert len(texts) == pytest.approx(0.4 * len(good), rel=0.15)
    for number, text in texts.items():
        row = rows[number]
        assert number in good
        assert text.split()[0] == f"{row['language']}"
        assert text != row["text"]
    elsewhere = [row | {"image": f"/elsewhere/{row['image']}"} for row in rows]
    assert texts == mismatches(elsewhere, good, 0.4)
    few = mismatches(rows, good, 0.1)
    assert few.keys() < texts.keys()


def test_the_way_from_raw_to_oracle_and_the_share_of_it_that_is_made() -> None:
    tasks = ("text-to-image", "image-to-text")
    recalls = {"raw": [0.2, 0.4], "curated": [0.5, 0.5], "oracle": [0.5, 0.6]}
    found = {(arm, "g", tasks[0]): of for arm, of in recalls.items()}
    found |= {(arm, "g", tasks[1]): [0.3, 0.34] for arm in recalls}
    lines = [line.split("  ") for line in table_of(found, ["g"])]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells == [
        ["R@10", "g, text-to-image", "g, image-to-text"],
        ["raw", "0.300 (0.200-0.400)", "0.320 (0.300-0.340)"],
        ["curated", "0.500 (0.500-0.500)", "0.320 (0.300-0.340)"],
        ["oracle", "0.550 (0.500-0.600)", "0.320 (0.300-0.340)"],
        ["raw to oracle", "25.0 points", "0.0 points"],
        ["closed by curation", "80%", "too narrow"],
    ]


@pytest.fixture
def emoji(tmp_path: Path) -> Path:
    """A folder of coloured squares, named in two languages."""
    data = tmp_path / "emoji"
    (data / "images").mkdir(parents=True)
    rows = []
    for number in range(60):
        image = f"1f{0x600 + number:x}.png"
        colour = (number * 37 % 256, number * 91 % 256, number * 53 % 256)
        Image.new("RGB", (48, 48), colour).save(data / "images" / image)
        for language, word in (("en", "square"), ("de", "Quadrat")):
            named = {"image": image, "language": language, "name": f"{word} {number}"}
            rows.append(named | {"keywords": [word, f"x{number}"] if number % 2 else None})
    pq.write_table(pa.Table.from_pylist(rows), data / "pairs.parquet")
    return data


def test_concepts_known_and_unknown_held_out_and_seen(emoji: Path, tmp_path: Path) -> None:
    world = emoji_world(tmp_path / "world", emoji, None, 0.5)
    held = {
        half: {row["image"] for row in pq.read_table(path).to_pylist()}
        for half, path in world.galleries.items()
    }
    seen, trusted = ({row["image"] for row in rows} for rows in (world.rows, world.trusted))
    assert len(seen) + sum(map(len, held.values())) == 60
    assert trusted < seen
    concepts = {name: {concept_of(image) for image in of} for name, of in held.items()}
    assert concepts["known"].isdisjoint(concepts["unknown"])
    assert concepts["unknown"].isdisjoint(map(concept_of, trusted))
    told = pq.read_table(emoji / "pairs.parquet").to_pylist()
    names = {(row["image"], text) for row in told for text in (row["name"], _keywords(row))}
    for row, is_good in zip(world.rows, world.is_good, strict=True):
        assert ((Path(row["image"]).name, row["text"]) in names) == is_good
    assert 0.4 < sum(world.is_good) / len(world.rows) < 0.7
    galleries = [str(path) for path in world.galleries.values()]
    command = [sys.executable, "-m", "pipelines.cli", "evaluate", str(SHIPPED), *galleries]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "text-to-image" in done.stdout


def _keywords(row: dict[str, Any]) -> str:
    return ", ".join(row["keywords"] or [])


def test_scores_are_compared_within_their_fold_alone() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.8, 0.9, 0.7])
    folds, good = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 1, 0], bool)
    assert auroc(scores, folds, good) == 1
    assert auroc(scores, np.zeros(6), good) == pytest.approx(6 / 8)
    assert auroc(-scores, folds, good) == 0


def test_estimates_are_told_of_languages_that_have_their_own(tmp_path: Path) -> None:
    """Of two English captions one is wrong; what is said of German is that of all languages."""
    told = [("en", "language", 0.6), ("de", "all", 0.9), ("*", "all", 0.9)]
    thresholds = [
        {"language": language, "source": "*", "level": level, "mismatched": share}
        for language, level, share in told
    ]
    (tmp_path / PICTURE_BRANCH.thresholds).write_text(json.dumps({"thresholds": thresholds}))
    ids = ["a", "b", "c"]
    captions = {"caption_id": ids, "row": [f"pool:pairs.parquet:{row}" for row in range(3)]}
    scores = {"caption_id": ids, "fold": [0, 0, 0], "cosine": [0.5, 0.1, 0.4]}
    for folder, columns in (
        (KEPT["gather"].captions, captions),
        (PICTURE_BRANCH.scores, scores | {"language": ["en", "en", "de"]}),
    ):
        (tmp_path / folder).mkdir(parents=True)
        pq.write_table(pa.table(columns), tmp_path / folder / "part-00000.parquet")
    world = World([], [True, False, True], {}, [], 72, None)
    said = "AUROC 1.000; mismatched by language off by +0.100 to +0.100"
    assert what_is_said(tmp_path, world) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("emoji --rounds 2", "--rounds must come with --cross-fitted"),
        ("emoji --trusted", "--trusted must come with emoji"),
        ("sample --trusted --cross-fitted captions", "--trusted must come with emoji"),
    ],
)
def test_what_cannot_be_asked_of_a_teacher(asked: str, said: str) -> None:
    command = [sys.executable, "-m", "benchmarks.outcome", *asked.split()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert said in done.stderr


SMALL = ("--rows", "150", "--batch", "8", "--steps", "2", "--teacher-steps", "2", "--seeds", "1")


def test_the_whole_in_small(tmp_path: Path) -> None:
    """A teacher of two steps knows nothing: no precision can be promised by its scores."""
    lines = told_of("sample", tmp_path, "--threshold", "keep-fraction=0.5")
    arms = ["raw", "curated", "oracle"]
    assert [line.split()[0] for line in lines[:7]] == [*arms, "tiny_teacher:", *arms]
    told = {line.split()[0]: line for line in lines[:3]}
    assert "100.0% good; 100.0% of all good" in told["oracle"]
    assert "150 captions" not in told["curated"]
    assert lines[-1].startswith("closed by curation")


def test_rounds_of_teachers_that_see_what_is_trusted_in_small(emoji: Path, tmp_path: Path) -> None:
    asked = ("--cross-fitted", "captions", "--trusted", "--rounds", "2")
    kept = ("--threshold", "keep-fraction=0.5", "--data", str(emoji))
    lines = told_of("emoji", tmp_path, *asked, *kept)
    assert lines[3].startswith("teacher-1: AUROC 0.")
    for turn in (0, 1):
        fold = tmp_path / f"kept/curated/teacher-{turn}/fold-2/model/config.json"
        told_by = json.loads(fold.read_text())
        assert (told_by["unseen_fold"], told_by["folds_of"]) == (2, "captions")
        plan = tomllib.loads((tmp_path / f"kept/curated/teacher-{turn}.toml").read_text())
        assert [of.get("trusted") for of in plan["stages"][0]["images"]] == [None, True]
    recipe = (tmp_path / "kept/curated/recipe.toml").read_text()
    assert "curated/teacher-1" in recipe


def told_of(world: str, folder: Path, *words: str) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.outcome", world, *SMALL, *words]
    command += ["--folder", str(folder / "kept")]
    places = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=places)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
