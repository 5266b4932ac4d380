"""From candidates to triplets: what each origin gives, the rows, and the ledger."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.edited_captions import LANGUAGE, edited_captions
from filters.negatives import ABSENT, fill, slots
from pipelines.mining_guards import Guards, Mining, Picked
from pipelines.mining_index import INDEX
from pipelines.mining_search import EDITED, ORIGINS, Anchors, read_anchors
from pipelines.nearest import Found
from pipelines.popular import text_keys
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import read_table, write_table
from pipelines.triplets import examples, margins, triplet_schema
from schemas.fates import Fate, TripletFault, Unit
from schemas.ids import digest, share_of
from schemas.layout import IMAGE_TO_TEXT, TRIPLETS, ledger_folder, part_name, shard_name
from schemas.rows import LedgerRow

STAGE = "mine"
BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of the stage's work, which leaves a marker.

    Attributes:
      what: `block` of anchors, or `captions` or `texts` that no triplets can be made of.
      number: of the block, the gathered tar, or the part.
    """

    what: str
    number: int

    @property
    def marker(self) -> str:
        return f"{self.what}-{shard_name(self.number)}.json"


class MinePieces(beam.DoFn):
    """Writes triplets and ledgers, a piece each, and what is told of them into its marker.

    Args:
      mining: …
      fresh: where to write.
      markers: where the markers go.
      listed: makes the ledger of captions and texts that the teacher did not understand.
    """

    def __init__(
        self,
        mining: Mining,
        fresh: Folder,
        markers: Folder,
        listed: Callable[[Work], list[LedgerRow]],
    ) -> None:
        self._mining = mining
        self._fresh = fresh
        self._markers = markers
        self._listed = listed

    def process(self, work: Work) -> None:
        if work.what == BLOCK:
            rows, ledger, told = self._mine(work.number)
        else:
            rows, ledger, told = [], self._listed(work), Counter()
        name = f"{work.what}-{shard_name(work.number)}.parquet"
        write_table(self._fresh / ledger_folder(STAGE), name, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts["triplet kept"] = len(rows)
        counts["triplet created"] = len(rows) + len(ledger)
        marker = {
            "count": len(rows) + len(ledger),
            "successes": len(rows),
            "counts": counts,
            "told": told + margins(rows),
            "examples": examples(rows),
        }
        self._markers.write(work.marker, json.dumps(marker, ensure_ascii=False).encode())

    def _mine(self, number: int) -> tuple[list[dict[str, Any]], list[LedgerRow], Counter[str]]:
        """Writes a block's triplets."""
        cut = next(cut for cut in self._mining.plan.anchors if number in cut.numbers)
        anchors = read_anchors(self._mining.prepared, cut, number)
        rows: list[dict[str, Any]] = []
        ledger: list[LedgerRow] = []
        told = Counter[str]()
        if len(anchors):
            picks = _Picks(self._mining, anchors)
            rows, ledger = picks.rows()
            told = picks.told
        schema = triplet_schema(self._mining.rules.negatives.num_negatives)
        write_table(self._fresh / TRIPLETS, part_name(number), pa.Table.from_pylist(rows, schema))
        return rows, ledger, told


class _Picks:
    """A block's negatives.

    Attributes:
      told: how many candidates were looked at, by kind, origin and fault.
    """

    def __init__(self, mining: Mining, anchors: Anchors) -> None:
        self._mining = mining
        self._rules = mining.rules
        self._anchors = anchors
        self._edits: list[str] = []
        guards = Guards(mining, anchors)
        self._lists = guards.lists()
        self.told: Counter[str] = guards.told

    # Rows

    def rows(self) -> tuple[list[dict[str, Any]], list[LedgerRow]]:
        """The triplets that are complete, and the ledger's rows of the others."""
        table, wanted = self._anchors.table, self._rules.negatives.num_negatives
        of_anchor = np.repeat(np.arange(len(self._anchors)), self._anchors.positives)
        heads = list(_heads(self._anchors))
        lists = [
            *self._edited(heads, table),
            *(self._repeated(of, of_anchor) for of in self._lists),
        ]
        keys = np.concatenate([of.keys for of in lists], axis=1)
        shards = np.concatenate([of.found.shards for of in lists], axis=1)
        places = np.concatenate([of.found.rows for of in lists], axis=1)
        scores = np.concatenate([of.found.scores for of in lists], axis=1)
        origins = np.concatenate(
            [np.full(of.keys.shape[1], ORIGINS.index(of.origin)) for of in lists]
        )
        columns = fill(keys, places != ABSENT, wanted)
        number = (columns != ABSENT).sum(axis=1)
        full = np.flatnonzero(number == wanted)
        chosen = columns[full]
        order = np.argsort(-np.take_along_axis(scores[full], chosen, axis=1), axis=1, kind="stable")
        chosen = np.take_along_axis(chosen, order, axis=1)
        picked = [np.take_along_axis(of[full], chosen, axis=1) for of in (shards, places, scores)]
        texts = self._strings(picked[0], picked[1])
        rows = [
            self._row(heads[at], texts[row], picked[2][row].tolist(), origins[chosen[row]].tolist())
            for row, at in enumerate(full.tolist())
        ]
        ledger = [
            _few(heads[at], int(number[at]), wanted) for at in np.flatnonzero(number < wanted)
        ]
        for row in rows:
            self.told.update(f"{row['kind']}\t{origin}\ttaken" for origin in row["origins"])
        return rows, ledger

    def _repeated(self, of: Picked, of_anchor: NDArray[np.int64]) -> Picked:
        """A row for each positive of an anchor."""
        found = Found(
            of.found.ranks[of_anchor],
            of.found.scores[of_anchor],
            of.found.names[of_anchor],
            of.found.shards[of_anchor],
            of.found.rows[of_anchor],
        )
        return Picked(found, of.keys[of_anchor], of.origin)

    def _edited(self, heads: list[dict[str, Any]], table: pa.Table) -> Iterator[Picked]:
        """English positives with a word changed, which are no caption of the picture."""
        wanted = slots(self._rules.negatives.num_negatives, self._rules.edited)
        if not wanted or self._anchors.cut.what != IMAGE_TO_TEXT:
            return
        if self._anchors.cut.language != LANGUAGE:
            return
        own = dict(zip(table["id"].to_pylist(), table["keys"].to_pylist(), strict=True))
        shape = (len(heads), wanted)
        rows, keys = np.full(shape, ABSENT, np.int32), np.zeros(shape, np.uint64)
        for number, head in enumerate(heads):
            edits = edited_captions(head["positive"])
            edits.sort(key=lambda text: share_of("edit", str(self._mining.seed), text))
            said = zip(edits, text_keys(edits).to_pylist() if edits else (), strict=True)
            sound = [(text, key) for text, key in said if key not in own[head["anchor_id"]]]
            for place, (text, key) in enumerate(sound[:wanted]):
                rows[number, place] = len(self._edits)
                keys[number, place] = np.int64(key).view(np.uint64)
                self._edits.append(text)
        nothing = np.zeros(shape, np.float32)
        found = Found(nothing, nothing, keys, np.full(shape, ABSENT, np.int32), rows)
        yield Picked(found, keys, EDITED)

    def _strings(
        self, shards: NDArray[np.int32], places: NDArray[np.int32]
    ) -> list[list[tuple[str, str, str, str]]]:
        """Text or uid, id, uid and language of each negative."""
        columns = [np.empty(shards.shape, object) for _ in range(4)]
        for number in np.unique(shards).tolist():
            here = shards == number
            for column, values in zip(columns, self._named(number, places[here]), strict=True):
                column[here] = values
        return [
            list(zip(*row, strict=True))
            for row in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def _named(self, shard: int, places: NDArray[np.int32]) -> tuple[list[str], ...]:
        """The same of some rows of a shard, or of edited captions, a list each."""
        if shard == ABSENT:
            nothing = [""] * len(places)
            texts = [self._edits[place] for place in places.tolist()]
            return texts, nothing, nothing, [LANGUAGE] * len(places)
        table = read_table(self._mining.prepared / INDEX, f"{shard_name(shard)}.parquet")
        texts, ids, uids = (
            table[column].take(pa.array(places)).to_pylist() for column in ("text", "id", "uid")
        )
        languages = [self._mining.languages[shard]] * len(places)
        return [text or id_ for text, id_ in zip(texts, ids, strict=True)], ids, uids, languages

    def _row(
        self,
        head: dict[str, Any],
        negatives: list[tuple[str, str, str, str]],
        scores: list[float],
        origins: list[int],
    ) -> dict[str, Any]:
        texts, ids, uids, languages = (list(column) for column in zip(*negatives, strict=True))
        return {
            **{name: value for name, value in head.items() if name != "score"},
            **{f"negative_{number}": text for number, text in enumerate(texts, start=1)},
            "scores": [head["score"], *scores],
            "negative_ids": ids,
            "negative_uids": uids,
            "negative_languages": languages,
            "origins": [ORIGINS[origin] for origin in origins],
        }


def _heads(anchors: Anchors) -> Iterator[dict[str, Any]]:
    """What is known of a triplet but its negatives, anchor by anchor."""
    kind = anchors.cut.what
    for row in anchors.table.to_pylist():
        positives = zip(row["positive_ids"], row["positives"], row["positive_scores"], strict=True)
        for id_, text, score in positives:
            yield {
                "triplet_id": digest(kind, row["id"], id_),
                "kind": kind,
                "anchor": row["text"] or row["id"],
                "positive": text,
                "score": score,
                "anchor_id": row["id"],
                "positive_id": id_,
                "anchor_uid": row["uid"],
                "positive_uid": row["uid"],
                "language": row["language"],
            }


def _few(head: dict[str, Any], number: int, wanted: int) -> LedgerRow:
    detail = f"{number} of {wanted} negatives"
    return refused(head["triplet_id"], head["anchor_uid"], TripletFault.FEW_NEGATIVES, detail)


def refused(id_: str, uid: str, fault: TripletFault, detail: str) -> LedgerRow:
    """The ledger's row of an anchor and a positive that are no triplet."""
    unit, rejected = Unit.TRIPLET.value, Fate.REJECTED.value
    return LedgerRow(STAGE, unit, id_, uid, "", rejected, fault.value, detail)
