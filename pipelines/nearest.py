"""The rows nearest to queries, by cosine: the same ones however the rows are cut into shards.

faiss multiplies whole blocks, and a product's last bits depend on the block it is in. So more rows
than wanted are taken, their cosines are calculated again one by one, and equal ones stand in the
order of their names: the first `k` of a shard, and of several shards together, are then always the
same. Where more rows than were taken might belong among them, more are taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.negatives import ABSENT
from pipelines.packages import require_packages
from pipelines.shortlists import is_worth, shortlists

Units = NDArray[np.float32]
"""Embeddings of length 1; shape [rows, dim]."""

Names = NDArray[np.uint64]
"""64 bits of the rows' ids, which tell them apart and break ties; shape [rows]."""

_SPARE = 16
"""Rows that are taken beyond those wanted; eight times as many again where they do not do."""

_ROWS_A_LIST = 39  # at least, where faiss begins to warn of too few
_AT_ONCE = 1 << 22  # cosines, of queries that need more rows or of a list, however long it is
_PAIRS_AT_ONCE = 1 << 20  # of queries and rows of their groups, of 60 bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What is nearest to some queries, the nearest first; every array [queries, k].

    Attributes:
      ranks: what orders them, falling: the cosines, or another search's scores.
      scores: cosines; 0 where there are no more rows.
      names: of the rows; 0 likewise.
      shards: which they are in; `ABSENT` likewise.
      rows: their places in it; `ABSENT` likewise.
    """

    ranks: NDArray[np.float32]
    scores: NDArray[np.float32]
    names: Names
    shards: NDArray[np.int32]
    rows: NDArray[np.int32]

    @property
    def present(self) -> NDArray[np.bool_]:
        return self.rows != ABSENT

    def take(self, order: NDArray[np.int64]) -> "Found":
        """Some columns of each row, in the order given; shape [queries, columns]."""
        return Found(
            np.take_along_axis(self.ranks, order, axis=1),
            np.take_along_axis(self.scores, order, axis=1),
            np.take_along_axis(self.names, order, axis=1),
            np.take_along_axis(self.shards, order, axis=1),
            np.take_along_axis(self.rows, order, axis=1),
        )


def check_installed(lexical: bool) -> None:
    """Refuses to begin without the packages that searching needs, by words too if asked for.

    Raises:
      RecipeError: naming the extra that brings them.
    """
    require_packages("[mine]", ("faiss", "bm25s") if lexical else ("faiss",), "mine")


def units(embeddings: NDArray[np.float16] | Units) -> Units:
    """Embeddings in float32 and of length 1; a row depends on itself alone.

    Those that are in float32 already are changed where they are.
    """
    import faiss

    rows = np.ascontiguousarray(embeddings, np.float32)
    faiss.normalize_L2(rows)
    return rows


def names_of(ids: list[str]) -> Names:
    """The first 64 bits of ids, hex digests all."""
    return np.array([int(id_[:16], 16) for id_ in ids], np.uint64)


def none_found(queries: int) -> Found:
    """Nothing yet."""
    shape = (queries, 0)
    at, scores = np.empty(shape, np.int32), np.empty(shape, np.float32)
    return Found(scores, scores, np.empty(shape, np.uint64), at, at)


def merged(one: Found, other: Found, k: int) -> Found:
    """The nearest `k` of two shards; the same whichever comes first."""
    both = Found(
        np.concatenate((one.ranks, other.ranks), axis=1),
        np.concatenate((one.scores, other.scores), axis=1),
        np.concatenate((one.names, other.names), axis=1),
        np.concatenate((one.shards, other.shards), axis=1),
        np.concatenate((one.rows, other.rows), axis=1),
    )
    return both.take(_order(both)[:, :k])


def nearest(queries: Units, rows: Units, names: Names, shard: int, k: int) -> Found:
    """The `k` nearest rows of a shard, exactly.

    Args:
      queries: of length 1.
      rows: of length 1, of the shard.
      names: of the rows, each one once.
      shard: its number.
      k: how many.
    """
    wanted = min(k, len(rows))
    if wanted and is_worth(len(queries), len(rows)):
        scores, at = _nearest_of_shortlists(queries, rows, names, wanted)
    else:
        scores, at = _nearest(queries, rows, names, wanted, _SPARE)
    return found_in(scores, scores, at, names, shard)


def nearest_by_lists(
    queries: Units, rows: Units, names: Names, lists: "Lists", shard: int, k: int
) -> Found:
    """The `k` nearest rows of a shard, nearly: of those in the nearest lists; see `nearest`.

    A list is multiplied with all queries that look at it at once, which takes a third of the time
    of looking query by query, as faiss does.
    """
    import faiss

    found = faiss.ResultHeap(len(queries), min(k, len(rows)), keep_max=True)
    for asking, first, end in lists.asked(queries):
        step = max(1, _AT_ONCE // (end - first))
        for at in range(0, len(asking), step):
            some = asking[at : at + step]
            products = queries[some] @ rows[first:end].T
            found.add_result_subset(some, products, np.arange(first, end))
    found.finalize()
    scores = cosines(queries, rows, found.I)
    near = found_in(scores, scores, found.I, names, shard)
    return near.take(_order(near))


def nearest_in_group(
    queries: Units, rows: Units, names: Names, groups: tuple[Names, Names], shard: int, k: int
) -> Found:
    """The `k` nearest rows of a shard among those of each query's group, exactly.

    Args:
      queries: of length 1.
      rows: of length 1, of the shard.
      names: of the rows, each one once.
      groups: that queries are of, and rows; shapes [queries] and [rows].
      shard: its number.
      k: how many.
    """
    ours, theirs = groups
    order = np.argsort(theirs, kind="stable")
    starts, ends = (np.searchsorted(theirs[order], ours, side) for side in ("left", "right"))
    width = int((ends - starts).max(initial=0))
    if not width:
        return none_found(len(queries))
    within, step = np.arange(width), max(1, _PAIRS_AT_ONCE // width)
    near = []
    for first in range(0, len(queries), step):
        some = slice(first, first + step)
        at = starts[some, None] + within
        at = np.where(at < ends[some, None], order[np.minimum(at, len(order) - 1)], ABSENT)
        scores = cosines(queries[some], rows, at)
        found = found_in(scores, scores, at, names, shard)
        near.append(found.take(_order(found)[:, :k]))
    columns = ("ranks", "scores", "names", "shards", "rows")
    return Found(*(np.concatenate([getattr(of, name) for of in near]) for name in columns))


@dataclass(frozen=True, slots=True)
class Lists:
    """Rows of a shard by what they are near to, those of a list together.

    Attributes:
      centres: of the lists, of length 1; shape [lists, dim].
      starts: where each begins among the rows, and the end of the last; shape [lists + 1].
      probes: how many are looked at for a query.
    """

    centres: Units
    starts: NDArray[np.int64]
    probes: int = 1

    def asked(self, queries: Units) -> Iterator[tuple[NDArray[np.int64], int, int]]:
        """The queries that look at a list, and its first row and end; list after list."""
        import faiss

        probes = min(self.probes, len(self.centres))
        _, near = faiss.knn(queries, self.centres, probes, metric=faiss.METRIC_INNER_PRODUCT)
        order = np.argsort(near, axis=None, kind="stable")
        asked = np.searchsorted(near.ravel()[order], np.arange(len(self.centres) + 1))
        for number in range(len(self.centres)):
            asking = order[asked[number] : asked[number + 1]] // probes
            first, end = self.starts[number : number + 2].tolist()
            if len(asking) and first < end:
                yield asking, first, end


def fit_lists(rows: Units) -> tuple[Lists, NDArray[np.int64]]:
    """Lists over rows, about four times the root of their number, and the order to put rows in."""
    import faiss

    faiss.omp_set_num_threads(1)  # the centres' last bits depend on it
    number = max(1, min(len(rows) // _ROWS_A_LIST, int(4 * len(rows) ** 0.5)))
    fitted = faiss.Kmeans(
        rows.shape[1], number, niter=10, spherical=True, min_points_per_centroid=_ROWS_A_LIST
    )
    fitted.train(rows)
    _, near = fitted.index.search(rows, 1)
    order = np.argsort(near[:, 0], kind="stable")
    starts = np.searchsorted(near[order, 0], np.arange(number + 1))
    return Lists(np.asarray(fitted.centroids, np.float32), starts), order


def cosines(queries: Units, rows: Units, at: NDArray[np.int64]) -> NDArray[np.float32]:
    """Of each query and some rows, whose bits depend on these two alone; 0 where `at` is `ABSENT`.

    Args:
      queries: of length 1; shape [queries, dim].
      rows: of length 1.
      at: places of rows; shape [queries, k].
    """
    import faiss

    found = np.zeros(at.shape, np.float32)
    of = faiss.swig_ptr
    faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]
        of(found), of(queries), of(rows), of(at), queries.shape[1], *at.shape
    )
    found[at < 0] = 0
    return found


def found_in(
    ranks: NDArray[np.float32],
    scores: NDArray[np.float32],
    at: NDArray[np.int64],
    names: Names,
    shard: int,
) -> Found:
    """What was found in a shard, by the places of its rows; every array [queries, k]."""
    absent = at < 0
    found = Found(
        ranks,
        scores,
        names[at] if len(names) else np.zeros(at.shape, np.uint64),
        np.where(absent, ABSENT, shard).astype(np.int32),
        at.astype(np.int32),
    )
    found.names[absent] = 0
    return found


def _nearest_of_shortlists(
    queries: Units, rows: Units, names: Names, k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    scores, at = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    left = np.ones(len(queries), np.bool_)
    for some, near in shortlists(queries, rows, k):
        scores[some], at[some] = _first(queries[some], rows, names, near, k)
        left[some] = False
    if left.any():
        scores[left], at[left] = _nearest(queries[left], rows, names, k, _SPARE)
    return scores, at


def _first(
    queries: Units, rows: Units, names: Names, at: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The nearest `k` of some rows for each query, in order: their cosines and places."""
    scores = cosines(queries, rows, at)
    order = _falling(np.where(at < 0, np.float32(-np.inf), scores), names[at])[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(at, order, axis=1)


def _nearest(
    queries: Units, rows: Units, names: Names, k: int, spare: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    import faiss

    taken = min(k + spare, len(rows))
    if not taken:
        empty = np.empty((len(queries), 0))
        return empty.astype(np.float32), empty.astype(np.int64)
    rough, at = faiss.knn(queries, rows, taken, metric=faiss.METRIC_INNER_PRODUCT)
    scores, at = _first(queries, rows, names, at, k)
    if taken < len(rows):
        doubtful = np.flatnonzero(scores[:, -1] <= rough[:, -1] + _error(queries.shape[1]))
        step = max(1, _AT_ONCE // (k + 8 * spare))
        for first in range(0, len(doubtful), step):
            some = doubtful[first : first + step]
            scores[some], at[some] = _nearest(queries[some], rows, names, k, 8 * spare)
    return scores, at


def _error(dim: int) -> float:
    """How far two cosines of the same rows may be apart (Higham 2002, section 3.1)."""
    return 2 * dim * 2.0**-24


def _order(found: Found) -> NDArray[np.int64]:
    ranks = np.where(found.present, found.ranks, np.float32(-np.inf))
    return _falling(ranks, found.names)


def _falling(ranks: NDArray[np.float32], names: Names) -> NDArray[np.int64]:
    """The order of falling ranks in each row, of equal ones by name; shape [queries, k].

    Sorting by both costs four times as much, so only rows that have equal ranks are sorted so.
    """
    order = np.argsort(-ranks, axis=1, kind="stable")
    ordered = np.take_along_axis(ranks, order, axis=1)
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    order[tied] = np.lexsort((names[tied], -ranks[tied]), axis=1)
    return order
