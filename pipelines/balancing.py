"""Captions of common concepts that are one too many: counts over the whole set, then verdicts."""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.concepts import (
    BalanceRules,
    Concepts,
    concept_fault,
    frequent_runs,
    kept_share,
    tail_threshold,
)
from pipelines.errors import RecipeError
from pipelines.parts import part_names
from pipelines.selecting import UNBALANCED, Inputs, read_part
from pipelines.stages import Run
from pipelines.storage import Folder, shown
from pipelines.transforms.blocks import Deal, Keyed, Regroup, buckets_for, pieces_for
from pipelines.transforms.tables import read_table, write_table
from schemas.ids import share_of
from schemas.layout import part_name

BALANCE_FILE = "balance.json"
_COUNTS = "concept-counts"

_COUNTED = pa.schema(
    [("language", pa.string()), ("concept", pa.string()), ("captions", pa.int64())]
)
_VERDICTS = pa.schema([(name, pa.string()) for name in ("caption_id", "fault", "detail")])
_RUNS_A_CAPTION = 4  # of those that a part sends, by experience: parts add up their own


@dataclass(frozen=True, slots=True)
class Balance:
    """How often the concepts of a language stand there, and from where on there are too many.

    Attributes:
      threshold: MetaCLIP's t: of a commoner concept about so many captions stay.
      captions: by concept.
    """

    threshold: int
    captions: dict[str, int]


def balance_concepts(
    run: Run, inputs: Inputs, parts: int, captions: int, rules: BalanceRules
) -> None:
    """Writes `work/unbalanced`, captions turned away by part, and `work/balance.json`, and why.

    Args:
      run: the run.
      inputs: as the steps before left the parts.
      parts: how many.
      captions: how many, about.
      rules: how to balance.
    """
    run.step("counting concepts")
    work, lists = inputs.work, read_lists(rules)
    buckets = buckets_for(_RUNS_A_CAPTION * captions)
    with run.pipeline(pieces_for(parts)) as pipeline:
        counted = pipeline | Deal("parts", range(parts)) | beam.ParDo(_CountConcepts(inputs, lists))
        _ = (
            {"counts": counted}
            | Regroup("concepts", {"counts": _COUNTED}, buckets, lambda table: _of(table, buckets))
            | "WriteCounts"
            >> beam.Map(_write_counts, work=work, listed=list(lists), least=rules.min_captions)
        )
    told = {
        language: {
            "t": balance.threshold,
            "concepts": len(balance.captions),
            "matches": sum(balance.captions.values()),
        }
        for language, balance in _read_counts(work, rules.tail_share).items()
    }
    work.write(BALANCE_FILE, json.dumps(told).encode())
    with run.pipeline(pieces_for(parts)) as pipeline:
        judge = _JudgeConcepts(inputs, lists, rules, run.recipe.seed)
        _ = pipeline | Deal("parts to balance", range(parts)) | beam.ParDo(judge)


def read_lists(rules: BalanceRules) -> dict[str, Concepts]:
    """The recipe's lists of concepts, by language.

    Raises:
      RecipeError: where a file is missing or has none.
    """
    found = {}
    for language, path in rules.concepts.items():
        folder, _, name = path.rpartition("/")
        try:
            concepts = Concepts.of(Folder(folder).read(name).decode().splitlines())
        except (FileNotFoundError, IsADirectoryError) as error:
            raise RecipeError(f"select.balance.concepts: there is no {shown(path)}") from error
        except UnicodeDecodeError as error:
            raise RecipeError(f"select.balance.concepts: {shown(path)}: {error}") from error
        if not concepts.names:
            raise RecipeError(f"select.balance.concepts: {shown(path)} names no concept")
        found[language] = concepts
    return found


def _of(table: pa.Table, buckets: int) -> np.ndarray:
    """Buckets by a checksum of the concept, which every process makes alike."""
    concepts = table["concept"].to_pylist()
    return np.array([zlib.crc32(name.encode()) % buckets for name in concepts], np.int64)


def _left_texts(inputs: Inputs, part: int) -> dict[str, tuple[list[str], list[str]]]:
    """By language, the ids and texts of the captions that are left."""
    left = read_part(inputs, part)
    captions = left.on_captions.kept(left.captions)
    columns = (captions[name].to_pylist() for name in ("language", "caption_id", "text"))
    found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for language, caption_id, text in zip(*columns, strict=True):
        ids, texts = found[language]
        ids.append(caption_id)
        texts.append(text)
    return found


class _CountConcepts(beam.DoFn):
    """In how many of a part's captions each concept stands, or each run that could be one."""

    def __init__(self, inputs: Inputs, lists: Mapping[str, Concepts]) -> None:
        self._inputs = inputs
        self._lists = lists

    def process(self, part: int) -> Iterator[pa.Table]:
        for language, (_, texts) in sorted(_left_texts(self._inputs, part).items()):
            listed = self._lists.get(language)
            runs = listed.in_texts(texts) if listed else frequent_runs(texts)
            counts = Counter(concept for found in runs for concept in found)
            columns = [[language] * len(counts), list(counts), list(counts.values())]
            yield pa.table(columns, schema=_COUNTED)


def _write_counts(keyed: Keyed, work: Folder, listed: list[str], least: int) -> None:
    """Sums a bucket's counts; of languages without a list only frequent runs are concepts."""
    bucket, tables = keyed
    sums = tables["counts"].group_by(["language", "concept"]).aggregate([("captions", "sum")])
    sums = sums.rename_columns([*_COUNTED.names]).select(_COUNTED.names)
    is_listed = pc.is_in(sums["language"], value_set=pa.array(listed, pa.string()))
    sums = sums.filter(pc.or_(is_listed, pc.greater_equal(sums["captions"], least)))
    ordered = sums.sort_by([("language", "ascending"), ("concept", "ascending")])
    write_table(work / _COUNTS, part_name(bucket), ordered)


def _read_counts(work: Folder, tail_share: float) -> dict[str, Balance]:
    """By language; about 0.2 kB of memory a concept."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    folder = work / _COUNTS
    for name in part_names(folder):
        table = read_table(folder, name)
        columns = (table[column].to_pylist() for column in _COUNTED.names)
        for language, concept, captions in zip(*columns, strict=True):
            counts[language][concept] = captions
    return {
        language: Balance(tail_threshold(np.array(list(found.values())), tail_share), found)
        for language, found in sorted(counts.items())
    }


class _JudgeConcepts(beam.DoFn):
    """Writes which captions of a part are one too many."""

    def __init__(
        self, inputs: Inputs, lists: Mapping[str, Concepts], rules: BalanceRules, seed: int
    ) -> None:
        self._inputs = inputs
        self._lists = lists
        self._rules = rules
        self._seed = seed

    def setup(self) -> None:
        self._balances = _read_counts(self._inputs.work, self._rules.tail_share)

    def process(self, part: int) -> Iterator[None]:
        ends = []
        for language, (ids, texts) in sorted(_left_texts(self._inputs, part).items()):
            balance = self._balances.get(language, Balance(1, {}))
            listed = self._lists.get(language)
            runs = listed.in_texts(texts) if listed else frequent_runs(texts)
            for caption_id, found in zip(ids, runs, strict=True):
                counts = sorted(n for concept in found if (n := balance.captions.get(concept)))
                drawn = share_of("balance", str(self._seed), caption_id)
                if fault := concept_fault(counts, balance.threshold, drawn, self._rules):
                    share = kept_share(counts, balance.threshold)
                    detail = f"kept with a probability of {share:.4f}" if counts else ""
                    ends.append((caption_id, fault.value, detail))
        columns = list(zip(*ends, strict=True)) or [(), (), ()]
        table = pa.table([list(column) for column in columns], schema=_VERDICTS)
        write_table(self._inputs.work / UNBALANCED, part_name(part), table)
        yield from ()
