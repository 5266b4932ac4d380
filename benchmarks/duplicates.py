"""Near-duplicates: are all found, at what share of the comparisons, and how does the cost grow?

    python -m benchmarks.duplicates [--data FOLDER] [--edited N] [--sizes N …]

First, pictures of which some are edited (stored anew, scaled, lightly cropped, framed, brightened):
which copies PDQ leaves within 31 bits, and which of all such pairs are found, against brute force
over all pairs. Second, the duplicates of more and more pictures, found by the pipeline in a process
tree under watch. Their hashes are those of pictures blended of two of the first ones, so that bits
go together as they do in real hashes; a fifth are near copies of others, a hundredth are copies of
one placeholder, a fiftieth have the same bytes as another. Exits with 1 where a near pair is missed
or over 5 % of the pairs are compared.
"""

import argparse
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pdqhash
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.harness import Measured, drawn_pictures, found_pictures, measure, show
from benchmarks.told import MARK
from filters.duplicates import DuplicateRules
from filters.near_hashes import FURTHEST, dealt, distances, key_places, near_keys, near_pairs
from pipelines.colours import flattened
from pipelines.decoding import Decoding, prepare
from pipelines.duplicates import CANDIDATES, ChooseBest, find_groups
from pipelines.recipe import Recipe, Source
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import buckets_for, hash_buckets
from pipelines.transforms.tables import write_table
from schemas.ids import digest
from schemas.layout import part_name

_MIB = 1 << 20
_CLEAR = DuplicateRules().min_pdq_quality
_MOST_COMPARED = 0.05

Edit = Callable[[Image.Image], Image.Image]
Pairs = set[tuple[int, int]]


def _crop(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 50, height // 50, width - width // 50, height - height // 50))


_EDITS: dict[str, tuple[Edit, str, int]] = {
    "as JPEG of quality 40": (lambda image: image, "JPEG", 40),
    "as WebP of quality 60": (lambda image: image, "WEBP", 60),
    "half as large": (lambda image: image.reduce(2), "JPEG", 90),
    "half as large again as it was": (lambda image: ImageOps.scale(image, 1.5), "JPEG", 90),
    "2 % cropped on each side": (_crop, "JPEG", 90),
    "a border of 1 %": (lambda image: ImageOps.expand(image, image.width // 100, "black"),
                        "JPEG", 90),
    "15 % brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.15), "JPEG", 90),
    "15 % less contrast": (lambda image: ImageEnhance.Contrast(image).enhance(0.85), "JPEG", 90),
}  # fmt: skip


# Recall


def _edited(path: Path, edit: str) -> bytes:
    change, form, quality = _EDITS[edit]
    sink = io.BytesIO()
    with Image.open(path) as image:
        change(flattened(image)).save(sink, form, quality=quality)
    return sink.getvalue()


def _hashed(pictures: list[Path], edited: int) -> Iterator[tuple[str, str, int, str]]:
    """All pictures, and some of them edited: name of the original, edit, quality, hash."""
    chosen = set(pictures[:: max(1, len(pictures) // edited)][:edited])
    for path in pictures:
        for edit in ("", *(_EDITS if path in chosen else ())):
            body = _edited(path, edit) if edit else path.read_bytes()
            measures = prepare(body, Decoding())[1]
            yield str(path), edit, measures.pdq_quality, measures.pdq


def _brute_force(hashes: np.ndarray) -> Pairs:
    found = set()
    for row in range(len(hashes) - 1):
        near = np.flatnonzero(distances(hashes[row + 1 :], hashes[row : row + 1]) <= FURTHEST)
        found |= {(row, row + 1 + int(other)) for other in near}
    return found


def _joined(hashes: np.ndarray) -> tuple[Pairs, int]:
    """The pairs that the bands find, and how many were compared."""
    rows, keys = near_keys(hashes, key_places(FURTHEST))
    found, compared = set(), 0
    for left, right, _, n in near_pairs(keys, hashes[rows], FURTHEST):
        compared += n
        pairs = zip(rows[left].tolist(), rows[right].tolist(), strict=True)
        found |= {(min(pair), max(pair)) for pair in pairs}
    return found, compared


def _show_recall(pictures: list[Path], edited: int) -> bool:
    """Prints how much of what is near is found; whether that is as it must be."""
    hashed = [row for row in _hashed(pictures, edited) if row[2] >= _CLEAR]
    hashes = dealt([row[3] for row in hashed])
    near = _brute_force(hashes)
    found, compared = _joined(hashes)
    row_of = {row[:2]: at for at, row in enumerate(hashed)}
    copies: Counter[str] = Counter()
    within: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for (path, edit), at in row_of.items():
        original = row_of.get((path, ""))
        if edit and original is not None:
            pair = (original, at)
            copies[edit] += 1
            within[edit] += pair in near
            caught[edit] += pair in found
    header = ("edit", "copies", f"within {FURTHEST} bits", "found of these")
    lines = [
        (edit, f"{n:,}", f"{within[edit] / n:.1%}", f"{caught[edit] / max(1, within[edit]):.2%}")
        for edit, n in copies.items()
    ]
    show(header, lines)
    every = len(hashes) * (len(hashes) - 1) // 2
    recall, share = len(found & near) / max(1, len(near)), compared / every
    print(
        f"{len(hashes):,} hashes, {every:,} pairs, {len(near):,} of them within {FURTHEST} bits: "
        f"found {recall:.4%}, wrongly {len(found - near)}, at {share:.2%} of the comparisons\n"
    )
    return found == near and share <= _MOST_COMPARED


# Growth


def _thumbs(pictures: list[Path]) -> np.ndarray:
    """Shape [pictures, 64, 64]."""
    found = []
    for path in pictures:
        with Image.open(path) as image:
            found.append(np.asarray(flattened(image).convert("L").resize((64, 64))))
    return np.stack(found).astype(np.float32)


def _grown(thumbs: np.ndarray, number: int) -> list[dict[str, object]]:
    """So many candidates."""
    dice = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    blended: list[np.ndarray] = []  # which two, and how they are turned
    for at in range(number):
        kind = dice.random()
        if kind < 0.02 and rows:
            same = rows[int(dice.integers(len(rows)))]
            rows.append(same | {"uid": digest("copy", str(at))})
            continue
        if kind < 0.03:
            pixels = _noisy(thumbs[0], dice)
        elif kind < 0.23 and blended:
            pixels = _noisy(_blend(thumbs, blended[int(dice.integers(len(blended)))]), dice)
        else:
            blended.append(dice.integers((len(thumbs), len(thumbs), 2, 2)))
            pixels = _blend(thumbs, blended[-1])
        grey = pixels.clip(0, 255).astype(np.uint8)
        bits, quality = pdqhash.compute(cv2.merge((grey, grey, grey)))
        rows.append(
            {
                "uid": digest(str(at)),
                "sha256": digest("bytes", str(at)) * 2,
                "pdq": np.packbits(bits).tobytes().hex(),
                "pdq_quality": int(quality),
                "pixels": int(dice.integers(1, 9)) * 10_000,
                "caption_quality": float(dice.integers(1, 5)),
            }
        )
    return rows


def _blend(thumbs: np.ndarray, how: np.ndarray) -> np.ndarray:
    one, other = thumbs[how[0]], thumbs[how[1]]
    return np.asarray((one[:, :: 1 - 2 * how[2]] + other[:: 1 - 2 * how[3]]) / 2)


def _noisy(pixels: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    return np.asarray(pixels + dice.normal(0, 8, pixels.shape).astype(np.float32))


def _write(folder: Path, rows: list[dict[str, object]]) -> None:
    table = pa.Table.from_pylist(rows, CANDIDATES)
    parts = buckets_for(len(rows))
    buckets = hash_buckets("uid", parts)(table)
    for part in range(parts):
        chosen = table.filter(pa.array(buckets == part))
        write_table(Folder(str(folder / "candidates")), part_name(part), chosen)


def _find(folder: str, workers: int) -> None:
    """What the process under watch does."""

    def tell(event: dict[str, object]) -> None:
        print(f"{MARK}{event['name']}", file=sys.stderr, flush=True)

    recipe = Recipe(output=folder, sources=(Source(name="x", format="table", path="x"),))
    run = Run(recipe, None, (), (), workers, tell)
    work, candidates, rules = run.output / "work", run.output / "candidates", DuplicateRules()
    groups = find_groups(run, work, candidates, rules)
    with run.pipeline(workers) as pipeline:
        _ = pipeline | ChooseBest(work, candidates, groups, rules)


def _measured(folder: Path, workers: int) -> Measured:
    command = [sys.executable, "-m", "benchmarks.duplicates", "--find", str(folder)]
    run = measure([*command, "--workers", str(workers)], memory=True, every_s=0.1)
    if run.code:
        raise RuntimeError(f"exit status {run.code}:\n{run.said}")
    return run


def _show_growth(pictures: list[Path], sizes: list[int], workers: int) -> None:
    rows = _grown(_thumbs(pictures), max(sizes))
    header = ("pictures", "turned away", "wall s", "CPU s", "CPU µs a picture", "MiB", "of these")
    lines = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
            folder = Path(scratch)
            _write(folder, rows[:size])
            run = _measured(folder, workers)
            found = sum(
                pq.read_metadata(path).num_rows for path in folder.glob("work/duplicates/*")
            )
        lines.append(
            (
                f"{size:,}",
                f"{found:,}",
                f"{run.wall_s:.1f}",
                f"{run.cpu_s:.1f}",
                f"{1e6 * run.cpu_s / size:,.0f}",
                f"{run.peak.pss / _MIB:.0f}",
                ", ".join(f"{n / _MIB:.0f} {role}" for role, n in run.peak.by_role.items()),
            )
        )
    show(header, lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a folder of pictures; drawn where none is given")
    parser.add_argument("--edited", type=int, default=300, help="pictures that are edited")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 30_000, 100_000, 300_000])
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--find", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.find:
        _find(args.find, args.workers)
        return
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        pictures = found_pictures(args.data) if args.data else drawn_pictures(Path(scratch), 200)
        held = _show_recall(pictures, args.edited)
        if args.sizes:
            _show_growth(pictures, args.sizes, args.workers)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
