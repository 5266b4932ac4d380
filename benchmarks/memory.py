"""Memory of `pairmill curate`: what a row of metadata takes, and that image bytes never pile up.

    python -m benchmarks.memory [--small N] [--large N] [--pictures N] [--fetches N]

First, tables of two lengths that point at the same few local pictures: the peak of the whole tree
of processes (PSS: a page that k processes share counts as a k-th in each) against the number of
rows. Second, N and 4 N different pictures off a server on the loopback, whose peaks should be about
equal. Both with the recipe's defaults.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import (
    Measured,
    curate,
    drawn_pictures,
    kept,
    serving,
    show,
    write_recipe,
    write_table,
)

_MIB = 1 << 20
_ROLES = ("command", "driver", "workers", "decoders", "others")
_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Point:
    """One run under watch.

    Attributes:
      rows: of its table.
      kept: what the stages kept, by stage and unit.
      run: what it cost.
    """

    rows: int
    kept: dict[str, int]
    run: Measured


def _measure_rows(folder: Path, pictures: list[Path], rows: int) -> Point:
    """Runs on `rows` captions of local pictures."""
    gather = {"allow_local_files": True}
    return _measure(folder, rows, lambda row: str(pictures[row % len(pictures)]), gather)


def _measure_fetches(folder: Path, pictures: list[Path], rows: int) -> Point:
    """Runs on `rows` pictures off a server, all different to pairmill."""
    root = pictures[0].parents[1]
    names = [path.relative_to(root).as_posix() for path in pictures]
    with serving(root) as address:
        gather = {"allow_hosts": [address], "per_host": 64}

        def url_of(row: int) -> str:
            return f"http://{address}/{names[row % len(names)]}?copy={row // len(names)}"

        return _measure(folder, rows, url_of, gather)


def _measure(
    folder: Path, rows: int, url_of: Callable[[int], str], gather: dict[str, Any]
) -> Point:
    folder.mkdir()
    write_table(folder / "table.parquet", rows, url_of)
    recipe = write_recipe(folder, folder / "table.parquet", gather)
    run = curate(recipe, memory=True, every_s=_EVERY_S)
    return Point(rows, kept(recipe), run)


def _show_points(points: list[Point]) -> None:
    header = ("rows", "pictures", "peak MiB", *_ROLES, "at s", "wall s", "rows/s", "CPU s", "in")
    rows = []
    for point in points:
        run, peak = point.run, point.run.peak
        by_role = (f"{peak.by_role.get(role, 0) / _MIB:.0f}" for role in _ROLES)
        rows.append(
            (
                f"{point.rows:,}",
                f"{point.kept['gather picture']:,}",
                f"{peak.pss / _MIB:.0f}",
                *by_role,
                f"{peak.second:.0f}",
                f"{run.wall_s:.0f}",
                f"{point.rows / run.wall_s:,.0f}",
                f"{run.cpu_s:.0f}",
                peak.step,
            )
        )
    show(header, rows)


def _show_steps(small: Point, large: Point) -> None:
    """Each step's own peak, and what it grew by a row."""
    more = large.rows - small.rows
    rows = []
    for step, peak in large.run.peaks.items():
        before = small.run.peaks.get(step)
        grown = f"{(peak.pss - before.pss) / more:,.0f}" if before else ""
        by_role = (f"{peak.by_role.get(role, 0) / _MIB:.0f}" for role in _ROLES)
        seconds = f"{large.run.steps.get(step, 0):.1f}"
        first = f"{before.pss / _MIB:.0f}" if before else ""
        rows.append((step, first, f"{peak.pss / _MIB:.0f}", *by_role, grown, seconds))
    show(("step", "small MiB", "large MiB", *_ROLES, "bytes a row", "wall s"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=100_000, help="rows of the first table")
    parser.add_argument("--large", type=int, default=1_000_000, help="rows of the second")
    parser.add_argument("--pictures", type=int, default=200, help="local pictures they point at")
    parser.add_argument("--fetches", type=int, default=2_000, help="pictures fetched, then 4 times")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        folder = Path(scratch)
        pictures = drawn_pictures(folder / "pictures", args.pictures)
        small = _measure_rows(folder / "small", pictures, args.small)
        large = _measure_rows(folder / "large", pictures, args.large)
        print("Rows of metadata\n")
        _show_points([small, large])
        grown = (large.run.peak.pss - small.run.peak.pss) / (args.large - args.small)
        print(f"{grown:,.0f} bytes a row between {args.small:,} and {args.large:,} rows\n")
        _show_steps(small, large)
        print("Image bytes never pile up\n")
        few = _measure_fetches(folder / "few", pictures, args.fetches)
        many = _measure_fetches(folder / "many", pictures, 4 * args.fetches)
        _show_points([few, many])
        _show_steps(few, many)


if __name__ == "__main__":
    main()
