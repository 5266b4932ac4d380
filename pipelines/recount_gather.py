"""What gather's files hold, counted from them: its tables part by part, its shards by markers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.commit import stats_of
from pipelines.differences import Difference, missing_file, unreadable
from pipelines.parts import (
    Counted,
    Unreadable,
    count_values,
    numbers,
    part_names,
    part_number,
    read_columns,
)
from pipelines.storage import Folder
from pipelines.threads import in_threads
from schemas.layout import (
    GATHERED,
    PICTURES,
    SOURCE_CAPTIONS,
    STATS_SUFFIX,
    ledger_folder,
    part_name,
    shard_name,
)
from schemas.rows import Unit

_STAGE = "gather"
_TABLES = (PICTURES, SOURCE_CAPTIONS, ledger_folder(_STAGE))  # cut into the same parts
SIDES = ("original_width", "original_height", "width", "height")
_PLACE = ("image_shard", "image_offset", "image_size")
_SUMMED = (
    "count", "successes", "duration", "bytes_fetched", "bytes_stored", "sha256_mismatches"
)  # fmt: skip
_AT_ONCE = 4  # parts in memory, some 10 MB each


@dataclass(slots=True)
class GatheredTables:
    """What `pictures/` and `captions/source/` hold; its size does not depend on theirs.

    Attributes:
      parts: how many there are.
      pictures: rows.
      captions: rows.
      languages: captions by language.
      sides: pictures by pixels, for each of SIDES.
      in_shards: pictures by the number of the gathered tar that they name.
      outside: those of them that do not lie inside it.
      differences: what is wrong with single parts.
    """

    parts: int = 0
    pictures: int = 0
    captions: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    sides: dict[str, Counter[int]] = field(
        default_factory=lambda: {side: Counter() for side in SIDES}
    )
    in_shards: Counter[int] = field(default_factory=Counter)
    outside: Counter[int] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: "GatheredTables") -> None:
        """Adds what other parts hold."""
        self.parts += other.parts
        self.pictures += other.pictures
        self.captions += other.captions
        self.languages.update(other.languages)
        for side, counts in self.sides.items():
            counts.update(other.sides[side])
        self.in_shards.update(other.in_shards)
        self.outside.update(other.outside)
        self.differences += other.differences


@dataclass(frozen=True, slots=True)
class GatheredShards:
    """What the markers of the gathered shards say.

    Attributes:
      shards: complete ones.
      pictures: with a fate, kept or not.
      kept: of these.
      seconds: that the shards took, summed; several are made at once.
      bytes_fetched: bodies of the pictures kept.
      bytes_stored: of the pictures in the tars.
      sha256_mismatches: pictures whose bytes are not those that their source expects.
      latencies: pictures by milliseconds that fetching took, rounded up to a power of two.
      failing_hosts: pictures not kept, by `host:port`; of each shard the hosts with the most.
      differences: markers that cannot be read, and shards without a table.
    """

    shards: int = 0
    pictures: int = 0
    kept: int = 0
    seconds: float = 0.0
    bytes_fetched: int = 0
    bytes_stored: int = 0
    sha256_mismatches: int = 0
    latencies: Counter[int] = field(default_factory=Counter)
    failing_hosts: Counter[str] = field(default_factory=Counter)
    differences: tuple[Difference, ...] = ()


def read_markers(output: Folder) -> GatheredShards:
    """Sums the markers of the shards that are complete."""
    files = set((output / GATHERED).names())
    names = sorted(name[: -len(STATS_SUFFIX)] for name in files if name.endswith(STATS_SUFFIX))
    sums: Counter[str] = Counter()
    latencies: Counter[int] = Counter()
    hosts: Counter[str] = Counter()
    differences = [
        missing_file(_STAGE, f"{GATHERED}/{name}.parquet")
        for name in names
        if f"{name}.parquet" not in files
    ]

    def read(name: str) -> dict[str, Any] | Difference:
        try:
            return dict(stats_of(output, name))
        except ValueError as error:
            file = f"{GATHERED}/{name}{STATS_SUFFIX}"
            return unreadable(_STAGE, file, f"it cannot be read: {error}")

    for stats in in_threads(read, names):
        if isinstance(stats, Difference):
            differences.append(stats)
        else:
            sums.update({key: stats.get(key, 0) for key in _SUMMED})
            latencies.update({int(ms): n for ms, n in stats.get("latency_ms", {}).items()})
            hosts.update(stats.get("failing_hosts", {}))
    return GatheredShards(
        shards=len(names),
        pictures=sums["count"],
        kept=sums["successes"],
        seconds=sums["duration"],
        bytes_fetched=sums["bytes_fetched"],
        bytes_stored=sums["bytes_stored"],
        sha256_mismatches=sums["sha256_mismatches"],
        latencies=latencies,
        failing_hosts=hosts,
        differences=tuple(differences),
    )


def recount_gather(output: Folder) -> GatheredTables:
    """Counts the tables that gather wrote, and checks that every picture lies inside its tar."""
    names, differences = _parts(output)
    tars = {
        int(name[:-4]): size
        for name, size in (output / GATHERED).sizes()
        if name.endswith(".tar") and name[:-4].isdigit()
    }
    whole = GatheredTables(differences=differences)
    for part in in_threads(lambda name: _recount_part(output, name, tars), names, _AT_ONCE):
        whole.add(part)
    whole.differences += _outside(whole, tars)
    return whole


def count_ledger(output: Folder, stage: str) -> tuple[Counted, list[Difference]]:
    """The rows of a stage's ledger by unit, fate and reason, and what cannot be read of it."""
    folder = output / ledger_folder(stage)
    names = [name for name in folder.names() if name.endswith(".parquet")]
    whole: Counted = Counter()
    differences = []

    def count(name: str) -> Counted | Difference:
        try:
            return count_values(folder, name, ["unit", "fate", "reason"])
        except Unreadable as error:
            return unreadable(stage, f"{ledger_folder(stage)}/{name}", str(error))

    for counted in in_threads(count, names, _AT_ONCE):
        if isinstance(counted, Difference):
            differences.append(counted)
        else:
            whole.update(counted)
    return whole, differences


def _parts(output: Folder) -> tuple[list[str], list[Difference]]:
    """The names of the parts, and the files that are missing for every table to have them all."""
    present = {table: set(part_names(output / table)) for table in _TABLES}
    last = max((part_number(name) for names in present.values() for name in names), default=-1)
    every = [part_name(number) for number in range(last + 1)]
    missing = [
        missing_file(_STAGE, f"{table}/{name}")
        for table, names in present.items()
        for name in every
        if name not in names
    ]
    return every, missing


def _recount_part(output: Folder, name: str, tars: dict[int, int]) -> GatheredTables:
    part = GatheredTables(parts=1)
    pictures = _read(output, PICTURES, name, ["uid", *_PLACE, *SIDES], part)
    captions = _read(output, SOURCE_CAPTIONS, name, ["uid", "language"], part)
    if pictures is not None:
        part.pictures = pictures.num_rows
        for side in SIDES:
            part.sides[side] = _counts(numbers(pictures, side))
        _place(pictures, tars, part)
    if captions is not None:
        part.captions = captions.num_rows
        part.languages = Counter(captions["language"].to_pylist())
    if pictures is not None and captions is not None:
        part.differences += _unpaired(name, pictures, captions)
    return part


def _read(
    output: Folder, table: str, name: str, columns: list[str], part: GatheredTables
) -> pa.Table | None:
    try:
        return read_columns(output / table, name, columns)
    except Unreadable as error:
        if not isinstance(
            error.__cause__, FileNotFoundError
        ):  # a missing part has been told already
            part.differences.append(unreadable(_STAGE, f"{table}/{name}", str(error)))
        return None


def _place(pictures: pa.Table, tars: dict[int, int], part: GatheredTables) -> None:
    """Counts the pictures of each tar, and those that do not lie inside it."""
    shards, offsets, sizes = (numbers(pictures, column) for column in _PLACE)
    present, index = np.unique(shards, return_inverse=True)
    lengths = np.array([tars.get(shard, 0) for shard in present.tolist()], dtype=np.int64)
    bad = (offsets < 0) | (sizes <= 0)
    if len(present):
        bad |= offsets + sizes > lengths[index]
    part.in_shards = _counts(shards)
    part.outside = _counts(shards[bad])


def _unpaired(name: str, pictures: pa.Table, captions: pa.Table) -> Iterator[Difference]:
    """A kept picture stands once and has a kept caption; a kept caption has a kept picture."""
    uids = pictures["uid"].to_pylist()
    named = captions["uid"].to_pylist()
    of_pictures, of_captions = set(uids), set(named)
    in_pictures, in_captions = f"{PICTURES}/{name}", f"{SOURCE_CAPTIONS}/{name}"
    lost = sum(uid not in of_pictures for uid in named)
    if lost:
        found, words = len(named) - lost, f"the pictures of {lost:,} captions are not there"
        yield _difference(Unit.CAPTION, "of kept pictures", len(named), found, in_pictures, words)
    bare = len(of_pictures - of_captions)
    if bare:
        found, words = len(of_pictures) - bare, f"the captions of {bare:,} pictures are not there"
        yield _difference(
            Unit.PICTURE, "with captions", len(of_pictures), found, in_captions, words
        )
    if len(uids) > len(of_pictures):
        words = "a picture stands there more than once"
        yield _difference(
            Unit.PICTURE, "of one uid", len(of_pictures), len(uids), in_pictures, words
        )


def _outside(tables: GatheredTables, tars: dict[int, int]) -> Iterable[Difference]:
    for shard, lost in sorted(tables.outside.items()):
        total = tables.in_shards[shard]
        words = f"it ends at byte {tars[shard]:,}" if shard in tars else "it is missing"
        file = f"{GATHERED}/{shard_name(shard)}.tar"
        yield _difference(Unit.PICTURE, "to lie inside", total, total - lost, file, words)


def _difference(
    unit: Unit, what: str, expected: int, found: int, file: str, words: str
) -> Difference:
    return Difference(_STAGE, unit.value, what, expected, found, file, words)


def _counts(values: np.ndarray) -> Counter[int]:
    present, times = np.unique(values, return_counts=True)
    return Counter(dict(zip(present.tolist(), times.tolist(), strict=True)))
