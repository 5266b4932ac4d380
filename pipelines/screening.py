"""What becomes of a part's pictures and captions, by themselves and among all the others.

A part's verdicts are columns beside those that gather wrote, row by row in the same order.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.picture import MEASURED
from filters.set_faults import SetFault
from pipelines.duplicates import CANDIDATES, DUPLICATES
from pipelines.judging import Judge
from pipelines.popular import are_popular
from pipelines.recipe import Recipe
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count
from pipelines.verdicts import Verdicts, ledger_of
from schemas.ids import digest
from schemas.layout import Tables, part_name
from schemas.rows import Caption, LedgerRow

STAGE = "screen"
JUDGED = "judged"
JUDGED_PICTURES = "judged/pictures"
JUDGED_CAPTIONS = "judged/captions"
CANDIDATES_FOLDER = "candidates"


# A part by itself


class JudgeParts(beam.DoFn):
    """Judges the pictures and captions of a part; writes verdicts and candidates below `work`.

    Args:
      recipe: of the run.
      read: the tables to judge.
      work: where to work.
      sets: the folder of the stage, with what was read of the evaluation sets.
    """

    def __init__(self, recipe: Recipe, read: Tables, work: Folder, sets: Folder) -> None:
        self._recipe = recipe
        self._read = read
        self._work = work
        self._sets = sets

    def setup(self) -> None:
        assert self._recipe.screen is not None
        branch = self._read.branch
        self._judge = Judge(self._recipe.screen, self._recipe.languages, self._sets, branch)

    def process(self, part: int, popular: list[pa.Table]) -> None:
        output, name = Folder(self._recipe.output), part_name(part)
        captions = read_table(output / self._read.captions, name)
        verdicts = self._judged_captions(captions, are_popular(self._work, part, popular))
        write_table(self._work / JUDGED_CAPTIONS, name, verdicts)
        good = captions.filter(pc.equal(verdicts["fault"], ""))
        pictures = read_table(output / self._read.pictures, name, _OF_PICTURE)
        judged = self._judge.pictures(pictures)
        is_bare = pc.invert(pc.is_in(pictures["uid"], value_set=good["uid"].combine_chunks()))
        is_whole = pc.equal(judged["fault"], "")
        faults = pc.if_else(pc.and_(is_whole, is_bare), SetFault.NO_CAPTION.value, judged["fault"])
        write_table(self._work / JUDGED_PICTURES, name, judged.set_column(0, "fault", faults))
        kept = pictures.filter(pc.equal(faults, ""))
        write_table(self._work / CANDIDATES_FOLDER, name, _candidates(kept, good))
        marker = {"count": captions.num_rows, "successes": good.num_rows}
        (self._work / JUDGED).write(judged_marker(part), json.dumps(marker).encode())

    def _judged_captions(self, captions: pa.Table, popular: np.ndarray) -> pa.Table:
        """Each caption's verdict; popular texts and texts that stand twice on a picture, too."""
        judged = self._judge.texts(captions["text"].to_pylist(), captions["language"].to_pylist())
        faults = judged.fault
        for row in popular.tolist():
            faults[row] = faults[row] or SetFault.POPULAR_CAPTION.value
        seen = set()
        uids = captions["uid"].to_pylist()
        for row, place in enumerate(zip(uids, judged.language, judged.text, strict=True)):
            if not faults[row]:
                faults[row] = SetFault.DUPLICATE_CAPTION.value if place in seen else ""
                seen.add(place)
        columns = [judged.text, judged.language, faults, judged.detail]
        return pa.table(columns, schema=_OF_CAPTIONS)


_OF_CAPTIONS = pa.schema([(name, pa.string()) for name in ("text", "language", "fault", "detail")])
_OF_PICTURE = ["uid", "sha256", "pdq", *MEASURED]


def judged_marker(part: int) -> str:
    """The file that says that a part is judged, and how many of its captions are good."""
    return f"{part:05d}.json"


def _candidates(pictures: pa.Table, captions: pa.Table) -> pa.Table:
    """Pictures that are kept unless they are duplicates, with what their captions are worth."""
    worth = captions.group_by("uid").aggregate([("quality", "sum")])
    of_picture = pc.index_in(pictures["uid"], value_set=worth["uid"].combine_chunks())
    pixels = pc.multiply(pictures["original_width"], pictures["original_height"])
    columns = [pictures[name] for name in ("uid", "sha256", "pdq", "pdq_quality")]
    return pa.table([*columns, pixels, worth["quality_sum"].take(of_picture)], schema=CANDIDATES)


# A part among the others


class Part:
    """A part with the verdicts on it, of which duplicates are the last.

    Attributes:
      pictures: a table of `Picture`s.
      on_pictures: what was decided on them.
      captions: a table of `Caption`s, in the languages that they are in.
      on_captions: what was decided on them; a caption of a picture that goes has its fault.
      twins: rows of the duplicates' table by uid.
    """

    def __init__(self, output: Folder, read: Tables, work: Folder, part: int) -> None:
        name, self._branch = part_name(part), read.branch
        twins = read_table(work / DUPLICATES, name).to_pylist()
        self.twins: dict[str, dict[str, Any]] = {row["uid"]: row for row in twins}
        self.pictures = read_table(output / read.pictures, name)
        judged = read_table(work / JUDGED_PICTURES, name)
        self.on_pictures = Verdicts(judged["fault"].to_pylist(), judged["detail"].to_pylist())
        uids = self.pictures["uid"].to_pylist()
        for row, uid in enumerate(uids):
            if twin := self.twins.get(uid):
                self.on_pictures.faults[row] = twin["reason"]
                words = f"of {twin['kept_uid']}, {twin['distance']} bits apart"
                self.on_pictures.details[row] = words
        verdicts = read_table(work / JUDGED_CAPTIONS, name)
        self.captions = _replaced(read_table(output / read.captions, name), verdicts)
        ended = dict(zip(uids, self.on_pictures.faults, strict=True))
        faults = [
            fault or ended[uid]
            for fault, uid in zip(
                verdicts["fault"].to_pylist(), self.captions["uid"].to_pylist(), strict=True
            )
        ]
        self.on_captions = Verdicts(faults, verdicts["detail"].to_pylist())

    def ledger(self) -> list[LedgerRow]:
        """A row for each picture and caption that is not kept."""
        uids = self.pictures["uid"].to_pylist()
        decided = uids, self.on_pictures, self.captions, self.on_captions
        return list(ledger_of(STAGE, *decided, self._branch))

    def kept_pictures(self) -> pa.Table:
        return self.on_pictures.kept(self.pictures)

    def kept_captions(self) -> pa.Table:
        return self.on_captions.kept(self.captions)


def _replaced(captions: pa.Table, verdicts: pa.Table) -> pa.Table:
    for name in ("text", "language"):
        at = captions.schema.get_field_index(name)
        captions = captions.set_column(at, captions.schema.field(at), verdicts[name])
    return captions


class OfferCaptions(beam.DoFn):
    """The captions of a part's duplicates, offered to the pictures that are kept in their place.

    Args:
      output: of the recipe.
      read: the tables that were judged.
      work: where to work.
      are_wanted: whether there are to be any.
    """

    def __init__(self, output: Folder, read: Tables, work: Folder, are_wanted: bool) -> None:
        self._output = output
        self._read = read
        self._work = work
        self._are_wanted = are_wanted

    def process(self, number: int) -> Iterator[pa.Table]:
        if not self._are_wanted:
            return
        part = Part(self._output, self._read, self._work, number)
        verdicts = read_table(self._work / JUDGED_CAPTIONS, part_name(number))
        is_good = pc.equal(verdicts["fault"], "")
        is_twins = pc.is_in(part.captions["uid"], value_set=pa.array(part.twins, pa.string()))
        offers = [
            _inheritance(Caption(**row), part.twins[row["uid"]]["kept_uid"])
            for row in part.captions.filter(pc.and_(is_good, is_twins)).to_pylist()
        ]
        yield table_of(Caption, offers)


def _inheritance(caption: Caption, heir: str) -> Caption:
    """The same caption as another picture's; its id tells whose it was."""
    values = {name: getattr(caption, name) for name in arrow_schema(Caption).names}
    made_of = digest(heir, caption.language, caption.text, caption.caption_id)
    return Caption(**values | {"uid": heir, "caption_id": made_of, "origin": "inherited"})


class WriteScreened(beam.DoFn):
    """Writes what is kept of a part and inherits, and its ledger; tells the counts.

    Args:
      output: of the recipe.
      read: the tables that were judged.
      kept: those to write.
      work: where to work.
      fresh: where to write.
    """

    def __init__(
        self, output: Folder, read: Tables, kept: Tables, work: Folder, fresh: Folder
    ) -> None:
        self._output = output
        self._read = read
        self._kept = kept
        self._work = work
        self._fresh = fresh

    def process(self, keyed: Keyed) -> Iterator[Count]:
        number, tables = keyed
        name, branch = part_name(number), self._kept.branch
        part = Part(self._output, self._read, self._work, number)
        pictures, captions, ledger = part.kept_pictures(), part.kept_captions(), part.ledger()
        inherited = _inherited(tables["offers"], captions)
        captions = pa.concat_tables([captions, table_of(Caption, inherited)])
        write_table(self._fresh / self._kept.pictures, name, pictures)
        write_table(self._fresh / self._kept.captions, name, captions)
        write_table(self._fresh / branch.ledger(STAGE), name, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts[f"{branch.picture} in"] = part.pictures.num_rows
        counts[f"{branch.picture} kept"] = pictures.num_rows
        counts[f"{branch.caption} in"] = part.captions.num_rows
        counts[f"{branch.caption} created"] = len(inherited)
        counts[f"{branch.caption} kept"] = captions.num_rows
        yield from counts.items()


def _inherited(offers: pa.Table, kept: pa.Table) -> list[Caption]:
    """One caption, the best, in each language that a kept picture has none in."""
    if not offers.num_rows:
        return []
    order = [("uid", "ascending"), ("language", "ascending"), ("quality", "descending")]
    spoken = set(zip(kept["uid"].to_pylist(), kept["language"].to_pylist(), strict=True))
    taken = []
    for row in offers.sort_by([*order, ("caption_id", "ascending")]).to_pylist():
        if (row["uid"], row["language"]) not in spoken:
            spoken.add((row["uid"], row["language"]))
            taken.append(Caption(**row))
    return taken
