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
from pipelines.near import EDGES, NODES, FindNear, buckets_of, edge_table, hash_column, hashes_in
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


def find_groups(run: Run, work: Folder, candidates: Folder, rules: DuplicateRules) -> Folder:
    """Ties pictures that count as the same: a folder of `EDGES`, from each to its group's first.

    Goes on where it was stopped.

    Args:
      run: the run.
      work: the stage's folder.
      candidates: tables of `CANDIDATES`, cut by uid as `hash_buckets` cuts.
      rules: what counts as the same picture.
    """
    run.step("looking for duplicates")
    grouping = work / "grouping"
    edges = grouping / "edges"
    if not grouping.exists("counts.json"):
        _tie(run, candidates, rules, edges, grouping)
    found = json.loads(grouping.read("counts.json")).get("edges", 0)
    paths = [
        (edges / kind).path(name) for kind in edges.folders() for name in part_names(edges / kind)
    ]
    return close(run, paths, found, grouping / "groups")


def _tie(
    run: Run, candidates: Folder, rules: DuplicateRules, edges: Folder, grouping: Folder
) -> None:
    """Ties pictures of the same bytes, of the same hash and of near hashes."""
    starts, nodes = _starts(candidates), grouping / "nodes"
    buckets = buckets_for(starts[-1])
    of_keys = buckets_of(starts[-1], rules.max_distance) if rules.near else []
    pieces = list(zip(part_names(candidates), starts, strict=False))
    with run.pipeline(pieces_for(max(buckets, len(of_keys)))) as pipeline:
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
            equal = (
                {"pictures": tables}
                | Regroup("pictures by hash", {"pictures": NODES}, buckets, _hash_mix(buckets))
                | "TieHashes" >> beam.ParDo(_TieEqual("hash", edges / "hashes", nodes))
            )
            near = equal | FindNear(nodes, of_keys, edges / "near", rules.max_distance)
            counts += [equal, near]
        _ = tuple(counts) | beam.Flatten(pipeline=pipeline) | Tally(grouping, "counts.json")


def _starts(candidates: Folder) -> list[int]:
    """The number of each part's first picture, and how many there are at the end."""
    sizes = [row_count(candidates, name) for name in part_names(candidates)]
    return list(accumulate(sizes, initial=0))


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
    """Ties a bucket's pictures to the first of equal value; tells the number of edges.

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
        yield "edges", len(later)


class ChooseBest(beam.PTransform):
    """Writes `work/duplicates`, tables of `VERDICTS` in the cut of `candidates`; tells their parts.

    Args:
      work: the stage's folder.
      candidates: see `find_groups`.
      groups: what that returned.
      rules: what counts as the same picture.
    """

    def __init__(
        self, work: Folder, candidates: Folder, groups: Folder, rules: DuplicateRules
    ) -> None:
        super().__init__()
        self._duplicates = work / DUPLICATES
        self._candidates = candidates
        self._groups = groups
        self._rules = rules

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[int]:
        """Brings each group's members together, and their verdicts back into the cut."""
        starts, groups = _starts(self._candidates), self._groups
        parts = len(starts) - 1
        buckets = buckets_for(2 * rows_below(groups))
        found = [groups.path(name) for name in part_names(groups)]
        members = (
            {"edges": begin | Deal("groups", found) | beam.Map(_edges_with_roots)}
            | Regroup(
                "members by part",
                {"edges": EDGES},
                parts,
                lambda table: np.searchsorted(starts, table["child"].to_numpy(), "right") - 1,
            )
            | "Look" >> beam.Map(_members, candidates=self._candidates, starts=starts)
        )
        verdicts = (
            {"members": members}
            | Regroup(
                "members by group",
                {"members": _MEMBERS},
                buckets,
                lambda table: table["group"].to_numpy() % buckets,
            )
            | "Choose" >> beam.Map(_verdicts, rules=self._rules)
        )
        return (
            {"verdicts": verdicts}
            | Regroup("verdicts by uid", {"verdicts": VERDICTS}, parts, hash_buckets("uid", parts))
            | "Write" >> beam.Map(_write_verdicts, duplicates=self._duplicates)
        )


def _edges_with_roots(path: str) -> pa.Table:
    """Edges, and one from each root to itself; the same root may come from several tables."""
    table = read_edges(path)
    roots = np.unique(table["parent"].to_numpy())
    return pa.concat_tables([table, edge_table((roots, roots))])


def _members(keyed: Keyed, candidates: Folder, starts: list[int]) -> pa.Table:
    part, tables = keyed
    edges = tables["edges"].group_by("child").aggregate([("parent", "min")]).sort_by("child")
    table = read_table(candidates, part_name(part)).select(CANDIDATES.names)
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


def _write_verdicts(keyed: Keyed, duplicates: Folder) -> int:
    part, tables = keyed
    write_table(duplicates, part_name(part), tables["verdicts"].sort_by("uid"))
    return part
