"""An output that `score` could have left, without pictures and without a teacher: for `select`.

Scores are drawn with known means, so that tests know which captions match.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.records import Record
from pipelines.transforms.blocks import hash_buckets, table_of
from schemas.ids import Folds, caption_id, digest
from schemas.rows import Caption, Measures, Picture, Score

RECIPE = """\
output = "out"
seed = 3

[[sources]]
name = "web"
format = "table"
path = "pairs.parquet"

[[sources]]
name = "books"
format = "table"
path = "pairs.parquet"

[gather]

[[score.teachers]]
model = "teacher"

[select]
{select}
"""
MATCH, MISMATCH, STD = 0.6, 0.05, 0.1
SHARDS = 3
DIM = 8


@dataclass(slots=True)
class MadeCaption:
    """A caption to score.

    Attributes:
      picture: its number.
      language: of the text.
      text: the caption.
      source: of the recipe.
      scores: a cosine for each teacher, None where it does not understand; of a teacher of several
        models, that of the picture's fold.
      shuffled: likewise, with another picture.
    """

    picture: int
    language: str
    text: str
    source: str
    scores: Sequence[float | None]
    shuffled: Sequence[float]


@dataclass(slots=True)
class Made:
    """Captions of numbered pictures, and where to write them.

    Attributes:
      folder: of the recipe.
      captions: in any order.
      matches: ids of the captions that match.
      embeddings: by picture; each has one of its own where nothing is said.
      folds: of each teacher.
    """

    folder: Path
    captions: list[MadeCaption] = field(default_factory=list)
    matches: set[str] = field(default_factory=set)
    embeddings: dict[int, np.ndarray] = field(default_factory=dict)
    folds: int = 1

    def draw(self, number: int, language: str, mismatched: float, source: str = "web") -> None:
        """Adds captions, one a picture, of which a share scores as mismatches do."""
        random = np.random.default_rng(len(self.captions))
        for at in range(number):
            matches = at >= number * mismatched
            score = random.normal(MATCH if matches else MISMATCH, STD)
            shuffled = random.normal(MISMATCH, STD)
            picture, text = len(self.captions), f"{language} {len(self.captions)}"
            self.add(picture, language, text, [float(score)], [float(shuffled)], source)
            if matches:
                self.matches.add(caption_id(uid_of(picture), language, text))

    def add(
        self,
        picture: int,
        language: str,
        text: str,
        scores: Sequence[float | None],
        shuffled: Sequence[float] = (0.0,),
        source: str = "web",
    ) -> str:
        """Adds a caption; returns its id."""
        self.captions.append(MadeCaption(picture, language, text, source, scores, shuffled))
        return caption_id(uid_of(picture), language, text)

    def write(self, select: str = "", parts: int = 2) -> Path:
        """Writes an output of so many parts, and a recipe; returns the recipe."""
        output = self.folder / "out"
        (self.folder / "teacher").mkdir(parents=True, exist_ok=True)
        (self.folder / "teacher/config.json").write_text("{}")
        captions, scores = self._tables()
        pictures = sorted({caption.picture for caption in self.captions})
        _write_parts(output / "pictures", _pictures(pictures), parts)
        _write_parts(output / "captions/source", captions, parts)
        _write_parts(output / "scores", scores, parts)
        self._write_embeddings(output / "embeddings/0/pictures", pictures)
        counts = {
            "picture in": len(pictures),
            "picture kept": len(pictures),
            "caption in": captions.num_rows,
            "caption kept": captions.num_rows,
        }
        for stage, reads in (("gather", {}), ("score", {"gather": "f"})):
            record = Record(stage, 1, "f", reads, counts, 0.0, 0.0, None, {})
            (output / "ledger" / stage).mkdir(parents=True, exist_ok=True)
            (output / "ledger" / stage / "_stage.json").write_text(json.dumps(asdict(record)))
        return self.rewrite(select)

    def rewrite(self, select: str, recipe: str = RECIPE) -> Path:
        """Writes the recipe alone."""
        path = self.folder / "recipe.toml"
        path.write_text(recipe.format(select=select))
        return path

    def _tables(self) -> tuple[pa.Table, pa.Table]:
        captions, scores = [], []
        for made in self.captions:
            uid = uid_of(made.picture)
            id_ = caption_id(uid, made.language, made.text)
            row, text = f"{made.source}:pairs.parquet:{made.picture}", made.text
            captions.append(
                Caption(
                    id_, uid, made.language, text, "source", "", 1.0, made.source, row, "", "{}"
                )
            )
            for number, (score, shuffled) in enumerate(
                zip(made.scores, made.shuffled, strict=True)
            ):
                teacher = f"teacher-{number}@0"
                said = (
                    (0.0, 0.0, "not-understood", "")
                    if score is None
                    else (score, shuffled, "scored", made.language)
                )
                fold = Folds(self.folds).fold_of(uid, id_)
                of = (id_, uid, made.language, made.source, teacher, fold)
                scores.append(Score(*of, *said))  # type: ignore[arg-type]
        order = [("uid", "ascending"), ("caption_id", "ascending")]
        return table_of(Caption, captions).sort_by(order), table_of(Score, scores).sort_by(
            [*order, ("teacher", "ascending")]
        )

    def _write_embeddings(self, folder: Path, pictures: list[int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for shard in range(SHARDS):
            uids = sorted(
                (uid_of(picture), picture) for picture in pictures if picture % SHARDS == shard
            )
            rows = [self.embeddings.get(picture, _own(picture)) for _, picture in uids]
            np.save(folder / f"{shard:05d}.npy", np.array(rows, np.float16).reshape(-1, DIM))
            table = pa.table({"uid": pa.array([uid for uid, _ in uids], pa.string())})
            pq.write_table(table, folder / f"{shard:05d}.parquet")


def uid_of(picture: int) -> str:
    return digest("picture", str(picture))


def _own(picture: int) -> np.ndarray:
    row = np.random.default_rng(picture).normal(size=DIM)
    return row / np.linalg.norm(row)


def _pictures(pictures: list[int]) -> pa.Table:
    nothing = {
        name: "" if kind is str else kind(1) for name, kind in Measures.__annotations__.items()
    }
    rows = []
    for number in pictures:
        place = {"image_shard": number % SHARDS, "image_offset": 0, "image_size": 1}
        rows.append(Picture(**nothing, uid=uid_of(number), url="", **place))
    return table_of(Picture, rows).sort_by("uid")


def _write_parts(folder: Path, table: pa.Table, parts: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    of = hash_buckets("uid", parts)(table) if table.num_rows else np.empty(0, np.int64)
    for part in range(parts):
        rows = table.filter(pa.array(of == part, pa.bool_()))
        pq.write_table(rows, folder / f"part-{part:05d}.parquet")
