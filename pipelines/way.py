"""Finding one thing in an output, by any of its names, and all that its tables say of it."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from pipelines.commit import committed_shards
from pipelines.parts import (
    Unreadable,
    as_row,
    iter_column,
    part_names,
    parts_between,
    search,
)
from pipelines.records import STAGES, read_records, recipe_of
from pipelines.storage import Folder
from pipelines.threads import in_threads
from pipelines.way_triplets import triplet_ids
from schemas.fates import Unit
from schemas.ids import is_absolute, order_key, picture_uid
from schemas.layout import (
    CAPTIONS_SUFFIX,
    GATHERED,
    KEPT,
    PAIRS,
    PICTURES,
    ROUND_TRIPS,
    SCORES,
    SCREENED_TEXTS,
    SOURCE_CAPTIONS,
    TEXT_SCORES,
    TRANSLATED_CAPTIONS,
    ledger_folder,
)
from schemas.rows import (
    Caption,
    GatheredPicture,
    LedgerRow,
    Picture,
    RoundTrip,
    Score,
    TextPair,
    TextScore,
    TranslatedCaption,
)

FEWEST_DIGITS = 6  # of a prefix
_DIGITS = 32
_HEX = re.compile(rf"[0-9a-f]{{{FEWEST_DIGITS},{_DIGITS}}}")
_ROW = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*:.+:[0-9]+")
_MOST = 1_000  # things of one name
_DETAIL_CHARS = 200  # of a rejected row's URL in the ledger


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """What an id turned out to name.

    Attributes:
      kind: `picture`, `caption`, `triplet` or `row`.
      id: uid, caption id, triplet id or `source:file:number`.
      uid: of its picture, "" of a triplet and of a row that names none.
    """

    kind: str
    id: str
    uid: str


@dataclass(frozen=True, slots=True)
class Packed:
    """Where a picture, or one of its captions, lies in the final shards.

    Attributes:
      shard: name of the tar without its suffix.
      key: of the sample.
      number: of the sample in its shard, from 0.
    """

    shard: str
    key: str
    number: int


@dataclass(frozen=True, slots=True)
class Way:
    """Everything that an output's tables say of a picture.

    Attributes:
      uid: of the picture.
      captions: kept by gather or inherited, in the order of their rows.
      translations: of these, that were kept, by language.
      round_trips: of translations, kept or not, by their ids.
      ledger: what was rejected or failed, the picture itself among it.
      picture: None where it was not kept.
      scores: of its captions.
      attempts: at gathering it, by shard; more than one where it was retried.
      packed: its samples.
    """

    uid: str
    captions: list[Caption]
    translations: list[TranslatedCaption]
    round_trips: dict[str, RoundTrip]
    ledger: list[LedgerRow]
    picture: Picture | None
    scores: list[Score]
    attempts: list[GatheredPicture]
    packed: list[Packed]


def find_things(output: Folder, id_: str) -> list[Thing]:
    """What in `output` is named by `id_`: an id, the beginning of one, a URL, a path or a row."""
    found: set[Thing] = set()
    if _HEX.fullmatch(id_.lower()):
        found |= _by_digits(output, id_.lower())
    if not found and _ROW.fullmatch(id_) and not is_absolute(id_):
        found |= _by_row(output, id_)
    if not found:
        found |= _by_url(output, id_)
    return sorted(found)


def read_way(output: Folder, uid: str) -> Way:
    """Reads the parts of the tables that can hold `uid`."""
    stages = _stages(output)
    captions = {  # as the last stage that has them left them
        row["caption_id"]: row
        for stage, tables in KEPT.items()
        if stage in stages
        for row in _in_parts(output / tables.captions, "uid", uid)
    }
    made = _in_parts(output / TRANSLATED_CAPTIONS, "uid", uid) if "translate" in stages else []
    translations = sorted(
        (as_row(TranslatedCaption, row) for row in made), key=lambda c: (c.language, c.caption_id)
    )
    trips = _in_parts(output / ROUND_TRIPS, "uid", uid) if "translate" in stages else []
    pictures = _in_parts(output / PICTURES, "uid", uid)
    scores = _in_parts(output / SCORES, "uid", uid) if "score" in stages else []
    ledger = [
        row
        for stage in stages
        for column in ("parent", "id")
        for row in _in_parts(output / ledger_folder(stage), column, uid)
    ]
    kept = sorted(
        (as_row(Caption, row) for row in captions.values()), key=lambda c: _row_order(c.row)
    )
    ended = {row["id"] for row in ledger if row["stage"] != STAGES[0]}
    going_on = [of for of in (*kept, *translations) if of.caption_id not in ended]
    return Way(
        uid=uid,
        captions=kept,
        translations=translations,
        round_trips={row["caption_id"]: as_row(RoundTrip, row) for row in trips},
        ledger=sorted((as_row(LedgerRow, row) for row in ledger), key=lambda r: _row_order(r.row)),
        picture=as_row(Picture, pictures[0]) if pictures else None,
        scores=[as_row(Score, row) for row in scores],
        attempts=[as_row(GatheredPicture, row) for row in _attempts(output, "uid", uid, uid)],
        packed=_packed(output, uid, going_on) if pictures and uid not in ended else [],
    )


def _stages(output: Folder) -> tuple[str, ...]:
    """The stages that count; gather also where it is not complete."""
    return tuple(dict.fromkeys([STAGES[0], *read_records(output)]))


# Names


def _by_digits(output: Folder, digits: str) -> set[Thing]:
    """Pictures, captions and triplets whose id begins so; a whole uid is looked for first."""
    low, high = digits.ljust(_DIGITS, "0"), digits.ljust(_DIGITS, "f")
    found = _pictures(output, low, high)
    if found and low == high:
        return found
    stages = _stages(output)
    folders = [tables.captions for stage, tables in KEPT.items() if stage in stages]
    for folder in (*folders, *([TRANSLATED_CAPTIONS] if "translate" in stages else ())):
        captions = output / folder
        for row in search(captions, part_names(captions), "caption_id", low, high, _MOST):
            found.add(Thing("caption", row["caption_id"], row["uid"]))
    for stage in stages:
        ledger = output / ledger_folder(stage)
        for row in search(ledger, part_names(ledger), "id", low, high, _MOST):
            if row["unit"] == Unit.CAPTION:
                found.add(Thing("caption", row["id"], row["parent"]))
    found |= {Thing("triplet", id_, "") for id_ in triplet_ids(output, low, high, _MOST)}
    return found


def _pictures(output: Folder, low: str, high: str) -> set[Thing]:
    """Pictures with a uid in `[low, high]`: kept, told of by a ledger, or only gathered."""
    uids = {row["uid"] for row in _in_parts(output / PICTURES, "uid", low, high)}
    for stage in _stages(output):
        rows = _in_parts(output / ledger_folder(stage), "id", low, high)
        uids |= {row["id"] for row in rows if row["unit"] == Unit.PICTURE}
    if not uids:
        uids = {row["uid"] for row in _attempts(output, "uid", low, high)}
    return {Thing("picture", uid, uid) for uid in uids}


def _by_row(output: Folder, name: str) -> set[Thing]:
    captions = output / SOURCE_CAPTIONS
    rows = search(captions, part_names(captions), "row", name, name)
    uids = {row["uid"] for row in rows}
    for row in ledger_rows(output, name):
        if row.unit != Unit.PICTURE:
            uids.add(row.parent)
    if not uids and kept_pair(output, name):
        uids.add("")
    return {Thing("row", name, uid) for uid in uids}


def ledger_rows(output: Folder, name: str) -> list[LedgerRow]:
    """What the ledgers say of an input row."""
    found = []
    for stage in _stages(output):
        ledger = output / ledger_folder(stage)
        tables = [table for table in ledger.names() if table.endswith(".parquet")]
        found += search(ledger, tables, "row", name, name)
    return [as_row(LedgerRow, row) for row in found]


def kept_pair(output: Folder, name: str) -> TextPair | None:
    """The text pair that an input row is, where it was kept."""
    texts = output / SCREENED_TEXTS
    found = search(texts, part_names(texts), "row", name, name)
    return as_row(TextPair, found[0]) if found else None


def text_scores(output: Folder, pair: TextPair) -> list[TextScore]:
    """What teachers said of a text pair."""
    if "score" not in _stages(output):
        return []
    folder = output / TEXT_SCORES
    found = search(folder, part_names(folder), "query_id", pair.query_id, pair.query_id)
    return [as_row(TextScore, row) for row in found if row["positive_id"] == pair.positive_id]


def _by_url(output: Folder, url: str) -> set[Thing]:
    """The pictures at `url` or at that path of any source, else rows that were rejected with it."""
    sources = _sources(output)
    uids = {picture_uid("", url)} if is_absolute(url) else set()
    for source in sources:
        name, prefix = str(source.get("name", "")), str(source.get("url_prefix", ""))
        if prefix and url.startswith(prefix):
            uids.add(picture_uid(name, url.removeprefix(prefix)))
        if not is_absolute(url):
            uids.add(picture_uid(name, url))
    found = {thing for uid in uids for thing in _pictures(output, uid, uid)}
    if not found and any(source.get("uid_column") for source in sources):
        rows = _attempts(output, "url", url, url)
        found = {Thing("picture", row["uid"], row["uid"]) for row in rows}
    if not found and url:
        ledger, text = output / ledger_folder(STAGES[0]), url[:_DETAIL_CHARS]
        tables = [table for table in ledger.names() if table.startswith("rows-")]
        rows = search(ledger, tables, "detail", text, text, _MOST)
        found = {Thing("row", row["id"], "") for row in rows}
    return found


def _sources(output: Folder) -> list[dict[str, Any]]:
    sources = recipe_of(output).get("sources", [])
    return [source for source in sources if isinstance(source, dict)]


# Tables


def _in_parts(folder: Folder, column: str, low: str, high: str = "") -> list[dict[str, Any]]:
    """Rows of a table cut by uid whose `column` is in `[low, high]`, or is `low`."""
    high = high or low
    return search(folder, parts_between(folder, low, high), column, low, high, _MOST)


def _attempts(output: Folder, column: str, low: str, high: str) -> list[dict[str, Any]]:
    tables = [f"{shard}.parquet" for shard in sorted(committed_shards(output))]
    return search(output / GATHERED, tables, column, low, high, _MOST)


def _row_order(row: str) -> tuple[str, int]:
    """Rows in the order of their files; a ledger may have no row for a thing."""
    file, _, number = row.rpartition(":")
    return file, int(number) if number.isdigit() else -1


def _packed(output: Folder, uid: str, captions: list[Caption]) -> list[Packed]:
    """The samples of a kept picture, one or one a caption."""
    folder, recipe = output / PAIRS, recipe_of(output)
    tables = [name for name in folder.names() if name.endswith(".parquet")]
    shards = [name[:-8] for name in tables if not name.endswith(CAPTIONS_SUFFIX)]
    a_caption = recipe.get("pack", {}).get("sample") == "caption"
    keys = [f"{uid}-{caption.caption_id}" for caption in captions] if a_caption else [uid]
    found = [_find_key(folder, shards, key, int(recipe.get("seed", 0))) for key in keys]
    return [packed for packed in found if packed]


def _find_key(folder: Folder, shards: list[str], key: str, seed: int) -> Packed | None:
    """Looks where the order of samples has `key`, then, lest the recipe has changed, everywhere."""

    def first_order(shard: str) -> str:
        return order_key(seed, next(iter_column(folder, f"{shard}.parquet", "key"), ""))

    def look(shard: str) -> Packed | None:
        try:
            keys = iter_column(folder, f"{shard}.parquet", "key")
            return next((Packed(shard, key, at) for at, k in enumerate(keys) if k == key), None)
        except Unreadable:
            return None

    try:
        at = bisect_right(shards, order_key(seed, key), key=first_order) - 1
        found = look(shards[at]) if at >= 0 else None
    except Unreadable:
        found = None
    return found or next((packed for packed in in_threads(look, shards) if packed), None)
