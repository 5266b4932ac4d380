"""What the optimizer is told: parameters with and without decay, and the learning rate by step."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import torch
from torch import nn

from model.plan import Running, Stage


def make_optimizer(modules: Iterable[nn.Module], running: Running) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019) that decays matrices alone, as CLIP does."""
    trained = [parameter for parameter in _parameters(modules) if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": running.weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    on_gpu = any(parameter.is_cuda for parameter in trained)
    return torch.optim.AdamW(
        groups, betas=(running.beta1, running.beta2), eps=running.epsilon, fused=on_gpu
    )


def _parameters(modules: Iterable[nn.Module]) -> Iterator[nn.Parameter]:
    return chain.from_iterable(module.parameters() for module in modules)


def learning_rate(stage: Stage, step: int) -> float:
    """Of a stage's step, from 0: rising evenly through the warm-up, then as its schedule says.

    >>> from model.plan import DataSet
    >>> stage = Stage("s", 10, (DataSet("d"),), warmup_steps=2, learning_rate=1.0)
    >>> [round(learning_rate(stage, step), 2) for step in range(10)]
    [0.5, 1.0, 1.0, 0.96, 0.85, 0.69, 0.5, 0.31, 0.15, 0.04]
    """
    if step < stage.warmup_steps:
        return stage.learning_rate * (step + 1) / stage.warmup_steps
    done = (step - stage.warmup_steps) / max(1, stage.steps - stage.warmup_steps)
    left = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
    share = stage.final_learning_rate
    return stage.learning_rate * (share + (1 - share) * left[stage.schedule])
