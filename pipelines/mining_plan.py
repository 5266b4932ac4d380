"""What is mined from what: spaces of candidates, blocks of anchors, and the rows that fill them.

A space is all texts of text pairs in a language, all captions or all pages in one, or all pictures.
It is cut into index shards, and the anchors that search it into blocks, by ranges of their ids'
hashes.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.page_text import page_key
from pipelines.embedding_files import read_ids
from pipelines.mining_rules import Mine
from pipelines.nearest import Names
from pipelines.parts import part_names
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    Regroup,
    column_buckets,
    hash_buckets,
    pieces_for,
)
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.ids import digest
from schemas.layout import (
    IMAGE_TO_TEXT,
    OF_CAPTIONS,
    OF_PAGES,
    OF_PICTURES,
    OF_TEXTS,
    PAGE_BRANCH,
    PICTURE_BRANCH,
    QUERY_TO_PAGE,
    SCREENED_TEXTS,
    TEXT_TEXT,
    TEXT_TO_IMAGE,
    Branch,
    Tables,
    embeddings_folder,
    part_name,
    shard_name,
)

BLOCK_ROWS = 16_384
"""Anchors that search at once: the more, the seldomer an index shard is read."""

_CLEAR = 50
"""PDQ's own measure from which on its hash says something (as `filters.duplicates`)."""

_LISTED = "listed"
_COUNTS_FILE = "counts-listed.json"
_PLAN_FILE = "plan.json"

_CAPTIONS = pa.schema(
    [
        ("shard", pa.int64()),
        ("caption_id", pa.string()),
        ("uid", pa.string()),
        ("language", pa.string()),
        ("text", pa.string()),
        ("origin", pa.string()),
        ("document", pa.int64()),
        ("pdq", pa.string()),
        ("page_language", pa.string()),
        ("page_said", pa.int64()),
    ]
)
"""Captions with the tar of their picture, its hash where it is clear, and its document; of pages
with their language and what they say, see `pipelines.mining_rows`."""

_WORDLESS = page_key("")

_TEXTS = pa.schema([("what", pa.string()), ("language", pa.string()), ("id", pa.string())])
"""Texts of text pairs: what they are of, the language of the positive, and their ids."""

_OF_PAIRS = ["query_id", "positive_id", "query", "positive", "query_language", "positive_language"]


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows of one kind and language, cut into pieces by hash.

    Attributes:
      what: `OF_TEXTS`, `OF_CAPTIONS`, `OF_PICTURES`, `OF_PAGES`, or a kind of triplets.
      language: "" of pictures.
      first: number of its first piece among those of all.
      pieces: how many.
      rows: how many it has, each text once.
    """

    what: str
    language: str
    first: int
    pieces: int
    rows: int

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.pieces)


@dataclass(frozen=True, slots=True)
class MinePlan:
    """How everything is cut.

    Attributes:
      spaces: of candidates; the pieces are index shards.
      anchors: the pieces are blocks.
      listed: what was listed: gathered tars by `OF_CAPTIONS`, tars of pages by `OF_QUERIES`, parts
        of text pairs by `OF_TEXTS`; of each how many, they are numbered from 0.
    """

    spaces: tuple[Cut, ...]
    anchors: tuple[Cut, ...]
    listed: dict[str, int]

    def spaces_of(self, what: str) -> list[Cut]:
        """By language, in the order of the alphabet."""
        return [space for space in self.spaces if space.what == what]

    def anchors_of(self, kind: str) -> list[Cut]:
        """Of a kind of triplets, by language likewise."""
        return [cut for cut in self.anchors if cut.what == kind]

    def numbered(self) -> list[tuple[str, int]]:
        """What was listed, and the number of each tar or part."""
        return [(what, number) for what, n in self.listed.items() for number in range(n)]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "MinePlan":
        read = json.loads(text)
        spaces, anchors = (
            tuple(Cut(**row) for row in read[name]) for name in ("spaces", "anchors")
        )
        return cls(spaces, anchors, read["listed"])


SPACE_OF = {
    TEXT_TEXT: OF_TEXTS,
    IMAGE_TO_TEXT: OF_CAPTIONS,
    TEXT_TO_IMAGE: OF_PICTURES,
    QUERY_TO_PAGE: OF_PAGES,
}
"""Where the negatives of a kind of triplets come from."""

SPACES_OF_TEXTS = (OF_TEXTS, OF_CAPTIONS)

BRANCH_OF = {
    IMAGE_TO_TEXT: PICTURE_BRANCH,
    TEXT_TO_IMAGE: PICTURE_BRANCH,
    QUERY_TO_PAGE: PAGE_BRANCH,
}
"""What a kind of triplets is of, but for texts alone."""


def pieces_of(names: Names, cuts: list[Cut], languages: list[str]) -> np.ndarray:
    """The piece of each row by its language and the hash that is its name; shape [rows].

    Args:
      names: of the rows.
      cuts: of one kind, by language.
      languages: of the rows; "" where the kind knows none.
    """
    by_language = {cut.language: cut for cut in cuts}
    first = np.array([by_language[language].first for language in languages], np.int64)
    number = np.array([by_language[language].pieces for language in languages], np.uint64)
    within = ((names >> np.uint64(16)) * number) >> np.uint64(48)
    return first + within.astype(np.int64)


def make_plan(
    run: Run, rules: Mine, kept: Sequence[Tables], teacher: int, prepared: Folder
) -> MinePlan:
    """Lists captions and queries by tar and text pairs by part, below `prepared`, and cuts them.

    Args:
      run: the run.
      rules: of the stage.
      kept: pictures and captions to mine from, pages and what they answer, or both.
      teacher: whose embeddings are searched.
      prepared: where to; what is there is not made again.
    """
    if prepared.exists(_PLAN_FILE):
        return MinePlan.from_json(prepared.read(_PLAN_FILE))
    run.step("listing what is embedded")
    output = run.output
    parts = [len(part_names(output / tables.captions)) for tables in kept]
    texts = len(part_names(output / SCREENED_TEXTS)) if run.recipe.screen else 0
    listed = {
        tables.branch.of_captions: _shards(
            output / embeddings_folder(teacher, tables.branch.of_pictures)
        )
        for tables in kept
    }
    with run.pipeline(pieces_for(max([*parts, texts]))) as pipeline:
        of_captions = [
            pipeline
            | ListCaptions(
                tables,
                number,
                listed[tables.branch.of_captions],
                partial(_list_part, output, tables, rules.document_column),
                partial(_find, output, teacher, prepared, tables.branch),
            )
            for tables, number in zip(kept, parts, strict=True)
        ]
        find_texts = partial(_find_texts, output, teacher, prepared, rules.document_column)
        of_texts = (
            {
                "texts": pipeline
                | Deal("texts", range(texts))
                | "FindTexts" >> beam.Map(find_texts).with_output_types(pa.Table)
            }
            | Regroup(
                "texts by id", {"texts": _TEXTS}, max(1, texts), hash_buckets("id", max(1, texts))
            )
            | "CountTexts" >> beam.FlatMap(_count_texts)
        )
        _ = (*of_captions, of_texts) | beam.Flatten() | Tally(prepared, _COUNTS_FILE)
    counts: dict[str, int] = json.loads(prepared.read(_COUNTS_FILE))
    plan = MinePlan(
        spaces=_cut(counts, {SPACE_OF[kind] for kind in rules.kinds}, rules.index_rows),
        anchors=_cut(counts, {*rules.kinds}, BLOCK_ROWS),
        listed=listed | {OF_TEXTS: texts},
    )
    prepared.write(_PLAN_FILE, plan.to_json())
    return plan


def read_listed(prepared: Folder, what: str, number: int) -> pa.Table:
    """The captions of a tar's pictures that are kept, or the text pairs of a part.

    Beside what they are: `at` and `picture_at`, where the embeddings of a caption and its picture
    lie in the tar's arrays, or `query_at` and `positive_at` of a pair; -1 where the teacher did not
    understand.

    Args:
      prepared: where they were listed.
      what: as `MinePlan.listed` names them.
      number: of the tar or part.
    """
    return read_table(prepared / _LISTED, _listed_name(what, number))


def _listed_name(what: str, number: int) -> str:
    return f"{what}-{shard_name(number)}.parquet"


def _shards(folder: Folder) -> int:
    numbers = [int(name[:-4]) for name in folder.names() if name.endswith(".npy")]
    return max(numbers, default=-1) + 1


def _cut(counts: dict[str, int], kinds: set[str], rows_a_piece: int) -> tuple[Cut, ...]:
    cuts, first = [], 0
    for name, rows in sorted(counts.items()):
        what, language = name.split("\t")
        if what in kinds:
            pieces = -(-rows // rows_a_piece)
            cuts.append(Cut(what, language, first, pieces, rows))
            first += pieces
    return tuple(cuts)


# Captions


class ListCaptions(beam.PTransform):
    """Counts captions, or queries, that are brought to the tars of their pictures.

    Args:
      kept: where they are.
      parts: how many these have.
      shards: tars.
      read: the captions of a part.
      find: takes those of a tar.
    """

    def __init__(
        self,
        kept: Tables,
        parts: int,
        shards: int,
        read: Callable[[int], pa.Table],
        find: Callable[[Keyed], Iterator[Count]],
    ) -> None:
        super().__init__(label=f"List[{kept.branch.of_captions}]")
        self._parts = parts
        self._shards = max(1, shards)
        self._read = read
        self._find = find

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Count]:
        captions = (
            begin
            | Deal("parts", range(self._parts))
            | "Read" >> beam.Map(self._read).with_output_types(pa.Table)
        )
        return (
            {"captions": captions}
            | Regroup("by shard", {"captions": _CAPTIONS}, self._shards, column_buckets("shard"))
            | "Find" >> beam.FlatMap(self._find)
        )


def _list_part(output: Folder, kept: Tables, column: str, number: int) -> pa.Table:
    name, are_pages = part_name(number), kept.branch == PAGE_BRANCH
    columns = ["uid", "image_shard", "pdq", "pdq_quality"]
    columns += ["document", "language", "text"] if are_pages else []
    pictures = read_table(output / kept.pictures, name, columns)
    columns = ["caption_id", "uid", "language", "text", "origin", "source", "extras"]
    captions = read_table(output / kept.captions, name, columns)
    at = pc.index_in(captions["uid"], value_set=pictures["uid"].combine_chunks())
    is_clear = pc.greater_equal(pictures["pdq_quality"], _CLEAR)
    found = {name: captions[name] for name in _CAPTIONS.names if name in captions.column_names}
    found |= {
        "shard": pictures["image_shard"].take(at),
        "document": documents_of(captions, column),
        "pdq": pc.if_else(is_clear, pictures["pdq"], "").take(at),
        "page_language": pa.repeat("", len(at)),
        "page_said": pa.repeat(0, len(at)),
    }
    if are_pages:
        documents = [_bits(id_) for id_ in pictures["document"].to_pylist()]
        found |= {
            "document": pa.array(documents, pa.int64()).take(at),
            "page_language": pictures["language"].take(at),
            "page_said": _said_by(pictures).take(at),
        }
    return pa.table([found[name] for name in _CAPTIONS.names], schema=_CAPTIONS)


def _said_by(pages: pa.Table) -> pa.Array:
    """63 bits that pages with the same text share; one without words has its own."""
    keys = (page_key(text) for text in pages["text"].to_pylist())
    of = zip(keys, pages["uid"].to_pylist(), strict=True)
    return pa.array([_bits(uid if key == _WORDLESS else key) for key, uid in of], pa.int64())


def _bits(id_: str) -> int:
    return int(id_[:15], 16)


def documents_of(rows: pa.Table, column: str) -> pa.Array:
    """63 bits of the name of each row's document; 0 of those without one."""
    found = np.zeros(rows.num_rows, np.int64)
    if column:
        of = zip(rows["source"].to_pylist(), rows["extras"].to_pylist(), strict=True)
        for row, (source, extras) in enumerate(of):
            if document := json.loads(extras).get(column):
                found[row] = _bits(digest(source, str(document)))
    return pa.array(found)


def _find(
    output: Folder, teacher: int, prepared: Folder, branch: Branch, keyed: Keyed
) -> Iterator[Count]:
    """Writes a shard's captions with the places of their embeddings; counts what it has."""
    shard, tables = keyed
    order = [("uid", "ascending"), ("caption_id", "ascending")]
    captions = tables["captions"].sort_by(order)
    for what, id_, column in (
        (branch.of_captions, "caption_id", "at"),
        (branch.of_pictures, "uid", "picture_at"),
    ):
        ids = read_ids(output / embeddings_folder(teacher, what), shard, id_)
        at = pc.fill_null(pc.index_in(captions[id_], value_set=ids), -1)
        captions = captions.append_column(column, at.cast(pa.int64()))
    captions = captions.filter(pc.greater_equal(captions["picture_at"], 0))  # else it failed
    write_table(prepared / _LISTED, _listed_name(branch.of_captions, shard), captions)
    captions = captions.filter(pc.greater_equal(captions["at"], 0))
    yield from _counts_of_pages(captions) if branch == PAGE_BRANCH else _counts(captions)


def _counts_of_pages(queries: pa.Table) -> Iterator[Count]:
    languages, uids = queries["page_language"].to_pylist(), queries["uid"].to_pylist()
    for language, n in Counter(languages).items():
        yield f"{QUERY_TO_PAGE}\t{language}", n
    of_pages = Counter(language for language, _ in {*zip(languages, uids, strict=True)})
    for language, n in of_pages.items():
        yield f"{OF_PAGES}\t{language}", n


def _counts(captions: pa.Table) -> Iterator[Count]:
    languages, uids = captions["language"].to_pylist(), captions["uid"].to_pylist()
    for language, n in Counter(languages).items():
        yield f"{OF_CAPTIONS}\t{language}", n
        yield f"{TEXT_TO_IMAGE}\t{language}", n
    of_pictures = Counter(language for language, _ in set(zip(languages, uids, strict=True)))
    for language, n in of_pictures.items():
        yield f"{IMAGE_TO_TEXT}\t{language}", n
    if uids:
        yield f"{OF_PICTURES}\t", len(set(uids))


# Texts


def _find_texts(output: Folder, teacher: int, prepared: Folder, column: str, part: int) -> pa.Table:
    """Writes a part's pairs with the places of their embeddings; returns their texts."""
    pairs = read_table(output / SCREENED_TEXTS, part_name(part))
    ids = read_ids(output / embeddings_folder(teacher, OF_TEXTS), part, "text_id")
    listed = pairs.select(_OF_PAIRS).append_column("document", documents_of(pairs, column))
    for which in ("query", "positive"):
        at = pc.fill_null(pc.index_in(pairs[f"{which}_id"], value_set=ids), -1)
        listed = listed.append_column(f"{which}_at", at.cast(pa.int64()))
    write_table(prepared / _LISTED, _listed_name(OF_TEXTS, part), listed)
    both = pc.greater_equal(pc.min_element_wise(listed["query_at"], listed["positive_at"]), 0)
    listed = listed.filter(both)
    texts = [
        pa.table(
            [pa.array([what] * listed.num_rows, pa.string()), listed["positive_language"], of],
            schema=_TEXTS,
        )
        for what, of in ((TEXT_TEXT, listed["query_id"]), (OF_TEXTS, listed["positive_id"]))
    ]
    return pa.concat_tables(texts).group_by(_TEXTS.names).aggregate([])


def _count_texts(keyed: Keyed) -> Iterator[Count]:
    """Counts the texts of a bucket, each once however many parts it stands in."""
    _, tables = keyed
    counts = tables["texts"].group_by(["what", "language"]).aggregate([("id", "count_distinct")])
    for row in counts.to_pylist():
        yield f"{row['what']}\t{row['language']}", row["id_count_distinct"]
