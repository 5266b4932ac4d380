"""Planned shards to lanes, so that all that ask a host together keep to its budget."""

import json
from typing import Any

from pipelines.commit import committed_shards
from pipelines.hosts import Budget
from pipelines.lanes import Lane, PlannedShard
from pipelines.storage import Folder

_FEWEST_SHARDS = 32  # so that workers end at about the same time, however many there are
_SMALLEST_SHARD = 100  # things to fetch
_SHARDS_AT_ONCE = 4  # of a lane: their rows are in memory


def per_shard(most: int, rows: int) -> int:
    """How many things a shard is to have, `most` at most.

    The number of workers has no say in it: teachers look at batches of a shard's pictures, and the
    last bits of what they say depend on the batch.
    """
    even = -(-rows // _FEWEST_SHARDS)
    return min(most, max(_SMALLEST_SHARD, even))


def numbered(output: Folder, plan: Folder, buckets: int, stage: str) -> list[dict[str, Any]]:
    """The shards that `pipelines.slots` planned, numbered after the last of the stage's."""
    first = max((int(name) for name in committed_shards(output, stage)), default=-1) + 1
    shards = [
        shard
        for bucket in range(buckets)
        for shard in json.loads((plan / "lists").read(f"{bucket:05d}.json"))
    ]
    folder = plan.uri.removeprefix(f"{output.uri}/")
    return [
        {"number": number, "plan": f"{folder}/shards/{shard['plan']}", "host": shard["host"]}
        for number, shard in enumerate(shards, start=first)
    ]


def lanes_of(shards: list[dict[str, Any]], per_host: int, workers: int) -> list[Lane]:
    """Shards to lanes: the shards of one hot host share its budget; a worker gets one of others."""
    cold, hot = list[PlannedShard](), dict[str, list[PlannedShard]]()
    hosts = {shard["host"] for shard in shards}
    other = share_of(per_host, workers or per_host)
    for shard in shards:
        judges = not shard["host"] or len(hosts) == 1
        planned = PlannedShard(shard["number"], shard["plan"], judges)
        if shard["host"]:
            hot.setdefault(shard["host"], []).append(planned)
        else:
            cold.append(planned)
    together = min(len(cold), workers or len(cold))
    lanes = [
        Lane(tuple(cold[n::together]), Budget(per_host), other, _SHARDS_AT_ONCE)
        for n in range(together)
    ]
    for planned_shards in hot.values():
        at_once = min(len(planned_shards), per_host, workers or per_host)
        budget = share_of(per_host, at_once)
        lanes += [Lane(tuple(planned_shards[n::at_once]), budget, other) for n in range(at_once)]
    return lanes


def share_of(per_host: int, lanes: int) -> Budget:
    """What each of several lanes may ask of a host that all of them ask."""
    return Budget(max(1, per_host // lanes), sharers=lanes)
