"""What hosts that stall cost everybody else: `pairmill gather` with and without them.

    python -m benchmarks.slow_hosts [--pictures N] [--hosts N] [--stalling N] [--deadline SECONDS]

Each host is a port of its own on loopback. The stalling ones answer for their rules and take every
request for a picture without ever answering it, the dearest thing that a host can do. Prints the
wall seconds of both runs and what became of the pictures. Exits with 1 where the hosts cost more
than three deadlines, or a picture that is not theirs is lost.
"""

import argparse
import asyncio
import io
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from benchmarks.harness import measure, show, write_recipe, write_table
from benchmarks.replies import NOT_FOUND, Replies, ok

_MOST_DEADLINES = 3
_RULES = (b"/robots.txt", b"/.well-known/")


# The hosts


def _host(reply: bytes | None) -> Replies:
    """A connection to a host that replies so to a request for any picture."""
    return Replies(lambda path: NOT_FOUND if path.startswith(_RULES) else reply)


@contextmanager
def _serving(replies: list[bytes | None]) -> Iterator[list[str]]:
    """A host for each of `replies`, on a thread; gives their `host:port`s."""
    loop = asyncio.new_event_loop()

    async def start() -> list[asyncio.Server]:
        return [
            await loop.create_server(partial(_host, reply), "127.0.0.1", 0) for reply in replies
        ]

    servers = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield [f"127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in servers]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for server in servers:
            server.close()
        loop.close()


def _picture() -> bytes:
    """A reply with a small JPEG."""
    sink = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(sink, "jpeg")
    return ok(sink.getvalue())


# The runs


def _gather(
    folder: Path, hosts: list[str], a_host: int, deadline_s: float
) -> tuple[float, Counter[str]]:
    """Gathers `a_host` pictures of each host; returns wall seconds and pictures by what became."""
    folder.mkdir()
    table = folder / "table.parquet"
    urls = [f"http://{host}/{number}.jpg" for number in range(a_host) for host in hosts]
    write_table(table, len(urls), urls.__getitem__)
    recipe = write_recipe(folder, table, {"allow_hosts": hosts, "deadline_s": deadline_s})
    measured = measure([sys.executable, "-m", "benchmarks.told", "gather", str(recipe)])
    if measured.code:
        sys.exit(f"exit status {measured.code}:\n{measured.said}")
    fates: Counter[str] = Counter()
    for path in (folder / "out" / "gathered").glob("*.parquet"):
        for row in pq.read_table(path, columns=["fate", "reason"]).to_pylist():
            fates[f"{row['fate']} {row['reason']}".strip()] += 1
    return measured.wall_s, fates


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=2_000, help="on all hosts together")
    parser.add_argument("--hosts", type=int, default=100, help="the stalling ones among them")
    parser.add_argument("--stalling", type=int, default=5, help="hosts")
    parser.add_argument("--deadline", type=float, default=5.0, help="for one picture, seconds")
    args = parser.parse_args()
    fine, a_host = args.hosts - args.stalling, args.pictures // args.hosts
    replies = [None] * args.stalling + [_picture()] * fine
    with (
        tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as scratch,
        _serving(replies) as hosts,
    ):
        without = _gather(Path(scratch, "without"), hosts[args.stalling :], a_host, args.deadline)
        among = _gather(Path(scratch, "with"), hosts, a_host, args.deadline)
    runs = {f"{fine} hosts": without, f"and {args.stalling} that stall": among}
    reasons = sorted({reason for _, fates in runs.values() for reason in fates})
    rows = [
        (name, f"{wall_s:.1f}", *(f"{fates[reason]:,}" for reason in reasons))
        for name, (wall_s, fates) in runs.items()
    ]
    show(("", "wall s", *reasons), rows)
    deadlines = (among[0] - without[0]) / args.deadline
    print(f"the stalling hosts cost {deadlines:.2f} deadlines of {args.deadline:g} s")
    if any(fates["kept"] != fine * a_host for _, fates in runs.values()):
        sys.exit(f"{fine * a_host:,} pictures must be kept in both runs")
    if deadlines > _MOST_DEADLINES:
        sys.exit(f"they must cost at most {_MOST_DEADLINES} deadlines")


if __name__ == "__main__":
    main()
