"""Asks a vision model for queries of pages; what was answered stays answered.

Each answer is written into the memory when it comes, as a file of its own; a piece of work that is
done becomes a file of the memory with all of its answers, then leaves its marker.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Event
from typing import Any

import apache_beam as beam
import pyarrow as pa

from filters.text import text_fault
from model.query_writer import Answer, QueryWriter
from pipelines.errors import RunError
from pipelines.memory import REMEMBERED, Memory, Remembered
from pipelines.progress import duration
from pipelines.query_options import Queries
from pipelines.query_plan import (
    LOOSE,
    PLAN_FILE,
    WANTED,
    AskedPiece,
    QueryPlan,
    Spent,
    WantedQueries,
    answers_to,
    cut_plan,
    loose_name,
    memory_of,
    read_spent,
    requests_of,
    write_spent,
)
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.stored_pictures import read_pictures
from pipelines.transforms.blocks import Deal
from pipelines.transforms.tables import read_table
from schemas.layout import DOCUMENTS, MEMORY, part_name

BUDGET_SPENT = "budget-spent"
"""Why a page was not asked about."""

_DONE = "done"

ANSWERS = pa.schema([(name, pa.string()) for name in ("uid", "text", "fault")])
"""What became of a page that a model was to be asked about: its answer, or why there is none."""


class Desk:
    """What asking is done with.

    Attributes:
      work: folder of the run.
      memory: folder of the model's answers.
      queries: the recipe's.

    Args:
      run: …
      queries: …
      work: …
    """

    def __init__(self, run: Run, queries: Queries, work: Folder) -> None:
        self.work = work
        self.queries = queries
        self.memory = memory_of(Folder(run.output.path(MEMORY)), queries)
        self.documents = run.output / DOCUMENTS

    @property
    def is_planned(self) -> bool:
        """Whether it is known what is to be asked."""
        return self.work.exists(PLAN_FILE)

    @property
    def buckets(self) -> int:
        """That the wanted queries lie in."""
        return len((self.work / WANTED).names())

    def plan(self) -> QueryPlan:
        """What is to be asked."""
        if not self.is_planned:
            plan = cut_plan(self.work, self.queries.max_requests)
            self.work.write(PLAN_FILE, plan.to_json())
        return QueryPlan.from_json(self.work.read(PLAN_FILE))


def ask(run: Run, desk: Desk) -> None:
    """Asks what is planned and not done."""
    plan = desk.plan()
    for line in estimate_lines(desk, plan, run.workers):
        run.tell({"event": "note", "words": line})
    if not plan.pieces:
        return
    done, price = desk.work / _DONE, desk.queries.price
    name = f"asking {desk.queries.label}"
    run.step(name, len(plan.pieces), done, ".json", "pieces", plan.tokens, price)
    markers = set(done.names())
    if left := [piece for piece in plan.pieces if piece.marker not in markers]:
        with run.pipeline(len(left)) as pipeline:
            _ = pipeline | Deal("pieces", left) | beam.ParDo(AskPiece(desk))
    write_spent(desk.memory, spent_of(desk))


def estimate_lines(desk: Desk, plan: QueryPlan, workers: int) -> Iterator[str]:
    """How many pages are to be asked about, how long that takes and what it costs.

    Args:
      desk: …
      plan: …
      workers: processes, 0 where that is not known.
    """
    label, before = desk.queries.label, read_spent(desk.memory)
    words = f"{plan.pages:,} pages to have queries: {plan.remembered:,} pictures remembered, "
    yield f"{words}{plan.requests:,} to ask {label} about"
    if plan.beyond:
        words = f"{plan.beyond:,} more are beyond max_requests, and fail as {BUDGET_SPENT}"
        yield f"{words}: raise it, and the same command goes on"
    if not plan.requests:
        return
    tokens, known = plan.tokens, "guessed"
    if before.count:
        tokens, known = before.paid * plan.requests // before.count, "as in its last run"
    told = f"{plan.requests:,} requests of about {tokens:,} tokens, {known}"
    if desk.queries.price:
        told += f", cost about {desk.queries.price * tokens / 1e6:,.2f}"
    if before.count:
        seconds = before.seconds * plan.requests / before.count
        told += f", take about {duration(seconds)} in one process"
        if workers > 1:
            side_by_side = min(workers, len(plan.pieces))
            told += f", {duration(seconds / side_by_side)} in {side_by_side}"
    yield told


def spent_of(desk: Desk) -> Spent:
    """What was asked in this run so far."""
    done, names = desk.work / _DONE, Spent.__dataclass_fields__
    spent = Spent()
    for marker in done.names():
        values = json.loads(done.read(marker))
        spent += Spent(**{name: values[name] for name in names})
    return spent


def report_of(desk: Desk) -> dict[str, Any]:
    """What `stats` shows of a finished run."""
    plan, spent = desk.plan(), spent_of(desk)
    return {
        "model": desk.queries.label,
        "pages": plan.pages,
        "remembered": plan.remembered,
        "beyond_budget": plan.beyond,
        "asked": spent.count,
        "source_tokens": spent.source_tokens,
        "tokens": spent.tokens,
        "cost": round(desk.queries.price * spent.paid / 1e6, 4),
        "seconds": round(spent.seconds, 3),
    }


class AskPiece(beam.DoFn):
    """Asks about the pages of a piece of work that have no answer yet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def process(self, piece: AskedPiece) -> None:
        desk = self._desk
        if (desk.work / _DONE).exists(piece.marker):  # a bundle that came twice
            return
        began = time.perf_counter()
        requests = requests_of(desk.work, piece)
        known = set((desk.memory / LOOSE).names())
        left = [request for request in requests if _file_of(request) not in known]
        try:
            self._ask_all(left)
        except ConnectionError as error:
            raise RunError(f"{error}; the same command goes on from here") from error
        self._keep(piece, requests, time.perf_counter() - began)

    def _ask_all(self, requests: list[WantedQueries]) -> None:
        """Asks several at once; after one that nobody answers no further one."""
        stopped, queries = Event(), self._desk.queries
        with (
            QueryWriter(queries) as writer,
            ThreadPoolExecutor(queries.endpoint.concurrency) as pool,
        ):

            def ask(request: WantedQueries) -> None:
                if stopped.is_set():
                    return
                try:
                    self._ask(writer, request)
                except ConnectionError:
                    stopped.set()
                    raise

            for _ in pool.map(ask, requests):
                continue

    def _ask(self, writer: QueryWriter, request: WantedQueries) -> None:
        """Has a page's answer written down as soon as it is there."""
        place = request.image_shard, request.image_offset, request.image_size
        page = read_pictures(self._desk.documents, [place])[place[:2]]
        answer = writer.ask(page, request.language)
        row = json.dumps(asdict(_remembered(request, answer))).encode()
        (self._desk.memory / LOOSE).write(_file_of(request), row)

    def _keep(self, piece: AskedPiece, requests: list[WantedQueries], seconds: float) -> None:
        """Brings a piece's answers into one file, and leaves its marker."""
        loose, memory = self._desk.memory / LOOSE, self._desk.memory
        rows = [json.loads(loose.read(_file_of(request))) for request in requests]
        Memory(memory).add(pa.Table.from_pylist(rows, REMEMBERED))
        read, written = (sum(row[name] for row in rows) for name in ("source_tokens", "tokens"))
        good = sum(not row["fault"] for row in rows)
        spent = asdict(Spent(len(rows), good, read, written, seconds))
        marker = spent | {"work": piece.tokens, "paid": read + written}
        (self._desk.work / _DONE).write(piece.marker, json.dumps(marker).encode())
        for request in requests:
            (loose / _file_of(request)).remove()


def _file_of(request: WantedQueries) -> str:
    return loose_name(request.key, request.language)


def _remembered(request: WantedQueries, answer: Answer) -> Remembered:
    """An answer as a memory has it: of a picture, in a language."""
    unfit = text_fault(answer.text)
    return Remembered(
        key=request.key,
        source_language="",
        source_text="",
        language=request.language,
        text="" if unfit else answer.text,
        fault=answer.fault or unfit or "",
        source_tokens=answer.read,
        tokens=answer.written,
    )


class ReadAnswers(beam.DoFn):
    """A bucket's wanted queries to the answers that the memory has for them, `ANSWERS`.

    Args:
      desk: None where nobody is asked, and there are no buckets.
    """

    def __init__(self, desk: Desk | None) -> None:
        self._desk = desk

    def process(self, bucket: int) -> Iterator[pa.Table]:
        assert self._desk is not None
        name = part_name(bucket)
        wanted = read_table(self._desk.work / WANTED, name, ["key", "language", "uid"])
        found = answers_to(wanted, self._desk.memory)
        columns = (wanted[column].to_pylist() for column in ("key", "language", "uid"))
        nothing = {"text": "", "fault": BUDGET_SPENT}
        rows = [(uid, found.get((key, of), nothing)) for key, of, uid in zip(*columns, strict=True)]
        yield pa.Table.from_pylist(
            [{"uid": uid, "text": row["text"], "fault": row["fault"]} for uid, row in rows], ANSWERS
        )
