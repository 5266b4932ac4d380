"""A tiny encoder of three sides, with dropout when asked: what the tests put before a loss."""

import torch
from torch import Tensor, nn

WIDTH = 8


class Towers(nn.Module):
    """Texts and pictures, [n, 5] each, to features, [n, 8] each; negatives stay by their query."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.text = nn.Sequential(
            nn.Linear(5, 16), nn.Tanh(), nn.Dropout(dropout), nn.Linear(16, 8)
        )
        self.image = nn.Sequential(nn.Linear(5, 8), nn.Dropout(dropout))

    def forward(self, piece: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        queries, passages, negatives, pictures = piece
        texts = (self.text(side) for side in (queries, passages, negatives))
        return (*texts, self.image(pictures))


def towers(dropout: float = 0.0) -> Towers:
    torch.manual_seed(7)
    return Towers(dropout).double()


def inputs(rows: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    shapes = (rows, 5), (rows, 5), (rows, 2, 5), (rows, 5)
    return tuple(torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes)


def pieces(batch: tuple[Tensor, ...], rows: int) -> list[tuple[Tensor, ...]]:
    return list(zip(*(side.split(rows) for side in batch), strict=True))
