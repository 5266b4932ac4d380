"""What `pairmill evaluate` does: loads a checkpoint, shows how it goes, writes the scores."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pipelines.errors import RecipeError, RunError
from pipelines.pages import open_console

if TYPE_CHECKING:
    from model.evaluation import Progress
    from model.evaluation_sets import EvaluationSet
    from model.teacher import Teacher, TeacherSpec

_LINE_EVERY_S = 10.0


def read_sizes(words: str) -> tuple[int, ...]:
    """The numbers of `--dims`. Raises RecipeError where they are none."""
    try:
        return tuple(int(word) for word in words.split(","))
    except ValueError as error:
        raise RecipeError(f"--dims must be numbers, as 64,128; got {words}") from error


def run_evaluation(
    spec: "TeacherSpec",
    sets: "Sequence[EvaluationSet]",
    dims: tuple[int, ...] | None,
    batch: int,
    json_file: Path | None,
) -> None:
    """Evaluates and prints.

    Raises:
      RecipeError: the checkpoint or the data is not as it should be.
      RunError: embeddings are not finite.
    """
    from model.teacher import load_teacher

    if json_file is not None and not json_file.parent.is_dir():
        raise RecipeError(f"{json_file} cannot be written: there is no folder {json_file.parent}")
    if json_file is not None and json_file.is_dir():
        raise RecipeError(f"{json_file} cannot be written: it is a folder")
    console = Console(stderr=True)
    console.print(f"loading {spec.model}", markup=False, highlight=False, soft_wrap=True)
    try:
        teacher = load_teacher(spec)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise RecipeError(str(error).strip().split("\n")[0]) from error
    _evaluate(teacher, sets, dims, batch, json_file, _Shown(console))


def _evaluate(
    teacher: "Teacher",
    sets: "Sequence[EvaluationSet]",
    dims: tuple[int, ...] | None,
    batch: int,
    json_file: Path | None,
    shown: "_Shown",
) -> None:
    from model.evaluation import evaluate

    try:
        report = evaluate(teacher, sets, dims, batch, shown.take)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    except FloatingPointError as error:
        raise RunError(str(error)) from error
    finally:
        shown.close()
    console = open_console()
    for table in report.tables():
        console.print(table)
    if json_file is not None:
        scores = {"model": teacher.name, "revision": teacher.revision, **report.as_dict()}
        json_file.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", "utf-8")
        print(f"Scores: {json_file}")


class _Shown:
    """Shows progress: on a terminal a line that changes, elsewhere now and then one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = console.status("reading") if console.is_terminal else None
        if self._status:
            self._status.start()
        self._of = ("", "")
        self._next_line = 0.0

    def take(self, progress: "Progress") -> None:
        """Takes a step of `model.evaluation.evaluate`."""
        now = time.monotonic()
        if self._of != (progress.name, progress.unit):
            self._of = (progress.name, progress.unit)
            self._next_line = now + _LINE_EVERY_S
        total = "" if progress.total is None else f" of {progress.total:,}"
        line = f"{progress.name}: {progress.done:,}{total} {progress.unit} embedded"
        if self._status:
            self._status.update(Text(line))
        elif now >= self._next_line or progress.done == progress.total:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            self._next_line = now + _LINE_EVERY_S

    def close(self) -> None:
        if self._status:
            self._status.stop()
