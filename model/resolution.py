"""Image towers at another resolution: the same weights, the learned positions interpolated.

This file travels with checkpoints as their code: it imports torch and transformers alone.
"""

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel


def interpolate_positions(positions: Tensor, old: int, new: int) -> Tensor:
    """Returns learned positions of patches for a grid of another size, bicubically.

    What stands before the patches (a class token) keeps its position. Dosovitskiy et al. 2020
    (arXiv:2010.11929, section 3.2), without corner alignment or anti-aliasing, as transformers'
    `interpolate_pos_encoding`.

    Args:
      positions: [..., prefix + old², d], leading sizes 1.
      old: patches a side that they were learned for.
      new: patches a side wanted.

    Shapes: the result is [..., prefix + new², d], of the dtype of `positions`.
    """
    tokens = positions.flatten(0, -2)  # [prefix + old², d]
    prefix, patches = tokens[: -(old**2)], tokens[-(old**2) :]  # [prefix, d], [old², d]
    square = patches.T.reshape(1, -1, old, old).float()  # [1, d, old, old]
    sized = functional.interpolate(square, size=(new, new), mode="bicubic")  # [1, d, new, new]
    flat = sized[0].flatten(1).T.to(positions.dtype)  # [new², d]
    joined = torch.cat((prefix, flat))  # [prefix + new², d]
    return joined.reshape(*positions.shape[:-2], *joined.shape)  # [..., prefix + new², d]


@torch.no_grad()
def carry_weights(old: PreTrainedModel, new: PreTrainedModel) -> None:
    """Moves the parameters of a tower into one that differs from it in `image_size` alone.

    Parameters that fit stay the same objects, so an optimizer still knows them; learned positions
    become new ones. Where they lie, their dtype, training mode and gradient checkpointing are kept.

    Raises:
      ValueError: a parameter other than positions has another shape.
    """
    wanted = {name: value.shape for name, value in new.state_dict().items()}
    state = old.state_dict(keep_vars=True)
    trained = {name: value.requires_grad for name, value in old.named_parameters()}
    for name, value in state.items():
        if value.shape != wanted[name]:
            if "pos" not in name:
                raise ValueError(f"{name} must be {wanted[name]}, got {value.shape}")
            grids = [one.config.image_size // one.config.patch_size for one in (old, new)]
            sized = interpolate_positions(value.detach(), *grids)
            state[name] = torch.nn.Parameter(sized)
    new.load_state_dict(state, assign=True)  # makes them be trained as those of `new` are
    for name, value in new.named_parameters():
        value.requires_grad_(trained[name])
    new.to(old.device).train(old.training)
    for before, after in zip(old.modules(), new.modules(), strict=True):
        if getattr(before, "gradient_checkpointing", False):
            after.gradient_checkpointing = True
            after._gradient_checkpointing_func = before._gradient_checkpointing_func
