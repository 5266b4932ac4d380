"""Documents that tables name by URL: their rows, and what became of those that were asked for."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from filters.location import LocationRules, host_of, location_fault
from filters.set_faults import SetFault
from pipelines.commit import committed_shards
from pipelines.errors import RecipeError
from pipelines.inputs import find_splits, read_split
from pipelines.local_pictures import tar_location
from pipelines.recipe import Recipe, Source
from pipelines.records import Counts
from pipelines.sources.rows import InputRow, Split, row_name
from pipelines.storage import Folder, filesystem
from pipelines.transforms.tables import read_table
from schemas.fates import Fate, Unit
from schemas.ids import digest, picture_uid
from schemas.languages import UNKNOWN
from schemas.layout import FETCHED, FETCHING
from schemas.pages import PlannedDocument
from schemas.rows import LedgerRow, PlannedPicture

_STAGE = "documents"
_EXCERPT = 200  # characters of a URL that was turned away
_RULES = LocationRules()  # no paths: a folder of files is a source of its own


@dataclass(slots=True)
class Urls:
    """What the tables of a recipe name.

    Attributes:
      wanted: the documents, each once, in order; some hundred bytes each.
      rows: that were read.
      rejected: rows that name none, or one that an earlier row names, whatever part of it.
    """

    wanted: list[PlannedPicture] = field(default_factory=list)
    rows: int = 0
    rejected: list[LedgerRow] = field(default_factory=list)

    def counts(self) -> Counts:
        """What became of the rows; empty where there are none."""
        found = Counter(f"{Unit.ROW} {Fate.REJECTED} {row.reason}" for row in self.rejected)
        if self.rows:
            found[f"{Unit.ROW} in"] = self.rows
            found[f"{Unit.ROW} {Fate.KEPT}"] = self.rows - len(self.rejected)
        return dict(found)


def find_urls(recipe: Recipe, limit: int | None) -> Urls:
    """The documents that tables name, or those of the first `limit` rows of each source.

    Raises:
      RecipeError: naming the source that has no rows, or a table without its column.
    """
    urls, row_of = Urls(), dict[str, str]()
    for source, split, row in _rows(recipe, limit):
        urls.rows += 1
        name, location = row_name(source, split, row), f"{source.url_prefix}{row.url}"
        row = replace(row, url=whole_document(row.url))
        uid = picture_uid(source.name, row.url)
        fault = row.fault or location_fault(location if row.url else "", _RULES)
        if fault:
            urls.rejected.append(_rejected(name, str(fault), row.detail or row.url[:_EXCERPT]))
        elif uid in row_of:
            urls.rejected.append(_rejected(name, SetFault.DUPLICATE_ROW, f"as {row_of[uid]}"))
        else:
            row_of[uid] = name
            urls.wanted.append(_wanted(source, row, uid, location))
    return urls


def whole_document(url: str) -> str:
    """The URL of a document that a row names by one of its parts, which no server is asked for.

    >>> whole_document("https://example.org/a.pdf#page=2")
    'https://example.org/a.pdf'
    """
    return url.partition("#")[0]


def _rows(recipe: Recipe, limit: int | None) -> Iterator[tuple[Source, Split, InputRow]]:
    for source in recipe.sources:
        if source.task != "document" or source.format != "table":
            continue
        is_empty = True
        for split in find_splits([source], limit):
            for block in read_split(source, split):
                is_empty = False
                yield from ((source, split, row) for row in block)
        if is_empty:  # tables of text tell their rows by reading alone
            raise RecipeError(f"source {source.name!r}: there are no rows in {source.path}")


def _rejected(name: str, reason: str, detail: str) -> LedgerRow:
    fate = Fate.REJECTED.value
    return LedgerRow(_STAGE, Unit.ROW.value, name, "", name, fate, str(reason), detail)


def _wanted(source: Source, row: InputRow, uid: str, location: str) -> PlannedPicture:
    return PlannedPicture(
        uid=uid,
        url=row.url,
        location=location,
        host=host_of(location),
        source=source.name,
        licence=row.licence,
        language=UNKNOWN,
        caption="",
        expected_sha256="",
    )


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """What became of a document when it was asked for last.

    Attributes:
      kind: `pdf`, `html`, `markdown`, or "" where there is none.
      location: where its bytes lie, or "".
      reason: why there are none, or "".
      detail: of the reason, for people.
      sha256: of the bytes, or "".
    """

    kind: str
    location: str
    reason: str
    detail: str
    sha256: str

    @property
    def version(self) -> str:
        """What changes when something else was fetched."""
        return self.sha256 or self.reason


_OF_FETCHED = (
    "uid", "reason", "error_message", "image_offset", "image_size", "original_format", "sha256",
)  # fmt: skip


def fetched_documents(output: Folder) -> dict[str, FetchedDocument]:
    """What was fetched, by document, some hundred bytes each."""
    found: dict[str, FetchedDocument] = {}
    for shard in sorted(committed_shards(output, FETCHING), key=int):
        rows = read_table(output / FETCHED, f"{shard}.parquet", _OF_FETCHED).to_pylist()
        fs, path = filesystem((output / FETCHED).path(f"{shard}.tar"))
        uri = fs.unstrip_protocol(path)
        found.update({row["uid"]: _fetched(row, uri) for row in rows})
    return found


def _fetched(row: dict[str, Any], uri: str) -> FetchedDocument:
    reason, offset, size = row["reason"], row["image_offset"], row["image_size"]
    return FetchedDocument(
        kind=row["original_format"],
        location="" if reason else tar_location(uri, offset, size),
        reason=reason,
        detail=row["error_message"].removeprefix(f"{reason}: "),
        sha256=row["sha256"],
    )


def planned_urls(
    wanted: list[PlannedPicture], fetched: dict[str, FetchedDocument], limits: str
) -> list[PlannedDocument]:
    """Documents to render, or to account for, that were asked for.

    Args:
      wanted: what the tables name.
      fetched: what became of each.
      limits: of the recipe that rows depend on.
    """
    return [
        PlannedDocument(
            document=one.uid,
            url=one.url,
            location=fetched[one.uid].location,
            kind=fetched[one.uid].kind,
            source=one.source,
            licence=one.licence,
            version=digest(fetched[one.uid].version, one.licence, limits),
            reason=fetched[one.uid].reason,
            detail=fetched[one.uid].detail,
        )
        for one in wanted
    ]
