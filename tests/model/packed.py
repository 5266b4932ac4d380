"""Folders with the layout of what `pack` writes, where fsspec opens them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.tars import TarWriter
from schemas.ids import digest
from schemas.layout import CAPTIONS_SUFFIX, part_name, shard_name


@dataclass(frozen=True, slots=True)
class Packed:
    """A picture and its captions.

    Attributes:
      uid: …
      captions: language and text, and of a translation the text of its source.
      body: the encoded picture.
      key: "": the uid.
    """

    uid: str
    captions: Sequence[tuple[str, ...]]
    body: bytes = b"no picture"
    key: str = ""


def encoded(number: int, suffix: str = ".jpg", size: tuple[int, int] = (24, 16)) -> bytes:
    """A picture that is unlike others, of such a width and height."""
    slope = np.linspace(0, 255, size[0])[None, :, None]  # [1, w, 1]
    colour = np.array([number * 37 % 256, number * 91 % 256, number % 256])  # [3]
    pixels = np.broadcast_to((slope + colour) / 2, (size[1], size[0], 3))  # [h, w, 3]
    return bytes(cv2.imencode(suffix, pixels.astype(np.uint8))[1])


def write_pairs(folder: str, pictures: Sequence[Packed], per_shard: int) -> str:
    """Writes shards of pictures; returns the folder."""
    sizes = {}
    for number, first in enumerate(range(0, len(pictures), per_shard)):
        shard = pictures[first : first + per_shard]
        _write_shard(f"{folder}/train/{shard_name(number)}", shard)
        sizes[f"{shard_name(number)}.tar"] = len(shard)
    with fsspec.open(f"{folder}/train/sizes.json", "w", auto_mkdir=True) as file:
        json.dump(sizes, file)
    return folder


def _write_shard(path: str, pictures: Sequence[Packed]) -> None:
    with fsspec.open(f"{path}.tar", "wb", auto_mkdir=True) as file:
        tar = TarWriter(file)
        offsets = [tar.add(f"{each.key or each.uid}.jpg", each.body) for each in pictures]
        tar.close()
    rows = [
        {
            "key": picture.key or picture.uid,
            "uid": picture.uid,
            "image_offset": offset,
            "image_size": len(picture.body),
        }
        for picture, offset in zip(pictures, offsets, strict=True)
    ]
    write_table(f"{path}.parquet", rows)
    captions = [
        {
            "key": picture.key or picture.uid,
            "uid": picture.uid,
            "caption_id": digest(picture.uid, text),
            "language": language,
            "text": text,
            "parent": digest(picture.uid, *source) if source else "",
        }
        for picture in pictures
        for language, text, *source in picture.captions
    ]
    write_table(f"{path}{CAPTIONS_SUFFIX}", captions)


def write_texts(
    folder: str, rows: Sequence[dict[str, Any]], per_part: int, languages: Sequence[str] = ()
) -> str:
    """Writes parts of texts, and beside them their languages, if given; returns the folder."""
    for number, first in enumerate(range(0, len(rows), per_part)):
        part = slice(first, first + per_part)
        write_table(f"{folder}/train/{part_name(number)}", rows[part])
        if languages:
            beside = [{"query_language": language} for language in languages[part]]
            write_table(f"{folder}/rows/{part_name(number)}", beside)
    return folder


def write_table(path: str, rows: Iterable[dict[str, Any]]) -> None:
    with fsspec.open(path, "wb", auto_mkdir=True) as file:
        pq.write_table(pa.Table.from_pylist(list(rows)), file)
