"""What gather has to fetch: input rows to claims, claims to captions and pictures."""

import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from filters.caption_limits import CaptionLimits, limit_fault
from filters.location import LocationRules, host_of, location_fault
from filters.set_faults import SetFault
from filters.text import tidied
from pipelines.reading import Tagged
from pipelines.recipe import Recipe, Source
from pipelines.settling import latest
from pipelines.sources.rows import InputRow, Split, row_name
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import write_table
from schemas.fates import Fate, Unit
from schemas.ids import caption_id, is_absolute, is_sha256, is_uid, picture_uid
from schemas.languages import normalise_tag
from schemas.layout import part_name
from schemas.rows import Caption, LedgerRow, PlannedPicture

BAD_UID = "malformed-uid"
BAD_SHA256 = "malformed-sha256"

_EXCERPT = 200  # characters of a text that was turned away


@dataclass(frozen=True, slots=True)
class Claim(Caption):
    """An input row's claim: this picture has this caption.

    Attributes:
      fault: "" or why the caption is rejected.
      rank: of the language in the recipe and the source after it; a picture's first caption has the
        lowest.
      url: of the picture, as the table has it.
      location: where to ask for it.
      expected_sha256: of its original bytes as the row states it, or "".
    """

    fault: str
    rank: int
    url: str
    location: str
    expected_sha256: str


def claims_of(
    recipe: Recipe, source: Source, split: Split, block: list[InputRow]
) -> tuple[list[Claim], list[LedgerRow]]:
    """What a block's rows claim, and those that claim nothing."""
    claims, rejected = [], []
    rules = LocationRules(
        allow_local_files=recipe.gather is not None and recipe.gather.allow_local_files
    )
    limits = CaptionLimits(languages=frozenset(recipe.languages))
    folder, below = posixpath.dirname(split.uri), posixpath.dirname(split.name)
    for row in block:
        name = row_name(source, split, row)
        location = row.location or _location(row.url, source.url_prefix)
        fault = row.fault or (not row.location and location_fault(location, rules))
        if not fault and source.uid_column and not is_uid(row.uid):
            fault = BAD_UID
        if not fault and row.expected_sha256 and not is_sha256(row.expected_sha256):
            fault = BAD_SHA256
        if fault:
            detail = row.detail or row.url[:_EXCERPT]
            rejected.append(
                LedgerRow("gather", Unit.ROW, name, "", name, Fate.REJECTED, str(fault), detail)
            )
            continue
        uid = row.uid
        if not is_absolute(location):  # a path, from its table on
            location = posixpath.join(folder, location)
            uid = uid or picture_uid(source.name, posixpath.join(below, row.url))
        row = replace(row, location=location, uid=uid or picture_uid(source.name, row.url))
        claims.append(_claim(recipe, source, limits, row, name))
    return claims, rejected


def _location(url: str, prefix: str) -> str:
    return f"{prefix}{url}" if url else ""


def _claim(
    recipe: Recipe, source: Source, limits: CaptionLimits, row: InputRow, name: str
) -> Claim:
    text = tidied(row.caption)
    language = normalise_tag(row.language)
    languages = [*recipe.languages, language]
    fault = limit_fault(text, language, limits) or ""
    return Claim(
        caption_id=caption_id(row.uid, language, text),
        uid=row.uid,
        language=language,
        text=text[:_EXCERPT] if fault else text,  # a page of text is not carried through shuffles
        origin="question-answer" if source.question_column else "source",
        engine="",
        quality=1.0,
        source=source.name,
        row=name,
        licence=row.licence,
        extras=row.extras,
        fault=fault,
        rank=languages.index(language) * len(recipe.sources) + recipe.sources.index(source),
        url=row.url,
        location=row.location,
        expected_sha256=row.expected_sha256,
    )


class PlanPictures(beam.DoFn):
    """Settles a bucket's captions and tells which of its pictures are to be fetched.

    Writes `captions/part-*` (captions kept if their picture is), and `ledger/part-*`.

    Args:
      plan: where.
      retry: reasons for which pictures failed that are to be fetched again.
    """

    def __init__(self, plan: Folder, retry: tuple[str, ...]) -> None:
        self._plan = plan
        self._retry = retry

    def process(self, keyed: Keyed) -> Iterator[pa.Table | Tagged]:
        bucket, tables = keyed
        settled = settle(tables["claims"])
        write_table(self._plan / "captions", part_name(bucket), settled.captions)
        write_table(self._plan / "ledger", part_name(bucket), table_of(LedgerRow, settled.ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in settled.ledger)
        no_caption = counts[f"picture rejected {SetFault.NO_CAPTION}"]
        counts["picture created"] = settled.pictures.num_rows + no_caption
        for count in counts.items():
            yield TaggedOutput("counts", count)
        yield not_asked_for(settled.pictures, tables["known"], self._retry)


def not_asked_for(pictures: pa.Table, known: pa.Table, retry: tuple[str, ...]) -> pa.Table:
    """The pictures without a fate, or with one that is to be tried again.

    Args:
      pictures: by `uid`.
      known: what shards say of pictures, `pipelines.settling.KNOWN`.
      retry: reasons for which pictures failed that are to be fetched again.
    """
    if retry:
        fates = latest(known)
        again = pc.is_in(fates["reason"], value_set=pa.array(retry))
        known = fates.filter(pc.invert(again))
    is_known = pc.is_in(pictures["uid"], value_set=known["uid"])
    return pictures.filter(pc.invert(is_known))


@dataclass(frozen=True, slots=True)
class Settled:
    """What claims come down to.

    Attributes:
      captions: a table of `Caption`s, kept if their pictures are.
      pictures: a table of `PlannedPicture`s, those that have such captions.
      ledger: all other captions and pictures.
    """

    captions: pa.Table
    pictures: pa.Table
    ledger: list[LedgerRow]


# Equal rows in another order, or in files of other names, settle alike: the row comes last.
_CLAIM_ORDER = (
    "uid", "fault", "caption_id", "rank", "source", "extras", "licence", "url", "location",
    "expected_sha256", "row",
)  # fmt: skip


def settle(claims: pa.Table) -> Settled:
    """Tells which of the claims on a bucket's pictures hold; of twins the first."""
    claims = claims.sort_by([(column, "ascending") for column in _CLAIM_ORDER])
    sound = _bools(pc.equal(claims["fault"], ""))
    repeated = sound & as_before(claims["uid"]) & as_before(claims["caption_id"])
    kept = claims.filter(pa.array(sound & ~repeated))
    captions = kept.select(arrow_schema(Caption).names)
    return Settled(captions, _pictures(kept, claims), list(_ledger(claims, sound, repeated, kept)))


def _bools(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)


def as_before(column: pa.ChunkedArray) -> np.ndarray:
    """Whether each value is the one before it, shape [rows]."""
    same = np.zeros(len(column), dtype=bool)
    if len(column):
        same[1:] = _bools(pc.equal(column.slice(1), column.slice(0, len(column) - 1)))
    return same


def _pictures(kept: pa.Table, claims: pa.Table) -> pa.Table:
    """The pictures of kept captions, each with its first caption and the first hash stated."""
    kept = kept.sort_by([(column, "ascending") for column in ("uid", "rank", "caption_id")])
    first = kept.filter(pa.array(~as_before(kept["uid"])))
    hosts = [host_of(location) for location in first["location"].to_pylist()]
    first = first.append_column("host", pa.array(hosts, pa.string()))
    first = first.append_column("caption", first["text"])
    stated = claims.filter(pc.not_equal(claims["expected_sha256"], ""))
    stated = stated.filter(pa.array(~as_before(stated["uid"])))
    places = pc.index_in(first["uid"], value_set=stated["uid"])
    hashes = pc.fill_null(stated["expected_sha256"].take(places), "")
    first = first.drop_columns("expected_sha256").append_column("expected_sha256", hashes)
    schema = arrow_schema(PlannedPicture)
    return first.select(schema.names).cast(schema)


def _ledger(
    claims: pa.Table, sound: np.ndarray, repeated: np.ndarray, kept: pa.Table
) -> Iterator[LedgerRow]:
    def rejected(
        unit: Unit, id_: str, parent: str, row: str, reason: str, detail: str
    ) -> LedgerRow:
        fate = Fate.REJECTED.value
        return LedgerRow("gather", unit.value, id_, parent, row, fate, reason, detail)

    # Twins follow each other: the one that is kept is the last that does not repeat.
    last = np.maximum.accumulate(np.where(repeated, 0, np.arange(len(repeated))))
    twins = claims["row"].take(pa.array(last[repeated]))
    for claim, twin in zip(_rows(claims, repeated), twins.to_pylist(), strict=True):
        words = claim["uid"], claim["row"], SetFault.DUPLICATE_ROW.value, f"as {twin}"
        yield rejected(Unit.CAPTION, claim["caption_id"], *words)
    for claim in _rows(claims, ~sound):
        words = claim["uid"], claim["row"], claim["fault"], claim["text"][:_EXCERPT]
        yield rejected(Unit.CAPTION, claim["caption_id"], *words)
    bare = ~_bools(pc.is_in(claims["uid"], value_set=kept["uid"])) & ~as_before(claims["uid"])
    for claim in _rows(claims, bare):
        words = "", claim["row"], SetFault.NO_CAPTION.value, claim["url"]
        yield rejected(Unit.PICTURE, claim["uid"], *words)


def _rows(claims: pa.Table, which: np.ndarray) -> list[dict[str, Any]]:
    columns = ["uid", "caption_id", "fault", "row", "text", "url"]
    rows: list[dict[str, Any]] = claims.select(columns).filter(pa.array(which)).to_pylist()
    return rows
