"""Final text pairs: `anchor, positive` as sentence-transformers reads them, the rest beside."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa

from pipelines.recipe import Recipe
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from schemas.ids import order_key
from schemas.layout import SCREENED_TEXTS, TEXT_ROWS, TEXTS, part_name
from schemas.rows import TextPair


@dataclass(frozen=True, slots=True)
class OrderedText(TextPair):
    """A text pair on its way to its place.

    Attributes:
      order: 32 hex digits, where it stands.
    """

    order: str


class ReadTexts(beam.DoFn):
    """The text pairs of a part, with their places."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def process(self, part: int) -> Iterator[pa.Table]:
        texts = read_table(Folder(self._recipe.output) / SCREENED_TEXTS, part_name(part))
        ids = zip(texts["query_id"].to_pylist(), texts["positive_id"].to_pylist(), strict=True)
        orders = [order_key(self._recipe.seed, f"{query}-{positive}") for query, positive in ids]
        ordered = texts.append_column("order", pa.array(orders, pa.string()))
        yield ordered.cast(arrow_schema(OrderedText))


def write_texts(keyed: Keyed, fresh: Folder) -> Iterator[Count]:
    """Writes a bucket's pairs, and in the same order all that is known of them."""
    bucket, tables = keyed
    texts = tables["texts"].sort_by("order").drop_columns(["order"])
    pairs = texts.select(["query", "positive"]).rename_columns(["anchor", "positive"])
    write_table(fresh / TEXTS, part_name(bucket), pairs)
    write_table(fresh / TEXT_ROWS, part_name(bucket), texts)
    yield "text in", texts.num_rows
    yield "text kept", texts.num_rows
