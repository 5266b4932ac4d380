"""Selects captions and pictures by what the teachers said: thresholds, meaning, concepts, a budget.

It reads scores and embeddings, and no picture. Captions are kept or turned away one by one; a
picture stays while one of its captions does.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import apache_beam as beam

from filters.score_bins import Scale
from filters.thresholds import EVERY, Group, Measured, by_language, decide, given
from pipelines.balancing import BALANCE_FILE, balance_concepts
from pipelines.budgeting import make_room
from pipelines.chosen import Chosen, check_teachers, read_chosen
from pipelines.errors import RecipeError
from pipelines.pages import as_line
from pipelines.parts import rows_below
from pipelines.records import Counts
from pipelines.select_options import SelectRules
from pipelines.selected import EXAMPLES, WriteSelected, first_examples, histograms
from pipelines.selecting import BALANCE, BUDGET, CHOSEN_FILE, ROOMS_FILE, SEMANTIC, STAGE, Inputs
from pipelines.selecting_scores import CountScores, Scales, deal_parts, model_of, read_counted
from pipelines.semantic import CLUSTERS_FILE, find_duplicates
from pipelines.stages import FRESH, Run, fingerprints_read, tables_before
from pipelines.storage import Folder
from pipelines.transforms.blocks import Regroup, one_bucket, pieces_for
from pipelines.transforms.tally import Tally
from schemas.layout import (
    KEPT,
    KEPT_PAGES,
    PAGE_BRANCH,
    SCORE_REPORT_FILE,
    WORK,
    Branch,
    Tables,
)

_BY_MODEL = "by-model.parquet"
_BY_GROUP = "by-group.parquet"
_COUNTS_FILE = "counts.json"
_GROUPS_FILE = "groups.json"
_EXAMPLES_FILE = "examples.json"
_PREVIEW = "select-preview"
_KEPT = (KEPT[STAGE], KEPT_PAGES[STAGE])
_KEPT_OF = {kept.branch: kept for kept in _KEPT}


class SelectStage:
    """The `select` stage of one run."""

    name: str = STAGE
    version: int = 6
    writes: tuple[str, ...] = (
        *(folder for kept in _KEPT for folder in (kept.pictures, kept.captions)),
        *(kept.branch.thresholds for kept in _KEPT),
        PAGE_BRANCH.ledger(STAGE),
    )
    reads: tuple[str, ...] = ("score",)

    def __init__(self, run: Run) -> None:
        self._run = run
        self._selections = [Selection(run, kept) for kept in tables_before(run.recipe, STAGE)]

    def depends_on(self) -> Any:
        assert self._run.recipe.select is not None
        files = [file for of in self._selections for file in of.files()]
        return [asdict(self._run.recipe.select), self._run.recipe.seed, files]

    def builds_on(self) -> None:
        """It begins anew."""

    def run(self, work: Folder) -> Counts:
        counts: Counts = {}
        for selection in self._selections:
            counts |= selection.decide_and_write(work / selection.name, work / FRESH)
        return counts

    def tell_preview(self) -> None:
        """Tells what would be kept, by language and source; nothing that is written stays.

        Raises:
          RunError: where there are no scores.
        """
        fingerprints_read(self, self._run.output)
        work = self._run.output / WORK / _PREVIEW
        work.remove()
        self._run.tell({"event": "stage", "stage": STAGE})
        try:
            lines = [line for of in self._selections for line in of.preview(work / of.name)]
        finally:
            work.remove()
        for line in lines:
            self._run.tell({"event": "shown", "line": line})


class Selection:
    """Selects of pictures with their captions, or of pages with what they answer.

    Args:
      run: the run.
      scored: the tables that were scored.
    """

    def __init__(self, run: Run, scored: Tables) -> None:
        assert run.recipe.select is not None
        self._run = run
        self._scored = scored
        self._branch = scored.branch
        self._rules: SelectRules = run.recipe.select.rules_for(scored.branch)
        self.name = scored.branch.of_pictures

    def files(self) -> list[str]:
        """Digests of the files that the rules name."""
        lists = self._rules.balance.concepts.values() if self._rules.balance else ()
        return [_content(path) for path in (self._rules.thresholds, *lists) if path]

    def preview(self, work: Folder) -> list[str]:
        """What would be kept."""
        counts = self.decide_and_write(work, None)
        chosen = Chosen.from_json(work.read(CHOSEN_FILE))
        groups = json.loads(work.read(_GROUPS_FILE))
        return list(preview_lines(self._branch, counts, groups, chosen.needed()))

    def decide_and_write(self, work: Folder, fresh: Folder | None) -> Counts:
        """Decides step by step, each with what those before left; says what became of all.

        Args:
          work: of this selection.
          fresh: where to write, None for nowhere.
        """
        parts = len((self._run.output / self._scored.captions).names())
        if not work.exists(CHOSEN_FILE):
            work.write(CHOSEN_FILE, self._choose(work, parts).to_json())
        steps: list[str] = []
        for step, take in self._steps(parts).items():
            if not work.exists(f"{step}.done"):
                take(self._inputs(work, steps))
                work.write(f"{step}.done", b"")
            steps.append(step)
        self._write(self._inputs(work, steps), parts, fresh)
        return dict(json.loads(work.read(_COUNTS_FILE)))

    def _inputs(self, work: Folder, steps: list[str]) -> Inputs:
        keep = self._rules.not_understood == "keep"
        return Inputs(self._run.output, self._scored, work, tuple(steps), keep)

    def _steps(self, parts: int) -> dict[str, Callable[[Inputs], None]]:
        """What is to be done after the thresholds, in order."""
        run, rules = self._run, self._rules
        found: dict[str, Callable[[Inputs], None]] = {}
        if rules.semantic:
            found[SEMANTIC] = partial(find_duplicates, run, parts=parts, rules=rules.semantic)
        if rules.balance:
            captions = rows_below(run.output / self._scored.captions)
            found[BALANCE] = partial(
                balance_concepts, run, parts=parts, captions=captions, rules=rules.balance
            )
        if rules.budget:
            found[BUDGET] = partial(make_room, run, parts=parts, rules=rules.budget)
        return found

    # Thresholds

    def _choose(self, work: Folder, parts: int) -> Chosen:
        known = read_chosen(self._rules.thresholds) if self._rules.thresholds else None
        self._run.step(f"counting scores of {self.name}")
        self._count(work, parts, {_BY_MODEL: None, _BY_GROUP: {}})
        by_model = read_counted(work, _BY_MODEL)
        models = {model_of(name) for name, _ in by_model}
        teachers = tuple(sorted({teacher for teacher, _ in models}))
        if known:
            check_teachers(known, teachers, self._rules.thresholds)
        scales: dict[tuple[str, int, str], Scale] = {}
        if len(models) > 1:
            scales = _scales(by_model) | (known.scales if known else {})
            self._count(work, parts, {_BY_GROUP: scales})
        groups = read_counted(work, _BY_GROUP)
        rules = self._rules.threshold
        thresholds = given(groups, known.thresholds, rules) if known else decide(groups, rules)
        return Chosen(teachers, scales, _language_scales(groups), tuple(thresholds))

    def _count(self, work: Folder, parts: int, tables: dict[str, Scales | None]) -> None:
        """Makes some tables of counts, by their names; see `CountScores`."""
        with self._run.pipeline(pieces_for(parts)) as pipeline:
            numbers = deal_parts(pipeline, parts)
            for name, scales in tables.items():
                _ = numbers | CountScores(self._run.output, self._scored, work, name, scales)

    # Writing

    def _write(self, inputs: Inputs, parts: int, fresh: Folder | None) -> None:
        what = "writing what is kept" if fresh else "counting what would be kept"
        self._run.step(f"{what} of {self.name}")
        work, kept = inputs.work, _KEPT_OF[self._branch]
        with self._run.pipeline(pieces_for(parts)) as pipeline:
            written = deal_parts(pipeline, parts) | beam.ParDo(
                WriteSelected(inputs, kept, fresh)
            ).with_outputs("groups", "examples", main="counts")
            _ = written.counts | Tally(work, _COUNTS_FILE)
            _ = written.groups | Tally(work, _GROUPS_FILE)
            _ = (
                {"examples": written.examples}
                | Regroup("examples", {"examples": EXAMPLES}, 1, one_bucket)
                | "Shown"
                >> beam.Map(
                    lambda keyed: work.write(
                        _EXAMPLES_FILE, json.dumps(first_examples(keyed)).encode()
                    )
                )
            )
        if fresh:
            self._write_reports(work, fresh)

    def _write_reports(self, work: Folder, fresh: Folder) -> None:
        chosen = Chosen.from_json(work.read(CHOSEN_FILE))
        later = {
            name: json.loads(work.read(file))
            for name, file in (("semantic", CLUSTERS_FILE), ("balance", BALANCE_FILE))
            if work.exists(file)
        }
        if work.exists(ROOMS_FILE):
            rooms = json.loads(work.read(ROOMS_FILE))
            later["budget"] = {language: room["pictures"] for language, room in rooms.items()}
        fresh.write(self._branch.thresholds, chosen.to_json(**later))
        report = {
            "languages": histograms(read_counted(work, _BY_GROUP), chosen.thresholds),
            "examples": json.loads(work.read(_EXAMPLES_FILE)),
        }
        text = json.dumps(report, ensure_ascii=False).encode()
        (fresh / self._branch.ledger(STAGE)).write(SCORE_REPORT_FILE, text)


def _scales(by_model: dict[Group, Measured]) -> dict[tuple[str, int, str], Scale]:
    """Of each model in each language; in all of them where it has judged few of one."""
    whole = by_language(by_model)  # which come second here, so that these are the models'
    return {
        (*model_of(name), language): scale
        for (name, language), measured in by_model.items()
        if (scale := measured.scale or whole[name].scale)
    }


def _language_scales(groups: dict[Group, Measured]) -> dict[str, Scale]:
    """Of the mismatches of each language, and of all."""
    languages = by_language(groups)
    sums = languages | by_language({(EVERY, name): of for name, of in languages.items()})
    return {name: scale for name, measured in sorted(sums.items()) if (scale := measured.scale)}


def preview_lines(
    branch: Branch, counts: Counts, by_group: dict[str, int], needed: dict[Group, float]
) -> Iterator[str]:
    """A table of the captions that would be kept, and a line on the pictures."""
    columns = f"{branch.of_captions:>12}{'kept':>12}{'share':>8}{'threshold':>11}"
    yield f"{'language':<10}{'source':<24}{columns}"
    for language, source in sorted({_group(name) for name in by_group}):
        there = by_group[f"{language}\t{source}\tin"]
        kept = by_group.get(f"{language}\t{source}\tkept", 0)
        score = needed.get((language, source))
        threshold = "–" if score is None else f"{score:.4f}"
        numbers = f"{there:>12,}{kept:>12,}{kept / there:>8.1%}{threshold:>11}"
        yield f"{language:<10}{as_line(source, 22):<24}{numbers}"
    for unit, name in ((branch.caption, branch.of_captions), (branch.picture, branch.of_pictures)):
        there, kept = counts.get(f"{unit} in", 0), counts.get(f"{unit} kept", 0)
        yield f"{name}: {kept:,} of {there:,} would be kept"


def _group(name: str) -> Group:
    language, source, _ = name.split("\t")
    return language, source


def _content(path: str) -> str:
    """A digest of a file that the recipe names.

    Raises:
      RecipeError: where there is none.
    """
    folder, _, name = path.rpartition("/")
    try:
        return hashlib.sha256(Folder(folder).read(name)).hexdigest()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise RecipeError(f"select: there is no {path}") from error
