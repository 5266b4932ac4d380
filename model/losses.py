"""What training makes small: contrastive losses over pairs of features.

Every loss takes features as the towers give them, neither normalised nor gathered, and returns the
mean over this process's rows (`model.gathering` says why that is enough). It normalises, compares
in float32 under autocast, and holds no more logits at once than asked.

A step on texts and pictures adds two, each with its own temperature:

>>> texts, pictures = InfoNCE(Temperature(0.05)), InfoNCE(Temperature(1 / 14))
>>> a, b = torch.eye(4), torch.eye(4)  # [n, d] each
>>> loss = texts(a, b) + pictures(a, b)
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model.gathering import gather, rank


class Temperature(nn.Module):
    """The temperature τ of a loss, learned as log(1/τ) or fixed.

    As in CLIP (Radford et al. 2021, §2.5) the scale 1/τ is learned in its logarithm and kept from
    exceeding 100. The parameter itself is brought back under the bound before each use, which is
    the same as after each step; a clamp in the graph would leave it there without a gradient.

    Attributes:
      log_scale: [] float32, log(1/τ).
      max_scale: largest 1/τ.
    """

    log_scale: Tensor

    def __init__(self, value: float, *, learnable: bool = True, max_scale: float = 100.0) -> None:
        super().__init__()
        if not 0 < value < math.inf:
            raise ValueError(f"temperature must be in (0, inf), got {value}")
        if not value >= 1 / max_scale:
            raise ValueError(
                f"temperature must be at least 1 / max_scale = {1 / max_scale}, got {value}"
            )
        self.max_scale = max_scale
        log_scale = torch.tensor(-math.log(value))
        if learnable:
            self.log_scale = nn.Parameter(log_scale)
        else:
            self.register_buffer("log_scale", log_scale)

    def forward(self) -> Tensor:
        """1/τ, []."""
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(self.max_scale))
        return self.log_scale.exp()


@dataclass(frozen=True, slots=True)
class Sides:
    """What one step compares: this process's rows, and every process's as the columns.

    Attributes:
      queries: [n, d], this process's.
      passages: [n, d], of which row i answers query i.
      every_query: [N, d], of all processes in the order of their ranks.
      every_passage: [N, d], in the same order.
      every_negative: [N * k, d], passages that answer no query here.
      start: where this process's rows stand in `every_query` and `every_passage`.
    """

    queries: Tensor
    passages: Tensor
    every_query: Tensor
    every_passage: Tensor
    every_negative: Tensor
    start: int

    def each(self, change: Callable[[Tensor], Tensor]) -> "Sides":
        """The same rows after `change` of each tensor."""
        return Sides(
            change(self.queries),
            change(self.passages),
            change(self.every_query),
            change(self.every_passage),
            change(self.every_negative),
            self.start,
        )

    def sliced(self, size: int) -> "Sides":
        """The first `size` values of each feature."""
        return self.each(lambda features: features[:, :size])

    def normalised(self) -> "Sides":
        """Each feature of length 1."""
        return self.each(lambda features: F.normalize(features, dim=-1))


class Loss(nn.Module, ABC):
    """A loss over pairs, and what each has in common with the others: precision and gathering."""

    def forward(self, queries: Tensor, passages: Tensor, negatives: Tensor | None = None) -> Tensor:
        """The mean over this process's rows, [].

        Args:
          queries: [n, d].
          passages: [n, d], of which row i answers query i.
          negatives: [n, k, d], of which row i answers query i nearly; None: none.

        Raises:
          ValueError: the shapes do not fit.
          UnevenBatch: another process has other shapes.
        """
        with torch.autocast(queries.device.type, enabled=False):
            own = [_full(queries), _full(passages)]
            if negatives is not None and negatives.numel():
                own.append(_full(negatives))
            every = gather(*own)  # first: shapes that differ must stop every process
            _require_pairs(queries, passages, negatives)
            rows, width = queries.shape
            hard = every[2].flatten(0, 1) if len(every) > 2 else own[1].new_empty(0, width)
            return self.compare(Sides(own[0], own[1], every[0], every[1], hard, rank() * rows))

    @abstractmethod
    def compare(self, sides: Sides) -> Tensor:
        """The mean over this process's rows, []; features are float32 and not normalised."""


class InfoNCE(Loss):
    """Each query finds its passage among all, each passage its query; the mean of the two.

        L(q→p) = -1/n Σ_i log( exp(q_i·p_i/τ) / Σ_j [ exp(q_i·p_j/τ) + Σ_m exp(q_i·h_jm/τ) ] )
        L(p→q) = -1/n Σ_i log( exp(p_i·q_i/τ) / Σ_j exp(p_i·q_j/τ) )

    over features of length 1. InfoNCE: van den Oord et al. 2018, eq. 4; both ways: CLIP (Radford et
    al. 2021, fig. 3), whose mean of the two we take, where the papers of Jina add them up. Hard
    negatives h, everybody's for each query and from query to passage only: jina-clip-v2 (Koukounas
    et al. 2024, stage 3) and jina-embeddings-v3 (Sturua et al. 2024, triplets).
    """

    def __init__(self, temperature: Temperature, *, chunk: int | None = None) -> None:
        """`chunk`: columns of logits held at once, computed again for the gradient; None: all."""
        super().__init__()
        self.temperature = temperature
        self.chunk = _checked_chunk(chunk)

    def compare(self, sides: Sides) -> Tensor:
        """See `Loss`."""
        unit, scale = sides.normalised(), self.temperature()
        columns = torch.cat([unit.every_passage, unit.every_negative])  # [N + N * k, d]
        to_passages = _mean_surprise(unit.queries, columns, scale, unit.start, self.chunk)
        to_queries = _mean_surprise(unit.passages, unit.every_query, scale, unit.start, self.chunk)
        return (to_passages + to_queries) / 2


class SigmoidLoss(Loss):
    """Whether a query and a passage belong together, asked of each pair alone.

        L = -1/n Σ_i Σ_j log σ( z_ij (q_i·p_j/τ + b) ),  z_ij = 1 if i = j else -1

    SigLIP (Zhai et al. 2023, eq. 1 and algorithm 1), from τ = 1/10 without a bound and b = -10. As
    in its chunked form (§3.3) a process holds its own n rows against a chunk of the columns at a
    time; the columns are gathered once, N * d values, instead of passed around a ring: the same
    traffic, and small beside the logits. A hard negative is one more pair with z = -1 (ours).

    Attributes:
      bias: [] float32, b.
    """

    def __init__(
        self,
        temperature: Temperature | None = None,
        *,
        bias: float = -10.0,
        chunk: int | None = None,
    ) -> None:
        """`chunk`: columns of logits held at once, computed again for the gradient; None: all."""
        super().__init__()
        self.temperature = temperature or Temperature(0.1, max_scale=math.inf)
        self.bias = nn.Parameter(torch.tensor(bias))
        self.chunk = _checked_chunk(chunk)

    def compare(self, sides: Sides) -> Tensor:
        """See `Loss`."""
        unit, scale = sides.normalised(), self.temperature()
        columns = torch.cat([unit.every_passage, unit.every_negative])  # [N + N * k, d]
        apart = sum(  # as if no pair belonged together
            _in_blocks(_sum_of_softplus, columns, self.chunk, unit.queries, scale, self.bias),
            start=scale.new_zeros(()),
        )
        positives = _positives(unit.queries, columns, scale, unit.start) + self.bias  # [n]
        # -log σ(x) = softplus(-x) = softplus(x) - x
        return (apart - positives.sum()) / len(positives)


class Matryoshka(Loss):
    """A loss at several sizes of the features: the first values of each, normalised again.

        L = Σ_m w_m L_m(q[:m], p[:m]) / Σ_m w_m

    Kusupati et al. 2022, eq. 1, whose weights are all 1; we divide by their sum, so that the loss
    and its gradients stay in one range however many sizes there are. Features are gathered once.

    Attributes:
      sizes: values kept, [m].
      weights: of each size, [m], of sum 1.
    """

    def __init__(
        self, loss: Loss, sizes: Sequence[int], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        weights = [1.0] * len(sizes) if weights is None else weights
        if not sizes or min(sizes) < 1 or len(set(sizes)) < len(sizes):
            raise ValueError(f"sizes must be positive and differ, got {list(sizes)}")
        if len(weights) != len(sizes) or not all(0 < weight < math.inf for weight in weights):
            raise ValueError(
                f"weights must be positive, one for each of {list(sizes)}, got {list(weights)}"
            )
        self.loss = loss
        self.sizes = tuple(sizes)
        self.weights = tuple(weight / sum(weights) for weight in weights)

    def compare(self, sides: Sides) -> Tensor:
        """See `Loss`."""
        width = sides.queries.shape[1]
        if max(self.sizes) > width:
            raise ValueError(f"sizes must be at most {width}, got {list(self.sizes)}")
        losses = [
            weight * self.loss.compare(sides.sliced(size))
            for size, weight in zip(self.sizes, self.weights, strict=True)
        ]
        return torch.stack(losses).sum()


def _mean_surprise(
    rows: Tensor, columns: Tensor, scale: Tensor, start: int, chunk: int | None
) -> Tensor:
    """-log softmax of each row's own column, averaged: rows [n, d], columns [m, d] -> []."""
    normalisers = _in_blocks(_log_sum_exp, columns, chunk, rows, scale)
    total = torch.logsumexp(torch.stack(normalisers), dim=0)  # [n]
    return (total - _positives(rows, columns, scale, start)).mean()


def _positives(rows: Tensor, columns: Tensor, scale: Tensor, start: int) -> Tensor:
    """The logit of each row's own column, which is `start` and following: [n]."""
    return scale * (rows * columns[start : start + len(rows)]).sum(dim=-1)


def _in_blocks(
    function: Callable[..., Tensor], columns: Tensor, chunk: int | None, *others: Tensor
) -> list[Tensor]:
    """`function(block, *others)` for each `chunk` of the columns, without keeping its logits."""
    if chunk is None or chunk >= len(columns):
        return [function(columns, *others)]
    return [
        checkpoint(function, block, *others, use_reentrant=False, preserve_rng_state=False)
        for block in columns.split(chunk)
    ]


def _log_sum_exp(block: Tensor, rows: Tensor, scale: Tensor) -> Tensor:
    return torch.logsumexp(scale * rows @ block.T, dim=1)  # [n, c] -> [n]


def _sum_of_softplus(block: Tensor, rows: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    return F.softplus(scale * rows @ block.T + bias).sum()  # [n, c] -> []


def _full(features: Tensor) -> Tensor:
    """Features in float32, or in float64 if they are."""
    return features if features.dtype == torch.float64 else features.float()


def _checked_chunk(chunk: int | None) -> int | None:
    if chunk is not None and chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    return chunk


def _require_pairs(queries: Tensor, passages: Tensor, negatives: Tensor | None) -> None:
    if queries.dim() != 2 or not len(queries) or queries.shape != passages.shape:
        raise ValueError(
            "queries and passages must be [n, d] with n at least 1, got "
            f"{list(queries.shape)} and {list(passages.shape)}"
        )
    rows, width = queries.shape
    if negatives is not None and (
        negatives.dim() != 3 or (negatives.shape[0], negatives.shape[2]) != (rows, width)
    ):
        raise ValueError(
            f"negatives must be [n, k, d] beside queries of {list(queries.shape)}, got "
            f"{list(negatives.shape)}"
        )
