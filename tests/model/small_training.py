"""A training of seconds: data, plans, other processes, and what is compared afterwards."""

import json
import multiprocessing
import os
import pkgutil
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from model.plan import DataSet, LossPlan, ModelPlan, Plan, Running, Stage
from model.training import train
from tests.model.packed import Packed, encoded, write_pairs, write_texts

PICTURES = TEXTS = 24
SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
NEW_TEXT = {
    "model_type": "xlm-roberta",
    "max_position_embeddings": 34,
    "type_vocab_size": 1,
    "num_attention_heads": 2,
    **SMALL,
}
NEW_IMAGE = {
    "model_type": "vit",
    "image_size": 16,
    "patch_size": 8,
    "num_attention_heads": 2,
    "hidden_dropout_prob": 0.1,
    **SMALL,
}
MODEL = ModelPlan(new_text=NEW_TEXT, new_image=NEW_IMAGE, learned_tokens=300)
STILL = replace(  # without dropout
    MODEL,
    new_text=NEW_TEXT | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    new_image=NEW_IMAGE | {"hidden_dropout_prob": 0.0},
)
_TIMED = ("samples_per_second", "waiting_share")


def write_world(folder: Path) -> Path:
    """Pictures with captions in two languages, and texts with two negatives; returns the folder."""
    captions = [[("en", f"picture {n}"), ("de", f"Bild Nummer {n}")] for n in range(PICTURES)]
    pictures = [Packed(f"uid{n}", captions[n], encoded(n)) for n in range(PICTURES)]
    write_pairs(str(folder / "pairs"), pictures, 10)
    rows = [
        {
            "anchor": f"question {n}",
            "positive": f"answer {n}",
            "negative_1": f"other {n}",
            "negative_2": f"wrong {n}",
        }
        for n in range(TEXTS)
    ]
    write_texts(str(folder / "texts"), rows, 10, ["en"] * TEXTS)
    return folder


def stage(world: Path, kinds: str = "images texts", name: str = "one", **settings: Any) -> Stage:
    """A stage of four steps of eight pairs of each kind."""
    sets = {
        kind: (DataSet(str(world / folder)),)
        for kind, folder in (("images", "pairs"), ("texts", "texts"))
        if kind in kinds
    }
    given = {"steps": 4, "image_batch": 8, "text_batch": 8, "learning_rate": 1e-2} | settings
    return Stage(name, **sets, **given)


def plan(output: Path, *stages: Stage, model: ModelPlan = MODEL, **running: Any) -> Plan:
    """A plan that writes a line every step and a checkpoint every other."""
    given = {"loaders": 0, "log_every": 1, "checkpoint_every": 2, "precision": "fp32"} | running
    return Plan(str(output), model, stages, running=Running(**given))


def two_stages(world: Path) -> tuple[Stage, Stage]:
    """Different in what stages may differ in."""
    return (
        stage(world, name="one", negatives=2, text_length=16, smallest_crop=0.5),
        stage(
            world,
            name="two",
            image_size=24,
            text_length=24,
            matryoshka=(4, 16),
            micro_batch=4,
            image_loss=LossPlan("sigmoid", temperature=0.1),
        ),
    )


def weights(folder: str | Path) -> dict[str, Tensor]:
    """Of the final model in a training's folder."""
    return load_file(Path(folder, "model", "model.safetensors"))


def assert_equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """Bit for bit."""
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def metrics(folder: str | Path) -> list[dict[str, Any]]:
    """The lines of `metrics.jsonl`, without what depends on the clock."""
    lines = Path(folder, "metrics.jsonl").read_text("utf-8").splitlines()
    read = [json.loads(line) for line in lines]
    return [{key: line[key] for key in line if key not in _TIMED} for line in read]


def assert_near(line: dict[str, Any], other: dict[str, Any], tolerance: float) -> None:
    """Two lines of metrics, up to a share of each number."""
    numbers = [{key: of[key] for key in of if key != "stage"} for of in (line, other)]
    assert numbers[0] == pytest.approx(numbers[1], rel=tolerance)


def interrupt(
    function: str,
    time: int,
    number: int,
    after: bool = False,
    patch: Callable[[Any, str, Any], None] = setattr,
) -> None:
    """Has this process send itself signal `number` in the `time`-th call of a function."""
    place, _, name = function.rpartition(".")
    owner = pkgutil.resolve_name(place)
    real, calls = getattr(owner, name), []

    def wrapped(*args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == time and not after:
            os.kill(os.getpid(), number)
        value = real(*args, **named)
        if len(calls) == time and after:
            os.kill(os.getpid(), number)
        return value

    patch(owner, name, wrapped)


def begin(asked: Plan, function: str, time: int, number: int, after: bool) -> None:
    """Trains until it is killed. Here, since a process imports the module of what it runs."""
    interrupt(function, time, number, after)
    train(asked, print)


def in_processes(count: int, work: Callable[..., None], *args: Any) -> list[int | None]:
    """Runs `work(*args)` in as many processes as torchrun would begin; returns their exit codes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["model.training", "tests.model.small_training"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = [
        context.Process(target=_as_torchrun, args=(number, count, port, work, args))
        for number in range(count)
    ]
    for process in begun:
        process.start()
    for process in begun:
        process.join(300)
    late = [process for process in begun if process.is_alive()]
    for process in late:
        process.kill()
    assert not late, "processes hang"
    return [process.exitcode for process in begun]


def _as_torchrun(
    number: int, count: int, port: int, work: Callable[..., None], args: tuple[Any, ...]
) -> None:
    torch.set_num_threads(1)
    os.fsync = no_waiting
    places = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": count, "MASTER_PORT": port}
    if count > 1:
        os.environ |= {name: str(value) for name, value in places.items()}
        os.environ["MASTER_ADDR"] = "127.0.0.1"
    work(*args)


def no_waiting(_: int) -> None:
    """Instead of `os.fsync`, which takes most of the time of a training of seconds."""


KILL, TERM = signal.SIGKILL, signal.SIGTERM
