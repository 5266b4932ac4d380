"""Gathered shards become visible whole or not at all, whoever crashes, races or comes twice.

An attempt at a shard is written under a name of its own. Whoever first creates the shard's claim,
naming the attempt, decides; everyone then moves that attempt's files, the marker last. Each step
can be done again by anyone, so a claim without a marker is work to finish, not damage.
"""

import json
from typing import Any
from uuid import uuid4

from pipelines.storage import Folder
from schemas.layout import GATHERED, STATS_SUFFIX, WORK, shard_name

_ATTEMPTS = f"{WORK}/gather/attempts"
_CLAIMS = f"{WORK}/gather/claims"
_SUFFIXES = (".tar", ".parquet", STATS_SUFFIX)  # in the order of moving


class Attempt:
    """One attempt at gathered shard `number`; write its three files, then commit."""

    def __init__(self, output: Folder, number: int) -> None:
        self._output = output
        self._number = number
        self._shard = shard_name(number)
        self._name = f"{self._shard}-{uuid4().hex}"

    @property
    def folder(self) -> Folder:
        return self._output / _ATTEMPTS

    def name(self, suffix: str) -> str:
        """The file below `folder` to write for `suffix`: `.tar`, `.parquet` or `_stats.json`."""
        return f"{self._name}{suffix}"

    def commit(self) -> None:
        """Makes this attempt the shard, unless another attempt already is."""
        if is_committed(self._output, self._number):  # perhaps long ago, its claim gone
            return
        (self._output / _CLAIMS).create(self._shard, self._name.encode())
        finish_claim(self._output, self._shard)


def finish_claim(output: Folder, shard: str) -> None:
    """Gives the attempt that claimed `shard` its final names."""
    winner = (output / _CLAIMS).read(shard).decode()
    for suffix in _SUFFIXES:
        (output / _ATTEMPTS).move(f"{winner}{suffix}", output / GATHERED, f"{shard}{suffix}")


def finish_claims(output: Folder) -> None:
    """Finishes what a killed run had decided but not done."""
    committed = committed_shards(output)
    for shard in (output / _CLAIMS).names():
        if shard not in committed:
            finish_claim(output, shard)


def is_committed(output: Folder, number: int) -> bool:
    """Whether gathered shard `number` is complete."""
    return (output / GATHERED).exists(f"{shard_name(number)}{STATS_SUFFIX}")


def committed_shards(output: Folder) -> set[str]:
    """The names of the gathered shards that are complete, by their markers."""
    names = (output / GATHERED).names()
    return {name.removesuffix(STATS_SUFFIX) for name in names if name.endswith(STATS_SUFFIX)}


def stats_of(output: Folder, shard: str) -> dict[str, Any]:
    """What a committed shard's marker says."""
    stats: dict[str, Any] = json.loads((output / GATHERED).read(f"{shard}{STATS_SUFFIX}"))
    return stats
