"""Mines hard negatives: near candidates of each anchor that the guards let pass.

It reads embeddings and what was kept, and no picture. Indexes are built first, and stay until the
embeddings change: other guards only search again.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import apache_beam as beam

from pipelines.chosen import Chosen
from pipelines.cross_encoders import check_encoder, revision_of, spec_of
from pipelines.mining import BLOCK, STAGE, MinePieces, Work, refused
from pipelines.mining_guards import Mining
from pipelines.mining_index import build_index
from pipelines.mining_plan import BLOCK_ROWS, BRANCH_OF, MinePlan, make_plan, read_listed
from pipelines.mining_rules import Mine
from pipelines.nearest import check_installed
from pipelines.records import Counts
from pipelines.stages import FRESH, Run, fingerprints_read, tables_before
from pipelines.storage import Folder
from pipelines.teachers import first_of_one_space
from pipelines.transforms.blocks import Deal
from pipelines.triplets import first_of_kinds
from schemas.fates import TripletFault
from schemas.ids import digest
from schemas.languages import ALL, UNKNOWN
from schemas.layout import (
    IMAGE_TO_TEXT,
    INDEXES,
    NEGATIVES_FILE,
    OF_CAPTIONS,
    OF_QUERIES,
    OF_TEXTS,
    QUERY_TO_PAGE,
    TEXT_TEXT,
    TEXT_TO_IMAGE,
    TRIPLETS,
    ledger_folder,
)
from schemas.rows import LedgerRow

_MARKERS = "done"
_SIDES = {
    OF_CAPTIONS: {IMAGE_TO_TEXT: ("uid", "caption_id"), TEXT_TO_IMAGE: ("caption_id", "uid")},
    OF_QUERIES: {QUERY_TO_PAGE: ("caption_id", "uid")},
}
"""By what captions are of and kind of triplets, the columns of anchor and positive."""


class MineStage:
    """The `mine` stage of one run."""

    name: str = STAGE
    version: int = 4
    writes: tuple[str, ...] = (TRIPLETS,)

    def __init__(self, run: Run) -> None:
        assert run.recipe.mine is not None
        assert run.recipe.score is not None
        self._run = run
        self._rules: Mine = run.recipe.mine
        self.reads: tuple[str, ...] = ("select",) if run.recipe.select else ("score",)
        wanted = {BRANCH_OF[kind] for kind in self._rules.kinds if kind in BRANCH_OF}
        self._kept = [kept for kept in tables_before(run.recipe, STAGE) if kept.branch in wanted]
        teacher = first_of_one_space(run.recipe.score)
        assert teacher is not None, "the recipe was checked"
        self._teacher = teacher

    def depends_on(self) -> Any:
        rules = asdict(self._rules)
        if self._rules.cross_encoder:
            spec = spec_of(self._rules.cross_encoder)
            rules["cross_encoder"] |= {"model": revision_of(spec), "device": ""}
        return [rules, self._run.recipe.seed]

    def builds_on(self) -> None:
        """It begins anew; indexes that are kept are the same as new ones."""

    def run(self, work: Folder) -> Counts:
        check_installed(self._rules.bm25 > 0)
        check_encoder(self._rules)
        prepared = self._run.output / INDEXES / self._index_name()
        plan = make_plan(self._run, self._rules, self._kept, self._teacher, prepared)
        build_index(self._run, self._rules, plan, self._teacher, prepared)
        seed, scales = self._run.recipe.seed, self._scales()
        encoder = self._rules.cross_encoder
        crossed = spec_of(encoder) if encoder else None
        mining = Mining(prepared, plan, self._rules, seed, scales, crossed)
        self._search(work, mining)
        told = self._report(work, plan)
        self._remove_others(prepared)
        return told

    def _index_name(self) -> str:
        """Of what the indexes depend on."""
        rules = self._rules
        of = [rules.kinds, rules.document_column, rules.index_rows, rules.exact_rows]
        built = json.dumps([*of, rules.bm25 > 0, BLOCK_ROWS, self.version, self._teacher])
        return digest(built, *fingerprints_read(self, self._run.output).values())[:12]

    def _scales(self) -> dict[str, Any]:
        """Of the teacher's mismatches, where a guard asks for them."""
        if self._rules.negatives.max_standing is None:
            return {}
        found = {}
        for branch in (kept.branch for kept in self._kept):
            chosen = Chosen.from_json(self._run.output.read(branch.thresholds))
            scales = {language: chosen.scale_for(language) for language in (*ALL, UNKNOWN)}
            found[branch.of_pictures] = scales
        return found

    def _search(self, work: Folder, mining: Mining) -> None:
        works, markers = _works(mining.plan), work / _MARKERS
        self._run.step("seeking negatives", len(works), markers, ".json", "pieces")
        done = set(markers.names())
        left = [piece for piece in works if piece.marker not in done]
        if left:
            listed = NotUnderstood(mining.prepared, self._rules.kinds)
            mine = MinePieces(mining, work / FRESH, markers, listed)
            with self._run.pipeline(len(left)) as pipeline:
                _ = pipeline | Deal("pieces", left) | beam.ParDo(mine)

    def _report(self, work: Folder, plan: MinePlan) -> Counts:
        """Writes what was refused and what is to be seen; returns the counts."""
        counts: Counter[str] = Counter()
        told: Counter[str] = Counter()
        shown: list[dict[str, Any]] = []
        for piece in _works(plan):
            marker = json.loads((work / _MARKERS).read(piece.marker))
            counts.update(marker["counts"])
            told.update(marker["told"])
            shown = first_of_kinds(shown + marker["examples"])
        report = {"told": dict(sorted(told.items())), "examples": shown}
        text = json.dumps(report, ensure_ascii=False, indent=1).encode()
        (work / FRESH / ledger_folder(STAGE)).write(NEGATIVES_FILE, text)
        return dict(counts)

    def _remove_others(self, prepared: Folder) -> None:
        indexes = self._run.output / INDEXES
        for name in indexes.folders():
            if indexes / name != prepared:
                (indexes / name).remove()


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The ledger of what the teacher did not embed: a row for each triplet that it might have been.

    Attributes:
      prepared: where the rows are listed.
      kinds: of triplets that are wanted.
    """

    prepared: Folder
    kinds: tuple[str, ...]

    def __call__(self, work: Work) -> list[LedgerRow]:
        return self._texts(work.number) if work.what == OF_TEXTS else self._captions(work)

    def _captions(self, work: Work) -> list[LedgerRow]:
        rows = read_listed(self.prepared, work.what, work.number)
        return [
            _not_understood(kind, row[anchor], row[positive], row["uid"], row["language"])
            for row in rows.select(["caption_id", "uid", "language", "at"]).to_pylist()
            for kind, (anchor, positive) in _SIDES[work.what].items()
            if row["at"] < 0 and kind in self.kinds
        ]

    def _texts(self, part: int) -> list[LedgerRow]:
        if TEXT_TEXT not in self.kinds:
            return []
        rows = read_listed(self.prepared, OF_TEXTS, part).to_pylist()
        return [
            _not_understood(
                TEXT_TEXT,
                row["query_id"],
                row["positive_id"],
                "",
                f"{row['query_language']}, {row['positive_language']}",
            )
            for row in rows
            if min(row["query_at"], row["positive_at"]) < 0
        ]


def _not_understood(kind: str, anchor: str, positive: str, uid: str, detail: str) -> LedgerRow:
    return refused(digest(kind, anchor, positive), uid, TripletFault.NOT_UNDERSTOOD, detail)


def _works(plan: MinePlan) -> list[Work]:
    blocks = sum(cut.pieces for cut in plan.anchors)
    return [
        *(Work(BLOCK, number) for number in range(blocks)),
        *(Work(what, number) for what, number in plan.numbered()),
    ]
