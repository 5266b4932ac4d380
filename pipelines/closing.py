"""Edges closed to groups by Beam passes, of which none sees more of the graph than a bucket."""

import json
from collections.abc import Callable, Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa

from filters.components import Edges, Nodes, closed, distinct, large_star, small_star
from pipelines.near import EDGES, edge_table
from pipelines.parts import part_names
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import Deal, Keyed, Regroup, pieces_for
from pipelines.transforms.tables import read_table, write_table
from pipelines.transforms.tally import Count, Tally
from schemas.layout import part_name

_BUCKET_EDGES = 1_000_000  # of 16 bytes, and ten times that while they are sorted

Paths = list[str]
_Step = Callable[[Nodes, Nodes], Edges]


def close(run: Run, edges: Paths, number: int, work: Folder) -> Folder:
    """Ties all that hang together to the smallest of them, an edge each: the folder of these.

    Goes on where it was stopped.

    Args:
      run: the run.
      edges: tables of `EDGES`, in any direction, some perhaps twice.
      number: of edges.
      work: folder for the rounds, each of which reads what the one before it wrote.
    """
    buckets = max(1, -(-number // _BUCKET_EDGES))
    if buckets == 1:
        if not work.exists("closed.json"):
            with run.pipeline(1) as pipeline:
                pieces = pipeline | Deal("all edges", [edges])
                _ = pieces | beam.Map(_close_all, work=work) | Tally(work, "closed.json")
        return work / "closed"
    for turn in range(1, number):
        before, now = work / f"round-{turn - 1:03d}", work / f"round-{turn:03d}"
        if not now.exists("changed.json"):
            found = [before.path(name) for name in part_names(before)] if turn > 1 else edges
            _one_round(run, found, buckets, before, now)
        if not json.loads(now.read("changed.json")).get("changed", 0):
            break
    return now


def read_edges(path: str) -> pa.Table:
    folder, _, name = path.rpartition("/")
    return read_table(Folder(folder), name)


def _close_all(paths: Paths, work: Folder) -> Count:
    tables = [read_edges(path) for path in paths]
    whole = pa.concat_tables([EDGES.empty_table(), *tables])
    found = closed(whole["child"].to_numpy(), whole["parent"].to_numpy())
    write_table(work / "closed", part_name(0), edge_table(found))
    return "edges", len(found[0])


def _one_round(run: Run, edges: Paths, buckets: int, before: Folder, now: Folder) -> None:
    with run.pipeline(pieces_for(buckets)) as pipeline:
        tables = pipeline | Deal("edges", edges) | beam.Map(read_edges)
        both = tables | "BothWays" >> beam.Map(_both_ways)
        large = both | _ByNode("large star", buckets) | "Large" >> _stars(large_star)
        small = large | _ByNode("small star", buckets) | "Small" >> _stars(small_star)
        _ = (
            small
            | _ByNode("edges by child", buckets)
            | beam.ParDo(_Settle(before, now))
            | Tally(now, "changed.json")
        )


class _ByNode(beam.PTransform):
    """Brings all edges of a child together."""

    def __init__(self, label: str, buckets: int) -> None:
        super().__init__(label=f"ByNode[{label}]")
        self._label = label
        self._buckets = buckets

    def expand(self, edges: beam.PCollection[pa.Table]) -> beam.PCollection[Keyed]:
        buckets = self._buckets
        return {"edges": edges} | Regroup(
            self._label,
            {"edges": EDGES},
            buckets,
            lambda table: table["child"].to_numpy() % buckets,
        )


def _stars(step: _Step) -> beam.ParDo:
    return beam.Map(lambda keyed: edge_table(_taken(step, keyed))).with_output_types(pa.Table)


def _taken(step: _Step, keyed: Keyed) -> Edges:
    edges = keyed[1]["edges"]
    return step(edges["child"].to_numpy(), edges["parent"].to_numpy())


def _both_ways(table: pa.Table) -> pa.Table:
    one, other = table["child"].to_numpy(), table["parent"].to_numpy()
    return edge_table((np.concatenate([one, other]), np.concatenate([other, one])))


class _Settle(beam.DoFn):
    """Writes a bucket's edges, each once, and tells whether a round has changed any."""

    def __init__(self, before: Folder, now: Folder) -> None:
        self._before = before
        self._now = now

    def process(self, keyed: Keyed) -> Iterator[Count]:
        name = part_name(keyed[0])
        edges = edge_table(_taken(distinct, keyed))
        same = self._before.exists(name) and read_table(self._before, name).equals(edges)
        write_table(self._now, name, edges)
        yield "changed", int(not same)
