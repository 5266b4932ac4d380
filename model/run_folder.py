"""A training's folder: its checkpoints, whole or not there, and its records.

    output/plan.json              what was asked for
    output/checkpoints/00001000/  a model as `DualEncoder.save_pretrained` writes it, and what
                                  training goes on from: training.pt, position.json
    output/metrics.jsonl          a line every so many steps, and one for each evaluation
    output/tensorboard/           the same
    output/model/                 the model in the end

`model.reporting` says what is in a line of `metrics.jsonl`.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError

from model.feed import Position
from model.folds import MODEL
from model.plan import Plan

_TRAINING = "training.pt"
_POSITION = "position.json"
_UNFINISHED = ".unfinished-"


class RunError(RuntimeError):
    """A training cannot begin or go on; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Between two steps.

    Attributes:
      stage: number of the stage, from 0.
      step: steps of the stage that are done.
      position: of the stage's data.
    """

    stage: int
    step: int
    position: Position


class RunFolder:
    """See the module.

    Attributes:
      path: the folder.
      model: where the model is in the end.
    """

    def __init__(self, output: str) -> None:
        self.path = Path(output)
        self.model = self.path / MODEL
        self._checkpoints = self.path / "checkpoints"
        self._metrics = self.path / "metrics.jsonl"

    def begin(self, plan: Plan) -> None:
        """Makes the folder, or checks that it is of the same plan.

        Raises:
          RunError: it is another's.
        """
        asked = json.loads(json.dumps(asdict(plan)))
        file = self.path / "plan.json"
        if not file.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            strange = [path for path in self.path.iterdir() if not _is_unfinished(path)]
            if strange:
                raise RunError(
                    f"{self.path} must be empty or a training's, got {strange[0].name} in it"
                )
            replace_with(file, lambda part: part.write_text(json.dumps(asked, indent=1)))
            return
        before = TypeAdapter(Plan).validate_json(file.read_text())  # older ones lack later keys
        changed = _differences(json.loads(json.dumps(asdict(before))), asked)
        if changed:
            raise RunError(
                f"{self.path} holds a training of another plan: {', '.join(changed)} changed. Name "
                "another output, or remove the folder to begin again"
            )

    def latest(self) -> Path | None:
        """The checkpoint to go on from."""
        return max(self._whole(), default=None)

    def is_finished(self, steps: int) -> bool:
        """Whether all of so many steps are done and the model was written."""
        last = self.latest()
        return last is not None and int(last.name) == steps and self.model.is_dir()

    def write_checkpoint(
        self, steps: int, moment: Moment, save_model: Callable[[Path], None], training: object
    ) -> Path:
        """Writes a checkpoint after so many steps of all stages: all of it or nothing."""
        place = self._checkpoints / f"{steps:08d}"

        def write(part: Path) -> None:
            part.mkdir(parents=True)
            save_model(part)
            torch.save(training, part / _TRAINING)
            said = {
                "stage": moment.stage,
                "step": moment.step,
                "position": moment.position.as_json(),
            }
            (part / _POSITION).write_text(json.dumps(said))

        replace_with(place, write)
        return place

    def read_checkpoint(self, checkpoint: Path) -> tuple[Moment, Any]:
        """What `write_checkpoint` was given, the model apart."""
        said = json.loads((checkpoint / _POSITION).read_text())
        moment = Moment(said["stage"], said["step"], Position.of_json(said["position"]))
        return moment, torch.load(checkpoint / _TRAINING, map_location="cpu", weights_only=True)

    def remove_old(self, keep: int) -> None:
        """Removes all but the last `keep` checkpoints, and what a kill left unfinished."""
        for old in sorted(self._whole())[:-keep]:
            shutil.rmtree(old)
        for unfinished in self._checkpoints.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(unfinished)

    def write_metrics(self, steps: int, values: dict[str, Any]) -> None:
        """Adds a line after so many steps of all stages."""
        with self._metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": steps, **values}, ensure_ascii=False) + "\n")

    def forget_metrics(self, steps: int) -> None:
        """Removes lines of later steps than `steps`, which come again; all where it is negative."""
        if not self._metrics.exists():
            return
        kept = [
            line
            for line in self._metrics.read_text(encoding="utf-8").splitlines(keepends=True)
            if line.endswith("\n") and json.loads(line)["step"] <= steps
        ]
        replace_with(self._metrics, lambda part: part.write_text("".join(kept), encoding="utf-8"))

    def _whole(self) -> list[Path]:
        return [path for path in self._checkpoints.glob("*") if path.name.isdigit()]


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(_UNFINISHED)


def replace_with(place: Path, write: Callable[[Path], object]) -> None:
    """Puts what `write` makes at `place`, which never holds a part of it.

    Raises:
      OSError: it cannot be written.
    """
    part = place.with_name(f"{_UNFINISHED}{place.name}")
    if part.is_dir():
        shutil.rmtree(part)
    try:
        write(part)
    except (SafetensorError, RuntimeError) as error:  # theirs and torch's, of a full disk
        raise OSError(f"{place} cannot be written, is the disk full? {error}") from error
    for path in [part, *part.rglob("*")]:
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    if place.is_dir():
        shutil.rmtree(place)
    part.replace(place)


def _differences(old: Any, new: Any, key: str = "") -> list[str]:
    """The keys whose values differ, `running` apart from what changes no number."""
    if isinstance(old, dict) and isinstance(new, dict):
        names = [*old, *(name for name in new if name not in old)]
        return [
            found
            for name in names
            if f"{key}{name}" not in _FREE
            for found in _differences(old.get(name), new.get(name), f"{key}{name}.")
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            found
            for number, (one, other) in enumerate(zip(old, new, strict=True))
            for found in _differences(one, other, f"{key}{number}.")
        ]
    return [] if old == new else [key.removesuffix(".")]


_FREE = {
    "output", "evaluations", "running.device", "running.gradient_checkpointing", "running.loaders",
    "running.log_every", "running.checkpoint_every", "running.keep_checkpoints",
    "running.evaluate_every",
}  # fmt: skip
"""Keys of a plan that may change between a training's parts."""
