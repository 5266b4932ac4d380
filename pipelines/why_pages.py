"""`pairmill why` of documents, pages and queries: what shards and later tables say of one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from filters.text import tidied
from pipelines.commit import committed_shards
from pipelines.pages import as_line
from pipelines.parts import as_row, part_names, parts_between, search
from pipelines.records import read_records
from pipelines.storage import Folder
from pipelines.way_words import came_back, end_of, judgement
from schemas.fates import Fate, Unit
from schemas.ids import caption_id, is_absolute
from schemas.layout import PAGE_BRANCH, PAGE_CAPTIONS, shard_name
from schemas.rows import Caption, LedgerRow, RoundTrip, Score, TranslatedCaption

_STAGE = PAGE_BRANCH.stage
_MOST = 1_000  # pages of a document

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class _After:
    """What later tables say of a page.

    Attributes:
      ledger: of the page and its queries.
      queries: what it answers, by `documents`.
      scores: of its queries.
      translations: of these.
      round_trips: of translations, kept or not, by their ids.
      packed: its samples.
    """

    ledger: list[LedgerRow]
    queries: list[Caption]
    scores: list[Score]
    translations: list[TranslatedCaption]
    round_trips: dict[str, RoundTrip]
    packed: list[tuple[str, str]]


def way_of_pages(output: Folder, id_: str) -> list[str]:
    """Lines about what `id_` names, none where it names nothing of the kind.

    Args:
      output: of a recipe.
      id_: of a page, a document or a query, whole, or `source:path`, or a URL, with `#page=N` after
        it for one page.
    """
    rows = _rows(output, id_) or _rows(output, _page_of(output, id_))
    return [line for row in rows for line in _lines(output, row)]


def _rows(output: Folder, id_: str) -> list[dict[str, Any]]:
    """Rows of documents' last renderings, those of one document in the order of its pages."""
    stored = output / PAGE_BRANCH.tars
    tables = [f"{shard}.parquet" for shard in sorted(committed_shards(output, _STAGE), key=int)]
    source, _, place = ("", "", id_) if is_absolute(id_) else id_.partition(":")
    url = place.partition("#page=")[0]
    for column, low, high in (
        ("uid", id_, id_),
        ("document", id_, id_),
        ("url", place, place),
        ("url", f"{url}#page=", f"{url}#page=~"),
    ):
        found = search(stored, tables, column, low, high, _MOST) if low else []
        if column == "url" and source:
            found = [row for row in found if row["source"] == source]
        if found:
            is_whole = column == "document" or low != high or any(not row["page"] for row in found)
            uids = {row["uid"] for row in found}
            return [
                row
                for document in sorted({row["document"] for row in found})
                for row in _last_rendering(stored, tables, document)
                if is_whole or row["uid"] in uids
            ]
    return []


def _last_rendering(stored: Folder, tables: list[str], document: str) -> list[dict[str, Any]]:
    """A document's rows by page: what earlier versions or attempts gave counts no more."""
    for table in reversed(tables):
        if found := search(stored, [table], "document", document, document, _MOST):
            return sorted(found, key=lambda row: int(row["page"]))
    return []


def _page_of(output: Folder, query: str) -> str:
    """The uid of the page that answers a query, "" where there is none."""
    ledgers = [(PAGE_BRANCH.ledger(stage), "id", "parent") for stage in _stages(output)]
    captions = [(folder, "caption_id", "uid") for folder in (PAGE_CAPTIONS, PAGE_BRANCH.translated)]
    for folder, column, uid in (*captions, *ledgers):
        found = search(output / folder, part_names(output / folder), column, query, query)
        if found and found[0].get("unit", Unit.QUERY) == Unit.QUERY:
            return str(found[0][uid])
    return ""


def _stages(output: Folder) -> list[str]:
    """The stages that count; that which renders also where it is not complete."""
    return list(dict.fromkeys([_STAGE, *read_records(output)]))


def _after(output: Folder, uid: str) -> _After:
    stages, scores = _stages(output), list[Score]()
    translations, trips = list[TranslatedCaption](), list[RoundTrip]()
    ledger = [
        row
        for stage in stages
        for column in ("id", "parent")
        for row in _in_parts(output / PAGE_BRANCH.ledger(stage), column, uid, LedgerRow)
    ]
    if "score" in stages:
        scores = _in_parts(output / PAGE_BRANCH.scores, "uid", uid, Score)
    if "translate" in stages:
        translations = _in_parts(output / PAGE_BRANCH.translated, "uid", uid, TranslatedCaption)
        trips = _in_parts(output / PAGE_BRANCH.round_trips, "uid", uid, RoundTrip)
    queries = _in_parts(output / PAGE_CAPTIONS, "uid", uid, Caption)
    packed = output / PAGE_BRANCH.shards
    shards = [name for name in packed.names() if name[:5].isdigit() and name[5:] == ".parquet"]
    found = [] if any(row.id == uid for row in ledger) else search(packed, shards, "uid", uid, uid)
    round_trips = {trip.caption_id: trip for trip in trips}
    samples = [(row["key"], row["txt"]) for row in found]
    return _After(ledger, queries, scores, translations, round_trips, samples)


def _in_parts(folder: Folder, column: str, uid: str, kind: type[Row]) -> list[Row]:
    found = search(folder, parts_between(folder, uid, uid), column, uid, uid, _MOST)
    return [as_row(kind, row) for row in found]


def _lines(output: Folder, row: dict[str, Any]) -> Iterator[str]:
    what = "page" if row["page"] else "document"
    yield as_line(f"{what} {row['uid']}  {row['source']}:{row['url']}")
    place = f"{PAGE_BRANCH.tars}/{shard_name(row['image_shard'])}"
    if row["fate"] != Fate.KEPT.value:
        yield as_line(f"  documents  {row['fate']}: {row['error_message']} ({place}.parquet)")
        return
    yield f"  documents  kept, {row['language']}, {place}.tar from byte {row['image_offset']:,}"
    after = _after(output, row["uid"])
    for origin, text in json.loads(row["texts"]):
        yield as_line(f"    {origin}: {text}")
        yield from _query_lines(after, caption_id(row["uid"], row["language"], tidied(text)))
    yield from _other_lines(after, _ids_of(row))
    for url, reason, detail in json.loads(row["loads"]):
        yield as_line(f"    file {url}: {f'{reason} {detail}' if reason else 'loaded'}")
    for lost in after.ledger:
        if lost.id == row["uid"]:
            yield f"  {lost.stage:<9}  {end_of(lost)}"
    for key, text in after.packed:
        yield as_line(f"  pack       {PAGE_BRANCH.shards}, key {key}: {text}")


def _ids_of(row: dict[str, Any]) -> set[str]:
    """Of the queries that the page itself says."""
    texts = [tidied(text) for _, text in json.loads(row["texts"])]
    return {caption_id(row["uid"], row["language"], text) for text in texts}


def _other_lines(after: _After, own: set[str]) -> Iterator[str]:
    """Queries that a model wrote and questions of a table, and what became of them."""
    shown = set(own)
    for query in after.queries:
        if query.caption_id not in own:
            by = f" by {query.engine}" if query.engine else ""
            yield as_line(f"    {query.origin}{by}: {query.text}")
            yield from _query_lines(after, query.caption_id)
            shown.add(query.caption_id)
    for lost in after.ledger:
        if lost.stage == _STAGE and lost.unit == Unit.QUERY and lost.id not in shown:
            yield f"    query {lost.id}: {end_of(lost)}"


def _query_lines(after: _After, id_: str) -> Iterator[str]:
    """What became of a query, and what it was translated to."""
    yield f"      query {id_}"
    for score in after.scores:
        if score.caption_id == id_:
            yield f"      score {judgement(score, 'page')}"
    for lost in after.ledger:
        if lost.id == id_:
            yield f"      {lost.stage} {end_of(lost)}"
        elif f" of {id_}: " in lost.detail:
            told = lost.detail.replace(f" of {id_}", "", 1)
            yield f"        {lost.stage} {lost.fate}: {lost.reason} ({as_line(told)})"
            yield from _round_trip(after, lost.id)
    for made in after.translations:
        if made.parent == id_:
            yield f"        translated to {made.language}: {as_line(made.text)}"
            yield f"          by {as_line(made.engine)}, query {made.caption_id}"
            yield from _round_trip(after, made.caption_id)


def _round_trip(after: _After, translation: str) -> Iterator[str]:
    """What a translation was when it was translated back, if it was."""
    if trip := after.round_trips.get(translation):
        yield f"          {came_back(trip)}"
