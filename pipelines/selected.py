"""Writes what is selected of each part, and what people want to see of it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from filters.score_bins import BINS, WIDTH, Counts, edge, quantile
from filters.thresholds import Group, Measured, Threshold, by_language
from pipelines.chosen import Chosen
from pipelines.selecting import CHOSEN_FILE, STAGE, Inputs, Part
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, table_of
from pipelines.transforms.tables import write_table
from pipelines.transforms.tally import Count
from pipelines.verdicts import ledger_of
from schemas.layout import Tables, part_name
from schemas.rows import LedgerRow

EXAMPLES = pa.schema(
    [
        ("kind", pa.string()),
        ("rank", pa.float64()),
        ("caption_id", pa.string()),
        ("uid", pa.string()),
        ("language", pa.string()),
        ("text", pa.string()),
        ("score", pa.float64()),
        ("threshold", pa.float64()),
        ("fault", pa.string()),
    ]
)
"""Captions to show: the best, the worst and those nearest to their threshold, the lowest rank
first."""

_SHOWN = 5  # of a kind
_CELLS = 48  # of a language's histogram, for people
_TAILS = 0.002  # of its scores on either side that are counted with the outermost cells

Tagged: TypeAlias = (
    TaggedOutput[Literal["groups"], Count] | TaggedOutput[Literal["examples"], pa.Table]
)


class WriteSelected(beam.DoFn):
    """Writes what is kept of a part and its ledger; tells counts, counts by group, and examples.

    Args:
      inputs: with all steps over.
      kept: the tables to write.
      fresh: where to write, None for nowhere.
    """

    def __init__(self, inputs: Inputs, kept: Tables, fresh: Folder | None) -> None:
        self._inputs = inputs
        self._kept = kept
        self._fresh = fresh

    def process(self, number: int) -> Iterator[Count | Tagged]:
        chosen = Chosen.from_json(self._inputs.work.read(CHOSEN_FILE))
        part = Part(self._inputs, number, chosen)
        uids = part.pictures["uid"].to_pylist()
        pictures = part.on_pictures.kept(part.pictures)
        captions = part.on_captions.kept(part.captions)
        decided = uids, part.on_pictures, part.captions, part.on_captions
        branch = self._kept.branch
        ledger = list(ledger_of(STAGE, *decided, branch))
        if self._fresh:
            name = part_name(number)
            write_table(self._fresh / self._kept.pictures, name, pictures)
            write_table(self._fresh / self._kept.captions, name, captions)
            write_table(self._fresh / branch.ledger(STAGE), name, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts[f"{branch.picture} in"] = part.pictures.num_rows
        counts[f"{branch.picture} kept"] = pictures.num_rows
        counts[f"{branch.caption} in"] = part.captions.num_rows
        counts[f"{branch.caption} kept"] = captions.num_rows
        yield from counts.items()
        for count in _by_group(part).items():
            yield TaggedOutput("groups", count)
        yield TaggedOutput("examples", _examples(part, chosen))


def _by_group(part: Part) -> Counter[str]:
    """Captions that came in and that are kept, by language, source and which of these."""
    counts: Counter[str] = Counter()
    for group, fault in zip(part.groups(), part.on_captions.faults, strict=True):
        for what in ("in",) if fault else ("in", "kept"):
            counts["\t".join((*group, what))] += 1
    return counts


# Examples


def _examples(part: Part, chosen: Chosen) -> pa.Table:
    """The part's own, of those captions that a teacher has judged."""
    rows = np.flatnonzero(part.judged.is_judged)
    needed = chosen.needed()
    thresholds = np.array([needed.get(group, -1.0) for group in part.groups()], np.float64)
    scales = [chosen.scale_for(language) for language, _ in part.groups()]
    margins = np.abs(part.judged.scores - thresholds) / np.array([s.std for s in scales] or [])
    ranks = {"best": -part.standings, "worst": part.standings}
    if needed:
        ranks["borderline"] = margins
    ids = np.array(part.captions["caption_id"].to_pylist(), dtype="U32")
    tables = [EXAMPLES.empty_table()]
    for kind, rank in ranks.items():
        first = rows[np.lexsort((ids[rows], rank[rows]))][:_SHOWN]
        its = part.captions.take(pa.array(first, pa.int64()))
        columns = [
            [kind] * len(first),
            rank[first],
            *(its[name] for name in ("caption_id", "uid", "language", "text")),
            part.judged.scores[first].astype(np.float64),
            thresholds[first],
            [part.on_captions.faults[row] for row in first],
        ]
        tables.append(pa.table(columns, schema=EXAMPLES))
    return pa.concat_tables(tables)


def first_examples(keyed: Keyed) -> list[dict[str, Any]]:
    """The first of each kind among those of all parts."""
    order = [("kind", "ascending"), ("rank", "ascending"), ("caption_id", "ascending")]
    shown: Counter[str] = Counter()
    found = []
    for row in keyed[1]["examples"].sort_by(order).to_pylist():
        shown[row["kind"]] += 1
        if shown[row["kind"]] <= _SHOWN:
            found.append({name: value for name, value in row.items() if name != "rank"})
    return found


# Histograms


def histograms(
    groups: dict[Group, Measured], thresholds: tuple[Threshold, ...]
) -> dict[str, dict[str, Any]]:
    """By language, its scores and those of its mismatches in few cells, and its thresholds."""
    found = {}
    for language, measured in sorted(by_language(groups).items()):
        low, bins = _window(measured)
        found[language] = {
            "captions": int(measured.observed.sum()),
            "from": edge(low),
            "to": edge(low + bins * _CELLS),
            "observed": _in_cells(measured.observed, low, bins),
            "shuffled": _in_cells(measured.shuffled, low, bins),
            "thresholds": {
                threshold.source: threshold.score
                for threshold in thresholds
                if threshold.language == language and threshold.group in groups
            },
        }
    return found


def _window(measured: Measured) -> tuple[int, int]:
    """The first bin that is shown, and how many bins a cell has."""
    both = [counts for counts in (measured.observed, measured.shuffled) if counts.any()]
    low = min(quantile(counts, _TAILS) for counts in both)
    high = max(quantile(counts, 1 - _TAILS) for counts in both)
    first = max(0, int((low + 1) / WIDTH) - 1)
    return first, max(1, -(-(int((high + 1) / WIDTH) + 2 - first) // _CELLS))


def _in_cells(counts: Counts, low: int, bins: int) -> list[int]:
    cells = np.clip((np.arange(BINS) - low) // bins, 0, _CELLS - 1)
    sums = np.zeros(_CELLS, np.int64)
    np.add.at(sums, cells, counts)
    return [int(n) for n in sums]
