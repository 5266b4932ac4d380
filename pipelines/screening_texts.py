"""Screens text pairs: rows to claims, claims to pairs that are kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import apache_beam as beam

from filters.set_faults import ContaminationFault, SetFault
from filters.text import tidied
from filters.text_pair import text_pair_fault
from pipelines.judging import Judge
from pipelines.recipe import Recipe, Source
from pipelines.screening import STAGE
from pipelines.sources.rows import InputRow, Split, row_name
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, table_of
from pipelines.transforms.tables import write_table
from pipelines.transforms.tally import Count
from schemas.fates import Fate, Unit
from schemas.ids import digest, text_id
from schemas.languages import normalise_tag
from schemas.layout import SCREENED_TEXTS, ledger_folder, part_name
from schemas.rows import LedgerRow, TextPair


@dataclass(frozen=True, slots=True)
class PairClaim(TextPair):
    """An input row's claim that one text answers another; the languages are as stated.

    Attributes:
      pair_id: of both ids together.
      rank: of the source in the recipe: equal pairs count for the first.
    """

    pair_id: str
    rank: int


def pairs_of(
    _: Recipe, source: Source, split: Split, block: list[InputRow]
) -> tuple[list[PairClaim], list[LedgerRow]]:
    """What a block's rows claim, and those that cannot be read."""
    broken = [_broken(source, split, row) for row in block if row.fault]
    return [_claim(split, source, row) for row in block if not row.fault], broken


def _broken(source: Source, split: Split, row: InputRow) -> LedgerRow:
    name = row_name(source, split, row)
    return LedgerRow(
        STAGE, Unit.ROW.value, name, "", name, Fate.REJECTED.value, row.fault, row.detail
    )


def _claim(split: Split, source: Source, row: InputRow) -> PairClaim:
    query, positive = tidied(row.query), tidied(row.caption)
    ids = text_id(query), text_id(positive)
    return PairClaim(
        *ids,
        query=query,
        positive=positive,
        query_language=normalise_tag(row.query_language),
        positive_language=normalise_tag(row.language),
        source=source.name,
        row=row_name(source, split, row),
        licence=row.licence,
        extras=row.extras,
        pair_id=digest(*ids),
        rank=split.source,
    )


class ScreenPairs(beam.DoFn):
    """Judges a bucket's text pairs; writes those that are kept and the ledger, tells the counts.

    Args:
      recipe: of the run.
      work: of the stage.
      fresh: where to write.
    """

    def __init__(self, recipe: Recipe, work: Folder, fresh: Folder) -> None:
        self._recipe = recipe
        self._work = work
        self._fresh = fresh

    def setup(self) -> None:
        assert self._recipe.screen is not None
        self._rules = self._recipe.screen
        self._judge = Judge(self._rules, self._recipe.languages, self._work)

    def process(self, keyed: Keyed) -> Iterator[Count]:
        bucket, tables = keyed
        claims = [PairClaim(**row) for row in tables["claims"].to_pylist()]
        claims.sort(key=lambda claim: (claim.pair_id, claim.rank, claim.row))
        groups = [list(group) for _, group in groupby(claims, key=lambda claim: claim.pair_id)]
        ledger = [
            _row(claim, SetFault.DUPLICATE_PAIR.value, f"as {first.row}")
            for first, *repeats in groups
            for claim in repeats
        ]
        kept = []
        for pair, fault, detail in self._judged([group[0] for group in groups]):
            if fault:
                ledger.append(_row(pair, fault, detail))
            else:
                kept.append(pair)
        write_table(self._fresh / SCREENED_TEXTS, part_name(bucket), table_of(TextPair, kept))
        name = f"texts-{part_name(bucket)}"
        write_table(self._fresh / ledger_folder(STAGE), name, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts["text kept"] = len(kept)
        yield from counts.items()

    def _judged(self, claims: list[PairClaim]) -> Iterator[tuple[PairClaim, str, str]]:
        """Each pair with its fault and detail, "" where it has none."""
        queries = self._judge.texts(
            [claim.query for claim in claims], [claim.query_language for claim in claims]
        )
        positives = self._judge.texts(
            [claim.positive for claim in claims], [claim.positive_language for claim in claims]
        )
        for at, claim in enumerate(claims):
            query, positive = queries.text[at], positives.text[at]
            pair = replace(
                claim,
                query=query,
                positive=positive,
                query_language=queries.language[at],
                positive_language=positives.language[at],
            )
            for which, judged in (("query", queries), ("positive", positives)):
                fault, detail = judged.fault[at], judged.detail[at]
                if fault:
                    if fault != ContaminationFault.CAPTION:  # whose detail is counted
                        detail = f"{which}: {detail}".rstrip(": ")
                    yield pair, fault, detail
                    break
            else:
                overlap = text_pair_fault(query, positive, self._rules.text_pair)
                yield pair, str(overlap or ""), ""


def _row(pair: PairClaim, reason: str, detail: str) -> LedgerRow:
    return LedgerRow(
        STAGE, Unit.TEXT.value, pair.pair_id, "", pair.row, Fate.REJECTED.value, reason, detail
    )
