"""Indexes of words beside those of embeddings: a pass that counts, and one that indexes.

A word weighs the same in all index shards of a language. Words are counted by shard, summed by
buckets of words, and each shard is handed the sums of its own: no worker holds all words.
"""

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from zlib import crc32

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from filters.lexical import all_tokens
from pipelines.lexical_index import Corpus, write_lexical
from pipelines.mining_plan import SPACES_OF_TEXTS, Cut, MinePlan
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, pieces_for
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.layout import part_name, shard_name

WORDS = "words"
_TOKENS_FILE = "tokens.json"
_BUCKETS = 32

_WORD = pa.schema([("space", pa.int64()), ("word", pa.string()), ("texts", pa.int64())])
"""A word and how many texts have it; `space` is the number of the language's first shard."""


def write_words(run: Run, plan: MinePlan, index: Folder, words: Folder) -> None:
    """Writes `{shard}.bm25` beside the index shards of texts, from the texts in these.

    Args:
      run: the run.
      plan: of the index shards.
      index: where they are.
      words: where to write how many texts have each word.
    """
    spaces = [space for space in plan.spaces if space.what in SPACES_OF_TEXTS]
    works = [(space, number) for space in spaces for number in space.numbers]
    with run.pipeline(pieces_for(len(works))) as pipeline:
        counted = (
            pipeline
            | Deal("shards of texts", works)
            | "Count" >> beam.Map(partial(_count, index)).with_output_types(pa.Table)
        )
        _ = (
            {"words": counted}
            | Regroup("words", {"words": _WORD}, _BUCKETS, _buckets)
            | "Sum" >> beam.FlatMap(partial(_sum, words))
            | Tally(words, _TOKENS_FILE)
        )
    with run.pipeline(pieces_for(len(works))) as pipeline:
        _ = (
            pipeline
            | Deal("shards to index", works)
            | "WriteWords" >> beam.Map(partial(_write, index, words))
        )


def _count(index: Folder, work: tuple[Cut, int]) -> pa.Table:
    """A shard's words, and under none, "", all of its tokens."""
    space, number = work
    tokens = _tokens(index, number)
    holding = Counter(word for of in tokens for word in {*of})
    words = {"": sum(map(len, tokens))} | holding
    columns = [[space.first] * len(words), [*words], [*words.values()]]
    return pa.table([pa.array(column) for column in columns], schema=_WORD)


def _tokens(index: Folder, number: int) -> list[list[str]]:
    return all_tokens(
        read_table(index, f"{shard_name(number)}.parquet", ["text"])["text"].to_pylist()
    )


def _buckets(table: pa.Table) -> NDArray[np.int64]:
    return np.array(
        [crc32(word.encode()) % _BUCKETS for word in table["word"].to_pylist()], np.int64
    )


def _sum(words: Folder, keyed: Keyed) -> Iterator[Count]:
    """Writes in how many texts of a language each word of a bucket is; tells the tokens."""
    bucket, tables = keyed
    sums = tables["words"].group_by(["space", "word"]).aggregate([("texts", "sum")])
    sums = sums.rename_columns([*_WORD.names]).cast(_WORD)
    is_all = pc.equal(sums["word"], "")
    for row in sums.filter(is_all).to_pylist():
        yield str(row["space"]), row["texts"]
    order = [("space", "ascending"), ("word", "ascending")]
    write_table(words, part_name(bucket), sums.filter(pc.invert(is_all)).sort_by(order))


def _write(index: Folder, words: Folder, work: tuple[Cut, int]) -> None:
    space, number = work
    tokens = _tokens(index, number)
    own = pa.array(sorted({word for of in tokens for word in of}), pa.string())
    holding: dict[str, int] = {}
    for bucket in range(_BUCKETS):
        table = read_table(words, part_name(bucket))
        is_own = pc.and_(pc.equal(table["space"], space.first), pc.is_in(table["word"], own))
        found = table.filter(is_own)
        holding |= zip(found["word"].to_pylist(), found["texts"].to_pylist(), strict=True)
    sums = json.loads(words.read(_TOKENS_FILE))
    corpus = Corpus(space.rows, sums[str(space.first)], holding)
    write_lexical(index / f"{shard_name(number)}.bm25", tokens, corpus)
