"""Pools of which it is known what is true, for `benchmarks.outcome`: a sample world, and emoji."""

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import ROOT
from schemas.ids import share_of

Rows = Sequence[dict[str, Any]]
"""With `image`, an absolute path, `language` and `text`."""

_GALLERY = 3_000  # rows at most: about 1,000 pictures
_HELD_OUT = 0.2  # of the emoji
_TRUE = {
    *("", "duplicate-picture", "near-duplicate"),
    *("contaminated-caption", "contaminated-picture"),  # by a set that judges nothing here
}
"""Defects of the sample world whose captions are true of sound pictures."""
_SKIN_TONES = {f"1f3f{tone}" for tone in "bcdef"}
_PERSONS = {"1f468", "1f469", "1f9d1"}  # man, woman, person
_JOINS = {"200d", "fe0f", "2640", "2642", "27a1"}  # female, male, facing right


@dataclass(frozen=True, slots=True)
class World:
    """A pool, and what judges a model that was trained on it.

    Attributes:
      rows: of the pool.
      is_good: whether each row's picture is sound and its caption true of it.
      galleries: tables of true pairs that are not in the pool, by name, as `pairmill evaluate`
        takes them.
      trusted: rows that a teacher may be trained on; none where it ships.
      image_size: pixels, as `[gather]` has it.
      screen: the recipe's `[screen]`; None: none.
    """

    rows: Rows
    is_good: Sequence[bool]
    galleries: dict[str, Path]
    trusted: Rows
    image_size: int
    screen: dict[str, Any] | None


def pairmill(*words: object) -> None:
    """Runs the command, and shows what it said where it fails."""
    command = [sys.executable, "-m", "pipelines.cli", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"pairmill {' '.join(map(str, words))}:\n{done.stdout}{done.stderr}")


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Writes a table of `image, language, text`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = pa.schema([(name, pa.string()) for name in ("image", "language", "text")])
    pq.write_table(pa.Table.from_pylist(list(rows), columns), path)
    return path


def sample_world(folder: Path, rows: int, mismatched: float) -> World:
    """The sample world with all its defects, and a share of its good rows mismatched besides."""
    pool, gallery = folder / "world", folder / "gallery"
    pairmill("sample", pool, "--rows", rows, "--seed", 29)
    shape = ("--rows", min(rows, _GALLERY), "--seed", 1, "--defects", 0, "--templates", "held-out")
    pairmill("sample", gallery, *shape)
    table = pq.read_table(pool / "pairs.parquet", columns=["image", "language", "text"])
    drawn = [row | {"image": str(pool / row["image"])} for row in table.to_pylist()]
    defects = pq.read_table(pool / "truth.parquet")["defect"].to_pylist()
    good = [row for row, defect in enumerate(defects) if defect in _TRUE]
    texts = mismatches(drawn, good, mismatched)
    screen: dict[str, Any] = {"caption": {"min_letters": 3, "max_pictures_per_text": 10}}
    return World(
        rows=_with_texts(drawn, texts),
        is_good=[defect in _TRUE and row not in texts for row, defect in enumerate(defects)],
        galleries={"gallery": gallery / "pairs.parquet"},
        trusted=[],
        image_size=144,
        screen=screen,
    )


def emoji_world(folder: Path, data: Path, rows: int | None, mismatched: float) -> World:
    """Emoji with their names and keywords; half of their concepts are known to be named rightly.

    A fifth of the pictures is held out, and judges each half by names alone.

    Args:
      folder: to write to.
      data: of `images/` and `pairs.parquet`: `image, language, name, keywords`.
      rows: of the pool at most; None: all.
      mismatched: share of them.
    """
    named = [
        row | {"image": str((data / "images" / row["image"]).resolve())}
        for row in pq.read_table(data / "pairs.parquet").to_pylist()
    ]
    galleries = {
        half: write_rows(
            folder / f"{half}.parquet",
            (
                {
                    "image": _copied(row["image"], folder),
                    "language": row["language"],
                    "text": row["name"],
                }
                for row in named
                if _is_held_out(row["image"]) and _half(row["image"]) == half
            ),
        )
        for half in ("known", "unknown")
    }
    seen = [
        {"image": row["image"], "language": row["language"], "text": text}
        for row in named
        if not _is_held_out(row["image"])
        for text in (row["name"], ", ".join(row["keywords"] or []))
        if text
    ][:rows]
    texts = mismatches(seen, range(len(seen)), mismatched)
    return World(
        rows=_with_texts(seen, texts),
        is_good=[row not in texts for row in range(len(seen))],
        galleries=galleries,
        trusted=[row for row in seen if _half(row["image"]) == "known"],
        image_size=128,
        screen=None,
    )


def mismatches(rows: Rows, good: Iterable[int], share: float) -> dict[int, str]:
    """Texts of other pictures, in the same language, for a share of the good rows, by row."""
    by_language: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for number in good:
        row = rows[number]
        image = Path(row["image"]).name  # wherever it lies
        place = share_of("mismatched", image, row["language"] or "", row["text"])
        if place < share:
            by_language[row["language"]].append((place, number))
    found = {}
    for placed in by_language.values():
        numbers = [number for _, number in sorted(placed)]
        for one, other in zip(numbers, [*numbers[1:], numbers[0]], strict=True):
            here, there = rows[one], rows[other]
            if here["image"] != there["image"] and here["text"] != there["text"]:
                found[one] = there["text"]
    return found


def concept_of(image: str) -> str:
    """What an emoji is of, whoever it shows: its code points but for persons and skin tones.

    >>> {concept_of(f"images/{code}.png") for code in ("1f647", "1f647_1f3fd_200d_2642")}
    {'1f647'}
    >>> concept_of("1f9d1_200d_1f4bc.png"), concept_of("1f469_1f3fe.png")
    ('1f4bc', '')
    """
    codes = Path(image).stem.split("_")
    return "_".join(code for code in codes if code not in _SKIN_TONES | _PERSONS | _JOINS)


def _copied(image: str, folder: Path) -> str:
    """The name of a picture's copy below `images/` of a folder, beside the tables that name it."""
    copy = folder / "images" / Path(image).name
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, copy)
    return copy.name


def _half(image: str) -> str:
    return "known" if share_of("concept", concept_of(image)) < 0.5 else "unknown"


def _is_held_out(image: str) -> bool:
    return share_of("held out", Path(image).name) < _HELD_OUT


def _with_texts(rows: Rows, texts: dict[int, str]) -> Rows:
    return [row | {"text": texts.get(number, row["text"])} for number, row in enumerate(rows)]
