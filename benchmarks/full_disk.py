"""A disk that fills up under `pairmill curate`, and the same command once there is room again.

    python -m benchmarks.full_disk [--rows N] [--shares SHARE…]

The output lies on a tmpfs, at first of too small a share of what a whole run takes. Prints what
each run says. Exits with 1 unless every run that finds no room ends with 1 and says so without a
traceback, and the last one leaves the `shards/` of a run with room from the beginning.

Mounting needs root or user namespaces (Linux, `unshare` of util-linux). It happens in a mount
namespace of its own, which ends with the benchmark, whatever ends that.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import ROOT, measure, show
from pipelines.sample import write_sample

_SPARE = 4  # times what a whole run leaves
_PAGE_SLACK = 8 << 20  # bytes: a tmpfs counts in pages


def _enter_namespace() -> None:
    """Replaces this process by itself in a mount namespace of its own."""
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    try:
        tried = subprocess.run([*unshare, "true"], capture_output=True, text=True)
        refused = tried.stderr.strip() if tried.returncode else ""
    except FileNotFoundError:
        refused = "no unshare: Linux with util-linux is needed"
    if refused:
        sys.exit(f"this benchmark mounts a tmpfs, as root or in a user namespace: {refused}")
    again = [sys.executable, "-m", "benchmarks.full_disk", "--inside", *sys.argv[1:]]
    os.execvp("unshare", [*unshare, *again])


def _mount(folder: Path, size: int, *, again: bool = False) -> None:
    """Mounts a tmpfs of `size` bytes at `folder`, or gives the one that is there this size."""
    options = f"{'remount,' if again else ''}size={size}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"this benchmark mounts a tmpfs, which is refused: {done.stderr.strip()}")


def _curate(recipe: Path) -> tuple[int, str]:
    """Exit status and what was said as an error."""
    measured = measure([sys.executable, "-m", "benchmarks.told", "curate", str(recipe)])
    said = measured.said.partition("pairmill: ")[2] if measured.code else ""
    return measured.code, said if "Traceback" not in measured.said else measured.said


def _digests(shards: Path) -> dict[str, str]:
    return {
        path.relative_to(shards).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shards.rglob("*")
        if path.is_file()
    }


def _run(scratch: Path, rows: int, shares: list[float]) -> None:
    fresh = write_sample(scratch / "fresh", rows, seed=0)
    code, said = _curate(fresh)
    if code:
        sys.exit(f"a run with room must end well, got {code}: {said}")
    whole = sum(path.stat().st_size for path in (fresh.parent / "out").rglob("*"))
    recipe = write_sample(scratch / "full", rows, seed=0)
    output = recipe.parent / "out"
    output.mkdir()
    sizes = [*(int(whole * share) for share in sorted(shares)), whole * _SPARE + _PAGE_SLACK]
    table, wrong = [], []
    for number, size in enumerate(sizes):
        _mount(output, size, again=number > 0)
        code, said = _curate(recipe)
        words = said.splitlines()[0] if said else ""
        table.append((f"{size >> 10:,}", str(code), words))
        last = size == sizes[-1]
        if code != (0 if last else 1) or "Traceback" in said or ("space" not in said) != last:
            wrong.append(f"with {size >> 10:,} KiB: {code} {said}")
    print(f"a whole run takes {whole >> 10:,} KiB\n")
    show(("KiB of disk", "exit status", "said"), table)
    if wrong:
        sys.exit("\n".join(wrong))
    if _digests(output / "shards") != _digests(fresh.parent / "out" / "shards"):
        sys.exit("the shards must be those of a run with room, but differ")
    print("shards/ is that of a run with room from the beginning")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=600, help="of the sample world")
    shares = {"type": float, "nargs": "+", "default": [0.1, 0.5, 0.9]}
    parser.add_argument("--shares", **shares, help="of a whole run's bytes: disks too small for it")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.inside:
        os.chdir(ROOT)
        _enter_namespace()
    with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch:
        try:
            _run(Path(scratch), args.rows, args.shares)
        finally:
            subprocess.run(["umount", "-q", Path(scratch, "full", "out")], capture_output=True)


if __name__ == "__main__":
    main()
