"""Room for so many pictures: counted by language and standing, cut exactly where it ends."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator

import apache_beam as beam
import pyarrow as pa

from filters.budget import BudgetRules, last_step, quotas, steps_of
from pipelines.selecting import LEADS, ROOMS_FILE, Inputs, read_part
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, one_bucket, pieces_for
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.layout import part_name

_COUNTS_FILE = "leads.json"
_LEADS = pa.schema([("language", pa.string()), ("standing", pa.float64()), ("uid", pa.string())])

Ends = dict[str, tuple[int, int]]
"""By language, the step where the room ends, and how many of its pictures there is room for."""


def make_room(run: Run, inputs: Inputs, parts: int, rules: BudgetRules) -> None:
    """Writes `work/leads`, what counts of each picture, and `work/rooms.json`, where room ends.

    Args:
      run: the run.
      inputs: as the steps before left the parts.
      parts: how many.
      rules: the budget.
    """
    run.step("looking where the budget ends")
    work = inputs.work
    with run.pipeline(pieces_for(parts)) as pipeline:
        _ = (
            pipeline
            | Deal("parts", range(parts))
            | beam.ParDo(_ListLeads(inputs))
            | Tally(work, _COUNTS_FILE)
        )
    counts = _counts(work)
    rooms = quotas({language: sum(of.values()) for language, of in counts.items()}, rules)
    ends = {language: last_step(counts[language], room) for language, room in rooms.items()}
    with run.pipeline(pieces_for(parts)) as pipeline:
        leads = (
            pipeline
            | Deal("parts with leads", range(parts))
            | "AtTheEnd" >> beam.Map(_at_the_end, work=work, ends=ends)
        )
        _ = (
            {"leads": leads}
            | Regroup("last leads", {"leads": _LEADS}, 1, one_bucket)
            | "Cut" >> beam.Map(_write_rooms, work=work, ends=ends, rooms=rooms)
        )


class _ListLeads(beam.DoFn):
    """Writes each picture's language and standing; counts these."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    def process(self, number: int) -> Iterator[Count]:
        part = read_part(self._inputs, number)
        best = part.best_rows()
        rows = list(best.values())
        languages = [part.captions["language"][row].as_py() for row in rows]
        table = pa.table([languages, part.standings[rows], list(best)], schema=_LEADS)
        write_table(self._inputs.work / LEADS, part_name(number), table)
        steps = steps_of(part.standings[rows]).tolist()
        counts = Counter(zip(languages, steps, strict=True))
        for (language, step), n in counts.items():
            yield f"{language} {step}", n


def _counts(work: Folder) -> dict[str, dict[int, int]]:
    """Pictures by language and step."""
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for name, n in json.loads(work.read(_COUNTS_FILE)).items():
        language, step = name.split(" ")
        counts[language][int(step)] = n
    return counts


def _at_the_end(number: int, work: Folder, ends: Ends) -> pa.Table:
    """The pictures at whose steps the room of their language ends."""
    leads = read_table(work / LEADS, part_name(number))
    steps = steps_of(leads["standing"].to_numpy()).tolist()
    languages = leads["language"].to_pylist()
    last = [ends[of][0] == step for of, step in zip(languages, steps, strict=True)]
    return leads.filter(pa.array(last, pa.bool_()))


def _write_rooms(keyed: Keyed, work: Folder, ends: Ends, rooms: dict[str, int]) -> None:
    """The last picture of each language that has room: step and standing, negative, and uid."""
    order = [("standing", "descending"), ("uid", "ascending")]
    by_language: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for row in keyed[1]["leads"].sort_by(order).to_pylist():
        by_language[row["language"]].append((row["standing"], row["uid"]))
    found = {}
    for language, (step, room) in ends.items():
        last: list[float | str] = [math.inf]  # all have room
        if not rooms[language]:
            last = []
        elif step >= 0:
            standing, uid = by_language[language][room - 1]
            last = [-step, -standing, uid]
        found[language] = {"pictures": rooms[language], "last": last}
    work.write(ROOMS_FILE, json.dumps(found).encode())
