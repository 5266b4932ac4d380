"""Candidates of a block of anchors: nearest in their language, in another, in their document, by
words, by chance.

One index shard is in memory at a time, in float32, with the block's anchors and what was found so
far: `index_rows` · dim · 4 bytes, and some 100 MB for a block; 2 bytes more and some 300 MB where
rough products are made, torch among them (`pipelines.shortlists`).
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.negatives import ABSENT, NegativeRules, draws_of, slots
from pipelines.embedding_files import read_npy, read_singles
from pipelines.lexical_index import lexical_scores, read_lexical
from pipelines.mining_index import ANCHORS, INDEX, pdq_words, read_facts
from pipelines.mining_plan import SPACE_OF, SPACES_OF_TEXTS, Cut, MinePlan
from pipelines.mining_rules import Mine
from pipelines.nearest import (
    Found,
    Lists,
    Names,
    Units,
    cosines,
    found_in,
    merged,
    names_of,
    nearest,
    nearest_by_lists,
    nearest_in_group,
    none_found,
    units,
)
from pipelines.storage import Folder
from pipelines.transforms.tables import read_table
from schemas.ids import bucket_of, digest
from schemas.layout import OF_PAGES, shard_name

OWN, CROSS, LEXICAL, EDITED, DRAWN = "nearest", "cross-language", "bm25", "edited", "drawn"
DOCUMENT = "document"
ORIGINS = (OWN, CROSS, LEXICAL, EDITED, DRAWN, DOCUMENT)
"""Where a negative comes from."""

_POOL = 256
"""Candidates of a space, chosen by a hash, that anchors with too few negatives are completed of."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """A block of anchors.

    Attributes:
      cut: what they are of.
      table: a row each, see `pipelines.mining_index`.
      embeddings: of length 1; shape [anchors, dim].
      names: of their ids; shape [anchors].
      owners: of their pictures, 0 without; shape [anchors].
      pdqs: of their pictures, zeros without; shape [anchors, 4].
      positives: how many each has; shape [anchors].
      answers: how many are known to answer each, its positives among them; shape [anchors].
      least: the lowest cosine of each with one of its positives; shape [anchors].
    """

    cut: Cut
    table: pa.Table
    embeddings: Units
    names: Names
    owners: Names
    pdqs: NDArray[np.uint64]
    positives: NDArray[np.int64]
    answers: NDArray[np.int64]
    least: NDArray[np.float32]

    def __len__(self) -> int:
        return int(self.table.num_rows)


def read_anchors(prepared: Folder, cut: Cut, number: int) -> Anchors:
    """Reads a block."""
    table = read_table(prepared / ANCHORS, f"{shard_name(number)}.parquet")
    scores = table["positive_scores"].to_pylist()
    positives = np.array([len(of) for of in scores], np.int64)
    return Anchors(
        cut=cut,
        table=table,
        embeddings=units(read_npy(prepared / ANCHORS, number)),
        names=names_of(table["id"].to_pylist()),
        owners=names_of([uid or "0" for uid in table["uid"].to_pylist()]),
        pdqs=pdq_words(table["pdq"].to_pylist()),
        positives=positives,
        answers=positives + pc.list_value_length(table["other_ids"]).to_numpy(),
        least=np.array([min(of) for of in scores], np.float32),
    )


def seek(
    prepared: Folder, plan: MinePlan, rules: Mine, seed: int, anchors: Anchors
) -> dict[str, Found]:
    """What is near the anchors, by origin.

    Args:
      prepared: where the indexes are.
      plan: of them.
      rules: of the recipe.
      seed: of the recipe.
      anchors: at least one.
    """
    search = _Search(prepared / INDEX, rules, seed, anchors)
    spaces = plan.spaces_of(SPACE_OF[anchors.cut.what])
    own = next((s for s in spaces if s.language in ("", anchors.cut.language)), None)
    if own:
        search.in_own(own)
    others = [space for space in spaces if space is not own]
    if others and slots(rules.negatives.num_negatives, rules.cross_language):
        search.in_others(others)
    return search.found


class _Search:
    """What was found so far.

    Attributes:
      found: by origin.
    """

    def __init__(self, folder: Folder, rules: Mine, seed: int, anchors: Anchors) -> None:
        import faiss

        faiss.omp_set_num_threads(1)  # there are as many workers as processors
        self._folder = folder
        self._rules = rules
        self._seed = seed
        self._anchors = anchors
        self._k = int(rules.negatives.depths(anchors.answers).max())
        self.found: dict[str, Found] = {}

    def in_own(self, space: Cut) -> None:
        """Seeks in the language of the positives."""
        rules, queries = self._rules, self._anchors.embeddings
        wanted = rules.negatives.num_negatives
        by_words = space.what in SPACES_OF_TEXTS and slots(wanted, rules.bm25)
        by_document = space.what == OF_PAGES and slots(wanted, rules.from_document)
        pool = _Pool.empty(self._seed)
        for number in space.numbers:
            rows, names = self._rows(number), self._names(number)
            self._add(OWN, self._near(queries, rows, names, number, space))
            if by_words:
                self._add(LEXICAL, self._by_words(rows, names, number))
            if by_document:
                self._add(DOCUMENT, self._in_document(rows, names, number))
            if rules.incomplete == "complete":
                pool = pool.with_rows(rows, names, number)
            del rows  # before the next ones are read
        if rules.incomplete == "complete":
            self.found[DRAWN] = pool.found_by(queries, self._anchors.names)

    def in_others(self, spaces: list[Cut]) -> None:
        """Seeks in one other language for each anchor, which a hash chooses by their sizes."""
        chosen = [
            _drawn_space(spaces, self._seed, id_) for id_ in self._anchors.table["id"].to_pylist()
        ]
        pieces = []
        for at, space in enumerate(spaces):
            asking = np.flatnonzero(np.array(chosen) == at)
            if len(asking):
                queries, near = self._anchors.embeddings[asking], none_found(len(asking))
                for number in space.numbers:
                    rows, names = self._rows(number), self._names(number)
                    found = self._near(queries, rows, names, number, space)
                    near = merged(near, found, self._k)
                    del rows  # before the next ones are read
                pieces.append((asking, near))
        self.found[CROSS] = _scattered(pieces, len(self._anchors), self._k)

    def _add(self, origin: str, found: Found) -> None:
        before = self.found.get(origin)
        self.found[origin] = found if before is None else merged(before, found, self._k)

    def _rows(self, number: int) -> Units:
        return units(read_singles(self._folder, number))

    def _names(self, number: int) -> Names:
        return read_facts(self._folder, number, "names")

    def _near(self, queries: Units, rows: Units, names: Names, number: int, space: Cut) -> Found:
        if space.rows <= self._rules.exact_rows or not len(rows):
            return nearest(queries, rows, names, number, self._k)
        lists = read_lists(self._folder, number, self._rules.probes)
        return nearest_by_lists(queries, rows, names, lists, number, self._k)

    def _in_document(self, rows: Units, names: Names, number: int) -> Found:
        """Among the pages of each query's document; a page is of one."""
        ours = pc.list_flatten(self._anchors.table["documents"]).to_numpy().view(np.uint64)
        theirs = read_facts(self._folder, number, "documents")
        queries = self._anchors.embeddings
        return nearest_in_group(queries, rows, names, (ours, theirs), number, self._k)

    def _by_words(self, rows: Units, names: Names, number: int) -> Found:
        """By the anchor's text; where it is a picture, by its first positive."""
        table = self._anchors.table
        firsts = zip(table["text"].to_pylist(), table["positives"].to_pylist(), strict=True)
        texts = [text or positives[0] for text, positives in firsts]
        index = read_lexical(self._folder / f"{shard_name(number)}.bm25")
        ranks, at = lexical_scores(index, len(rows), texts, self._k)
        scores = cosines(self._anchors.embeddings, rows, at)
        return found_in(ranks, scores, at, names, number)


def read_lists(folder: Folder, number: int, probes: int) -> Lists:
    """The inverted lists of a shard."""
    return Lists(
        read_facts(folder, number, "centres"), read_facts(folder, number, "starts"), probes
    )


def _drawn_space(spaces: list[Cut], seed: int, id_: str) -> int:
    """Which of the spaces, the larger the likelier."""
    at = bucket_of(digest("language", str(seed), id_), sum(space.rows for space in spaces))
    for number, space in enumerate(spaces):
        at -= space.rows
        if at < 0:
            return number
    raise AssertionError("a hash lies within its range")


def _scattered(pieces: list[tuple[NDArray[np.int64], Found]], rows: int, k: int) -> Found:
    """What was found for some anchors each, as one."""
    shape = (rows, k)
    whole = Found(
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.uint64),
        np.full(shape, ABSENT, np.int32),
        np.full(shape, ABSENT, np.int32),
    )
    for asking, found in pieces:
        columns = slice(0, found.rows.shape[1])
        for name in ("ranks", "scores", "names", "shards", "rows"):
            getattr(whole, name)[asking, columns] = getattr(found, name)
    return whole


@dataclass(frozen=True, slots=True)
class _Pool:
    """Rows of a space that a hash chooses.

    Attributes:
      seed: of the recipe.
      draws: of the rows, rising; shape [rows].
      names: of the rows.
      shards: which they are in.
      places: and where in these.
      rows: their embeddings; shape [rows, dim].
    """

    seed: int
    draws: NDArray[np.uint64]
    names: Names
    shards: NDArray[np.int32]
    places: NDArray[np.int32]
    rows: Units

    @classmethod
    def empty(cls, seed: int) -> "_Pool":
        words, at = np.empty(0, np.uint64), np.empty(0, np.int32)
        return cls(seed, words, words, at, at, np.empty((0, 0), np.float32))

    def with_rows(self, rows: Units, names: Names, number: int) -> "_Pool":
        """The lowest draws of these and a shard's."""
        if not len(names):
            return self
        draws = draws_of(self.seed, np.zeros(1, np.uint64), names[None])[0]
        first = np.argsort(draws)[:_POOL]
        both = replace(
            self,
            draws=np.concatenate((self.draws, draws[first])),
            names=np.concatenate((self.names, names[first])),
            shards=np.concatenate((self.shards, np.full(len(first), number, np.int32))),
            places=np.concatenate((self.places, first.astype(np.int32))),
            rows=np.concatenate((self.rows.reshape(-1, rows.shape[1]), rows[first])),
        )
        order = np.argsort(both.draws)[:_POOL]
        return _Pool(
            self.seed,
            both.draws[order],
            both.names[order],
            both.shards[order],
            both.places[order],
            both.rows[order],
        )

    def found_by(self, queries: Units, anchors: Names) -> Found:
        """The pool for each anchor, in an order of its own."""
        shape = (len(queries), len(self.names))
        every = np.tile(np.arange(len(self.names)), (len(queries), 1))
        scores = cosines(queries, self.rows, every) if len(self.names) else np.zeros(shape, "f")
        draws = draws_of(self.seed, anchors, np.tile(self.names, (len(queries), 1)))
        order = np.argsort(draws, axis=1)
        ranks = np.zeros(shape, np.float32)
        whole = Found(ranks, scores, self.names[every], self.shards[every], self.places[every])
        return whole.take(order)


def narrowed(rules: NegativeRules, number: int) -> NegativeRules:
    """The same rules for so many negatives."""
    last = rules.range_max
    if last is not None:
        last = max(last, rules.range_min + number)
    return replace(rules, num_negatives=number, range_max=last)
