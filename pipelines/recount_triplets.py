"""What `mine` left, counted from its files: triplets whose negatives are all there."""

from collections import Counter
from dataclasses import dataclass, field

from pipelines.differences import Difference, unreadable
from pipelines.parts import Unreadable, open_table, part_names
from pipelines.storage import Folder
from pipelines.threads import in_threads
from schemas.fates import Unit
from schemas.layout import TRIPLETS

_STAGE = "mine"
_AT_ONCE = 4
_BATCH_ROWS = 10_000


@dataclass(slots=True)
class Triplets:
    """What the tables of triplets hold.

    Attributes:
      rows: triplets.
      kinds: the same by kind.
      origins: negatives by kind and origin.
      differences: what is wrong.
    """

    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: "Triplets") -> None:
        """Adds what other parts hold."""
        self.rows += other.rows
        self.kinds.update(other.kinds)
        self.origins.update(other.origins)
        self.differences += other.differences


def recount_triplets(output: Folder) -> Triplets:
    """Counts the triplets, and checks that none has a negative twice, or its positive as one."""
    whole, folder = Triplets(), output / TRIPLETS
    names = part_names(folder)
    for part in in_threads(lambda name: _recount_part(folder, name), names, _AT_ONCE):
        whole.add(part)
    return whole


def _recount_part(folder: Folder, name: str) -> Triplets:
    part, wrong = Triplets(), 0
    try:
        with open_table(folder, name, ["kind", "positive", "origins"]) as parquet:
            columns = [column for column in parquet.schema_arrow.names if _is_negative(column)]
            read = ["kind", "positive", "origins", *columns]
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=read):
                rows = zip(*(batch.column(column).to_pylist() for column in read), strict=True)
                for kind, positive, origins, *negatives in rows:
                    part.rows += 1
                    part.kinds[kind] += 1
                    part.origins.update((kind, origin) for origin in origins)
                    wrong += len({positive, *negatives}) != 1 + len(origins)
    except Unreadable as error:
        part.differences.append(unreadable(_STAGE, f"{TRIPLETS}/{name}", str(error)))
    if wrong:
        words = f"{wrong:,} rows have a negative twice, or their positive among them"
        unit, file = Unit.TRIPLET.value, f"{TRIPLETS}/{name}"
        difference = Difference(
            _STAGE, unit, "with different texts", part.rows, part.rows - wrong, file, words
        )
        part.differences.append(difference)
    return part


def _is_negative(column: str) -> bool:
    return column.startswith("negative_") and column.removeprefix("negative_").isdigit()
