"""What each of two gloo processes computes, saved for the test that compares it with one."""

import warnings
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from model.gathering import UnevenBatch, average_gradients, gather, rank, world_size
from model.grad_cache import cached_backward
from model.losses import InfoNCE, Loss, Temperature
from tests.model.made import LOSSES, triplets
from tests.model.towers import inputs, pieces, towers

PROCESSES = 2
ROWS = 5  # of each process
HARD = (0, 3)
CHUNKS = (None, 3)


def share(tensor: Tensor, number: int) -> Tensor:
    """The rows of process `number`."""
    return tensor.detach()[number * ROWS : (number + 1) * ROWS].clone().requires_grad_()


def step_loss(texts: Loss, pictures: Loss) -> Any:
    """Texts with their hard negatives, and pictures with their captions, as one step has them."""
    return lambda q, p, hard, image: texts(q, p, hard) + pictures(image, p)


def step_losses() -> tuple[Loss, Loss]:
    return InfoNCE(Temperature(0.05)).double(), LOSSES["matryoshka-sigmoid"](None).double()


def gathered_losses(number: int) -> dict[tuple[str, int, int | None], list[Tensor]]:
    results = {}
    for name in LOSSES:
        for hard in HARD:
            for chunk in CHUNKS:
                sides = triplets(ROWS * PROCESSES, 8, hard)[: 3 if hard else 2]
                own = [share(side, number) for side in sides]
                loss = LOSSES[name](chunk).double()
                value = loss(*own)
                value.backward()
                average_gradients(loss.parameters())
                results[name, hard, chunk] = [
                    value.detach(),
                    *(side.grad for side in own),
                    *(p.grad for p in loss.parameters()),
                ]
    return results


def trained_step(number: int, cached: bool) -> tuple[Tensor, dict[str, Tensor], list[Tensor]]:
    """The loss, the towers' gradients and the losses', of one step under DDP."""
    model = towers()
    wrapped = DistributedDataParallel(model)
    batch = tuple(share(side, number).detach() for side in inputs(ROWS * PROCESSES))
    losses = step_losses()
    cut = pieces(batch, 2 if cached else ROWS)
    value = cached_backward(wrapped, cut, step_loss(*losses), no_sync=wrapped.no_sync)
    own = [p for loss in losses for p in loss.parameters()]
    average_gradients(own)
    gradients = {name: p.grad for name, p in model.named_parameters()}
    return value, gradients, [p.grad for p in own]


def uneven(number: int, rows: int, hard: int) -> str:
    """What a loss says where process 0 has 3 rows and no negatives, and 1 has others."""
    try:
        InfoNCE(Temperature(0.1))(*triplets(rows, 8, hard) if number else triplets(3, 8, 0))
    except UnevenBatch as error:
        return str(error)
    return "not refused"


def work(number: int, folder: str) -> None:
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=number, world_size=PROCESSES
    )
    results = {
        "place": (rank(), world_size()),
        "order": gather(torch.full((2, 1), float(number)))[0],
        "losses": gathered_losses(number),
        "plain": trained_step(number, cached=False),
        "cached": trained_step(number, cached=True),
        "uneven": [uneven(number, *shape) for shape in ((4, 0), (0, 0), (3, 2))],
    }
    torch.save(results, Path(folder, f"{number}.pt"))
    dist.destroy_process_group()
