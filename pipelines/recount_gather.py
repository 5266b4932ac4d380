"""What the gathered shards say of themselves, by their markers."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.commit import stats_of
from pipelines.differences import Difference, missing_file, unreadable
from pipelines.storage import Folder
from pipelines.threads import in_threads
from schemas.layout import GATHERED, STATS_SUFFIX

_STAGE = "gather"
_SUMMED = (
    "count", "successes", "duration", "bytes_fetched", "bytes_stored", "sha256_mismatches"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GatheredShards:
    """What the markers of the gathered shards say.

    Attributes:
      shards: complete ones.
      pictures: with a fate, kept or not.
      kept: of these.
      seconds: that the shards took, summed; several are made at once.
      bytes_fetched: bodies of the pictures kept.
      bytes_stored: of the pictures in the tars.
      sha256_mismatches: pictures whose bytes are not those that their source expects.
      latencies: pictures by milliseconds that fetching took, rounded up to a power of two.
      failing_hosts: pictures not kept, by `host:port`; of each shard the hosts with the most.
      differences: markers that cannot be read, and shards without a table.
    """

    shards: int = 0
    pictures: int = 0
    kept: int = 0
    seconds: float = 0.0
    bytes_fetched: int = 0
    bytes_stored: int = 0
    sha256_mismatches: int = 0
    latencies: Counter[int] = field(default_factory=Counter)
    failing_hosts: Counter[str] = field(default_factory=Counter)
    differences: tuple[Difference, ...] = ()


def read_markers(output: Folder) -> GatheredShards:
    """Sums the markers of the shards that are complete."""
    files = set((output / GATHERED).names())
    names = sorted(name[: -len(STATS_SUFFIX)] for name in files if name.endswith(STATS_SUFFIX))
    sums: Counter[str] = Counter()
    latencies: Counter[int] = Counter()
    hosts: Counter[str] = Counter()
    differences = [
        missing_file(_STAGE, f"{GATHERED}/{name}.parquet")
        for name in names
        if f"{name}.parquet" not in files
    ]

    def read(name: str) -> dict[str, Any] | Difference:
        try:
            return dict(stats_of(output, name))
        except ValueError as error:
            file = f"{GATHERED}/{name}{STATS_SUFFIX}"
            return unreadable(_STAGE, file, f"it cannot be read: {error}")

    for stats in in_threads(read, names):
        if isinstance(stats, Difference):
            differences.append(stats)
        else:
            sums.update({key: stats.get(key, 0) for key in _SUMMED})
            latencies.update({int(ms): n for ms, n in stats.get("latency_ms", {}).items()})
            hosts.update(stats.get("failing_hosts", {}))
    return GatheredShards(
        shards=len(names),
        pictures=sums["count"],
        kept=sums["successes"],
        seconds=sums["duration"],
        bytes_fetched=sums["bytes_fetched"],
        bytes_stored=sums["bytes_stored"],
        sha256_mismatches=sums["sha256_mismatches"],
        latencies=latencies,
        failing_hosts=hosts,
        differences=tuple(differences),
    )
