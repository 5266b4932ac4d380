"""Judges translations a bucket at a time: their texts alone, then what came back of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa

from filters.round_trip import judge_round_trip
from filters.text import tidied
from filters.translation import (
    Cosines,
    Finding,
    Translated,
    TranslationFault,
    TranslationRules,
    judge_cosines,
    judge_translations,
)
from model.translator import TranslationFault as Unanswered
from pipelines.language_model import LanguageModel
from pipelines.pivoting import IMPORTED, read_pivoted
from pipelines.transforms.blocks import arrow_schema, table_of
from pipelines.transforms.tables import read_rows
from pipelines.translate_wanted import (
    THERE,
    Desk,
    Lookup,
    Phrase,
    Wanted,
    phrases_of,
    wanted_folder,
)
from schemas.fates import Fate
from schemas.layout import part_name

DECIDED = "decided"
GATED = "gated"
COMPARED_TEXTS = "compared-texts"
RETURNED = "returned"
UNASKED = -2.0
"""In the place of a chrF: the translation was not to come back."""
UNANSWERED = -1.0
"""Likewise: nothing came back of it."""
MADE_QUALITY = 0.5
"""Of what a model said and no person has seen: source captions, of 1, come before it."""
IMPORTED_QUALITY = 0.75
"""Of a translation that the user brought."""
_AT_ONCE = 500  # texts with their translations: what the gates make of them takes far more room


@dataclass(frozen=True, slots=True)
class Judgement:
    """A translation of a text and what was decided on it, whoever wants it.

    Attributes:
      key: `schemas.ids.phrase_id` of the source text.
      language: of the translation.
      text: the translation.
      engine: what made it.
      quality: in [0, 1].
      fate: a `Fate`.
      reason: why it is not kept, or "".
      detail: for people.
      back: what the translation is when it is translated back, "" where that was not asked.
      chrf: of this beside the source, in [0, 100]; `UNASKED`, `UNANSWERED`.
    """

    key: str
    language: str
    text: str
    engine: str
    quality: float
    fate: str
    reason: str
    detail: str
    back: str
    chrf: float


JUDGED = arrow_schema(Judgement).append(pa.field("part", pa.int64(), nullable=False))
"""Judgements for the parts whose captions want them."""


@dataclass(frozen=True, slots=True)
class Decision(Judgement):
    """A judgement with the text that it is on.

    Attributes:
      source_language: ISO 639-1.
      source_text: …
    """

    source_language: str
    source_text: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a translation is when it is translated back.

    Attributes:
      key: `schemas.ids.phrase_id` of the source text.
      language: of the translation.
      back: in the source's language.
      fault: why it is not the whole text, or "".
      bucket: of the source text.
    """

    key: str
    language: str
    back: str
    fault: str
    bucket: int


class Answer(NamedTuple):
    """What there is of a text in a language.

    Attributes:
      text: the translation.
      fault: why it is not the whole translation, or "".
      engine: what made it.
      quality: in [0, 1].
    """

    text: str
    fault: str
    engine: str
    quality: float


class JudgeBucket(beam.DoFn):
    """The translations of a bucket's texts, judged, for each part that wants them.

    Args:
      desk: …
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        assert desk.recipe.translate is not None
        self._rules = desk.recipe.translate.rules
        self._trip = desk.recipe.translate.round_trip
        self._has_encoder = desk.recipe.translate.encoder is not None

    def setup(self) -> None:
        screen = self._desk.recipe.screen
        self._model = LanguageModel(screen.language.model if screen else "")

    def process(self, bucket: int) -> Iterator[pa.Table]:
        name = part_name(bucket)
        is_decided = (self._desk.work / DECIDED).exists(name)
        decisions: list[Decision] = (
            read_rows(self._desk.work / DECIDED, name, Decision)
            if is_decided
            else self.decide(bucket)
        )
        row_of = {(of.key, of.language): row for row, of in enumerate(decisions)}
        asked = [
            (row_of[its.key, language], its.part)
            for its in self._wanted(bucket)
            for language in its.languages.split()
        ]
        rows, parts = (pa.array([pair[n] for pair in asked], pa.int64()) for n in (0, 1))
        judged = table_of(Judgement, decisions).take(rows)
        yield judged.append_column(JUDGED.field("part"), parts)

    def decide(self, bucket: int) -> list[Decision]:
        """What is decided on a bucket's translations, each once."""
        if not self._has_encoder:
            return self.returned(bucket)
        from pipelines.translation_sentences import text_cosines  # with torch

        work = self._desk.work
        compared: list[Decision] = read_rows(work / COMPARED_TEXTS, part_name(bucket), Decision)
        said = text_cosines(work, bucket, compared)
        return [
            _compared(of, cosine, self._rules) for of, cosine in zip(compared, said, strict=True)
        ]

    def returned(self, bucket: int) -> list[Decision]:
        """What is decided once translations have been said back, where they are to be."""
        if not self._trip:
            return self.gate(bucket)
        name = part_name(bucket)
        gated: list[Decision] = read_rows(self._desk.work / GATED, name, Decision)
        rows: list[Returned] = read_rows(self._desk.work / RETURNED, name, Returned)
        returned = {(row.key, row.language): row for row in rows}
        return [self._after(of, returned.get((of.key, of.language))) for of in gated]

    def _after(self, of: Decision, returned: Returned | None) -> Decision:
        """A decision once the translation has been said back, if it has."""
        assert self._trip is not None
        if returned is None:
            return of
        if returned.fault not in ("", Unanswered.UNFINISHED):
            return replace(of, chrf=UNANSWERED)
        from filters.chrf import chrf_of  # with an extra's package

        chrf = chrf_of(returned.back, of.source_text)
        scored = replace(of, back=returned.back, chrf=chrf)
        found = judge_round_trip(chrf, returned.back, self._trip, self._rules)
        if found is None:
            return scored
        fate, reason = Fate.REJECTED.value, found.fault.value
        return replace(scored, fate=fate, reason=reason, detail=found.detail)

    def gate(self, bucket: int) -> list[Decision]:
        """What the gates on texts say of a bucket's translations, each once."""
        phrases = phrases_of(self._wanted(bucket))
        answers_of = Answers(self._desk, THERE, phrases, bucket)
        return [
            decision
            for first in range(0, len(phrases), _AT_ONCE)
            for decision in self._gated(phrases[first : first + _AT_ONCE], answers_of)
        ]

    def _gated(self, phrases: list[Phrase], answers_of: "Answers") -> Iterator[Decision]:
        """What the gates say of some texts' translations."""
        answers = [
            (phrase, language, answers_of.of(phrase, language))
            for phrase in phrases
            for language in phrase.targets
        ]
        whole = [
            Translated(phrase.text, phrase.language, answer.text, language)
            for phrase, language, answer in answers
            if not answer.fault
        ]
        findings = iter(self._findings(whole))
        for phrase, language, answer in answers:
            fate, reason, detail = Fate.FAILED.value, answer.fault, ""
            if not reason:
                first = next(iter(next(findings)), None)
                fate = Fate.REJECTED.value if first else Fate.KEPT.value
                reason, detail = (first.fault.value, first.detail) if first else ("", "")
            said = (phrase.key, language, answer.text, answer.engine, answer.quality)
            judged = (fate, reason, detail, "", UNASKED)
            yield Decision(*said, *judged, phrase.language, phrase.text)

    def _wanted(self, bucket: int) -> list[Wanted]:
        return read_rows(wanted_folder(self._desk.work, THERE), part_name(bucket), Wanted)

    def _findings(self, whole: list[Translated]) -> list[list[Finding]]:
        """What is wrong with translations."""
        if TranslationFault.LANGUAGE not in self._rules.overlook:
            guesses = self._model.identify([its.text for its in whole])
            whole = [its._replace(guess=guess) for its, guess in zip(whole, guesses, strict=True)]
        return judge_translations(whole, self._rules)


def _compared(of: Decision, cosine: float | None, rules: TranslationRules) -> Decision:
    """A decision when the texts' cosine is known, None where nobody was asked for it."""
    found = next(iter(judge_cosines(Cosines(texts=cosine), rules)), None)
    if found is None:
        return of
    return replace(of, fate=Fate.REJECTED.value, reason=found.fault.value, detail=found.detail)


class Answers:
    """What there is of a bucket's texts.

    Args:
      desk: …
      way: `THERE` or `BACK`.
      phrases: the texts.
      bucket: its number.
    """

    def __init__(self, desk: Desk, way: int, phrases: list[Phrase], bucket: int) -> None:
        self._desk = desk
        self._lookup = Lookup(desk, phrases)
        self._pivoted = read_pivoted(desk, way, bucket)

    def of(self, phrase: Phrase, language: str) -> Answer:
        """What there is of a text in a language.

        Raises:
          RunError: nothing, though it was there when the text was planned, or put there since.
        """
        if brought := self._lookup.imported(phrase.key, language):
            return Answer(tidied(brought.text), "", IMPORTED, IMPORTED_QUALITY)
        routes = self._desk.routes
        route = routes.of(phrase.language, language)
        assert route is not None
        labels = [routes.speakers[number].label for number in route.speakers]
        if pivoted := self._pivoted.get((phrase.key, language)):
            return Answer(tidied(pivoted.text), pivoted.fault, pivoted.engine, MADE_QUALITY)
        found = self._lookup.by(route.speakers[0], phrase.key, route.pivot or language)
        if found is None or (route.pivot and not found.fault):
            self._desk.give_up()
        return Answer(tidied(found.text), found.fault, " + ".join(labels), MADE_QUALITY)
