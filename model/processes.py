"""The processes of a training: one, or those that torchrun started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

_LONGEST_WAIT = timedelta(hours=4)  # while the first process evaluates, the others wait


@dataclass(frozen=True, slots=True)
class Processes:
    """A process among those of a training: this one.

    Attributes:
      number: from 0.
      count: of all.
      device: that it computes on.
    """

    number: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes and speaks."""
        return self.number == 0

    def wait(self) -> None:
        """Until all have come here."""
        if self.count > 1:
            dist.barrier()

    def every(self, value: Any) -> list[Any]:
        """The values of all, in the order of their numbers."""
        values: list[Any] = [value]
        if self.count > 1:
            values = [None] * self.count
            dist.all_gather_object(values, value)
        return values

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over all of them."""
        if self.count > 1:
            dist.all_reduce(values)
        return values / self.count


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """Joins the other processes while it is open.

    Args:
      device: as torch names it; `auto`: this process's GPU, or the CPU where there is none.
    """
    number, count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    chosen = torch.device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if count > 1:
        backend = "nccl" if chosen.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=_LONGEST_WAIT)
    try:
        yield Processes(number, count, chosen)
    finally:
        if count > 1:
            dist.destroy_process_group()
