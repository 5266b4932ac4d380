"""The rows that index shards and blocks of anchors are made of: candidates, and what searches."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from numpy.typing import NDArray

from pipelines.embedding_files import Halves, read_npy
from pipelines.mining_embeddings import write_by_piece
from pipelines.mining_plan import (
    SPACE_OF,
    Cut,
    MinePlan,
    pieces_of,
    read_listed,
)
from pipelines.nearest import cosines, names_of, units
from pipelines.popular import NOTHING, text_keys
from pipelines.storage import Folder
from pipelines.transforms.blocks import Keyed
from schemas.layout import (
    IMAGE_TO_TEXT,
    OF_CAPTIONS,
    OF_PAGES,
    OF_PICTURES,
    OF_QUERIES,
    OF_TEXTS,
    PAGE_BRANCH,
    PICTURE_BRANCH,
    QUERY_TO_PAGE,
    TEXT_TEXT,
    TEXT_TO_IMAGE,
    Branch,
    embeddings_folder,
)

ROWS = "rows"
"""Where embeddings lie on their way, below what is prepared."""

ENTRY = pa.schema(
    [
        ("piece", pa.int64()),
        ("id", pa.string()),
        ("uid", pa.string()),
        ("text", pa.string()),
        ("documents", pa.list_(pa.int64())),
        ("pdq", pa.binary()),
        ("keys", pa.list_(pa.int64())),
        ("score", pa.float32()),
        ("part", pa.int64()),
        ("place", pa.int64()),
    ]
)
"""A candidate: of a text its own key, of a picture those of its captions, of a page first that of
its own text.

`part` and `place` say where its embedding lies, see `pipelines.mining_embeddings`."""

ANCHOR = pa.schema(
    [
        ("piece", pa.int64()),
        ("id", pa.string()),
        ("uid", pa.string()),
        ("text", pa.string()),
        ("origin", pa.string()),
        ("language", pa.string()),
        ("query_language", pa.string()),
        ("documents", pa.list_(pa.int64())),
        ("pdq", pa.binary()),
        ("keys", pa.list_(pa.int64())),
        ("other_ids", pa.list_(pa.string())),
        ("positive_ids", pa.list_(pa.string())),
        ("positives", pa.list_(pa.string())),
        ("positive_scores", pa.list_(pa.float32())),
        ("part", pa.int64()),
        ("place", pa.int64()),
    ]
)
"""What searches: a picture or a text with its positives, and the keys of all that says the same.

`language` is that of the positives, or of their caption where they are pictures; `origin` that of a
caption or query, "" of others. `other_ids` are of
texts that answer the same query in another language, or spelt in another way."""

Rows = Iterator[tuple[str, list[dict[str, Any]], Halves]]
"""Candidates of a space, or anchors of a kind, and what their embeddings are among."""

PAIR = pa.schema(
    [
        ("query_key", pa.int64()),
        ("query_id", pa.string()),
        ("query", pa.string()),
        ("query_language", pa.string()),
        ("said", pa.int64()),
        ("positive_id", pa.string()),
        ("positive", pa.string()),
        ("positive_language", pa.string()),
        ("positive_said", pa.int64()),
        ("document", pa.int64()),
        ("score", pa.float32()),
        ("part", pa.int64()),
        ("place", pa.int64()),
    ]
)
"""A text pair with the place of its query's embedding.

Queries with one `query_key` are one, however they are spelt; `said` and `positive_said` are what
the texts say, normalised."""


class ReadRows(beam.DoFn):
    """The candidates and anchors of a tar's captions or queries, or of a part of the text pairs."""

    def __init__(self, output: Folder, teacher: int, prepared: Folder, plan: MinePlan) -> None:
        self._output = output
        self._teacher = teacher
        self._prepared = prepared
        self._plan = plan

    def process(
        self, work: tuple[str, int]
    ) -> Iterator[
        pa.Table
        | TaggedOutput[Literal["anchors"], pa.Table]
        | TaggedOutput[Literal["pairs"], pa.Table]
    ]:
        what, number = work
        read = {
            OF_CAPTIONS: self._captions,
            OF_QUERIES: self._queries,
            OF_TEXTS: self._texts,
        }
        for kind, rows, embeddings in read[what](number):
            cuts = self._cuts(kind)
            if not rows or not cuts:
                continue
            table = self._placed(kind, number, rows, cuts, embeddings)
            if kind not in SPACE_OF:
                yield table
            else:
                yield TaggedOutput("pairs" if kind == TEXT_TEXT else "anchors", table)

    def _cuts(self, kind: str) -> list[Cut]:
        plan = self._plan
        return plan.anchors_of(kind) if kind in SPACE_OF else plan.spaces_of(kind)

    def _placed(
        self, kind: str, number: int, rows: list[dict[str, Any]], cuts: list[Cut], of: Halves
    ) -> pa.Table:
        """Rows whose embeddings are written for the pieces that they belong to.

        Args:
          kind: of the rows.
          number: of the tar or part that they are from.
          rows: each with the row of its embedding.
          cuts: that make the pieces.
          of: embeddings; shape [n, dim].
        """
        pieces = _pieces(rows, cuts, "query_id" if kind == TEXT_TEXT else "id")
        embeddings = of[np.array([row["embedding"] for row in rows])]
        places = write_by_piece(self._prepared / ROWS, kind, number, embeddings, pieces)
        for row, piece, place in zip(rows, pieces.tolist(), places.tolist(), strict=True):
            row |= {"piece": piece, "part": number, "place": place}
        return _table(rows, PAIR if kind == TEXT_TEXT else ANCHOR if kind in SPACE_OF else ENTRY)

    def _embeddings(self, what: str, number: int) -> Halves:
        return read_npy(self._output / embeddings_folder(self._teacher, what), number)

    def _understood(self, branch: Branch, shard: int) -> "_Captions | None":
        """A tar's captions that the teacher understood; None where there are none."""
        listed = read_listed(self._prepared, branch.of_captions, shard).to_pylist()
        rows = [row for row in listed if row["at"] >= 0]
        if not rows:
            return None
        pictures = self._embeddings(branch.of_pictures, shard)
        captions = self._embeddings(branch.of_captions, shard)
        keys = text_keys([row["text"] for row in rows]).to_pylist()
        at = np.array([row["at"] for row in rows])
        of = np.array([row["picture_at"] for row in rows])
        scores = _scores(captions[at], pictures, of)
        by_picture = defaultdict(list)
        for row, key, score in zip(rows, keys, scores, strict=True):
            row |= {
                "key": key,
                "score": score,
                "pdq": bytes.fromhex(row["pdq"]),
                "embedding": row["at"],
            }
            by_picture[row["uid"]].append(row)
        for own in by_picture.values():
            documents = sorted({row["document"] for row in own} - {0})
            for row in own:
                row["documents"] = documents
        return _Captions(rows, by_picture, captions, pictures)

    def _captions(self, shard: int) -> Rows:
        found = self._understood(PICTURE_BRANCH, shard)
        if not found:
            return
        rows, by_picture = found.rows, found.by_picture
        yield (
            OF_CAPTIONS,
            [_entry(row, row["caption_id"], row["text"], [row["key"]]) for row in rows],
            found.captions,
        )
        yield (
            OF_PICTURES,
            [
                _picture_entry(uid, own, [row["key"] for row in own], "")
                for uid, own in by_picture.items()
            ],
            found.pictures,
        )
        yield TEXT_TO_IMAGE, [_caption_anchor(row) for row in rows], found.captions
        yield (
            IMAGE_TO_TEXT,
            [
                anchor | {"embedding": own[0]["picture_at"]}
                for uid, own in by_picture.items()
                for anchor in _picture_anchors(uid, own)
            ],
            found.pictures,
        )

    def _queries(self, shard: int) -> Rows:
        found = self._understood(PAGE_BRANCH, shard)
        if not found:
            return
        pages = []
        for uid, own in found.by_picture.items():
            keys = [own[0]["page_said"], *(row["key"] for row in own)]
            pages.append(_picture_entry(uid, own, keys, own[0]["page_language"]))
        yield OF_PAGES, pages, found.pictures
        anchors = [
            _caption_anchor(row)
            | {"language": row["page_language"], "keys": [row["key"], row["page_said"]]}
            for row in found.rows
        ]
        yield QUERY_TO_PAGE, anchors, found.captions

    def _texts(self, part: int) -> Rows:
        listed = read_listed(self._prepared, OF_TEXTS, part).to_pylist()
        rows = [row for row in listed if min(row["query_at"], row["positive_at"]) >= 0]
        if not rows:
            return
        texts = self._embeddings(OF_TEXTS, part)
        query_keys = text_keys([row["query"] for row in rows]).to_pylist()
        keys = text_keys([row["positive"] for row in rows]).to_pylist()
        asked = texts[np.array([row["query_at"] for row in rows])]
        scores = _scores(asked, texts, np.array([row["positive_at"] for row in rows]))
        entries = []
        for row, query_key, key, score in zip(rows, query_keys, keys, scores, strict=True):
            row |= {
                "uid": "",
                "pdq": b"",
                "language": row["positive_language"],
                "said": query_key,
                "positive_said": key,
                "score": score,
                "query_key": query_key if query_key != NOTHING else int(row["query_id"][:15], 16),
                "documents": [row["document"]] if row["document"] else [],
                "embedding": row["positive_at"],
            }
            entries.append(_entry(row, row["positive_id"], row["positive"], [key]))
        yield OF_TEXTS, entries, texts
        yield TEXT_TEXT, [row | {"embedding": row["query_at"]} for row in rows], texts


@dataclass(frozen=True, slots=True)
class _Captions:
    """The captions of a tar's pictures, or what its pages answer.

    Attributes:
      rows: them.
      by_picture: the same by uid.
      captions: their embeddings and others'; shape [captions, dim].
      pictures: those of pictures; shape [pictures, dim].
    """

    rows: list[dict[str, Any]]
    by_picture: dict[str, list[dict[str, Any]]]
    captions: Halves
    pictures: Halves


def _scores(ours: Halves, theirs: Halves, rows: NDArray[np.int64]) -> list[float]:
    """The cosine of each of `ours` and its row of `theirs`, as candidates' cosines are made."""
    found: list[float] = cosines(units(ours), units(theirs), rows[:, None]).ravel().tolist()
    return found


def _entry(row: dict[str, Any], id_: str, text: str, keys: list[int]) -> dict[str, Any]:
    names = ("uid", "language", "documents", "pdq", "score", "embedding")
    return {"id": id_, "text": text, "keys": keys} | {name: row[name] for name in names}


def _picture_entry(
    uid: str, captions: list[dict[str, Any]], keys: list[int], language: str
) -> dict[str, Any]:
    """A picture or page with its captions."""
    return _entry(captions[0], uid, "", keys) | {
        "language": language,
        "embedding": captions[0]["picture_at"],
        "score": min(row["score"] for row in captions),
    }


def _caption_anchor(row: dict[str, Any]) -> dict[str, Any]:
    """A caption, one of its picture's, which answers it."""
    return _entry(row, row["caption_id"], row["text"], [row["key"]]) | {
        "origin": row["origin"],
        "query_language": row["language"],
        "other_ids": [],
        "positive_ids": [row["uid"]],
        "positives": [row["uid"]],
        "positive_scores": [row["score"]],
    }


def _picture_anchors(uid: str, captions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A picture, once for each language of its captions, which answer it."""
    by_language = defaultdict(list)
    for row in captions:
        by_language[row["language"]].append(row)
    for own in by_language.values():
        yield _entry(own[0], uid, "", [row["key"] for row in captions]) | {
            "origin": "",
            "query_language": own[0]["language"],
            "other_ids": [],
            "positive_ids": [row["caption_id"] for row in own],
            "positives": [row["text"] for row in own],
            "positive_scores": [row["score"] for row in own],
        }


def by_query(buckets: int) -> Callable[[pa.Table], NDArray[np.int64]]:
    """Buckets of text pairs by what their query says."""
    return lambda table: table["query_key"].to_numpy() % buckets


def text_anchors(plan: MinePlan, keyed: Keyed) -> Iterator[pa.Table]:
    """The anchors of a bucket's text pairs, whose queries have all their pairs in it."""
    _, tables = keyed
    names = ("query_key", "query_id", "positive_language", "positive_id", "query_language")
    order = [(name, "ascending") for name in (*names, "score", "document", "part", "place")]
    pairs = tables["pairs"].sort_by(order).to_pylist()
    anchors = [
        anchor
        for _, of_query in groupby(pairs, itemgetter("query_key"))
        for anchor in _query_anchors(list(of_query))
    ]
    if anchors:
        pieces = _pieces(anchors, plan.anchors_of(TEXT_TEXT), "id").tolist()
        for anchor, piece in zip(anchors, pieces, strict=True):
            anchor["piece"] = piece
        yield _table(anchors, ANCHOR)


def _query_anchors(pairs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A query, once for each way it is spelt and each language of what answers it.

    Each knows all that answers the query, and all documents that the query stands in.
    """
    shared = {
        "uid": "",
        "origin": "",
        "pdq": b"",
        "documents": sorted({row["document"] for row in pairs} - {0}),
        "keys": sorted({row[key] for row in pairs for key in ("said", "positive_said")}),
    }
    ids = {row["positive_id"] for row in pairs}
    for (id_, language), own in groupby(pairs, itemgetter("query_id", "positive_language")):
        positives = {row["positive_id"]: row for row in own}
        first = next(iter(positives.values()))
        yield shared | {
            "id": id_,
            "text": first["query"],
            "language": language,
            "query_language": first["query_language"],
            "other_ids": sorted(ids - positives.keys()),
            "positive_ids": [*positives],
            "positives": [row["positive"] for row in positives.values()],
            "positive_scores": [row["score"] for row in positives.values()],
            "part": first["part"],
            "place": first["place"],
        }


def _pieces(rows: list[dict[str, Any]], cuts: list[Cut], id_: str) -> NDArray[np.int64]:
    """The piece of each row, by its language and the id that is in its column `id_`."""
    is_one = [cut.language for cut in cuts] == [""]
    languages = ["" if is_one else row["language"] for row in rows]
    return pieces_of(names_of([row[id_] for row in rows]), cuts, languages)


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.table({name: [row[name] for row in rows] for name in schema.names}, schema=schema)
