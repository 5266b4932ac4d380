"""What the tests of losses share: made-up features, the losses, and how results are compared."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from model.losses import InfoNCE, Loss, Matryoshka, SigmoidLoss, Temperature

LOSSES: dict[str, Callable[[int | None], Loss]] = {
    "info-nce": lambda chunk: InfoNCE(Temperature(0.07), chunk=chunk),
    "sigmoid": lambda chunk: SigmoidLoss(Temperature(0.1), bias=-3.0, chunk=chunk),
    "matryoshka-info-nce": lambda chunk: Matryoshka(
        InfoNCE(Temperature(0.07), chunk=chunk), (2, 3, 8), (1, 0.5, 2)
    ),
    "matryoshka-sigmoid": lambda chunk: Matryoshka(SigmoidLoss(chunk=chunk), (2, 8)),
}


def features(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    made = torch.randn(*shape, generator=generator, dtype=torch.float64)
    return made.requires_grad_()


def triplets(rows: int, width: int, hard: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Queries [rows, width], passages [rows, width], negatives [rows, hard, width]."""
    return (
        features(rows, width, seed=3 * seed),
        features(rows, width, seed=3 * seed + 1),
        features(rows, hard, width, seed=3 * seed + 2),
    )


def with_gradients(loss: Loss, *inputs: Tensor) -> list[Tensor]:
    """The loss, and its gradients by the inputs and by its own parameters, all in float64."""
    loss.double()
    value = loss(*inputs)
    return [value.detach(), *torch.autograd.grad(value, [*inputs, *loss.parameters()])]


def assert_same(left: Iterable[Tensor], right: Iterable[Tensor], tolerance: float = 1e-9) -> None:
    for one, other in zip(left, right, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)
