"""Two processes train as one does."""

import gc
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from model.plan import Plan
from model.processes import FirstFailed
from model.run_folder import RunError
from model.steps import Step
from model.training import train
from tests.model.small_training import (
    KILL,
    PICTURES,
    STILL,
    TERM,
    TEXTS,
    assert_equal,
    assert_near,
    in_processes,
    interrupt,
    metrics,
    no_waiting,
    plan,
    stage,
    two_stages,
    weights,
    write_world,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def both(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole training by two processes."""
    folder = tmp_path_factory.mktemp("both")
    asked = plan(folder / "out", *two_stages(world), model=STILL)
    assert in_processes(2, noted, asked, folder) == [0, 0]
    return folder


def noted(asked: Plan, folder: Path) -> None:
    """Trains, and writes down what it trained on."""
    names: list[list[str]] = []
    real = Step.backward

    def backward(self: Step, pieces: Any) -> torch.Tensor:
        names.append([name for piece in pieces for name in piece.names])
        return real(self, pieces)

    Step.backward = backward  # type: ignore[method-assign]
    train(asked, print)
    (folder / f"{os.environ['RANK']}.json").write_text(json.dumps(names))


def ended(asked: Plan, folder: Path, function: str, time: int, number: int, which: str) -> None:
    """Trains until a signal comes, in one process or in all; writes down how it ended."""
    if os.environ["RANK"] in which:
        interrupt(function, time, number)
    real = dist.destroy_process_group

    def destroy() -> None:
        held = [one for one in gc.get_objects() if isinstance(one, DistributedDataParallel)]
        (folder / f"held-{os.environ['RANK']}").write_text(str(len(held)))
        real()

    dist.destroy_process_group = destroy
    try:
        train(asked, print)
    except (RunError, FirstFailed, ValueError) as error:
        (folder / os.environ["RANK"]).write_text(f"{type(error).__name__}: {error}")
        raise SystemExit(3) from None


def test_each_sample_is_in_one_process_once_an_epoch(both: Path) -> None:
    steps = [json.loads((both / f"{number}.json").read_text()) for number in (0, 1)]
    epoch = 3  # steps of eight of each kind
    seen = [name for process in steps for step in process[:epoch] for name in step]
    assert len(seen) == len(set(seen)) == PICTURES + TEXTS
    assert all(len(step) == 8 for process in steps for step in process)


def test_two_processes_make_the_weights_of_one(
    world: Path, both: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", no_waiting)
    alone = plan(tmp_path, *two_stages(world), model=STILL)
    train(alone, print)
    for one, two in zip(metrics(tmp_path), metrics(both / "out"), strict=True):
        assert_near(two, one, 1e-2)
    one, two = weights(tmp_path), weights(both / "out")
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("which", ["0", "01"])
def test_two_killed_processes_are_taken_up_bit_by_bit(
    world: Path, both: Path, tmp_path: Path, which: str
) -> None:
    asked = plan(tmp_path / "out", *two_stages(world), model=STILL)
    end = ("model.training.average_gradients", 7, KILL, which)
    codes = in_processes(2, ended, asked, tmp_path, *end)
    assert codes[0] == -KILL
    assert codes[1] != 0
    assert in_processes(2, noted, asked, tmp_path) == [0, 0]
    assert_equal(weights(tmp_path / "out"), weights(both / "out"))
    assert metrics(tmp_path / "out") == metrics(both / "out")


def test_a_signal_to_one_stops_both_at_the_same_step(
    world: Path, both: Path, tmp_path: Path
) -> None:
    asked = plan(tmp_path / "out", *two_stages(world), model=STILL)
    end = ("model.training.average_gradients", 3, TERM, "1")
    assert in_processes(2, ended, asked, tmp_path, *end) == [3, 3]
    for number in "01":
        said = (tmp_path / number).read_text()
        assert said == "Stopped: stopped after 3 steps; the same command goes on from there"
    assert in_processes(2, noted, asked, tmp_path) == [0, 0]
    assert_equal(weights(tmp_path / "out"), weights(both / "out"))


def test_no_number_stops_both(world: Path, tmp_path: Path) -> None:
    asked = plan(
        tmp_path / "out", stage(world, steps=40, learning_rate=1e30), max_gradient_norm=0.0
    )
    end = ("model.training.average_gradients", 0, TERM, "")
    assert in_processes(2, ended, asked, tmp_path, *end) == [3, 3]
    said = {(tmp_path / number).read_text() for number in "01"}
    assert len(said) == 1
    assert "on a batch of 16 samples" in said.pop()
    assert len(json.loads((tmp_path / "out" / "non-finite-batch.json").read_text())) == 16
    held = [(tmp_path / f"held-{number}").read_text() for number in (0, 1)]
    assert held == ["0", "0"]  # otherwise the group may wait for ever for its own threads


def test_a_failure_of_the_first_ends_both(world: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    end = ("model.training.average_gradients", 0, TERM, "")
    asked = plan(tmp_path / "out", stage(world))
    assert in_processes(2, ended, asked, tmp_path, *end) == [3, 3]
    assert (tmp_path / "0").read_text().startswith("RunError: ")
    assert (tmp_path / "1").read_text() == "FirstFailed: "
