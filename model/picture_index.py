"""Where the pictures beside shards lie, by their uids: on disk, from one pass over the tables."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.sample_tables import Shards, read_columns
from model.samples import Picture
from schemas.ids import is_uid

_READERS = 8  # shards' tables that are read, and held, at once
_KEY = np.dtype("S16")
_PLACE = np.dtype([("shard", "<u4"), ("offset", "<i8"), ("size", "<i8")])
_ENTRY = np.dtype([("key", _KEY), ("place", _PLACE)])

Entries = NDArray[Any]
"""[n] of `_ENTRY`."""


class PictureIndex:
    """Finds the pictures of a folder that `pack` wrote.

    The tables beside its shards are read once, when it is made. What is kept of a picture, 36
    bytes, lies in nameless files where `tempfile` puts them, in the order of keys, and is mapped
    into memory: pages that were looked at can be given up. Held are eight tables, then the 256th
    part of the entries while they are sorted.

    A key is the uid's bytes from the last to the first: hashes are even at either end, numbers that
    a source counts with at the last.
    """

    def __init__(self, shards: Shards) -> None:
        """Reads the tables.

        Raises:
          DataError: one is not as `pack` writes it.
        """
        self._shards = shards
        with tempfile.TemporaryDirectory() as folder:
            for entries in _read(shards):
                _deal(entries, Path(folder))
            self._keys, self._places = _ordered(Path(folder))

    def find(self, uids: Iterable[str]) -> dict[str, Picture]:
        """The pictures among `uids` that there are; one of a uid that several samples have."""
        wanted = sorted(uid for uid in {*uids} if is_uid(uid))
        if not wanted or not len(self._keys):
            return {}
        keys = _keys(wanted)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)  # [wanted]
        there = np.flatnonzero(self._keys[at] == keys)
        places = self._places[at[there]].tolist()
        found = zip((wanted[row] for row in there), places, strict=True)
        tars = [self._shards.tar(name) for name in self._shards.names]
        return {uid: Picture(uid, tars[shard], of, size) for uid, (shard, of, size) in found}


def _read(shards: Shards) -> Iterator[Entries]:
    """Of all shards, those that are read at once together."""
    columns = ["uid", "image_offset", "image_size"]

    def entries(number: int) -> Entries:
        table = read_columns(shards.fs, f"{shards.names[number]}.parquet", columns)
        found = np.empty(table.num_rows, _ENTRY)
        found["key"] = _keys(table["uid"].to_pylist())
        found["place"]["shard"] = number
        found["place"]["offset"] = table["image_offset"].to_numpy()
        found["place"]["size"] = table["image_size"].to_numpy()
        return found

    with ThreadPoolExecutor(_READERS) as threads:
        for first in range(0, len(shards.names), _READERS):
            numbers = range(first, min(first + _READERS, len(shards.names)))
            yield np.concatenate([*threads.map(entries, numbers)])


def _keys(uids: Sequence[str]) -> NDArray[np.bytes_]:
    """[n] of `_KEY`."""
    digits = np.frombuffer(bytes.fromhex("".join(uids)), np.uint8).reshape(-1, _KEY.itemsize)
    return np.ascontiguousarray(digits[:, ::-1]).view(_KEY)[:, 0]


def _deal(entries: Entries, folder: Path) -> None:
    """Adds entries to files named by their keys' first byte."""
    first = entries["key"].copy().view(np.uint8).reshape(-1, _KEY.itemsize)[:, 0]  # [n]
    order = np.argsort(first, kind="stable")
    bounds = np.searchsorted(first[order], np.arange(257))
    for byte, (start, end) in enumerate(pairwise(bounds)):
        if start < end:
            with (folder / f"{byte:03}").open("ab") as file:
                file.write(entries[order[start:end]].tobytes())


def _ordered(folder: Path) -> tuple[NDArray[np.bytes_], NDArray[Any]]:
    """The dealt entries' keys and places in the order of keys, equal ones as they came."""
    with tempfile.TemporaryFile() as keys, tempfile.TemporaryFile() as places:
        for path in sorted(folder.iterdir()):
            entries = np.fromfile(path, _ENTRY)
            entries = entries[np.argsort(entries["key"], kind="stable")]
            keys.write(entries["key"].tobytes())
            places.write(entries["place"].tobytes())
        if not keys.tell():
            return np.empty(0, _KEY), np.empty(0, _PLACE)
        keys.flush()
        places.flush()
        return np.memmap(keys, _KEY, "r"), np.memmap(places, _PLACE, "r")
