"""What stages say of themselves when they are done; read without Beam, so that it takes no time."""

import json
import tomllib
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RunError
from pipelines.storage import Folder
from schemas.layout import STAGE_FILE, WORK, ledger_folder

STAGES = ("gather", "documents", "screen", "score", "select", "translate", "mine", "pack")
"""In the order of running."""

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Record:
    """What a stage says of itself when it is done: `_stage.json`.

    Attributes:
      stage: its name.
      version: of the stage's code; a newer one runs again.
      fingerprint: of everything that its output depends on.
      reads: the fingerprints of the stages whose output it read.
      counts: by `unit fate reason`, `unit in` and `unit created`.
      started: seconds since the epoch.
      seconds: that the last run took.
      limit: rows of each source that were read, None for all.
      libraries: versions.
    """

    stage: str
    version: int
    fingerprint: str
    reads: dict[str, str]
    counts: Counts
    started: float
    seconds: float
    limit: int | None
    libraries: dict[str, str]


def read_record(output: Folder, stage: str) -> Record | None:
    """The record of a stage that is complete, None of one that is not.

    Raises:
      RunError: where the file is not what a stage writes.
    """
    folder = output / ledger_folder(stage)
    if not folder.exists(STAGE_FILE):
        return None
    try:
        record = Record(**json.loads(folder.read(STAGE_FILE)))
        imbalance(record.counts)
    except (ValueError, TypeError, AttributeError) as error:
        raise RunError(f"{folder.path(STAGE_FILE)} is no record of a stage: {error}") from error
    return record


def imbalance(counts: Counts) -> dict[str, int]:
    """By unit, how many more came in or were created than are accounted for; only where not 0.

    >>> imbalance({"row in": 3, "row kept": 1, "row rejected missing-url": 1})
    {'row': 1}
    """
    sums: dict[str, int] = {}
    for name, n in counts.items():
        unit, what = name.split(" ")[:2]
        sums[unit] = sums.get(unit, 0) + (n if what in ("in", "created") else -n)
    return {unit: n for unit, n in sums.items() if n}


def read_records(output: Folder) -> dict[str, Record]:
    """The records of the stages that count, in the order of running.

    A stage that the recipe has no more, and that no stage reads, left its output behind.

    Raises:
      RunError: where a file is not what a stage writes.
    """
    found = {stage: record for stage in STAGES if (record := read_record(output, stage))}
    asked = recipe_of(output)
    counting = {stage for stage in found if stage in asked or not asked}
    for stage in reversed(found):
        if stage in counting:
            counting |= found[stage].reads.keys()
    return {stage: record for stage, record in found.items() if stage in counting}


def is_outdated(records: dict[str, Record], stage: str) -> bool:
    """Whether a stage that `stage` read has run since, so that what it read is there no more."""
    reads = records[stage].reads.items()
    return any(name in records and records[name].fingerprint != read for name, read in reads)


def is_output(folder: Folder) -> bool:
    """Whether a recipe's run writes, or has written, to `folder`."""
    return folder.exists("ledger") or (folder.exists("recipe.toml") and folder.exists(WORK))


def recipe_of(output: Folder) -> dict[str, Any]:
    """The resolved recipe beside an output as plain values, {} where there is none."""
    try:
        return tomllib.loads(output.read("recipe.toml").decode())
    except (FileNotFoundError, ValueError):
        return {}
