"""Runs a job in a process group of its own, shows its progress, takes it up when a worker dies."""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from pipelines.driver import Job
from pipelines.errors import PairmillError, RecipeError, RunError
from pipelines.progress import Progress
from pipelines.recipe import Recipe
from pipelines.storage import Folder
from schemas.layout import (
    DOCUMENTS,
    EMBEDDINGS,
    GATHERED,
    PAGE_THRESHOLDS_FILE,
    PAGES,
    PICTURES,
    REPORT,
    SCORES,
    THRESHOLDS_FILE,
    WORK,
)

_TICK_S = 0.5
_OURS = (
    *(GATHERED, DOCUMENTS, PAGES, PICTURES, "captions", "screened", SCORES, EMBEDDINGS, "selected"),
    *(THRESHOLDS_FILE, PAGE_THRESHOLDS_FILE, "shards", REPORT),
)
_DEATHS_WITHOUT_PROGRESS = 3


class Stopped(PairmillError):
    """A person or a scheduler ended the run."""

    def __init__(self, signum: int) -> None:
        super().__init__("stopped; the same command goes on where this one ended")
        self.exit_code = 128 + signum


def supervise(job: Job, recipe: Recipe, progress: Progress) -> None:
    """Runs `job` to its end.

    Raises:
      PairmillError: with what the job said, or because its workers keep dying.
    """
    output = Folder(recipe.output)
    check_output(output, recipe)
    with _lock(output), _signals_raise():
        log, deaths, pieces = _log_file(output), 0, -1
        while not _run_once(job, log, progress):
            deaths = deaths + 1 if progress.pieces_done == pieces else 1
            pieces = progress.pieces_done
            if deaths == _DEATHS_WITHOUT_PROGRESS:
                words = f"workers died {deaths} times without finishing a shard (out of memory?)"
                raise RunError(f"{words}; the whole log: {log}")
            progress.say("a worker process died; going on with what is left")


def check_output(output: Folder, recipe: Recipe) -> None:
    """Refuses an output where a run would replace what pairmill did not write.

    Raises:
      RecipeError: naming the folder or file that is in the way.
    """
    if output.exists("ledger") or output.exists(WORK):
        return
    taken = [name for name in (*_OURS, "recipe.toml") if output.exists(name)]
    if "recipe.toml" in taken and output.read("recipe.toml") == recipe.to_toml().encode():
        taken.remove("recipe.toml")
    if taken:
        raise RecipeError(
            f"{output.path(taken[0])} is there and not pairmill's, a run would replace it: "
            "choose another output"
        )


def _run_once(job: Job, log: Path, progress: Progress) -> bool:
    """Runs the job's process once; returns False where it or one of its workers died."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.driver", job.to_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        for event in _events(process, progress):
            if event["event"] == "end":
                return True
            if event["event"] == "error":
                hint = f"\nthe whole log: {log}" if event["code"] == 1 else ""
                raise _Reported(event["message"] + hint, event["code"])
            progress.take(event)
        return False
    finally:
        _end(process)


def _events(process: subprocess.Popen[bytes], progress: Progress) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    pending = b""
    while True:
        ready, _, _ = select.select([process.stdout.fileno()], [], [], _TICK_S)
        if not ready:
            progress.tick()
            continue
        data = os.read(process.stdout.fileno(), 1 << 16)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        yield from (json.loads(line) for line in lines)


class _Reported(PairmillError):
    """An error that the driver has put into words."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the driver and everything that it started."""
    with suppress(ProcessLookupError):  # all gone by themselves
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _log_file(output: Folder) -> Path:
    if not output.is_local:
        return Path(tempfile.mkstemp(prefix="pairmill-", suffix=".log")[1])
    log = Path(output.uri, WORK, "run.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    return log


@contextmanager
def _lock(output: Folder) -> Iterator[None]:
    """Keeps a second run out of a local output; the lock goes with the process that holds it."""
    if not output.is_local:
        yield
        return
    path = Path(output.uri, WORK, "lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise RunError(f"cannot write to {output.uri}: {error}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"another run is writing to {output.uri}: wait for its end") from error
        yield


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Turns SIGTERM and SIGINT into `Stopped`, so that every `finally` is run."""

    def stop(signum: int, _frame: FrameType | None) -> NoReturn:
        raise Stopped(signum)

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
