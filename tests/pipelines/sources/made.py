"""Small sources of every kind, made of given pictures."""

import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from pipelines.inputs import find_splits, read_split
from pipelines.recipe import Source
from pipelines.sources.rows import InputRow


def picture(colour: int = 0, form: str = "JPEG") -> bytes:
    """A small picture of one colour."""
    sink = io.BytesIO()
    Image.new("RGB", (40, 30), (colour % 256, 99, 7)).save(sink, form)
    return sink.getvalue()


def write_tar(path: Path, members: Iterable[tuple[str, bytes | str | dict[str, Any]]]) -> Path:
    """A tar of files; dicts become JSON."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members:
            text = json.dumps(content) if isinstance(content, dict) else content
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def write_img2dataset(folder: Path, shard: str, rows: list[dict[str, Any]]) -> None:
    """A shard as img2dataset 1.47 writes it: failures stand in the table alone."""
    folder.mkdir(exist_ok=True)
    known = {"caption": "a kite", "status": "success", "error_message": None, "sha256": "0" * 64}
    table = [known | {"key": f"{shard}{n:04d}"} | row for n, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(table), folder / f"{shard}.parquet")
    members: list[tuple[str, Any]] = []
    for n, row in enumerate(table):
        if row["status"] == "success":
            stored = {name: value for name, value in row.items() if name != "error_message"}
            members += [
                (f"{row['key']}.jpg", picture(n)),
                (f"{row['key']}.json", stored),
                (f"{row['key']}.txt", row["caption"] or ""),
            ]
    write_tar(folder / f"{shard}.tar", members)
    (folder / f"{shard}_stats.json").write_text(json.dumps({"count": len(rows)}))


def read(source: Source, limit: int | None = None) -> list[InputRow]:
    """All rows of a source."""
    splits = find_splits([source], limit)
    return [row for split in splits for block in read_split(source, split) for row in block]
