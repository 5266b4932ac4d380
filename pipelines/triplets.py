"""Triplets as they are written, and what people want to see of them."""

from collections import Counter
from typing import Any

import pyarrow as pa

from pipelines.mining_search import EDITED

_SHOWN = 3  # of a kind
_MARGIN_BINS = (-50, 150)  # of 0.01


def triplet_schema(negatives: int) -> pa.Schema:
    """The rows of `triplets/`: anchor, positive and `negatives` negatives, the nearest first.

    A text is itself; a picture is its uid, which is its key in `shards/pairs`.

    - `triplet_id`: of the kind, `anchor_id` and `positive_id`; `kind`: one of `TRIPLET_KINDS`.
    - `anchor`, `positive`, `negative_1` …: as sentence-transformers names them.
    - `scores`: cosines of the anchor with the positive and each negative, 0 of edited captions.
    - `anchor_id`, `positive_id`, `negative_ids`: text ids, caption ids or uids; "" of edited ones.
    - `anchor_uid`, `positive_uid`, `negative_uids`: of their pictures, "" of texts without one.
    - `language`: of the positive, of the anchor where that is a picture; `negative_languages`: ""
      of pictures.
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
        *((name, pa.string()) for name in ("anchor_uid", "positive_uid")),
        ("negative_uids", texts),
        ("language", pa.string()),
        ("negative_languages", texts),
        ("origins", texts),
    ]
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in fields])


def margins(rows: list[dict[str, Any]]) -> Counter[str]:
    """Positive minus negative, in hundredths, of negatives that have a score."""
    found: Counter[str] = Counter()
    for row in rows:
        positive, *negatives = row["scores"]
        for score, origin in zip(negatives, row["origins"], strict=True):
            if origin != EDITED:
                bin_ = min(
                    max(int((positive - score) * 100 // 1), _MARGIN_BINS[0]), _MARGIN_BINS[1]
                )
                found[f"{row['kind']}\tmargin\t{bin_}"] += 1
    return found


def examples(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The triplets with the lowest ids of each kind, each with its first negative."""
    return [_example(row) for row in first_of_kinds(rows)]


def _example(row: dict[str, Any]) -> dict[str, Any]:
    same = ("kind", "triplet_id", "language", "anchor", "positive")
    return {name: row[name] for name in same} | {
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
