"""By way of the pivot: what a first turn said in its language is translated in the sources' place.

Between the turns these texts are regrouped as the sources were. So each is said once, however many
sources it stands for, and remembered as if captions had it. Then what became of it is brought back
to the sources' buckets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import apache_beam as beam
import pyarrow as pa

from filters.text import tidied
from pipelines.storage import Folder
from pipelines.transforms.blocks import column_buckets, hash_buckets, table_of
from pipelines.transforms.filed import RegroupBuckets
from pipelines.transforms.tables import read_rows, write_table
from pipelines.translate_wanted import (
    Between,
    Desk,
    Lookup,
    Phrase,
    Wanted,
    phrases_of,
    wanted_folder,
    write_between,
)
from schemas.ids import phrase_id
from schemas.layout import part_name

IMPORTED = "imported"
"""The engine of a translation that the user brought."""

_PIVOTED = "pivoted"


@dataclass(frozen=True, slots=True)
class Pivoted:
    """What came out of the pivot for a source text.

    Attributes:
      key: `schemas.ids.phrase_id` of the source text.
      language: of the translation.
      text: the translation.
      fault: why it is not the whole translation, or "".
      engine: what made it, on both ways.
      bucket: of the source text.
    """

    key: str
    language: str
    text: str
    fault: str
    engine: str
    bucket: int


def into_pivot(desk: Desk, way: int, buckets: int) -> RegroupBuckets:
    """Regroups what the first turn said in the pivot's language.

    Args:
      desk: …
      way: `THERE` or `BACK`.
      buckets: of texts.
    """
    read, write = ReadBetween(desk, way), partial(write_between, desk.work, way + 1)
    by_key = hash_buckets("key", buckets)
    return RegroupBuckets(
        "texts between by id", desk.regrouped, read, Between, buckets, by_key, write
    )


def out_of_pivot(desk: Desk, way: int, buckets: int) -> RegroupBuckets:
    """Brings what the second turn said to the buckets of the sources.

    Args:
      desk: …
      way: `THERE` or `BACK`.
      buckets: of texts.
    """
    read = ReadPivoted(desk, way)
    write = partial(write_by_source, desk.work / _PIVOTED / str(way))
    by_source = column_buckets("bucket")
    return RegroupBuckets(
        "pivoted texts by source", desk.regrouped, read, Pivoted, buckets, by_source, write
    )


class ReadBetween(beam.DoFn):
    """What a bucket's texts are in the pivot's language, where that is on their way."""

    def __init__(self, desk: Desk, way: int) -> None:
        self._desk = desk
        self._way = way

    def process(self, bucket: int) -> Iterator[pa.Table]:
        name = part_name(bucket)
        phrases = phrases_of(read_rows(wanted_folder(self._desk.work, self._way), name, Wanted))
        lookup = Lookup(self._desk, phrases)
        found = [self._between(phrase, lookup, bucket) for phrase in phrases]
        yield table_of(Between, [row for row in found if row])

    def _between(self, phrase: Phrase, lookup: Lookup, bucket: int) -> Between | None:
        """None: on no way, or not whole."""
        routes, key = self._desk.routes, phrase.key
        ways = {code: routes.of(phrase.language, code) for code in phrase.targets}
        pivoted = {
            code: way
            for code, way in ways.items()
            if way and way.pivot and not lookup.imported(key, code)
        }
        if not pivoted:
            return None
        way = next(iter(pivoted.values()))  # they share their first half
        brought = lookup.imported(key, way.pivot)
        said = brought or lookup.by(way.speakers[0], key, way.pivot)
        if said is None:
            self._desk.give_up()
        if said.fault:
            return None
        text = tidied(said.text)
        engine = IMPORTED if brought else routes.speakers[way.speakers[0]].label
        id_, languages = phrase_id(way.pivot, text), " ".join(pivoted)
        return Between(id_, way.pivot, text, languages, bucket, key, phrase.language, engine)


class ReadPivoted(beam.DoFn):
    """What became of a bucket's texts between, for each of the sources that they stand for."""

    def __init__(self, desk: Desk, way: int) -> None:
        self._desk = desk
        self._way = way

    def process(self, bucket: int) -> Iterator[pa.Table]:
        folder = wanted_folder(self._desk.work, self._way + 1)
        rows: list[Between] = read_rows(folder, part_name(bucket), Between)
        lookup = Lookup(self._desk, phrases_of(rows))
        found = [
            self._pivoted(row, language, lookup)
            for row in rows
            for language in row.languages.split()
        ]
        yield table_of(Pivoted, found)

    def _pivoted(self, row: Between, language: str, lookup: Lookup) -> Pivoted:
        routes = self._desk.routes
        speaker = routes.direct(row.source_language, language)
        assert speaker is not None
        brought = lookup.imported(row.key, language)
        said = brought or lookup.by(speaker, row.key, language)
        if said is None:
            self._desk.give_up()
        engine = f"{row.engine} + {IMPORTED if brought else routes.speakers[speaker].label}"
        return Pivoted(row.of, language, said.text, said.fault, engine, row.part)


def read_pivoted(desk: Desk, way: int, bucket: int) -> dict[tuple[str, str], Pivoted]:
    """What came out of the pivot for a bucket's source texts, by key and language."""
    folder, name = desk.work / _PIVOTED / str(way), part_name(bucket)
    if not folder.exists(name):  # there is no pivot
        return {}
    rows: list[Pivoted] = read_rows(folder, name, Pivoted)
    return {(row.key, row.language): row for row in rows}


def write_by_source(folder: Folder, bucket: int, table: pa.Table) -> None:
    """Writes what a bucket's source texts became, by source text and language."""
    rows = table.sort_by([("key", "ascending"), ("language", "ascending")])
    write_table(folder, part_name(bucket), rows)
