"""A lane: gathered shards that one worker makes, sharing a host's politeness."""

import asyncio
import hashlib
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial

import apache_beam as beam

from filters.response import FetchFault, may_be_the_network
from pipelines.commit import GATHER, Attempt, committed_shards, is_committed, stats_of
from pipelines.decoder import Decoder
from pipelines.decoding import DecodeError, Decoding
from pipelines.errors import FetchError, RunError
from pipelines.fetching import Fetched, Fetcher
from pipelines.gathered_rows import Gathered, commit_shard, gathering
from pipelines.hosts import Budget, Hosts
from pipelines.http_client import PICTURES, Client
from pipelines.network import Network
from pipelines.recipe import Gather
from pipelines.resolving import Resolver
from pipelines.storage import Folder
from pipelines.transforms.tables import read_rows
from schemas.layout import shard_name
from schemas.rows import GatheredPicture, Measures, PlannedPicture

_ENOUGH_TO_JUDGE = 20  # pictures; fewer may well all be gone
_SHARDS_ASKED = 8  # for hosts that answered


@dataclass(frozen=True, slots=True)
class PlannedShard:
    """A shard to gather.

    Attributes:
      number: its final number.
      plan: the Parquet file of its `PlannedPicture`s, below the output.
      judges_network: whether its hosts are all there are, or several: if none of them can be
        reached, it is the network that is down.
    """

    number: int
    plan: str
    judges_network: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """Shards for one worker, in order.

    Attributes:
      shards: at least one.
      budget: what it may ask of each host planned for it.
      other: what of a host that a redirect leads to.
      at_once: shards that may be open together, so that hosts that stall hold up theirs alone; 1
        where shards are of the same host.
    """

    shards: tuple[PlannedShard, ...]
    budget: Budget
    other: Budget
    at_once: int = 1

    def without(self, done: set[str]) -> "Lane":
        """What is left of it when the shards of the names `done` are committed."""
        left = tuple(shard for shard in self.shards if shard_name(shard.number) not in done)
        return replace(self, shards=left)


Prepare = Callable[[Fetched], Awaitable[tuple[bytes, Measures]]]
"""What is stored of a thing that was fetched, and what is known of it then.

Raises DecodeError or FetchError where it is not what was asked for.
"""


class GatherLane(beam.DoFn):
    """Fetches, decodes and commits a lane's shards; those already committed are passed over.

    Args:
      output: of the recipe.
      rules: of the recipe.
      hosts: a folder where lanes tell each other of hosts that several of them ask.
    """

    stage: str = GATHER
    accept: str = PICTURES
    makes: type[Gathered] = Gathered

    def __init__(self, output: Folder, rules: Gather, hosts: Folder) -> None:
        self._output = output
        self._rules = rules
        self._shared = hosts
        self._decoding = Decoding(
            **{field.name: getattr(rules, field.name) for field in fields(Decoding)}
        )

    def process(self, lane: Lane) -> Iterator[int]:
        asyncio.run(self._gather_lane(lane))
        yield from (shard.number for shard in lane.shards)

    async def _gather_lane(self, lane: Lane) -> None:
        """Gathers the shards that are missing, with one decoder and the same connections."""
        rules = self._rules
        client = Client(Resolver(frozenset(rules.allow_hosts)), rules.user_agent, self.accept)
        hosts = Hosts(lane.budget, lane.other, rules.deadline_s)
        network = Network(client, partial(_witnesses, self._output, self.stage))
        async with (
            self.preparing() as prepare,
            Fetcher(rules, hosts, network, client, self._shared) as fetcher,
        ):
            room = _Room(rules.concurrency, lane.at_once)
            tools = _Tools(
                self._output, rules, lane.budget, hosts, network, fetcher, prepare, room,
                self.stage, self.makes,
            )  # fmt: skip
            left = [s for s in lane.shards if not is_committed(self._output, s.number, self.stage)]
            with _first_error():
                async with asyncio.TaskGroup() as shards:
                    for shard in left:
                        await room.shards.acquire()
                        await room.spare()
                        shards.create_task(tools.gather(shard))

    @asynccontextmanager
    async def preparing(self) -> AsyncIterator[Prepare]:
        """What makes stored pictures of bodies."""
        async with Decoder(self._decoding) as decoder:
            yield lambda fetched: decoder.prepare(fetched.body)


@contextmanager
def _first_error() -> Iterator[None]:
    """Lets the first error of a group out alone: a person is told one."""
    try:
        yield
    except ExceptionGroup as group:
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        raise error from None


class _Room:
    """What a lane's open shards share: requests in flight, and when another shard may be opened.

    Args:
      requests: in flight.
      shards: open.
    """

    def __init__(self, requests: int, shards: int) -> None:
        self.slots = asyncio.Semaphore(requests)
        self.shards = asyncio.Semaphore(shards)
        self._requests = requests
        self._askers = 0
        self._idle = asyncio.Event()

    async def spare(self) -> None:
        """Waits until the open shards no longer use all slots."""
        await asyncio.sleep(0)  # lets the last one that was opened begin
        if self._askers >= self._requests:
            self._idle.clear()
            await self._idle.wait()

    def asks(self) -> None:
        """Somebody has pictures to ask for."""
        self._askers += 1

    def asked(self) -> None:
        """Somebody has asked for all of theirs."""
        self._askers -= 1
        if self._askers < self._requests:
            self._idle.set()


@dataclass(frozen=True, slots=True)
class _Tools:
    """What a lane's shards are gathered with."""

    output: Folder
    rules: Gather
    budget: Budget
    hosts: Hosts
    network: Network
    fetcher: Fetcher
    prepare: Prepare
    room: _Room
    stage: str
    makes: type[Gathered]

    async def gather(self, shard: PlannedShard) -> None:
        pictures = read_rows(self.output, shard.plan, PlannedPicture)
        attempt = Attempt(self.output, shard.number, self.stage)
        started, image_format = time.time(), self.rules.image_format
        with gathering(attempt, shard.number, image_format, self.makes) as gathered:
            await self._fetch_all(pictures, gathered)
        await self.network.check()
        if shard.judges_network and not self.network.witnesses:
            check_any_answer(self.output, gathered.rows, self.stage)
        stats = gathered.stats(started, time.time(), self.network.witnesses)
        commit_shard(attempt, gathered.rows, stats, self.makes.row_type)
        self.room.shards.release()

    async def _fetch_all(self, pictures: list[PlannedPicture], gathered: Gathered) -> None:
        """Fetches `pictures`, each host's in turn, and takes them up as they come."""
        queues: dict[str, deque[PlannedPicture]] = defaultdict(deque)
        for picture in pictures:
            queues[picture.host].append(picture)
        self.hosts.plan(queues.keys() - {""})

        async def work_off(queue: deque[PlannedPicture]) -> None:
            while queue:
                async with self.room.slots:
                    # Another of this queue's workers may have emptied it meanwhile.
                    if queue:
                        await self._fetch_one(queue.popleft(), gathered)
            self.room.asked()

        async with asyncio.TaskGroup() as tasks:
            for host, queue in queues.items():
                at_once = self.budget.at_once if host else self.rules.concurrency
                for _ in range(min(len(queue), at_once)):
                    self.room.asks()
                    tasks.create_task(work_off(queue))

    async def _fetch_one(self, picture: PlannedPicture, gathered: Gathered) -> None:
        began = time.monotonic()
        try:
            fetched = await self.fetcher.fetch(picture.location)
        except FetchError as error:
            gathered.lose(picture, "failed_to_download", error.reason, error.detail)
            return
        gathered.took(time.monotonic() - began)
        expected = picture.expected_sha256
        if expected and expected != (found := hashlib.sha256(fetched.body).hexdigest()):
            gathered.sha256_mismatches += 1
            if self.rules.on_sha256_mismatch == "reject":
                gathered.lose(picture, "failed_to_download", FetchFault.SHA256, f"is {found}")
                return
        try:
            stored, measures = await self.prepare(fetched)
        except DecodeError as error:
            gathered.lose(picture, "failed_to_resize", error.fault.value, error.detail)
            return
        except FetchError as error:
            gathered.lose(picture, "failed_to_download", error.reason, error.detail)
            return
        gathered.keep(picture, stored, measures)


def _witnesses(output: Folder, stage: str) -> list[str]:
    """Origins that answered when earlier shards were gathered, from all over the run."""
    shards = sorted(committed_shards(output, stage))
    some = shards[:: max(1, len(shards) // _SHARDS_ASKED)]
    return [origin for shard in some for origin in stats_of(output, shard, stage)["answered"][:1]]


def check_any_answer(output: Folder, rows: list[GatheredPicture], stage: str = GATHER) -> None:
    """Stops a run whose network is down from its beginning.

    Raises:
      RunError: where no server could be reached for a whole shard, nor for any shard before it.
    """
    if len(rows) < _ENOUGH_TO_JUDGE or not all(may_be_the_network(row.reason) for row in rows):
        return
    shards = committed_shards(output, stage)
    if not any(stats_of(output, shard, stage)["successes"] for shard in shards):
        last = rows[-1].error_message
        raise RunError(
            f"none of {len(rows)} URLs could be asked for: is the network up? Said last: {last}"
        )
