"""A small finished output with one of everything that can befall a row."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sample import write_sample

ROWS = 60
NAME = "sample:pairs.parquet"  # what a row's id begins with
EMPTY, DUPLICATE, FOREIGN, LOST, NO_URL, FTP, BARE = range(
    ROWS, ROWS + 7
)  # rows put after the sample's


def curate_sample(folder: Path) -> Path:
    """Draws a sample below `folder`, plants a row of each kind, curates it; returns the output."""
    recipe = write_sample(folder / "world", rows=ROWS, seed=1)
    table = pq.read_table(recipe.parent / "pairs.parquet")
    first, *_ = table.to_pylist()
    planted = {
        EMPTY: {"text": None, "language": "nl"},
        DUPLICATE: {},
        FOREIGN: {"text": "červený kruh", "language": "cs"},
        LOST: {"image": "pictures/lost.jpg", "text": "a lost kite", "language": "en"},
        NO_URL: {"image": None},
        FTP: {"image": "ftp://example.org/kite.jpg"},
        BARE: {"image": "pictures/bare.jpg", "text": " "},
    }
    rows = [first | changes for _, changes in sorted(planted.items())]
    table = pa.concat_tables([table, pa.Table.from_pylist(rows, table.schema)])
    pq.write_table(table, recipe.parent / "pairs.parquet")
    text = recipe.read_text("utf-8")
    for key in ("pictures_per_shard", "samples_per_shard"):
        text = text.replace(f"{key} = 100", f"{key} = 8")
    recipe.write_text(text, "utf-8")
    command = "from pipelines.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", command, "curate", str(recipe), "--", "--direct_num_workers=1"],
        check=True,
        capture_output=True,
    )
    return recipe.parent / "out"
