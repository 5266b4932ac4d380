"""From embeddings to scores: cosines a shard at a time, then brought to the captions' parts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import TaggedOutput

from pipelines.clip_retrieval import ClipRetrieval
from pipelines.embedding import Shard, embedded_folder, read_embedded, read_lost
from pipelines.embedding_files import Halves, write_embeddings
from pipelines.score_plan import PLAN, Piece, Stranger, plan_name
from pipelines.score_through import Through
from pipelines.storage import Folder
from pipelines.teachers import Judge, Sight
from pipelines.transforms.blocks import Keyed, arrow_schema, table_of
from pipelines.transforms.inference import Lost
from pipelines.transforms.tables import read_rows, read_table, write_table
from pipelines.transforms.tally import Count
from schemas.fates import Fate, ScoreStatus
from schemas.ids import bucket_of
from schemas.layout import (
    OF_TEXTS,
    SCREENED_TEXTS,
    TEXT_SCORES,
    Branch,
    Tables,
    embeddings_folder,
    part_name,
)
from schemas.rows import Float32, LedgerRow, Score, TextPair, TextScore

STAGE = "score"
_AT_ONCE = 4_096  # rows whose cosines are computed together: some 40 MB

JUDGED = pa.schema(
    [
        pa.field("caption_id", pa.string(), nullable=False),
        pa.field("uid", pa.string(), nullable=False),
        pa.field("teacher", pa.int64(), nullable=False),
        pa.field("cosine", pa.float32(), nullable=False),
        pa.field("shuffled_cosine", pa.float32(), nullable=False),
    ]
)

PICTURE_ROWS = pa.schema([("uid", pa.string()), ("fold", pa.int64())])
CAPTION_ROWS = pa.schema([("caption_id", pa.string()), *PICTURE_ROWS])


@dataclass(frozen=True, slots=True)
class ShardPieces:
    """A shard whose pieces are all embedded.

    Attributes:
      number: of the shard.
      pieces: of it.
    """

    number: int
    pieces: tuple[Piece, ...]

    def of(self, what: str) -> list[Piece]:
        return [piece for piece in self.pieces if piece.what == what]


@dataclass(frozen=True, slots=True)
class StrangersEmbedding:
    """What a teacher made of a picture that captions of others are held against.

    Attributes:
      order: see `Stranger`.
      uid: …
      teacher: its number.
      fold: of its model.
      embedding: float16, as bytes.
    """

    order: str
    uid: str
    teacher: int
    fold: int
    embedding: bytes


@dataclass(frozen=True, slots=True)
class Bench:
    """What shards are judged with.

    Attributes:
      work: of the stage.
      judges: the teachers.
      sights: what is known of each.
      through: by what captions are translated that one does not understand; None: they are not.
    """

    work: Folder
    judges: tuple[Judge, ...]
    sights: tuple[Sight, ...]
    through: Through | None = None

    def read(self, judge: Judge, pieces: list[Piece]) -> Shard:
        """What a teacher's models made of some pieces of a shard, sorted."""
        dim = self.sights[judge.number].dim
        return read_embedded(self.folders(judge), pieces, dim).sorted()

    def said_in(self, judge: Judge) -> str:
        """The language of captions that were translated for a teacher; "": none were."""
        helps = self.through and self.through.helps(self.sights[judge.number])
        return self.through.into if self.through and helps else ""

    def folders(self, judge: Judge) -> list[Folder]:
        """Where what a teacher's models made lies."""
        return [embedded_folder(self.work, judge, fold) for fold in range(len(judge.specs))]


class PickStrangers(beam.DoFn):
    """The embeddings of those of a shard's pictures that others' captions are held against."""

    def __init__(self, bench: Bench, branch: Branch, chosen: list[Stranger]) -> None:
        self._bench = bench
        self._branch = branch
        self._chosen = chosen

    def process(self, shard: ShardPieces) -> Iterator[StrangersEmbedding]:
        here = {of.uid: of for of in self._chosen if of.shard == shard.number}
        for judge in self._bench.judges if here else ():
            pictures = self._bench.read(judge, shard.of(self._branch.of_pictures))
            for row, uid in enumerate(pictures.ids):
                if stranger := here.get(uid):
                    embedding, fold = pictures.embeddings[row].tobytes(), pictures.folds[row]
                    yield StrangersEmbedding(stranger.order, uid, judge.number, fold, embedding)


class JudgeShard(beam.DoFn):
    """Writes a shard's embeddings as they stay; gives the cosines of its captions.

    Args:
      bench: …
      branch: what the pictures are.
      fresh: where to write.
      layout: clip-retrieval's, None where it is not wanted.
    """

    def __init__(
        self, bench: Bench, branch: Branch, fresh: Folder, layout: ClipRetrieval | None
    ) -> None:
        self._bench = bench
        self._branch = branch
        self._fresh = fresh
        self._layout = layout

    def process(
        self, shard: ShardPieces, strangers: list[StrangersEmbedding]
    ) -> Iterator[pa.Table | TaggedOutput[Literal["lost"], pa.Table]]:
        branch = self._branch
        lost = self._lost(shard)
        for judge in self._bench.judges:
            pictures, captions = (
                self._bench.read(judge, shard.of(what)).without(lost)
                for what in (branch.of_pictures, branch.of_captions)
            )
            self._write(judge, shard.number, pictures, captions)
            if branch.of_texts:
                own = self._bench.read(judge, shard.of(branch.of_texts)).without(lost)
                self._write_by_uid(judge, branch.of_texts, shard.number, own)
            at = {key: row for row, key in enumerate(_by_model(pictures))}
            of = np.array([at[key] for key in _by_model(captions)], dtype=np.int64)
            found = cosines(captions.embeddings, pictures.embeddings, of)
            if self._layout and len(judge.specs) == 1:
                texts = self._texts(shard.number)
                self._layout.write(judge.number, shard.number, pictures, captions, found, texts)
            mine = [each for each in strangers if each.teacher == judge.number]
            numbers = np.full(len(captions.ids), judge.number)
            shuffled = shuffled_cosines(captions, mine)
            columns = [captions.ids, captions.uids, numbers, found, shuffled]
            yield pa.table(columns, schema=JUDGED)
        yield TaggedOutput("lost", table_of(Lost, list(lost.values())))

    def _lost(self, shard: ShardPieces) -> dict[str, Lost]:
        """The pictures that one model at least could not be shown, by uid: others may have been."""
        pieces = shard.of(self._branch.of_pictures)
        return {
            each.uid: each
            for judge in self._bench.judges
            for each in read_lost(self._bench.folders(judge), pieces)
        }

    def _texts(self, shard: int) -> dict[str, tuple[str, str]]:
        """Language and text of a shard's captions by id."""
        table = read_table(self._bench.work / PLAN / self._branch.of_captions, plan_name(shard))
        columns = (table[name].to_pylist() for name in ("id", "language", "text"))
        return {id_: (language, text) for id_, language, text in zip(*columns, strict=True)}

    def _write(self, judge: Judge, number: int, pictures: Shard, captions: Shard) -> None:
        self._write_by_uid(judge, self._branch.of_pictures, number, pictures)
        where = self._fresh / embeddings_folder(judge.number, self._branch.of_captions)
        columns = [captions.ids, captions.uids, captions.folds]
        write_embeddings(where, number, pa.table(columns, CAPTION_ROWS), captions.embeddings)

    def _write_by_uid(self, judge: Judge, what: str, number: int, found: Shard) -> None:
        where = self._fresh / embeddings_folder(judge.number, what)
        rows = pa.table([found.ids, found.folds], PICTURE_ROWS)
        write_embeddings(where, number, rows, found.embeddings)


def _by_model(of: Shard) -> Iterator[tuple[str, int]]:
    """The uid and the fold of each row."""
    return zip(of.uids, of.folds, strict=True)


def cosines(ours: Halves, theirs: Halves, rows: np.ndarray) -> np.ndarray:
    """The cosines of each of `ours` and its row of `theirs`, float32 [n].

    Calculated in float32 from the embeddings as they are stored, so that they can be made again.
    """
    found = np.zeros(len(ours), dtype=np.float32)
    for first in range(0, len(ours), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        one = ours[part].astype(np.float32)  # [m, dim]
        other = theirs[rows[part]].astype(np.float32)  # [m, dim]
        lengths = np.sqrt(_dots(one, one) * _dots(other, other))  # [m]
        found[part] = np.clip(_dots(one, other) / lengths, -1, 1)
    return found


def _dots(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Row by row, [n, dim] twice to [n]; a row's sum does not depend on the rows beside it."""
    return np.asarray((ours * theirs).sum(axis=1))


def shuffled_cosines(captions: Shard, strangers: list[StrangersEmbedding]) -> np.ndarray:
    """The cosines of captions and pictures of others, chosen by the captions' ids, float32 [n].

    The pictures are those of the lowest hashes of all that are scored, not of the captions' shard:
    a shard is of one host or few, whose pictures are more alike than pictures are, and its number
    depends on how rows were gathered. They are embedded by the model that judges the caption.
    """
    ordered = sorted(strangers, key=lambda each: each.order)
    folds = np.array(captions.folds, np.int64)
    found = np.zeros(len(captions.ids), dtype=np.float32)
    for fold in np.unique(folds).tolist():
        rows = np.flatnonzero(folds == fold)
        pool = [each for each in ordered if each.fold == fold]
        found[rows] = _cosines_with(pool, captions.take(rows.tolist()))
    return found


def _cosines_with(pool: list[StrangersEmbedding], captions: Shard) -> np.ndarray:
    """The cosines of captions and pictures of a pool that are not theirs, float32 [n]."""
    if len(pool) < 2:
        return np.zeros(len(captions.ids), dtype=np.float32)
    rows = []
    for id_, uid in zip(captions.ids, captions.uids, strict=True):
        row = bucket_of(id_, len(pool))
        rows.append((row + 1) % len(pool) if pool[row].uid == uid else row)
    joined = np.frombuffer(b"".join(each.embedding for each in pool), dtype=np.float16)
    theirs = joined.reshape(len(pool), -1)
    return cosines(captions.embeddings, theirs, np.array(rows, dtype=np.int64))


class WriteScores(beam.DoFn):
    """Writes a part's scores, in the order of its captions, and its ledger; tells the counts.

    Args:
      output: of the recipe.
      kept: the tables that were scored.
      bench: …
      fresh: where to write.
    """

    def __init__(self, output: Folder, kept: Tables, bench: Bench, fresh: Folder) -> None:
        self._output = output
        self._kept = kept
        self._bench = bench
        self._fresh = fresh

    def process(self, keyed: Keyed) -> Iterator[Count]:
        part, tables = keyed
        name = part_name(part)
        captions = read_table(
            self._output / self._kept.captions,
            name,
            ["caption_id", "uid", "language", "source", "row"],
        )
        pictures = read_table(self._output / self._kept.pictures, name, ["uid"])
        lost = {row["uid"]: Lost(**row) for row in tables["lost"].to_pylist()}
        branch = self._kept.branch
        ledger = _ledger(branch, captions, lost)
        whole = pc.invert(pc.is_in(captions["uid"], value_set=pa.array(lost, pa.string())))
        scores = self._scores(captions.filter(whole), tables["judged"])
        write_table(self._fresh / branch.scores, name, scores)
        write_table(self._fresh / branch.ledger(STAGE), name, table_of(LedgerRow, ledger))
        counts = Counter(f"{row.unit} {row.fate} {row.reason}" for row in ledger)
        counts[f"{branch.picture} in"] = pictures.num_rows
        counts[f"{branch.picture} kept"] = pictures.num_rows - len(lost)
        counts[f"{branch.caption} in"] = captions.num_rows
        counts[f"{branch.caption} kept"] = pc.sum(whole).as_py() or 0
        yield from counts.items()

    def _scores(self, captions: pa.Table, judged: pa.Table) -> pa.Table:
        """A row for each caption and teacher."""
        judges = self._bench.judges
        shape = (captions.num_rows, len(judges))
        cosine = np.zeros(shape, dtype=np.float32)
        shuffled = np.zeros(shape, dtype=np.float32)
        scored = np.zeros(shape, dtype=bool)
        judged_in = np.full(shape, "", dtype=object)
        languages = np.array(captions["language"].to_pylist(), dtype=object)
        for judge in judges:
            mine = judged.filter(pc.equal(judged["teacher"], judge.number)).combine_chunks()
            at = pc.index_in(captions["caption_id"], value_set=mine["caption_id"].combine_chunks())
            rows = pc.fill_null(at, -1).to_numpy()
            found, into = rows >= 0, self._bench.said_in(judge)
            understood = np.isin(languages, self._bench.sights[judge.number].languages)
            assert found[understood].all(), f"{judge.label} left captions out"
            assert into or not found[~understood].any(), f"{judge.label} was told of others"
            scored[:, judge.number] = found
            judged_in[found, judge.number] = np.where(understood, languages, into)[found]
            for column, values in (("cosine", cosine), ("shuffled_cosine", shuffled)):
                values[found, judge.number] = mine[column].to_numpy()[rows[found]]
        repeated = np.repeat(np.arange(captions.num_rows), len(judges))
        columns = [captions[name].take(repeated) for name in arrow_schema(Score).names[:4]]
        labels = [judge.label for judge in judges] * captions.num_rows
        pairs = [*zip(*(captions[of].to_pylist() for of in ("uid", "caption_id")), strict=True)]
        folds = np.array([[judge.fold_of(*pair) for judge in judges] for pair in pairs], np.int64)
        status = np.where(scored, ScoreStatus.SCORED.value, ScoreStatus.NOT_UNDERSTOOD.value)
        columns += [labels, folds.ravel(), cosine.ravel(), shuffled.ravel()]
        columns += [status.ravel().tolist(), judged_in.ravel()]
        return pa.table(columns, schema=arrow_schema(Score))


def _ledger(branch: Branch, captions: pa.Table, lost: dict[str, Lost]) -> list[LedgerRow]:
    """A row for each picture that is lost and for each of its captions."""
    failed = Fate.FAILED.value
    gone = captions.filter(pc.is_in(captions["uid"], value_set=pa.array(lost, pa.string())))
    rows: dict[str, str] = {}
    ledger = []
    for caption in gone.to_pylist():
        uid, row = caption["uid"], caption["row"]
        rows.setdefault(uid, row)
        reason, unit = lost[uid].reason, branch.caption.value
        ledger.append(LedgerRow(STAGE, unit, caption["caption_id"], uid, row, failed, reason, ""))
    unit = branch.picture.value
    return [
        LedgerRow(STAGE, unit, of.uid, "", rows.get(of.uid, ""), failed, of.reason, of.detail)
        for of in sorted(lost.values(), key=lambda each: each.uid)
    ] + ledger


class JudgeTexts(beam.DoFn):
    """Writes the embeddings and the scores of a part of the text pairs; tells the counts.

    Args:
      output: of the recipe.
      bench: …
      fresh: where to write.
    """

    def __init__(self, output: Folder, bench: Bench, fresh: Folder) -> None:
        self._output = output
        self._bench = bench
        self._fresh = fresh

    def process(self, part: ShardPieces) -> Iterator[Count]:
        name = part_name(part.number)
        pairs: list[TextPair] = read_rows(self._output / SCREENED_TEXTS, name, TextPair)
        columns = []
        for judge in self._bench.judges:
            texts = self._bench.read(judge, part.of(OF_TEXTS))
            where = self._fresh / embeddings_folder(judge.number, OF_TEXTS)
            ids = pa.table({"text_id": pa.array(texts.ids, pa.string())})
            write_embeddings(where, part.number, ids, texts.embeddings)
            columns.append(list(self._scores(judge, texts, pairs)))
        scores = [score for row in zip(*columns, strict=True) for score in row]
        write_table(self._fresh / TEXT_SCORES, name, table_of(TextScore, scores))
        yield "text in", len(pairs)
        yield "text kept", len(pairs)

    def _scores(self, judge: Judge, texts: Shard, pairs: list[TextPair]) -> Iterator[TextScore]:
        at = {id_: row for row, id_ in enumerate(texts.ids)}
        known = self._bench.sights[judge.number].languages
        understood = [
            pair.query_language in known and pair.positive_language in known for pair in pairs
        ]
        asked = [pair for pair, known in zip(pairs, understood, strict=True) if known]
        queries = texts.take([at[pair.query_id] for pair in asked])
        rows = np.array([at[pair.positive_id] for pair in asked], dtype=np.int64)
        found = iter(cosines(queries.embeddings, texts.embeddings, rows).tolist())
        for pair, judged in zip(pairs, understood, strict=True):
            yield TextScore(
                pair.query_id,
                pair.positive_id,
                pair.query_language,
                pair.positive_language,
                pair.source,
                judge.label,
                Float32(next(found) if judged else 0.0),
                ScoreStatus.SCORED if judged else ScoreStatus.NOT_UNDERSTOOD,
            )
