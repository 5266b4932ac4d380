"""A part's pictures and captions with what was decided on them, as a stage's ledger tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from schemas.fates import Fate
from schemas.layout import PICTURE_BRANCH, Branch
from schemas.rows import LedgerRow


@dataclass(slots=True)
class Verdicts:
    """What was decided on the rows of a table; every list has a value for each row.

    Attributes:
      faults: why it goes, "" where it stays.
      details: for people.
    """

    faults: list[str]
    details: list[str] = field(default_factory=list)

    @classmethod
    def none(cls, rows: int) -> "Verdicts":
        """All of so many rows stay."""
        return cls([""] * rows, [""] * rows)

    def reject(self, row: int, fault: str, detail: str) -> None:
        """Turns a row away, but for one that is turned away already."""
        if not self.faults[row]:
            self.faults[row], self.details[row] = fault, detail

    def kept(self, table: pa.Table) -> pa.Table:
        """The rows of the table that stay."""
        return table.filter(pa.array([not fault for fault in self.faults], pa.bool_()))


def ledger_of(
    stage: str,
    uids: Sequence[str],
    pictures: Verdicts,
    captions: pa.Table,
    on_captions: Verdicts,
    branch: Branch = PICTURE_BRANCH,
) -> Iterator[LedgerRow]:
    """A row for each picture and caption that goes.

    Args:
      stage: whose ledger it is.
      uids: of the pictures.
      pictures: what was decided on them.
      captions: a table of `Caption`s.
      on_captions: what was decided on them.
      branch: what the pictures are.
    """
    rejected = Fate.REJECTED.value
    owners, rows = captions["uid"].to_pylist(), captions["row"].to_pylist()
    first_rows: dict[str, str] = {}
    for uid, row in zip(owners, rows, strict=True):
        first_rows.setdefault(uid, row)
    for uid, fault, detail in zip(uids, pictures.faults, pictures.details, strict=True):
        if fault:
            row, unit = first_rows.get(uid, ""), branch.picture.value
            yield LedgerRow(stage, unit, uid, "", row, rejected, fault, detail)
    ids = captions["caption_id"].to_pylist()
    ends = zip(ids, owners, rows, on_captions.faults, on_captions.details, strict=True)
    for caption_id, uid, row, fault, detail in ends:
        if fault:
            unit = branch.caption.value
            yield LedgerRow(stage, unit, caption_id, uid, row, rejected, fault, detail)
