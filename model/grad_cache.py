"""A contrastive loss over a batch whose activations do not fit in memory.

GradCache (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited
Setup", §3.2): the towers run over pieces of the batch without keeping activations, the loss over
all features gives a gradient for each, and the towers run again, a piece at a time, to carry it
on. It costs a second forward pass, and the memory of one piece.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from torch import Tensor

Piece = TypeVar("Piece")


def cached_backward(
    encode: Callable[[Piece], Sequence[Tensor]],
    pieces: Sequence[Piece],
    loss: Callable[..., Tensor],
    *,
    no_sync: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Tensor:
    """Adds the loss's gradients to the parameters of the towers and of the loss.

    Dropout draws the same values in both passes, and random numbers go on afterwards as after one.
    Layers whose running statistics change with each forward pass (BatchNorm) see each piece twice.

    Args:
      encode: the features of a piece, [rows, ...] each, in the order that `loss` takes them; it
        enters autocast itself. Under DistributedDataParallel it must go through the wrapped model
        once a piece, with every tower in that call.
      pieces: the batch, cut along its rows; at least one.
      loss: of the features of all pieces, each concatenated along its rows, to [].
      no_sync: of the wrapped model, entered for all pieces but the last: gradients travel once.

    Returns:
      The loss, detached, [].
    """
    if not pieces:
        raise ValueError("pieces must not be empty")
    if len(pieces) == 1:
        value = loss(*encode(pieces[0]))
        value.backward()
        return value.detach()
    states, cached = [], []
    with torch.no_grad():
        for piece in pieces:
            states.append(_random_state())
            cached.append(tuple(encode(piece)))
    value, gradients = _feature_gradients(cached, loss)
    for number, (piece, state) in enumerate(zip(pieces, states, strict=True)):
        with nullcontext() if number == len(pieces) - 1 else no_sync():
            _set_random_state(state)
            features = encode(piece)
            _carry_on(features, [of_side[number] for of_side in gradients])
    return value


def _carry_on(features: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """Backwards from each side's features, but from those of a tower that is not trained."""
    trained = [number for number, side in enumerate(features) if side.requires_grad]
    if trained:
        torch.autograd.backward(
            [features[number] for number in trained], [gradients[number] for number in trained]
        )


def _feature_gradients(
    cached: Sequence[tuple[Tensor, ...]], loss: Callable[..., Tensor]
) -> tuple[Tensor, list[tuple[Tensor, ...]]]:
    """The loss over all pieces, and the gradient of each feature, by side and then piece."""
    leaves = [torch.cat(parts).requires_grad_() for parts in zip(*cached, strict=True)]
    value = loss(*leaves)
    value.backward()
    sizes = [[len(part) for part in parts] for parts in zip(*cached, strict=True)]
    return value.detach(), [
        (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad).split(rows)
        for leaf, rows in zip(leaves, sizes, strict=True)
    ]


def _random_state() -> tuple[Tensor, Tensor | None]:
    """Of the CPU's generator and of the current GPU's."""
    gpu = torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None
    return torch.get_rng_state(), gpu


def _set_random_state(state: tuple[Tensor, Tensor | None]) -> None:
    cpu, gpu = state
    torch.set_rng_state(cpu)
    if gpu is not None:
        torch.cuda.set_rng_state(gpu)
