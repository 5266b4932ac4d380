"""What becomes of a part's captions and pictures, by the scores and by what later steps decided.

The steps come one after the other: thresholds, semantic duplicates, concepts, the budget. Each
looks at what those before it left, so each needs the part as they left it: it is made anew from the
scores and from the small tables that the steps wrote, which costs less than keeping it would.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.budget import UNJUDGED, steps_of
from filters.set_faults import SetFault
from filters.thresholds import Group, score_fault
from pipelines.chosen import Chosen
from pipelines.selecting_scores import Judged, read_judged
from pipelines.storage import Folder
from pipelines.transforms.tables import read_table
from pipelines.verdicts import Verdicts
from schemas.layout import Tables, part_name

STAGE = "select"
CHOSEN_FILE = "chosen.json"
ROOMS_FILE = "rooms.json"
DUPLICATES = "duplicates"
UNBALANCED = "unbalanced"
LEADS = "leads"

SEMANTIC, BALANCE, BUDGET = "semantic", "balance", "budget"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a worker needs to see a part as some steps left it.

    Attributes:
      output: of the recipe.
      kept: what was scored.
      work: of the stage.
      steps: that are over, of `semantic`, `balance` and `budget`, in this order.
      keep_unjudged: whether captions that no teacher understood stay.
    """

    output: Folder
    kept: Tables
    work: Folder
    steps: tuple[str, ...]
    keep_unjudged: bool


def read_part(inputs: Inputs, number: int) -> "Part":
    """A part as the inputs' steps left it."""
    return Part(inputs, number, Chosen.from_json(inputs.work.read(CHOSEN_FILE)))


class Part:
    """A part as the steps left it.

    Attributes:
      judged: its captions and their scores.
      pictures: a table of `Picture`s, those that were scored.
      standings: how high each caption's score stands over the mismatches of its language, in their
        standard deviations; `UNJUDGED` where no teacher understood; shape [captions].
      on_captions: what was decided on them; a caption of a picture that goes has its fault.
      on_pictures: what was decided on them.
    """

    def __init__(self, inputs: Inputs, number: int, chosen: Chosen) -> None:
        name = part_name(number)
        self.judged: Judged = read_judged(inputs.output, inputs.kept, number, chosen.scales)
        self.captions: pa.Table = self.judged.captions
        self._uids: list[str] = self.captions["uid"].to_pylist()
        self._languages: list[str] = self.captions["language"].to_pylist()
        pictures = read_table(inputs.output / inputs.kept.pictures, name)
        scored = set(self._uids)
        uids = pictures["uid"].to_pylist()
        self.pictures = pictures.filter(pa.array([uid in scored for uid in uids], pa.bool_()))
        self.standings = self._standings(chosen)
        self.on_captions = Verdicts.none(len(self._uids))
        self.on_pictures = Verdicts.none(self.pictures.num_rows)
        self._apply_thresholds(chosen, inputs.keep_unjudged)
        if SEMANTIC in inputs.steps:
            self._apply_duplicates(read_table(inputs.work / DUPLICATES, name))
        if BALANCE in inputs.steps:
            self._apply_balance(read_table(inputs.work / UNBALANCED, name))
        if BUDGET in inputs.steps:
            rooms = json.loads(inputs.work.read(ROOMS_FILE))
            self._apply_budget(read_table(inputs.work / LEADS, name), rooms)
        self._turn_bare_pictures_away()

    def groups(self) -> list[Group]:
        """The language and source of each caption."""
        return list(zip(self._languages, self.captions["source"].to_pylist(), strict=True))

    def best_rows(self) -> dict[str, int]:
        """By picture that is left, the row of its best caption: by standing, then caption id."""
        ids = self.captions["caption_id"].to_pylist()
        best: dict[str, int] = {}
        for row, uid in enumerate(self._uids):
            if self.on_captions.faults[row]:
                continue
            rank = (-self.standings[row], ids[row])
            if uid not in best or rank < (-self.standings[best[uid]], ids[best[uid]]):
                best[uid] = row
        return best

    def _standings(self, chosen: Chosen) -> NDArray[np.float64]:
        found = np.full(len(self._uids), UNJUDGED)
        languages = np.array(self._languages, dtype=object)
        for language in sorted(set(self._languages)):
            rows = (languages == language) & self.judged.is_judged
            found[rows] = chosen.scale_for(language).standing(self.judged.scores[rows])
        return found

    def _apply_thresholds(self, chosen: Chosen, keep_unjudged: bool) -> None:
        by_group = chosen.needed()
        needed = [by_group.get(group, -1.0) for group in self.groups()]
        scores, is_judged = self.judged.scores.tolist(), self.judged.is_judged.tolist()
        for row, (score, threshold) in enumerate(zip(scores, needed, strict=True)):
            known = score if is_judged[row] else None
            if fault := score_fault(known, threshold, keep_unjudged):
                detail = "" if known is None else f"score {score:.4f}, needs {threshold:.4f}"
                self.on_captions.reject(row, fault.value, detail)

    def _apply_duplicates(self, duplicates: pa.Table) -> None:
        fault = SetFault.SEMANTIC_DUPLICATE.value
        details = {
            row["uid"]: f"of {row['kept_uid']}, cosine {row['cosine']:.4f}"
            for row in duplicates.to_pylist()
        }
        self._turn_away(fault, details)

    def _apply_balance(self, unbalanced: pa.Table) -> None:
        ends = {row["caption_id"]: row for row in unbalanced.to_pylist()}
        for row, caption_id in enumerate(self.captions["caption_id"].to_pylist()):
            if end := ends.get(caption_id):
                self.on_captions.reject(row, end["fault"], end["detail"])

    def _apply_budget(self, leads: pa.Table, rooms: dict[str, dict[str, Any]]) -> None:
        details = {}
        steps = steps_of(leads["standing"].to_numpy())
        for row, step in zip(leads.to_pylist(), steps.tolist(), strict=True):
            room = rooms[row["language"]]
            last = tuple(room["last"])
            if (-step, -row["standing"], row["uid"]) > last:
                details[row["uid"]] = f"{row['language']} has room for {room['pictures']:,}"
        self._turn_away(SetFault.OVER_BUDGET.value, details)

    def _turn_away(self, fault: str, details: dict[str, str]) -> None:
        """Turns pictures away, and with them those of their captions that were left."""
        for row, uid in enumerate(self.pictures["uid"].to_pylist()):
            if uid in details:
                self.on_pictures.reject(row, fault, details[uid])
        for row, uid in enumerate(self._uids):
            if uid in details:
                self.on_captions.reject(row, fault, "")

    def _turn_bare_pictures_away(self) -> None:
        faults = zip(self._uids, self.on_captions.faults, strict=True)
        clad = {uid for uid, fault in faults if not fault}
        for row, uid in enumerate(self.pictures["uid"].to_pylist()):
            if uid not in clad:
                self.on_pictures.reject(row, SetFault.NO_CAPTION.value, "")
