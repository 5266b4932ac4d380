"""What can be checked of a recipe before a long run, a line each."""

import logging
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filters.location import LocationRules, host_of, location_fault
from pipelines.cross_encoders import check_encoder as check_cross_encoder
from pipelines.errors import PairmillError, RecipeError
from pipelines.findings import Finding
from pipelines.img2dataset_options import WARNINGS
from pipelines.img2dataset_options import check_installed as check_img2dataset
from pipelines.inputs import find_splits, read_split
from pipelines.mining_rules import Mine
from pipelines.nearest import check_installed as check_mining
from pipelines.pages import as_line
from pipelines.recipe import Recipe, Screen, Source
from pipelines.recipe_file import read_recipe
from pipelines.records import STAGES
from pipelines.score_options import Score
from pipelines.score_through import Through, find_through, speaker_of
from pipelines.sources.rows import InputRow
from pipelines.storage import Folder
from pipelines.supervisor import check_output
from pipelines.teachers import Judge, Sight, check_installed, judges_of, look
from pipelines.translator_findings import licence_findings, translator_findings
from pipelines.translators import Speaker
from pipelines.translators import load as load_translator

_STORED_BYTES = 30_000  # of a picture at the default size, with its metadata
_ROWS_LOOKED_AT = 100  # of each source
_PROBE = "_work/doctor"


def examine(uri: str) -> bool:
    """Prints what was found about the recipe at `uri`; True where a run can begin.

    Raises:
      RecipeError: where the recipe itself cannot be read.
    """
    recipe = read_recipe(uri)
    findings = [Finding("ok", f"{uri} is a recipe"), *_findings(recipe)]
    for finding in findings:
        print(f"{finding.level:<8} {as_line(finding.words)}")
    return all(finding.level != "error" for finding in findings)


def _findings(recipe: Recipe) -> Iterator[Finding]:
    rows = of_pages = 0
    for source in recipe.sources:
        if source.task == "document" and source.format == "folder":
            continue
        try:
            splits = find_splits([source], None)
            about_rows = list(_source_findings(recipe, source))
        except PairmillError as error:
            yield Finding("error", str(error))
            continue
        found = sum(split.rows for split in splits)
        rows += found
        files = len({split.name for split in splits})
        yield Finding("ok", f"source {source.name!r}: about {found:,} rows in {files:,} files")
        yield from about_rows
    if recipe.gather and recipe.gather.engine == "img2dataset":
        yield from _engine_findings()
    if recipe.documents:
        from pipelines.doctor_documents import bytes_of_pages, document_findings

        yield from document_findings(recipe)
        with suppress(PairmillError):  # that was a finding
            of_pages = bytes_of_pages(recipe)
    if recipe.screen:
        yield from _screen_findings(recipe.screen)
    if recipe.score:
        yield from _teacher_findings(recipe.score, recipe.languages)
    if recipe.translate:
        yield from translator_findings(recipe)
    if recipe.mine:
        yield from _mine_findings(recipe.mine)
    yield from _try_output(Folder(recipe.output), recipe, 2 * (_STORED_BYTES * rows + of_pages))
    stages = [name for name in STAGES if getattr(recipe, name) is not None]
    yield (
        Finding("ok", f"stages: {', '.join(stages)}")
        if stages
        else Finding("error", "the recipe has no stage: add [gather] and [pack]")
    )


def _source_findings(recipe: Recipe, source: Source) -> Iterator[Finding]:
    is_licensed = source.licence or source.licence_column or source.task == "page-question"
    if not is_licensed:
        words = f"source {source.name!r} states no licence: set licence or licence_column"
        yield Finding("warning", words)
    first = _first_rows(source)
    faults = Counter(row.fault for row in first if row.fault)
    for fault, rows in faults.most_common():
        detail = next(row.detail for row in first if row.fault == fault)
        words = f"of the first {len(first):,} rows {rows:,} are rejected as {fault} ({detail})"
        yield Finding("warning", f"source {source.name!r}: {words}")
    if source.task == "page-question":  # its URLs name documents of another source
        return
    locations = [f"{source.url_prefix}{row.url}" for row in first if row.url and not row.location]
    rules = LocationRules()
    remote = [location for location in locations if location_fault(location, rules) is None]
    are_pages = source.task == "document"
    may_be_paths = not are_pages and recipe.gather and recipe.gather.allow_local_files
    if locations and not remote and not may_be_paths:
        of_paths = "say format = 'folder'" if are_pages else "gather.allow_local_files"
        words = f"is no URL: set url_prefix, or {of_paths} where the column holds paths"
        yield Finding("error", f"source {source.name!r}: {locations[0]!r} {words}")
    hosts = sorted({host_of(location) for location in remote})
    for host in hosts[:3]:
        yield _looked_up(host)


def _first_rows(source: Source) -> list[InputRow]:
    splits = find_splits([source], _ROWS_LOOKED_AT)
    return [row for split in splits for block in read_split(source, split) for row in block]


def _engine_findings() -> Iterator[Finding]:
    try:
        check_img2dataset()
    except RecipeError as error:
        yield Finding("error", str(error))
    yield from (Finding("warning", words) for words in WARNINGS)


def _screen_findings(screen: Screen) -> Iterator[Finding]:
    """Opens the language model and looks at the evaluation sets' tables."""
    from pipelines.language_model import LanguageModel

    try:
        LanguageModel(screen.language.model)
        yield Finding("ok", f"language model: {screen.language.model or 'the embedded one'}")
    except PairmillError as error:
        yield Finding("error", str(error))
    if screen.decontaminate.sets:
        logging.getLogger().setLevel(logging.ERROR)  # Beam warns of packages that nobody needs
        from pipelines.evaluation_sets import evaluation_versions

        try:
            files = Counter(name for name, _, _ in evaluation_versions(screen.decontaminate))
        except PairmillError as error:
            yield Finding("error", str(error))
            return
        for name, number in files.items():
            yield Finding("ok", f"evaluation set {name!r}: {number:,} files or row groups")


def _teacher_findings(score: Score, languages: tuple[str, ...]) -> Iterator[Finding]:
    """Loads each teacher: nothing less says for sure that it can judge here."""
    try:
        check_installed()
        judges, speaker = judges_of(score), speaker_of(score)
    except PairmillError as error:
        yield Finding("error", str(error))
        return
    sights: list[tuple[Judge, Sight]] = []
    for judge in judges:
        try:
            sights.append((judge, look(judge)))
        except PairmillError as error:
            yield Finding("error", f"teacher {judge.label}: {error}")
    through = None
    try:
        if speaker and score.through and len(sights) == len(judges):
            known = tuple(sight for _, sight in sights)
            through = find_through(speaker, score.through.into, known)
            yield from _through_findings(speaker, through, languages)
    except PairmillError as error:
        yield Finding("error", str(error))
    for judge, sight in sights:
        also = through.languages if through and through.helps(sight) else ()
        strange = [code for code in languages if code not in (*sight.languages, *also)]
        models = f" by {len(judge.specs)} folds' models" if len(judge.specs) > 1 else ""
        words = f"teacher {judge.label}: {sight.dim} features{models}"
        if len(strange) == len(languages):
            yield Finding("error", f"{words}; it understands none of the recipe's languages")
        elif strange:
            yield Finding("warning", f"{words}; not judged, not understood: {' '.join(strange)}")
        else:
            yield Finding("ok", words)


def _through_findings(
    speaker: Speaker, through: Through | None, languages: tuple[str, ...]
) -> Iterator[Finding]:
    """Loads what translates for teachers, where there is something to say. Raises RunError."""
    said = [code for code in through.languages if code in languages] if through else []
    if not through or not said:
        words = "teachers need it for none of the recipe's languages"
        yield Finding("warning", f"translator {speaker.label}: {words}")
        return
    model = load_translator(speaker.spec)
    told = f"for teachers into {through.into}: {' '.join(said)}"
    yield Finding("ok", f"translator {speaker.label}: {told}")
    yield from licence_findings(speaker, model)


def _mine_findings(mine: Mine) -> Iterator[Finding]:
    try:
        check_mining(mine.bm25 > 0)
        check_cross_encoder(mine)
    except RecipeError as error:
        yield Finding("error", str(error))
        return
    yield Finding("ok", f"negatives: {mine.negatives.num_negatives} of {', '.join(mine.kinds)}")


def _looked_up(host: str) -> Finding:
    name, _, port = host.rpartition(":")
    try:
        socket.getaddrinfo(name.strip("[]"), int(port))
    except (OSError, UnicodeError) as error:
        return Finding("warning", f"host {name} cannot be found ({error}): is the network up?")
    return Finding("ok", f"host {name} is known")


def _try_output(output: Folder, recipe: Recipe, needed: int) -> Iterator[Finding]:
    """Whether the output can be written to and has room for `needed` bytes: stored and packed."""
    try:
        check_output(output, recipe)
        output.write(_PROBE, b"pairmill")
        (output / _PROBE).remove()
    except (OSError, PairmillError) as error:
        yield Finding("error", f"cannot write to {output.uri}: {error}")
        return
    yield Finding("ok", f"{output.uri} can be written to")
    if output.is_local:
        free = shutil.disk_usage(Path(output.uri)).free
        level = "ok" if free > needed else "warning"
        words = f"{free / 1e9:,.0f} GB free, at most about {needed / 1e9:,.1f} GB needed"
        yield Finding(level, f"disk: {words}")
