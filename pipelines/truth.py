"""How much of what is known to be wrong with a source was found, and how much was wrongly lost."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from pipelines.errors import RecipeError
from pipelines.parts import Unreadable, open_table
from pipelines.records import read_records
from pipelines.storage import Folder, filesystem
from schemas.fates import Unit
from schemas.layout import KEPT, ledger_folder

CLEAN = ""
_COLUMNS = ("row", "image", "defect", "twin")
_BATCH_ROWS = 50_000


@dataclass(slots=True)
class Found:
    """What became of the rows that have one defect, or none.

    Attributes:
      rows: how many there are.
      gone: of these, not kept; of duplicates also those whose twin was turned away in their place.
      reasons: of those, by `stage reason`.
    """

    rows: int = 0
    gone: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def compare(output: Folder, truth: str) -> dict[str, Found]:
    """What became of rows by their defect, `CLEAN` for those without one.

    Args:
      output: whose source is a single table.
      truth: a table with a row for each of that table's: `row` (its number), `image`, `defect` and
        `twin` (the number of the row that a duplicate repeats, -1 for others).

    Raises:
      RecipeError: where it is no such table.
    """
    images, defects, twins = _read(truth)
    ends = _ends(output, len(images))
    kept_images = {image for image, end in zip(images, ends, strict=True) if end is None}
    repeated = {images[twin] for twin in twins if twin >= 0}
    found: dict[str, Found] = {}
    for image, defect, twin, end in zip(images, defects, twins, ends, strict=True):
        of = found.setdefault(defect, Found())
        of.rows += 1
        replaced = twin >= 0 and images[twin] not in kept_images
        one_must_go = defect == CLEAN and image in repeated and image not in kept_images
        if end is not None and not one_must_go:
            of.gone += 1
            of.reasons[end] += 1
        elif end is None and replaced:
            of.gone += 1
            of.reasons["its twin went"] += 1
    return dict(sorted(found.items()))


def _read(truth: str) -> tuple[list[str], list[str], list[int]]:
    """The images, defects and twins of the rows, in the order of their numbers."""
    fs, path = filesystem(truth)
    try:
        with fs.open(path, "rb") as file:
            table = pq.read_table(file)
    except FileNotFoundError as error:
        raise RecipeError(f"there is no {truth}") from error
    except (OSError, ValueError) as error:
        raise RecipeError(f"{truth} is no table of what is wrong with rows: {error}") from error
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing:
        raise RecipeError(f"{truth} must have the columns {', '.join(_COLUMNS)}, not {missing[0]}")
    rows, images, defects, twins = (table[name].to_pylist() for name in _COLUMNS)
    if rows != list(range(len(rows))):
        raise RecipeError(f"{truth} must number its rows from 0, in order")
    return images, defects, twins


def _ends(output: Folder, rows: int) -> list[str | None]:
    """Why each row is not kept, as `stage reason`; None where it is."""
    ends: list[str | None] = ["not read"] * rows
    records = read_records(output)
    last = next((stage for stage in reversed(KEPT) if stage in records), None)
    if last is None:
        raise RecipeError(f"{output.uri} has no finished stage: run pairmill curate first")
    for stage in records:
        for unit, row, reason in _column(output / ledger_folder(stage), "unit", "row", "reason"):
            if unit == Unit.ROW or (unit == Unit.CAPTION and stage != "translate"):
                _put(ends, row, f"{stage} {reason}")
    for origin, row in _column(output / KEPT[last].captions, "origin", "row"):
        if origin in ("source", "question-answer"):
            _put(ends, row, None)
    return ends


def _put(ends: list[Any], row: str, end: str | None) -> None:
    number = int(row.rpartition(":")[2])
    if number >= len(ends):
        raise RecipeError(f"the output has a row {row}, the truth speaks of {len(ends):,} rows")
    ends[number] = end


def _column(folder: Folder, *columns: str) -> Iterator[tuple[str, ...]]:
    """The rows of all tables in a folder, these columns of them."""
    for name in folder.names():
        if name.endswith(".parquet"):
            try:
                with open_table(folder, name, columns) as parquet:
                    for batch in parquet.iter_batches(_BATCH_ROWS, columns=list(columns)):
                        yield from zip(*(batch[c].to_pylist() for c in columns), strict=True)
            except Unreadable as error:
                raise RecipeError(f"{folder.path(name)}: {error}") from error
