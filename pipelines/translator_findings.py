"""What the doctor finds out about translators."""

import logging
from collections.abc import Iterator

from model.licences import non_commercial_licence
from model.translator import TranslationFault, Translator
from pipelines.errors import PairmillError
from pipelines.findings import Finding
from pipelines.recipe import Recipe
from pipelines.sentence_encoders import check_encoder, encoder_label, encoder_spec, load_encoder
from pipelines.storage import Folder
from pipelines.translate_options import Translate
from pipelines.translators import Routes, Speaker, check_translators, load, pairs_of, speakers_of

_PROBE = "doctor"
_TEXT = "a red kite"


def translator_findings(recipe: Recipe) -> Iterator[Finding]:
    """Loads each translator, looks which pairs it has, and at the memory and its imports."""
    translate = recipe.translate
    assert translate is not None
    try:
        check_translators(translate)
        speakers = speakers_of(translate)
    except PairmillError as error:
        yield Finding("error", str(error))
        return
    pairs = []
    for speaker in speakers:
        try:
            pairs.append(pairs_of(speaker))
            model = load(speaker.spec)
            yield from _try(speaker, model, pairs[-1])
        except (PairmillError, ConnectionError) as error:
            yield Finding("error", f"translator {speaker.label}: {error}")
            return
        yield from _of_speaker(speaker, model, pairs[-1])
    yield from _of_routes(recipe, translate, Routes(speakers, pairs, translate.pivot))
    yield from _of_encoder(translate)
    yield from _of_memory(translate)


def _try(speaker: Speaker, model: Translator, pairs: dict[str, list[str]]) -> Iterator[Finding]:
    """Translates a text: nothing less says for sure that it can.

    Raises:
      ConnectionError: its endpoint does not answer.
    """
    for source, targets in list(pairs.items())[:1]:
        (said,) = model.translate([_TEXT], [source], targets[:1])
        if said.fault is TranslationFault.UNFINISHED and speaker.spec.engine == "openai":
            words = f"its answer to {_TEXT!r} is cut: a model that thinks first is of no use"
            yield Finding("warning", f"translator {speaker.label}: {words}")


def _of_speaker(
    speaker: Speaker, model: Translator, pairs: dict[str, list[str]]
) -> Iterator[Finding]:
    targets = {code for codes in pairs.values() for code in codes}
    words = f"from {len(pairs)} into {len(targets)} of our languages"
    yield Finding("ok", f"translator {speaker.label}: {words}")
    yield from licence_findings(speaker, model)


def licence_findings(speaker: Speaker, model: Translator) -> Iterator[Finding]:
    """Warns of a licence that is known not to allow commercial use."""
    if licence := non_commercial_licence(speaker.identity.name, model.family):
        words = f"its licence, {licence}, does not allow commercial use"
        yield Finding("warning", f"translator {speaker.label}: {words}")


def _of_routes(recipe: Recipe, translate: Translate, routes: Routes) -> Iterator[Finding]:
    """Pairs of the recipe's languages that nobody translates."""
    sources = translate.from_languages or recipe.languages
    targets = translate.into_languages or recipe.languages
    lost = [
        f"{source}-{target}"
        for source in sources
        for target in targets
        if source != target and not routes.of(source, target)
    ]
    asked = sum(source != target for source in sources for target in targets)
    if len(lost) == asked:
        yield Finding("error", "no translator translates any pair of the recipe's languages")
    elif lost:
        words = f"no translator for {len(lost)} of {asked} pairs of languages: {' '.join(lost)}"
        hint = "" if translate.pivot else "; some may come with pivot"
        yield Finding("warning", words + hint)
    else:
        yield Finding("ok", f"all {asked} pairs of languages are translated")
    if translate.round_trip and (one_way := routes.one_way(sources, targets)):
        words = f"translate.round_trip: no translator says these back: {' '.join(one_way)}"
        yield Finding("error", words)


def _of_encoder(translate: Translate) -> Iterator[Finding]:
    """Loads the sentence encoder, where there is one."""
    if translate.encoder is None:
        return
    try:
        check_encoder(translate)
        spec = encoder_spec(translate.encoder, translate.device)
        words = f"encoder {encoder_label(spec)}: {load_encoder(spec).dim} features"
        yield Finding("ok", words)
    except (PairmillError, OSError) as error:
        yield Finding("error", f"encoder {translate.encoder.model}: {error}")


def _of_memory(translate: Translate) -> Iterator[Finding]:
    if translate.memory_imports:
        logging.getLogger().setLevel(logging.ERROR)  # Beam warns of packages that nobody needs
        from pipelines.memory_imports import import_name

    for path in translate.memory_imports:
        try:
            import_name(path)
            yield Finding("ok", f"memory: {path} is there")
        except PairmillError as error:
            yield Finding("error", str(error))
    if translate.memory:
        memory = Folder(translate.memory)
        try:
            memory.write(_PROBE, b"pairmill")
            (memory / _PROBE).remove()
            yield Finding("ok", f"memory: {translate.memory} can be written to")
        except (OSError, PairmillError) as error:
            yield Finding("error", f"memory: cannot write to {translate.memory}: {error}")
