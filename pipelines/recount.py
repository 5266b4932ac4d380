"""Does everything add up? What the stages recorded against what lies in their files."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from filters.set_faults import ContaminationFault
from pipelines.differences import Difference
from pipelines.records import STAGES, Record, imbalance, is_outdated, read_records, recipe_of
from pipelines.recount_gather import GatheredShards, read_markers
from pipelines.recount_pack import PackedShards, recount_pack
from pipelines.recount_scores import Scores, recount_scores
from pipelines.recount_tables import KeptTables, count_details, count_ledger, recount_tables
from pipelines.recount_triplets import Triplets, recount_triplets
from pipelines.storage import Folder
from schemas.fates import Fate, Unit
from schemas.layout import (
    KEPT,
    OF_PICTURES,
    PAIRS,
    SCORES,
    STAGE_FILE,
    TEXT_SCORES,
    TEXTS,
    TRIPLETS,
    WORK,
    embeddings_folder,
    ledger_folder,
)

_MADE_OF_ROWS = {"gather": Unit.CAPTION, "screen": Unit.TEXT}
"""What a stage makes of each row that it reads from a source."""

_HANDED_OVER = [unit for unit in Unit if unit != Unit.ROW]


@dataclass(frozen=True, slots=True)
class Account:
    """An output, counted again.

    Attributes:
      output: its URI.
      records: of the stages that are complete, by name, in the order of running.
      gathered: what the markers of the gathered shards say.
      tables: what the tables of those that hand pictures and captions on hold, by stage.
      scores: what those of captions and texts hold, None where score is not complete.
      triplets: what those of triplets hold, None where mine is not complete.
      shards: what the final shards hold, None where pack is not complete.
      contaminated: by evaluation set and unit, what was turned away for its sake.
      differences: everything that does not add up.
      unfinished: a sentence for each stage that is to be run, or run again.
    """

    output: str
    records: dict[str, Record]
    gathered: GatheredShards
    tables: dict[str, KeptTables]
    scores: Scores | None
    triplets: Triplets | None
    shards: PackedShards | None
    contaminated: Counter[tuple[str, str]]
    differences: list[Difference]
    unfinished: list[str]


def recount(output: Folder) -> Account:
    """Counts what lies in `output` and compares it with what its stages recorded.

    Raises:
      RunError: where a record is not one.
    """
    records = read_records(output)
    gathered = read_markers(output)
    tables = {stage: recount_tables(output, stage) for stage in KEPT if stage in records}
    scores = _recount_scores(output, records)
    triplets = recount_triplets(output) if "mine" in records else None
    shards = recount_pack(output) if "pack" in records else None
    differences = [
        *gathered.differences,
        *(difference for record in records.values() for difference in _check(output, record)),
        *_handed_over(records),
        *(
            difference
            for stage, found in tables.items()
            for difference in _check_tables(records[stage], found)
        ),
        *(_check_scores(records["score"], scores) if scores else ()),
        *(_check_triplets(records["mine"], triplets) if triplets else ()),
        *(_check_pack(records["pack"], shards) if shards else ()),
    ]
    return Account(
        output=output.uri,
        records=records,
        gathered=gathered,
        tables=tables,
        scores=scores,
        triplets=triplets,
        shards=shards,
        contaminated=_contaminated(output, records.get("screen")),
        differences=differences,
        unfinished=list(_unfinished(output, records, gathered)),
    )


def _contaminated(output: Folder, screened: Record | None) -> Counter[tuple[str, str]]:
    """By the ledger's details, which are read only where the record counts such reasons."""
    reasons = [*ContaminationFault]
    recorded = {name.split(" ")[-1] for name in screened.counts} if screened else set()
    return count_details(output, "screen", reasons) if recorded & {*reasons} else Counter()


def _check(output: Folder, record: Record) -> Iterator[Difference]:
    """A stage's own sums, and its ledger's rows against them."""
    stage, file = record.stage, f"{ledger_folder(record.stage)}/{STAGE_FILE}"
    for unit, lost in imbalance(record.counts).items():
        came = sum(record.counts.get(f"{unit} {way}", 0) for way in ("in", "created"))
        words = "kept, rejected and failed together, as it says itself"
        yield Difference(stage, unit, "accounted for", came, came - lost, file, words)
    rows, unreadable = count_ledger(output, stage)
    yield from unreadable
    found = {" ".join(key): n for key, n in rows.items()}
    fates = (Fate.REJECTED.value, Fate.FAILED.value)
    recorded = {name: n for name, n in record.counts.items() if name.split(" ")[1] in fates}
    for name in sorted(found.keys() | recorded.keys()):
        expected, n = recorded.get(name, 0), found.get(name, 0)
        if expected != n:
            unit, _, what = name.partition(" ")
            yield Difference(stage, unit, what, expected, n, f"{ledger_folder(stage)}/")


def _handed_over(records: dict[str, Record]) -> Iterator[Difference]:
    """What a stage kept is what the next one read."""
    for stage, unit in _MADE_OF_ROWS.items():
        counts = records[stage].counts if stage in records else {}
        kept, made = counts.get("row kept", 0), counts.get(f"{unit} created", 0)
        if kept != made:
            file = f"{ledger_folder(stage)}/{STAGE_FILE}"
            words = f"every row kept is a {unit}"
            yield Difference(stage, unit.value, "created", kept, made, file, words)
    handed = [
        (records[name], after)
        for after in records.values()
        for name in after.reads
        if name in records
    ]
    for before, after in handed:
        if is_outdated(records, after.stage):
            continue
        for unit in _HANDED_OVER:
            read, keeper = after.counts.get(f"{unit} in"), _keeper(records, before, unit)
            kept = keeper.counts.get(f"{unit} kept", 0)
            if read is not None and read != kept:
                file = f"{ledger_folder(after.stage)}/{STAGE_FILE}"
                words = f"{keeper.stage} kept so many"
                yield Difference(after.stage, unit.value, "in", kept, read, file, words)


def _keeper(records: dict[str, Record], before: Record, unit: Unit) -> Record:
    """Who handed a unit over: `before`, or where it has nothing to do with such, who did to it."""
    knows = any(name.startswith(f"{unit} ") for name in before.counts)
    sources = [records[name] for name in before.reads if name in records]
    return before if knows or not sources else _keeper(records, sources[0], unit)


def _check_tables(record: Record, tables: KeptTables) -> Iterator[Difference]:
    kept = KEPT[record.stage]
    yield from tables.differences
    yield from _kept(record, Unit.PICTURE, tables.pictures, f"{kept.pictures}/")
    yield from _kept(record, Unit.CAPTION, tables.captions, f"{kept.captions}/")


def _recount_scores(output: Folder, records: dict[str, Record]) -> Scores | None:
    """The scores, unless what they were made of is there no more."""
    if "score" not in records or is_outdated(records, "score"):
        return None
    (before,) = records["score"].reads
    return recount_scores(output, KEPT[before])


def _check_scores(record: Record, scores: Scores) -> Iterator[Difference]:
    yield from scores.differences
    yield from _kept(record, Unit.CAPTION, scores.captions, f"{SCORES}/")
    yield from _kept(record, Unit.TEXT, scores.texts, f"{TEXT_SCORES}/")
    for number in range(scores.teachers):
        where = embeddings_folder(number, OF_PICTURES)
        yield from _kept(record, Unit.PICTURE, scores.embedded[where], f"{where}/")


def _check_triplets(record: Record, triplets: Triplets) -> Iterator[Difference]:
    yield from triplets.differences
    yield from _kept(record, Unit.TRIPLET, triplets.rows, f"{TRIPLETS}/")


def _check_pack(record: Record, shards: PackedShards) -> Iterator[Difference]:
    yield from shards.differences
    yield from _kept(record, Unit.SAMPLE, shards.rows, f"{PAIRS}/*.parquet")
    yield from _kept(record, Unit.SAMPLE, shards.samples, f"{PAIRS}/*.tar")
    yield from _kept(record, Unit.CAPTION, shards.captions, f"{PAIRS}/*.captions.parquet")
    yield from _kept(record, Unit.TEXT, shards.texts, f"{TEXTS}/")
    yield from _kept(record, Unit.TRIPLET, shards.triplets, "shards/triplets/")


def _kept(record: Record, unit: Unit, found: int, file: str) -> Iterator[Difference]:
    expected = record.counts.get(f"{unit} kept", 0)
    if expected != found:
        yield Difference(record.stage, unit.value, "kept", expected, found, file)


def _unfinished(
    output: Folder, records: dict[str, Record], gathered: GatheredShards
) -> Iterator[str]:
    asked = recipe_of(output)
    again = "run the same command again"
    for stage in STAGES:
        begun = (output / WORK / stage).exists("")
        if stage not in records and (begun or stage in asked):
            so_far = (
                f" ({gathered.shards:,} shards with {gathered.pictures:,} pictures are gathered)"
                if stage == "gather"
                else ""
            )
            yield f"{stage} {'is not finished' if begun else 'has not run'}: {again}{so_far}"
        elif stage in records and begun:
            yield f"{stage} was begun anew and is not finished, this is the run before: {again}"
        elif stage in records and is_outdated(records, stage):
            yield f"{stage} is older than what it reads: {again}"
