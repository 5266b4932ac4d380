"""The scores of a part, one for each caption, whatever the number of teachers; and counts of them.

Cosines of two models are never compared, be they two teachers or two folds' of one. Where there are
several, each one's cosine becomes its standing over its own mismatches in that language, in their
standard deviations; the mean of these is the caption's standing, and is said as a cosine of the
first model, in the recipe's order, that understands the language.
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
from schemas.layout import Tables, part_name

Scales = Mapping[tuple[str, int, str], Scale]
"""By teacher, fold and language; of models that understand it."""

Model = tuple[str, int]
"""A teacher's label and the fold of its model; 0 where it has but one."""

Said = dict[str, np.ndarray]
"""What a model says of captions: `_COSINES` and whether it `is_judged`, each [captions]."""

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
_COSINES = ("cosine", "shuffled_cosine")
_SAID = (*_COSINES, "is_judged")


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
      scales: of several models; of one they are not needed.
    """
    name = part_name(part)
    captions = read_table(output / kept.captions, name)
    scores = read_table(output / kept.branch.scores, name)
    at = pc.is_in(captions["caption_id"], value_set=scores["caption_id"].combine_chunks())
    captions = captions.filter(at)
    by_model = _by_model(captions, scores)
    if len(by_model) == 1 and not scales:
        (said,) = by_model.values()
        return Judged(captions, said["cosine"], said["shuffled_cosine"], said["is_judged"])
    return _joined(captions, by_model, scales)


def _by_model(captions: pa.Table, scores: pa.Table) -> dict[Model, Said]:
    """What each model says, the teachers in their order."""
    found: dict[Model, Said] = {}
    for teacher in pc.unique(scores["teacher"]).to_pylist():
        its = scores.filter(pc.equal(scores["teacher"], teacher))
        at = pc.index_in(captions["caption_id"], value_set=its["caption_id"].combine_chunks())
        its, folds = its.take(at), its["fold"].take(at).to_numpy()
        is_scored = pc.equal(its["status"], ScoreStatus.SCORED.value).to_numpy()
        for fold in np.unique(folds).tolist():
            found[teacher, fold] = {
                "cosine": its["cosine"].to_numpy(),
                "shuffled_cosine": its["shuffled_cosine"].to_numpy(),
                "is_judged": is_scored & (folds == fold),
            }
    return found or {("", 0): _nothing()}


def _nothing() -> Said:
    empty = np.empty(0, np.float32)
    return {"cosine": empty, "shuffled_cosine": empty, "is_judged": np.empty(0, np.bool_)}


def _joined(captions: pa.Table, by_model: dict[Model, Said], scales: Scales) -> Judged:
    languages = np.array(captions["language"].to_pylist(), dtype=object)
    said = {name: np.array([of[name] for of in by_model.values()]) for name in _SAID}
    judges = said["is_judged"]  # [models, captions], as the others
    columns = {name: np.zeros(len(languages), np.float32) for name in _COSINES}
    for language in sorted(set(languages)):
        rows = np.flatnonzero(languages == language)
        known = [scales.get((*model, language)) for model in by_model]
        common = _first_scale(scales, [teacher for teacher, _ in by_model], language)
        for name, column in columns.items():
            column[rows] = _as_one(said[name][:, rows], judges[:, rows], known, common)
    is_judged = np.logical_or.reduce(judges, axis=0)
    return Judged(captions, columns["cosine"], columns["shuffled_cosine"], is_judged)


def _first_scale(scales: Scales, teachers: list[str], language: str) -> Scale | None:
    """The scale of the first model that has one in a language, be it not in this part."""
    found = {
        (teachers.index(teacher), fold): scale
        for (teacher, fold, code), scale in scales.items()
        if code == language
    }
    return found[min(found)] if found else None


def _as_one(
    said: np.ndarray, judges: np.ndarray, scales: list[Scale | None], common: Scale | None
) -> np.ndarray:
    """One score for each caption; shapes: `said` and `judges` [models, captions]."""
    first: np.ndarray = said[judges.argmax(axis=0), np.arange(judges.shape[1])]
    if common is None:  # too few captions to say what a score is worth
        return first
    standings, counts = np.zeros(len(first)), np.zeros(len(first), np.int64)  # [captions]
    for scores, judged, scale in zip(said, judges, scales, strict=True):
        if scale:
            standings += np.where(judged, scale.standing(scores), 0)
            counts += judged
    joint = common.mean + common.std * standings / np.maximum(counts, 1)
    return np.where(counts > 0, joint, first)


class CountScores(beam.PTransform):
    """Counts the scores of all parts and writes `work/<name>`, a table of `COUNTED`.

    Args:
      output: of the recipe.
      kept: what was scored.
      work: of the stage.
      name: of the table to write.
      scales: of several models, to count their joint scores by language and source; None: each
        model's cosines are counted, by `name_of` it and language.
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
            yield from self._by_model(part)
            return
        judged = read_judged(self._output, self._kept, part, self._scales)
        groups = [judged.captions[name].to_pylist() for name in ("language", "source")]
        scores, shuffled = judged.scores, judged.shuffled
        yield from _counted(list(zip(*groups, strict=True)), judged.is_judged, scores, shuffled)

    def _by_model(self, part: int) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
        scores = read_table(self._output / self._kept.branch.scores, part_name(part))
        models = zip(scores["teacher"].to_pylist(), scores["fold"].to_pylist(), strict=True)
        groups = zip(map(name_of, models), scores["language"].to_pylist(), strict=True)
        is_judged = pc.equal(scores["status"], ScoreStatus.SCORED.value).to_numpy()
        columns = (scores[name].to_numpy() for name in _COSINES)
        yield from _counted(list(groups), is_judged, *columns)


def name_of(model: Model) -> str:
    """A model in one word, which `model_of` reads."""
    teacher, fold = model
    return f"{teacher}/{fold}"


def model_of(name: str) -> Model:
    """What `name_of` was given.

    >>> model_of(name_of(("google/siglip2@0123", 2)))
    ('google/siglip2@0123', 2)
    """
    teacher, _, fold = name.rpartition("/")
    return teacher, int(fold)


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
