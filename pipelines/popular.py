"""Which texts stand on too many pictures? Counted over the whole set, by keys of 64 bits."""

from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.overlap import all_normalised
from pipelines.parts import rows_below
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, buckets_for
from pipelines.transforms.tables import read_table, write_table
from schemas.layout import Tables, part_name

TEXTS = pa.schema([("text_key", pa.int64()), ("picture_key", pa.int64())])
"""Which text stands on which picture; copies of one, by their bytes, are one."""

KEYS = pa.schema([TEXTS.field("text_key")])

_POPULAR = "popular"
_TEXT_KEYS = "text-keys"


class FindPopular(beam.PTransform):
    """The keys of the texts on more than `most` pictures, as tables of `KEYS`: few of 8 bytes.

    Leaves below `work` what it found, and is not counted again where it is there.

    Args:
      output: of the recipe.
      read: tables of pictures and captions, with `parts` parts each.
      work: where to work.
      parts: how many.
      most: pictures that a text may stand on, 0 for any number.
    """

    def __init__(self, output: Folder, read: Tables, work: Folder, parts: int, most: int) -> None:
        super().__init__()
        self._output = output
        self._read = read
        self._work = work
        self._parts = parts
        self._most = most

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[pa.Table]:
        found, output, read = self._work / _POPULAR, self._output, self._read
        buckets = buckets_for(rows_below(output / read.captions)) if self._most else 0
        names = [part_name(bucket) for bucket in range(buckets)]
        if set(names) <= set(found.names()):
            return begin | beam.Create(names) | beam.Map(partial(read_table, found))
        texts = (
            begin
            | Deal("parts to count", range(self._parts))
            | beam.ParDo(ListTexts(output, read, self._work))
        )
        return (
            {"texts": texts}
            | Regroup("texts", {"texts": TEXTS}, buckets, _key_buckets(buckets))
            | "WritePopular" >> beam.Map(write_popular, folder=found, most=self._most)
        )


class ListTexts(beam.DoFn):
    """On which pictures of a part each text stands; writes the texts' keys."""

    def __init__(self, output: Folder, read: Tables, work: Folder) -> None:
        self._output = output
        self._read = read
        self._work = work

    def process(self, part: int) -> Iterator[pa.Table]:
        name = part_name(part)
        captions = read_table(self._output / self._read.captions, name, ["uid", "text"])
        keys = text_keys(captions["text"].to_pylist())
        write_table(self._work / _TEXT_KEYS, name, pa.table([keys], schema=KEYS))
        pictures = read_table(self._output / self._read.pictures, name, ["uid", "sha256"])
        of_caption = pc.index_in(captions["uid"], value_set=pictures["uid"])
        picture_keys = [int(sha256[:15], 16) for sha256 in pictures["sha256"].to_pylist()]
        stands = pa.table([keys, pa.array(picture_keys).take(of_caption)], schema=TEXTS)
        yield stands.filter(pc.not_equal(keys, NOTHING))


def text_keys(texts: list[str]) -> pa.Array:
    """64 bits of a hash of what each text says, whatever its case and punctuation."""
    hashes = [blake2b(plain.encode(), digest_size=8).digest() for plain in all_normalised(texts)]
    return pa.array(np.frombuffer(b"".join(hashes), ">i8").astype(np.int64), pa.int64())


NOTHING: int = text_keys([""])[0].as_py()
"""The key of a text without letters and digits, as emoji are."""


def _key_buckets(buckets: int) -> Any:
    return lambda table: table["text_key"].to_numpy() % buckets


def write_popular(keyed: Keyed, folder: Folder, most: int) -> pa.Table:
    """Writes and returns the keys of a bucket's texts that stand on more than `most` pictures."""
    bucket, tables = keyed
    counts = tables["texts"].group_by("text_key").aggregate([("picture_key", "count_distinct")])
    is_popular = pc.greater(counts["picture_key_count_distinct"], most)
    popular = counts.filter(is_popular).select(KEYS.names).sort_by("text_key")
    write_table(folder, part_name(bucket), popular)
    return popular


def are_popular(work: Folder, part: int, popular: list[pa.Table]) -> np.ndarray:
    """The rows of a part's captions whose texts are among `popular`, as `FindPopular` has them."""
    wanted = pa.concat_tables([KEYS.empty_table(), *popular])["text_key"]
    if not len(wanted):
        return np.empty(0, np.int64)
    keys = read_table(work / _TEXT_KEYS, part_name(part))["text_key"]
    return np.flatnonzero(pc.is_in(keys, value_set=wanted.combine_chunks()))
