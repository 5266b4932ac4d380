from pathlib import Path
from typing import Any

import pytest
import torch
import torch.multiprocessing as mp
from torch import Tensor

from model.gathering import average_gradients, gather, rank, world_size
from tests.model.gloo import CHUNKS, HARD, PROCESSES, ROWS, share, step_loss, step_losses, work
from tests.model.made import LOSSES, assert_same, features, triplets, with_gradients
from tests.model.towers import inputs, towers


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of the processes computed."""
    folder: Path = tmp_path_factory.mktemp("gloo")
    mp.spawn(work, args=(str(folder),), nprocs=PROCESSES)
    return [torch.load(folder / f"{number}.pt") for number in range(PROCESSES)]


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("chunk", CHUNKS)
def test_gathered_equals_one_process(
    told: list[dict[str, Any]], name: str, hard: int, chunk: int | None
) -> None:
    sides = triplets(ROWS * PROCESSES, 8, hard)[: 3 if hard else 2]
    value, *gradients = with_gradients(LOSSES[name](None), *sides)
    results = [process["losses"][name, hard, chunk] for process in told]
    assert_same([torch.stack([own[0] for own in results]).mean()], [value])
    of_sides, of_loss = gradients[: len(sides)], gradients[len(sides) :]
    for number, (_, *own) in enumerate(results):
        # What DistributedDataParallel will divide: the sum over the processes.
        expected = [share(gradient, number) * PROCESSES for gradient in of_sides]
        assert_same(own, [*expected, *of_loss])


@pytest.mark.parametrize("way", ["plain", "cached"])
def test_a_step_under_ddp_equals_one_process(told: list[dict[str, Any]], way: str) -> None:
    model, losses = towers(), step_losses()
    value = step_loss(*losses)(*model(inputs(ROWS * PROCESSES)))
    value.backward()
    results = [process[way] for process in told]
    assert_same([torch.stack([own[0] for own in results]).mean()], [value.detach()])
    for _, of_towers, of_losses in results:
        assert_same(of_towers.values(), [p.grad for p in model.parameters()])
        assert_same(of_losses, [p.grad for loss in losses for p in loss.parameters()])


def test_rows_come_in_the_order_of_ranks(told: list[dict[str, Any]]) -> None:
    assert [process["place"] for process in told] == [(0, 2), (1, 2)]
    for process in told:
        assert process["order"].flatten().tolist() == [0, 0, 1, 1]


def test_an_uneven_batch_is_refused_in_every_process(told: list[dict[str, Any]]) -> None:
    for process in told:
        more, nothing, harder = process["uneven"]
        assert "process 0: [[3, 8], [3, 8]]; process 1: [[4, 8], [4, 8]]" in more
        assert "process 1: [[0, 8], [0, 8]]" in nothing
        assert "process 1: [[3, 8], [3, 8], [3, 2, 8]]" in harder


def test_one_process_alone_gathers_its_own() -> None:
    own = features(3, 8)
    assert gather(own)[0] is own
    assert (rank(), world_size()) == (0, 1)
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.tensor([1.0, 2.0])
    average_gradients([weight])
    grad: Tensor = weight.grad
    assert grad.tolist() == [1, 2]
