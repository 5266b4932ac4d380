"""The processes of a training: one, or those that torchrun started."""

import gc
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist

_LONGEST_WAIT = timedelta(hours=4)  # while the first process evaluates, the others wait


class FirstFailed(RuntimeError):
    """The first process cannot go on, and says why; the others end with it."""


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

    def in_first(self, act: Callable[[], None]) -> None:
        """Has the first process act while the others wait.

        Raises:
          FirstFailed: in the others, where `act` raised an exception in the first.
        """
        failure: Exception | None = None
        if self.is_first:
            try:
                act()
            except Exception as error:
                failure = error
        failed = self.any(failure is not None)
        if failure:
            raise failure
        if failed:
            raise FirstFailed

    def any(self, value: bool) -> bool:
        """Whether it is true in any of them."""
        if self.count == 1:
            return value
        told = torch.tensor(int(value), device=self.device)
        dist.all_reduce(told, dist.ReduceOp.MAX)
        return bool(told)

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

    def random_state(self) -> list[torch.Tensor]:
        """Of the CPU's generator, and of the GPU's where one is used."""
        gpu = [torch.cuda.get_rng_state()] if self.device.type == "cuda" else []
        return [torch.get_rng_state(), *gpu]

    def set_random_state(self, states: list[list[torch.Tensor]], seed: int) -> None:
        """Goes on with every process's states, or anew where there were other processes."""
        own = states[self.number] if len(states) == self.count else []
        if len(own) != len(self.random_state()):
            torch.manual_seed(seed + self.number)
            return
        torch.set_rng_state(own[0])
        if len(own) > 1:
            torch.cuda.set_rng_state(own[1])


@contextmanager
def joined(device: str) -> Iterator[Processes]:
    """Joins the other processes while it is open.

    Args:
      device: as torch names it; `auto`: this process's GPU, or the CPU where there is none.

    Raises:
      ValueError: torch cannot use the device.
    """
    number, count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    chosen = _usable(device)
    if count > 1:
        backend = "nccl" if chosen.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=_LONGEST_WAIT)
    try:
        yield Processes(number, count, chosen)
    except BaseException as error:
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        if count > 1:
            # What wraps the model shares the group: as its last owner it would join the group's
            # threads while it holds the interpreter's lock, which they may be waiting for.
            gc.collect()
            dist.destroy_process_group()


def _usable(device: str) -> torch.device:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the latter: a torch without CUDA
        said = str(error).partition("\n")[0]
        raise ValueError(f"device must be one that torch can use, got {device}: {said}") from error
    chosen = torch.device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    return chosen


@contextmanager
def stopping() -> Iterator[list[int]]:
    """Collects SIGTERM and SIGINT, so that a step is not torn and a checkpoint is written."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt  # asked twice
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
