from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from model.grad_cache import cached_backward
from model.losses import InfoNCE, Loss, Temperature
from tests.model.made import LOSSES, assert_same
from tests.model.towers import Towers, inputs, pieces, towers


def step(loss: Loss, q: Tensor, p: Tensor, negatives: Tensor, image: Tensor) -> Tensor:
    return loss(q, p, negatives) + loss(image, p)


def gradients(*modules: torch.nn.Module) -> list[Tensor]:
    return [p.grad for module in modules for p in module.parameters()]


def plain_step(
    model: Towers, loss: Loss, batch: tuple[Tensor, ...], rows: int
) -> tuple[Tensor, list[Tensor]]:
    """What the cached step must equal: all pieces' activations held at once."""
    sides = zip(*(model(piece) for piece in pieces(batch, rows)), strict=True)
    value = step(loss, *(torch.cat(side) for side in sides))
    value.backward()
    return value.detach(), gradients(model, loss)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("chunk", [None, 4])
@pytest.mark.parametrize("rows", [1, 3, 7])  # of the batch of 7; 3 leaves a last piece of 1
def test_cached_equals_plain(name: str, chunk: int | None, rows: int) -> None:
    batch = inputs(7)
    model, loss = towers(dropout=0.5), LOSSES[name](chunk).double()
    torch.manual_seed(5)
    value, expected = plain_step(model, loss, batch, rows)
    after = torch.rand(3)

    model, loss = towers(dropout=0.5), LOSSES[name](chunk).double()
    torch.manual_seed(5)
    cached = cached_backward(model, pieces(batch, rows), lambda *sides: step(loss, *sides))
    assert_same([cached, *gradients(model, loss)], [value, *expected])
    assert torch.equal(torch.rand(3), after)
    assert not cached.requires_grad


def test_gradients_add_up() -> None:
    model, loss = towers(), InfoNCE(Temperature(0.1)).double()
    once: list[Tensor] = []
    for _ in range(2):
        cached_backward(model, pieces(inputs(6), 2), lambda *sides: step(loss, *sides))
        once = once or [gradient.clone() for gradient in gradients(model, loss)]
    assert_same(gradients(model, loss), [2 * gradient for gradient in once])


def test_only_the_last_piece_is_synchronised() -> None:
    model, loss = towers(), InfoNCE(Temperature(0.1)).double()
    events: list[str] = []

    @contextmanager
    def no_sync() -> Iterator[None]:
        events.append("no_sync")
        yield
        events.append("sync")

    def encode(piece: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        events.append("forward" if torch.is_grad_enabled() else "cache")
        return model(piece)

    cut = pieces(inputs(5), 2)
    cached_backward(encode, cut, lambda *sides: step(loss, *sides), no_sync=no_sync)
    quiet = ["no_sync", "forward", "sync"]
    assert events == ["cache"] * 3 + quiet * 2 + ["forward"]


def test_a_tower_may_be_frozen() -> None:
    batch = inputs(5)
    made = []
    for cached in (False, True):
        model, loss = towers(), InfoNCE(Temperature(0.1)).double()
        model.image.requires_grad_(False)
        if cached:
            cached_backward(model, pieces(batch, 2), lambda *sides, to=loss: step(to, *sides))
        else:
            step(loss, *model(batch)).backward()
        assert model.image[0].weight.grad is None
        made.append(gradients(model.text, loss))
    assert_same(*made)


def test_nothing_may_be_trained_but_the_loss() -> None:
    model, loss = towers().requires_grad_(False), InfoNCE(Temperature(0.1)).double()
    cached_backward(model, pieces(inputs(5), 2), lambda *sides: step(loss, *sides))
    assert gradients(loss)[0] != 0


@pytest.mark.parametrize("outside", [False, True])
def test_autocast_gives_the_same_as_without_a_cache(outside: bool) -> None:
    batch = tuple(side.float() for side in inputs(6))
    model, loss = towers(0.2).float(), InfoNCE(Temperature(0.1))
    autocast = torch.autocast("cpu", dtype=torch.bfloat16)

    def encode(piece: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return model(piece)

    torch.manual_seed(5)
    with autocast:
        sides = zip(*(model(piece) for piece in pieces(batch, 2)), strict=True)
        value = step(loss, *(torch.cat(side) for side in sides))
    value.backward()
    expected = gradients(model, loss)
    model.zero_grad()
    loss.zero_grad()
    torch.manual_seed(5)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=outside):
        cached = cached_backward(encode, pieces(batch, 2), lambda *sides: step(loss, *sides))
    assert_same([cached], [value.detach()], 0)
    assert_same(gradients(model, loss), expected, 2e-2)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="pieces must not be empty"):
        cached_backward(towers(), [], lambda *sides: sides[0].sum())
