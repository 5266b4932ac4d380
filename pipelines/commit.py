"""Shards of pictures become visible whole or not at all, whoever crashes, races or comes twice.

An attempt at a shard is written under a name of its own. Whoever first creates the shard's claim,
naming the attempt, decides; everyone then moves that attempt's files, the marker last. Each step
can be done again by anyone, so a claim without a marker is work to finish, not damage.
"""

import json
from typing import Any
from uuid import uuid4

from pipelines.storage import Folder
from schemas.layout import STATS_SUFFIX, TARS, WORK, shard_name

GATHER = "gather"

_SUFFIXES = (".tar", ".parquet", STATS_SUFFIX)  # in the order of moving


class Attempt:
    """One attempt at shard `number` of a stage; write its three files, then commit."""

    def __init__(self, output: Folder, number: int, stage: str = GATHER) -> None:
        self._output = output
        self._stage = stage
        self._number = number
        self._shard = shard_name(number)
        self._name = f"{self._shard}-{uuid4().hex}"

    @property
    def folder(self) -> Folder:
        return _attempts(self._output, self._stage)

    def name(self, suffix: str) -> str:
        """The file below `folder` to write for `suffix`: `.tar`, `.parquet` or `_stats.json`."""
        return f"{self._name}{suffix}"

    def commit(self) -> None:
        """Makes this attempt the shard, unless another attempt already is."""
        if is_committed(self._output, self._number, self._stage):  # long ago, its claim gone
            return
        _claims(self._output, self._stage).create(self._shard, self._name.encode())
        finish_claim(self._output, self._shard, self._stage)


def finish_claim(output: Folder, shard: str, stage: str = GATHER) -> None:
    """Gives the attempt that claimed `shard` its final names."""
    winner = _claims(output, stage).read(shard).decode()
    for suffix in _SUFFIXES:
        target = output / TARS[stage]
        _attempts(output, stage).move(f"{winner}{suffix}", target, f"{shard}{suffix}")


def finish_claims(output: Folder, stage: str = GATHER) -> None:
    """Finishes what a killed run had decided but not done."""
    committed = committed_shards(output, stage)
    for shard in _claims(output, stage).names():
        if shard not in committed:
            finish_claim(output, shard, stage)


def is_committed(output: Folder, number: int, stage: str = GATHER) -> bool:
    """Whether shard `number` of a stage is complete."""
    return (output / TARS[stage]).exists(f"{shard_name(number)}{STATS_SUFFIX}")


def committed_shards(output: Folder, stage: str = GATHER) -> set[str]:
    """The names of a stage's shards that are complete, by their markers."""
    names = (output / TARS[stage]).names()
    return {name.removesuffix(STATS_SUFFIX) for name in names if name.endswith(STATS_SUFFIX)}


def stats_of(output: Folder, shard: str, stage: str = GATHER) -> dict[str, Any]:
    """What a committed shard's marker says."""
    stats: dict[str, Any] = json.loads((output / TARS[stage]).read(f"{shard}{STATS_SUFFIX}"))
    return stats


def _attempts(output: Folder, stage: str) -> Folder:
    return output / f"{WORK}/{stage}/attempts"


def _claims(output: Folder, stage: str) -> Folder:
    return output / f"{WORK}/{stage}/claims"
