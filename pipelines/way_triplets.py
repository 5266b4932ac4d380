"""Finding a triplet in an output, and what became of it."""

from dataclasses import dataclass
from typing import Any

from pipelines.parts import Unreadable, as_row, iter_column, part_names, search
from pipelines.records import read_records
from pipelines.storage import Folder
from schemas.fates import Unit
from schemas.ids import digest
from schemas.layout import (
    IMAGE_TO_TEXT,
    KEPT,
    KEPT_PAGES,
    QUERY_TO_PAGE,
    SCREENED_TEXTS,
    TEXT_TEXT,
    TEXT_TO_IMAGE,
    TRIPLETS,
    ledger_folder,
    packed_triplets,
)
from schemas.rows import LedgerRow

_STAGE = "mine"
_PAIR = ("query", "positive")


@dataclass(frozen=True, slots=True)
class TripletWay:
    """What an output's tables say of a triplet.

    Attributes:
      id: its `triplet_id`.
      kind: of triplets; "" where no row that is left says what it was of.
      anchor_id: text id, caption id or uid of its anchor; likewise.
      positive_id: of its positive.
      mined: its row of `triplets/`, None where it was turned away.
      refused: the ledger's row, where it was.
      packed: the part of `shards/triplets/<kind>/rows` that has it, and its row from 0.
    """

    id: str
    kind: str
    anchor_id: str
    positive_id: str
    mined: dict[str, Any] | None
    refused: LedgerRow | None
    packed: tuple[str, int] | None


def triplet_ids(output: Folder, low: str, high: str, most: int) -> set[str]:
    """The ids of triplets in `[low, high]`, mined or turned away."""
    if _STAGE not in read_records(output):
        return set()
    mined = search(output / TRIPLETS, part_names(output / TRIPLETS), "triplet_id", low, high, most)
    refused = (row["id"] for row in _refused(output, low, high, most))
    return {*(row["triplet_id"] for row in mined), *refused}


def read_triplet(output: Folder, id_: str) -> TripletWay:
    """Reads the tables that may tell of a triplet; of one turned away, what it was of is sought."""
    folder = output / TRIPLETS
    mined = next(iter(search(folder, part_names(folder), "triplet_id", id_, id_, 1)), None)
    refused = [as_row(LedgerRow, row) for row in _refused(output, id_, id_, 1)]
    of = ("", "", "")
    if mined:
        of = mined["kind"], mined["anchor_id"], mined["positive_id"]
    elif refused:
        of = _sought(output, refused[0])
    return TripletWay(
        id=id_,
        kind=of[0],
        anchor_id=of[1],
        positive_id=of[2],
        mined=mined,
        refused=refused[0] if refused else None,
        packed=_packed(output, of[0], id_) if mined else None,
    )


def _refused(output: Folder, low: str, high: str, most: int) -> list[dict[str, Any]]:
    ledger = output / ledger_folder(_STAGE)
    tables = [name for name in ledger.names() if name.endswith(".parquet")]
    rows = search(ledger, tables, "id", low, high, most)
    return [row for row in rows if row["unit"] == Unit.TRIPLET]


def _sought(output: Folder, row: LedgerRow) -> tuple[str, str, str]:
    """Kind, anchor and positive: an id is made of these, and trying them tells."""
    if row.parent:
        for tables in (*KEPT.values(), *KEPT_PAGES.values()):
            captions = output / tables.captions
            for found in search(captions, part_names(captions), "uid", row.parent, row.parent):
                both = row.parent, found["caption_id"]
                back = both[::-1]
                for of in (
                    (IMAGE_TO_TEXT, *both),
                    (TEXT_TO_IMAGE, *back),
                    (QUERY_TO_PAGE, *back),
                ):
                    if digest(*of) == row.id:
                        return of
        return "", "", ""
    texts = output / SCREENED_TEXTS
    for name in part_names(texts):
        try:
            pairs = zip(*(iter_column(texts, name, f"{of}_id") for of in _PAIR), strict=True)
            for query, positive in pairs:
                if digest(TEXT_TEXT, query, positive) == row.id:
                    return TEXT_TEXT, query, positive
        except Unreadable:
            continue
    return "", "", ""


def _packed(output: Folder, kind: str, id_: str) -> tuple[str, int] | None:
    _, beside = packed_triplets(kind)
    for name in part_names(output / beside):
        try:
            for number, found in enumerate(iter_column(output / beside, name, "triplet_id")):
                if found == id_:
                    return f"{beside}/{name}", number
        except Unreadable:
            continue
    return None
