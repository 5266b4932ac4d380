"""The process that drives Beam: `python -m pipelines.driver JOB`, see `pipelines.supervisor`.

It speaks to its parent in JSON lines on standard output; all else, Beam's log among it, goes to
standard error. It ends, and all it started with it, when its parent does.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.errors import PairmillError

if TYPE_CHECKING:
    from pipelines.stages import Run

WORKER_DIED = 70

_BEAMS_WORDS = " [while running "
_OURS = re.compile(r"^pipelines\.errors\.\w+: (.*)$", re.MULTILINE)
_ANY_ERROR = re.compile(r"^[\w.]*(?:Error|Exception|Interrupt)\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Job:
    """What the parent asks for.

    Attributes:
      recipe: its URI.
      stages: their names, in order.
      limit: rows of each source, None for all.
      flags: Beam's options.
      retry: reasons for which something failed that is to be tried again.
      preview: whether the stage is only to say what it would do.
    """

    recipe: str
    stages: tuple[str, ...]
    limit: int | None
    flags: tuple[str, ...]
    retry: tuple[str, ...] = ()
    preview: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Job":
        read = json.loads(text)
        stages, flags, retry = (tuple(read[name]) for name in ("stages", "flags", "retry"))
        return cls(read["recipe"], stages, read["limit"], flags, retry, read["preview"])


def main() -> None:
    """Runs the job in `sys.argv[1]`; exits as pairmill is to exit."""
    events = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")

    threading.Thread(target=_die_with_parent, daemon=True).start()
    threading.excepthook = _on_thread_error
    logging.basicConfig(level=logging.WARNING)
    job = Job.from_json(sys.argv[1])
    try:
        run_job(job, tell)
    except PairmillError as error:
        message = str(error).partition(_BEAMS_WORDS)[0]
        tell({"event": "error", "message": message, "code": error.exit_code})
    except Exception as error:
        traceback.print_exc()
        tell({"event": "error", "message": _message(str(error) or repr(error)), "code": 1})
    else:
        tell({"event": "end"})
    events.close()
    os._exit(0)  # Beam's threads may still wait for workers that a failed pipeline left


def run_job(job: Job, tell: Callable[[dict[str, Any]], None]) -> None:
    """Runs the job's stages in this process. Beam takes seconds to import, so only from here on."""
    from pipelines.beam_options import check_options, local_workers
    from pipelines.recipe_file import read_recipe
    from pipelines.stages import Run, execute

    check_options(list(job.flags))
    recipe = read_recipe(job.recipe)
    run = Run(recipe, job.limit, job.retry, job.flags, local_workers(list(job.flags)), tell)
    if job.preview:
        (name,) = job.stages
        _stage(name)(run).tell_preview()
        return
    run.output.write("recipe.toml", recipe.to_toml().encode())
    for name in job.stages:
        execute(_stage(name)(run), run)


def _stage(name: str) -> "Callable[[Run], Any]":
    """The class of a stage, which alone is imported: `score` brings torch along, for seconds."""
    stage: Callable[[Run], Any] = getattr(
        import_module(f"pipelines.{name}"), f"{name.title()}Stage"
    )
    return stage


def _on_thread_error(args: threading.ExceptHookArgs) -> None:
    """Ends this process when one of Beam's workers did: Beam itself would wait for ever."""
    sys.__excepthook__(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    if args.thread is not None and args.thread.name == "run_worker":
        os._exit(WORKER_DIED)


def _die_with_parent() -> None:
    """Waits for the end of standard input, which only the parent's death or wish brings."""
    while os.read(0, 1):
        continue
    os.killpg(0, signal.SIGKILL)


def _message(trace: str) -> str:
    """What a person is told of an error in a worker, of which Beam hands us the traceback."""
    if ours := _OURS.findall(trace):
        return str(ours[-1]).partition(_BEAMS_WORDS)[0]
    lines = _ANY_ERROR.findall(trace) or trace.splitlines()
    return f"the run failed: {lines[-1].partition(_BEAMS_WORDS)[0][:500]}"


if __name__ == "__main__":
    main()
