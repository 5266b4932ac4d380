"""Memory of the command that plans documents which a table names by URL: it should not grow.

    python -m benchmarks.document_urls [--rows N...]

For each N a table of as many made URLs, which nobody asks for: what is to be fetched is planned by
two workers; then shards that say of each that it is gone are made, and what is to be rendered is
planned. The peaks of resident memory of the process that drives Beam, so far, and processor seconds
with its workers'.
"""

import argparse
import multiprocessing
import resource
import tempfile
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from benchmarks.harness import show
from pipelines.commit import Attempt
from pipelines.document_fetching import FetchedShard
from pipelines.document_plan import plan_renderings
from pipelines.document_urls import plan_urls
from pipelines.documents import URLS, DocumentsStage
from pipelines.gathered_rows import commit_shard, gathering
from pipelines.lane_plan import numbered
from pipelines.recipe_file import read_recipe
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.tables import read_rows
from schemas.layout import FETCHING
from schemas.rows import PlannedPicture

_HOSTS = 5_000
_BLOCK = 100_000  # rows of a row group
_MIB = 1 << 10  # of what getrusage says, in KiB
_PER_SHARD = 1_000  # documents: few enough files for a file system that others use


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    args = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")  # a process of its own has a peak of its own
    found = []
    for rows in args.rows:
        with tempfile.TemporaryDirectory(prefix="pairmill-benchmark-") as folder:
            recipe, said = _write_recipe(Path(folder), rows), spawn.SimpleQueue()
            process = spawn.Process(target=_plan, args=(recipe, said))
            process.start()
            process.join()
            if process.exitcode:
                raise RuntimeError(f"planning {rows:,} rows ended with {process.exitcode}")
            found.append((f"{rows:,}", *said.get()))
    show(("rows", "start MiB", "to fetch MiB", "to render MiB", "CPU s"), found)


def _write_recipe(folder: Path, rows: int) -> str:
    with pq.ParquetWriter(folder / "urls.parquet", pa.schema({"url": pa.string()})) as writer:
        for start in range(0, rows, _BLOCK):
            urls = [_url(row) for row in range(start, min(start + _BLOCK, rows))]
            writer.write_table(pa.table({"url": urls}))
    source = {"name": "web", "task": "document", "format": "table", "path": "urls.parquet"}
    documents = {"documents_per_shard": _PER_SHARD}
    recipe = {"output": "out", "sources": [source], "documents": documents, "pack": {}}
    path = folder / "recipe.toml"
    path.write_text(tomli_w.dumps(recipe), "utf-8")
    return str(path)


def _url(row: int) -> str:
    return f"https://host-{row % _HOSTS}.example.org/reports/{row:09d}/report.pdf"


def _plan(recipe: str, said: SimpleQueue[tuple[str, ...]]) -> None:
    """Plans in this process, with two workers below it; says its peaks and the seconds."""
    rules = read_recipe(recipe)
    assert rules.documents is not None
    run = Run(rules, None, (), (), 2, lambda _: None)
    stage, plan = DocumentsStage(run), run.output / "_work/plan"
    there = stage.there(plan)
    peaks = [_peak()]
    plan_urls(run, rules.documents, stage.url_splits, plan / URLS, there.buckets)
    shards = numbered(run.output, plan / URLS, there.buckets, FETCHING)
    peaks.append(_peak())
    for shard in shards:
        _lose(run.output, shard["number"], shard["plan"])
    limits, most = rules.documents.limits(), rules.documents.documents_per_shard
    planned = plan_renderings(run, there, plan, limits, most)
    peaks.append(_peak())
    assert sum(one.end - one.first for one in planned) == sum(s.rows for s in stage.url_splits)
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(of.ru_utime + of.ru_stime for of in used)
    said.put((*(f"{peak:,.0f}" for peak in peaks), f"{seconds:.0f}"))


def _lose(output: Folder, number: int, plan: str) -> None:
    """Commits a shard of documents that are gone."""
    attempt = Attempt(output, number, FETCHING)
    with gathering(attempt, number, "jpeg", FetchedShard) as shard:
        for document in read_rows(output, plan, PlannedPicture):
            shard.lose(document, "failed_to_download", "http-404", document.location)
    commit_shard(attempt, shard.rows, shard.stats(0.0, 0.0, []), FetchedShard.row_type)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB


if __name__ == "__main__":
    main()
