"""What is to be translated: each text once a language, and of these what no memory has.

Texts are regrouped by a hash into buckets. A bucket's translations are looked up, what is missing
is cut to batches of like length and these to pieces of work: the same ones on any runner. What a
first turn said in the pivot's language is planned in a second one like any other text.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.translator import Sizer
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import read_rows, write_table
from pipelines.translate_wanted import (
    BACK,
    THERE,
    Between,
    Desk,
    Lookup,
    Phrase,
    Wanted,
    phrases_of,
    wanted_folder,
)
from pipelines.translators import load_known
from schemas.layout import part_name

REQUESTS = "requests"
PIECES = "pieces"
BATCHES_A_PIECE = 16
_FEW_BUCKETS = 1_024  # enough pieces for all workers

_COUNTED = ("texts", "imported", "remembered", "later", "asked", "tokens")


@dataclass(frozen=True, slots=True)
class Request:
    """A text that a translator is to be asked about.

    Attributes:
      key: of the text.
      source_language: its.
      source_text: …
      language: what the answer is to be in.
      tokens: that the text has.
      batch: number in its file; those of a batch are given together.
    """

    key: str
    source_language: str
    source_text: str
    language: str
    tokens: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class TranslationPiece:
    """Work for one worker: some batches of a bucket's requests to one translator.

    Attributes:
      file: of the requests.
      number: of the piece in it, from 0.
      first: row of the file.
      end: behind its last row.
      speaker: number of the translator.
      memory: name of the folder where its results go.
      tokens: of what the translator is given.
    """

    file: str
    number: int
    first: int
    end: int
    speaker: int
    memory: str
    tokens: int

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.file.removesuffix('.parquet')}-{self.number:05d}"

    @property
    def group(self) -> str:
        """Turn and translator: pieces of a group are worked on in one pipeline."""
        return f"{self.file.partition('-')[0]}-{self.speaker}"


@dataclass(slots=True)
class BucketPlan:
    """What is to be done for a bucket in one turn.

    Attributes:
      pieces: of work.
      texts: distinct texts to be said in a language, by pair `en-de`; counted in the first turn.
      imported: of these, found in what was imported.
      remembered: found in the translators' memories.
      later: to be looked up and asked for when the pivot's text is there, in the second turn.
      asked: texts that translators are to be asked about, by speaker and pair `0 en-de`.
      tokens: of these.
    """

    pieces: list[TranslationPiece] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    imported: Counter[str] = field(default_factory=Counter)
    remembered: Counter[str] = field(default_factory=Counter)
    later: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)

    def add(self, other: "BucketPlan") -> None:
        """Adds what is to be done for others."""
        self.pieces += other.pieces
        self.texts.update(other.texts)
        self.imported.update(other.imported)
        self.remembered.update(other.remembered)
        self.later.update(other.later)
        self.asked.update(other.asked)
        self.tokens.update(other.tokens)

    def to_json(self) -> bytes:
        pieces = [asdict(piece) for piece in self.pieces]
        counts = {name: dict(getattr(self, name)) for name in _COUNTED}
        return json.dumps({"pieces": pieces, **counts}).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "BucketPlan":
        """Reads what `to_json` wrote."""
        values = json.loads(text)
        pieces = [TranslationPiece(**row) for row in values.pop("pieces")]
        return cls(pieces, *(Counter(values[name]) for name in _COUNTED))


def batches_a_piece(buckets: int) -> int:
    """How many batches a piece has: of many buckets more, as the driver holds all pieces.

    >>> batches_a_piece(12), batches_a_piece(4_096)
    (16, 64)
    """
    return BATCHES_A_PIECE * max(1, buckets // _FEW_BUCKETS)


class PlanRequests(beam.DoFn):
    """Plans what translators are to be asked for a bucket; leaves requests and a `BucketPlan`.

    Args:
      desk: …
      turn: of `TURNS`: what is said at once and what goes into the pivot, or what comes out of it.
      again: faults in the memory for which a text is asked for again.
      batches: of a piece.
    """

    def __init__(self, desk: Desk, turn: int, again: tuple[str, ...], batches: int) -> None:
        self._desk = desk
        self._turn = turn
        self._again = again
        self._batches = batches
        self._sizers: dict[int, Sizer] = {}

    def process(self, bucket: int) -> None:
        name = part_name(bucket)
        work = self._desk.work
        if (work / PIECES / str(self._turn)).exists(f"{name}.json"):  # a bundle that came twice
            return
        plan = BucketPlan()
        by_speaker: dict[int, dict[tuple[str, str], Request]] = defaultdict(dict)
        for speaker, request in self._requests(bucket, plan):
            by_speaker[speaker].setdefault((request.key, request.language), request)
        for number, (speaker, requests) in enumerate(sorted(by_speaker.items())):
            file = f"{self._turn}-{bucket:05d}-{number:02d}.parquet"
            plan.pieces += self._write(file, speaker, list(requests.values()), plan)
        (work / PIECES / str(self._turn)).write(f"{name}.json", plan.to_json())

    def _requests(self, bucket: int, plan: BucketPlan) -> Iterator[tuple[int, Request]]:
        """What is to be asked for a bucket, and whom; counts the rest."""
        folder, name = wanted_folder(self._desk.work, self._turn), part_name(bucket)
        if self._turn in (THERE, BACK):
            phrases = phrases_of(read_rows(folder, name, Wanted))
            lookup = Lookup(self._desk, phrases)
            for phrase in phrases:
                for target in phrase.targets:
                    yield from self._of_source(phrase, target, lookup, plan)
            return
        rows = read_rows(folder, name, Between)
        lookup = Lookup(self._desk, phrases_of(rows))
        for row in rows:
            for target in row.languages.split():
                yield from self._out_of_pivot(row, target, lookup, plan)

    def _of_source(
        self, phrase: Phrase, target: str, lookup: Lookup, plan: BucketPlan
    ) -> Iterator[tuple[int, Request]]:
        key, language, text = phrase.key, phrase.language, phrase.text
        route = self._desk.routes.of(language, target)
        assert route is not None
        first, pair = route.speakers[0], f"{language}-{target}"
        into = (key, route.pivot or target)
        plan.texts[pair] += 1
        if lookup.imported(key, target):
            plan.imported[pair] += 1
        elif route.pivot:
            plan.later[pair] += 1
            if not (lookup.imported(key, route.pivot) or self._is_known(lookup, first, into)):
                yield first, Request(key, language, text, route.pivot)
        elif self._is_known(lookup, first, into):
            plan.remembered[pair] += 1
        else:
            yield first, Request(key, language, text, target)

    def _is_known(self, lookup: Lookup, speaker: int, into: tuple[str, str]) -> bool:
        """Whether a translator need not be asked for a text, named by key, in a language."""
        found = lookup.by(speaker, *into)
        return found is not None and found.fault not in self._again

    def _out_of_pivot(
        self, row: Between, target: str, lookup: Lookup, plan: BucketPlan
    ) -> Iterator[tuple[int, Request]]:
        speaker = self._desk.routes.direct(row.source_language, target)
        assert speaker is not None
        pair = f"{row.of_language}-{target}"
        if lookup.imported(row.key, target):
            plan.imported[pair] += 1
        elif self._is_known(lookup, speaker, (row.key, target)):
            plan.remembered[pair] += 1
        else:
            yield speaker, Request(row.key, row.source_language, row.text, target)

    def _write(
        self, file: str, speaker: int, requests: list[Request], plan: BucketPlan
    ) -> Iterator[TranslationPiece]:
        """Writes requests batch by batch; counts them and cuts pieces of them."""
        ordered, ends = self._batched(speaker, requests)
        columns = (ordered[name].to_pylist() for name in ("source_language", "language", "tokens"))
        for source, target, tokens in zip(*columns, strict=True):
            plan.asked[f"{speaker} {source}-{target}"] += 1
            plan.tokens[f"{speaker} {source}-{target}"] += tokens
        write_table(self._desk.work / REQUESTS, file, ordered)
        memory = self._desk.routes.speakers[speaker].memory_name
        first = 0
        last_ends = [*ends[self._batches - 1 : -1 : self._batches], *ends[-1:]]
        for number, end in enumerate(last_ends):
            tokens = pc.sum(ordered["tokens"].slice(first, end - first)).as_py()
            yield TranslationPiece(file, number, first, end, speaker, memory, tokens)
            first = end

    def _batched(self, speaker: int, requests: list[Request]) -> tuple[pa.Table, list[int]]:
        """A table of requests in the order of their batches, and where each batch ends."""
        if speaker not in self._sizers:
            self._sizers[speaker] = load_known(self._desk.routes.speakers[speaker].spec)
        sizes = self._sizers[speaker].sizes(
            [request.source_text for request in requests],
            [request.source_language for request in requests],
            [request.language for request in requests],
        )
        tried = {number for batch in sizes.batches for number in batch}
        others = [number for number in range(len(requests)) if number not in tried]
        batches = [batch for batch in (others, *sizes.batches) if batch]
        order = [at for batch in batches for at in batch]
        numbers = [number for number, batch in enumerate(batches) for _ in batch]
        tokens = [sizes.tokens[at] if at in tried else 0 for at in order]
        ordered = table_of(Request, requests).take(pa.array(order, pa.int64()))
        for name, column in (("tokens", tokens), ("batch", numbers)):
            at = ordered.schema.get_field_index(name)
            ordered = ordered.set_column(at, ordered.field(name), pa.array(column, pa.int64()))
        return ordered, np.cumsum([len(batch) for batch in batches]).tolist()


def read_plan(work: Folder, turn: int) -> BucketPlan:
    """What is to be done in a turn, for all buckets."""
    whole, folder = BucketPlan(), work / PIECES / str(turn)
    for name in folder.names():
        whole.add(BucketPlan.from_json(folder.read(name)))
    return whole
