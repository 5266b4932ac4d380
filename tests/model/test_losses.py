import math
from collections.abc import Callable
from itertools import chain

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.losses import InfoNCE, Loss, Matryoshka, SigmoidLoss, Temperature
from tests.model.made import LOSSES, assert_same, triplets, with_gradients

torch.set_num_threads(1)

# --- the slow obvious way -------------------------------------------------------------------------


def cosine(left: list[float], right: list[float]) -> float:
    dot = sum(a * b for a, b in zip(left, right, strict=True))
    return dot / math.sqrt(sum(a * a for a in left)) / math.sqrt(sum(b * b for b in right))


def slow_info_nce(
    queries: list[list[float]],
    passages: list[list[float]],
    negatives: list[list[list[float]]],
    temperature: float,
) -> float:
    rows, total = len(queries), 0.0
    for i in range(rows):
        positive = math.exp(cosine(queries[i], passages[i]) / temperature)
        others = sum(math.exp(cosine(queries[i], p) / temperature) for p in passages)
        hard = sum(math.exp(cosine(queries[i], h) / temperature) for h in chain(*negatives))
        total -= math.log(positive / (others + hard)) / 2
        back = sum(math.exp(cosine(passages[i], q) / temperature) for q in queries)
        total -= math.log(positive / back) / 2
    return total / rows


def slow_sigmoid(
    queries: list[list[float]],
    passages: list[list[float]],
    negatives: list[list[list[float]]],
    temperature: float,
    bias: float,
) -> float:
    total = 0.0
    for i, query in enumerate(queries):
        for j, passage in enumerate([*passages, *chain(*negatives)]):
            z = 1 if i == j else -1
            logit = z * (cosine(query, passage) / temperature + bias)
            total -= math.log(1 / (1 + math.exp(-logit)))
    return total / len(queries)


SHAPES = [(1, 4, 0), (5, 3, 0), (5, 3, 1), (7, 8, 4)]


@pytest.mark.parametrize(("rows", "width", "hard"), SHAPES)
def test_info_nce_is_what_the_paper_writes(rows: int, width: int, hard: int) -> None:
    inputs = triplets(rows, width, hard)
    slow = slow_info_nce(*(part.tolist() for part in inputs), temperature=0.2)
    assert InfoNCE(Temperature(0.2))(*inputs).item() == pytest.approx(slow, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("rows", "width", "hard"), SHAPES)
def test_the_sigmoid_loss_is_what_the_paper_writes(rows: int, width: int, hard: int) -> None:
    inputs = triplets(rows, width, hard)
    slow = slow_sigmoid(*(part.tolist() for part in inputs), temperature=0.1, bias=-4.0)
    assert SigmoidLoss(bias=-4.0)(*inputs).item() == pytest.approx(slow, rel=1e-6, abs=1e-9)


def test_matryoshka_is_the_weighted_mean_of_its_sizes() -> None:
    queries, passages, negatives = (part.tolist() for part in triplets(6, 8, 2))
    slow = 0.0
    for size, weight in ((2, 1.0), (5, 0.5), (8, 2.5)):
        slow += (weight / 4) * slow_info_nce(
            [q[:size] for q in queries],
            [p[:size] for p in passages],
            [[h[:size] for h in row] for row in negatives],
            temperature=0.2,
        )
    loss = Matryoshka(InfoNCE(Temperature(0.2)), (2, 5, 8), (1.0, 0.5, 2.5))
    assert loss(*triplets(6, 8, 2)).item() == pytest.approx(slow, rel=1e-6, abs=1e-9)


# --- parity, gradients included -------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("hard", [0, 3])
@pytest.mark.parametrize("chunk", [1, 4, 11, 1000])
def test_chunked_equals_plain(name: str, hard: int, chunk: int) -> None:
    inputs = triplets(11, 8, hard)[: 3 if hard else 2]
    plain = with_gradients(LOSSES[name](None), *inputs)
    assert_same(with_gradients(LOSSES[name](chunk), *inputs), plain)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    assert torch.autograd.gradcheck(LOSSES[name](3), triplets(5, 8, 2), fast_mode=True)


@pytest.mark.parametrize("plain", [InfoNCE(Temperature(0.1)), SigmoidLoss()])
def test_matryoshka_at_full_size_alone_equals_the_plain_loss(plain: Loss) -> None:
    inputs = triplets(6, 8, 2)
    assert_same(
        with_gradients(Matryoshka(plain, (8,)), *inputs), with_gradients(plain, *inputs), 1e-14
    )


@pytest.mark.parametrize("name", LOSSES)
def test_no_hard_negatives_are_no_negatives(name: str) -> None:
    queries, passages, none = triplets(6, 8, 0)
    loss = LOSSES[name](None).double()
    empty = loss(queries, passages, none)
    assert_same(
        [empty, *torch.autograd.grad(empty, [queries, passages, *loss.parameters()])],
        with_gradients(loss, queries, passages),
        0,
    )


def test_hard_negatives_only_count_from_query_to_passage() -> None:
    queries, passages, negatives = triplets(6, 8, 3)
    loss = InfoNCE(Temperature(0.1))
    sides = loss(queries, passages, negatives) - loss(queries, passages)
    with_them = torch.autograd.grad(sides, [queries, passages])
    # What hard negatives add is a function of q·p and q·h alone: L(p→q) cancels.
    cosines = (
        torch.nn.functional.normalize(queries, dim=-1)
        @ torch.nn.functional.normalize(torch.cat([passages, negatives.flatten(0, 1)]), dim=-1).T
    )  # [6, 6 + 18]
    added = cosines.div(0.1).logsumexp(1) - cosines[:, :6].div(0.1).logsumexp(1)
    assert_same(with_them, torch.autograd.grad(added.mean() / 2, [queries, passages]), 1e-6)


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 999), rows=st.integers(1, 8))
@settings(max_examples=15, deadline=None)
def test_the_order_of_a_batch_does_not_matter(name: str, seed: int, rows: int) -> None:
    inputs = triplets(rows, 8, 2, seed)
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed))
    loss = LOSSES[name](None)
    assert_same([loss(*(part[order] for part in inputs))], [loss(*inputs)])


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 999), scale=st.floats(1e-3, 1e3))
@settings(max_examples=15, deadline=None)
def test_the_length_of_features_does_not_matter(name: str, seed: int, scale: float) -> None:
    queries, passages, negatives = triplets(4, 8, 2, seed)
    loss = LOSSES[name](None)
    scaled = loss(queries * scale, passages / scale, negatives * scale**2)
    assert_same([scaled], [loss(queries, passages, negatives)])


# --- precision and memory -------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("chunk", [None, 5])
def test_logits_are_float32_under_autocast(name: str, chunk: int | None) -> None:
    half = [part.detach().bfloat16().requires_grad_() for part in triplets(11, 8, 2)]
    full = [part.detach().float().requires_grad_() for part in half]
    loss = LOSSES[name](chunk)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(*half)
    assert value.dtype == torch.float32
    assert_same([value], [loss(*full)], 0)
    rounded = [g.bfloat16() for g in torch.autograd.grad(loss(*full), full)]
    assert_same(torch.autograd.grad(value, half), rounded, 1e-2)


@pytest.mark.parametrize("name", LOSSES)
def test_chunks_keep_no_logits_for_the_gradient(name: str) -> None:
    rows, width = 64, 8

    def kept(chunk: int | None) -> int:
        sizes = [0]
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: (sizes.append(tensor.numel()), tensor)[1], lambda tensor: tensor
        )
        with hooks:
            LOSSES[name](chunk)(*triplets(rows, width, 0)[:2])
        return max(sizes)

    assert kept(None) == rows * rows
    assert kept(16) <= rows * width


def test_extreme_features_give_a_finite_loss_and_gradient() -> None:
    same = torch.ones(4, 8, requires_grad=True)
    zero = torch.zeros(4, 8, requires_grad=True)
    for loss in (InfoNCE(Temperature(0.01)), SigmoidLoss(Temperature(0.001, max_scale=1e4))):
        for inputs in ((same, same), (zero, same), (same, -same)):
            value = loss(*inputs)
            gradients = torch.autograd.grad(value, inputs, allow_unused=True)
            assert all(g is None or g.isfinite().all() for g in (value, *gradients))


# --- temperature ----------------------------------------------------------------------------------


def test_a_learned_temperature_is_kept_in_bounds_and_comes_back() -> None:
    temperature = Temperature(0.01)
    optimizer = torch.optim.SGD(temperature.parameters(), lr=1.0)
    for step, sign in enumerate((-1, -1, 1)):  # the scale should rise, rise, fall
        optimizer.zero_grad()
        scale = temperature()
        assert scale.item() == pytest.approx(100), step
        (sign * scale.log()).backward()
        optimizer.step()
    assert temperature().item() == pytest.approx(100 / math.e)


def test_a_fixed_temperature_is_not_learned_but_saved() -> None:
    loss = InfoNCE(Temperature(0.05, learnable=False))
    assert not list(loss.parameters())
    assert loss.temperature().item() == pytest.approx(20)
    other = InfoNCE(Temperature(0.5, learnable=False))
    other.load_state_dict(loss.state_dict())
    assert other.temperature().item() == pytest.approx(20)


def test_texts_and_pictures_learn_their_own_temperatures() -> None:
    texts, pictures = InfoNCE(Temperature(0.05)), InfoNCE(Temperature(0.07))
    queries, passages, _ = triplets(5, 8, 0)
    (texts(queries, passages) + 2 * pictures(queries, passages)).backward()
    gradients = [float(loss.temperature.log_scale.grad) for loss in (texts, pictures)]
    assert gradients[0] != gradients[1] != 0


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (((2, 3), (3, 3)), r"got \[2, 3\] and \[3, 3\]"),
        (((0, 3), (0, 3)), r"n at least 1, got \[0, 3\]"),
        (((3,), (3,)), r"must be \[n, d\]"),
        (((2, 3), (2, 3), (6, 3)), r"negatives must be \[n, k, d\].*got \[6, 3\]"),
        (((2, 3), (2, 3), (3, 2, 3)), r"got \[3, 2, 3\]"),
        (((2, 3), (2, 3), (2, 2, 4)), r"got \[2, 2, 4\]"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...]], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        InfoNCE(Temperature(0.1))(*(torch.ones(shape) for shape in shapes))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Temperature(0.0), r"temperature must be in \(0, inf\), got 0.0"),
        (lambda: Temperature(math.nan), "got nan"),
        (lambda: Temperature(0.001), "temperature must be at least .*0.01, got 0.001"),
        (lambda: InfoNCE(Temperature(1), chunk=0), "chunk must be at least 1, got 0"),
        (lambda: SigmoidLoss(chunk=-1), "chunk must be at least 1, got -1"),
        (lambda: Matryoshka(SigmoidLoss(), ()), "sizes must be positive"),
        (lambda: Matryoshka(SigmoidLoss(), (4, 4)), r"got \[4, 4\]"),
        (lambda: Matryoshka(SigmoidLoss(), (0, 4)), r"got \[0, 4\]"),
        (lambda: Matryoshka(SigmoidLoss(), (2, 4), (1,)), "weights must be positive"),
        (lambda: Matryoshka(SigmoidLoss(), (2, 4), (1, 0)), r"got \[1, 0\]"),
        (lambda: Matryoshka(SigmoidLoss(), (2, 9))(torch.ones(2, 8), torch.ones(2, 8)), "most 8"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()
