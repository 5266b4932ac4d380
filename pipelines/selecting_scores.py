"""The scores of a part, one for each caption, whatever the number of teachers; and counts of them.

Cosines of two teachers are never compared. Where several have judged, each one's cosine becomes its
standing over its own mismatches in that language, in their standard deviations; the mean of these
is the caption's standing, and is said as a cosine of the first teacher, in the recipe's order, that
understands the language.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.score_bins import BINS, Scale, counted
from filters.thresholds import Group, Measured
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal
from pipelines.transforms.tables import read_table, write_table
from schemas.fates import ScoreStatus
from schemas.layout import SCORES, Tables, part_name

Scales = Mapping[tuple[str, str], Scale]
"""By teacher and language; of teachers that understand it."""

COUNTED = pa.schema(
    [
        ("first", pa.string()),
        ("second", pa.string()),
        ("kind", pa.string()),
        ("bin", pa.int64()),
        ("number", pa.int64()),
    ]
)
"""Histograms by two names, of `observed` and `shuffled` scores."""

_KINDS = ("observed", "shuffled")


@dataclass(frozen=True, slots=True)
class Judged:
    """The captions of a part that were scored, each array of shape [captions].

    Attributes:
      captions: a table of `Caption`s.
      scores: of each with its picture, in [-1, 1]; 0 where no teacher understood.
      shuffled: with another picture.
      is_judged: whether any teacher understood.
    """

    captions: pa.Table
    scores: NDArray[np.float32]
    shuffled: NDArray[np.float32]
    is_judged: NDArray[np.bool_]


def read_judged(output: Folder, kept: Tables, part: int, scales: Scales) -> Judged:
    """Reads the scores of a part beside its captions.

    Args:
      output: of the recipe.
      kept: what was scored.
      part: its number.
      scales: of several teachers; of one they are not needed.
    """
    name = part_name(part)
    captions, scores = read_table(output / kept.captions, name), read_table(output / SCORES, name)
    at = pc.is_in(captions["caption_id"], value_set=scores["caption_id"].combine_chunks())
    captions = captions.filter(at)
    by_teacher = _by_teacher(captions, scores)
    if len(by_teacher) == 1:
        (columns,) = by_teacher.values()
        return Judged(captions, columns["cosine"], columns["shuffled_cosine"], columns["is_judged"])
    return _joined(captions, by_teacher, scales)


def _by_teacher(captions: pa.Table, scores: pa.Table) -> dict[str, dict[str, np.ndarray]]:
    """Each teacher's columns in the captions' order, the teachers in theirs."""
    found = {}
    for teacher in pc.unique(scores["teacher"]).to_pylist():
        its = scores.filter(pc.equal(scores["teacher"], teacher))
        at = pc.index_in(captions["caption_id"], value_set=its["caption_id"].combine_chunks())
        its = its.take(at)
        found[teacher] = {
            "cosine": its["cosine"].to_numpy(),
            "shuffled_cosine": its["shuffled_cosine"].to_numpy(),
            "is_judged": pc.equal(its["status"], ScoreStatus.SCORED.value).to_numpy(),
        }
    return found or {"": _nothing()}


def _nothing() -> dict[str, np.ndarray]:
    empty = np.empty(0, np.float32)
    return {"cosine": empty, "shuffled_cosine": empty, "is_judged": np.empty(0, np.bool_)}


def _joined(
    captions: pa.Table, by_teacher: dict[str, dict[str, np.ndarray]], scales: Scales
) -> Judged:
    languages = np.array(captions["language"].to_pylist(), dtype=object)
    columns = {name: np.zeros(len(languages)) for name in ("cosine", "shuffled_cosine")}
    is_judged = np.zeros(len(languages), np.bool_)
    for language in sorted(set(languages)):
        rows = languages == language
        judging = [t for t in by_teacher if (by_teacher[t]["is_judged"] & rows).any()]
        scaled = [teacher for teacher in judging if (teacher, language) in scales]
        is_judged[rows] = bool(judging)
        for name, column in columns.items():
            if scaled:
                standings = [
                    scales[teacher, language].standing(by_teacher[teacher][name][rows])
                    for teacher in scaled
                ]
                first = scales[scaled[0], language]
                column[rows] = first.mean + first.std * np.mean(standings, axis=0)
            elif judging:  # too few captions to say what a score is worth
                column[rows] = by_teacher[judging[0]][name][rows]
    scores, shuffled = (column.astype(np.float32) for column in columns.values())
    return Judged(captions, scores, shuffled, is_judged)


class CountScores(beam.PTransform):
    """Counts the scores of all parts and writes `work/<name>`, a table of `COUNTED`.

    Args:
      output: of the recipe.
      kept: what was scored.
      work: of the stage.
      name: of the table to write.
      scales: of several teachers, to count their joint scores by language and source; None: each
        teacher's cosines are counted, by teacher and language.
    """

    def __init__(
        self, output: Folder, kept: Tables, work: Folder, name: str, scales: Scales | None
    ) -> None:
        super().__init__(label=f"CountScores[{name}]")
        self._count = _CountPart(output, kept, scales)
        self._work = work
        self._name = name

    def expand(self, parts: beam.PCollection[int]) -> beam.PCollection[None]:
        work, name = self._work, self._name
        return (
            parts
            | beam.ParDo(self._count).with_output_types(tuple[tuple[str, str], np.ndarray])
            | beam.CombinePerKey(_Sum())
            | beam.combiners.ToList()
            | "Write" >> beam.Map(lambda found: write_table(work, name, _table(found)))
        )


class _CountPart(beam.DoFn):
    def __init__(self, output: Folder, kept: Tables, scales: Scales | None) -> None:
        self._output = output
        self._kept = kept
        self._scales = scales

    def process(self, part: int) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
        if self._scales is None:
            yield from self._by_teacher(part)
            return
        judged = read_judged(self._output, self._kept, part, self._scales)
        groups = [judged.captions[name].to_pylist() for name in ("language", "source")]
        scores, shuffled = judged.scores, judged.shuffled
        yield from _counted(list(zip(*groups, strict=True)), judged.is_judged, scores, shuffled)

    def _by_teacher(self, part: int) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
        scores = read_table(self._output / SCORES, part_name(part))
        groups = [scores[name].to_pylist() for name in ("teacher", "language")]
        is_judged = pc.equal(scores["status"], ScoreStatus.SCORED.value).to_numpy()
        columns = (scores[name].to_numpy() for name in ("cosine", "shuffled_cosine"))
        yield from _counted(list(zip(*groups, strict=True)), is_judged, *columns)


def _counted(
    groups: list[Group], counts: np.ndarray, observed: np.ndarray, shuffled: np.ndarray
) -> Iterator[tuple[Group, np.ndarray]]:
    """The histograms of each group's rows that count; shape [2, BINS]."""
    names = sorted(set(groups))
    numbers = {group: number for number, group in enumerate(names)}
    of = np.array([numbers[group] for group in groups], np.int64)
    for number, group in enumerate(names):
        rows = counts & (of == number)
        if rows.any():
            yield group, np.array([counted(observed[rows]), counted(shuffled[rows])])


class _Sum(beam.CombineFn):
    """Adds histograms up as they come: a worker holds one a group, 256 kB, and not each part's."""

    def create_accumulator(self) -> np.ndarray:
        return np.zeros((len(_KINDS), BINS), np.int64)

    def add_input(self, total: np.ndarray, histogram: np.ndarray) -> np.ndarray:
        total += histogram
        return total

    def merge_accumulators(self, totals: Iterable[np.ndarray]) -> np.ndarray:
        merged = self.create_accumulator()
        for total in totals:
            merged += total
        return merged

    def extract_output(self, total: np.ndarray) -> np.ndarray:
        return total


def _table(found: list[tuple[Group, np.ndarray]]) -> pa.Table:
    tables = [COUNTED.empty_table()]
    for (first, second), histograms in sorted(found, key=lambda item: item[0]):
        for kind, histogram in zip(_KINDS, histograms, strict=True):
            bins = np.flatnonzero(histogram)
            names = ([name] * len(bins) for name in (first, second, kind))
            tables.append(pa.table([*names, bins, histogram[bins]], schema=COUNTED))
    return pa.concat_tables(tables)


def read_counted(work: Folder, name: str) -> dict[Group, Measured]:
    """What `CountScores` wrote."""
    histograms: dict[Group, np.ndarray] = {}
    table = read_table(work, name)
    columns = [table[column].to_pylist() for column in ("first", "second", "kind")]
    rows = zip(*columns, table["bin"].to_pylist(), table["number"].to_pylist(), strict=True)
    for first, second, kind, at, number in rows:
        of = histograms.setdefault((first, second), np.zeros((len(_KINDS), BINS), np.int64))
        of[_KINDS.index(kind), at] = number
    return {group: Measured(*of) for group, of in sorted(histograms.items())}


def deal_parts(pipeline: beam.Pipeline, parts: int) -> beam.PCollection[int]:
    """The numbers of all parts."""
    return pipeline | Deal("parts", range(parts))
