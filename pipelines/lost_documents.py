"""Questions about documents of which nothing was rendered: each ends as its document does."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.document_plan import Current
from pipelines.page_questions import PAGE_QUESTIONS
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, hash_buckets
from pipelines.transforms.tables import read_table
from schemas.layout import DOCUMENTS

_LOST = pa.schema([(name, pa.string()) for name in ("document", "fate", "reason")])
LOST_PAGES = pa.schema([(name, pa.string()) for name in ("uid", "fate", "reason")])
"""A page that somebody asks about, and what became of its document, which has no pages."""


class FindLostPages(beam.PTransform):
    """Tables of `PageQuestion`s to tables of `LOST_PAGES`.

    Args:
      output: of the recipe.
      current: what is rendered.
      buckets: how many questions and documents are brought together in.
    """

    def __init__(self, output: Folder, current: Current, buckets: int) -> None:
        super().__init__(label="Find[lost pages]")
        self._output = output
        self._current = current
        self._buckets = buckets

    def expand(self, questions: beam.PCollection[pa.Table]) -> beam.PCollection[pa.Table]:
        read = beam.Map(_read_lost, output=self._output, current=self._current)
        shards = questions.pipeline | Deal("lost documents", self._current.shards)
        return (
            {"questions": questions, "lost": shards | read.with_output_types(pa.Table)}
            | Regroup(
                "documents",
                {"questions": PAGE_QUESTIONS, "lost": _LOST},
                self._buckets,
                hash_buckets("document", self._buckets),
            )
            | beam.Map(_lost_pages).with_output_types(pa.Table)
        )


def _read_lost(shard: str, output: Folder, current: Current) -> pa.Table:
    """The documents of a shard that gave nothing, if this is their last rendering: `_LOST`."""
    table = read_table(output / DOCUMENTS, f"{shard}.parquet", [*_LOST.names, "page"])
    table = table.filter(pc.equal(table["page"], 0)).select(_LOST.names).cast(_LOST)
    return table.filter(pc.is_in(table["document"], value_set=current.documents_of(shard)))


def _lost_pages(keyed: Keyed) -> pa.Table:
    _, tables = keyed
    asked = tables["questions"].select(["uid", "document"])
    found = asked.join(tables["lost"], "document", join_type="inner")
    return found.select(LOST_PAGES.names).cast(LOST_PAGES)
