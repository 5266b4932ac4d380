"""Judges translations a bucket at a time, brings them to their captions, writes what is kept."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import groupby
from typing import Literal

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from filters.set_faults import SetFault
from filters.translation import (
    Cosines,
    TranslationRules,
    judge_cosines,
)
from pipelines.judging_translations import JUDGED, UNASKED, Judgement
from pipelines.scored import ScoredPart, read_kept
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.filed import PLACES, read_places
from pipelines.transforms.packed import PackedBlocks
from pipelines.transforms.tables import appending, rows_of
from pipelines.transforms.tally import Count
from pipelines.translate_wanted import (
    Desk,
    Numbered,
    Wish,
    wishes_of,
)
from schemas.fates import Fate
from schemas.ids import translation_id
from schemas.layout import PAGE_BRANCH, Branch, part_name
from schemas.rows import Caption, Float32, LedgerRow, RoundTrip, TranslatedCaption

STAGE = "translate"
ROUND_TRIP = "round-trip"
"""In the place of a fate: of what came back, by whole chrF, -1 where nothing did."""
ORIGIN = "translated"

_BLOCK_CAPTIONS = 1_000
_KEPT = "kept"

Append = Callable[[pa.Table], None]

COMPARED = pa.schema(
    [
        pa.field("caption_id", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("part", pa.int64(), nullable=False),
        pa.field("source_cosine", pa.float32(), nullable=False),
        pa.field("cosine", pa.float32(), nullable=False),
        pa.field("text_cosine", pa.float32(), nullable=False),
    ]
)
"""What the teacher says of a caption's translation; NaN where it was not asked."""


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
        if desk.recipe.translate.encoder:  # it has judged texts in the teacher's place
            self._rules = replace(self._rules, min_cosine=-1.0)
        self._is_returned = desk.recipe.translate.round_trip is not None

    def process(self, keyed: Keyed) -> Iterator[Count | TaggedOutput[Literal["pairs"], Count]]:
        part, places = keyed
        of_branch, number = self._parts.find(part)
        name, branch = part_name(number), of_branch.branch
        read = read_kept(self._desk.recipe, of_branch, number)
        captions = read.captions.sort_by(_BY_PICTURE)
        of_part = ScoredPart(read.pictures, captions, read.verdicts)
        blocks = list(_in_blocks(wishes_of(of_part, self._desk)))
        judged = _Judgements(blocks, self._desk.regrouped, places)
        sources = _sources(captions)
        fates, pairs = Counter[str](), Counter[str]()
        with self._tables(name, branch) as (keep, lose, back):
            for at in range(len(blocks)):
                verdicts = _Verdicts(branch, sources, judged.take(at), self._rules)
                keep(verdicts.kept_table())
                lose(table_of(LedgerRow, verdicts.ledger))
                back(table_of(RoundTrip, verdicts.round_trips))
                fates += verdicts.fates
                pairs += verdicts.pairs
        translated = fates.pop(_KEPT, 0)
        yield from fates.items()
        yield f"{branch.caption} in", captions.num_rows
        yield f"{branch.caption} created", translated + fates.total()
        yield f"{branch.caption} kept", captions.num_rows + translated
        for count in pairs.items():
            yield TaggedOutput("pairs", count)

    @contextmanager
    def _tables(self, name: str, branch: Branch) -> Iterator[tuple[Append, Append, Append]]:
        """What appends to a part's translations, to its ledger and to what came back."""
        with (
            appending(self._fresh / branch.translated, name, TRANSLATED) as keep,
            appending(self._fresh / branch.ledger(STAGE), name, LEDGER) as lose,
            appending(self._fresh / branch.round_trips, name, TRIPS)
            if self._is_returned
            else nullcontext(lambda _: None) as back,
        ):
            yield keep, lose, back


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


Judged = tuple[Caption, Judgement, Cosines]
"""A caption, a translation of its text, and what a teacher says of the two and the picture."""


class _Judgements:
    """What was decided on a part's translations, a block of captions at a time.

    Args:
      blocks: what is wanted of the part.
      regrouped: where judgements lie, and what a teacher says.
      places: of the part's, by `judged` and, where a teacher was asked, `compared`.
    """

    def __init__(
        self, blocks: list[list[Wish]], regrouped: Folder, places: dict[str, pa.Table]
    ) -> None:
        self._blocks = blocks
        by_key: dict[str, list[int]] = defaultdict(list)
        by_caption: dict[str, list[int]] = defaultdict(list)
        for number, wishes in enumerate(blocks):
            for caption, key, _ in wishes:
                if number not in by_key[key]:
                    by_key[key].append(number)
                by_caption[caption.caption_id].append(number)
        self._judged = PackedBlocks(JUDGED, "key", by_key)
        self._judged.add(read_places(regrouped, places["judged"]))
        self._compared = PackedBlocks(COMPARED, "caption_id", by_caption)
        self._compared.add(read_places(regrouped, places.get("compared", PLACES.empty_table())))

    def take(self, block: int) -> Iterator[Judged]:
        """Each of a block's captions with each of its translations; to be called once."""
        wishes, judged = self._blocks[block], self._judged.take(block)
        texts = [f"{key} {language}" for _, key, languages in wishes for language in languages]
        rows = rows_of(judged.take(_found(texts, judged, "key")), Judgement)
        captions = [caption for caption, _, languages in wishes for _ in languages]
        pairs = zip(captions, rows, strict=True)
        names = [f"{caption.caption_id} {of.language}" for caption, of in pairs]
        yield from zip(captions, rows, self._cosines(block, names), strict=True)

    def _cosines(self, block: int, names: list[str]) -> Iterator[Cosines]:
        """By `caption_id language`."""
        compared = self._compared.take(block)
        found = compared.take(_found(names, compared, "caption_id"))
        columns = (found[name].to_pylist() for name in _COSINES)
        for said in zip(*columns, strict=True):
            yield Cosines(*(None if value is None or value != value else value for value in said))


def _found(names: list[str], rows: pa.Table, column: str) -> pa.Array:
    """Which of the rows have these names, an id and a language each; null: none."""
    known = pc.binary_join_element_wise(rows[column], rows["language"], " ")
    return pc.index_in(pa.array(names, pa.string()), value_set=known.combine_chunks())


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
        self.round_trips: list[RoundTrip] = []
        self.pairs: Counter[str] = Counter()
        self.fates: Counter[str] = Counter()
        self._sources = sources
        self._made: dict[tuple[str, str, str], str] = {}
        self._rules = rules
        for caption, translation, said in judged:
            self._add(caption, translation, said)

    def kept_table(self) -> pa.Table:
        """Those that are kept, by picture and id."""
        rows = sorted(self._kept, key=lambda row: (row.uid, row.caption_id))
        return table_of(TranslatedCaption, rows)

    def _add(self, caption: Caption, judged: Judgement, said: Cosines) -> None:
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
        if judged.chrf != UNASKED:
            trip = RoundTrip(id_, caption.uid, judged.back, Float32(judged.chrf))
            self.round_trips.append(trip)
            self.pairs[f"{pair} {ROUND_TRIP} {math.floor(judged.chrf)}"] += 1
        if fate == Fate.KEPT:
            # What a page answers says whence, in any language; a translation has its parent.
            origin = caption.origin if self._branch == PAGE_BRANCH else ORIGIN
            self._kept.append(_translated(caption, judged, id_, origin, said))
            self.fates[_KEPT] += 1
            return
        told = f"{pair} of {caption.caption_id}: {detail or reason}: {judged.text}"
        unit, parent = self._branch.caption.value, caption.uid
        row = LedgerRow(STAGE, unit, id_, parent, caption.row, fate, reason, told)
        self.ledger.append(row)
        self.fates[f"{unit} {fate} {reason}"] += 1


def _translated(
    caption: Caption, judged: Judgement, id_: str, origin: str, said: Cosines
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
TRIPS = arrow_schema(RoundTrip)
