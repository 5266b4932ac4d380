"""What the benchmarks share: inputs, a server, a recipe, a watch over a process tree.

`python -m benchmarks.harness FOLDER` is the server: it serves FOLDER on 127.0.0.1, prints its port
and ends when its standard input does. Nothing here is for use outside of measurements.
"""

import asyncio
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from benchmarks.replies import NOT_FOUND, Replies, ok
from benchmarks.told import MARK
from pipelines.sample import write_sample

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_DRAWN = 200  # pictures, enough to be unlike
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_TURN_S = 0.7  # of CPU: long beside what a change costs, short beside how neighbours come and go
_LONGEST_TURN_S = 3.0  # far within the deadline of a picture that waits meanwhile
_LOOK_S = 0.05
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


# Inputs


def drawn_pictures(folder: Path, pictures: int) -> list[Path]:
    """Draws pictures of the sample world below `folder`; returns `pictures`, past 200 as links."""
    drawn = min(pictures, _DRAWN)
    write_sample(folder, rows=4 * drawn, seed=0)  # a picture has four captions at most
    files = found_pictures(folder)[:drawn]
    links = [files[n % drawn].with_stem(f"copy-{n:07d}") for n in range(drawn, pictures)]
    for number, link in enumerate(links, start=drawn):
        link.hardlink_to(files[number % drawn])
    return files + links


def found_pictures(folder: Path) -> list[Path]:
    """All pictures below `folder`, by path."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


_WORDS = {
    "en": "a small red bird sits on the old wooden bridge while children walk along the river",
    "de": "ein kleiner roter Vogel sitzt auf der alten Holzbrücke während Kinder am Fluss spielen",
    "fr": "un petit oiseau rouge est posé sur le vieux pont en bois pendant que les enfants jouent",
    "es": "un pequeño pájaro rojo está sobre el viejo puente de madera mientras los niños caminan",
    "ru": "маленькая красная птица сидит на старом деревянном мосту пока дети идут вдоль реки",
    "ar": "طائر أحمر صغير يجلس على الجسر الخشبي القديم بينما يمشي الأطفال إلى البيت قرب النهر",
    "hi": "एक छोटी लाल चिड़िया पुराने लकड़ी के पुल पर बैठी है और बच्चे नदी के किनारे चल रहे हैं",
    "tr": "küçük kırmızı bir kuş eski tahta köprünün üstünde oturuyor çocuklar nehirde oynuyor",
}


def captions(rows: int) -> Iterator[tuple[str, str]]:
    """Yields `rows` pairs of language and caption, no two alike, 8 to 16 words each."""
    dice = random.Random(0)
    words = {language: text.split() for language, text in _WORDS.items()}
    for row in range(rows):
        language = dice.choice(list(words))
        text = " ".join(dice.choices(words[language], k=dice.randint(8, 16)))
        yield language, f"{text} {row}"


def write_table(path: Path, rows: int, url_of: Callable[[int], str]) -> None:
    """Writes a Parquet table of `rows` rows: url, language, caption."""
    schema = pa.schema({name: pa.string() for name in ("url", "language", "caption")})
    texts, start = captions(rows), 0
    with pq.ParquetWriter(path, schema) as writer:
        while block := list(islice(texts, 100_000)):
            urls = [url_of(start + at) for at in range(len(block))]
            languages, written = zip(*block, strict=True)
            writer.write_table(pa.table([urls, list(languages), list(written)], schema=schema))
            start += len(block)


def write_recipe(
    folder: Path, table: Path, gather: dict[str, Any], pack: dict[str, Any] | None = None
) -> Path:
    """Writes a recipe for `table` with output `folder / "out"`; `gather`, `pack`: what differs."""
    source = {
        "name": "benchmark",
        "format": "table",
        "path": str(table),
        "language_column": "language",
    }
    recipe = {"output": str(folder / "out"), "sources": [source], "gather": gather}
    path = folder / "recipe.toml"
    path.write_text(tomli_w.dumps({**recipe, "pack": pack or {}}), "utf-8")
    return path


def kept(recipe: Path) -> dict[str, int]:
    """What the stages' records say was kept, by stage and unit."""
    records = sorted((recipe.parent / "out" / "ledger").glob("*/_stage.json"))
    counts: dict[str, int] = {}
    for path in records:
        for name, n in json.loads(path.read_text("utf-8"))["counts"].items():
            unit, fate = name.split(" ")[:2]
            if fate == "kept":
                counts[f"{path.parent.name} {unit}"] = n
    return counts


# The server


_TYPES = {".png": "image/png", ".webp": "image/webp"}


def _reply(path: Path) -> bytes:
    return ok(path.read_bytes(), _TYPES.get(path.suffix.lower(), "image/jpeg"))


async def _serve(folder: Path) -> None:
    names = {path: path.relative_to(folder).as_posix() for path in found_pictures(folder)}
    replies = {f"/{name}".encode(): _reply(path) for path, name in names.items()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Replies(lambda path: replies.get(path, NOT_FOUND)), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serves the pictures below `folder` from a process of its own; gives its `host:port`."""
    command = [sys.executable, "-m", "benchmarks.harness", str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


# A watch over a process tree


@dataclass(frozen=True, slots=True)
class Moment:
    """A process tree at its largest.

    Attributes:
      pss: bytes of all processes, shared pages divided among those that share them.
      by_role: the same by what the processes are.
      step: the step that the command was in.
      second: since the command began.
    """

    pss: int = 0
    by_role: dict[str, int] = field(default_factory=dict)
    step: str = ""
    second: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command cost with all its descendants.

    Attributes:
      code: its exit status.
      wall_s: seconds.
      cpu_s: user and system seconds, from the kernel's accounts of all of them.
      cpu_sampled_s: the same from samples, the last one before each process ended.
      split: the samples' seconds by (step, role of the process).
      steps: wall seconds by step.
      peak: the largest moment; empty where memory was not watched.
      peaks: the largest moment of each step.
      said: its standard error.
    """

    code: int
    wall_s: float
    cpu_s: float
    cpu_sampled_s: float
    split: dict[tuple[str, str], float]
    steps: dict[str, float]
    peak: Moment
    peaks: dict[str, Moment]
    said: str


def curate(recipe: Path, *, memory: bool = False, every_s: float = 0.05) -> Measured:
    """Runs `pairmill curate` under watch.

    Raises:
      RuntimeError: where it does not end well.
    """
    command = [sys.executable, "-m", "benchmarks.told", "curate", str(recipe)]
    measured = measure(command, memory=memory, every_s=every_s)
    if measured.code:
        raise RuntimeError(f"exit status {measured.code} of {' '.join(command)}:\n{measured.said}")
    return measured


def measure(command: list[str], *, memory: bool = False, every_s: float = 0.05) -> Measured:
    """Runs `command` to its end and everything that it starts.

    Descendants whose parents are killed before they reap them come to this process (it makes itself
    a subreaper), so that the kernel's accounts are complete: `wait4` of the command has those that
    were reaped on the way, `wait4` of each orphan the rest.
    """
    assert ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    others = set(_children(os.getpid()))
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    watch = _Watch(others, memory, started)
    ended = threading.Event()
    listener = threading.Thread(target=watch.listen, args=(process.stderr,))
    sampler = threading.Thread(target=watch.sample_until, args=(ended, every_s))
    listener.start()
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - started
    listener.join()
    ended.set()
    sampler.join()
    cpu_s = usage.ru_utime + usage.ru_stime + _reap_orphans(others)
    return watch.measured(process.returncode, wall_s, cpu_s)


@contextmanager
def by_turns(others: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Lets what is started within and the processes `others` run by turns, each stopped in between.

    At the end `others` run on alone; after an error within they are killed.
    """
    apart, ended = set(_children(os.getpid())), threading.Event()
    thread = threading.Thread(target=_take_turns, args=(others, apart, ended))
    thread.start()
    try:
        yield
    except BaseException:
        for process in others:
            process.kill()
        raise
    finally:
        ended.set()
        thread.join()


def _take_turns(
    others: list[subprocess.Popen[bytes]], apart: set[int], ended: threading.Event
) -> None:
    pids = [process.pid for process in others]
    while not ended.is_set():
        for process in others:
            process.send_signal(signal.SIGSTOP)
        _await_turn(lambda: _descendants(os.getpid(), apart), ended)
        if [process for process in others if process.poll() is None]:
            _signal_all(signal.SIGSTOP, apart)
            for process in others:
                process.send_signal(signal.SIGCONT)
            _await_turn(lambda: pids, ended)
            _signal_all(signal.SIGCONT, apart)
    for process in others:
        process.send_signal(signal.SIGCONT)


def _await_turn(pids: Callable[[], list[int]], ended: threading.Event) -> None:
    """Waits until these processes have had their CPU time: others may have most of the cores."""
    ends = time.monotonic() + _LONGEST_TURN_S
    before = _ticks(pids())
    while time.monotonic() < ends and not ended.wait(_LOOK_S):
        spent = sum(ticks - before.get(pid, 0) for pid, ticks in _ticks(pids()).items())
        if spent >= _TURN_S * _TICKS_PER_S:
            return


def _ticks(pids: list[int]) -> dict[int, int]:
    ticks = {}
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            fields = _stat(pid)
            ticks[pid] = int(fields[11]) + int(fields[12])
    return ticks


def _signal_all(number: signal.Signals, apart: set[int]) -> None:
    """To this process's descendants, those `apart` and theirs left out."""
    for pid in _descendants(os.getpid(), apart):
        with suppress(ProcessLookupError):  # it has ended
            os.kill(pid, number)


def _reap_orphans(others: set[int]) -> float:
    """Waits for every child but the `others`; returns their CPU seconds."""
    seconds = 0.0
    while orphans := set(_children(os.getpid())) - others:
        for pid in orphans:
            _, _, usage = os.wait4(pid, 0)
            seconds += usage.ru_utime + usage.ru_stime
    return seconds


_ROLES = {
    "pipelines.decoder": "decoders",
    "sdk_worker_main": "workers",
    "pipelines.driver": "driver",
    "benchmarks.told": "command",
}


class _Watch:
    """Samples of this process's descendants, the `others` and theirs apart."""

    def __init__(self, others: set[int], memory: bool, started: float) -> None:
        self._others = others
        self._memory = memory
        self._started = started
        self._step, self._step_began = "starting", started
        self._ticks: dict[tuple[int, int], int] = {}
        self._split: Counter[tuple[str, str]] = Counter()
        self._steps: Counter[str] = Counter()
        self._peaks: dict[str, Moment] = {}
        self._said: list[str] = []

    def listen(self, lines: Iterator[str]) -> None:
        """Follows what the command says, to know which step it is in."""
        for line in lines:
            self._said.append(line)
            if line.startswith(MARK):
                self._turn_to(line.removeprefix(MARK).strip())
        self._turn_to("end")

    def _turn_to(self, step: str) -> None:
        now = time.monotonic()
        self._steps[self._step] += now - self._step_began
        self._step, self._step_began = step, now

    def sample_until(self, ended: threading.Event, every_s: float) -> None:
        while not ended.is_set():
            began = time.monotonic()
            self._sample()
            ended.wait(max(0.0, began + every_s - time.monotonic()))

    def _sample(self) -> None:
        step, by_role = self._step, Counter[str]()
        for pid in _descendants(os.getpid(), self._others):
            try:
                fields = _stat(pid)
                role = _role(pid)
                if self._memory:
                    by_role[role] += _pss(pid)
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
            process = pid, int(fields[19])  # with its start, since numbers are used again
            ticks = int(fields[11]) + int(fields[12])
            self._split[step, role] += ticks - self._ticks.get(process, 0)
            self._ticks[process] = ticks
        pss = by_role.total()
        if pss > self._peaks.get(step, Moment()).pss:
            second = time.monotonic() - self._started
            self._peaks[step] = Moment(pss, dict(by_role), step, second)

    def measured(self, code: int, wall_s: float, cpu_s: float) -> Measured:
        return Measured(
            code=code,
            wall_s=wall_s,
            cpu_s=cpu_s,
            cpu_sampled_s=sum(self._ticks.values()) / _TICKS_PER_S,
            split={key: ticks / _TICKS_PER_S for key, ticks in self._split.items() if ticks},
            steps=dict(self._steps),
            peak=max(self._peaks.values(), key=lambda moment: moment.pss, default=Moment()),
            peaks=self._peaks,
            said="".join(self._said),
        )


def _children(pid: int) -> list[int]:
    return [child for child, parent in _parents().items() if parent == pid]


def _descendants(pid: int, others: set[int]) -> list[int]:
    """All below `pid`, without the `others` and what is below them."""
    below: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        below.setdefault(parent, []).append(child)
    found, left = [], [child for child in below.get(pid, []) if child not in others]
    while left:
        found.append(left.pop())
        left += below.get(found[-1], [])
    return found


def _parents() -> dict[int, int]:
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = int(_stat(int(name))[1])
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
    return parents


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on (proc_pid_stat(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _role(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return next((role for word, role in _ROLES.items() if word in line), "others")


def _pss(pid: int) -> int:
    """Bytes; 0 of a process that has ended and waits to be reaped."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


# Tables


def show(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Prints a table, the first column to the left, the others to the right."""
    table = [header, *rows]
    widths = [max(len(row[at]) for row in table) for at in range(len(header))]
    for row in table:
        cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
    print()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
