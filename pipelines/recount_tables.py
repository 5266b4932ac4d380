"""What a stage's tables hold, counted from them part by part."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

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
from schemas.layout import PAGE_BRANCH, Tables, ledger_folder, part_name, shard_name

SIDES = ("original_width", "original_height", "width", "height")
_PLACE = ("image_shard", "image_offset", "image_size")
_AT_ONCE = 4  # parts in memory, some 10 MB each


@dataclass(slots=True)
class KeptTables:
    """What the tables of a stage hold; its size does not depend on theirs.

    Attributes:
      stage: whose they are.
      kept: where they lie.
      parts: how many there are.
      pictures: rows.
      captions: rows.
      languages: captions by language.
      sides: pictures by pixels, for each of SIDES.
      in_shards: pictures by the number of the tar that they name.
      outside: those of them that do not lie inside it.
      differences: what is wrong with single parts.
    """

    stage: str
    kept: Tables
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

    def add(self, other: "KeptTables") -> None:
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


def recount_tables(output: Folder, stage: str, kept: Tables) -> KeptTables:
    """Counts tables that `stage` wrote, and checks that every picture lies inside its tar."""
    names, differences = _parts(output, stage, kept)
    tars = {
        int(name[:-4]): size
        for name, size in (output / kept.branch.tars).sizes()
        if name.endswith(".tar") and name[:-4].isdigit()
    }
    whole = KeptTables(stage, kept, differences=differences)

    def recount_part(name: str) -> KeptTables:
        return _recount_part(output, KeptTables(stage, kept, parts=1), name, tars)

    for part in in_threads(recount_part, names, _AT_ONCE):
        whole.add(part)
    whole.differences += _outside(whole, tars)
    return whole


def count_ledger(output: Folder, stage: str) -> tuple[Counted, list[Difference]]:
    """The rows of a stage's ledger by unit, fate and reason, and what cannot be read of it."""
    names = _ledger_names(output, stage)
    whole: Counted = Counter()
    differences = []

    def count(place: tuple[str, str]) -> Counted | Difference:
        folder, name = place
        try:
            return count_values(output / folder, name, ["unit", "fate", "reason"])
        except Unreadable as error:
            return unreadable(stage, f"{folder}/{name}", str(error))

    for counted in in_threads(count, names, _AT_ONCE):
        if isinstance(counted, Difference):
            differences.append(counted)
        else:
            whole.update(counted)
    return whole, differences


def _ledger_names(output: Folder, stage: str) -> list[tuple[str, str]]:
    """The tables of a stage's ledger, those of pages among them: folder and name."""
    folders = dict.fromkeys((ledger_folder(stage), PAGE_BRANCH.ledger(stage)))
    return [
        (folder, name)
        for folder in folders
        for name in (output / folder).names()
        if name.endswith(".parquet")
    ]


def count_details(output: Folder, stage: str, reasons: list[str]) -> Counter[tuple[str, str]]:
    """The ledger's rows of these reasons by detail and unit.

    A caption that goes with its picture has the reason and no detail: it does not count. Nor does
    what cannot be read.
    """
    counts = Counter[tuple[str, str]]()
    for folder, name in _ledger_names(output, stage):
        try:
            table = read_columns(output / folder, name, ["reason", "detail", "unit"])
        except Unreadable:  # told by `count_ledger`
            continue
        rows = zip(*(table[column].to_pylist() for column in table.column_names), strict=True)
        counts.update((said, unit) for reason, said, unit in rows if said and reason in reasons)
    return counts


def _parts(output: Folder, stage: str, kept: Tables) -> tuple[list[str], list[Difference]]:
    """The names of the parts, and the files that are missing for every table to have them all."""
    tables = (kept.pictures, kept.captions, kept.branch.ledger(stage))
    present = {table: set(part_names(output / table)) for table in tables}
    last = max((part_number(name) for names in present.values() for name in names), default=-1)
    every = [part_name(number) for number in range(last + 1)]
    missing = [
        missing_file(stage, f"{table}/{name}")
        for table, names in present.items()
        for name in every
        if name not in names
    ]
    return every, missing


def _recount_part(output: Folder, part: KeptTables, name: str, tars: dict[int, int]) -> KeptTables:
    """Fills in what a part holds."""
    kept = part.kept
    pictures = _read(output, kept.pictures, name, ["uid", *_PLACE, *SIDES], part)
    captions = _read(output, kept.captions, name, ["uid", "language"], part)
    if pictures is not None:
        part.pictures = pictures.num_rows
        for side in SIDES:
            part.sides[side] = _counts(numbers(pictures, side))
        _place(pictures, tars, part)
    if captions is not None:
        part.captions = captions.num_rows
        part.languages = Counter(captions["language"].to_pylist())
    if pictures is not None and captions is not None:
        part.differences += _unpaired(part, name, pictures, captions)
    return part


def _read(
    output: Folder, table: str, name: str, columns: list[str], part: KeptTables
) -> pa.Table | None:
    try:
        return read_columns(output / table, name, columns)
    except Unreadable as error:
        if not isinstance(
            error.__cause__, FileNotFoundError
        ):  # a missing part has been told already
            part.differences.append(unreadable(part.stage, f"{table}/{name}", str(error)))
        return None


def _place(pictures: pa.Table, tars: dict[int, int], part: KeptTables) -> None:
    """Counts the pictures of each tar, and those that do not lie inside it."""
    shards, offsets, sizes = (numbers(pictures, column) for column in _PLACE)
    present, index = np.unique(shards, return_inverse=True)
    lengths = np.array([tars.get(shard, 0) for shard in present.tolist()], dtype=np.int64)
    bad = (offsets < 0) | (sizes <= 0)
    if len(present):
        bad |= offsets + sizes > lengths[index]
    part.in_shards = _counts(shards)
    part.outside = _counts(shards[bad])


def _unpaired(
    part: KeptTables, name: str, pictures: pa.Table, captions: pa.Table
) -> Iterator[Difference]:
    """A kept picture stands once and has a kept caption; a kept caption has a kept picture."""
    uids = pictures["uid"].to_pylist()
    named = captions["uid"].to_pylist()
    of_pictures, of_captions = set(uids), set(named)
    stage, kept, unit = part.stage, part.kept, part.kept.branch.picture.value
    in_pictures, in_captions = f"{kept.pictures}/{name}", f"{kept.captions}/{name}"
    lost = sum(uid not in of_pictures for uid in named)
    if lost:
        found, words = len(named) - lost, f"the pictures of {lost:,} captions are not there"
        of_caption = kept.branch.caption.value
        yield Difference(
            stage, of_caption, "of kept pictures", len(named), found, in_pictures, words
        )
    bare = len(of_pictures - of_captions)
    if bare:
        found, words = len(of_pictures) - bare, f"the captions of {bare:,} pictures are not there"
        yield Difference(stage, unit, "with captions", len(of_pictures), found, in_captions, words)
    if len(uids) > len(of_pictures):
        words = "a picture stands there more than once"
        yield Difference(stage, unit, "of one uid", len(of_pictures), len(uids), in_pictures, words)


def _outside(tables: KeptTables, tars: dict[int, int]) -> Iterable[Difference]:
    for shard, lost in sorted(tables.outside.items()):
        total = tables.in_shards[shard]
        words = f"it ends at byte {tars[shard]:,}" if shard in tars else "it is missing"
        file = f"{tables.kept.branch.tars}/{shard_name(shard)}.tar"
        unit = tables.kept.branch.picture.value
        yield Difference(tables.stage, unit, "to lie inside", total, total - lost, file, words)


def _counts(values: np.ndarray) -> Counter[int]:
    present, times = np.unique(values, return_counts=True)
    return Counter(dict(zip(present.tolist(), times.tolist(), strict=True)))
