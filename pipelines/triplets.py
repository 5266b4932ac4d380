"""Triplets as they are written, and what people want to see of them."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.mining_search import ORIGINS, Anchors
from schemas.ids import digest

_SHOWN = 3  # of a kind
_MARGIN_BINS = (-50, 150)  # of 0.01


def triplet_schema(negatives: int) -> pa.Schema:
    """The rows of `triplets/`: anchor, positive and `negatives` negatives, the nearest first.

    A text is itself; a picture is its uid, which is its key in `shards/pairs`, and so is a page in
    `shards/documents`.

    - `triplet_id`: of the kind, `anchor_id` and `positive_id`; `kind`: one of `TRIPLET_KINDS`.
    - `anchor`, `positive`, `negative_1` …: as sentence-transformers names them.
    - `scores`: cosines of the anchor with the positive and each negative, 0 of edited captions.
    - `anchor_id`, `positive_id`, `negative_ids`: text ids, caption ids or uids; "" of edited ones.
    - `anchor_origin`: of a caption or page's query, see `schemas.rows.Caption`; "" of others.
    - `anchor_uid`, `positive_uid`, `negative_uids`: of their pictures, "" of texts without one.
    - `query_language`, `positive_language`: of anchor and positive, of which a picture has the
      other's; `negative_languages`: "" of pictures.
    - `origins`: of the negatives, see `pipelines.mining_search.ORIGINS`.
    """
    texts = pa.list_(pa.string())
    fields = [
        *(("triplet_id", pa.string()), ("kind", pa.string())),
        *(("anchor", pa.string()), ("positive", pa.string())),
        *((f"negative_{number}", pa.string()) for number in range(1, negatives + 1)),
        ("scores", pa.list_(pa.float32())),
        *((name, pa.string()) for name in ("anchor_id", "positive_id")),
        ("negative_ids", texts),
        ("anchor_origin", pa.string()),
        *((name, pa.string()) for name in ("anchor_uid", "positive_uid")),
        ("negative_uids", texts),
        *((name, pa.string()) for name in ("query_language", "positive_language")),
        ("negative_languages", texts),
        ("origins", texts),
    ]
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields])


def heads_of(anchors: Anchors) -> pa.Table:
    """A row for each anchor and positive, with all of a triplet but its negatives, and `score`."""
    table, kind = anchors.table, anchors.cut.what
    of_anchor = pa.array(np.repeat(np.arange(len(anchors)), anchors.positives))
    names = ("id", "uid", "text", "origin", "query_language", "language")
    ids, uids, texts, origins, asked, answered = (
        table[name].take(of_anchor).combine_chunks() for name in names
    )
    positive_ids, positives, scores = (
        table[name].combine_chunks().flatten()
        for name in ("positive_ids", "positives", "positive_scores")
    )
    both = zip(ids.to_pylist(), positive_ids.to_pylist(), strict=True)
    columns = {
        "triplet_id": [digest(kind, anchor, positive) for anchor, positive in both],
        "kind": [kind] * len(ids),
        "anchor": pc.if_else(pc.equal(texts, ""), ids, texts),
        "positive": positives,
        "score": scores,
        "anchor_id": ids,
        "positive_id": positive_ids,
        "anchor_origin": origins,
        "anchor_uid": uids,
        "positive_uid": uids,
        "query_language": asked,
        "positive_language": answered,
    }
    return pa.table(columns)


def triplets(
    heads: pa.Table,
    texts: list[NDArray[np.object_]],
    scores: NDArray[np.float32],
    origins: NDArray[np.int64],
) -> pa.Table:
    """The rows of `triplets/`.

    Args:
      heads: see `heads_of`.
      texts: texts or uids, ids, uids and languages of the negatives; each [rows, negatives].
      scores: of the negatives; shape [rows, negatives].
      origins: numbers of `ORIGINS`; likewise.
    """
    negatives, ids, uids, languages = texts
    names = np.array(ORIGINS, object)[origins]
    every = np.concatenate((heads["score"].to_numpy()[:, None], scores), axis=1)
    columns = {name: heads[name] for name in heads.column_names if name != "score"}
    columns |= {
        f"negative_{at + 1}": pa.array(of, pa.string()) for at, of in enumerate(negatives.T)
    }
    lists = {"scores": every, "negative_ids": ids, "negative_uids": uids}
    lists |= {"negative_languages": languages, "origins": names}
    columns |= {name: _lists_of(of) for name, of in lists.items()}
    schema = triplet_schema(scores.shape[1])
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _lists_of(rows: NDArray[Any]) -> pa.Array:
    """Rows of one length as lists."""
    kind = pa.float32() if rows.dtype == np.float32 else pa.string()
    offsets = pa.array(np.arange(len(rows) + 1) * rows.shape[1], pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(rows.ravel(), kind))


def hundredths(margins: NDArray[np.float32]) -> dict[int, int]:
    """How many are in each hundredth, by its lower end, those far out in the outermost.

    >>> hundredths(np.array([0.019, 0.011, -0.001], np.float32))
    {-1: 1, 1: 2}
    """
    bins = np.clip(np.floor(margins * 100).astype(np.int64), *_MARGIN_BINS)
    values, times = np.unique(bins, return_counts=True)
    return dict(zip(values.tolist(), times.tolist(), strict=True))


def examples(rows: pa.Table) -> list[dict[str, Any]]:
    """The triplets with the lowest ids of a block, which is of one kind, each with one negative."""
    first = pc.sort_indices(rows["triplet_id"])[:_SHOWN]
    return [_example(row) for row in rows.take(first).to_pylist()]


def _example(row: dict[str, Any]) -> dict[str, Any]:
    same = ("kind", "triplet_id", "anchor", "positive")
    return {name: row[name] for name in same} | {
        "language": row["positive_language"],
        "negative": row["negative_1"],
        "origin": row["origins"][0],
        "positive_score": row["scores"][0],
        "negative_score": row["scores"][1],
    }


def first_of_kinds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with the lowest ids of each kind."""
    shown: Counter[str] = Counter()
    found = []
    for row in sorted(rows, key=lambda row: (row["kind"], row["triplet_id"])):
        shown[row["kind"]] += 1
        if shown[row["kind"]] <= _SHOWN:
            found.append(row)
    return found
