"""Judges translations a bucket at a time, brings them to their captions, writes what is kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from filters.set_faults import SetFault
from filters.text import tidied
from filters.translation import Finding, Translated, TranslationFault, judge_translations
from pipelines.language_model import LanguageModel
from pipelines.scored import read_kept
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import read_rows, rows_of, write_table
from pipelines.transforms.tally import Count
from pipelines.translate_plan import WANTED, Desk, Lookup, Phrase, Wanted, phrases_of, wishes_of
from pipelines.translators import Route
from schemas.fates import Fate, Unit
from schemas.ids import translation_id
from schemas.layout import TRANSLATED_CAPTIONS, Tables, ledger_folder, part_name
from schemas.rows import Caption, Float32, LedgerRow, TranslatedCaption

STAGE = "translate"
ORIGIN = "translated"
MADE_QUALITY = 0.5
"""Of what a model said and no person has seen: source captions, of 1, come before it."""
IMPORTED = "imported"
IMPORTED_QUALITY = 0.75
"""Of a translation that the user brought."""

UNANSWERED = "no-answer"
"""Why a text has no translation that a translator was asked for and did not give."""


@dataclass(frozen=True, slots=True)
class JudgedTranslation:
    """A translation and what was decided on it, for one of the parts that want it.

    Attributes:
      key: `schemas.ids.phrase_id` of the source text.
      language: of the translation.
      part: of the captions.
      text: the translation.
      engine: what made it.
      quality: in [0, 1].
      fate: a `Fate`.
      reason: why it is not kept, or "".
      detail: for people.
    """

    key: str
    language: str
    part: int
    text: str
    engine: str
    quality: float
    fate: str
    reason: str
    detail: str


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

    def setup(self) -> None:
        screen = self._desk.recipe.screen
        self._model = LanguageModel(screen.language.model if screen else "")

    def process(self, bucket: int) -> Iterator[pa.Table]:
        wanted: list[Wanted] = read_rows(self._desk.work / WANTED, part_name(bucket), Wanted)
        judged = self._judged(phrases_of(wanted))
        yield table_of(
            JudgedTranslation,
            [
                JudgedTranslation(row.key, language, row.part, *judged[row.key, language])
                for row in wanted
                for language in row.languages.split()
            ],
        )

    def _judged(self, phrases: list[Phrase]) -> dict[tuple[str, str], tuple[Any, ...]]:
        """By text and language, the fields of a `JudgedTranslation` from its text on."""
        lookup = Lookup(self._desk, phrases)
        answers = [
            (phrase, language, self._answer(lookup, phrase, language))
            for phrase in phrases
            for language in phrase.targets
        ]
        whole = [
            Translated(phrase.text, phrase.language, answer.text, language)
            for phrase, language, answer in answers
            if not answer.fault
        ]
        findings = iter(self._findings(whole))
        found = {}
        for phrase, language, answer in answers:
            fate, reason, detail = Fate.FAILED.value, answer.fault, ""
            if not reason:
                first = next(iter(next(findings)), None)
                fate = Fate.REJECTED.value if first else Fate.KEPT.value
                reason, detail = (first.fault.value, first.detail) if first else ("", "")
            said = (answer.text, answer.engine, answer.quality)
            found[phrase.key, language] = (*said, fate, reason, detail)
        return found

    def _findings(self, whole: list[Translated]) -> list[list[Finding]]:
        """What is wrong with translations."""
        if TranslationFault.LANGUAGE not in self._rules.overlook:
            guesses = self._model.identify([its.text for its in whole])
            whole = [its._replace(guess=guess) for its, guess in zip(whole, guesses, strict=True)]
        return judge_translations(whole, self._rules)

    def _answer(self, lookup: Lookup, phrase: Phrase, language: str) -> Answer:
        if brought := lookup.imported(phrase.key, language):
            return Answer(tidied(brought.text), "", IMPORTED, IMPORTED_QUALITY)
        routes = self._desk.routes
        route = routes.of(phrase.language, language)
        assert route is not None
        found = lookup.by(route, phrase.key, language)
        if found is None and route.pivot:
            there = lookup.by(Route(route.speakers[:1]), phrase.key, route.pivot)
            found = there if there and there.fault else None
        text, fault = (found.text, found.fault) if found else ("", UNANSWERED)
        return Answer(tidied(text), fault, routes.label(route), MADE_QUALITY)


class WriteTranslated(beam.DoFn):
    """Writes the translations of a part's captions and its ledger; tells counts, also by pair.

    Args:
      desk: …
      kept: what was to be translated.
      fresh: where to write.
    """

    def __init__(self, desk: Desk, kept: Tables, fresh: Folder) -> None:
        self._desk = desk
        self._kept = kept
        self._fresh = fresh

    def process(self, keyed: Keyed) -> Iterator[Count | TaggedOutput[Literal["pairs"], Count]]:
        number, tables = keyed
        name = part_name(number)
        read = read_kept(self._desk.recipe, self._kept, number)
        judged = {
            (row.key, row.language): row for row in rows_of(tables["judged"], JudgedTranslation)
        }
        verdicts = _Verdicts(rows_of(read.captions, Caption))
        for caption, key, targets in wishes_of(read, self._desk):
            for language in targets:
                verdicts.add(caption, judged[key, language])
        kept = sorted(verdicts.kept, key=lambda row: (row.uid, row.caption_id))
        columns = [asdict(row) for row in kept]
        table = pa.Table.from_pylist(columns, arrow_schema(TranslatedCaption))
        write_table(self._fresh / TRANSLATED_CAPTIONS, name, table)
        ledger = table_of(LedgerRow, verdicts.ledger)
        write_table(self._fresh / ledger_folder(STAGE), name, ledger)
        captions = read.captions.num_rows
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in verdicts.ledger)
        counts["caption in"] = captions
        counts["caption created"] = len(kept) + len(verdicts.ledger)
        counts["caption kept"] = captions + len(kept)
        yield from counts.items()
        for count in verdicts.pairs.items():
            yield TaggedOutput("pairs", count)


class _Verdicts:
    """What becomes of a part's translations.

    Args:
      captions: of the part.
    """

    def __init__(self, captions: list[Caption]) -> None:
        self._first = {(of.uid, of.language, of.text): of.caption_id for of in captions}
        self.kept: list[TranslatedCaption] = []
        self.ledger: list[LedgerRow] = []
        self.pairs: Counter[str] = Counter()

    def add(self, caption: Caption, judged: JudgedTranslation) -> None:
        """Keeps a caption's translation, or says in the ledger why not."""
        id_ = translation_id(caption.caption_id, judged.language, judged.text)
        fate, reason, detail = judged.fate, judged.reason, judged.detail
        name = caption.uid, judged.language, judged.text
        if fate == Fate.KEPT:
            first = self._first.setdefault(name, id_)
            if first != id_:
                fate, reason = Fate.REJECTED.value, SetFault.DUPLICATE_CAPTION.value
                detail = f"as {first}"
        pair = f"{caption.language}-{judged.language}"
        self.pairs[f"{pair} {fate} {reason}".strip()] += 1
        if fate == Fate.KEPT:
            self.kept.append(_translated(caption, judged, id_))
            return
        told = f"{pair} of {caption.caption_id}: {detail or reason}: {judged.text}"
        unit, parent = Unit.CAPTION.value, caption.uid
        row = LedgerRow(STAGE, unit, id_, parent, caption.row, fate, reason, told)
        self.ledger.append(row)


def _translated(caption: Caption, judged: JudgedTranslation, id_: str) -> TranslatedCaption:
    changed = {
        "caption_id": id_,
        "language": judged.language,
        "text": judged.text,
        "origin": ORIGIN,
        "engine": judged.engine,
        "quality": judged.quality,
        "parent": caption.caption_id,
        "cosine": Float32(0.0),
    }
    return TranslatedCaption(**asdict(caption) | changed)
