"""Scores captions and texts: what teachers say, measured once, decided by nobody.

Pictures are streamed past each teacher shard by shard; only embeddings' cosines are regrouped.
"""

import json
from dataclasses import asdict
from itertools import groupby
from typing import Any

import apache_beam as beam

from pipelines.clip_retrieval import FOLDERS, ClipRetrieval
from pipelines.embedding import EmbedPieces, embedded_folder, marker_of, read_marker
from pipelines.errors import RunError
from pipelines.parts import part_names
from pipelines.records import Counts
from pipelines.score_options import Score
from pipelines.score_plan import Piece, pieces_of, plan, strangers, text_parts
from pipelines.score_through import Through, find_through, speaker_of
from pipelines.scoring import (
    JUDGED,
    STAGE,
    Bench,
    JudgeShard,
    JudgeTexts,
    PickStrangers,
    ShardPieces,
    WriteScores,
)
from pipelines.stages import FRESH, Run, stages_before, tables_before
from pipelines.storage import Folder
from pipelines.teachers import Judge, Sight, judges_of, look
from pipelines.threads import in_threads
from pipelines.transforms.blocks import Deal, Regroup, arrow_schema, hash_buckets, pieces_for
from pipelines.transforms.inference import Lost
from pipelines.transforms.tally import Tally
from pipelines.transforms.through import SAID, SayCaptions
from schemas.layout import (
    BRANCHES,
    EMBEDDINGS,
    OF_CLIP_RETRIEVAL,
    OF_TEXTS,
    PAGE_BRANCH,
    PICTURE_BRANCH,
    TEXT_SCORES,
    Branch,
    Tables,
    embeddings_folder,
)

_CLIP_RETRIEVAL = tuple(f"{OF_CLIP_RETRIEVAL}/{name}" for name in FOLDERS)
_EMBEDDED = (
    *(of.of_pictures for of in BRANCHES),
    *(of.of_captions for of in BRANCHES),
    *(of.of_texts for of in BRANCHES if of.of_texts),
    OF_TEXTS,
)
_TEACHERS = "teachers"
_OF_TEXTS = "counts-texts.json"
_MOST_LOST = 0.1
"""Share of the pictures that may have become undecodable before a run stops."""


class ScoreStage:
    """The `score` stage of one run."""

    name: str = STAGE
    version: int = 2

    def __init__(self, run: Run) -> None:
        assert run.recipe.score is not None
        self._run = run
        self._rules: Score = run.recipe.score
        self._judges = judges_of(self._rules)
        self._speaker = speaker_of(self._rules)
        self.reads: tuple[str, ...] = stages_before(run.recipe, STAGE)
        self._kept = tables_before(run.recipe, STAGE)
        # The folder of each is replaced before those inside it: they are published in reverse.
        self.writes: tuple[str, ...] = (
            *(
                embeddings_folder(judge.number, what)
                for judge in self._judges
                for what in (*_EMBEDDED, *_CLIP_RETRIEVAL)
            ),
            EMBEDDINGS,
            TEXT_SCORES,
            PAGE_BRANCH.scores,
            PICTURE_BRANCH.scores,
            PAGE_BRANCH.ledger(STAGE),
        )

    def depends_on(self) -> Any:
        told = asdict(self._rules) | {"teachers": [judge.depends_on() for judge in self._judges]}
        through = self._rules.through
        del told["through"]  # where its folder lies does not matter
        if self._speaker and through:
            told["through"] = [*self._speaker.depends_on(), through.sources, through.into]
        return told

    def builds_on(self) -> None:
        """It begins anew."""

    def run(self, work: Folder) -> Counts:
        run = self._run
        sights = tuple(self._look(work, judge) for judge in self._judges)
        plan(run, work, self._kept)
        pieces = self._pieces(work)
        through = self._translate(work, sights, pieces)
        bench = Bench(work, tuple(self._judges), sights, through)
        for judge in self._judges:
            self._embed(bench, judge, pieces)
        run.step("comparing")
        counts: Counts = {}
        for kept in self._kept:
            branch = kept.branch
            of_branch = (branch.of_pictures, branch.of_captions, branch.of_texts)
            shards = _by_shard([piece for piece in pieces if piece.what in of_branch])
            counts |= self._judge_captions(work, bench, shards, kept)
        if texts := text_parts(run):
            of_texts = [piece for piece in pieces if piece.what == OF_TEXTS]
            found = {part.number: part for part in _by_shard(of_texts)}
            whole = [found.get(part, ShardPieces(part, ())) for part in range(texts)]
            self._judge_texts(work, bench, whole)
            counts |= json.loads(work.read(_OF_TEXTS))
        return counts

    def _look(self, work: Folder, judge: Judge) -> Sight:
        """Looks at a teacher once."""
        name = f"{judge.number}.json"
        if not (work / _TEACHERS).exists(name):
            self._run.step(f"loading {judge.label}")
            (work / _TEACHERS).write(name, json.dumps(asdict(look(judge))).encode())
        found = json.loads((work / _TEACHERS).read(name))
        return Sight(found["dim"], tuple(found["languages"]))

    def _pieces(self, work: Folder) -> list[Piece]:
        sizes = dict.fromkeys(_EMBEDDED, self._rules.text_batch)
        sizes |= {branch.of_pictures: self._rules.picture_batch for branch in BRANCHES}
        return [piece for what, size in sizes.items() for piece in pieces_of(work, what, size)]

    def _translate(
        self, work: Folder, sights: tuple[Sight, ...], pieces: list[Piece]
    ) -> Through | None:
        """Translates captions for teachers, where the recipe has it; says what was translated."""
        run, markers, rules = self._run, work / SAID, self._rules.through
        through = rules and self._speaker and find_through(self._speaker, rules.into, sights)
        if not through:
            return None
        of_captions = {branch.of_captions for branch in BRANCHES}
        captions = [piece for piece in pieces if piece.what in of_captions]
        step = f"translating by {through.speaker.label}"
        run.step(step, len(captions), markers, ".json", "pieces")
        done = set(markers.names())
        left = [piece for piece in captions if marker_of(piece) not in done]
        if left:
            with run.pipeline(len(left)) as pipeline:
                _ = pipeline | SayCaptions(work, through, left)
        return through

    def _embed(self, bench: Bench, judge: Judge, pieces: list[Piece]) -> None:
        run, rules, folds = self._run, self._rules, len(judge.specs)
        work, sight, through = bench.work, bench.sights[judge.number], bench.through
        for fold in range(folds):
            markers = embedded_folder(work, judge, fold)
            model = f"{judge.label}, fold {fold}" if folds > 1 else judge.label
            run.step(f"embedding by {model}", len(pieces), markers, ".json", "pieces")
            done = set(markers.names())
            left = [piece for piece in pieces if marker_of(piece) not in done]
            if left:
                with run.pipeline(len(left)) as pipeline:
                    _ = pipeline | EmbedPieces(
                        run.output, work, rules, judge, fold, sight, left, through
                    )
            for branch in BRANCHES:
                of_pictures = [piece for piece in pieces if piece.what == branch.of_pictures]
                _check_lost(branch, markers, of_pictures)

    def _judge_captions(
        self, work: Folder, bench: Bench, shards: list[ShardPieces], kept: Tables
    ) -> Counts:
        output, fresh, branch = self._run.output, work / FRESH, kept.branch
        parts = len(part_names(output / kept.captions))
        if not parts:
            return {}
        layout = None
        if self._rules.clip_retrieval and branch == PICTURE_BRANCH:
            last = max((shard.number for shard in shards), default=0)
            layout = ClipRetrieval(fresh, len(str(last)))
        with self._run.pipeline(pieces_for(parts)) as pipeline:
            embedded = pipeline | Deal("shards", shards)
            pick = beam.ParDo(PickStrangers(bench, branch, strangers(work, branch)))
            others = beam.pvalue.AsList(embedded | pick)
            judge = beam.ParDo(JudgeShard(bench, branch, fresh, layout), others)
            judged = embedded | judge.with_outputs("lost", main="judged")
            schemas = {"judged": JUDGED, "lost": arrow_schema(Lost)}
            _ = (
                {"judged": judged.judged, "lost": judged.lost}
                | Regroup("scores by picture", schemas, parts, hash_buckets("uid", parts))
                | beam.ParDo(WriteScores(output, kept, bench, fresh))
                | Tally(work, f"counts-{branch.of_captions}.json")
            )
        return dict(json.loads(work.read(f"counts-{branch.of_captions}.json")))

    def _judge_texts(self, work: Folder, bench: Bench, parts: list[ShardPieces]) -> None:
        output, fresh = self._run.output, work / FRESH
        with self._run.pipeline(pieces_for(len(parts))) as pipeline:
            _ = (
                pipeline
                | Deal("texts", parts)
                | beam.ParDo(JudgeTexts(output, bench, fresh))
                | Tally(work, _OF_TEXTS)
            )


def _by_shard(pieces: list[Piece]) -> list[ShardPieces]:
    ordered = sorted(pieces, key=lambda piece: (piece.shard, piece.what, piece.number))
    return [
        ShardPieces(shard, tuple(of_shard))
        for shard, of_shard in groupby(ordered, key=lambda piece: piece.shard)
    ]


def _check_lost(branch: Branch, folder: Folder, pieces: list[Piece]) -> None:
    """Stops a run whose stored pictures are damaged, before anything is made of it.

    What was lost is forgotten, so that a run after they were mended looks again.

    Raises:
      RunError: saying how many.
    """
    markers = list(in_threads(lambda piece: read_marker(folder, piece), pieces))
    came, gone = sum(rows for rows, _ in markers), sum(len(lost) for _, lost in markers)
    if gone <= max(1, _MOST_LOST * came):
        return
    for piece, (_, lost) in zip(pieces, markers, strict=True):
        if lost:
            (folder / marker_of(piece)).remove()
    first = next(lost[0] for _, lost in markers if lost)
    raise RunError(
        f"of {came:,} stored {branch.picture}s {gone:,} cannot be decoded any more, as {first.uid} "
        f"({first.detail}): is {branch.tars}/ damaged?"
    )
