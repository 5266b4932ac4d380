"""Index shards of candidates and blocks of anchors, built once and kept until embeddings change.

Building is one pass over gathered tars and parts of texts, which writes embeddings aside in the
order of the pieces (`mining_embeddings.py`), 2 bytes a feature, until all pieces are there. What is
said of them goes through a shuffle; no worker holds more than a piece.
"""

from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.overlap import mixed
from pipelines.embedding_files import Halves, read_array, write_npy
from pipelines.mining_embeddings import read_piece
from pipelines.mining_plan import MinePlan
from pipelines.mining_rows import ANCHOR, ENTRY, PAIR, ROWS, ReadRows, by_query, text_anchors
from pipelines.mining_rules import Mine
from pipelines.mining_words import WORDS, write_words
from pipelines.nearest import Names, fit_lists, names_of, units
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, column_buckets, pieces_for
from pipelines.transforms.tables import write_table
from schemas.layout import shard_name

INDEX = "index"
ANCHORS = "anchors"
_DONE = "index.done"
_PDQ_BYTES = 32


def build_index(run: Run, rules: Mine, plan: MinePlan, teacher: int, prepared: Folder) -> None:
    """Writes all index shards and blocks below `prepared`, unless they are there."""
    if prepared.exists(_DONE):
        return
    run.step("building indexes")
    entries = sum(space.pieces for space in plan.spaces)
    blocks = sum(cut.pieces for cut in plan.anchors)
    read = partial(ReadRows, run.output, teacher, prepared, plan)
    works = plan.numbered()
    with run.pipeline(pieces_for(len(works))) as pipeline:
        rows = (
            pipeline
            | Deal("shards and parts", works)
            | beam.ParDo(read()).with_outputs("anchors", "pairs", main="entries")
        )
        of_pairs = (
            {"pairs": rows.pairs}
            | Regroup("pairs by query", {"pairs": PAIR}, max(1, blocks), by_query(max(1, blocks)))
            | "Answered" >> beam.FlatMap(partial(text_anchors, plan))
        )
        _ = (
            {"entries": rows.entries}
            | Regroup("candidates", {"entries": ENTRY}, max(1, entries), column_buckets("piece"))
            | "WriteIndex" >> beam.Map(partial(_write_shard, rules, plan, prepared))
        )
        _ = (
            {"anchors": (rows.anchors, of_pairs) | beam.Flatten()}
            | Regroup("anchors", {"anchors": ANCHOR}, max(1, blocks), column_buckets("piece"))
            | "WriteAnchors" >> beam.Map(partial(_write_block, plan, prepared))
        )
    (prepared / ROWS).remove()
    if rules.bm25:
        write_words(run, plan, prepared / INDEX, prepared / WORDS)
    prepared.write(_DONE, b"")


def read_facts(folder: Folder, number: int, name: str) -> NDArray[Any]:
    """What is known of an index shard's rows, row by row, but for the sorted `statements`.

    `names`, `owners` (of pictures and pages), `documents` (one row's after another's, each row's
    from its `document_starts` to the next), `keys` (of texts and pages), `pdqs`, `scores` (the
    least of a row with what it belongs to), and `statements`, see `said_by`.
    """
    return read_array(folder, f"{shard_name(number)}.{name}.npy")


# Writing


def _write_shard(rules: Mine, plan: MinePlan, prepared: Folder, keyed: Keyed) -> None:
    """Writes an index shard, each id once, by id; where there are lists, those of one together."""
    number, tables = keyed
    space = next((space for space in plan.spaces if number in space.numbers), None)
    if space is None:  # there is nothing to mine at all
        return
    folder, table = prepared / INDEX, _each_once(tables["entries"])
    embeddings = _embeddings_of(prepared, space.what, table)
    if space.rows > rules.exact_rows and table.num_rows:
        lists, order = fit_lists(units(embeddings))
        write_npy(folder, f"{shard_name(number)}.centres.npy", lists.centres)
        write_npy(folder, f"{shard_name(number)}.starts.npy", lists.starts)
        table, embeddings = table.take(pa.array(order)).combine_chunks(), embeddings[order]
    write_npy(folder, f"{shard_name(number)}.npy", embeddings)
    write_table(folder, f"{shard_name(number)}.parquet", table.select(["id", "uid", "text"]))
    for name, column in _facts(table).items():
        write_npy(folder, f"{shard_name(number)}.{name}.npy", column)


def _facts(table: pa.Table) -> dict[str, NDArray[Any]]:
    """What `read_facts` reads."""
    names, keys = names_of(table["id"].to_pylist()), table["keys"].combine_chunks()
    documents = table["documents"].combine_chunks()
    return {
        "names": names,
        "owners": names_of([uid or "0" for uid in table["uid"].to_pylist()]),
        "documents": documents.flatten().to_numpy().astype(np.uint64),
        "document_starts": np.concatenate(([0], np.cumsum(documents.value_lengths()))),
        "keys": _first_keys(keys),
        "pdqs": pdq_words(table["pdq"].to_pylist()),
        "scores": table["score"].to_numpy(),
        "statements": np.sort(_statements(names, keys)),
    }


def _write_block(plan: MinePlan, prepared: Folder, keyed: Keyed) -> None:
    """Writes a block of anchors: one a text or picture and language, with all its positives."""
    number, tables = keyed
    ordered = tables["anchors"].sort_by([("id", "ascending"), ("language", "ascending")])
    kind = next((cut.what for cut in plan.anchors if number in cut.numbers), "")
    embeddings = _embeddings_of(prepared, kind, ordered)
    rows = [_in_order(row) for row in ordered.to_pylist()]
    table = pa.Table.from_pylist(rows, ANCHOR).drop_columns(["piece", "part", "place"])
    write_table(prepared / ANCHORS, f"{shard_name(number)}.parquet", table)
    write_npy(prepared / ANCHORS, f"{shard_name(number)}.npy", embeddings)


def _embeddings_of(prepared: Folder, what: str, rows: pa.Table) -> Halves:
    """Of the rows of a piece; shape [rows, dim]."""
    parts, places = (rows[name].to_numpy() for name in ("part", "place"))
    return read_piece(prepared / ROWS, what, parts, places)


def _in_order(row: dict[str, Any]) -> dict[str, Any]:
    """An anchor whose positives are in the order of their ids."""
    names = ("positive_ids", "positives", "positive_scores")
    columns = zip(*sorted(zip(*(row[name] for name in names), strict=True)), strict=True)
    ordered = {name: list(column) for name, column in zip(names, columns, strict=True)}
    return row | ordered | {"keys": sorted(set(row["keys"]))}


def _each_once(entries: pa.Table) -> pa.Table:
    """The rows by id, each id once, with all its documents."""
    ordered = entries.sort_by([(name, "ascending") for name in ("id", "score", "part", "place")])
    ids = ordered["id"].to_pylist()
    firsts = [row for row, id_ in enumerate(ids) if not row or ids[row - 1] != id_]
    lists = ordered["documents"].combine_chunks()
    of = np.searchsorted(np.array(firsts), lists.value_parent_indices().to_numpy(), "right") - 1
    pairs = np.unique(np.stack((of, lists.flatten().to_numpy())), axis=1)  # in order
    starts = np.searchsorted(pairs[0], np.arange(len(firsts) + 1))
    documents = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(pairs[1]))
    table = ordered.take(pa.array(firsts, pa.int64()))
    return table.set_column(table.schema.get_field_index("documents"), "documents", documents)


def _first_keys(keys: pa.ListArray) -> NDArray[np.uint64]:
    return np.array([of[0] for of in keys.to_pylist()], np.int64).view(np.uint64)


def pdq_words(hashes: list[bytes]) -> NDArray[np.uint64]:
    """PDQ hashes as four words each, 0 where there is none; shape [rows, 4]."""
    whole = b"".join(pdq or bytes(_PDQ_BYTES) for pdq in hashes)
    return np.frombuffer(whole, np.uint64).reshape(-1, 4)


def _statements(names: Names, keys: pa.ListArray) -> NDArray[np.uint64]:
    """What each row says, as `said_by` looks it up."""
    lengths = np.array([len(of) for of in keys.to_pylist()], np.int64)
    flat = np.array(keys.flatten().to_pylist(), np.int64).view(np.uint64)
    return said_by(np.repeat(names, lengths), flat)


def said_by(names: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 bits of a row's name and of the key of a text that is said of it."""
    return mixed(names ^ mixed(keys))
