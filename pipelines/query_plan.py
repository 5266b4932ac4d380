"""Which pages a model is asked about: those that the rules keep, and of these what no memory has.

Pages are regrouped by their pictures, so that one that stands on several is asked about once. A
bucket's answers are looked up; what is missing is cut to pieces of work: the same ones on any
runner.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any

import apache_beam as beam
import pyarrow as pa

from model.query_writer import QueryWriterSpec
from pipelines.memory import REMEMBERED, Memory
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import read_rows, read_table, rows_of, write_table
from schemas.layout import part_name

PAGES_A_PIECE = 32
PLAN_FILE = "plan.json"
WANTED = "wanted"
REQUESTS = "requests"
LOOSE = "loose"
"""Of a memory: answers of pieces of work that are not at their end, a file each."""

_SPENT_FILE = "spent.json"
_COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class WantedQueries:
    """A page that a model is to be asked about.

    Attributes:
      key: the SHA-256 of its stored picture.
      language: of the page.
      uid: of the page.
      image_shard: number of the tar that holds the picture.
      image_offset: bytes from the tar's start.
      image_size: bytes.
      tokens: that asking is guessed to take.
    """

    key: str
    language: str
    uid: str
    image_shard: int
    image_offset: int
    image_size: int
    tokens: int


WANTED_QUERIES = arrow_schema(WantedQueries)


@dataclass(frozen=True, slots=True)
class AskedPiece:
    """Work for one worker: some pages of a bucket.

    Attributes:
      bucket: of the requests.
      first: row of the bucket's requests.
      end: behind its last row.
      tokens: that they are guessed to take.
    """

    bucket: int
    first: int
    end: int
    tokens: int

    @property
    def marker(self) -> str:
        """The file that says that it is done."""
        return f"{self.bucket:05d}-{self.first:07d}.json"

    def __len__(self) -> int:
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What a model is to be asked.

    Attributes:
      pages: that queries are wanted of.
      remembered: of their pictures, by language, answered before.
      beyond: that the budget does not suffice for.
      pieces: of work.
    """

    pages: int
    remembered: int
    beyond: int
    pieces: tuple[AskedPiece, ...]

    @property
    def requests(self) -> int:
        return sum(map(len, self.pieces))

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for piece in self.pieces)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "QueryPlan":
        """Reads what `to_json` wrote."""
        values = json.loads(text)
        pieces = tuple(AskedPiece(**piece) for piece in values.pop("pieces"))
        return cls(**values, pieces=pieces)


def memory_of(memory: Folder, spec: QueryWriterSpec) -> Folder:
    """Where a model's answers to a prompt are kept."""
    safe = "".join(c if c.isalnum() or c in "-_+." else "-" for c in spec.label)
    return memory / f"queries-{safe}"


class PlanBucket(beam.DoFn):
    """Leaves a bucket's `WantedQueries`, and those of them that are to be asked for.

    Args:
      work: where.
      memory: see `memory_of`.
      again: faults for which a page is asked about again.
    """

    def __init__(self, work: Folder, memory: Folder, again: tuple[str, ...]) -> None:
        self._work = work
        self._memory = memory
        self._again = again

    def process(self, keyed: Keyed) -> None:
        bucket, tables = keyed
        name = part_name(bucket)
        order = [(column, "ascending") for column in ("key", "language", "uid")]
        wanted: pa.Table = tables[WANTED].sort_by(order)
        write_table(self._work / WANTED, name, wanted)
        first = {(row.key, row.language): row for row in reversed(rows_of(wanted, WantedQueries))}
        known = answers_to(wanted, self._memory)
        stands = {pair for pair, row in known.items() if row["fault"] not in self._again}
        loose = {*(self._memory / LOOSE).names()}  # of a killed run, where this one asks nothing
        stands |= {pair for pair in first if loose_name(*pair) in loose}
        missing = [first[pair] for pair in sorted(first) if pair not in stands]
        write_table(self._work / REQUESTS, name, table_of(WantedQueries, missing))
        counts = {"pages": wanted.num_rows, "remembered": len(stands)}
        (self._work / _COUNTS).write(f"{bucket:05d}.json", json.dumps(counts).encode())


def answers_to(wanted: pa.Table, memory: Folder) -> dict[tuple[str, str], dict[str, Any]]:
    """What a memory has of `WantedQueries`, `pipelines.memory.Remembered` by key and language."""
    pairs = wanted.group_by(["key", "language"]).aggregate([])
    pairs = pairs.sort_by([("key", "ascending"), ("language", "ascending")]).combine_chunks()
    columns = [pairs[name].combine_chunks() for name in ("key", "language")]
    found = Memory(memory).find(*columns)
    return {(row["key"], row["language"]): row for row in found.to_pylist()}


def cut_plan(work: Folder, max_requests: int) -> QueryPlan:
    """Cuts what `PlanBucket` left to pieces of work, as many as the budget suffices for.

    Args:
      work: …
      max_requests: 0: any number.
    """
    counts = Counter[str]()
    for name in (work / _COUNTS).names():
        counts.update(json.loads((work / _COUNTS).read(name)))
    pieces, beyond, left = list[AskedPiece](), 0, max_requests or float("inf")
    for bucket, name in enumerate((work / REQUESTS).names()):
        tokens = read_table(work / REQUESTS, name, ["tokens"])["tokens"].to_pylist()
        end = int(min(left, len(tokens)))
        left -= end
        beyond += len(tokens) - end
        for first in range(0, end, PAGES_A_PIECE):
            last = min(first + PAGES_A_PIECE, end)
            pieces.append(AskedPiece(bucket, first, last, sum(tokens[first:last])))
    return QueryPlan(counts["pages"], counts["remembered"], beyond, tuple(pieces))


def loose_name(key: str, language: str) -> str:
    """The file with the answer about a picture, until its piece of work is done."""
    return f"{key}-{language}.json"


def keep_loose(memory: Folder) -> None:
    """Brings the answers that a run left loose when it was killed into the memory."""
    loose = memory / LOOSE
    names = loose.names()
    for start in range(0, len(names), 1000):
        some = names[start : start + 1000]
        rows = [json.loads(loose.read(name)) for name in some]
        Memory(memory).add(pa.Table.from_pylist(rows, REMEMBERED))
        for name in some:
            (loose / name).remove()


def requests_of(work: Folder, piece: AskedPiece) -> list[WantedQueries]:
    """The pages of a piece of work."""
    rows: list[WantedQueries] = read_rows(work / REQUESTS, part_name(piece.bucket), WantedQueries)
    return rows[piece.first : piece.end]


@dataclass(frozen=True, slots=True)
class Spent:
    """What pieces of work took.

    Attributes:
      count: pages that were asked about.
      successes: of these, answered.
      source_tokens: that the model read.
      tokens: that it wrote.
      seconds: of processes.
    """

    count: int = 0
    successes: int = 0
    source_tokens: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def paid(self) -> int:
        """Tokens."""
        return self.source_tokens + self.tokens

    def __add__(self, other: "Spent") -> "Spent":
        ours, theirs = asdict(self), asdict(other)
        return replace(self, **{name: ours[name] + theirs[name] for name in ours})


def write_spent(memory: Folder, spent: Spent) -> None:
    """Remembers what a run took, for the next one's estimate."""
    if spent.count:
        memory.write(_SPENT_FILE, json.dumps(asdict(spent)).encode())


def read_spent(memory: Folder) -> Spent:
    """What the last run that asked took."""
    try:
        return Spent(**json.loads(memory.read(_SPENT_FILE)))
    except FileNotFoundError:
        return Spent()
