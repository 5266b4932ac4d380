"""Translates captions: each text once a language, and only what no memory has.

It reads captions and no picture. What it makes lies beside the captions that it was made of, in the
same parts; the captions themselves stay where they are.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property, partial
from math import ceil
from typing import Any

import apache_beam as beam

from filters.targets import most_targets
from pipelines.errors import RunError
from pipelines.judging_translations import JudgeBucket
from pipelines.language_model import model_version
from pipelines.memory_imports import import_memory, import_name
from pipelines.parts import part_names, rows_below
from pipelines.pivoting import into_pivot, out_of_pivot
from pipelines.records import Counts
from pipelines.round_trips import bring_back, send_back
from pipelines.sentence_encoders import (
    encoder_label,
    encoder_spec,
    load_encoder,
    revision_of,
)
from pipelines.stages import FRESH, Run, fingerprints_read, stages_before, tables_before
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    arrow_schema,
    column_buckets,
    hash_buckets,
    pieces_for,
)
from pipelines.transforms.filed import RegroupFiled, RegroupPlaces
from pipelines.transforms.tally import Tally
from pipelines.translate_options import Translate, asks_for_cosines
from pipelines.translate_plan import (
    BucketPlan,
    PlanRequests,
    TranslationPiece,
    batches_a_piece,
    read_plan,
)
from pipelines.translate_report import (
    Means,
    estimate_lines,
    estimate_of_way_back,
    language_lines,
    pair_lines,
    translation_report,
)
from pipelines.translate_speeds import (
    Speed,
    pieces_of_all_turns,
    read_speed,
    sums_of,
    try_speed,
    write_speed,
)
from pipelines.translate_wanted import (
    BACK,
    LOST,
    THERE,
    Desk,
    Numbered,
    ReadWanted,
    Wanted,
    check_routes,
    rules_of,
    write_wanted,
)
from pipelines.translated import STAGE, WriteTranslated
from pipelines.translating import done_folder, marker_of
from pipelines.translators import Routes, Speaker, pairs_of, speakers_of
from schemas.layout import (
    BRANCHES,
    MEMORY,
    PAGE_BRANCH,
    TRANSLATION_REPORT_FILE,
    WORK,
    ledger_folder,
)

_BUCKET_TRANSLATIONS = 20_000
"""Of texts that are looked up and judged together: some 100 MB."""

_PREVIEW = "translate-preview"
_PLANNED = "planned"
_PAIRS_FILE = "pairs.json"
_MEMORY_FILE = "memory"
_COUNTS_FILE = "counts.json"
_BY_PAIR_FILE = "by-pair.json"


class TranslateStage:
    """The `translate` stage of one run."""

    name: str = STAGE
    version: int = 4
    writes: tuple[str, ...] = (  # in reverse, so that no folder takes along what is in it
        *(branch.translated for branch in reversed(BRANCHES)),
        *(branch.round_trips for branch in reversed(BRANCHES)),
        PAGE_BRANCH.ledger(STAGE),
    )

    def __init__(self, run: Run) -> None:
        assert run.recipe.translate is not None
        self._run = run
        self._rules: Translate = run.recipe.translate
        self._speakers = speakers_of(self._rules)
        self._prices = [model.price for model in self._rules.models]
        self.reads: tuple[str, ...] = stages_before(run.recipe, STAGE)
        self._memory = Folder(self._rules.memory or run.output.path(MEMORY))
        self._imports = {import_name(path): path for path in self._rules.memory_imports}

    @cached_property
    def _parts(self) -> Numbered:
        """Those of what is to be translated."""
        kept = tables_before(self._run.recipe, STAGE)
        names = [part_names(self._run.output / tables.captions) for tables in kept]
        return Numbered(kept, tuple(map(len, names)))

    def depends_on(self) -> Any:
        rules, recipe = asdict(self._rules), self._run.recipe
        for name in ("models", "device", "threads", "memory", "memory_imports"):
            del rules[name]  # where things lie and how fast they go
        encoder = self._rules.encoder
        if encoder:
            spec = encoder_spec(encoder, self._rules.device)
            rules["encoder"] = [encoder_label(spec), revision_of(spec), encoder.languages]
        speakers = [[of.depends_on(), of.spec.sources, of.spec.targets] for of in self._speakers]
        model = recipe.screen.language.model if recipe.screen else ""
        language_model = [model, model_version(model)]
        asked = [recipe.seed, recipe.languages, [source.name for source in recipe.sources]]
        return [rules, speakers, list(self._imports), language_model, asked]

    def builds_on(self) -> None:
        """It begins anew: what memories hold spares time and changes nothing."""

    def run(self, work: Folder) -> Counts:
        where = self._memory.uri.encode()
        if work.exists(_MEMORY_FILE) and (work.read(_MEMORY_FILE) != where or work.exists(LOST)):
            work.remove()  # what a killed run has done lies in its memory, which is another now
        work.write(_MEMORY_FILE, where)
        desk = self._desk(work)
        if not self._parts:
            return {}
        buckets = self._plan(desk)
        self._say(desk, THERE, buckets)
        if self._rules.round_trip:
            self._once(desk, "judging what goes back", buckets, send_back(desk, buckets))
            self._say(desk, BACK, buckets)
            self._once(desk, "regrouping what came back", buckets, bring_back(desk, buckets))
        if self._rules.encoder:
            from pipelines.translation_sentences import embed_sentences  # with torch

            embed_sentences(self._run, desk, buckets)
        self._write(desk, buckets)
        self._report(desk)
        return dict(json.loads(work.read(_COUNTS_FILE)))

    def _say(self, desk: Desk, way: int, buckets: int) -> None:
        """Has everything translated that is wanted on a way."""
        words = " on the way back" if way == BACK else ""
        for turn in (way, way + 1) if self._rules.pivot else (way,):
            if turn != way:
                into = into_pivot(desk, way, buckets)
                self._once(desk, f"regrouping by the pivot{words}", buckets, into)
            plan = self._requests(desk, turn, buckets)
            if turn == way:
                for line in self._estimate(plan, self._means(desk, {}), way):
                    self._run.tell({"event": "note", "words": line})
            for speaker in self._speakers:
                self._translate(desk, speaker, plan.pieces, words)
        if self._rules.pivot:
            out = out_of_pivot(desk, way, buckets)
            self._once(desk, f"regrouping by the source{words}", buckets, out)

    def tell_preview(self) -> None:
        """Tells what would be translated, how long it would take and what it would cost.

        Translators that nobody has timed say a few batches, but none behind an endpoint, which may
        take money for it.

        Raises:
          RunError: where there are no captions; a translator or the encoder cannot be loaded.
        """
        fingerprints_read(self, self._run.output)
        self._try_encoder()
        work = self._run.output / WORK / _PREVIEW
        work.remove()
        self._run.tell({"event": "stage", "stage": STAGE})
        try:
            desk, plan = self.plan(work)
            tried = self._try(desk, plan.pieces)
        finally:
            work.remove()
        means = self._means(desk, tried)
        lines = (
            *language_lines(plan),
            *pair_lines(plan, means),
            *self._estimate(plan, means, THERE),
        )
        for line in lines:
            self._run.tell({"event": "shown", "line": line})

    def plan(self, work: Folder) -> tuple[Desk, BucketPlan]:
        """What there is to do in the first turn."""
        desk = self._desk(work)
        if not self._parts:
            return desk, BucketPlan()
        return desk, self._requests(desk, THERE, self._plan(desk))

    def _desk(self, work: Folder) -> Desk:
        """Looks at the translators, but for their weights, and brings imports into the memory."""
        if not work.exists(_PAIRS_FILE):
            pairs = [pairs_of(speaker) for speaker in self._speakers]
            work.write(_PAIRS_FILE, json.dumps(pairs).encode())
        pairs = json.loads(work.read(_PAIRS_FILE))
        routes = Routes(self._speakers, pairs, self._rules.pivot)
        check_routes(self._run.recipe, routes)
        for name, path in self._imports.items():
            import_memory(path, self._memory / name, self._run.step)
        recipe = self._run.recipe
        return Desk(recipe, work, routes, self._memory, tuple(self._imports))

    def _plan(self, desk: Desk) -> int:
        """Leaves the wanted texts by bucket; returns how many buckets there are."""
        run, parts = self._run, len(self._parts)
        captions = sum(rows_below(run.output / kept.captions) for kept in self._parts.tables)
        translations = captions * most_targets(rules_of(desk.recipe))
        buckets = max(1, ceil(translations / _BUCKET_TRANSLATIONS))
        if not desk.work.exists(_PLANNED):
            run.step("planning")
            with run.pipeline(pieces_for(parts)) as pipeline:
                wanted = pipeline | Deal("parts", range(parts))
                _ = (
                    {"wanted": wanted | beam.ParDo(ReadWanted(desk, self._parts))}
                    | RegroupFiled(
                        "texts by id",
                        desk.regrouped,
                        {"wanted": arrow_schema(Wanted)},
                        buckets,
                        hash_buckets("key", buckets),
                    )
                    | "WriteWanted" >> beam.Map(partial(write_wanted, work=desk.work))
                )
            desk.work.write(_PLANNED, b"")
            desk.regrouped.remove()
        return buckets

    def _requests(self, desk: Desk, turn: int, buckets: int) -> BucketPlan:
        """Leaves what translators are to be asked in a turn."""
        done = f"{_PLANNED}-{turn}"
        if not desk.work.exists(done):
            self._run.step("looking into the memory")
            requests = PlanRequests(desk, turn, self._run.retry, batches_a_piece(buckets))
            with self._run.pipeline(pieces_for(buckets)) as pipeline:
                _ = pipeline | Deal("buckets", range(buckets)) | beam.ParDo(requests)
            desk.work.write(done, b"")
        return read_plan(desk.work, turn)

    def _once(self, desk: Desk, words: str, buckets: int, work: beam.PTransform) -> None:
        """Does what is called so, unless that is done."""
        done = words.replace(" ", "-")
        if not desk.work.exists(done):
            self._run.step(words)
            with self._run.pipeline(pieces_for(buckets)) as pipeline:
                _ = pipeline | work
            desk.work.write(done, b"")
            desk.regrouped.remove()

    def _translate(
        self, desk: Desk, speaker: Speaker, pieces: list[TranslationPiece], words: str
    ) -> None:
        mine = [piece for piece in pieces if piece.speaker == speaker.number]
        if not mine:
            return
        markers = done_folder(desk.work, mine[0])
        name = f"translating by {speaker.label}{words}"
        work, price = sum(piece.tokens for piece in mine), self._prices[speaker.number]
        self._run.step(name, len(mine), markers, ".json", "pieces", work, price)
        while left := without_done(markers, mine):  # else no model is loaded, nor what it needs
            from pipelines.transforms.translation import TranslatePieces

            affordable = self._within_budget(desk, speaker, left)
            with self._run.pipeline(len(affordable)) as pipeline:
                _ = pipeline | TranslatePieces(desk, speaker.spec, affordable)
        write_speed(desk, speaker)

    def _within_budget(
        self, desk: Desk, speaker: Speaker, left: list[TranslationPiece]
    ) -> list[TranslationPiece]:
        """Those of the pieces left in a turn that a translator's budget, all turns', suffices for.

        Raises:
          RunError: for none.
        """
        model, undone = self._rules.models[speaker.number], set(left)
        if not model.max_requests and not model.max_tokens:
            return left
        mine = [p for p in pieces_of_all_turns(desk) if p.speaker == speaker.number]
        spent = sums_of(desk.work, [piece for piece in mine if piece not in undone])
        requests, tokens = spent["count"], spent["source_tokens"] + spent["tokens"]
        affordable = []
        for piece in left:
            requests += piece.end - piece.first
            tokens += 2 * piece.tokens
            if 0 < model.max_requests < requests or 0 < model.max_tokens < tokens:
                break
            affordable.append(piece)
        if not affordable:
            texts = sum(piece.end - piece.first for piece in left)
            least = [
                f"{key} to at least {needed:,.0f}"
                for key, given, needed in (
                    ("max_requests", model.max_requests, requests),
                    ("max_tokens", model.max_tokens, tokens),
                )
                if 0 < given < needed
            ]
            raise RunError(
                f"{texts:,} texts are left and the budget of {speaker.label} does not suffice for "
                f"the next {left[0].end - left[0].first:,} of them, which are worked on together: "
                f"raise {' and '.join(least)}, and the same command goes on"
            )
        return affordable

    def _write(self, desk: Desk, buckets: int) -> None:
        run, parts = self._run, len(self._parts)
        compare = self._comparison(desk, buckets)
        run.step("judging translations")
        with run.pipeline(pieces_for(max(buckets, parts))) as pipeline:
            judged = pipeline | Deal("judged buckets", range(buckets))
            tables = {"judged": judged | beam.ParDo(JudgeBucket(desk))}
            if compare:
                tables["compared"] = pipeline | compare
            by_part, regrouped = column_buckets("part"), desk.regrouped
            written = (
                tables
                | RegroupPlaces("translations by part", regrouped, parts, by_part)
                | beam.ParDo(WriteTranslated(desk, self._parts, desk.work / FRESH)).with_outputs(
                    "pairs", main="counts"
                )
            )
            _ = written.counts | Tally(desk.work, _COUNTS_FILE)
            _ = written.pairs | Tally(desk.work, _BY_PAIR_FILE)
        desk.regrouped.remove()

    def _comparison(self, desk: Desk, buckets: int) -> beam.PTransform | None:
        """What compares translations with pictures and sources, where the rules ask for it."""
        if not asks_for_cosines(self._rules):
            return None
        from pipelines.translation_cosines import Compare, open_gate  # with torch

        return Compare(open_gate(self._run, desk, self._parts, buckets))

    def _report(self, desk: Desk) -> None:
        """Leaves what `stats` shows of translations."""
        by_pair = json.loads(desk.work.read(_BY_PAIR_FILE))
        report = translation_report(desk, by_pair, self._prices)
        text = json.dumps(report, ensure_ascii=False, indent=1).encode()
        (desk.work / FRESH / ledger_folder(STAGE)).write(TRANSLATION_REPORT_FILE, text)

    def _means(self, desk: Desk, tried: dict[int, Speed]) -> Means:
        known = {of.number: read_speed(self._memory, of) for of in self._speakers}
        return Means(desk.routes, self._prices, known | tried, self._run.workers)

    def _estimate(self, plan: BucketPlan, means: Means, way: int) -> Iterator[str]:
        if way == BACK:
            return estimate_of_way_back(plan, means)
        trip = self._rules.round_trip
        return estimate_lines(plan, means, trip.share if trip else 0.0)

    def _try_encoder(self) -> None:
        """Loads the encoder, where there is one, so that what is wrong with it is told now."""
        if self._rules.encoder:
            spec = encoder_spec(self._rules.encoder, self._rules.device)
            self._run.step(f"loading {encoder_label(spec)}")
            load_encoder(spec)

    def _try(self, desk: Desk, pieces: list[TranslationPiece]) -> dict[int, Speed]:
        """How fast translators are that nobody has timed yet, by a few batches each."""
        found = {}
        for speaker in self._speakers:
            if speaker.spec.engine == "openai":
                continue
            mine = [piece for piece in pieces if piece.speaker == speaker.number]
            if mine and not read_speed(self._memory, speaker):
                self._run.step(f"trying {speaker.label}")
                found[speaker.number] = try_speed(desk, speaker, mine[len(mine) // 2])
        return found


def without_done(markers: Folder, pieces: list[TranslationPiece]) -> list[TranslationPiece]:
    """The pieces that left no marker yet."""
    done = set(markers.names())
    return [piece for piece in pieces if marker_of(piece) not in done]
