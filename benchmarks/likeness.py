"""How near stored pictures are to what they could be: PSNR against an exact downscaling."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

_MOST_DB = 60.0  # rounding to 8 bits alone leaves 58.9


def stored_pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yields url and JPEG of every picture kept below `folder`, shards as img2dataset lays them."""
    for table in sorted(folder.glob("*.parquet")):
        rows = pq.read_table(table, columns=["key", "url", "status"]).to_pylist()
        urls = {row["key"]: row["url"] for row in rows if row["status"] == "success"}
        with tarfile.open(table.with_suffix(".tar")) as tar:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                file = tar.extractfile(member)
                if suffix == "jpg" and file is not None:
                    yield urls[key], file.read()


def read_alike(path: Path) -> bool:
    """Whether every reader shows the picture alike: upright, not CMYK, no colour profile."""
    with Image.open(path) as image:
        upright = image.getexif().get(0x0112, 1) == 1
        return upright and image.mode in ("RGB", "L") and "icc_profile" not in image.info


def psnr(picture: bytes, path: Path) -> float:
    """Decibels of `picture` against the original at `path` brought to its size, 60 at most.

    The original is decoded whole and resized in floating point (Lanczos, three lobes).
    """
    stored = Image.open(io.BytesIO(picture)).convert("RGB")
    reference = _reference(path, stored.size)
    error = np.mean((np.asarray(stored, dtype=np.float64) - reference) ** 2)
    return min(_MOST_DB, float(20 * np.log10(255) - 10 * np.log10(max(error, 1e-9))))


def _reference(path: Path, size: tuple[int, int]) -> NDArray[np.float64]:
    """Shape [height, width, 3], values in [0, 255], not rounded."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    planes = [
        Image.fromarray(pixels[:, :, channel]).resize(size, Image.Resampling.LANCZOS)
        for channel in range(3)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2).clip(0, 255).astype(np.float64)
