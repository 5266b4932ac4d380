"""An output that `score` could have left, with embeddings that tests choose: for `mine`."""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.embedding_files import write_embeddings
from pipelines.records import Record
from pipelines.storage import Folder
from pipelines.transforms.blocks import hash_buckets, table_of
from schemas.fates import ScoreStatus
from schemas.ids import caption_id, digest, text_id
from schemas.rows import Caption, Measures, Picture, Score, TextPair

DIM = 16
RECIPE = """\
output = "out"
seed = 3

[[sources]]
name = "web"
format = "table"
path = "pairs.parquet"
keep_columns = ["story"]

[gather]

[screen]

[[score.teachers]]
model = "teacher"

[mine]
picture_margin = 0.0
{mine}

[pack]
samples_per_shard = 50
"""


def write_records(output: Path, stages: tuple[str, ...], counts: dict[str, int]) -> None:
    """Writes records of stages that each read the one before, with the same counts."""
    for before, stage in pairwise(("", *stages)):
        reads = {before: "f"} if before else {}
        record = Record(stage, 1, "f", reads, counts, 0.0, 0.0, None, {})
        (output / "ledger" / stage).mkdir(parents=True, exist_ok=True)
        (output / "ledger" / stage / "_stage.json").write_text(json.dumps(asdict(record)))


@dataclass(slots=True)
class MadeWorld:
    """Pictures with captions, and text pairs, each with its embedding.

    Attributes:
      folder: of the recipe.
      pictures: by number: embedding, None where it failed when it was scored, PDQ hash, story.
      captions: picture, language, text, embedding; None: not understood.
      pairs: query, positive, language, story.
      texts: embedding by text.
    """

    folder: Path
    pictures: dict[int, tuple[np.ndarray | None, str, str]] = field(default_factory=dict)
    captions: list[tuple[int, str, str, np.ndarray | None]] = field(default_factory=list)
    pairs: list[tuple[str, str, str, str]] = field(default_factory=list)
    texts: dict[str, np.ndarray] = field(default_factory=dict)

    def picture(self, row: np.ndarray | None, pdq: str = "", story: str = "") -> int:
        number = len(self.pictures)
        self.pictures[number] = (row, pdq or digest("pdq", str(number)) * 2, story)
        return number

    def caption(self, picture: int, language: str, text: str, row: np.ndarray | None) -> str:
        self.captions.append((picture, language, text, row))
        return caption_id(uid_of(picture), language, text)

    def pair(
        self, query: str, positive: str, rows: tuple[np.ndarray, np.ndarray], story: str = ""
    ) -> None:
        self.pairs.append((query, positive, "en", story))
        self.texts[query], self.texts[positive] = rows

    def write(
        self,
        mine: str = "",
        parts: int = 2,
        shards: int = 3,
        stories: dict[str, str] | None = None,
    ) -> Path:
        """Writes an output cut in so many parts and gathered tars; returns its recipe.

        `stories` are of captions by their text; others have their picture's.
        """
        output = self.folder / "out"
        (self.folder / "teacher").mkdir(parents=True, exist_ok=True)
        (self.folder / "teacher/config.json").write_text("{}")
        write_parts(output / "screened/pictures", self._pictures(shards), "uid", parts)
        write_parts(output / "screened/captions", self._captions(stories or {}), "uid", parts)
        write_parts(output / "scores", self._scores(), "uid", parts)
        pairs = self._pairs()
        write_parts(output / "screened/texts", pairs, "query_id", parts)
        self._write_embeddings(Folder(str(output / "embeddings/0")), shards)
        for part in range(parts):
            name = f"part-{part:05d}.parquet"
            self._write_texts(
                Folder(str(output / "embeddings/0/texts")),
                part,
                pq.read_table(output / "screened/texts" / name),
            )
        counts = {
            f"{unit} {way}": rows
            for unit, rows in (
                ("picture", len(self.pictures)),
                ("caption", len(self.captions)),
                ("text", len(self.pairs)),
            )
            for way in ("in", "kept")
        }
        write_records(output, ("gather", "screen", "score"), counts)
        return self.rewrite(mine)

    def rewrite(self, mine: str) -> Path:
        """Writes the recipe alone."""
        path = self.folder / "recipe.toml"
        path.write_text(RECIPE.format(mine=mine))
        return path

    def _pictures(self, shards: int) -> pa.Table:
        blank = {n: "" if kind is str else kind(90) for n, kind in Measures.__annotations__.items()}
        rows = []
        for number, (_, pdq, _) in self.pictures.items():
            place = {"image_shard": number % shards, "image_offset": 0, "image_size": 1}
            rows.append(Picture(**blank | {"pdq": pdq}, uid=uid_of(number), url="", **place))
        return table_of(Picture, rows).sort_by("uid")

    def _captions(self, stories: dict[str, str]) -> pa.Table:
        rows = []
        for number, (picture, language, text, _) in enumerate(self.captions):
            uid, story = uid_of(picture), stories.get(text, self.pictures[picture][2])
            extras = json.dumps({"story": story})
            id_, row = caption_id(uid, language, text), f"web:pairs.parquet:{number}"
            rows.append(
                Caption(id_, uid, language, text, "source", "", 1.0, "web", row, "", extras)
            )
        return table_of(Caption, rows).sort_by([("uid", "ascending"), ("caption_id", "ascending")])

    def _scores(self) -> pa.Table:
        rows = []
        for picture, language, text, row in self.captions:
            id_, uid = caption_id(uid_of(picture), language, text), uid_of(picture)
            status = ScoreStatus.SCORED if row is not None else ScoreStatus.NOT_UNDERSTOOD
            if self.pictures[picture][0] is not None:
                rows.append(Score(id_, uid, language, "web", "teacher@0", 0, 0.0, 0.0, status, ""))
        return table_of(Score, rows).sort_by([("uid", "ascending"), ("caption_id", "ascending")])

    def _pairs(self) -> pa.Table:
        rows = []
        for number, (query, positive, language, story) in enumerate(self.pairs):
            ids, row = (text_id(query), text_id(positive)), f"web:pairs.parquet:{number}"
            extras = json.dumps({"story": story})
            of = (*ids, query, positive, language, language, "web", row, "", extras)
            rows.append(TextPair(*of))
        return table_of(TextPair, rows)

    def _write_embeddings(self, folder: Folder, shards: int) -> None:
        pictures, captions = defaultdict(list), defaultdict(list)
        for number, (row, _, _) in self.pictures.items():
            if row is not None:
                pictures[number % shards].append((uid_of(number), row))
        for picture, language, text, row in self.captions:
            if row is not None:
                uid = uid_of(picture)
                of = (uid, caption_id(uid, language, text), row)
                captions[picture % shards].append(of)
        for shard in range(shards):
            rows = sorted(pictures[shard], key=lambda of: of[0])
            ids = pa.table({"uid": pa.array([of[0] for of in rows], pa.string())})
            write_embeddings(folder / "pictures", shard, ids, halves([of[1] for of in rows]))
            said = sorted(captions[shard], key=lambda of: of[:2])
            names = {"caption_id": [of[1] for of in said], "uid": [of[0] for of in said]}
            ids = pa.table(names, pa.schema([(name, pa.string()) for name in names]))
            write_embeddings(folder / "captions", shard, ids, halves([of[2] for of in said]))

    def _write_texts(self, folder: Folder, part: int, pairs: pa.Table) -> None:
        texts = sorted({*pairs["query"].to_pylist(), *pairs["positive"].to_pylist()}, key=text_id)
        ids = pa.table({"text_id": pa.array([text_id(text) for text in texts], pa.string())})
        write_embeddings(folder, part, ids, halves([self.texts[text] for text in texts]))


def uid_of(picture: int) -> str:
    return digest("picture", str(picture))


def halves(rows: list[np.ndarray]) -> np.ndarray:
    return np.array(rows, np.float16).reshape(len(rows), DIM)


def unit(row: np.ndarray) -> np.ndarray:
    return np.asarray(row / np.linalg.norm(row))


def write_parts(folder: Path, table: pa.Table, column: str, parts: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    of = hash_buckets(column, parts)(table) if table.num_rows else np.empty(0, np.int64)
    for part in range(parts):
        rows = table.filter(pa.array(of == part, pa.bool_()))
        pq.write_table(rows, folder / f"part-{part:05d}.parquet")
