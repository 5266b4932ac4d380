"""What a training says while it runs: lines for people, a file and TensorBoard for machines.

A line of `metrics.jsonl` is a JSON object. Every `log_every` steps and at a stage's end it holds
means over the steps since the line before:

    step                                   of all stages that are done, from 1
    stage                                  its name
    loss                                   the sum of those that follow
    images_loss, texts_loss                of all processes' batches, where the stage has such
    images_temperature, texts_temperature  τ
    gradient_norm                          before it is scaled down
    learning_rate
    samples_per_second                     pictures and text pairs, of all processes together
    waiting_share                          of the time, in [0, 1], that the first process waited
                                           for data

and after an evaluation `step`, `evaluation` (what `pairmill evaluate --json` writes, but the
model's name) and the scores over all languages at full size by `set/task/score`, where they are
defined. TensorBoard has every number of these lines by the same names.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from model.evaluation_report import Report
from model.plan import Stage
from model.run_folder import RunFolder


@dataclass(slots=True)
class Spent:
    """Steps of which nothing was said yet.

    Attributes:
      values: of each, its losses, the learning rate and the like.
      samples: of all processes.
      seconds: in all.
      waiting: seconds of these that this process waited for data.
    """

    values: list[dict[str, float]] = field(default_factory=list)
    samples: int = 0
    seconds: float = 0.0
    waiting: float = 0.0


class Reporter:
    """Says and records how a training goes."""

    def __init__(self, folder: RunFolder, say: Callable[[str], None], steps: int) -> None:
        """`steps`: that are done already; what was recorded of later ones is forgotten."""
        folder.forget_metrics(steps)
        self.say = say
        self._folder = folder
        self._board = SummaryWriter(folder.path / "tensorboard", purge_step=steps + 1)

    def steps(self, stage: Stage, done: int, total: int, spent: Spent) -> None:
        """The means over some steps.

        Args:
          stage: that they are of.
          done: steps of it.
          total: steps that are done of all stages.
          spent: on them.
        """
        count = len(spent.values)
        means = {name: sum(of[name] for of in spent.values) / count for name in spent.values[0]}
        rate, waiting = spent.samples / spent.seconds, spent.waiting / spent.seconds
        speed = {"samples_per_second": rate, "waiting_share": waiting}
        self._record(total, {"stage": stage.name, **means, **speed})
        parts = [
            f"{name} {means[f'{name}_loss']:.3f}" for name in _PARTS if f"{name}_loss" in means
        ]
        shown = f" ({', '.join(parts)})" if len(parts) > 1 else ""
        left = (stage.steps - done) * spent.seconds / count
        self.say(
            f"{stage.name}  step {done:,} of {stage.steps:,}, loss {means['loss']:.3f}{shown}, "
            f"{rate:,.0f} samples/s, {waiting:.0%} of it waiting for data, {_duration(left)} left"
        )

    def evaluation(self, total: int, report: Report) -> None:
        """What the model was judged at after so many steps of all stages."""
        headlines = report.headlines()
        defined = {name: value for name, value in headlines.items() if not math.isnan(value)}
        self._record(total, {"evaluation": report.as_dict()} | defined)
        for result in report.results:
            named = _headlines(result.name, result.task, headlines)
            self.say(f"evaluation after {total:,} steps, {result.name}, {result.task}: {named}")

    def close(self) -> None:
        """Writes what is held."""
        self._board.close()

    def _record(self, total: int, values: dict[str, Any]) -> None:
        self._folder.write_metrics(total, values)
        for name, value in values.items():
            if isinstance(value, int | float):
                self._board.add_scalar(name, value, total)


_PARTS = ("images", "texts")


def _headlines(name: str, task: str, headlines: dict[str, float]) -> str:
    """The scores of one result in a line."""
    prefix = f"{name}/{task}/"
    return ", ".join(
        f"{key.removeprefix(prefix)} {value:.3f}"
        for key, value in headlines.items()
        if key.startswith(prefix)
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
