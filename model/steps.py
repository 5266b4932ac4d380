"""One step of training: the towers over the pieces of a batch, and the losses over all of it."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from model.grad_cache import cached_backward
from model.loading import Piece
from model.losses import InfoNCE, Loss, Matryoshka, SigmoidLoss, Temperature
from model.plan import LossPlan, Stage
from model.towers import DualEncoder


def make_losses(stage: Stage) -> nn.ModuleDict:
    """The losses of a stage, `images` and `texts`, of those that it has data for."""
    plans = {"images": stage.image_loss if stage.images else None}
    plans["texts"] = stage.text_loss if stage.texts else None
    return nn.ModuleDict(
        {name: _loss(plan, stage.matryoshka) for name, plan in plans.items() if plan}
    )


def _loss(plan: LossPlan, sizes: Sequence[int]) -> Loss:
    sigmoid = plan.kind == "sigmoid"
    temperature = Temperature(
        plan.temperature,
        learnable=plan.learn_temperature,
        max_scale=math.inf if sigmoid else 100.0,
    )
    chunk = plan.chunk or None
    loss: Loss = InfoNCE(temperature, chunk=chunk)
    if sigmoid:
        loss = SigmoidLoss(temperature, bias=plan.bias, chunk=chunk)
    return Matryoshka(loss, sizes) if sizes else loss


def temperature_of(loss: nn.Module) -> Temperature:
    """A loss's temperature."""
    return next(part for part in loss.modules() if isinstance(part, Temperature))


def learned(losses: nn.ModuleDict) -> dict[str, Tensor]:
    """What the losses have learned, [] each, by name: `images.temperature.log_scale`."""
    return {_plain(key): value.detach() for key, value in losses.named_parameters()}


@torch.no_grad()
def go_on_with(losses: nn.ModuleDict, known: Mapping[str, Tensor]) -> None:
    """Has the losses go on with what they, or those of an earlier stage, have `learned`."""
    for key, value in losses.named_parameters():
        if _plain(key) in known:
            value.copy_(known[_plain(key)])


def _plain(key: str) -> str:
    """The name of a loss's parameter, the same whether it is taken at several sizes or at one."""
    return key.replace(".loss.", ".")


class PieceEncoder(nn.Module):
    """The features of a piece, so that one call runs both towers, as DDP wants it."""

    def __init__(self, model: DualEncoder, mean: Sequence[float], std: Sequence[float]) -> None:
        """`mean` and `std` of the colours, by channel, for values from 0 to 1."""
        super().__init__()
        self.model = model
        self._mean = torch.tensor(mean, device=model.device).view(3, 1, 1) * 255
        self._std = torch.tensor(std, device=model.device).view(3, 1, 1) * 255

    def forward(self, piece: Piece) -> tuple[Tensor, ...]:
        """Features of queries, passages and negatives: of pairs, then of texts, as there are.

        Of pairs pictures are the queries and hard captions the negatives; where there are near
        pictures, captions are the queries and near pictures the negatives. The losses take both
        ways alike.

        Shapes: [n, d] twice, [n, h, d], then [k, d] twice, [k, h, d].
        """
        device = self.model.device
        ids = piece.input_ids.to(device, non_blocking=True)  # [m, t]
        mask = piece.attention_mask.to(device, non_blocking=True)  # [m, t]
        texts = self.model.get_text_features(ids, mask).pooler_output  # [m, d]
        pairs, hard, anchors = piece.pairs, piece.hard_captions, piece.anchors
        captions, hard_captions, queries, answers, negatives = texts.split(
            [pairs, pairs * hard, anchors, anchors, anchors * piece.negatives]
        )
        sides: list[Tensor] = []
        width = texts.shape[1]
        if pairs:
            pictures, near = self._pictures(piece).split([pairs, pairs * piece.near_pictures])
            if piece.near_pictures:
                sides += [captions, pictures, near.reshape(pairs, piece.near_pictures, width)]
            else:
                sides += [pictures, captions, hard_captions.reshape(pairs, hard, width)]
        if anchors:
            sides += [queries, answers, negatives.reshape(anchors, piece.negatives, width)]
        return tuple(sides)

    def _pictures(self, piece: Piece) -> Tensor:
        """Features of the pictures, [pictures, d]."""
        colours = piece.pixels.to(self.model.device, non_blocking=True).float()  # [n, 3, s, s]
        pixels = (colours - self._mean) / self._std  # [n, 3, s, s]
        pixels = pixels.contiguous(memory_format=torch.channels_last)  # convolutions' own
        features: Tensor = self.model.get_image_features(pixels).pooler_output
        return features


class Step:
    """Adds the gradients of batches up.

    Attributes:
      parts: of the last batch, the losses by name, detached, [].
    """

    def __init__(
        self,
        encoder: PieceEncoder | DistributedDataParallel,
        losses: nn.ModuleDict,
        autocast: torch.dtype | None,
        accumulate: int,
    ) -> None:
        self.parts: dict[str, Tensor] = {}
        self._encoder = encoder
        self._losses = losses
        self._autocast = autocast
        self._accumulate = accumulate

    def backward(self, pieces: Sequence[Piece]) -> Tensor:
        """The loss of a batch, detached, []; its gradients are added, divided by `accumulate`."""
        self.parts = {}
        no_sync = getattr(self._encoder, "no_sync", nullcontext)
        loss = cached_backward(self._encode, pieces, self._loss, no_sync=no_sync)
        return loss * self._accumulate

    def _encode(self, piece: Piece) -> tuple[Tensor, ...]:
        with self._precision():
            sides: tuple[Tensor, ...] = self._encoder(piece)
        return sides

    def _precision(self) -> AbstractContextManager[Any]:
        if self._autocast is None:
            return nullcontext()
        device = next(self._encoder.parameters()).device.type
        return torch.autocast(device, self._autocast)

    def _loss(self, *sides: Tensor) -> Tensor:
        """Of the features of `PieceEncoder`, all pieces', []."""
        values = {
            name: loss(*sides[3 * number : 3 * number + 3])
            for number, (name, loss) in enumerate(self._losses.items())
        }
        self.parts = {name: value.detach() for name, value in values.items()}
        return torch.stack(list(values.values())).sum() / self._accumulate
