"""`pairmill stats`: what became of everything, as a page to read and as `report/stats.json`."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.differences import Difference
from pipelines.errors import RecipeError
from pipelines.pages import as_bytes, as_grid, as_line, open_console, plain_table
from pipelines.query_report import query_lines, read_query_report
from pipelines.records import Record, is_output
from pipelines.recount import Account, recount
from pipelines.recount_pack import PackedShards
from pipelines.recount_scores import THOUSANDTHS, Scores
from pipelines.recount_tables import SIDES, KeptTables
from pipelines.recount_translated import Translations, read_translation_report
from pipelines.score_report import example_lines, histogram_lines, read_score_report
from pipelines.storage import Folder, filesystem
from pipelines.translation_page import asked_table, pair_table, round_trip_table, speed_lines
from pipelines.triplet_report import read_triplet_report, triplet_lines
from pipelines.truth import compare
from schemas.fates import Fate, Unit
from schemas.layout import (
    GATHERED,
    PACKED_DOCUMENTS,
    PAGE_BRANCH,
    PAIRS,
    PICTURE_BRANCH,
    REPORT,
    shard_name,
)

REPORT_FILE = "stats.json"
_MOST_REASONS = 20
_MOST_CAUSES = 3
_MOST_HOSTS = 12
_MOST_DIFFERENCES = 50  # lines; the report has all
_BY_LANGUAGE = {
    "captions": "languages",
    "translations": "languages_translated",
    "queries of pages": "page_languages",
    "translations of queries": "page_languages_translated",
}
"""What is told by language, and where the report has it."""
_QUANTILES = {"p10": 0.1, "median": 0.5, "p90": 0.9}


def show_stats(folder: str, truth: str | None = None) -> bool:
    """Prints what lies in `folder` and counts it again; returns whether everything adds up.

    A recipe's output gets its `report/stats.json`; another folder is read as WebDataset shards.
    Where `truth`, a table, tells what is wrong with the rows of the source, it also says how much
    of it was found.

    Raises:
      RecipeError: where there is neither.
      RunError: where a stage's record is not one.
    """
    fs, path = filesystem(folder)
    if not fs.isdir(path):
        raise RecipeError(f"there is no folder {folder}")
    root = Folder(folder.rstrip("/") or "/")
    console = open_console()
    if not is_output(root):
        from pipelines.webdataset_folder import survey_folder

        survey = survey_folder(root)
        survey.show(console)
        show_verdict(console, survey.differences, [])
        return not survey.differences
    account = recount(root)
    report = make_report(account)
    is_selected = "select" in account.records
    report["selection"] = read_score_report(root, PICTURE_BRANCH) if is_selected else {}
    report["page_selection"] = read_score_report(root, PAGE_BRANCH) if is_selected else {}
    is_translated = account.pictures.translations or account.pages.translations
    report["translation"] = read_translation_report(root) if is_translated else {}
    report["queries"] = read_query_report(root) if "documents" in account.records else {}
    report["negatives"] = read_triplet_report(root) if "mine" in account.records else {}
    if truth:
        report["truth"] = {
            defect or "none": {"rows": of.rows, "gone": of.gone, "reasons": dict(of.reasons)}
            for defect, of in compare(root, truth).items()
        }
    _show_report(console, report)
    _write_report(console, root, report)
    show_verdict(console, account.differences, account.unfinished)
    return not account.differences


def show_verdict(console: Console, differences: list[Difference], unfinished: list[str]) -> None:
    """Prints every difference on a line of its own, then what is to be done."""
    for difference in differences[:_MOST_DIFFERENCES]:
        console.print(as_line(str(difference), 2000), style="red", soft_wrap=True)
    left = len(differences) - _MOST_DIFFERENCES
    if left > 0:
        console.print(f"… and {left:,} more", style="red")
    for sentence in unfinished:
        console.print(sentence, style="yellow", soft_wrap=True)
    if differences:
        number = "1 difference" if len(differences) == 1 else f"{len(differences):,} differences"
        console.print(f"Does not add up: {number}.", style="bold red")
    else:
        console.print("Everything adds up" + (", so far." if unfinished else "."), style="bold")


# The report


def make_report(account: Account) -> dict[str, Any]:
    """Everything that is known of an output, as JSON can write it, in a fixed order of keys."""
    gathered, pictures, pages = account.gathered, account.pictures, account.pages
    tables, size = pictures.last_tables, pictures.shards.tar_bytes if pictures.shards else 0
    return {
        "output": account.output,
        "adds_up": not account.differences,
        "differences": [_difference(difference) for difference in account.differences],
        "unfinished": account.unfinished,
        "stages": {name: _stage(record) for name, record in account.records.items()},
        "languages": _languages(tables),
        "languages_translated": _languages(pictures.translations),
        "page_languages": _languages(pages.last_tables),
        "page_languages_translated": _languages(pages.translations),
        "picture_sides": {
            side: quantiles(counts) for side, counts in (tables.sides.items() if tables else ())
        },
        "scores": _scores(pictures.scores) if pictures.scores else {},
        "page_scores": _scores(pages.scores) if pages.scores else {},
        "evaluation_sets": _sets(account.contaminated),
        "bytes": {
            "fetched": gathered.bytes_fetched,
            "stored": gathered.bytes_stored,
            "in_shards": size,
        },
        "gathered": {
            "shards": gathered.shards,
            "pictures": gathered.pictures,
            "kept": gathered.kept,
            "shard_seconds": round(gathered.seconds, 3),
            "pictures_a_shard_second": _rate(gathered.pictures, gathered.seconds),
            "sha256_mismatches": gathered.sha256_mismatches,
            "latency_ms": quantiles(gathered.latencies),
            "failing_hosts": dict(_by_count(gathered.failing_hosts)[:_MOST_HOSTS]),
        },
        "shards": _packed(f"{account.output}/{PAIRS}", pictures.shards),
        "page_shards": _packed(f"{account.output}/{PACKED_DOCUMENTS}", pages.shards),
    }


def _languages(found: KeptTables | Translations | None) -> dict[str, int]:
    return dict(_by_count(found.languages)) if found else {}


def _packed(folder: str, shards: PackedShards | None) -> dict[str, Any]:
    return {
        "folder": folder,
        "number": shards.shards if shards else 0,
        "samples": shards.samples if shards else 0,
        "captions": shards.captions if shards else 0,
    }


def _scores(scores: Scores) -> dict[str, dict[str, dict[str, Any]]]:
    """By teacher and language: how many were judged, and as what."""
    told: dict[str, dict[str, dict[str, Any]]] = {teacher: {} for teacher in scores.judged}
    for teacher, language in sorted(scores.cosines.keys() | scores.not_understood.keys()):
        said = (teacher, language)
        cosines, shuffled = (
            quantiles(of.get(said, Counter())) for of in (scores.cosines, scores.shuffled)
        )
        told[teacher][language] = {
            "scored": scores.cosines.get(said, Counter()).total(),
            "not_understood": scores.not_understood[said],
            "through": {into: n for (*of, into), n in scores.through.items() if (*of,) == said},
            "cosine": {name: value / THOUSANDTHS for name, value in cosines.items()},
            "shuffled": {name: value / THOUSANDTHS for name, value in shuffled.items()},
        }
    return told


def _sets(contaminated: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    sets: dict[str, dict[str, int]] = {}
    for (name, unit), n in sorted(contaminated.items()):
        sets.setdefault(name, {})[unit] = n
    return sets


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "stage": difference.stage,
        "unit": difference.unit,
        "what": difference.what,
        "expected": difference.expected,
        "found": difference.found,
        "file": difference.file,
        "words": difference.words,
        "line": str(difference),
    }


def _stage(record: Record) -> dict[str, Any]:
    """A stage's counts by unit, its reasons the most frequent first."""
    units: dict[str, dict[str, Any]] = {}
    for name in sorted(record.counts, key=_by_unit):
        unit, way, *reason = name.split(" ")
        into = units.setdefault(
            unit, {"in": 0, "created": 0, "kept": 0, "rejected": Counter(), "failed": Counter()}
        )
        if reason:
            into[way][" ".join(reason)] += record.counts[name]
        else:
            into[way] = record.counts[name]
    for ways in units.values():
        for fate in (Fate.REJECTED.value, Fate.FAILED.value):
            ways[fate] = dict(_by_count(ways[fate]))
    return {
        "units": units,
        "seconds": round(record.seconds, 3),
        "limit": record.limit,
        "libraries": record.libraries,
    }


def _by_unit(name: str) -> tuple[int, str]:
    """Rows before pictures before captions before samples."""
    unit = name.partition(" ")[0]
    order = [known.value for known in Unit]
    return order.index(unit) if unit in order else len(order), name


def quantiles(counts: Counter[int]) -> dict[str, int]:
    """The 10th, 50th and 90th percentile: the least value that so many are not above; 0 of none.

    >>> quantiles(Counter({100: 5, 200: 4, 300: 1}))
    {'p10': 100, 'median': 100, 'p90': 200}
    """
    total = counts.total()
    found = {}
    for name, share in _QUANTILES.items():
        left = math.ceil(share * total)
        for value in sorted(counts):
            left -= counts[value]
            if left <= 0:
                break
        found[name] = value if total else 0
    return found


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _rate(number: int, seconds: float) -> float:
    return round(number / seconds, 1) if seconds else 0.0


def _write_report(console: Console, root: Folder, report: dict[str, Any]) -> None:
    try:
        (root / REPORT).write(
            REPORT_FILE, json.dumps(report, indent=1, ensure_ascii=False).encode()
        )
    except OSError as error:  # whoever may read an output need not be allowed to write to it
        console.print(f"the report was not written: {error}", style="yellow", soft_wrap=True)


# The page


def _show_report(console: Console, report: dict[str, Any]) -> None:
    limits = {stage["limit"] for stage in report["stages"].values() if stage["limit"] is not None}
    note = f"   (only the first {', '.join(map(str, sorted(limits)))} rows of each source)"
    console.print(f"{report['output']}{note if limits else ''}\n", soft_wrap=True)
    if report["stages"]:
        console.print(_funnel(report["stages"]), "")
    reasons = _reasons(report["stages"])
    if reasons.row_count:
        console.print(reasons, "")
    if report["gathered"]["failing_hosts"]:
        hosts = [f"{host} {n:,}" for host, n in report["gathered"]["failing_hosts"].items()]
        console.print("pictures not kept, by host", style="bold")
        console.print(as_grid([as_line(host, 60) for host in hosts]) + "\n")
    for what, key in _BY_LANGUAGE.items():
        if found := [f"{code} {n:,}" for code, n in report[key].items()]:
            console.print(f"{what} kept, by language ({len(found)})", style="bold")
            console.print(as_grid(found) + "\n")
    if report["translation"]:
        console.print(pair_table(report["translation"]), "")
        for table in (asked_table(report["translation"]), round_trip_table(report["translation"])):
            if table.row_count:
                console.print(table, "")
    for what, key in (("", "scores"), (" of pages", "page_scores")):
        for teacher, languages in report[key].items():
            by = f"scores{what} by {as_line(teacher, 60)}"
            console.print(f"{by}: median, of shuffled pairs", style="bold")
            console.print(as_grid([_told(code, said) for code, said in languages.items()]) + "\n")
    if report["picture_sides"] and report["gathered"]["kept"]:
        console.print(_sides(report["picture_sides"]), "")
    for what, key in (("scores", "selection"), ("scores of pages", "page_selection")):
        for line in _selection(what, report[key]):
            console.print(line, soft_wrap=True)
    if report["negatives"]:
        for line in triplet_lines(report["negatives"]):
            console.print(line, soft_wrap=True)
        console.print("")
    if "truth" in report:
        console.print(_truth(report["truth"]), "")
    for line in _facts(report):
        console.print(line, soft_wrap=True)
    console.print("")


def _selection(what: str, selection: dict[str, Any]) -> Iterator[str]:
    """Scores by language, and pairs to look at; nothing where nothing was selected."""
    if selection and selection["languages"]:
        yield f"{what} by language, least to greatest, | where the kept begin"
        yield from histogram_lines(selection["languages"])
        yield ""
        yield from example_lines(selection["examples"])
        yield ""


def _funnel(stages: dict[str, Any]) -> Table:
    columns = ("stage", "unit", "in", "created", "kept", "rejected", "failed", "kept share")
    table = plain_table(*columns, words=2)
    for stage, said in stages.items():
        for unit, ways in said["units"].items():
            came = ways["in"] + ways["created"]
            numbers = [
                *(ways[way] for way in ("in", "created", "kept")),
                *(sum(ways[fate].values()) for fate in ("rejected", "failed")),
            ]
            table.add_row(stage, unit, *(f"{n:,}" for n in numbers), _share(ways["kept"], came))
    return table


def _reasons(stages: dict[str, Any]) -> Table:
    """The most frequent reasons of all stages, the share is of what came in or was created."""
    table = plain_table("stage", "unit", "fate", "reason", "number", "share", words=4)
    rows = [
        (stage, unit, fate, reason, n, ways["in"] + ways["created"])
        for stage, said in stages.items()
        for unit, ways in said["units"].items()
        for fate in ("rejected", "failed")
        for reason, n in ways[fate].items()
    ]
    rows.sort(key=lambda row: (-row[4], row[:4]))
    for *words, n, came in rows[:_MOST_REASONS]:
        table.add_row(*words, f"{n:,}", _share(n, came))
    if len(rows) > _MOST_REASONS:
        rest = sum(row[4] for row in rows[_MOST_REASONS:])
        table.add_row("…", "", "", f"{len(rows) - _MOST_REASONS} more", f"{rest:,}", "")
    return table


def _truth(truth: dict[str, Any]) -> Table:
    """What is known to be wrong with rows, and how much of it is not kept."""
    table = plain_table("known defect", "most often as", "rows", "not kept", "share", words=2)
    for defect, of in truth.items():
        reasons = _by_count(Counter(of["reasons"]))[:_MOST_CAUSES]
        words = ", ".join(f"{reason} {n:,}" for reason, n in reasons)
        numbers = (f"{of['rows']:,}", f"{of['gone']:,}", _share(of["gone"], of["rows"]))
        table.add_row(defect, words, *numbers)
    return table


def _share(n: int, of: int) -> str:
    return f"{n / of:.1%}" if of else "–"


def _told(code: str, said: dict[str, Any]) -> str:
    """`de 0.312, 0.105`, or `de in en 0.312, 0.105` where it was judged through English."""
    if not said["scored"]:
        return f"{code} not understood"
    through = "".join(f" in {into}" for into in said["through"])
    return f"{code}{through} {said['cosine']['median']:.3f}, {said['shuffled']['median']:.3f}"


def _sides(sides: dict[str, dict[str, int]]) -> Table:
    table = plain_table("pixels, each side on its own", "10th", "median", "90th", words=1)
    for side in SIDES:
        whose = "as fetched" if side.startswith("original_") else "as stored"
        name = side.removeprefix("original_")
        table.add_row(f"{name} {whose}", *(f"{sides[side][q]:,}" for q in _QUANTILES))
    return table


def _facts(report: dict[str, Any]) -> Iterator[str]:
    """A line each on bytes, speed and where the shards are."""
    gathered, shards, size = report["gathered"], report["shards"], report["bytes"]
    if gathered["shards"]:
        yield (
            f"bytes     {as_bytes(size['fetched'])} fetched, {as_bytes(size['stored'])} stored, "
            f"{as_bytes(size['in_shards'])} in shards"
        )
        yield (
            f"gathered  {GATHERED}/{_tars(gathered['shards'])}: {gathered['pictures']:,} pictures "
            f"in {gathered['shard_seconds']:,.1f} s of shards' time, "
            f"{gathered['pictures_a_shard_second']:,} a second"
        )
    if latency := gathered["latency_ms"]["p90"]:
        half = gathered["latency_ms"]["median"]
        yield f"fetching  half of them within {half:,} ms, nine of ten within {latency:,} ms"
    if gathered["sha256_mismatches"]:
        yield f"sha256    {gathered['sha256_mismatches']:,} pictures are not what their source says"
    took = [f"{name} {stage['seconds']:,.1f} s" for name, stage in report["stages"].items()]
    if took:
        yield f"last run  {', '.join(took)}"
    yield from speed_lines(report["translation"])
    yield from query_lines(report["queries"])
    for name, units in report["evaluation_sets"].items():
        found = ", ".join(f"{n:,} {unit}s" for unit, n in units.items())
        yield f"rejected  {found} that stand in evaluation set {as_line(name, 60)}"
    for packed in (shards, report["page_shards"]):
        if packed["number"]:
            yield (
                f"shards    {packed['folder']}/{_tars(packed['number'])}: {packed['samples']:,} "
                f"samples, {packed['captions']:,} captions"
            )


def _tars(number: int) -> str:
    """So many shards, as webdataset and open_clip take them."""
    return f"{{{shard_name(0)}..{shard_name(number - 1)}}}.tar"
