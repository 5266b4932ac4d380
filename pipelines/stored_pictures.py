"""Reads stored pictures out of gathered tars, by their places."""

from collections import defaultdict
from collections.abc import Iterable

from pipelines.storage import Folder
from schemas.layout import shard_name

_GAP_BYTES = 16 << 10  # read through rather than asked for apart

Place = tuple[int, int, int]
"""Of a picture: gathered shard, offset in bytes, size in bytes."""


def read_pictures(gathered: Folder, places: Iterable[Place]) -> dict[tuple[int, int], bytes]:
    """Encoded pictures by shard and offset, neighbours read in one range."""
    by_shard: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for shard, offset, size in places:
        by_shard[shard].add((offset, size))
    images = {}
    for shard, members in by_shard.items():
        spans = _coalesced(sorted(members))
        ranges = gathered.ranges(
            f"{shard_name(shard)}.tar", [(start, end) for start, end, _ in spans]
        )
        for (start, _, inside), data in zip(spans, ranges, strict=True):
            for offset, size in inside:
                images[shard, offset] = data[offset - start : offset - start + size]
    return images


def _coalesced(
    places: list[tuple[int, int]],
) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Sorted (offset, size) as ranges (start, end, members), near ones in one."""
    spans: list[tuple[int, int, list[tuple[int, int]]]] = []
    for offset, size in places:
        if spans and offset - spans[-1][1] <= _GAP_BYTES:
            start, end, members = spans.pop()
            spans.append((start, max(end, offset + size), [*members, (offset, size)]))
        else:
            spans.append((offset, offset + size, [(offset, size)]))
    return spans
