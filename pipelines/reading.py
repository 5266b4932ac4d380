"""Input rows to claims: what every kind of row goes through on its way in."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from pipelines.inputs import read_split
from pipelines.recipe import Recipe, Source
from pipelines.sources.rows import InputRow, Split
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import write_table
from pipelines.transforms.tally import Count
from schemas.fates import Unit
from schemas.rows import LedgerRow

Tagged: TypeAlias = TaggedOutput[Literal["counts"], Count]
Claims = Callable[[Recipe, Source, Split, list[InputRow]], tuple[list[Any], list[LedgerRow]]]
"""What a block's rows claim, and those that claim nothing."""


class ReadRows(beam.DoFn):
    """Reads a split: claims out, rows that claim nothing into the ledger.

    Args:
      recipe: whose sources are read.
      ledger: where to write.
      claim: the type of a claim.
      creates: the unit that a claim creates one of; None where a later step says which rows
        are kept.
      claims: of a block of rows; a function of a module, since workers get it by name.
    """

    def __init__(
        self, recipe: Recipe, ledger: Folder, claim: type, creates: Unit | None, claims: Claims
    ) -> None:
        self._recipe = recipe
        self._ledger = ledger
        self._claim = claim
        self._creates = creates
        self._claims = claims

    def process(self, numbered: tuple[int, Split]) -> Iterator[pa.Table | Tagged]:
        number, split = numbered
        source = self._recipe.sources[split.source]
        for block_number, block in enumerate(read_split(source, split)):
            claims, rejected = self._claims(self._recipe, source, split, block)
            counts = Counter({"row in": len(block)})
            counts.update(f"row rejected {row.reason}" for row in rejected)
            if self._creates:
                counts.update({"row kept": len(claims), f"{self._creates} created": len(claims)})
            for count in counts.items():
                yield TaggedOutput("counts", count)
            if rejected:
                name = f"rows-{number:05d}-{block_number:05d}.parquet"
                write_table(self._ledger, name, table_of(LedgerRow, rejected))
            yield table_of(self._claim, claims)
