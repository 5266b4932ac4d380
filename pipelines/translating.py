"""Has translators say what was planned, batch by batch; what is done stays done.

Each batch leaves a small table when it is translated. A piece of work whose batches are all there
becomes a file of the memory, then leaves its marker.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from filters.text import text_fault
from model.translator import Translation
from pipelines.memory import Memory, Remembered
from pipelines.storage import Folder
from pipelines.transforms.blocks import arrow_schema
from pipelines.transforms.tables import read_slice, read_table, rows_of, write_table
from pipelines.translate_plan import REQUESTS, Request, TranslationPiece

DONE = "done"
BATCHES = "batches"


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Texts that are translated at once.

    Attributes:
      piece: that they are of.
      number: of the batch in its file; -1: a piece all of whose batches are done, without texts.
      numbers: of all batches of the piece, where this is the last one to come, else ().
      requests: the texts.
    """

    piece: TranslationPiece
    number: int
    numbers: tuple[int, ...]
    requests: tuple[Request, ...]

    def __len__(self) -> int:
        return len(self.requests)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A batch when it is translated.

    Attributes:
      batch: …
      translations: of its requests.
      seconds: that it took.
    """

    batch: TextBatch
    translations: tuple[Translation, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class TimedTranslation(Remembered):
    """A row of a batch's table.

    Attributes:
      planned: tokens of the source, as it was planned.
      seconds: its share, by the tokens read and written, of the time that the batch took.
    """

    planned: int
    seconds: float


MEASURES = ("planned", "source_tokens", "tokens", "seconds")
"""Of translations; what markers of pieces have, also by pair of languages: `en-de tokens`."""


class ReadTextBatches(beam.DoFn):
    """A piece's batches that are not done, in their order."""

    def __init__(self, work: Folder) -> None:
        self._work = work

    def process(self, piece: TranslationPiece) -> Iterator[TextBatch]:
        if done_folder(self._work, piece).exists(marker_of(piece)):  # a bundle that came twice
            return
        tables = read_slice(self._work / REQUESTS, piece.file, piece.first, piece.end)
        requests = [request for table in tables for request in rows_of(table, Request)]
        batches = {number: tuple(of) for number, of in groupby(requests, key=lambda its: its.batch)}
        done = set((self._work / BATCHES / piece.name).names())
        left = [number for number in batches if batch_name(number) not in done]
        for number in left or [-1]:
            is_last = not left or number == left[-1]
            numbers = tuple(batches) if is_last else ()
            yield TextBatch(piece, number, numbers, batches.get(number, ()))


class KeepTranslations(beam.DoFn):
    """Keeps each batch's translations; when the last of a piece has come, all in the memory.

    A piece's batches come out of one element of the step before, one after the other.
    """

    def __init__(self, work: Folder, memory: Folder) -> None:
        self._work = work
        self._memory = memory

    def process(self, spoken: Spoken) -> None:
        batch = spoken.batch
        if batch.requests:
            self._keep_batch(spoken)
        if batch.numbers:
            self._keep_piece(batch.piece, batch.numbers)

    def _keep_batch(self, spoken: Spoken) -> None:
        batch = spoken.batch
        work = [1 + said.source_tokens + said.tokens for said in spoken.translations]
        a_token = spoken.seconds / sum(work)
        rows = [
            _row(request, translation, n * a_token)
            for request, translation, n in zip(
                batch.requests, spoken.translations, work, strict=True
            )
        ]
        table = pa.Table.from_pylist([asdict(row) for row in rows], TIMED)
        write_table(self._work / BATCHES / batch.piece.name, batch_name(batch.number), table)

    def _keep_piece(self, piece: TranslationPiece, numbers: tuple[int, ...]) -> None:
        folder = self._work / BATCHES / piece.name
        rows = pa.concat_tables([read_table(folder, batch_name(number)) for number in numbers])
        Memory(self._memory / piece.memory).add(rows)
        sums = {name: pc.sum(rows[name]).as_py() for name in MEASURES}
        good = pc.sum(pc.equal(rows["fault"], "")).as_py()
        paid = int(sums["source_tokens"] + sums["tokens"])
        counts = {"count": rows.num_rows, "successes": good, "work": piece.tokens, "paid": paid}
        marker = counts | sums | _by_pair(rows)
        marker_text = json.dumps(marker).encode()
        done_folder(self._work, piece).write(marker_of(piece), marker_text)
        folder.remove()


def _by_pair(rows: pa.Table) -> dict[str, float]:
    """The measures and the number of translations by pair of languages, `en-de tokens`."""
    pairs = rows.group_by(["source_language", "language"], use_threads=False)
    sums = pairs.aggregate([(name, "sum") for name in MEASURES] + [("key", "count")])
    return {
        f"{row['source_language']}-{row['language']} {name}": row[column]
        for row in sums.to_pylist()
        for name, column in [("texts", "key_count"), *((name, f"{name}_sum") for name in MEASURES)]
    }


def read_batches(work: Folder, piece: TranslationPiece) -> list[tuple[Request, ...]]:
    """The batches of a piece."""
    tables = read_slice(work / REQUESTS, piece.file, piece.first, piece.end)
    requests = [request for table in tables for request in rows_of(table, Request)]
    return [tuple(of) for _, of in groupby(requests, key=lambda its: its.batch)]


def done_folder(work: Folder, piece: TranslationPiece) -> Folder:
    """Where pieces leave their markers."""
    return work / DONE / piece.group


def done_of(work: Folder, pieces: Sequence[TranslationPiece]) -> list[TranslationPiece]:
    """Those of the pieces that have left their markers."""
    folders = {piece.group: done_folder(work, piece) for piece in pieces}
    markers = {group: set(folder.names()) for group, folder in folders.items()}
    return [piece for piece in pieces if marker_of(piece) in markers[piece.group]]


def marker_of(piece: TranslationPiece) -> str:
    """The file that says that a piece is translated."""
    return f"{piece.name}.json"


def batch_name(number: int) -> str:
    """The table of a batch."""
    return f"{number:05d}.parquet"


def _row(request: Request, translation: Translation, seconds: float) -> TimedTranslation:
    unfit = text_fault(translation.text)  # an endpoint may answer anything
    return TimedTranslation(
        request.key,
        request.source_language,
        request.source_text,
        request.language,
        "" if unfit else translation.text,
        translation.fault or unfit or "",
        translation.source_tokens,
        translation.tokens,
        request.tokens,
        seconds,
    )


TIMED = arrow_schema(TimedTranslation)
