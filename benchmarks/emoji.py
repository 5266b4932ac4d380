"""What a small model learns of emoji in so many minutes: R@10 by language on pictures held out.

    python -m benchmarks.emoji [--data ../shared/data/emoji] [--steps N] [--folder FOLDER]

The data are a folder of `images/` and a `pairs.parquet` with columns `image, language, name,
keywords`, the names of Unicode's CLDR in the 30 languages. One picture in ten, by its name's hash,
is held out with all of its texts. The others are gathered and packed with their names and keywords
as captions, together with pairs of their names in two languages each, and two small towers begun
from nothing are trained on them by `pairmill train`, judged before and after by the names of the
pictures held out.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from benchmarks.harness import ROOT

_HELD_OUT_IN = 10  # pictures
_PLAN = ROOT / "configs" / "train" / "quickstart.toml"


def _is_held_out(row: dict[str, Any]) -> bool:
    digest = blake2b(row["image"].encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _HELD_OUT_IN == 0


def _write_tables(data: Path, folder: Path) -> None:
    """`pairs.parquet`, with absolute paths, `texts/0.parquet` and `held-out.parquet`."""
    rows = [
        row | {"path": str((data / "images" / row["image"]).resolve())}
        for row in pq.read_table(data / "pairs.parquet").to_pylist()
    ]
    seen = [row for row in rows if not _is_held_out(row)]
    pairs = [
        {"image": row["path"], "language": row["language"], "caption": caption}
        for row in seen
        for caption in (row["name"], ", ".join(row["keywords"] or []))
        if caption
    ]
    texts = []
    for _, group in groupby(seen, key=lambda row: row["image"]):
        named = sorted(group, key=lambda row: blake2b(repr(row).encode()).digest())
        texts += [
            {"anchor": one["name"], "positive": other["name"]}
            for one, other in zip(named[::2], named[1::2], strict=False)
        ]
    held = [
        {"image": row["image"], "language": row["language"], "text": row["name"]}
        for row in rows
        if _is_held_out(row)
    ]
    (folder / "texts").mkdir(exist_ok=True)
    for name, table in (("pairs", pairs), ("texts/0", texts), ("held-out", held)):
        pq.write_table(pa.Table.from_pylist(table), folder / f"{name}.parquet")


def _write_recipe(folder: Path) -> Path:
    source = {
        "name": "emoji",
        "format": "table",
        "path": "pairs.parquet",
        "url_column": "image",
        "language_column": "language",
    }
    gather = {"image_size": 128, "allow_local_files": True}
    recipe = {"output": "out", "sources": [source], "gather": gather, "pack": {}}
    path = folder / "recipe.toml"
    path.write_text(tomli_w.dumps(recipe), "utf-8")
    return path


def _write_plan(folder: Path, images: Path, steps: int) -> Path:
    """The quickstart's model, on these data."""
    plan = tomllib.loads(_PLAN.read_text("utf-8"))
    _, stage, _ = plan["stages"]  # of pairs and texts
    stage |= {
        "images": [{"path": "out/shards/pairs"}],
        "texts": [{"path": "texts"}],
        "steps": steps,
        "text_batch": 256,
        "smallest_crop": 0.7,
    }
    plan |= {
        "output": "training",
        "stages": [stage],
        "evaluations": [{"name": "held-out", "data": "held-out.parquet", "images": str(images)}],
    }
    path = folder / "plan.toml"
    path.write_text(tomli_w.dumps(plan), "utf-8")
    return path


def main() -> None:
    """Prints what each command prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "emoji")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--folder", type=Path, help="kept afterwards; default: a temporary one")
    asked = parser.parse_args()
    images = (asked.data / "images").resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        _write_tables(asked.data, folder)
        for command in (
            ("curate", _write_recipe(folder)),
            ("train", _write_plan(folder, images, asked.steps)),
            (
                "evaluate",
                folder / "training" / "model",
                folder / "held-out.parquet",
                "--images",
                images,
            ),
        ):
            subprocess.run([sys.executable, "-m", "pipelines.cli", *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
