"""Running stages: what stands is passed over, what is half done is taken up, nothing stale stays.

A stage writes into a work folder of its own, named after its fingerprint. When all is there, the
folders it made replace the old ones and its record `ledger/<stage>/_stage.json` is written last.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Protocol

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.errors import RunError
from pipelines.recipe import Recipe
from pipelines.records import STAGES, Counts, Record, imbalance, read_record
from pipelines.storage import Folder
from schemas.ids import digest
from schemas.layout import KEPT, KEPT_PAGES, STAGE_FILE, WORK, Tables, ledger_folder

FRESH = "fresh"
_OF_A_RUN = "run-"
_LIBRARIES = (
    "pairmill",
    "apache-beam",
    "pyarrow",
    "pillow",
    "opencv-python-headless",
    "simplejpeg",
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a recipe, as stages see it.

    Attributes:
      recipe: what to do.
      limit: read only so many rows of each source, None for all.
      retry: reasons for which something failed that is to be tried again.
      options: Beam's, as given on the command line.
      workers: processes that Beam is to use here, 0 where a runner of the user's decides.
      tell: takes events for the person who waits, see `pipelines.progress`.
    """

    recipe: Recipe
    limit: int | None
    retry: tuple[str, ...]
    options: tuple[str, ...]
    workers: int
    tell: Callable[[dict[str, Any]], None]

    @property
    def output(self) -> Folder:
        return Folder(self.recipe.output)

    def pipeline(self, pieces: int) -> beam.Pipeline:
        """A pipeline, run on leaving its `with`, of so many pieces of work that fill a worker.

        A worker process takes two seconds to start, so few pieces get few workers, and one piece
        none of its own.
        """
        workers = max(1, min(self.workers, pieces))
        mode = "in_memory" if workers == 1 else "multi_processing"
        local = (
            "--runner=FnApiRunner",
            f"--direct_running_mode={mode}",
            f"--direct_num_workers={workers}",
        )
        flags = [*(local if self.workers else ()), *self.options]
        return beam.Pipeline(options=_Options(flags))

    def step(
        self,
        name: str,
        total: int = 0,
        markers: Folder | None = None,
        suffix: str = "",
        pieces: str = "shards",
        work: int = 0,
        price: float = 0.0,
    ) -> None:
        """Says which step begins; where each of its pieces leaves a marker, they are counted.

        Args:
          name: of the step.
          total: pieces.
          markers: where they leave them.
          suffix: of markers' names.
          pieces: what they are called.
          work: in all of them, of which markers say their `work`; 0: they are alike.
          price: of a million of what markers say is `paid`.
        """
        event = {"event": "step", "name": name, "total": total, "pieces": pieces, "suffix": suffix}
        event |= {"work": work, "price": price, "markers": markers.uri if markers else ""}
        self.tell(event)


class _Options(PipelineOptions):
    """Options that remember their views.

    Beam asks for a view several times for each transform, and each time builds an argument parser
    and has it read all flags: a fifth of what a small pipeline takes.
    """

    def view_as(self, cls: type[PipelineOptions]) -> PipelineOptions:
        views: dict[type[PipelineOptions], PipelineOptions] = self.__dict__.setdefault("_views", {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]

    def __getstate__(self) -> dict[str, Any]:
        return {name: held for name, held in super().__getstate__().items() if name != "_views"}


class Stage(Protocol):
    """A stage of one run."""

    name: str
    version: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def depends_on(self) -> Any:
        """What of recipe and inputs the output depends on, as JSON can write it."""

    def builds_on(self) -> Any:
        """What it keeps of earlier runs and adds to, as it is now; None where it begins anew."""

    def run(self, work: Folder) -> Counts:
        """Does the work: leaves `writes` below `work / FRESH`; says what became of everything."""


def execute(stage: Stage, run: Run) -> None:
    """Runs `stage` unless its output stands.

    Raises:
      RunError: where a stage that it reads has not been run.
    """
    reads = fingerprints_read(stage, run.output)
    depends = json.dumps([stage.depends_on(), run.limit], sort_keys=True)
    asked = digest(stage.name, str(stage.version), depends, *reads.values())
    found = read_record(run.output, stage.name)
    if found and found.fingerprint == _fingerprint(asked, stage) and not run.retry:
        run.tell({"event": "skipped", "stage": stage.name, "counts": found.counts})
        return
    run.tell({"event": "stage", "stage": stage.name})
    stage_work = run.output / WORK / stage.name
    work = stage_work / f"{_OF_A_RUN}{digest(asked, *run.retry)[:12]}"
    for other in stage_work.folders():  # of runs that were killed before something changed
        if other.startswith(_OF_A_RUN) and stage_work / other != work:
            (stage_work / other).remove()
    record = _made(stage, run, work, asked, reads)
    run.step("publishing")
    _publish(work, run.output, (*stage.writes, ledger_folder(stage.name)))
    (run.output / ledger_folder(stage.name)).write(STAGE_FILE, _json(record))
    stage_work.remove()
    seconds, counts = record.seconds, record.counts
    run.tell({"event": "done", "stage": stage.name, "seconds": seconds, "counts": counts})


def fingerprints_read(stage: Stage, output: Folder) -> dict[str, str]:
    """The fingerprints of the stages that `stage` reads.

    Raises:
      RunError: where one of them has not been run.
    """
    return {name: _required(output, stage.name, name).fingerprint for name in stage.reads}


def kept_before(recipe: Recipe, stage: str, kept: Mapping[str, Tables] = KEPT) -> str:
    """The stage whose pictures and captions `stage` reads: the last before it that decides.

    Args:
      recipe: …
      stage: that reads.
      kept: what hands on what it reads, `KEPT` or `KEPT_PAGES`.
    """
    before = STAGES[: STAGES.index(stage)]
    deciding = [name for name in before if name in kept and getattr(recipe, name) is not None]
    return deciding[-1] if deciding else next(iter(kept))


def tables_before(recipe: Recipe, stage: str) -> tuple[Tables, ...]:
    """What `stage` reads of pictures, of pages, or of both: what the recipe has."""
    return tuple(kept[kept_before(recipe, stage, kept)] for kept in _branches(recipe))


def stages_before(recipe: Recipe, stage: str) -> tuple[str, ...]:
    """The stages after which `stage` reads these: where they were scored and not selected, those
    that could not be decoded any more are left out.
    """
    is_scored = recipe.score is not None and recipe.select is None
    if is_scored and STAGES.index("score") < STAGES.index(stage):
        return ("score",)
    found = (kept_before(recipe, stage, kept) for kept in _branches(recipe))
    return tuple(dict.fromkeys(found))


def _branches(recipe: Recipe) -> Iterator[Mapping[str, Tables]]:
    if any(source.task not in ("document", "page-question") for source in recipe.sources):
        yield KEPT
    if recipe.documents is not None:
        yield KEPT_PAGES


def _fingerprint(asked: str, stage: Stage) -> str:
    return digest(asked, json.dumps(stage.builds_on()))


def _required(output: Folder, stage: str, upstream: str) -> Record:
    record = read_record(output, upstream)
    if record is None:
        raise RunError(
            f"{stage} reads what {upstream} wrote, but {output.uri} has no finished {upstream}: "
            f"run pairmill {upstream} first"
        )
    return record


def _made(stage: Stage, run: Run, work: Folder, asked: str, reads: dict[str, str]) -> Record:
    """The record of a finished run in `work`, which may have been killed while it was published."""
    if work.exists(STAGE_FILE):
        return Record(**json.loads(work.read(STAGE_FILE)))
    started = time.time()
    counts = stage.run(work)
    record = Record(
        stage=stage.name,
        version=stage.version,
        fingerprint=_fingerprint(asked, stage),
        reads=reads,
        counts=dict(sorted(counts.items())),
        started=started,
        seconds=time.time() - started,
        limit=run.limit,
        libraries={name: version(name) for name in _LIBRARIES},
    )
    assert not imbalance(record.counts), f"{stage.name} lost {imbalance(record.counts)}"
    work.write(STAGE_FILE, _json(record))
    return record


def _json(record: Record) -> bytes:
    return json.dumps(asdict(record), indent=1).encode()


def _publish(work: Folder, output: Folder, folders: Iterable[str]) -> None:
    """Puts the fresh folders into the place of the old ones, the ledger with the record first.

    A name that ends in `.json` is a file's, which a stage may leave out.
    """
    for name in reversed(list(folders)):
        removed = f"removed-{name.replace('/', '-')}"
        if not work.exists(removed):  # else a run was killed while it moved this folder
            (output / name).remove()
            work.write(removed, b"")
        fresh = work / FRESH
        if name.endswith(".json"):
            if fresh.exists(name):
                fresh.move(name, output, name)
            continue
        for file in (fresh / name).names():
            (fresh / name).move(file, output / name, file)
