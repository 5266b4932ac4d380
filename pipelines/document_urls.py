"""Documents that tables name by URL: their rows, and which of them are to be asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from filters.location import LocationRules, host_of, location_fault
from filters.set_faults import SetFault
from pipelines.claims import as_before, not_asked_for
from pipelines.document_rules import Documents
from pipelines.errors import RecipeError
from pipelines.inputs import find_splits, read_split
from pipelines.lane_plan import per_shard
from pipelines.reading import ReadRows, Tagged
from pipelines.recipe import Recipe, Source
from pipelines.settling import KNOWN, ReadGathered
from pipelines.slots import PlanShards
from pipelines.sources.rows import InputRow, Split, row_name
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    arrow_schema,
    hash_buckets,
    pieces_for,
    table_of,
)
from pipelines.transforms.filed import RegroupFiled
from pipelines.transforms.tables import write_table
from pipelines.transforms.tally import Tally
from schemas.fates import Fate, Unit
from schemas.ids import picture_uid
from schemas.languages import UNKNOWN
from schemas.layout import FETCHING, part_name
from schemas.rows import LedgerRow, PlannedPicture

WANTED = "wanted"
LEDGER = "ledger"
"""Below the plan: the documents that tables name, each once, by uid; rows that name none."""

_STAGE = "documents"
_COUNTS = "counts.json"
_EXCERPT = 200  # characters of a URL that was turned away
_RULES = LocationRules()  # no paths: a folder of files is a source of its own


@dataclass(frozen=True, slots=True)
class DocumentClaim(PlannedPicture):
    """An input row's claim: there is this document.

    Attributes:
      rank: of its source in the recipe.
      file: within its source.
      number: of the row in its file.
      row: what it is called, see `pipelines.sources.rows.row_name`.
    """

    rank: int
    file: str
    number: int
    row: str


_ORDER = ("uid", "rank", "file", "number")  # of rows that name a document the first counts


def url_splits(recipe: Recipe, limit: int | None) -> list[Split]:
    """The pieces of tables that name documents, or of the first `limit` rows of each source.

    Raises:
      RecipeError: naming the source that has no rows, or a table without its column.
    """
    found = []
    for index, source in enumerate(recipe.sources):
        if source.task != "document" or source.format != "table":
            continue
        splits = find_splits([source], limit)
        # Tables of text tell by reading alone whether they have rows.
        if not any(block for split in splits for block in read_split(source, split)):
            raise RecipeError(f"source {source.name!r}: there are no rows in {source.path}")
        found += [replace(split, source=index) for split in splits]
    return found


def plan_urls(run: Run, rules: Documents, splits: list[Split], plan: Folder, buckets: int) -> None:
    """Leaves `WANTED`, `LEDGER`, counts, and shards of what is to be fetched, a bucket at a time.

    Args:
      run: of the stage.
      rules: of the recipe.
      splits: see `url_splits`.
      plan: where, see `pipelines.slots.PlanShards` of the shards.
      buckets: how many.
    """
    size = per_shard(rules.documents_per_shard, sum(split.rows for split in splits))
    schemas = {"claims": arrow_schema(DocumentClaim), "known": KNOWN}
    by_uid = hash_buckets("uid", buckets)
    with run.pipeline(pieces_for(buckets)) as pipeline:
        read = (
            pipeline
            | Deal("url splits", enumerate(splits))
            | beam.ParDo(
                ReadRows(run.recipe, plan / LEDGER, DocumentClaim, None, claims_of)
            ).with_outputs("counts", main="claims")
        )
        known = pipeline | ReadGathered(run.output, KNOWN, FETCHING)
        planned = (
            {"claims": read.claims, "known": known}
            | RegroupFiled("rows by document", plan / "claims", schemas, buckets, by_uid)
            | beam.ParDo(PlanDocuments(plan, run.retry)).with_outputs("counts", main="documents")
        )
        _ = planned.documents | PlanShards(plan, size, buckets)
        _ = (read.counts, planned.counts) | beam.Flatten() | Tally(plan, _COUNTS)


def claims_of(
    recipe: Recipe, source: Source, split: Split, block: list[InputRow]
) -> tuple[list[DocumentClaim], list[LedgerRow]]:
    """The documents that a block's rows name, and rows that name none."""
    claims, rejected = [], []
    rank = recipe.sources.index(source)
    for row in block:
        name, location = row_name(source, split, row), f"{source.url_prefix}{row.url}"
        fault = row.fault or location_fault(location if row.url else "", _RULES)
        if fault:
            rejected.append(_rejected(name, str(fault), row.detail or row.url[:_EXCERPT]))
        else:
            claims.append(_claim(source, split, row, location, rank))
    return claims, rejected


def whole_document(url: str) -> str:
    """The URL of a document that a row names by one of its parts, which no server is asked for.

    >>> whole_document("https://example.org/a.pdf#page=2")
    'https://example.org/a.pdf'
    """
    return url.partition("#")[0]


def _rejected(name: str, reason: str, detail: str) -> LedgerRow:
    fate = Fate.REJECTED.value
    return LedgerRow(_STAGE, Unit.ROW.value, name, "", name, fate, reason, detail)


def _claim(source: Source, split: Split, row: InputRow, location: str, rank: int) -> DocumentClaim:
    url = whole_document(row.url)
    return DocumentClaim(
        uid=picture_uid(source.name, url),
        url=url,
        location=location,
        host=host_of(location),
        source=source.name,
        licence=row.licence,
        language=UNKNOWN,
        caption="",
        expected_sha256="",
        rank=rank,
        file=split.name,
        number=row.number,
        row=row_name(source, split, row),
    )


class PlanDocuments(beam.DoFn):
    """Leaves a bucket's documents and the rows that name one again; yields what is to be fetched.

    Args:
      plan: where.
      retry: reasons for which documents failed that are to be fetched again.
    """

    def __init__(self, plan: Folder, retry: tuple[str, ...]) -> None:
        self._plan = plan
        self._retry = retry

    def process(self, keyed: Keyed) -> Iterator[pa.Table | Tagged]:
        bucket, tables = keyed
        documents, twins = settle(tables["claims"])
        write_table(self._plan / WANTED, part_name(bucket), documents)
        yield TaggedOutput("counts", ("row kept", documents.num_rows))
        yield TaggedOutput("counts", ("document in", documents.num_rows))
        if twins:
            write_table(self._plan / LEDGER, part_name(bucket), table_of(LedgerRow, twins))
            name = f"{Unit.ROW} {Fate.REJECTED} {SetFault.DUPLICATE_ROW}"
            yield TaggedOutput("counts", (name, len(twins)))
        yield not_asked_for(documents, tables["known"], self._retry)


def settle(claims: pa.Table) -> tuple[pa.Table, list[LedgerRow]]:
    """A table of `PlannedPicture`s, each document once, by uid; and rows that name one again."""
    claims = claims.sort_by([(column, "ascending") for column in _ORDER])
    repeated = as_before(claims["uid"])
    first = np.maximum.accumulate(np.where(repeated, 0, np.arange(len(repeated))))
    names = claims["row"].filter(pa.array(repeated)).to_pylist()
    twins = claims["row"].take(pa.array(first[repeated])).to_pylist()
    ledger = [
        _rejected(name, SetFault.DUPLICATE_ROW.value, f"as {twin}")
        for name, twin in zip(names, twins, strict=True)
    ]
    schema = arrow_schema(PlannedPicture)
    return claims.filter(pa.array(~repeated)).select(schema.names).cast(schema), ledger
