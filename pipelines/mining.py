"""From candidates to triplets: what each origin gives, the rows, and the ledger."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.utils.shared import Shared
from numpy.typing import NDArray

from filters.edited_captions import LANGUAGE, edited_captions
from filters.negatives import ABSENT, fill, slots
from model.cross_encoder import CrossEncoder
from pipelines.cross_encoders import load_encoder
from pipelines.mining_crossed import Crossed
from pipelines.mining_guards import Guards, Mining, Picked
from pipelines.mining_index import INDEX
from pipelines.mining_search import EDITED, ORIGINS, Anchors, read_anchors
from pipelines.nearest import Found
from pipelines.popular import text_keys
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import read_table, write_table
from pipelines.triplets import examples, heads_of, hundredths, triplet_schema, triplets
from schemas.fates import Fate, TripletFault, Unit
from schemas.ids import share_of
from schemas.layout import IMAGE_TO_TEXT, TEXT_TEXT, TRIPLETS, ledger_folder, part_name, shard_name
from schemas.rows import LedgerRow

STAGE = "mine"
BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of the stage's work, which leaves a marker.

    Attributes:
      what: `block` of anchors, or `captions`, `queries` or `texts` that no triplets can be made of.
      number: of the block, the tar, or the part.
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
        self._shared = Shared()
        self._encoder: CrossEncoder | None = None

    def setup(self) -> None:
        if spec := self._mining.cross_encoder:
            self._encoder = self._shared.acquire(partial(load_encoder, spec))

    def process(self, work: Work) -> None:
        if work.what == BLOCK:
            rows, ledger, told = self._mine(work.number)
            write_table(self._fresh / TRIPLETS, part_name(work.number), rows)
        else:
            rows, ledger, told = self._schema.empty_table(), self._listed(work), Counter[str]()
        name = f"{work.what}-{shard_name(work.number)}.parquet"
        write_table(self._fresh / ledger_folder(STAGE), name, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts["triplet kept"] = rows.num_rows
        counts["triplet created"] = rows.num_rows + len(ledger)
        marker = {
            "count": rows.num_rows + len(ledger),
            "successes": rows.num_rows,
            "counts": counts,
            "told": told,
            "examples": examples(rows),
        }
        self._markers.write(work.marker, json.dumps(marker, ensure_ascii=False).encode())

    @property
    def _schema(self) -> pa.Schema:
        return triplet_schema(self._mining.rules.negatives.num_negatives)

    def _mine(self, number: int) -> tuple[pa.Table, list[LedgerRow], Counter[str]]:
        cut = next(cut for cut in self._mining.plan.anchors if number in cut.numbers)
        anchors = read_anchors(self._mining.prepared, cut, number)
        if not len(anchors):
            return self._schema.empty_table(), [], Counter()
        picks = _Picks(self._mining, anchors, self._crossed(anchors))
        rows, ledger = picks.rows()
        return rows.cast(self._schema), ledger, picks.told

    def _crossed(self, anchors: Anchors) -> Crossed | None:
        """The cross-encoder over a block's candidates, where it is asked of such."""
        rules = self._mining.rules.cross_encoder
        if not (rules and self._encoder and anchors.cut.what == TEXT_TEXT):
            return None
        return Crossed(self._encoder, rules, self._mining.prepared, anchors)


class _Picks:
    """A block's negatives.

    Attributes:
      told: how many candidates were looked at, by kind, origin and fault.
    """

    def __init__(self, mining: Mining, anchors: Anchors, crossed: Crossed | None) -> None:
        self._mining = mining
        self._rules = mining.rules
        self._anchors = anchors
        self._edits: list[str] = []
        guards = Guards(mining, anchors, crossed)
        self._lists = guards.lists()
        self.told: Counter[str] = guards.told

    def rows(self) -> tuple[pa.Table, list[LedgerRow]]:
        """The triplets that are complete, and the ledger's rows of the others."""
        wanted = self._rules.negatives.num_negatives
        heads = heads_of(self._anchors)
        of_anchor = np.repeat(np.arange(len(self._anchors)), self._anchors.positives)
        lists = [*self._edited(heads), *(of.take(of_anchor) for of in self._lists)]
        shards, places, scores = (
            np.concatenate([getattr(of.found, name) for of in lists], axis=1)
            for name in ("shards", "rows", "scores")
        )
        keys = np.concatenate([of.keys for of in lists], axis=1)
        numbers = [np.full(of.keys.shape[1], ORIGINS.index(of.origin)) for of in lists]
        columns = fill(keys, places != ABSENT, wanted)
        number = (columns != ABSENT).sum(axis=1)
        full, few = np.flatnonzero(number == wanted), np.flatnonzero(number < wanted)
        chosen = columns[full]
        order = np.argsort(-np.take_along_axis(scores[full], chosen, axis=1), axis=1, kind="stable")
        chosen = np.take_along_axis(chosen, order, axis=1)
        at = [np.take_along_axis(of[full], chosen, axis=1) for of in (shards, places, scores)]
        origins = np.concatenate(numbers)[chosen]
        self._tell(origins, heads["score"].to_numpy()[full], at[2])
        ledger = [
            _few(heads["triplet_id"][row].as_py(), heads["anchor_uid"][row].as_py(), has, wanted)
            for row, has in zip(few.tolist(), number[few].tolist(), strict=True)
        ]
        texts = self._strings(at[0], at[1])
        return triplets(heads.take(pa.array(full)), texts, at[2], origins), ledger

    def _tell(
        self,
        origins: NDArray[np.int64],
        positive_scores: NDArray[np.float32],
        scores: NDArray[np.float32],
    ) -> None:
        """Counts negatives by origin, and by their margins those that have a score."""
        kind = self._anchors.cut.what
        for number, origin in enumerate(ORIGINS):
            if n := int((origins == number).sum()):
                self.told[f"{kind}\t{origin}\ttaken"] += n
        is_scored = origins != ORIGINS.index(EDITED)
        margins = (positive_scores[:, None] - scores)[is_scored]
        for hundredth, n in hundredths(margins).items():
            self.told[f"{kind}\tmargin\t{hundredth}"] += n

    def _edited(self, heads: pa.Table) -> Iterator[Picked]:
        """English positives with a word changed, which are no caption of the picture."""
        wanted = slots(self._rules.negatives.num_negatives, self._rules.edited)
        if not wanted or self._anchors.cut.what != IMAGE_TO_TEXT:
            return
        if self._anchors.cut.language != LANGUAGE:
            return
        table = self._anchors.table
        own = dict(zip(table["id"].to_pylist(), table["keys"].to_pylist(), strict=True))
        shape = (heads.num_rows, wanted)
        rows, keys = np.full(shape, ABSENT, np.int32), np.zeros(shape, np.uint64)
        of = zip(heads["anchor_id"].to_pylist(), heads["positive"].to_pylist(), strict=True)
        for number, (anchor, positive) in enumerate(of):
            edits = edited_captions(positive)
            edits.sort(key=lambda text: share_of("edit", str(self._mining.seed), text))
            said = zip(edits, text_keys(edits).to_pylist() if edits else (), strict=True)
            sound = [(text, key) for text, key in said if key not in own[anchor]]
            for place, (text, key) in enumerate(sound[:wanted]):
                rows[number, place] = len(self._edits)
                keys[number, place] = np.int64(key).view(np.uint64)
                self._edits.append(text)
        nothing = np.zeros(shape, np.float32)
        found = Found(nothing, nothing, keys, np.full(shape, ABSENT, np.int32), rows)
        yield Picked(found, keys, EDITED)

    def _strings(
        self, shards: NDArray[np.int32], places: NDArray[np.int32]
    ) -> list[NDArray[np.object_]]:
        """Text or uid, id, uid and language of each negative; four of [rows, negatives]."""
        columns = [np.empty(shards.shape, object) for _ in range(4)]
        for number in np.unique(shards).tolist():
            here = shards == number
            for column, values in zip(columns, self._named(number, places[here]), strict=True):
                column[here] = values
        return columns

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


def _few(id_: str, uid: str, number: int, wanted: int) -> LedgerRow:
    detail = f"{number} of {wanted} negatives"
    return refused(id_, uid, TripletFault.FEW_NEGATIVES, detail)


def refused(id_: str, uid: str, fault: TripletFault, detail: str) -> LedgerRow:
    """The ledger's row of an anchor and a positive that are no triplet."""
    unit, rejected = Unit.TRIPLET.value, Fate.REJECTED.value
    return LedgerRow(STAGE, unit, id_, uid, "", rejected, fault.value, detail)
