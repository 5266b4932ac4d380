"""What a teacher says of translations: beside the picture's embedding, and beside their sources.

Texts are embedded by bucket, a bucket as a shard of texts is when they are scored. Pictures are not
looked at: their embeddings come from the stage `score`, once for each caption that is translated,
not for each translation.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.embedding import EmbedPieces, Shard, embedded_folder, marker_of, read_embedded
from pipelines.errors import RecipeError
from pipelines.judging_translations import DECIDED, Decision, JudgeBucket
from pipelines.score_options import Score
from pipelines.score_plan import (
    PLAN,
    TextToEmbed,
    by_length,
    pieces_in,
    pieces_of,
    plan_name,
    tars_in,
)
from pipelines.scored import read_kept
from pipelines.scoring import cosines
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.teachers import Judge, Sight, first_of_one_space, judges_of, look
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    column_buckets,
    hash_buckets,
    pieces_for,
    table_of,
)
from pipelines.transforms.filed import RegroupFiled
from pipelines.transforms.tables import read_table, write_table
from pipelines.translate_wanted import (
    Desk,
    Numbered,
    wishes_of,
)
from pipelines.translated import COMPARED
from schemas.fates import Fate, ScoreStatus
from schemas.layout import (
    OF_TEXTS,
    Tables,
    embeddings_folder,
    part_name,
    shard_name,
)

_TEACHER_FILE = "teacher.json"
_PLANNED = "gate-planned"

_OF_CAPTION = [
    pa.field(name, kind, nullable=False)
    for name, kind in (
        ("key", pa.string()),
        ("caption_id", pa.string()),
        ("languages", pa.string()),
        ("part", pa.int64()),
        ("source_cosine", pa.float32()),
    )
]
PLACED = pa.schema(
    [
        *_OF_CAPTION,
        pa.field("uid", pa.string(), nullable=False),
        pa.field("image_shard", pa.int64(), nullable=False),
    ]
)
"""Captions that are to be translated, each with the place of its picture's embedding."""

PICTURED = pa.schema([*_OF_CAPTION, pa.field("picture", pa.binary(), nullable=False)])
"""The same with the embedding itself, float16."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What translations are judged with.

    Attributes:
      desk: …
      parts: of what is translated.
      tars: in which its pictures lie.
      judge: the teacher, of one model.
      sight: what is known of it.
      buckets: of texts.
    """

    desk: Desk
    parts: Numbered
    tars: Numbered
    judge: Judge
    sight: Sight
    buckets: int

    @property
    def output(self) -> Folder:
        return Folder(self.desk.recipe.output)


def open_gate(run: Run, desk: Desk, parts: Numbered, buckets: int) -> Gate:
    """Looks at the teacher, once, and has it embed what the gates on texts let pass.

    Raises:
      RecipeError: all of the recipe's teachers have several models.
    """
    score = desk.recipe.score
    assert score is not None
    number = first_of_one_space(score)
    if number is None:
        raise RecipeError(
            "translate.rules: translations are judged by a teacher of one model, and the recipe's "
            "are cross-fitted. Add one"
        )
    judge = judges_of(score)[number]
    if not desk.work.exists(_TEACHER_FILE):
        run.step(f"loading {judge.label}")
        desk.work.write(_TEACHER_FILE, json.dumps(asdict(look(judge))).encode())
    seen = json.loads(desk.work.read(_TEACHER_FILE))
    sight = Sight(seen["dim"], tuple(seen["languages"]))
    tars = [tars_in(run.output, kept.branch) for kept in parts.tables]
    gate = Gate(desk, parts, Numbered(parts.tables, tuple(tars)), judge, sight, buckets)
    _plan(run, gate)
    _embed(run, gate, score)
    return gate


def _plan(run: Run, gate: Gate) -> None:
    """Leaves the decisions on texts, and which of them are to be embedded."""
    if gate.desk.work.exists(_PLANNED):
        return
    run.step("judging texts")
    with run.pipeline(pieces_for(gate.buckets)) as pipeline:
        buckets = pipeline | Deal("texts", range(gate.buckets))
        _ = buckets | beam.ParDo(PlanTranslations(gate.desk))
    gate.desk.work.write(_PLANNED, b"")


def _embed(run: Run, gate: Gate, score: Score) -> None:
    work, judge = gate.desk.work, gate.judge
    pieces, markers = (
        list(pieces_of(work, OF_TEXTS, score.text_batch)),
        embedded_folder(work, judge, 0),
    )
    run.step(f"embedding by {judge.label}", len(pieces), markers, ".json", "pieces")
    done = set(markers.names())
    left = [piece for piece in pieces if marker_of(piece) not in done]
    if left:
        with run.pipeline(len(left)) as pipeline:
            _ = pipeline | EmbedPieces(run.output, work, score, judge, 0, gate.sight, left)


class PlanTranslations(beam.DoFn):
    """Decides on a bucket's texts; leaves the decisions, and what a teacher is to embed.

    Args:
      desk: …
    """

    def __init__(self, desk: Desk) -> None:
        self._work = desk.work
        self._judge = JudgeBucket(desk)

    def setup(self) -> None:
        self._judge.setup()

    def process(self, bucket: int) -> None:
        decisions = self._judge.decide(bucket)
        texts = {
            of.key: TextToEmbed(of.key, "", of.source_language, of.source_text, bucket)
            for of in decisions
            if of.fate == Fate.KEPT
        }
        for of in decisions:
            if of.fate == Fate.KEPT:
                id_ = f"{of.key} {of.language}"
                texts[id_] = TextToEmbed(id_, "", of.language, of.text, bucket)
        write_table(self._work / DECIDED, part_name(bucket), table_of(Decision, decisions))
        planned = by_length(table_of(TextToEmbed, list(texts.values())))
        write_table(self._work / PLAN / OF_TEXTS, plan_name(bucket), planned)


class Compare(beam.PTransform):
    """The cosines of all translations that were embedded, as tables of `COMPARED`.

    Args:
      gate: …
    """

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[pa.Table]:
        gate, regrouped = self._gate, self._gate.desk.regrouped
        parts, by_shard = range(len(gate.parts)), column_buckets("image_shard")
        placed = begin | Deal("translated parts", parts) | beam.ParDo(ReadPlaces(gate))
        pictured = (
            {"placed": placed}
            | RegroupFiled(
                "captions by shard", regrouped, {"placed": PLACED}, len(gate.tars), by_shard
            )
            | beam.ParDo(AttachPictures(gate))
        )
        by_key = hash_buckets("key", gate.buckets)
        return (
            {"pictured": pictured}
            | RegroupFiled(
                "captions by text", regrouped, {"pictured": PICTURED}, gate.buckets, by_key
            )
            | beam.ParDo(CompareBucket(gate))
        )


class ReadPlaces(beam.DoFn):
    """A part's captions that are translated, with their pictures' tars by the gate's numbers."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def process(self, part: int) -> Iterator[pa.Table]:
        gate = self._gate
        kept, number = gate.parts.find(part)
        read = read_kept(gate.desk.recipe, kept, number)
        first = gate.tars.first(kept)
        uids, shards = (read.pictures[name].to_pylist() for name in ("uid", "image_shard"))
        shard_of = dict(zip(uids, shards, strict=True))
        said = self._cosines(kept, number)
        rows = [
            {
                "key": key,
                "caption_id": caption.caption_id,
                "languages": " ".join(languages),
                "part": part,
                "source_cosine": said.get(caption.caption_id, math.nan),
                "uid": caption.uid,
                "image_shard": first + shard_of[caption.uid],
            }
            for caption, key, languages in wishes_of(read, gate.desk)
        ]
        yield pa.Table.from_pylist(rows, PLACED)

    def _cosines(self, kept: Tables, part: int) -> dict[str, float]:
        """What the teacher said of the part's captions, by id."""
        columns = ["caption_id", "teacher", "cosine", "status"]
        scores = read_table(self._gate.output / kept.branch.scores, part_name(part), columns)
        mine = scores.filter(
            pc.and_(
                pc.equal(scores["teacher"], self._gate.judge.label),
                pc.equal(scores["status"], ScoreStatus.SCORED.value),
            )
        )
        return dict(zip(mine["caption_id"].to_pylist(), mine["cosine"].to_pylist(), strict=True))


class AttachPictures(beam.DoFn):
    """A shard's captions with the embeddings of their pictures."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def process(self, keyed: Keyed) -> Iterator[pa.Table]:
        gate, placed = self._gate, keyed[1]["placed"]
        if not placed.num_rows:
            return
        kept, shard = gate.tars.find(keyed[0])
        folder = gate.output / embeddings_folder(gate.judge.number, kept.branch.of_pictures)
        with folder.open(f"{shard_name(shard)}.npy") as file:
            embeddings = np.load(file)
        ids = read_table(folder, f"{shard_name(shard)}.parquet", ["uid"])["uid"].to_pylist()
        at = {uid: row for row, uid in enumerate(ids)}
        pictures = [embeddings[at[uid]].tobytes() for uid in placed["uid"].to_pylist()]
        columns = [placed[field.name] for field in _OF_CAPTION]
        yield pa.table([*columns, pa.array(pictures, pa.binary())], schema=PICTURED)


class CompareBucket(beam.DoFn):
    """The cosines of a bucket's translations with pictures and with their source texts."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def process(self, keyed: Keyed) -> Iterator[pa.Table]:
        bucket, tables = keyed
        pictured, texts = tables["pictured"], self._texts(bucket)
        at = {id_: row for row, id_ in enumerate(texts.ids)}
        rows = [
            (caption_id, language, row, at[f"{key} {language}"], at.get(key, -1))
            for row, (key, caption_id, languages) in enumerate(
                zip(
                    *(pictured[n].to_pylist() for n in ("key", "caption_id", "languages")),
                    strict=True,
                )
            )
            for language in languages.split()
            if f"{key} {language}" in at
        ]
        captions, languages = ([row[n] for row in rows] for n in (0, 1))
        of_caption, of_text, of_source = (
            np.array([row[n] for row in rows], np.int64) for n in (2, 3, 4)
        )
        joined = np.frombuffer(b"".join(pictured["picture"].to_pylist()), np.float16)
        pictures = joined.reshape(pictured.num_rows, self._gate.sight.dim)
        translations = texts.embeddings[of_text]
        alike = cosines(translations, texts.embeddings, np.maximum(of_source, 0))
        yield pa.table(
            [
                pa.array(captions, pa.string()),
                pa.array(languages, pa.string()),
                pictured["part"].to_numpy()[of_caption],
                pictured["source_cosine"].to_numpy()[of_caption],
                cosines(translations, pictures, of_caption),
                np.where(of_source >= 0, alike, np.float32(np.nan)),
            ],
            schema=COMPARED,
        )

    def _texts(self, bucket: int) -> Shard:
        gate = self._gate
        score = gate.desk.recipe.score
        assert score is not None
        work = gate.desk.work
        pieces = pieces_in(work, OF_TEXTS, plan_name(bucket), score.text_batch)
        return read_embedded([embedded_folder(work, gate.judge, 0)], list(pieces), gate.sight.dim)
