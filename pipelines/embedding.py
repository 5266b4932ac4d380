"""Streams pictures and texts past a teacher, in fixed batches, a piece of a shard at a time."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, TypeVar

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.ml.inference.base import RunInference

from model.pictures import PictureError, decode_picture
from pipelines.decoding import DecodeFault
from pipelines.embedding_files import Halves
from pipelines.score_options import Score
from pipelines.score_plan import PLAN, PictureToEmbed, Piece, TextToEmbed, plan_name
from pipelines.score_through import Through
from pipelines.storage import Folder
from pipelines.stored_pictures import read_pictures
from pipelines.teachers import Judge, Sight
from pipelines.threads import in_pool
from pipelines.transforms.blocks import Deal
from pipelines.transforms.inference import Batch, Embedded, Lost, TeacherHandler
from pipelines.transforms.tables import read_slice, read_table, write_table
from pipelines.transforms.through import read_said
from schemas.layout import BRANCHES, Branch

Row = TypeVar("Row")

EMBEDDED = "embedded"
_MARKER = ".json"
_READ_AHEAD = 2  # batches
_OF_CAPTIONS = tuple(branch.of_captions for branch in BRANCHES)
_OF_PICTURES = {branch.of_pictures: branch for branch in BRANCHES}
_EMBEDDED = pa.schema([("id", pa.string()), ("uid", pa.string()), ("embedding", pa.binary())])


@cache
def _decoder() -> ThreadPoolExecutor:
    """The process's one thread that decodes.

    With a thread a piece, pictures' memory stays behind in ever more of malloc's arenas.
    """
    return ThreadPoolExecutor(1)


def embedded_folder(work: Folder, judge: Judge, fold: int) -> Folder:
    """Where the pieces that a teacher's model embedded lie while the stage runs."""
    return work / EMBEDDED / str(judge.number) / str(fold)


def marker_of(piece: Piece) -> str:
    """The file that says that a piece is embedded."""
    return f"{piece.name}{_MARKER}"


class EmbedPieces(beam.PTransform):
    """Embeds pieces with a model; each leaves its table and its marker below `work`.

    Args:
      output: of the recipe.
      work: of the stage.
      rules: of the recipe.
      judge: the teacher.
      fold: of its models the one, which embeds what is of this fold.
      sight: of the teacher.
      pieces: to embed.
      through: by what captions were translated that it does not understand; None: they were not.
    """

    def __init__(
        self,
        output: Folder,
        work: Folder,
        rules: Score,
        judge: Judge,
        fold: int,
        sight: Sight,
        pieces: list[Piece],
        through: Through | None = None,
    ) -> None:
        super().__init__()
        self._pieces = pieces
        self._read = ReadBatches(output, work, rules, judge, fold, sight, through)
        self._handler = TeacherHandler(judge.specs[fold])
        self._keep = KeepEmbeddings(embedded_folder(work, judge, fold))

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[None]:
        return (
            begin
            | Deal("pieces", self._pieces)
            | beam.ParDo(self._read)
            | RunInference(self._handler)
            | beam.ParDo(self._keep)
        )


class ReadBatches(beam.DoFn):
    """A piece's batches, the next of which is read and decoded while the model has one.

    Args:
      output: of the recipe.
      work: of the stage.
      rules: of the recipe.
      judge: the teacher.
      fold: other folds' rows are left out.
      sight: of the teacher, which is not asked about languages that it does not understand.
      through: by what captions in these were translated; None: they were not.
    """

    def __init__(
        self,
        output: Folder,
        work: Folder,
        rules: Score,
        judge: Judge,
        fold: int,
        sight: Sight,
        through: Through | None,
    ) -> None:
        self._output = output
        self._work = work
        self._plan = work / PLAN
        self._rules = rules
        self._judge = judge
        self._fold = fold
        self._languages = frozenset(sight.languages)
        self._through = through if through and through.helps(sight) else None

    def process(self, piece: Piece) -> Iterator[Batch]:
        tables = read_slice(self._plan / piece.what, plan_name(piece.shard), piece.first, piece.end)
        rows = (row for table in tables for row in table.to_pylist())
        if branch := _OF_PICTURES.get(piece.what):
            pictures = [PictureToEmbed(**row) for row in rows]
            folds = self._folds_of(branch, piece.shard, [of.uid for of in pictures])
            mine = [of for of in pictures if self._fold in folds[of.uid]]
            cut = _cut(mine, self._rules.picture_batch)
            make = partial(_decoded, piece, len(cut), self._output / branch.tars)
            yield from in_pool(_decoder(), make, enumerate(cut), _READ_AHEAD)
        else:
            fold_of = self._judge.fold_of
            own = [row for row in rows if fold_of(row["uid"], row["id"]) == self._fold]
            texts = {of.id: of for of in self._understood(piece, own)}
            yield from worded_batches(piece, _cut(list(texts.values()), self._rules.text_batch))

    def _understood(self, piece: Piece, rows: list[dict[str, Any]]) -> Iterator[TextToEmbed]:
        """Texts in languages that the teacher understands, captions perhaps in translation."""
        through = self._through if piece.what in _OF_CAPTIONS else None
        said = read_said(self._work, piece) if through else {}
        for text in (TextToEmbed(**row) for row in rows):
            if text.language in self._languages:
                yield text
            elif through and text.id in said:
                yield replace(text, language=through.into, text=said[text.id])

    def _folds_of(self, branch: Branch, shard: int, uids: list[str]) -> dict[str, Collection[int]]:
        """Whose models embed pictures of a shard: those that judge captions of it, or one."""
        judge, folds = self._judge, defaultdict[str, set[int]](set)
        if judge.folds.of == "captions":
            table = read_table(self._plan / branch.of_captions, plan_name(shard), ["uid", "id"])
            table = table.filter(pc.is_in(table["uid"], value_set=pa.array(uids, pa.string())))
            for uid, id_ in zip(*(column.to_pylist() for column in table.columns), strict=True):
                folds[uid].add(judge.fold_of(uid, id_))
        return {uid: folds.get(uid) or (judge.fold_of(uid, uid),) for uid in uids}


def _cut(rows: list[Row], size: int) -> list[list[Row]]:
    """Batches of so many, the last one smaller; a single empty one of nothing."""
    return [rows[first : first + size] for first in range(0, len(rows), size)] or [[]]


def _decoded(
    piece: Piece, batches: int, stored: Folder, numbered: tuple[int, list[PictureToEmbed]]
) -> Batch:
    number, pictures = numbered
    places = [(of.image_shard, of.image_offset, of.image_size) for of in pictures]
    encoded = read_pictures(stored, places)
    images, lost = {}, []
    for of in pictures:
        try:
            images[of.uid] = decode_picture(encoded[of.image_shard, of.image_offset])
        except PictureError as error:
            lost.append(Lost(of.uid, DecodeFault.BROKEN.value, str(error)))
    uids = tuple(images)
    return Batch(piece, number, batches, uids, uids, tuple(images.values()), lost=tuple(lost))


def worded_batches(piece: Piece, parted: list[list[TextToEmbed]]) -> Iterator[Batch]:
    """A piece's texts, cut to batches."""
    for number, batch in enumerate(parted):
        yield _worded(piece, len(parted), number, batch)


def _worded(piece: Piece, batches: int, number: int, texts: list[TextToEmbed]) -> Batch:
    return Batch(
        piece,
        number,
        batches,
        ids=tuple(text.id for text in texts),
        uids=tuple(text.uid for text in texts),
        texts=tuple(text.text for text in texts),
        languages=tuple(text.language for text in texts),
    )


class KeepEmbeddings(beam.DoFn):
    """Writes each piece's embeddings when all its batches have come, then its marker.

    A piece's batches come out of one element of the step before, so they are in one bundle.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def start_bundle(self) -> None:
        self._held: dict[Piece, dict[int, Embedded]] = {}

    def process(self, embedded: Embedded) -> None:
        batch = embedded.batch
        held = self._held.setdefault(batch.piece, {})
        held[batch.number] = embedded
        if len(held) == batch.batches:
            self._write(batch.piece, [held[number] for number in sorted(held)])
            del self._held[batch.piece]

    def finish_bundle(self) -> None:
        assert not self._held, f"the runner parted the batches of {[*self._held]}"

    def _write(self, piece: Piece, embedded: list[Embedded]) -> None:
        batches = [each.batch for each in embedded]
        columns: list[list[Any]] = [
            [id_ for batch in batches for id_ in batch.ids],
            [uid for batch in batches for uid in batch.uids],
            [row.tobytes() for each in embedded for row in each.embeddings],
        ]
        write_table(self._folder, f"{piece.name}.parquet", pa.table(columns, schema=_EMBEDDED))
        lost = [asdict(each) for batch in batches for each in batch.lost]
        rows = len(columns[0]) + len(lost)
        marker = {"count": rows, "successes": len(columns[0]), "lost": lost}
        self._folder.write(marker_of(piece), json.dumps(marker).encode())


@dataclass(frozen=True, slots=True)
class Shard:
    """What a teacher made of a shard's pictures, or of its texts.

    Attributes:
      ids: of each.
      uids: of their pictures.
      folds: of the models that embedded them.
      embeddings: float16, [n, dim].
    """

    ids: list[str]
    uids: list[str]
    folds: list[int]
    embeddings: Halves

    def sorted(self) -> "Shard":
        """By uid, then id, then fold."""
        keys = list(zip(self.uids, self.ids, self.folds, strict=True))
        return self.take(sorted(range(len(keys)), key=keys.__getitem__))

    def take(self, rows: list[int]) -> "Shard":
        """Some rows, in the order given."""
        return Shard(
            [self.ids[row] for row in rows],
            [self.uids[row] for row in rows],
            [self.folds[row] for row in rows],
            self.embeddings[np.array(rows, dtype=np.int64)],
        )

    def without(self, pictures: Collection[str]) -> "Shard":
        """The rows of other pictures than these uids name."""
        return self.take([row for row, uid in enumerate(self.uids) if uid not in pictures])


def read_embedded(folders: list[Folder], pieces: list[Piece], dim: int) -> Shard:
    """The embeddings of the pieces of a shard, by the models of all folders, each id once a model.

    Args:
      folders: of the folds, in their order.
      pieces: …
      dim: features of an embedding.
    """
    names = [f"{piece.name}.parquet" for piece in pieces]
    of_folds = [
        pa.concat_tables([_EMBEDDED.empty_table(), *(read_table(folder, name) for name in names)])
        for folder in folders
    ]
    table = pa.concat_tables(of_folds)
    halves = np.frombuffer(b"".join(table["embedding"].to_pylist()), dtype=np.float16)
    ids, uids = table["id"].to_pylist(), table["uid"].to_pylist()
    folds = [fold for fold, of in enumerate(of_folds) for _ in range(of.num_rows)]
    whole = Shard(ids, uids, folds, halves.reshape(len(ids), dim))
    first = {key: row for row, key in reversed(list(enumerate(zip(folds, ids, strict=True))))}
    return whole if len(first) == len(ids) else whole.take(sorted(first.values()))


def read_lost(folders: list[Folder], pieces: list[Piece]) -> list[Lost]:
    """The pictures of the pieces that can be decoded no more."""
    return [
        lost for folder in folders for piece in pieces for lost in read_marker(folder, piece)[1]
    ]


def read_marker(folder: Folder, piece: Piece) -> tuple[int, list[Lost]]:
    """How many of a piece's rows a model was asked about, and the pictures among them now lost."""
    marker = json.loads(folder.read(marker_of(piece)))
    return marker["count"], [Lost(**lost) for lost in marker["lost"]]
