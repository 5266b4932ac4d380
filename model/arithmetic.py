"""In what numbers a model calculates fastest on a device."""

from typing import Literal

import torch
from transformers import PreTrainedModel

from model.bfloat16 import is_fast
from model.towers import DualEncoder


def working_device(wanted: str) -> str:
    """The device to calculate on; `auto` is the GPU where there is one, else the CPU."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def require_device(device: str) -> None:
    """Raises ValueError where torch has no such device here."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {device!r} cannot be used here: {error}") from error


def working_dtype(wanted: Literal["auto", "bfloat16", "float32"], device: str) -> torch.dtype:
    """The dtype to calculate in.

    `auto` is bfloat16 on GPUs that have it and on x86 with AVX512-BF16 or AMX, elsewhere float32:
    where it is emulated, bfloat16 is slower than float32.
    """
    if wanted != "auto":
        dtype: torch.dtype = getattr(torch, wanted)
        return dtype
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if is_fast() else torch.float32


def attend_plainly(model: DualEncoder) -> None:
    """Has the towers compute attention step by step.

    Torch 2.13's fused attention for CPUs takes most of a text tower's time in bfloat16, backwards:
    46 ms instead of 102 for 256 texts of 24 tokens, one layer of 128 features (AMD EPYC).
    """
    for tower in (model.text_tower, model.image_tower):
        if isinstance(tower, PreTrainedModel) and tower.config._attn_implementation == "sdpa":
            tower.set_attn_implementation("eager")
