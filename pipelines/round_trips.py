"""Sends translations back: chosen ones are translated into their sources' language.

They are texts like any other: each is said once, looked up before, remembered after, and goes by
way of the pivot where that is needed. What is regrouped is brought back to the sources' buckets.
"""

from collections.abc import Iterator
from functools import partial

import apache_beam as beam
import pyarrow as pa

from filters.round_trip import is_sent_back
from pipelines.judging_translations import GATED, RETURNED, Answers, Decision, JudgeBucket, Returned
from pipelines.pivoting import IMPORTED, write_by_source
from pipelines.transforms.blocks import column_buckets, hash_buckets, table_of
from pipelines.transforms.filed import RegroupBuckets
from pipelines.transforms.tables import read_rows, write_table
from pipelines.translate_wanted import (
    BACK,
    Between,
    Desk,
    phrases_of,
    wanted_folder,
    write_between,
)
from schemas.fates import Fate
from schemas.ids import phrase_id
from schemas.layout import part_name


def send_back(desk: Desk, buckets: int) -> RegroupBuckets:
    """Leaves what the gates on texts say, and which translations are wanted back, by their own ids.

    Args:
      desk: …
      buckets: of texts.
    """
    read, write = Choose(desk), partial(write_between, desk.work, BACK)
    by_key = hash_buckets("key", buckets)
    return RegroupBuckets(
        "translations by id", desk.regrouped, read, Between, buckets, by_key, write
    )


class Choose(beam.DoFn):
    """A bucket's translations that are to come back, of those that the gates on texts let pass."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._judge = JudgeBucket(desk)

    def setup(self) -> None:
        self._judge.setup()

    def process(self, bucket: int) -> Iterator[pa.Table]:
        decisions = self._judge.gate(bucket)
        write_table(self._desk.work / GATED, part_name(bucket), table_of(Decision, decisions))
        chosen = [of for of in decisions if self._is_sent_back(of)]
        yield table_of(Between, [_wanted_back(of, bucket) for of in chosen])

    def _is_sent_back(self, of: Decision) -> bool:
        """What the user brought is not the models' to be judged."""
        recipe = self._desk.recipe
        assert recipe.translate is not None
        assert recipe.translate.round_trip is not None
        if of.fate != Fate.KEPT or not of.text or of.engine == IMPORTED:
            return False
        return is_sent_back(of.key, of.language, recipe.seed, recipe.translate.round_trip)


def _wanted_back(of: Decision, bucket: int) -> Between:
    key = phrase_id(of.language, of.text)
    return Between(
        key, of.language, of.text, of.source_language, bucket, of.key, of.source_language, ""
    )


def bring_back(desk: Desk, buckets: int) -> RegroupBuckets:
    """Brings what was said back to the buckets of the sources.

    Args:
      desk: …
      buckets: of texts.
    """
    read, write = Return(desk), partial(write_by_source, desk.work / RETURNED)
    by_source = column_buckets("bucket")
    return RegroupBuckets(
        "returned texts by source", desk.regrouped, read, Returned, buckets, by_source, write
    )


class Return(beam.DoFn):
    """What a bucket's translations are when they are said back, for each of their sources."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def process(self, bucket: int) -> Iterator[pa.Table]:
        folder = wanted_folder(self._desk.work, BACK)
        rows: list[Between] = read_rows(folder, part_name(bucket), Between)
        answers = Answers(self._desk, BACK, phrases_of(rows), bucket)
        phrases = {phrase.key: phrase for phrase in phrases_of(rows)}
        said = [(row, answers.of(phrases[row.key], row.of_language)) for row in rows]
        yield table_of(
            Returned,
            [
                Returned(row.of, row.source_language, answer.text, answer.fault, row.part)
                for row, answer in said
            ],
        )
