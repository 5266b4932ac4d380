"""Which pictures mean the same? Clusters of embeddings, and duplicates within a cluster.

SemDeDup (Abbas et al. 2023, arXiv:2303.09540): spherical k-means, then cosines within each
cluster. Two departures. A picture is turned away only for one that is kept, not for one that goes
itself. And embeddings are whole numbers, a unit being `UNIT`: any sum of their products stays below
2²⁴, so that 32-bit floats add them without rounding, and the same rows give the same clusters in
whatever pieces and order they come, on whatever processor.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.ids import share_of

UNIT = 4_000
"""The length of an embedding: cosines come to 0.0001."""

ROWS_A_CLUSTER = 1_000
"""Pictures that a cluster holds on average, where the recipe does not say how many there are."""

MOST_CLUSTERS = 8_192
SAMPLED = 32
"""Pictures a cluster that the clusters are fitted on."""

Whole = NDArray[np.int16]
"""Embeddings in whole numbers; shape [rows, dim]."""

_TURNS = 20
_BLOCK = 1_024  # rows that are compared at once


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticRules:
    """Which pictures mean the same: the recipe's `[select.semantic]`.

    Attributes:
      min_cosine: of the embeddings of pictures that do, in (0, 1].
      clusters: only pictures of one are compared; 0: one a thousand pictures, `MOST_CLUSTERS` at
        most.
      largest_cluster: pictures that are compared in one piece; a larger cluster is cut into equal
        pieces by a hash of the uid, and pictures of different pieces are not compared.
    """

    min_cosine: float = 0.95
    clusters: int = 0
    largest_cluster: int = 20_000

    def __post_init__(self) -> None:
        if not 0 < self.min_cosine <= 1:
            raise ValueError(f"min_cosine must be in (0, 1], got {self.min_cosine}")
        if not 0 <= self.clusters <= MOST_CLUSTERS:
            raise ValueError(f"clusters must be in [0, {MOST_CLUSTERS}], got {self.clusters}")
        if self.largest_cluster < 2:
            raise ValueError(f"largest_cluster must be at least 2, got {self.largest_cluster}")

    def clusters_for(self, pictures: int) -> int:
        """How many clusters so many pictures are divided into."""
        return self.clusters or min(MOST_CLUSTERS, -(-pictures // ROWS_A_CLUSTER)) or 1


def whole(embeddings: NDArray[np.float16] | NDArray[np.float64]) -> Whole:
    """Embeddings of any length but 0 in whole numbers; shape [rows, dim]."""
    rows = np.asarray(embeddings, np.float64)
    lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return np.asarray(np.rint(rows / np.maximum(lengths, 1e-12) * UNIT), np.int16)


def is_sampled(uid: str, seed: int, share: float) -> bool:
    """Whether a picture is among the `share` that clusters are fitted on."""
    return share_of("cluster", str(seed), uid) < share


def fit_centres(sample: Whole, clusters: int) -> Whole:
    """Spherical k-means (Dhillon and Modha 2001) from the first rows that differ.

    Args:
      sample: in an order that nothing but the rows decides; shape [rows, dim].
      clusters: at most so many; fewer where fewer rows differ.

    Returns:
      shape [clusters, dim]. A centre that loses all its rows stays where it was.
    """
    _, firsts = np.unique(sample, axis=0, return_index=True)
    centres = sample[np.sort(firsts)[:clusters]]
    before = np.empty(0, np.int64)
    for _ in range(_TURNS):
        nearest = nearest_centres(sample, centres)
        if np.array_equal(nearest, before):
            break
        sums = np.zeros(centres.shape, np.int64)
        for at in range(0, len(sample), _BLOCK):  # in 64 bits all of it would weigh 2 GB
            rows = slice(at, at + _BLOCK)
            np.add.at(sums, nearest[rows], sample[rows].astype(np.int64))
        is_lost = np.logical_not(sums.any(axis=1, keepdims=True))
        centres = np.where(is_lost, centres, whole(sums.astype(np.float64)))
        before = nearest
    return centres


def nearest_centres(rows: Whole, centres: Whole) -> NDArray[np.int64]:
    """The cluster of each row: the first of the nearest centres; shape [rows]."""
    columns = centres.astype(np.float32).T
    found = [
        (rows[at : at + _BLOCK].astype(np.float32) @ columns).argmax(axis=1)
        for at in range(0, len(rows), _BLOCK)
    ]
    return np.concatenate([np.empty(0, np.int64), *found])


def duplicates_of(rows: Whole, min_cosine: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For whom each row is turned away, -1 for those that are kept; and the cosine of the two.

    Args:
      rows: the better before the worse; shape [rows, dim].
      min_cosine: in (0, 1].

    Returns:
      the nearest kept row before it, of those that are near enough, and the cosine; shape [rows].
    """
    needed = np.float32(min_cosine * UNIT * UNIT)
    twins, cosines = np.full(len(rows), -1), np.zeros(len(rows))
    kept = np.empty((0, rows.shape[1]), np.float32)
    names = np.empty(0, np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK].astype(np.float32)
        products = block @ kept.T
        best = products.argmax(axis=1) if len(names) else np.zeros(len(block), np.int64)
        near = products.max(axis=1, initial=-np.inf)
        within = block @ block.T
        stay: list[int] = []
        for row in range(len(block)):
            twin, product = (names[best[row]] if len(names) else -1), near[row]
            if stay:
                at = int(within[row, stay].argmax())
                if within[row, stay[at]] > product:
                    twin, product = start + stay[at], within[row, stay[at]]
            if product >= needed:
                twins[start + row], cosines[start + row] = twin, product / UNIT / UNIT
            else:
                stay.append(row)
        kept = np.concatenate([kept, block[stay]])
        names = np.concatenate([names, start + np.array(stay, np.int64)])
    return twins, cosines
