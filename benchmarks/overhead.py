"""CPU seconds of `pairmill curate` against those of its bare kernels on the same fetches.

    python -m benchmarks.overhead [--pictures FOLDER] [--fetches N] [--repeats N] …

The kernels (`benchmarks.kernels`) fetch, decode, resize, encode, measure and tar; curate does so
too, and plans, isolates, accounts for every row, commits, orders and packs. What it takes more is
the overhead: at most 20 % is the aim. A server on the loopback answers N URLs out of few pictures
in memory; its CPU counts on neither side. CPU seconds are the operating system's accounts of all
processes. The kernels run in as many processes as curate has workers, since a core whose neighbour
is busy does less in a second; `--kernel-processes 1` shows by how much. Both run by turns: while
one does, the other is stopped, so that whatever else is busy on the machine slows both alike.

Start-up is measured apart, twice: one row, as a user meets it, and a handful of rows in as many
shards as all have, so that every worker is started, which is what a long run pays once. Exits with
1 where a picture is lost.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from benchmarks.harness import (
    ROOT,
    Measured,
    by_turns,
    curate,
    drawn_pictures,
    found_pictures,
    kept,
    serving,
    show,
    write_recipe,
    write_table,
)
from benchmarks.kernels import Cost
from pipelines.recipe import Gather

_DRAWN = 200  # pictures
_HANDFUL = 4  # rows a shard


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement of everything.

    Attributes:
      kernels: the plain script.
      curate: the whole command on the same rows.
      one_row: the same on a table of one row.
      handful: the same on few rows in as many shards, so that as many workers are started.
    """

    kernels: Cost
    curate: Measured
    one_row: Measured
    handful: Measured


def _urls(pictures: Path, address: str, fetches: int) -> list[str]:
    names = [path.relative_to(pictures).as_posix() for path in found_pictures(pictures)]
    return [
        f"http://{address}/{names[copy % len(names)]}?copy={copy // len(names)}"
        for copy in range(fetches)
    ]


def _write_inputs(
    folder: Path, urls: list[str], address: str, shard: tuple[int, int] | None = None
) -> Path:
    """A table and a recipe in `folder`; `shard`: pictures gathered and samples packed into one."""
    folder.mkdir(parents=True)
    write_table(folder / "table.parquet", len(urls), urls.__getitem__)
    gather = {"allow_hosts": [address], "per_host": 64}  # one host stands for many: no limit
    if shard is None:
        return write_recipe(folder, folder / "table.parquet", gather)
    gather["pictures_per_shard"] = shard[0]
    return write_recipe(folder, folder / "table.parquet", gather, {"samples_per_shard": shard[1]})


def _write_handful(folder: Path, whole: Path, urls: list[str], address: str) -> Path:
    """Few rows that fall into as many shards as the finished run of the recipe `whole` made."""
    gathered = len(list((whole.parent / "out" / "gathered").glob("*.tar")))
    packed = len(list((whole.parent / "out" / "shards").rglob("*.tar")))
    rows = min(len(urls), _HANDFUL * gathered)
    return _write_inputs(folder, urls[:rows], address, (_HANDFUL, -(-rows // packed)))


def _start_kernels(table: Path, parts: int) -> list[subprocess.Popen[bytes]]:
    """Runs the kernels in `parts` processes at once."""
    script = [sys.executable, "-m", "benchmarks.kernels", table]
    each = f"--concurrency={Gather().concurrency}", f"--parts={parts}"
    return [
        subprocess.Popen(
            [*script, table.with_name(f"{part}.tar"), *each, f"--part={part}"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        for part in range(parts)
    ]


def _end_kernels(processes: list[subprocess.Popen[bytes]]) -> Cost:
    """Waits for the kernels; returns their sums."""
    costs = [Cost(**json.loads(process.communicate()[0])) for process in processes]
    return Cost(
        pictures=sum(cost.pictures for cost in costs),
        startup_s=sum(cost.startup_s for cost in costs),
        cpu_s=sum(cost.cpu_s for cost in costs),
        decode_s=sum(cost.decode_s for cost in costs),
        measure_s=sum(cost.measure_s for cost in costs),
    )


def _run_curate(recipe: Path) -> Measured:
    measured = curate(recipe)
    rows = pq.read_metadata(recipe.parent / "table.parquet").num_rows
    counts = kept(recipe)
    for name in ("gather row", "gather picture", "gather caption", "pack picture", "pack sample"):
        if counts.get(name) != rows:
            sys.exit(f"curate must keep {rows} of {name}, got {counts.get(name)}: {counts}")
    return measured


def _measure_round(folder: Path, urls: list[str], address: str, processes: int) -> Round:
    whole = _write_inputs(folder / "whole", urls, address)
    one = _write_inputs(folder / "one", urls[:1], address)
    kernels = _start_kernels(folder / "whole" / "table.parquet", processes)
    with by_turns(kernels):
        curate = _run_curate(whole)
    cost = _end_kernels(kernels)
    handful = _write_handful(folder / "handful", whole, urls, address)
    return Round(cost, curate, one_row=_run_curate(one), handful=_run_curate(handful))


def _show_costs(rounds: list[Round], fetches: int) -> None:
    def row(name: str, cpu: list[float]) -> tuple[str, ...]:
        seconds = median(cpu)
        each = f"{seconds / fetches * 1e3:.3f}", f"{fetches / seconds:.0f}"
        return name, f"{seconds:.2f}", f"{min(cpu):.1f} to {max(cpu):.1f}", *each

    kernels, runs = [r.kernels for r in rounds], [r.curate for r in rounds]
    show(
        ("", "CPU s", "all rounds", "ms/picture", "pictures/CPU s"),
        [
            row("  fetch, tar", [k.cpu_s - k.decode_s - k.measure_s for k in kernels]),
            row("  decode, resize, encode", [k.decode_s for k in kernels]),
            row("  measure", [k.measure_s for k in kernels]),
            row("kernels", [k.cpu_s for k in kernels]),
            row("curate", [run.cpu_s for run in runs]),
            row("curate, as sampled", [run.cpu_sampled_s for run in runs]),
        ],
    )
    one, handful = [r.one_row for r in rounds], [r.handful for r in rounds]
    starts = [
        ("kernels: interpreter and imports", f"{median(k.startup_s for k in kernels):.2f}", "")
    ]
    starts += [
        (name, f"{median(r.cpu_s for r in runs):.2f}", f"{median(r.wall_s for r in runs):.1f}")
        for name, runs in (("curate: one row", one), ("curate: a handful, all workers", handful))
    ]
    show(("start-up", "CPU s", "wall s"), starts)


def _show_overhead(rounds: list[Round]) -> None:
    """In each round over its own kernels, since rounds differ by what else the machine does."""

    def row(name: str, runs: list[float]) -> tuple[str, ...]:
        cells = [name]
        for bare in (
            [r.kernels.cpu_s for r in rounds],
            [r.kernels.cpu_s - r.kernels.measure_s for r in rounds],
        ):
            shares = [run / base - 1 for run, base in zip(runs, bare, strict=True)]
            cells += [f"{median(shares):+.1%}", f"{min(shares):+.1%} to {max(shares):+.1%}"]
        return tuple(cells)

    started = [r.curate.cpu_s - r.handful.cpu_s for r in rounds]
    show(
        ("overhead of curate", "over kernels", "all rounds", "that measure nothing", "all rounds"),
        [
            row("with start-up", [r.curate.cpu_s for r in rounds]),
            row("less start-up of one row", [r.curate.cpu_s - r.one_row.cpu_s for r in rounds]),
            row("less start-up of all workers", started),
        ],
    )


def _show_split(last: Round, fetches: int) -> None:
    """Where a round's CPU seconds went, by step and process, as sampled."""
    roles = ("command", "driver", "workers", "decoders", "others")
    by_step: dict[str, Counter[str]] = defaultdict(Counter)
    for (step, role), seconds in last.curate.split.items():
        by_step[step][role] += seconds
    startup = Counter[str]()
    for (step, _), seconds in last.handful.split.items():
        startup[step] += seconds
    rows = [
        (
            step,
            *(f"{spent[role]:.2f}" for role in roles),
            f"{spent.total():.2f}",
            f"{startup[step]:.2f}",
            f"{(spent.total() - startup[step]) / fetches * 1e6:.0f}",
        )
        for step, spent in by_step.items()
    ]
    header = ("CPU s in the last round", *roles, "all", "start-up", "µs/picture beyond")
    show(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="a folder; drawn where not given")
    parser.add_argument("--fetches", type=int, default=20_000, help="pictures to fetch")
    parser.add_argument("--repeats", type=int, default=1, help="rounds, of which the median counts")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--kernel-processes", type=int, default=cores, help="as many as cores")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        pictures = args.pictures.resolve() if args.pictures else Path(scratch, "pictures")
        if not args.pictures:
            drawn_pictures(pictures, _DRAWN)
        with serving(pictures) as address:
            urls = _urls(pictures, address, args.fetches)
            rounds = [
                _measure_round(Path(scratch, str(number)), urls, address, args.kernel_processes)
                for number in range(args.repeats)
            ]
    print(f"{args.fetches:,} fetches, {args.repeats} rounds, {cores} cores\n")
    _show_costs(rounds, args.fetches)
    _show_overhead(rounds)
    _show_split(rounds[-1], args.fetches)


if __name__ == "__main__":
    main()
