"""What mining costs beside bare faiss and beside sentence-transformers, on the same vectors.

    python -m benchmarks.mine [--rows 100000] [--dim 384] [--k 100] [--blocks 7] [--keep FOLDER]
    python -m benchmarks.mine --rows 100000 1000000 --blocks 1 --beside faiss

Makes as many queries and passages (`mine_data`), and lays them out as `score` does. Each of these
then runs in a process of its own, on one thread, over as many queries (blocks of 16,384 at most,
7 of them are all of 100,000):

- `pairmill, building`: lists what is embedded and writes indexes, by Beam in this process;
- `pairmill`: the `mine` stage's search from these: reading shards, the search, the guards, the
  triplets and their files;
- `faiss`: `IndexFlatIP`, added to and searched in batches, and nothing else; where the stage
  searches by inverted lists, `IndexIVFFlat` over the same lists and shards, searched only;
- `theirs, faiss` and `theirs`: `mine_hard_negatives` with `use_faiss` and without, its embeddings
  given.

Told are CPU seconds beyond starting and loading (faiss and torch), and the greatest resident
memory. Where the rows are more than `--exact-rows` (by default the recipe's), the search is by
inverted lists, and `recall` says how many of the exact nearest are found, for 512 queries. Where
the CPU multiplies bfloat16, the exact search takes less than faiss (`pipelines.shortlists`).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.harness import show
from benchmarks.mine_data import PART, dimensions, make
from pipelines.storage import Folder
from schemas.ids import text_id
from schemas.layout import OF_TEXTS, embeddings_folder, part_name

_BATCH = 8_192  # queries

_NAMES = {
    "build": "pairmill, building",
    "ours": "pairmill",
    "faiss": "faiss",
    "theirs_faiss": "theirs, faiss",
    "theirs": "theirs",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--k", type=int, default=100, help="candidates of a query")
    parser.add_argument("--blocks", type=int, default=7, help="of 16,384 queries at most")
    parser.add_argument("--exact-rows", type=int)
    others = ["faiss", "theirs_faiss", "theirs"]
    parser.add_argument("--beside", nargs="*", choices=others, default=others)
    parser.add_argument("--keep", type=Path, help="folder to make the data in, and to leave them")
    parser.add_argument("--run", help="one of the processes; for the benchmark itself")
    args = parser.parse_args()
    if args.run:
        print(json.dumps(globals()[f"run_{args.run}"](args)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        table: list[tuple[str, ...]] = []
        for rows in args.rows:
            folder = (args.keep or Path(scratch)) / str(rows)
            if not (folder / "recipe.toml").exists():
                make(folder, rows, args.dim, args.k, args.exact_rows)
            table += _compare(folder, args)
    show(
        ("rows", "", "queries", "CPU s", "ms a query", "of pairmill's", "MiB at most"),
        table,
    )


def _compare(folder: Path, args: argparse.Namespace) -> list[tuple[str, ...]]:
    told = {name: _measured(name, folder, args) for name in ("build", "ours", *args.beside)}
    base = told["ours"]
    for name in ("theirs_faiss", "theirs"):
        if name in told:
            same = told[name]["negatives"] == base["negatives"]
            print(f"{_NAMES[name]}: {'the same' if same else 'OTHER'} negatives")
    if base["recall"] is not None:
        of = "of {rows} rows, whose neighbourhoods have {dimensions:.1f} dimensions"
        print(f"recall {base['recall']:.4f} {of.format(rows=folder.name, **base)}")
    return [
        (
            f"{int(folder.name):,}",
            _NAMES[name],
            f"{of['queries']:,}",
            f"{of['seconds']:.1f}",
            f"{1000 * of['seconds'] / of['queries']:.3f}" if of["queries"] else "",
            f"{of['seconds'] / base['seconds']:.2f}",
            f"{of['mib']:,}",
        )
        for name, of in told.items()
    ]


def _measured(name: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    of = [f"--{key}={getattr(args, key)}" for key in ("dim", "k", "blocks")]
    of.append(f"--rows={folder.name}")
    command = [sys.executable, "-m", "benchmarks.mine", f"--run={name}", f"--keep={folder}", *of]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | threads)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(seconds: float, queries: int, **more: Any) -> dict[str, Any]:
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"seconds": seconds, "queries": queries, "mib": mib, **more}


# Processes


def _stage(args: argparse.Namespace) -> Any:
    """The stage, its plan and where its indexes are."""
    from pipelines.mine import MineStage
    from pipelines.recipe_file import read_recipe
    from pipelines.stages import Run

    recipe = read_recipe(str(args.keep / "recipe.toml"))
    stage = MineStage(Run(recipe, None, (), (), 1, lambda _: None))
    return stage, Folder(recipe.output) / "indexes" / stage._index_name()


def run_build(args: argparse.Namespace) -> dict[str, Any]:
    """Plans and builds the indexes, by Beam in this process."""
    from pipelines.mining_index import build_index
    from pipelines.mining_plan import make_plan

    stage, prepared = _stage(args)
    begun = time.process_time()
    plan = make_plan(stage._run, stage._rules, stage._kept, 0, prepared)
    build_index(stage._run, stage._rules, plan, 0, prepared)
    return _told(time.process_time() - begun, 0)


def run_ours(args: argparse.Namespace) -> dict[str, Any]:
    """Mines blocks from the indexes."""
    import faiss  # noqa: F401 (loaded before it counts)
    import torch  # noqa: F401 (the same)

    from pipelines.mining import BLOCK, MinePieces, Work
    from pipelines.mining_guards import Mining
    from pipelines.mining_plan import MinePlan
    from pipelines.transforms.tables import read_table

    stage, prepared = _stage(args)
    plan = MinePlan.from_json(prepared.read("plan.json"))
    mining = Mining(prepared, plan, stage._rules, 1, {})
    work = Folder(str(args.keep / "mined"))
    mine = MinePieces(mining, work, work / "done", lambda _: [])
    blocks = range(min(args.blocks, plan.anchors[0].pieces))
    begun = time.process_time()
    for block in blocks:
        mine.process(Work(BLOCK, block))
    seconds = time.process_time() - begun
    memory = _told(seconds, 0)["mib"]
    tables = [read_table(work / "triplets", part_name(block)) for block in blocks]
    rows = pa.concat_tables(tables)
    negatives = {
        row["anchor"]: [row[f"negative_{at}"] for at in range(1, 8)] for row in rows.to_pylist()
    }
    queries = sum(
        int(json.loads((work / "done").read(Work(BLOCK, b).marker))["count"]) for b in blocks
    )
    asked = pa.concat_tables(
        [read_table(prepared / "anchors", f"{block:05d}.parquet", ["text"]) for block in blocks]
    )
    (args.keep / "asked.json").write_text(json.dumps(asked["text"].to_pylist()))
    is_exact = plan.spaces[0].rows <= stage._rules.exact_rows
    found = {"recall": None} if is_exact else _recall(mining)
    told = _told(seconds, queries, negatives=_digest(negatives), **found)
    return told | {"mib": memory}


def _recall(mining: Any) -> dict[str, float]:
    """Of the exact nearest of some queries the share that the search finds, and how they lie."""
    from dataclasses import replace

    from pipelines.mining_search import OWN, read_anchors, seek

    anchors = read_anchors(mining.prepared, mining.plan.anchors[0], 0)
    some = slice(0, 512)
    arrays = ("embeddings", "names", "owners", "pdqs", "positives", "least")
    few = replace(
        anchors,
        table=anchors.table.slice(0, 512),
        **{name: getattr(anchors, name)[some] for name in arrays},
    )
    exact = replace(mining.rules, exact_rows=1 << 40)
    nearly, exactly = (
        seek(mining.prepared, mining.plan, rules, 1, few)[OWN] for rules in (mining.rules, exact)
    )
    both = zip(nearly.names.tolist(), exactly.names.tolist(), strict=True)
    recall = sum(len({*a} & {*b}) for a, b in both) / exactly.names.size
    return {"recall": recall, "dimensions": dimensions(exactly.scores)}


def _matrices(args: argparse.Namespace) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Queries that are asked, all passages, and the embeddings of both."""
    from pipelines.embedding_files import read_ids, read_npy
    from pipelines.nearest import units

    folder = Folder(str(args.keep / "out")) / embeddings_folder(0, OF_TEXTS)
    queries = json.loads((args.keep / "asked.json").read_text())
    passages = [f"passage {number}" for number in range(args.rows[0])]
    wanted = {text_id(text): row for row, text in enumerate(queries + passages)}
    found = np.empty((len(wanted), args.dim), np.float32)
    for part in range(-(-len(passages) // PART)):
        rows = [wanted.get(id_, -1) for id_ in read_ids(folder, part, "text_id").to_pylist()]
        here = np.flatnonzero(np.array(rows) >= 0)
        found[np.array(rows)[here]] = units(read_npy(folder, part)[here])
    return queries, passages, found[: len(queries)], found[len(queries) :]


def run_faiss(args: argparse.Namespace) -> dict[str, Any]:
    """faiss, and nothing else."""
    import faiss

    stage, prepared = _stage(args)
    if [*Path(prepared.uri, "index").glob("*.centres.npy")]:
        return _faiss_by_lists(args, prepared, stage._rules.probes)
    queries, _, asked, every = _matrices(args)
    begun = time.process_time()
    index = faiss.IndexFlatIP(args.dim)
    index.add(every)
    for first in range(0, len(asked), _BATCH):
        index.search(asked[first : first + _BATCH], args.k)
    return _told(time.process_time() - begun, len(queries))


def _faiss_by_lists(args: argparse.Namespace, prepared: Folder, probes: int) -> dict[str, Any]:
    """Shard after shard."""
    import faiss

    from pipelines.embedding_files import read_npy
    from pipelines.mining_search import read_lists
    from pipelines.nearest import units

    folder, anchors, seconds = prepared / "index", prepared / "anchors", 0.0
    asked = np.concatenate([units(read_npy(anchors, block)) for block in range(args.blocks)])
    for number in range(len([*Path(folder.uri).glob("*.centres.npy")])):
        lists, quantizer = read_lists(folder, number, probes), faiss.IndexFlatIP(args.dim)
        quantizer.add(lists.centres)
        index = faiss.IndexIVFFlat(
            quantizer, args.dim, len(lists.centres), faiss.METRIC_INNER_PRODUCT
        )
        index.add(units(read_npy(folder, number)))
        index.nprobe = probes
        begun = time.process_time()
        for first in range(0, len(asked), _BATCH):
            index.search(asked[first : first + _BATCH], args.k)
        seconds += time.process_time() - begun
    return _told(seconds, len(asked))


def run_theirs_faiss(args: argparse.Namespace) -> dict[str, Any]:
    return run_theirs(args, use_faiss=True)


def run_theirs(args: argparse.Namespace, use_faiss: bool = False) -> dict[str, Any]:
    """sentence-transformers, whose encoder has the embeddings already."""
    warnings.simplefilter("ignore")
    import faiss  # noqa: F401 (loaded before it counts)
    import torch
    from datasets import Dataset
    from sentence_transformers.util import dot_score, mine_hard_negatives, pairwise_dot_score

    torch.set_num_threads(1)
    queries, passages, asked, every = _matrices(args)

    class Encoder:
        device = torch.device("cpu")
        similarity = staticmethod(dot_score)
        similarity_pairwise = staticmethod(pairwise_dot_score)

        def encode_query(self, *_: Any, **__: Any) -> np.ndarray:
            return asked

        def encode_document(self, *_: Any, **__: Any) -> np.ndarray:
            return every

        def get_embedding_dimension(self) -> int:
            return int(args.dim)

    positives = [query.replace("query", "passage") for query in queries]
    pairs = Dataset.from_dict({"query": queries, "passage": positives})
    begun = time.process_time()
    mined = mine_hard_negatives(
        pairs,
        Encoder(),  # type: ignore[arg-type]
        corpus=passages,
        range_max=args.k - 1,
        relative_margin=0.05,
        num_negatives=7,
        output_format="n-tuple",
        output_scores=True,
        use_faiss=use_faiss,
        verbose=False,
    )
    seconds = time.process_time() - begun
    memory = _told(seconds, len(queries))
    negatives = {row["query"]: [row[f"negative_{at}"] for at in range(1, 8)] for row in mined}
    return memory | {"negatives": _digest(negatives)}


def _digest(negatives: dict[str, list[str]]) -> str:
    from schemas.ids import digest

    return digest(json.dumps(sorted(negatives.items())))


if __name__ == "__main__":
    main()
