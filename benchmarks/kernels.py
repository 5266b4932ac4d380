"""The work that a gathered picture cannot do without, and nothing else: fetch, decode, encode, tar.

`python -m benchmarks.kernels TABLE TAR` prints what it cost as JSON. One process, one event loop,
aiohttp, pairmill's own kernel for pixels called directly; no checks, no retries, no accounts. With
`--part K --parts N` it does every N-th row, so that N of them use N cores.
"""

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pyarrow.parquet as pq

from pipelines import decoding
from pipelines.tars import TarWriter


@dataclass(frozen=True, slots=True)
class Cost:
    """What the kernels took.

    Attributes:
      pictures: how many.
      startup_s: CPU seconds before the first line of work: the interpreter and imports.
      cpu_s: CPU seconds of the work.
      decode_s: of `cpu_s`, for decoding, resizing and encoding.
      measure_s: of `cpu_s`, for what pairmill measures of a picture's pixels.
    """

    pictures: int
    startup_s: float
    cpu_s: float
    decode_s: float
    measure_s: float


class _Stopwatch:
    """Sums the CPU seconds that a function takes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.seconds = 0.0

    def __call__(self, *args: Any) -> Any:
        began = time.process_time()
        result = self._function(*args)
        self.seconds += time.process_time() - began
        return result


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _work_off(
    rows: Iterator[tuple[int, dict[str, str]]],
    session: aiohttp.ClientSession,
    prepare: Callable[..., Any],
    tar: TarWriter,
) -> None:
    settings = decoding.Decoding()
    for number, row in rows:
        async with session.get(row["url"]) as response:
            body = await response.read()
        image, _ = prepare(body, settings)
        tar.add(f"{number:032x}.jpg", image)
        tar.add(f"{number:032x}.txt", row["caption"].encode())


async def _run(rows: list[dict[str, str]], concurrency: int, path: Path) -> tuple[float, float]:
    """Gathers all rows; returns the CPU seconds of `prepare` and of its measuring."""
    measuring = _Stopwatch(decoding.measured)
    decoding.measured = measuring
    preparing = _Stopwatch(decoding.prepare)
    left = iter(enumerate(rows))
    with path.open("wb", buffering=1 << 20) as file:
        tar = TarWriter(file)
        connector = aiohttp.TCPConnector(limit=concurrency)
        async with aiohttp.ClientSession(connector=connector) as session:
            workers = (_work_off(left, session, preparing, tar) for _ in range(concurrency))
            await asyncio.gather(*workers)
        tar.close()
    return preparing.seconds, measuring.seconds


def main() -> None:
    startup_s = _cpu_s()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="Parquet: url, caption")
    parser.add_argument("tar", type=Path, help="to be written")
    parser.add_argument("--concurrency", type=int, default=64, help="requests in flight")
    parser.add_argument("--part", type=int, default=0, help="which part of the rows, from 0")
    parser.add_argument("--parts", type=int, default=1, help="of how many")
    args = parser.parse_args()
    began_s = _cpu_s()
    rows = pq.read_table(args.table, columns=["url", "caption"]).to_pylist()
    rows = rows[args.part :: args.parts]
    prepare_s, measure_s = asyncio.run(_run(rows, args.concurrency, args.tar))
    cost = Cost(len(rows), startup_s, _cpu_s() - began_s, prepare_s - measure_s, measure_s)
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
