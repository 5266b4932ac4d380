"""How well features retrieve, and how well their similarities follow people's.

Slice features before the call to score a Matryoshka size: `retrieval(queries[:, :64], gallery[:,
:64], relevance)`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

CUTOFFS = (1, 5, 10)
_NDCG_CUTOFF = 10
_SCORES_AT_ONCE = 1 << 23  # 32 MiB in float32; comparing takes some times as much


@dataclass(frozen=True, slots=True)
class Relevance:
    """Which gallery items answer which queries, a row a pair; a query may have several. On the CPU.

    Attributes:
      queries: [p] int64, rows of the queries' features.
      items: [p] int64, rows of the gallery's features.
      gains: [p] float64, how well, above 0; 1 where nothing is said.
    """

    queries: Tensor
    items: Tensor
    gains: Tensor

    def __post_init__(self) -> None:
        shapes = [list(column.shape) for column in (self.queries, self.items, self.gains)]
        if len(self.queries.shape) != 1 or any(shape != shapes[0] for shape in shapes):
            raise ValueError(f"queries, items and gains must be [p] each, got {shapes}")
        if not bool(((self.gains > 0) & self.gains.isfinite()).all()):
            raise ValueError("gains must be finite and above 0: leave out what is not relevant")
        pairs = torch.stack([self.queries, self.items])
        if pairs.unique(dim=1).shape != pairs.shape:
            raise ValueError("a pair of query and item must stand once")

    @classmethod
    def of_pairs(cls, queries: Tensor, items: Tensor) -> "Relevance":
        """Pairs that are all equally good.

        >>> captions = Relevance.of_pairs(torch.arange(4), torch.tensor([0, 0, 1, 1]))
        """
        return cls(queries, items, torch.ones(len(queries), dtype=torch.float64))


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The scores of each of n queries, in the order of the queries.

    Attributes:
      hits: by cutoff k, [n] float64: 1 if an answer stands among the first k, else 0. Its mean is
        R@k as papers on images and texts report it; with one answer a query it is also recall.
      ndcg: [n] float64 in [0, 1], of the first 10.
      reciprocal_rank: [n] float64 in (0, 1], of the first answer, wherever it stands.
    """

    hits: dict[int, Tensor]
    ndcg: Tensor
    reciprocal_rank: Tensor

    def means(self, rows: Tensor | None = None) -> dict[str, float]:
        """R@1, R@5, R@10, nDCG@10 and MRR, over all queries or those of `rows` (a language's)."""
        named = {f"R@{k}": hits for k, hits in self.hits.items()}
        named |= {f"nDCG@{_NDCG_CUTOFF}": self.ndcg, "MRR": self.reciprocal_rank}
        return {
            name: float((values if rows is None else values[rows]).mean())
            for name, values in named.items()
        }


def retrieval(
    queries: Tensor,
    gallery: Tensor,
    relevance: Relevance,
    *,
    scores_at_once: int = _SCORES_AT_ONCE,
) -> Retrieval:
    """Ranks the gallery by cosine for each query; of equal scores the earlier item stands first.

    nDCG: Järvelin and Kekäläinen 2002 with gains as given and a discount of log2(rank + 1), as
    trec_eval and scikit-learn have it.

    Args:
      queries: [n, d], of any length, on any device.
      gallery: [g, d].
      relevance: at least one item for each query.
      scores_at_once: how many cosines are held, at least a query's g; memory is some times that.

    Raises:
      ValueError: a feature is not finite, or a query has no answer.

    >>> features, rows = torch.eye(3), torch.arange(3)
    >>> retrieval(features, features, Relevance.of_pairs(rows, rows)).means()
    {'R@1': 1.0, 'R@5': 1.0, 'R@10': 1.0, 'nDCG@10': 1.0, 'MRR': 1.0}
    """
    _require_answers(queries, gallery, relevance)
    order = relevance.queries.argsort(stable=True)
    asked, items = relevance.queries[order], relevance.items[order]  # [p] each
    gains = relevance.gains[order].double()
    units = F.normalize(queries.float(), dim=-1), F.normalize(gallery.float(), dim=-1)
    block = max(1, scores_at_once // len(gallery))
    ranks = torch.cat(list(_ranks(*units, asked, items, block)))  # [p]
    discounted = gains / (ranks + 1).double().log2() * (ranks <= _NDCG_CUTOFF)
    best = torch.zeros(len(queries), dtype=torch.float64)
    best.scatter_reduce_(0, asked, 1 / ranks.double(), "amax")
    return Retrieval(
        hits={k: (best >= 1 / k).double() for k in CUTOFFS},
        ndcg=_sums(discounted, asked, len(queries)) / _ideal(gains, asked, len(queries)),
        reciprocal_rank=best,
    )


def spearman(left: Tensor, right: Tensor) -> float:
    """Spearman's rank correlation in [-1, 1] of two columns, [n] each; ties share their mean rank.

    NaN where it is not defined: a column of one value, or fewer than two rows.

    >>> spearman(torch.tensor([0.1, 0.2, 0.2]), torch.tensor([1.0, 5.0, 5.0]))
    1.0
    """
    if left.dim() != 1 or left.shape != right.shape:
        raise ValueError(
            f"both columns must be [n], got {list(left.shape)} and {list(right.shape)}"
        )
    if not bool(left.isfinite().all() & right.isfinite().all()):
        raise ValueError("both columns must be finite")
    if len(left) < 2:
        return math.nan
    ranks = torch.stack([_mean_ranks(left.cpu()), _mean_ranks(right.cpu())])  # [2, n]
    centred = ranks - ranks.mean(dim=1, keepdim=True)
    lengths = centred.norm(dim=1)
    if not bool(lengths.all()):
        return math.nan
    return min(1.0, max(-1.0, float(centred[0] @ centred[1] / lengths.prod())))


def _ranks(
    queries: Tensor, gallery: Tensor, asked: Tensor, items: Tensor, block: int
) -> Iterator[Tensor]:
    """The rank, from 1, of each pair's item for its query; pairs [p] in the order of queries."""
    places = torch.arange(len(gallery), device=gallery.device)  # [g]
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ gallery.T  # [b, g]
        first, end = torch.searchsorted(asked, torch.tensor([start, start + block])).tolist()
        for low in range(first, end, block):
            pairs = slice(low, min(low + block, end))
            rows = scores[(asked[pairs] - start).to(scores.device)]  # [pairs, g]
            item = items[pairs].to(scores.device)[:, None]  # [pairs, 1]
            own = rows.gather(1, item)  # [pairs, 1]
            ahead = (rows > own) | ((rows == own) & (places < item))
            yield ahead.sum(dim=1).cpu() + 1


def _sums(values: Tensor, asked: Tensor, queries: int) -> Tensor:
    """Values [p] added up by query, [n] float64."""
    return torch.zeros(queries, dtype=torch.float64).index_add_(0, asked, values)


def _ideal(gains: Tensor, asked: Tensor, queries: int) -> Tensor:
    """The discounted gain of the best order, [n]; pairs [p] in the order of queries."""
    order = gains.argsort(descending=True, stable=True)
    order = order[asked[order].argsort(stable=True)]
    places = torch.arange(len(asked)) - torch.searchsorted(asked, asked)  # [p], from 0 in a query
    discounted = gains[order] / (places + 2).double().log2() * (places < _NDCG_CUTOFF)
    return _sums(discounted, asked, queries)


def _mean_ranks(values: Tensor) -> Tensor:
    """The rank of each value, [n] float64; equal values share the mean of theirs."""
    _, which, counts = values.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0)
    means: Tensor = last - (counts.double() - 1) / 2
    return means[which]


def _require_answers(queries: Tensor, gallery: Tensor, relevance: Relevance) -> None:
    if queries.dim() != 2 or gallery.dim() != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries and gallery must be [n, d] and [g, d], got {list(queries.shape)} and "
            f"{list(gallery.shape)}"
        )
    for name, features in (("queries", queries), ("gallery", gallery)):
        if not bool(features.isfinite().all()):
            raise ValueError(f"{name} must be finite")
    for name, rows, most in (
        ("queries", relevance.queries, len(queries)),
        ("items", relevance.items, len(gallery)),
    ):
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < most:
            raise ValueError(f"{name} of relevance must be in [0, {most}), got {rows.tolist()[:8]}")
    asked = torch.bincount(relevance.queries, minlength=len(queries))
    if bool((asked == 0).any()):
        raise ValueError(f"every query must have an answer, got none for {int(asked.argmin())}")
