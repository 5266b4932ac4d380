"""Does everything add up? What the stages recorded against what lies in their files."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from filters.set_faults import ContaminationFault
from pipelines.differences import Difference
from pipelines.records import STAGES, Record, imbalance, is_outdated, read_records, recipe_of
from pipelines.recount_gather import GatheredShards, read_markers
from pipelines.recount_pack import PackedShards, recount_pack, recount_rows
from pipelines.recount_scores import Scores, recount_scores
from pipelines.recount_tables import KeptTables, count_details, count_ledger, recount_tables
from pipelines.recount_translated import Translations, recount_translated
from pipelines.recount_triplets import Triplets, recount_triplets
from pipelines.storage import Folder
from schemas.fates import Fate, Unit
from schemas.layout import (
    KEPT,
    KEPT_PAGES,
    PACKED_DOCUMENTS,
    PAIRS,
    PICTURE_BRANCH,
    STAGE_FILE,
    TEXT_SCORES,
    TEXTS,
    TRIPLETS,
    WORK,
    Branch,
    Tables,
    embeddings_folder,
    ledger_folder,
)

_MADE_OF_ROWS = {"gather": Unit.CAPTION, "screen": Unit.TEXT}
"""What a stage makes of each row that it reads from a source."""

_HANDED_OVER = [unit for unit in Unit if unit != Unit.ROW]


@dataclass(frozen=True, slots=True)
class BranchAccount:
    """What there is of pictures, or of pages.

    Attributes:
      branch: which.
      tables: what those of stages that hand them on hold, by stage.
      scores: what those of captions and, with pictures, of texts hold; None where score is not
        complete, or has nothing to do with them.
      translations: what those of translations hold, None where translate is not complete, likewise.
      shards: what the final shards hold, with pictures also those of texts and triplets; None where
        pack is not complete.
    """

    branch: Branch
    tables: dict[str, KeptTables]
    scores: Scores | None
    translations: Translations | None
    shards: PackedShards | None

    @property
    def last_tables(self) -> KeptTables | None:
        """Of the last stage that has any."""
        return next(reversed(self.tables.values()), None)


@dataclass(frozen=True, slots=True)
class Account:
    """An output, counted again.

    Attributes:
      output: its URI.
      records: of the stages that are complete, by name, in the order of running.
      gathered: what the markers of the gathered shards say.
      pictures: what there is of pictures and their captions.
      pages: what there is of pages and what they answer.
      triplets: what those of triplets hold, None where mine is not complete.
      contaminated: by evaluation set and unit, what was turned away for its sake.
      differences: everything that does not add up.
      unfinished: a sentence for each stage that is to be run, or run again.
    """

    output: str
    records: dict[str, Record]
    gathered: GatheredShards
    pictures: BranchAccount
    pages: BranchAccount
    triplets: Triplets | None
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
    shards, of_pages = _recount_pack(output, records.get("pack"))
    pictures = _recount_branch(output, records, KEPT, shards)
    pages = _recount_branch(output, records, KEPT_PAGES, of_pages)
    triplets = recount_triplets(output) if "mine" in records else None
    differences = [
        *gathered.differences,
        *(difference for record in records.values() for difference in _check(output, record)),
        *_handed_over(records),
        *_check_branch(records, pictures),
        *_check_branch(records, pages),
        *(_check_triplets(records["mine"], triplets) if triplets else ()),
        *(_check_pack(records["pack"], shards, of_pages) if shards and of_pages else ()),
    ]
    return Account(
        output=output.uri,
        records=records,
        gathered=gathered,
        pictures=pictures,
        pages=pages,
        triplets=triplets,
        contaminated=_contaminated(output, records.get("screen")),
        differences=differences,
        unfinished=list(_unfinished(output, records, gathered)),
    )


def _recount_branch(
    output: Folder,
    records: dict[str, Record],
    kept: Mapping[str, Tables],
    shards: PackedShards | None,
) -> BranchAccount:
    """Counts what stages made of pictures, or of pages, by where they leave what they kept."""
    (branch,) = {tables.branch for tables in kept.values()}
    tables = {
        stage: recount_tables(output, stage, of) for stage, of in kept.items() if stage in records
    }
    scores = _recount_scores(output, records, kept)
    translations = _recount_translated(output, records, kept)
    return BranchAccount(branch, tables, scores, translations, shards)


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
    for after in records.values():
        if any(is_outdated(records, of) for of in {after.stage, *_read_before(records, after)}):
            continue
        before = [records[name] for name in after.reads if name in records]
        for unit in _HANDED_OVER:
            read = after.counts.get(f"{unit} in")
            if read is None:
                continue
            found = [keeper for one in before for keeper in _keepers(records, one, unit)]
            keepers = {keeper.stage: keeper for keeper in found or before[:1]}
            # What went two ways, as captions by translate and mine, comes from the later stage.
            earlier = {
                name for keeper in keepers.values() for name in _read_before(records, keeper)
            }
            for keeper in (keepers[name] for name in sorted(keepers.keys() - earlier)):
                kept = keeper.counts.get(f"{unit} kept", 0)
                if read != kept:
                    file = f"{ledger_folder(after.stage)}/{STAGE_FILE}"
                    words = f"{keeper.stage} kept so many"
                    yield Difference(after.stage, unit.value, "in", kept, read, file, words)


def _keepers(records: dict[str, Record], before: Record, unit: Unit) -> list[Record]:
    """Who handed a unit over: `before`, or where it has nothing to do with such, who did to it."""
    if _knows(before, unit):
        return [before]
    sources = [records[name] for name in before.reads if name in records]
    return [keeper for source in sources for keeper in _keepers(records, source, unit)]


def _read_before(records: dict[str, Record], record: Record) -> set[str]:
    """The stages that one reads, and that these read, and so on."""
    reads = [name for name in record.reads if name in records]
    return {*reads}.union(*(_read_before(records, records[name]) for name in reads))


def _knows(record: Record, unit: Unit) -> bool:
    """Whether a stage has to do with a unit."""
    return any(name.startswith(f"{unit} ") for name in record.counts)


def _check_branch(records: dict[str, Record], account: BranchAccount) -> Iterator[Difference]:
    """Tables, scores and translations against what their stages recorded."""
    branch = account.branch
    for stage, tables in account.tables.items():
        yield from tables.differences
        kept = tables.kept
        yield from _kept(records[stage], branch.picture, tables.pictures, f"{kept.pictures}/")
        yield from _kept(records[stage], branch.caption, tables.captions, f"{kept.captions}/")
    if account.scores:
        yield from _check_scores(records["score"], branch, account.scores)
    if account.translations:
        yield from _check_translated(records["translate"], branch, account.translations)


def _recount_scores(
    output: Folder, records: dict[str, Record], kept: Mapping[str, Tables]
) -> Scores | None:
    """The scores, unless what they were made of is there no more."""
    if "score" not in records or is_outdated(records, "score"):
        return None
    scored = _read_of(records["score"], kept)
    return recount_scores(output, scored) if scored else None


def _read_of(record: Record, kept: Mapping[str, Tables]) -> Tables | None:
    """What a stage has read of pictures, or of pages."""
    return next((kept[name] for name in record.reads if name in kept), None)


def _check_scores(record: Record, branch: Branch, scores: Scores) -> Iterator[Difference]:
    yield from scores.differences
    yield from _kept(record, branch.caption, scores.captions, f"{branch.scores}/")
    if branch == PICTURE_BRANCH:
        yield from _kept(record, Unit.TEXT, scores.texts, f"{TEXT_SCORES}/")
    for number in range(scores.teachers):
        where = embeddings_folder(number, branch.of_pictures)
        yield from _kept(record, branch.picture, scores.embedded[where], f"{where}/")


def _recount_translated(
    output: Folder, records: dict[str, Record], kept: Mapping[str, Tables]
) -> Translations | None:
    """The translations, unless what they were made of is there no more."""
    if "translate" not in records or is_outdated(records, "translate"):
        return None
    record = records["translate"]
    if "score" in record.reads and "score" in records:
        record = records["score"]
    translated = _read_of(record, kept)
    return recount_translated(output, translated) if translated else None


def _check_translated(
    record: Record, branch: Branch, translations: Translations
) -> Iterator[Difference]:
    """What it kept is what it read, and the translations."""
    yield from translations.differences
    counts, unit = record.counts, branch.caption
    expected = counts.get(f"{unit} kept", 0) - counts.get(f"{unit} in", 0)
    if expected != translations.captions:
        place, found = f"{branch.translated}/", translations.captions
        yield Difference(record.stage, unit.value, "made", expected, found, place)


def _check_triplets(record: Record, triplets: Triplets) -> Iterator[Difference]:
    yield from triplets.differences
    yield from _kept(record, Unit.TRIPLET, triplets.rows, f"{TRIPLETS}/")


def _recount_pack(
    output: Folder, record: Record | None
) -> tuple[PackedShards | None, PackedShards | None]:
    """What the final shards of pictures and texts, and those of pages, hold."""
    if record is None:
        return None, None
    has_texts, has_pages = (
        record.counts.get(f"{unit} kept", 0) > 0 for unit in (Unit.TEXT, Unit.PAGE)
    )
    has_pictures = record.counts.get(f"{Unit.PICTURE} kept", 0) > 0
    shards = recount_pack(output, PAIRS, has_pictures or not (has_texts or has_pages))
    recount_rows(output, shards)
    return shards, recount_pack(output, PACKED_DOCUMENTS, has_pages)


def _check_pack(record: Record, shards: PackedShards, pages: PackedShards) -> Iterator[Difference]:
    yield from shards.differences
    yield from pages.differences
    place = PAIRS if shards.rows or not pages.rows else PACKED_DOCUMENTS
    yield from _kept(record, Unit.SAMPLE, shards.rows + pages.rows, f"{place}/*.parquet")
    yield from _kept(record, Unit.SAMPLE, shards.samples + pages.samples, f"{place}/*.tar")
    yield from _kept(record, Unit.CAPTION, shards.captions, f"{PAIRS}/*.captions.parquet")
    yield from _kept(record, Unit.QUERY, pages.captions, f"{PACKED_DOCUMENTS}/*.captions.parquet")
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
