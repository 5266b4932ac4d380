"""Judges translations a bucket at a time, brings them to their captions, writes what is kept."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from filters.set_faults import SetFault
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
from pipelines.language_model import LanguageModel
from pipelines.pivoting import IMPORTED, read_pivoted
from pipelines.scored import ScoredPart, read_kept
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.tables import read_rows, rows_of, write_table
from pipelines.transforms.tally import Count
from pipelines.translate_wanted import (
    Desk,
    Lookup,
    Numbered,
    Phrase,
    Wanted,
    Wish,
    phrases_of,
    wanted_folder,
    wishes_of,
)
from schemas.fates import Fate
from schemas.ids import translation_id
from schemas.layout import PAGE_BRANCH, Branch, part_name
from schemas.rows import Caption, Float32, LedgerRow, TranslatedCaption

STAGE = "translate"
DECIDED = "decided"
ORIGIN = "translated"
MADE_QUALITY = 0.5
"""Of what a model said and no person has seen: source captions, of 1, come before it."""
IMPORTED_QUALITY = 0.75
"""Of a translation that the user brought."""

_BLOCK_CAPTIONS = 1_000


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


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a text's translation, whoever wants it.

    Attributes:
      key: `schemas.ids.phrase_id` of the source text.
      source_language: ISO 639-1.
      source_text: …
      language: of the translation.
      text: the translation.
      engine: what made it.
      quality: in [0, 1].
      fate: a `Fate`.
      reason: why it is not kept, or "".
      detail: for people.
    """

    key: str
    source_language: str
    source_text: str
    language: str
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
        name = part_name(bucket)
        is_decided = (self._desk.work / DECIDED).exists(name)
        decisions: list[Decision] = (
            read_rows(self._desk.work / DECIDED, name, Decision)
            if is_decided
            else self.decide(bucket)
        )
        by_name = {(of.key, of.language): of for of in decisions}
        yield table_of(
            JudgedTranslation,
            [
                _for_part(by_name[row.key, language], row.part)
                for row in self._wanted(bucket)
                for language in row.languages.split()
            ],
        )

    def decide(self, bucket: int) -> list[Decision]:
        """What the gates on texts say of a bucket's translations, each once."""
        phrases = phrases_of(self._wanted(bucket))
        answers_of = _Answers(self._desk, phrases, bucket)
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
        decisions = []
        for phrase, language, answer in answers:
            fate, reason, detail = Fate.FAILED.value, answer.fault, ""
            if not reason:
                first = next(iter(next(findings)), None)
                fate = Fate.REJECTED.value if first else Fate.KEPT.value
                reason, detail = (first.fault.value, first.detail) if first else ("", "")
            of_text = (phrase.key, phrase.language, phrase.text, language)
            said = (answer.text, answer.engine, answer.quality)
            decisions.append(Decision(*of_text, *said, fate, reason, detail))
        return decisions

    def _wanted(self, bucket: int) -> list[Wanted]:
        return read_rows(wanted_folder(self._desk.work, 0), part_name(bucket), Wanted)

    def _findings(self, whole: list[Translated]) -> list[list[Finding]]:
        """What is wrong with translations."""
        if TranslationFault.LANGUAGE not in self._rules.overlook:
            guesses = self._model.identify([its.text for its in whole])
            whole = [its._replace(guess=guess) for its, guess in zip(whole, guesses, strict=True)]
        return judge_translations(whole, self._rules)


class _Answers:
    """What there is of a bucket's texts.

    Args:
      desk: …
      phrases: the texts.
      bucket: its number.
    """

    def __init__(self, desk: Desk, phrases: list[Phrase], bucket: int) -> None:
        self._desk = desk
        self._lookup = Lookup(desk, phrases)
        self._pivoted = read_pivoted(desk, bucket)

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


def _for_part(of: Decision, part: int) -> JudgedTranslation:
    return JudgedTranslation(
        of.key, of.language, part, of.text, of.engine, of.quality, of.fate, of.reason, of.detail
    )


COMPARED = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("part", pa.int64(), nullable=False),
        pa.field("source_cosine", pa.float32(), nullable=False),
        pa.field("cosine", pa.float32(), nullable=False),
        pa.field("text_cosine", pa.float32(), nullable=False),
    ]
)
"""By `caption_id language`, what the teacher says; NaN where it was not asked."""


class WriteTranslated(beam.DoFn):
    """Writes the translations of a part's captions and its ledger; tells counts, also by pair.

    Args:
      desk: …
      parts: of what was to be translated.
      fresh: where to write.
    """

    def __init__(self, desk: Desk, parts: Numbered, fresh: Folder) -> None:
        self._desk = desk
        self._parts = parts
        self._fresh = fresh
        assert desk.recipe.translate is not None
        self._rules = desk.recipe.translate.rules

    def process(self, keyed: Keyed) -> Iterator[Count | TaggedOutput[Literal["pairs"], Count]]:
        part, tables = keyed
        of_branch, number = self._parts.find(part)
        name, branch = part_name(number), of_branch.branch
        read = read_kept(self._desk.recipe, of_branch, number)
        captions = read.captions.sort_by(_BY_PICTURE)
        of_part = ScoredPart(read.pictures, captions, read.verdicts)
        judgements = _Judgements(tables["judged"], tables.get("compared"))
        sources = _sources(captions)
        kept, ledger = [TRANSLATED.empty_table()], [LEDGER.empty_table()]
        pairs: Counter[str] = Counter()
        for wishes in _in_blocks(wishes_of(of_part, self._desk)):
            verdicts = _Verdicts(branch, sources, judgements.of(wishes), self._rules)
            kept.append(verdicts.kept_table())
            ledger.append(table_of(LedgerRow, verdicts.ledger))
            pairs += verdicts.pairs
        lost = pa.concat_tables(ledger)
        translated = sum(table.num_rows for table in kept)
        write_table(self._fresh / branch.translated, name, pa.concat_tables(kept))
        write_table(self._fresh / branch.ledger(STAGE), name, lost)
        fates = (lost[column].to_pylist() for column in ("unit", "fate", "reason"))
        counts = Counter(" ".join(fate) for fate in zip(*fates, strict=True))
        counts[f"{branch.caption} in"] = captions.num_rows
        counts[f"{branch.caption} created"] = translated + lost.num_rows
        counts[f"{branch.caption} kept"] = captions.num_rows + translated
        yield from counts.items()
        for count in pairs.items():
            yield TaggedOutput("pairs", count)


def _sources(captions: pa.Table) -> dict[tuple[str, str, str], str]:
    """Ids of a part's captions by picture, language and text."""
    columns = (captions[name].to_pylist() for name in ("uid", "language", "text", "caption_id"))
    return {(uid, language, text): id_ for uid, language, text, id_ in zip(*columns, strict=True)}


def _in_blocks(wishes: Iterable[Wish]) -> Iterator[list[Wish]]:
    """Wishes a few pictures at a time: a part's translations are too many to be held as rows."""
    block: list[Wish] = []
    for _, of_picture in groupby(wishes, key=lambda wish: wish[0].uid):
        block += of_picture
        if len(block) >= _BLOCK_CAPTIONS:
            yield block
            block = []
    if block:
        yield block


Judged = tuple[Caption, JudgedTranslation, Cosines]
"""A caption, a translation of its text, and what a teacher says of the two and the picture."""


class _Judgements:
    """What was decided on a part's translations, by text and language.

    Args:
      judged: a table of `JudgedTranslation`s.
      compared: a table of `COMPARED`, None where no teacher was asked.
    """

    def __init__(self, judged: pa.Table, compared: pa.Table | None) -> None:
        self._judged = judged
        names = pc.binary_join_element_wise(judged["key"], judged["language"], " ")
        self._names = names.combine_chunks()
        self._compared = COMPARED.empty_table() if compared is None else compared.combine_chunks()

    def of(self, wishes: list[Wish]) -> Iterator[Judged]:
        """Each caption that is to be translated with each of its translations."""
        names = [f"{key} {language}" for _, key, languages in wishes for language in languages]
        at = pc.index_in(pa.array(names, pa.string()), value_set=self._names)
        rows = rows_of(self._judged.take(at), JudgedTranslation)
        captions = [caption for caption, _, languages in wishes for _ in languages]
        yield from zip(captions, rows, self._cosines(captions, rows), strict=True)

    def _cosines(self, captions: list[Caption], rows: list[JudgedTranslation]) -> Iterator[Cosines]:
        names = [
            f"{caption.caption_id} {row.language}"
            for caption, row in zip(captions, rows, strict=True)
        ]
        known = self._compared["name"].combine_chunks()
        found = self._compared.take(pc.index_in(pa.array(names, pa.string()), value_set=known))
        columns = (found[name].to_pylist() for name in _COSINES)
        for said in zip(*columns, strict=True):
            yield Cosines(*(None if value is None or value != value else value for value in said))


class _Verdicts:
    """What becomes of the translations of some pictures' captions.

    Args:
      branch: what the pictures are.
      sources: ids of captions by picture, language and text.
      judged: the captions with their translations.
      rules: that cosines are judged by.
    """

    def __init__(
        self,
        branch: Branch,
        sources: Mapping[tuple[str, str, str], str],
        judged: Iterable[Judged],
        rules: TranslationRules,
    ) -> None:
        self._branch = branch
        self._kept: list[TranslatedCaption] = []
        self.ledger: list[LedgerRow] = []
        self.pairs: Counter[str] = Counter()
        self._sources = sources
        self._made: dict[tuple[str, str, str], str] = {}
        self._rules = rules
        for caption, translation, said in judged:
            self._add(caption, translation, said)

    def kept_table(self) -> pa.Table:
        """Those that are kept, by picture and id."""
        rows = sorted(self._kept, key=lambda row: (row.uid, row.caption_id))
        return table_of(TranslatedCaption, rows)

    def _add(self, caption: Caption, judged: JudgedTranslation, said: Cosines) -> None:
        id_ = translation_id(caption.caption_id, judged.language, judged.text)
        fate, reason, detail = judged.fate, judged.reason, judged.detail
        if fate == Fate.KEPT and (findings := judge_cosines(said, self._rules)):
            fate, reason = Fate.REJECTED.value, findings[0].fault.value
            detail = findings[0].detail
        if fate == Fate.KEPT:
            name = caption.uid, judged.language, judged.text
            first = self._sources.get(name) or self._made.setdefault(name, id_)
            if first != id_:
                fate, reason = Fate.REJECTED.value, SetFault.DUPLICATE_CAPTION.value
                detail = f"as {first}"
        pair = f"{caption.language}-{judged.language}"
        self.pairs[f"{pair} {fate} {reason}".strip()] += 1
        if fate == Fate.KEPT:
            # What a page answers says whence, in any language; a translation has its parent.
            origin = caption.origin if self._branch == PAGE_BRANCH else ORIGIN
            self._kept.append(_translated(caption, judged, id_, origin, said))
            return
        told = f"{pair} of {caption.caption_id}: {detail or reason}: {judged.text}"
        unit, parent = self._branch.caption.value, caption.uid
        row = LedgerRow(STAGE, unit, id_, parent, caption.row, fate, reason, told)
        self.ledger.append(row)


def _translated(
    caption: Caption, judged: JudgedTranslation, id_: str, origin: str, said: Cosines
) -> TranslatedCaption:
    return TranslatedCaption(
        caption_id=id_,
        uid=caption.uid,
        language=judged.language,
        text=judged.text,
        origin=origin,
        engine=judged.engine,
        quality=judged.quality,
        source=caption.source,
        row=caption.row,
        licence=caption.licence,
        extras=caption.extras,
        parent=caption.caption_id,
        cosine=Float32(said.translation or 0.0),
    )


_COSINES = ("source_cosine", "cosine", "text_cosine")
_BY_PICTURE = [("uid", "ascending"), ("caption_id", "ascending")]
TRANSLATED = arrow_schema(TranslatedCaption)
LEDGER = arrow_schema(LedgerRow)
