"""What gather has to fetch: input rows to claims, claims to captions and pictures."""

import itertools
import posixpath
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from filters.caption import CaptionRules, caption_fault
from filters.location import LocationRules, host_of, location_fault
from pipelines.inputs import InputRow, Split, read_split
from pipelines.recipe import Recipe, Source
from pipelines.storage import Folder
from pipelines.transforms.blocks import arrow_schema, table_of
from pipelines.transforms.tables import write_table
from pipelines.transforms.tally import Count
from schemas.ids import caption_id, is_absolute, is_uid, picture_uid
from schemas.languages import normalise_tag
from schemas.layout import part_name
from schemas.rows import Caption, Fate, LedgerRow, PlannedPicture, Unit

BAD_UID = "malformed-uid"
DUPLICATE_ROW = "duplicate-row"
NO_CAPTION = "no-caption"

Tagged: TypeAlias = TaggedOutput[Literal["counts"], Count]


@dataclass(frozen=True, slots=True)
class Claim(Caption):
    """An input row's claim: this picture has this caption.

    Attributes:
      fault: "" or why the caption is rejected.
      rank: of the language in the recipe and the source after it; a picture's first caption has the
        lowest.
      url: of the picture, as the table has it.
      location: where to ask for it.
    """

    fault: str
    rank: int
    url: str
    location: str


class ReadClaims(beam.DoFn):
    """Reads a split: claims out, rows that claim nothing into the ledger."""

    def __init__(self, recipe: Recipe, ledger: Folder) -> None:
        self._recipe = recipe
        self._ledger = ledger

    def process(self, numbered: tuple[int, Split]) -> Iterator[pa.Table | Tagged]:
        number, split = numbered
        source = self._recipe.sources[split.source]
        for block_number, block in enumerate(read_split(source, split)):
            claims, rejected = _claims(self._recipe, source, split, block)
            counts = Counter({"row in": len(block), "row kept": len(claims)})
            counts.update(f"row rejected {row.reason}" for row in rejected)
            counts["caption created"] = len(claims)
            for count in counts.items():
                yield TaggedOutput("counts", count)
            if rejected:
                name = f"rows-{number:05d}-{block_number:05d}.parquet"
                write_table(self._ledger, name, table_of(LedgerRow, rejected))
            yield table_of(Claim, claims)


def _claims(
    recipe: Recipe, source: Source, split: Split, block: list[InputRow]
) -> tuple[list[Claim], list[LedgerRow]]:
    claims, rejected = [], []
    rules = LocationRules(
        allow_local_files=recipe.gather is not None and recipe.gather.allow_local_files
    )
    caption_rules = CaptionRules(languages=frozenset(recipe.languages))
    folder = posixpath.dirname(split.uri)
    for row in block:
        name = f"{source.name}:{split.name}:{row.number}"
        location = row.location or _location(row.url, source.url_prefix)
        fault = row.fault or (not row.location and location_fault(location, rules))
        if not fault and source.uid_column and not is_uid(row.uid):
            fault = BAD_UID
        if fault:
            detail = row.url[:200]
            rejected.append(
                LedgerRow("gather", Unit.ROW, name, "", name, Fate.REJECTED, str(fault), detail)
            )
            continue
        if not is_absolute(location):
            location = posixpath.join(folder, location)
        claims.append(_claim(recipe, source, caption_rules, replace(row, location=location), name))
    return claims, rejected


def _location(url: str, prefix: str) -> str:
    return f"{prefix}{url}" if url else ""


def _claim(recipe: Recipe, source: Source, rules: CaptionRules, row: InputRow, name: str) -> Claim:
    text = unicodedata.normalize("NFC", row.caption).strip()
    language = normalise_tag(row.language)
    languages = [*recipe.languages, language]
    uid = row.uid or picture_uid(source.name, row.url)
    return Claim(
        caption_id=caption_id(uid, language, text),
        uid=uid,
        language=language,
        text=text,
        origin="source",
        engine="",
        quality=1.0,
        source=source.name,
        row=name,
        licence=row.licence,
        extras=row.extras,
        fault=caption_fault(text, language, rules) or "",
        rank=languages.index(language) * len(recipe.sources) + recipe.sources.index(source),
        url=row.url,
        location=row.location,
    )


class PlanPictures(beam.DoFn):
    """Settles a bucket's captions and tells which of its pictures are to be fetched.

    Writes `captions/part-*` (captions kept if their picture is), and `ledger/part-*`.
    """

    def __init__(self, plan: Folder) -> None:
        self._plan = plan

    def process(self, keyed: tuple[int, dict[str, pa.Table]]) -> Iterator[pa.Table | Tagged]:
        bucket, tables = keyed
        known = set(tables["known"]["uid"].to_pylist())
        kept, ledger, planned = _settle(tables["claims"])
        write_table(self._plan / "captions", part_name(bucket), kept)
        write_table(self._plan / "ledger", part_name(bucket), table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts["picture created"] = len(planned) + counts[f"picture rejected {NO_CAPTION}"]
        for count in counts.items():
            yield TaggedOutput("counts", count)
        yield table_of(PlannedPicture, [picture for picture in planned if picture.uid not in known])


# Equal rows in another order, or in files of other names, settle alike: the row comes last.
_CLAIM_ORDER = ("uid", "fault", "rank", "caption_id", "source", "extras", "licence", "url", "row")


def _settle(claims: pa.Table) -> tuple[pa.Table, list[LedgerRow], list[PlannedPicture]]:
    """Tells the captions kept, the ledger of all others, and the pictures that have captions."""
    claims = claims.sort_by([(column, "ascending") for column in _CLAIM_ORDER])
    keep = np.zeros(claims.num_rows, dtype=bool)
    ledger, planned = [], []
    rows = enumerate(claims.select(_SETTLE_COLUMNS).to_pylist())
    for uid, group in itertools.groupby(rows, key=lambda item: item[1]["uid"]):
        first: dict[str, Any] | None = None
        seen: dict[str, str] = {}
        for index, row in group:
            twin = seen.setdefault(row["caption_id"], row["row"])
            repeated = not row["fault"] and twin != row["row"]
            if row["fault"] or repeated:
                reason = row["fault"] or DUPLICATE_ROW
                detail = f"as {twin}" if repeated else row["text"][:200]
                ledger.append(
                    _rejected(Unit.CAPTION, row["caption_id"], uid, row["row"], reason, detail)
                )
                continue
            keep[index] = True
            first = first or row
        if first:
            planned.append(_planned(first))
        else:
            ledger.append(_rejected(Unit.PICTURE, uid, "", row["row"], NO_CAPTION, row["url"]))
    kept = claims.filter(pa.array(keep)).select(arrow_schema(Caption).names)
    return kept, ledger, planned


_SETTLE_COLUMNS = (
    "uid", "caption_id", "fault", "row", "text", "url", "location", "source", "licence", "language"
)  # fmt: skip


def _rejected(unit: Unit, id_: str, parent: str, row: str, reason: str, detail: str) -> LedgerRow:
    return LedgerRow("gather", unit.value, id_, parent, row, Fate.REJECTED.value, reason, detail)


def _planned(row: dict[str, Any]) -> PlannedPicture:
    return PlannedPicture(
        uid=row["uid"],
        url=row["url"],
        location=row["location"],
        host=host_of(row["location"]),
        source=row["source"],
        licence=row["licence"],
        language=row["language"],
        caption=row["text"],
    )
