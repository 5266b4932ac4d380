"""Time and memory of a loss: whole and in chunks, with and without GradCache, and of scoring.

    python -m benchmarks.losses [--rows N] [--width D] [--chunk C] [--device cpu]

First, forward and backward of each loss on N pairs of D values. Second, a step of a small text
tower on N / 16 pairs of texts of 32 tokens, D / 2 wide, in 16 pieces. Third, scoring N queries
against a gallery of 10 N. Each in processes of its own, after a small run to load what is needed:
the least time of two (of one core on the CPU), and how far memory rose above what the process held
before (resident on the CPU, allocated on a GPU).
"""

import argparse
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from unittest.mock import patch

import torch
from torch import Tensor, nn

from benchmarks.harness import show
from model.grad_cache import cached_backward
from model.losses import InfoNCE, Loss, Matryoshka, SigmoidLoss, Temperature
from model.metrics import Relevance, retrieval

_MIB = 1 << 20
_TOKENS = 32
_PIECES = 16
# glibc keeps freed blocks below this, and resident memory would count them; it costs time.
_GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": str(_MIB), "MALLOC_TRIM_THRESHOLD_": str(_MIB)}
_LOSSES = ("InfoNCE", "sigmoid", "Matryoshka of InfoNCE, 6 sizes")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of all measurements.

    Attributes:
      rows: pairs in a batch.
      width: values of a feature.
      chunk: columns of logits at once.
      device: `cpu` or `cuda`.
    """

    rows: int
    width: int
    chunk: int
    device: str


class TextTower(nn.Module):
    """Four layers of a transformer over random token features, averaged."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 8, 4 * width, 0.1, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)

    def forward(self, texts: Tensor) -> Tensor:
        """[n, tokens, width] -> [n, width]."""
        pooled: Tensor = self.layers(texts).mean(dim=1)
        return pooled


def measure_loss(sizes: Sizes, name: str, chunked: bool) -> tuple[float, float]:
    """Forward and backward of a loss; seconds, MiB."""
    loss = _loss(name, sizes, sizes.chunk if chunked else None)
    sides = [_random(sizes, sizes.rows, sizes.width).requires_grad_() for _ in range(2)]
    return _measured(sizes, lambda: loss(*sides).backward())


def measure_step(sizes: Sizes, cached: bool) -> tuple[float, float]:
    """A step of a tower and a loss; seconds, MiB."""
    tower = TextTower(sizes.width).to(sizes.device)
    loss = _loss("InfoNCE", sizes, None)
    texts = [_random(sizes, sizes.rows, _TOKENS, sizes.width) for _ in range(2)]
    rows = sizes.rows // _PIECES if cached else sizes.rows
    pieces = list(zip(*(side.split(rows) for side in texts), strict=True))

    def encode(piece: tuple[Tensor, ...]) -> list[Tensor]:
        return [tower(side) for side in piece]

    return _measured(sizes, lambda: cached_backward(encode, pieces, loss))


def measure_scores(sizes: Sizes) -> tuple[float, float]:
    """Scoring a gallery; seconds, MiB."""
    gallery = _random(sizes, 10 * sizes.rows, sizes.width)
    rows = torch.arange(sizes.rows)
    relevance = Relevance.of_pairs(rows, rows)
    return _measured(sizes, lambda: retrieval(gallery[: sizes.rows], gallery, relevance))


def _loss(name: str, sizes: Sizes, chunk: int | None) -> Loss:
    loss = (
        SigmoidLoss(chunk=chunk) if name == "sigmoid" else InfoNCE(Temperature(0.07), chunk=chunk)
    )
    if name.startswith("Matryoshka"):
        loss = Matryoshka(loss, [sizes.width >> shift for shift in range(6)])
    return loss.to(sizes.device)


def _random(sizes: Sizes, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).to(sizes.device)


def _measured(sizes: Sizes, work: Callable[[], object]) -> tuple[float, float]:
    """The least seconds of two runs, and the MiB that memory rose by."""
    before, seconds = _memory(sizes.device), []
    for _ in range(2):
        begun = _seconds(sizes.device)
        work()
        seconds.append(_seconds(sizes.device) - begun)
    return min(seconds), (_memory(sizes.device) - before) / _MIB


def _seconds(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def _memory(device: str) -> int:
    """The most bytes held so far."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _alone(
    work: Callable[..., tuple[float, float]], sizes: Sizes, *given: object
) -> tuple[str, str]:
    """What `work` measures in processes of its own, as cells."""
    seconds, _ = _in_a_process(work, sizes, *given)
    with patch.dict(os.environ, _GIVE_BACK):
        _, mib = _in_a_process(work, sizes, *given)
    return f"{seconds:.2f}", f"{mib:,.0f}"


def _in_a_process(
    work: Callable[..., tuple[float, float]], sizes: Sizes, *given: object
) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, torch.set_num_threads, (1,)) as pool:
        pool.submit(work, replace(sizes, rows=_PIECES, chunk=1), *given).result()
        return pool.submit(work, sizes, *given).result()


def main() -> None:
    """Prints the three tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--chunk", type=int, default=256)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    sizes = Sizes(**vars(parser.parse_args()))
    print(f"{sizes.rows:,} pairs of {sizes.width} values on {sizes.device}\n", flush=True)
    show(
        ("loss", "s", "MiB", f"s, chunks of {sizes.chunk}", "MiB, chunks"),
        [
            (
                name,
                *_alone(measure_loss, sizes, name, False),
                *_alone(measure_loss, sizes, name, True),
            )
            for name in _LOSSES
        ],
    )
    steps = Sizes(sizes.rows // 16, sizes.width // 2, sizes.chunk, sizes.device)
    show(
        (f"step of {steps.rows:,} pairs of texts", "s", "MiB"),
        [
            ("at once", *_alone(measure_step, steps, False)),
            (f"GradCache, {_PIECES} pieces", *_alone(measure_step, steps, True)),
        ],
    )
    show(
        (f"scores of {sizes.rows:,} queries, gallery of {10 * sizes.rows:,}", "s", "MiB"),
        [("retrieval", *_alone(measure_scores, sizes))],
    )


if __name__ == "__main__":
    main()
