"""The guards over a block's candidates: what is known of them, looked up in their index shards."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.negatives import (
    ABSENT,
    FAULTS,
    UNKNOWN_DISTANCE,
    Candidates,
    choose,
    draws_of,
    negative_faults,
    repeats,
    slots,
)
from filters.score_bins import Scale
from model.sentence_encoder import SentenceEncoderSpec
from pipelines.mining_crossed import Crossed
from pipelines.mining_index import INDEX, read_facts, said_by
from pipelines.mining_lookups import WordLists, among, share_any
from pipelines.mining_plan import BRANCH_OF, SPACE_OF, SPACES_OF_TEXTS, MinePlan
from pipelines.mining_rules import Mine
from pipelines.mining_search import (
    CROSS,
    DOCUMENT,
    DRAWN,
    LEXICAL,
    OWN,
    Anchors,
    narrowed,
    seek,
)
from pipelines.nearest import Found, names_of
from pipelines.storage import Folder
from schemas.layout import IMAGE_TO_TEXT, TEXT_TO_IMAGE

_ANSWERS = ("positive_ids", "other_ids")


@dataclass(frozen=True, slots=True)
class Mining:
    """What a worker needs.

    Attributes:
      prepared: where the indexes are.
      plan: of them.
      rules: of the recipe.
      seed: of the recipe.
      cross_encoder: how it is loaded; None where none is asked.
      scales: of the teacher's mismatches, with pictures or with pages, by language; none where
        nothing is asked of them.
    """

    prepared: Folder
    plan: MinePlan
    rules: Mine
    seed: int
    scales: dict[str, dict[str, Scale]]
    cross_encoder: SentenceEncoderSpec | None = None

    @property
    def languages(self) -> dict[int, str]:
        """Of the index shards, by their numbers."""
        return {number: of.language for of in self.plan.spaces for number in of.numbers}


@dataclass(frozen=True, slots=True)
class Picked:
    """Candidates of one origin that may be taken, in the order of taking; every array [rows, n].

    Attributes:
      found: them.
      keys: 64 bits of what must not come twice.
      origin: where they come from.
    """

    found: Found
    keys: NDArray[np.uint64]
    origin: str

    def take(self, rows: NDArray[np.int64]) -> "Picked":
        """Some rows, in the order given, as often as they stand there."""
        names = ("ranks", "scores", "names", "shards", "rows")
        found = Found(*(getattr(self.found, name)[rows] for name in names))
        return Picked(found, self.keys[rows], self.origin)


class Guards:
    """What may be taken for the anchors of a block.

    Attributes:
      told: how many candidates were looked at, by kind, origin and fault.
    """

    def __init__(self, mining: Mining, anchors: Anchors, crossed: Crossed | None) -> None:
        self.told: Counter[str] = Counter()
        self._mining = mining
        self._rules = mining.rules.for_kind(anchors.cut.what)
        self._anchors = anchors
        self._crossed = crossed
        self._languages = mining.languages

    def lists(self) -> list[Picked]:
        """Candidates by origin, in the order of taking."""
        found = seek(
            self._mining.prepared, self._mining.plan, self._rules, self._mining.seed, self._anchors
        )
        wanted = self._rules.negatives.num_negatives
        numbers = {
            LEXICAL: slots(wanted, self._rules.bm25),
            CROSS: slots(wanted, self._rules.cross_language),
            DOCUMENT: slots(wanted, self._rules.from_document),
            OWN: wanted,
            DRAWN: wanted,
        }
        return [
            self._picked(origin, found[origin], number)
            for origin, number in numbers.items()
            if origin in found and number
        ]

    def _picked(self, origin: str, found: Found, number: int) -> Picked:
        """The candidates of an origin that no guard refuses, so many at most."""
        rules, anchors, keys = self._rules.negatives, self._anchors, self._keys(found)
        present = found.present
        last = np.full(len(anchors), present.shape[1])
        if origin == DRAWN:  # by chance already, whatever their rank
            rules = replace(rules, range_min=0, range_max=None, sampling_strategy="top")
        else:
            last = rules.last_ranks(anchors.answers)
            present &= np.arange(present.shape[1]) < rules.depths(anchors.answers)[:, None]
        rules = narrowed(rules, number)
        candidates = self._candidates(found, keys, present)
        if origin == DOCUMENT:
            candidates = replace(candidates, same_document=np.zeros_like(present))
        faults = negative_faults(candidates, anchors.least, rules)
        if self._crossed:
            faults = self._crossed.refuse(found, faults, last, rules)
        self._tell(origin, faults)
        draws = draws_of(self._mining.seed, anchors.names, found.names)
        columns = choose(faults, last, draws, rules)
        taken = found.take(np.maximum(columns, 0))
        taken.rows[columns == ABSENT] = ABSENT
        return Picked(taken, np.take_along_axis(keys, np.maximum(columns, 0), axis=1), origin)

    def _candidates(
        self, found: Found, keys: NDArray[np.uint64], present: NDArray[np.bool_]
    ) -> Candidates:
        anchors = self._anchors
        is_positive = found.names == anchors.names[:, None]
        if anchors.owners.any():
            is_positive |= self._facts(found, "owners") == anchors.owners[:, None]
        for column in _ANSWERS:
            ids = anchors.table[column]
            answers = names_of(pc.list_flatten(ids).to_pylist())
            is_positive |= among(found.names, WordLists.of(answers, ids))
        return Candidates(
            present=present,
            scores=found.scores,
            is_positive=is_positive,
            distances=self._distances(found),
            same_document=self._same_document(found),
            same_text=self._same_text(found, keys),
            is_repeated=repeats(keys, present),
            standings=self._standings(found),
            own_scores=self._own_scores(found),
        )

    def _keys(self, found: Found) -> NDArray[np.uint64]:
        """What a text or page says, or which picture it is."""
        if self._anchors.cut.what == TEXT_TO_IMAGE:
            return found.names
        return self._facts(found, "keys")

    def _same_text(self, found: Found, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether a text says what the anchor or a positive says, a picture has that caption, or a
        page that query or the positive's text.
        """
        own = self._words("keys")
        if SPACE_OF[self._anchors.cut.what] in SPACES_OF_TEXTS:
            return among(keys, own)
        result = np.zeros(keys.shape, np.bool_)
        said = [said_by(found.names, own.at(at)[:, None]) for at in range(own.lengths.max())]
        for number in np.unique(found.shards[found.present]).tolist():
            statements = read_facts(self._mining.prepared / INDEX, number, "statements")
            here = found.shards == number
            for asked in said:
                at = np.minimum(np.searchsorted(statements, asked[here]), len(statements) - 1)
                result[here] |= statements[at] == asked[here]
        return result

    def _same_document(self, found: Found) -> NDArray[np.bool_]:
        """Whether one of a candidate's documents is one of the anchor's."""
        result, own = np.zeros(found.rows.shape, np.bool_), self._words("documents")
        if not len(own.values):
            return result
        for number in np.unique(found.shards[found.present]).tolist():
            starts, documents = (
                read_facts(self._mining.prepared / INDEX, number, name)
                for name in ("document_starts", "documents")
            )
            here = np.nonzero((found.shards == number) & found.present)
            places = found.rows[here]
            first = starts[places]
            result[here] = share_any(here[0], first, starts[places + 1] - first, documents, own)
        return result

    def _words(self, column: str) -> WordLists:
        """64-bit values that each anchor has."""
        lists = self._anchors.table[column]
        return WordLists.of(pc.list_flatten(lists).to_numpy().view(np.uint64), lists)

    def _distances(self, found: Found) -> NDArray[np.int64]:
        ours = self._anchors.pdqs[:, None]
        if not ours.any():
            return np.full(found.rows.shape, UNKNOWN_DISTANCE)
        theirs = self._facts(found, "pdqs", 4)
        bits = np.bitwise_count(ours ^ theirs).sum(axis=2, dtype=np.int64)
        is_known = ours.any(axis=2) & theirs.any(axis=2)
        return np.where(is_known, bits, UNKNOWN_DISTANCE)

    def _standings(self, found: Found) -> NDArray[np.float32]:
        result = np.full(found.scores.shape, -np.inf, np.float32)
        kind = self._anchors.cut.what
        scales = self._mining.scales.get(BRANCH_OF[kind].of_pictures) if kind in BRANCH_OF else None
        if not scales:
            return result
        texts = kind == IMAGE_TO_TEXT
        for number in np.unique(found.shards[found.present]).tolist():
            language = self._languages[number] if texts else self._anchors.cut.language
            here, scale = found.shards == number, scales[language]
            result[here] = (found.scores[here] - scale.mean) / scale.std
        return result

    def _own_scores(self, found: Found) -> NDArray[np.float32]:
        """Of candidates and what they belong to, where a guard asks for them."""
        if self._rules.negatives.own_margin is None:
            return found.scores
        return self._facts(found, "scores")

    def _facts(self, found: Found, name: str, width: int = 1) -> NDArray[Any]:
        """What is known of candidates, 0 where there are none; [anchors, k] or [.., width]."""
        kind = {"scores": np.float32}.get(name, np.uint64)
        result = np.zeros((*found.rows.shape, width)[: 2 + (width > 1)], kind)
        for number in np.unique(found.shards[found.present]).tolist():
            here = (found.shards == number) & found.present
            result[here] = read_facts(self._mining.prepared / INDEX, number, name)[found.rows[here]]
        return result

    def _tell(self, origin: str, faults: NDArray[np.int8]) -> None:
        kind = self._anchors.cut.what
        numbers, times = np.unique(faults[faults != ABSENT], return_counts=True)
        for number, n in zip(numbers.tolist(), times.tolist(), strict=True):
            self.told[f"{kind}\t{origin}\t{FAULTS[number] or 'sound'}"] += n
