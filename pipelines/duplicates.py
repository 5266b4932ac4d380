"""Finds the duplicates among pictures: equal bytes, near hashes, groups of these, the best of each.

Only ids, hashes and what ranks a picture are read; a picture is a number in between, its place in
the candidates.
"""

import json
from collections.abc import Callable, Iterator
from itertools import accumulate

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from filters.duplicates import DuplicateRules, Members, turned_away
from filters.near_hashes import dealt
from pipelines.closing import close, read_edges
from pipelines.near import EDGES, NODES, edge_table, find_near, hash_column, hashes_in
from pipelines.parts import part_names, row_count, rows_below
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import (
    Deal,
    Keyed,
    Regroup,
    buckets_for,
    hash_buckets,
    pieces_for,
)
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.layout import part_name

DUPLICATES = "duplicates"

CANDIDATES = pa.schema(
    [
        ("uid", pa.string()),
        ("sha256", pa.string()),
        ("pdq", pa.string()),
        ("pdq_quality", pa.int64()),
        ("pixels", pa.int64()),
        ("caption_quality", pa.float64()),
    ]
)
"""What is asked of a picture; `schemas.rows.Measures` explains it but for the last two: pixels of
the original, and what its captions are worth, the more the better."""

VERDICTS = pa.schema(
    [
        ("uid", pa.string()),
        ("kept_uid", pa.string()),
        ("reason", pa.string()),
        ("distance", pa.int64()),
    ]
)
"""A picture turned away, the one kept in its place, why, and the bits between their hashes."""

_NUMBERED = pa.schema([("number", pa.int64()), ("sha256", pa.string())])
_MEMBERS = pa.schema([("group", pa.int64()), *CANDIDATES])


def find_duplicates(run: Run, work: Folder, candidates: Folder, rules: DuplicateRules) -> None:
    """Writes `work/duplicates`: tables of `VERDICTS` in the cut of `candidates`, all parts of it.

    Parts that are there are not made again, nor is a step that was finished before.

    Args:
      run: the run.
      work: the stage's folder.
      candidates: tables of `CANDIDATES`, cut by uid as `hash_buckets` cuts.
      rules: what counts as the same picture.
    """
    names = candidates.names()
    if set(names) <= set((work / DUPLICATES).names()):
        return
    run.step("looking for duplicates")
    grouping = work / "grouping"
    sizes = [row_count(candidates, name) for name in names]
    starts = list(accumulate(sizes, initial=0))
    edges, number = grouping / "edges", grouping / "numbers"
    if not number.exists("counts.json"):
        _find_equal(run, candidates, starts, rules, edges, number)
    counts = json.loads(number.read("counts.json"))
    found = counts.get("edges", 0)
    if rules.near:
        nodes = counts.get("nodes", 0)
        found += find_near(run, number / "nodes", nodes, edges / "near", rules.max_distance)
    paths = [
        (edges / kind).path(name) for kind in edges.folders() for name in part_names(edges / kind)
    ]
    groups = close(run, paths, found, grouping / "groups")
    _choose(run, candidates, starts, groups, rules, work / DUPLICATES)


def _find_equal(
    run: Run,
    candidates: Folder,
    starts: list[int],
    rules: DuplicateRules,
    edges: Folder,
    numbers: Folder,
) -> None:
    """Ties pictures of the same bytes and of the same hash; writes each clear hash once."""
    buckets = buckets_for(starts[-1])
    pieces = list(zip(candidates.names(), starts, strict=False))
    with run.pipeline(pieces_for(buckets)) as pipeline:
        parts = pipeline | Deal("candidates", pieces)
        counts = []
        if rules.exact:
            tables = parts | "Bytes" >> beam.Map(_bytes_of, candidates=candidates)
            counts.append(
                {"pictures": tables}
                | Regroup(
                    "pictures by bytes",
                    {"pictures": _NUMBERED},
                    buckets,
                    hash_buckets("sha256", buckets),
                )
                | "TieBytes" >> beam.ParDo(_TieEqual("sha256", edges / "bytes", None))
            )
        if rules.near:
            tables = parts | "Hashes" >> beam.Map(
                _hashes_of, candidates=candidates, least=rules.min_pdq_quality
            )
            counts.append(
                {"pictures": tables}
                | Regroup("pictures by hash", {"pictures": NODES}, buckets, _hash_mix(buckets))
                | "TieHashes" >> beam.ParDo(_TieEqual("hash", edges / "hashes", numbers / "nodes"))
            )
        _ = tuple(counts) | beam.Flatten(pipeline=pipeline) | Tally(numbers, "counts.json")


def _bytes_of(piece: tuple[str, int], candidates: Folder) -> pa.Table:
    name, start = piece
    table = read_table(candidates, name, ["sha256"])
    numbers = start + np.arange(table.num_rows)
    return pa.table([numbers, table["sha256"]], schema=_NUMBERED)


def _hashes_of(piece: tuple[str, int], candidates: Folder, least: int) -> pa.Table:
    """Those hashes that say enough of their pictures."""
    name, start = piece
    table = read_table(candidates, name, ["pdq", "pdq_quality"])
    clear = np.flatnonzero(table["pdq_quality"].to_numpy() >= least)
    hashes = dealt(table["pdq"].take(pa.array(clear)).to_pylist())
    return pa.table([start + clear, hash_column(hashes)], schema=NODES)


def _hash_mix(buckets: int) -> Callable[[pa.Table], np.ndarray]:
    def bucket_of(table: pa.Table) -> np.ndarray:
        mixed = np.bitwise_xor.reduce(hashes_in(table).view(np.uint32), axis=1)
        return (mixed % buckets).astype(np.int64)

    return bucket_of


class _TieEqual(beam.DoFn):
    """Ties a bucket's pictures to the first of equal value; tells the numbers of edges and nodes.

    Args:
      column: whose values are compared.
      edges: where the edges go.
      nodes: where the first pictures go, None for nowhere.
    """

    def __init__(self, column: str, edges: Folder, nodes: Folder | None) -> None:
        self._column = column
        self._edges = edges
        self._nodes = nodes

    def process(self, keyed: Keyed) -> Iterator[Count]:
        bucket, tables = keyed
        table = tables["pictures"].sort_by("number")
        values = table[self._column].combine_chunks().dictionary_encode()
        codes = values.indices.to_numpy()
        _, firsts = np.unique(codes, return_index=True)
        numbers = table["number"].to_numpy()
        later = np.setdiff1d(np.arange(len(codes)), firsts)
        if len(later):
            tied = edge_table((numbers[later], numbers[firsts[codes[later]]]))
            write_table(self._edges, part_name(bucket), tied)
        if self._nodes:
            write_table(self._nodes, part_name(bucket), table.take(pa.array(firsts)))
            yield "nodes", len(firsts)
        yield "edges", len(later)


def _choose(
    run: Run,
    candidates: Folder,
    starts: list[int],
    groups: Folder,
    rules: DuplicateRules,
    duplicates: Folder,
) -> None:
    """Brings each group's members together, and their verdicts back into the candidates' cut."""
    names = candidates.names()
    parts = len(names)
    buckets = buckets_for(2 * rows_below(groups))
    with run.pipeline(pieces_for(buckets)) as pipeline:
        found = [groups.path(name) for name in part_names(groups)]
        edges = pipeline | Deal("groups", found) | beam.Map(read_edges)
        members = (
            {"edges": edges | "WithRoots" >> beam.Map(_with_roots)}
            | Regroup(
                "members by part",
                {"edges": EDGES},
                parts,
                lambda table: np.searchsorted(starts, table["child"].to_numpy(), "right") - 1,
            )
            | "Look" >> beam.Map(_members, candidates=candidates, starts=starts)
        )
        verdicts = (
            {"members": members}
            | Regroup(
                "members by group",
                {"members": _MEMBERS},
                buckets,
                lambda table: table["group"].to_numpy() % buckets,
            )
            | "Choose" >> beam.Map(_verdicts, rules=rules)
        )
        _ = (
            {"verdicts": verdicts}
            | Regroup("verdicts by uid", {"verdicts": VERDICTS}, parts, hash_buckets("uid", parts))
            | "Write" >> beam.Map(_write_verdicts, names=names, duplicates=duplicates)
        )


def _with_roots(table: pa.Table) -> pa.Table:
    """Adds an edge from each root to itself; the same root may come from several tables."""
    roots = np.unique(table["parent"].to_numpy())
    return pa.concat_tables([table, edge_table((roots, roots))])


def _members(keyed: Keyed, candidates: Folder, starts: list[int]) -> pa.Table:
    part, tables = keyed
    edges = tables["edges"].group_by("child").aggregate([("parent", "min")]).sort_by("child")
    table = read_table(candidates, candidates.names()[part]).select(CANDIDATES.names)
    found = table.take(pc.subtract(edges["child"], starts[part]))
    return pa.table([edges["parent_min"], *found.columns], schema=_MEMBERS)


def _verdicts(keyed: Keyed, rules: DuplicateRules) -> pa.Table:
    table = keyed[1]["members"]
    columns = {name: table[name].to_numpy() for name in table.column_names if name != "pdq"}
    members = Members(
        group=columns["group"],
        uid=columns["uid"].astype("U32"),
        sha256=columns["sha256"].astype("U64"),
        hashes=dealt(table["pdq"].to_pylist()),
        pdq_quality=columns["pdq_quality"],
        pixels=columns["pixels"],
        caption_quality=columns["caption_quality"],
    )
    found = turned_away(members, rules)
    uids = (members.uid[found.row], members.uid[found.kept])
    return pa.table([*uids, found.reason, found.distance], schema=VERDICTS)


def _write_verdicts(keyed: Keyed, names: list[str], duplicates: Folder) -> None:
    part, tables = keyed
    write_table(duplicates, names[part], tables["verdicts"].sort_by("uid"))
