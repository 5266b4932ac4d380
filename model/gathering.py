"""Features of every process of a run, with gradients: what a loss holds its own rows against.

Each process averages a loss over its own rows; the mean of that over the processes is the loss of
the whole batch. `gather` sums over the processes what they ask of one's features, and
DistributedDataParallel divides by their number, so the gradients are the whole batch's.
"""

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


class UnevenBatch(ValueError):
    """The processes of one step hold different numbers of rows."""


def world_size() -> int:
    """How many processes share a batch: those of the run, or just this one.

    >>> world_size()
    1
    """
    return dist.get_world_size() if _is_distributed() else 1


def rank() -> int:
    """Which of `world_size` this process is, from 0."""
    return dist.get_rank() if _is_distributed() else 0


def gather(*features: Tensor) -> tuple[Tensor, ...]:
    """Every process's `features`, in the order of ranks; gradients are summed over the processes.

    The shapes are compared first: a collective over uneven tensors hangs, or mixes rows.

    Args:
      features: [n, ...] each, of the same shapes in every process.

    Returns:
      [world_size * n, ...] for each.

    Raises:
      UnevenBatch: in every process, when the shapes differ.

    >>> gather(torch.ones(2, 3))[0].shape
    torch.Size([2, 3])
    """
    if world_size() == 1:
        return features
    _require_even([list(tensor.shape) for tensor in features])
    return tuple(_Gather.apply(tensor) for tensor in features)  # type: ignore[no-untyped-call]


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Averages gradients that DistributedDataParallel does not: those of a loss's parameters."""
    processes = world_size()
    if processes == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= processes


class _Gather(torch.autograd.Function):
    """all_gather forwards, reduce-scatter backwards (as all_reduce, which every backend has)."""

    @staticmethod
    def forward(_: Any, features: Tensor) -> Tensor:
        own = features.contiguous()
        parts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, own)
        return torch.cat(parts)  # [world_size * n, ...]

    @staticmethod
    def backward(_: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total.chunk(dist.get_world_size())[dist.get_rank()]


def _require_even(shapes: list[list[int]]) -> None:
    every: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(every, shapes)
    if any(other != every[0] for other in every):
        told = "; ".join(f"process {number}: {other}" for number, other in enumerate(every))
        raise UnevenBatch(
            "every process must bring features of the same shapes (drop or fill an uneven last "
            f"batch), got {told}"
        )


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized()
