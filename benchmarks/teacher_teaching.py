"""How the tiny teacher is taught: each tower learns the codes of `teacher_codes.py` by itself.

The towers are taught apart, against codes in the place of the other's embeddings, as a locked tower
teaches another (Zhai et al. 2022, arXiv:2111.07991, section 3). First each learns to name what it
sees: what stands in a picture's cells, what words a sentence has.
"""

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from benchmarks.teacher_lessons import (
    CELL_LABELS,
    CELLS,
    PICTURE_LABELS,
    UNKNOWN,
    Pictures,
    Sentences,
)
from model.towers import DualEncoder, features_of
from pipelines.sample.scenes import GRID

LONGEST = 48  # tokens

_WARMUP = 100  # steps
_WEIGHT_DECAY = 0.05
_UNLIKE = 10.0  # weight of one less the cosine with the code
_TOLD = 3.0  # weight of telling true pairs from others
_CHARTS = 8  # one picture in so many of a batch is a chart besides those that come up
_LENGTHS = 4  # groups of texts of like length that are embedded together
_SHOWN = 200  # steps between lines of progress


class _Teller(nn.Module):
    """Tells pairs that hold from others by their cosines (Zhai et al. 2023, arXiv:2303.15343)."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(3.0))  # the logarithm
        self.shift = nn.Parameter(torch.tensor(0.0))

    def forward(self, cosines: Tensor, holds: Tensor, own: Tensor) -> Tensor:
        """The loss, in which a sentence's own picture weighs as much as all others of the batch.

        Shapes: all [pictures, sentences]; `holds` and `own` say of each pair whether it is true
        and whether the sentence was made for the picture.
        """
        told = functional.binary_cross_entropy_with_logits(
            cosines * self.scale.exp() + self.shift, holds.float(), reduction="none"
        )
        weights = torch.where(own, 1.0, 1 / len(cosines))
        return (told * weights).sum() / told.shape[1]


class _Labels(nn.Module):
    """Reads off an image tower's grid what stands in each cell and what the picture is."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.cells = nn.Linear(features, sum(CELL_LABELS.values()))
        self.picture = nn.Linear((CELLS + 1) * features, sum(PICTURE_LABELS.values()))

    def forward(self, grid: Tensor, cells: Tensor, labels: Tensor) -> Tensor:
        """The loss. Shapes: grid [n, d, side, side], cells [n, CELLS, 4], labels [n, 5]."""
        parts = functional.adaptive_avg_pool2d(grid, GRID).flatten(2).mT  # [n, CELLS, d]
        everywhere = grid.mean((2, 3))[:, None]  # [n, 1, d]
        whole = torch.cat([everywhere, parts], 1).flatten(1)
        return _label_loss(self.cells(parts), cells, CELL_LABELS) + _label_loss(
            self.picture(whole), labels, PICTURE_LABELS
        )


def _label_loss(logits: Tensor, labels: Tensor, classes: dict[str, int]) -> Tensor:
    """Sum over kinds of labels. Shapes: logits [..., sum of classes], labels [..., kinds]."""
    kinds = zip(logits.float().split([*classes.values()], -1), labels.unbind(-1), strict=True)
    losses = [
        functional.cross_entropy(some.flatten(0, -2), label.flatten(), ignore_index=UNKNOWN)
        for some, label in kinds
        if (label != UNKNOWN).any()
    ]
    return torch.stack(losses).sum()


def teach_labels(model: DualEncoder, pictures: Pictures, steps: int, batch: int) -> None:
    """Trains the image tower to know what stands where."""
    reader = _Labels(features_of(model.config.vision_config))
    cells, labels = torch.from_numpy(pictures.cells), torch.from_numpy(pictures.labels)
    draw = _drawer(pictures, batch)

    def lose() -> Tensor:
        rows = draw()
        with torch.autocast("cpu", torch.bfloat16):
            grid = model.image_tower(pixel_values=_pixels(pictures, rows)).last_hidden_state
            loss: Tensor = reader(grid, cells[rows].long(), labels[rows].long())
        return loss

    _descend([*model.image_tower.parameters(), *reader.parameters()], lose, steps, 3e-3)


def teach_pictures(model: DualEncoder, pictures: Pictures, steps: int, batch: int) -> None:
    """Trains the image tower and its projection to embed pictures as their codes."""
    teller = _Teller()
    codes = functional.normalize(torch.from_numpy(pictures.codes), dim=-1)
    said = torch.from_numpy(pictures.said)
    sentences = said.shape[1]
    own = torch.eye(batch, dtype=torch.bool).repeat_interleave(sentences, 1)
    true = (torch.arange(sentences) < sentences // 2).repeat(batch)
    draw = _drawer(pictures, batch)

    def lose() -> Tensor:
        rows = draw()
        with torch.autocast("cpu", torch.bfloat16):
            found = model.encode_image(_pixels(pictures, rows))
        texts = functional.normalize(said[rows].float().flatten(0, 1), dim=-1)
        holds = torch.where(own, true, codes[rows] @ texts.T > 0)
        told: Tensor = teller(found @ texts.T, holds, own)
        return _UNLIKE * (1 - (found * codes[rows]).sum(1).mean()) + _TOLD * told

    towers = [*model.image_tower.parameters(), *model.image_projection.parameters()]
    _descend([*towers, *teller.parameters()], lose, steps, 2e-3)


def teach_words(
    model: DualEncoder,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sentences,
    steps: int,
    batch: int,
    dropped: float,
) -> None:
    """Trains the text tower to know what a sentence names; arguments as of `teach_sentences`."""
    ids = torch.from_numpy(tokenize(sentences.texts, tokenizer))
    named = torch.from_numpy(sentences.named)
    reader = nn.Linear(model.config.projection_dim, named.shape[1])

    def lose() -> Tensor:
        rows = torch.randint(len(ids), (2 * batch,))
        with torch.autocast("cpu", torch.bfloat16):
            found = _embed(model, ids[rows].long(), tokenizer.pad_token_id, dropped)
        told = reader(found * model.config.projection_dim**0.5)
        return functional.binary_cross_entropy_with_logits(told, named[rows].float()) * 100

    towers = [*model.text_tower.parameters(), *model.text_projection.parameters()]
    _descend([*towers, *reader.parameters()], lose, steps, 3e-3)


def teach_sentences(
    model: DualEncoder,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sentences,
    steps: int,
    batch: int,
    dropped: float,
) -> None:
    """Trains the text tower and its projection to embed sentences as their codes.

    Args:
      model: its text tower is trained.
      tokenizer: the model's.
      sentences: pairs of true and altered ones.
      steps: how many.
      batch: pairs in each.
      dropped: share of the tokens that are not seen.
    """
    teller = _Teller()
    ids = torch.from_numpy(tokenize(sentences.texts, tokenizer))
    codes = torch.from_numpy(sentences.codes)
    pictures = functional.normalize(torch.from_numpy(sentences.pictures), dim=-1)
    scenes = torch.from_numpy(sentences.scenes)
    own = torch.eye(batch, dtype=torch.bool).repeat(1, 2)
    true = torch.arange(2 * batch) < batch

    def lose() -> Tensor:
        pairs = 2 * torch.randint(len(ids) // 2, (batch,))
        rows = torch.cat([pairs, pairs + 1])
        with torch.autocast("cpu", torch.bfloat16):
            found = _embed(model, ids[rows].long(), tokenizer.pad_token_id, dropped)
        shown = pictures[scenes[pairs]]
        wanted = functional.normalize(codes[rows].float(), dim=-1)
        holds = torch.where(own, true, shown @ wanted.T > 0)
        told: Tensor = teller(shown @ found.T, holds, own)
        return _UNLIKE * (1 - (found * wanted).sum(1).mean()) + _TOLD * told

    towers = [*model.text_tower.parameters(), *model.text_projection.parameters()]
    _descend([*towers, *teller.parameters()], lose, steps, 3e-3)


def tokenize(texts: list[str], tokenizer: PreTrainedTokenizerBase) -> NDArray[np.int16]:
    """Token ids [n, LONGEST], padded."""
    found = [
        tokenizer(
            texts[at : at + 20_000], padding="max_length", truncation=True, max_length=LONGEST
        )
        for at in range(0, len(texts), 20_000)
    ]
    return np.concatenate([np.asarray(some["input_ids"], np.int16) for some in found])


def _descend(
    parameters: list[nn.Parameter], lose: Callable[[], Tensor], steps: int, learning_rate: float
) -> None:
    """AdamW; the learning rate rises for _WARMUP steps and falls along a cosine."""
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": _WEIGHT_DECAY},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    start, total = time.monotonic(), 0.0
    for step in range(steps):
        fall = (1 + math.cos(math.pi * step / steps)) / 2
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1.0, (step + 1) / _WARMUP) * fall
        loss = lose()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        total += loss.item()
        if (step + 1) % _SHOWN == 0:
            spent = time.monotonic() - start
            print(
                f"step {step + 1} of {steps}, loss {total / _SHOWN:.3f}, {spent:.0f} s", flush=True
            )
            total = 0.0


def _drawer(pictures: Pictures, batch: int) -> Callable[[], Tensor]:
    """Draws rows [batch], charts more often than they come up."""
    charts = torch.from_numpy(np.flatnonzero(pictures.cells[:, 0, 0] == UNKNOWN))
    more = batch // _CHARTS

    def draw() -> Tensor:
        any_rows = torch.randint(len(pictures.pixels), (batch - more,))
        return torch.cat([any_rows, charts[torch.randint(len(charts), (more,))]])

    return draw


def _pixels(pictures: Pictures, rows: Tensor) -> Tensor:
    """As the image processor gives them, in [-1, 1], [n, 3, side, side]."""
    shown = torch.from_numpy(pictures.pixels[rows.numpy()])
    shown = shown.permute(0, 3, 1, 2).float().div(127.5).sub(1)
    return shown.contiguous(memory_format=torch.channels_last)


def _embed(model: DualEncoder, ids: Tensor, pad_id: int, dropped: float) -> Tensor:
    """Sentences [n, d] of token ids [n, t], those of like length together."""
    order = (ids != pad_id).sum(1).argsort()
    found = [model.encode_text(*some) for some in _by_length(ids[order], pad_id, dropped)]
    return torch.cat(found)[order.argsort()]


def _by_length(ids: Tensor, pad_id: int, dropped: float) -> Iterator[tuple[Tensor, Tensor]]:
    for some in ids.chunk(_LENGTHS):
        kept = some[:, : int((some != pad_id).sum(1).max())]
        seen = (kept != pad_id) & (torch.rand(kept.shape) >= dropped)
        seen[:, 0] = True  # a text is never empty
        yield kept, seen.long()
