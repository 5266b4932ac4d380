"""`pairmill gather` beside img2dataset, on the same pictures off one nginx.

    python -m benchmarks.gather [--pictures FOLDER] [--fetches N] [--repeats N] …

Both fetch the same JPEGs from loopback, resize them to 256 pixels (shorter side, only shrinking),
encode them alike (JPEG, quality 92), hash the originals, and write tars and tables of as many
shards, with as many processes and requests in flight. A third of the pictures are enlarged first,
to 2400 pixels. CPU seconds are the operating system's accounts of all processes of each tool; nginx
counts on neither side.

Start-up is measured by a run of few pictures in as many shards as all, so that every process is
started, and shown both ways. Likeness is the mean PSNR against a full decode and Lanczos in
floating point, a picture once, those with a colour profile or a rotation left out: img2dataset
ignores both.
Exits with 1 where either tool loses a picture.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import fmean, median

from PIL import Image

from benchmarks.harness import (
    Measured,
    drawn_pictures,
    found_pictures,
    kept,
    measure,
    show,
    write_recipe,
    write_table,
)
from benchmarks.likeness import psnr, read_alike, stored_pictures
from benchmarks.web_server import nginx

_DRAWN = 400  # pictures, of which some are no JPEGs
_ENLARGED = 100  # different ones
_LARGE = 2400  # pixels of the longer side
_SIZE, _QUALITY = 256, 92
_SHARDS_A_PROCESS = 4
_HANDFUL = 4  # pictures a shard


@dataclass(frozen=True, slots=True)
class Task:
    """What both tools are to do.

    Attributes:
      address: `host:port` of the server.
      urls: of the pictures.
      processes: of each tool.
      requests: in flight in each process.
    """

    address: str
    urls: list[str]
    processes: int
    requests: int

    @property
    def shards(self) -> int:
        return self.processes * _SHARDS_A_PROCESS

    @property
    def per_shard(self) -> int:
        return -(-len(self.urls) // self.shards)


@dataclass(frozen=True, slots=True)
class Round:
    """One tool's runs.

    Attributes:
      whole: on all pictures.
      handful: on few.
      shards: folder of the whole run's shards.
    """

    whole: Measured
    handful: Measured
    shards: Path


Tool = Callable[[Path, Task], tuple[Measured, Path]]


# Inputs


def _lay_out(site: Path, originals: list[Path], fetches: int) -> dict[str, Path]:
    """Links below `site`, every third to an enlarged picture; what each name leads to."""
    spread = originals[:: max(1, len(originals) // _ENLARGED)][:_ENLARGED]
    large = cycle([_enlarged(path, site / "large") for path in spread])
    small = cycle(originals)
    names = {}
    for number in range(fetches):
        name = f"{number:06d}.jpg"
        names[name] = next(large if number % 3 == 2 else small)
        (site / name).symlink_to(names[name])
    return names


def _enlarged(path: Path, folder: Path) -> Path:
    """A copy of the picture with `_LARGE` pixels on its longer side."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{len(list(folder.iterdir())):04d}.jpg"
    with Image.open(path) as image:
        scale = _LARGE / max(image.size)
        size = round(image.width * scale), round(image.height * scale)
        image.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(target, quality=90)
    return target


# The tools


def _run_img2dataset(folder: Path, task: Task) -> tuple[Measured, Path]:
    folder.mkdir(parents=True)
    write_table(folder / "table.parquet", len(task.urls), task.urls.__getitem__)
    options = {
        "url_list": folder / "table.parquet",
        "input_format": "parquet",
        "caption_col": "caption",
        "output_folder": folder / "out",
        "output_format": "webdataset",
        "processes_count": task.processes,
        "thread_count": task.requests,
        "number_sample_per_shard": task.per_shard,
        "image_size": _SIZE,
        "resize_mode": "keep_ratio",
        "resize_only_if_bigger": True,
        "encode_quality": _QUALITY,
        "retries": 2,
        "timeout": 20,
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return _run([sys.executable, "-m", "img2dataset.main", *flags]), folder / "out"


def _run_pairmill(folder: Path, task: Task) -> tuple[Measured, Path]:
    folder.mkdir(parents=True)
    write_table(folder / "table.parquet", len(task.urls), task.urls.__getitem__)
    gather = {
        "image_size": _SIZE,
        "quality": _QUALITY,
        "pictures_per_shard": task.per_shard,
        "concurrency": task.requests,
        "per_host": task.requests * task.processes,  # one host stands for many: no limit
        "allow_hosts": [task.address],
    }
    recipe = write_recipe(folder, folder / "table.parquet", gather)
    command = [sys.executable, "-m", "benchmarks.told", "gather", str(recipe)]
    measured = _run([*command, "--", f"--direct_num_workers={task.processes}"])
    if (pictures := kept(recipe).get("gather picture")) != len(task.urls):
        sys.exit(f"pairmill must keep {len(task.urls)} pictures, got {pictures}")
    return measured, folder / "out" / "gathered"


def _run(command: list[str]) -> Measured:
    measured = measure(command)
    if measured.code:
        raise RuntimeError(f"exit status {measured.code} of {' '.join(command)}:\n{measured.said}")
    return measured


_TOOLS: dict[str, Tool] = {"img2dataset": _run_img2dataset, "pairmill": _run_pairmill}


def _measure_round(tool: Tool, folder: Path, task: Task) -> Round:
    few = Task(task.address, task.urls[: _HANDFUL * task.shards], task.processes, task.requests)
    whole, shards = tool(folder / "whole", task)
    handful, _ = tool(folder / "handful", few)
    return Round(whole, handful, shards)


# What is shown


def _show_speed(rounds: dict[str, list[Round]], pictures: int, few: int) -> None:
    def rates(name: str) -> tuple[float, ...]:
        beyond = pictures - few
        runs = rounds[name]
        return (
            median(pictures / run.whole.wall_s for run in runs),
            median(pictures / run.whole.cpu_s for run in runs),
            median(beyond / (run.whole.wall_s - run.handful.wall_s) for run in runs),
            median(beyond / (run.whole.cpu_s - run.handful.cpu_s) for run in runs),
        )

    peer, ours = (rates(name) for name in _TOOLS)
    rows = [(name, *(f"{rate:.1f}" for rate in rates(name))) for name in _TOOLS]
    rows.append(("times", *(f"{a / b:.2f}" for a, b in zip(ours, peer, strict=True))))
    wall, cpu = "images/wall s", "images/CPU s"
    show(("", wall, cpu, f"{wall} beyond start-up", f"{cpu} beyond start-up"), rows)
    costs = [
        (
            name,
            *(
                f"{median(values):.1f}"
                for values in (
                    [run.whole.cpu_s for run in rounds[name]],
                    [run.whole.wall_s for run in rounds[name]],
                    [run.handful.cpu_s for run in rounds[name]],
                    [run.handful.wall_s for run in rounds[name]],
                )
            ),
        )
        for name in _TOOLS
    ]
    show(("", "CPU s", "wall s", "start-up CPU s", "start-up wall s"), costs)


def _show_likeness(shards: dict[str, Path], originals: dict[str, Path]) -> None:
    once = {path: name for name, path in originals.items() if read_alike(path)}
    judged = set(once.values())
    likeness: dict[str, dict[str, float]] = {}
    rows = []
    for tool, folder in shards.items():
        pictures = {url.rpartition("/")[2]: body for url, body in stored_pictures(folder)}
        if pictures.keys() != originals.keys():
            sys.exit(f"{tool} must keep {len(originals)} pictures, got {len(pictures)}")
        likeness[tool] = {name: psnr(pictures[name], originals[name]) for name in judged}
        size = fmean(len(body) for body in pictures.values())
        rows.append((tool, f"{fmean(likeness[tool].values()):.2f}", f"{size:,.0f}"))
    peer, ours = (likeness[tool] for tool in _TOOLS)
    gaps = sorted(ours[name] - peer[name] for name in judged)
    show((f"{len(judged):,} different pictures", "mean PSNR dB", "mean bytes"), rows)
    print(
        f"pairmill less img2dataset, picture by picture: mean {fmean(gaps):+.2f} dB, "
        f"lowest twentieth below {gaps[len(gaps) // 20]:+.2f} dB, lowest {gaps[0]:+.2f} dB\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, help="a folder of JPEGs; drawn where not given")
    parser.add_argument("--fetches", type=int, default=3_000, help="pictures to fetch")
    parser.add_argument("--repeats", type=int, default=1, help="rounds, of which the median counts")
    parser.add_argument("--processes", type=int, default=2, help="of each tool")
    parser.add_argument("--requests", type=int, default=64, help="in flight in each process")
    args = parser.parse_args()
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # its import would ask the network
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        site = Path(scratch, "site")
        pictures = args.pictures.resolve() if args.pictures else Path(scratch, "pictures")
        if not args.pictures:
            drawn_pictures(pictures, _DRAWN)
        jpegs = [path for path in found_pictures(pictures) if path.suffix in (".jpg", ".jpeg")]
        originals = _lay_out(site, jpegs, args.fetches)
        with nginx(site, Path(scratch, "nginx")) as address:
            urls = [f"http://{address}/{name}" for name in originals]
            task = Task(address, urls, args.processes, args.requests)
            rounds: dict[str, list[Round]] = {name: [] for name in _TOOLS}
            for number in range(args.repeats):
                for name, tool in _TOOLS.items():
                    folder = Path(scratch, f"{name}-{number}")
                    rounds[name].append(_measure_round(tool, folder, task))
        print(f"{args.fetches:,} fetches, {args.repeats} rounds, {args.processes} processes\n")
        _show_speed(rounds, len(urls), min(len(urls), _HANDFUL * task.shards))
        _show_likeness({name: runs[-1].shards for name, runs in rounds.items()}, originals)


if __name__ == "__main__":
    main()
