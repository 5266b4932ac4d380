"""Pages whose text stands in several documents, counted over all of them."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from filters.page_text import page_key
from pipelines.transforms.blocks import Keyed, Regroup, hash_buckets
from schemas.fates import Fate

_KEYS = pa.schema([(name, pa.string()) for name in ("key", "document", "uid")])
REPEATED = pa.schema([("uid", pa.string()), ("documents", pa.int64())])
"""A page, and how many documents have one with its text."""

_WORDLESS = page_key("")


class CountRepeated(beam.PTransform):
    """Tables of pages to tables of those, `REPEATED`, whose text several documents have.

    Args:
      buckets: how many the texts are counted in; a page weighs 100 bytes there.
    """

    def __init__(self, buckets: int) -> None:
        super().__init__(label="Count[repeated]")
        self._buckets = buckets

    def expand(self, pages: beam.PCollection[pa.Table]) -> beam.PCollection[pa.Table]:
        by_key = hash_buckets("key", self._buckets)
        keys = pages | "Key" >> beam.Map(_keys_of).with_output_types(pa.Table)
        return (
            {"keys": keys}
            | Regroup("keys", {"keys": _KEYS}, self._buckets, by_key)
            | beam.Map(_repeated).with_output_types(pa.Table)
        )


def _keys_of(pages: pa.Table) -> pa.Table:
    """The keys of what was rendered and has words; pictures alone are none of each other's."""
    rendered = pages.filter(pc.equal(pages["fate"], Fate.KEPT.value))
    keys = pa.array([page_key(text) for text in rendered["text"].to_pylist()], pa.string())
    found = pa.table([keys, rendered["document"], rendered["uid"]], schema=_KEYS)
    return found.filter(pc.not_equal(keys, _WORDLESS))


def _repeated(keyed: Keyed) -> pa.Table:
    _, tables = keyed
    keys = tables["keys"]
    counted = keys.group_by("key").aggregate([("document", "count_distinct")])
    place = pc.index_in(keys["key"], value_set=counted["key"].combine_chunks())
    documents = counted["document_count_distinct"].take(place)
    found = pa.table([keys["uid"], documents], schema=REPEATED)
    return found.filter(pc.greater(documents, 1))
