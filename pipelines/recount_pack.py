"""What the final shards hold, counted from them: tars by their headers, tables by their rows."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.differences import Difference, missing_file, unreadable
from pipelines.parts import Unreadable, iter_column, row_count
from pipelines.storage import Folder
from pipelines.tar_walk import TarDamage, TarSample, walk_samples
from pipelines.threads import in_threads
from schemas.fates import Unit
from schemas.layout import (
    CAPTIONS_SUFFIX,
    IMAGE_SUFFIXES,
    PAIRS,
    TEXTS,
    TRIPLET_KINDS,
    packed_triplets,
    shard_name,
)

_STAGE = "pack"
SIZES_FILE = "sizes.json"
_DEPTH = PAIRS.count("/") + 1
_AT_ONCE = 8  # shards; object stores read ahead up to 50 MB of each
_SUFFIXES = (".tar", ".parquet", CAPTIONS_SUFFIX)


@dataclass(slots=True)
class PackedShards:
    """What some final shards hold.

    Attributes:
      shards: how many.
      samples: complete ones in the tars.
      rows: of `{shard}.parquet`.
      captions: rows of `{shard}.captions.parquet`.
      texts: pairs of texts.
      triplets: of all kinds.
      tar_bytes: of the tars.
      differences: what is wrong with them.
    """

    shards: int = 0
    samples: int = 0
    rows: int = 0
    captions: int = 0
    texts: int = 0
    triplets: int = 0
    tar_bytes: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: "PackedShards") -> None:
        """Adds what other shards hold."""
        self.shards += other.shards
        self.samples += other.samples
        self.rows += other.rows
        self.captions += other.captions
        self.texts += other.texts
        self.triplets += other.triplets
        self.tar_bytes += other.tar_bytes
        self.differences += other.differences


def recount_pack(output: Folder, where: str, are_any: bool) -> PackedShards:
    """Counts the final shards in a folder, several at once, and checks that their files agree.

    Args:
      output: of the recipe.
      where: the folder.
      are_any: whether there must be some.
    """
    whole = PackedShards()
    folder = output / where
    files = dict(folder.sizes())
    if not files and not are_any:
        return whole
    stated = _stated_sizes(folder, files, whole)
    names = _shards(files, stated)
    shards = in_threads(lambda name: _recount_shard(folder, name, files), names, _AT_ONCE)
    for name, shard in zip(names, shards, strict=True):
        whole.add(shard)
        tar = f"{name}.tar"
        if stated is not None and stated.get(tar, 0) != shard.samples:
            what = f"as in {tar}"
            whole.differences.append(
                _difference(folder, what, shard.samples, stated.get(tar, 0), SIZES_FILE, "")
            )
    return whole


def recount_rows(output: Folder, whole: PackedShards) -> None:
    """Counts the pairs of texts, and the triplets."""
    whole.texts = _recount_rows(output, TEXTS, whole)
    whole.triplets = sum(_recount_rows(output, packed_triplets(k)[0], whole) for k in TRIPLET_KINDS)


def _recount_rows(output: Folder, table: str, whole: PackedShards) -> int:
    rows = 0
    for name in (output / table).names():
        try:
            rows += row_count(output / table, name)
        except Unreadable as error:
            whole.differences.append(unreadable(_STAGE, f"{table}/{name}", str(error)))
    return rows


def _stated_sizes(
    folder: Folder, files: dict[str, int], whole: PackedShards
) -> dict[str, int] | None:
    """What `sizes.json` says, None where it says nothing."""
    if SIZES_FILE not in files:
        whole.differences.append(missing_file(_STAGE, _file(folder, SIZES_FILE)))
        return None
    try:
        return {str(name): int(n) for name, n in json.loads(folder.read(SIZES_FILE)).items()}
    except (ValueError, TypeError, AttributeError) as error:
        words = f"it cannot be read: {error}"
        whole.differences.append(unreadable(_STAGE, _file(folder, SIZES_FILE), words))
        return None


def _shards(files: dict[str, int], stated: dict[str, int] | None) -> list[str]:
    """The shards that any file speaks of, numbered from 0 without gaps."""
    numbers = [
        int(name.partition(".")[0])
        for name in (*files, *(stated or ()))
        if name.partition(".")[0].isdigit()
    ]
    return [shard_name(number) for number in range(max(numbers, default=-1) + 1)]


def _recount_shard(folder: Folder, name: str, files: dict[str, int]) -> PackedShards:
    shard = PackedShards(shards=1, tar_bytes=files.get(f"{name}.tar", 0))
    shard.differences += [
        missing_file(_STAGE, _file(folder, f"{name}{suffix}"))
        for suffix in _SUFFIXES
        if f"{name}{suffix}" not in files
    ]
    rows = _rows(folder, f"{name}.parquet", files, shard)
    captions = _rows(folder, f"{name}{CAPTIONS_SUFFIX}", files, shard)
    shard.rows, shard.captions = rows or 0, captions or 0
    if f"{name}.tar" in files:
        _recount_tar(folder, name, rows, shard)
    return shard


def _rows(folder: Folder, file: str, files: dict[str, int], shard: PackedShards) -> int | None:
    """How many rows a table has, None where it cannot be told."""
    if file not in files:
        return None
    try:
        return row_count(folder, file)
    except Unreadable as error:
        shard.differences.append(unreadable(_STAGE, _file(folder, file), str(error)))
        return None


def _recount_tar(folder: Folder, name: str, rows: int | None, shard: PackedShards) -> None:
    """Walks a tar beside the keys of its parquet, so that neither has to be held."""
    tar, words, wrong = f"{name}.tar", "", 0
    keys = itertools.repeat(None) if rows is None else _keys(folder, f"{name}.parquet", shard)
    try:
        with folder.open(tar) as file:
            for sample in walk_samples(file, shard.tar_bytes):
                if not is_complete(sample):
                    words = words or f"{sample.key} has only {', '.join(sample.suffixes)}"
                    continue
                shard.samples += 1
                key = next(keys, None)
                if key is not None and key != sample.key:
                    wrong += 1
    except (TarDamage, OSError) as error:
        words = str(error)
    if words or rows not in (None, shard.samples):
        words = words or f"{name}.parquet has {rows:,} rows"
        shard.differences.append(
            _difference(folder, "complete", rows or 0, shard.samples, tar, words)
        )
    if wrong:
        words = f"{wrong:,} keys are others than in {name}.parquet, or in another order"
        shard.differences.append(
            _difference(folder, "of the same key", shard.samples, shard.samples - wrong, tar, words)
        )


def _keys(folder: Folder, file: str, shard: PackedShards) -> Iterator[str | None]:
    """The keys of a shard's parquet, then None."""
    try:
        yield from iter_column(folder, file, "key")
    except Unreadable as error:
        shard.differences.append(unreadable(_STAGE, _file(folder, file), str(error)))
    yield from itertools.repeat(None)


def is_complete(sample: TarSample) -> bool:
    """Whether a sample has one picture, its text and its fields, and nothing else."""
    images = [suffix for suffix in sample.suffixes if suffix in IMAGE_SUFFIXES.values()]
    return len(images) == 1 and sorted(set(sample.suffixes) - set(images)) == ["json", "txt"]


def _difference(
    folder: Folder, what: str, expected: int, found: int, file: str, words: str
) -> Difference:
    place = _file(folder, file)
    return Difference(_STAGE, Unit.SAMPLE.value, what, expected, found, place, words)


def _file(folder: Folder, name: str) -> str:
    """A file of a folder of final shards, as it is called below the output."""
    return "/".join([*folder.uri.split("/")[-_DEPTH:], name])
