"""What mining costs beside bare faiss and beside sentence-transformers, on the same vectors.

    python -m benchmarks.mine [--rows 100000] [--dim 384] [--k 100] [--blocks 13] [--keep FOLDER]
    python -m benchmarks.mine --rows 1000000 --exact-rows 100000 --blocks 2 --alone

Draws as many queries and passages, in heaps as embeddings of texts are, and lays them out as
`score` does. Each of these then runs in a process of its own, on one thread, over as many queries
(blocks of 8,192, 13 of them are all of 100,000):

- `pairmill`: the `mine` stage's search from the indexes that it built before: reading shards, the
  exact search, the guards, the triplets and their files;
- `faiss`: `IndexFlatIP`, added to and searched in batches, and nothing else;
- `theirs, faiss` and `theirs`: `mine_hard_negatives` with `use_faiss` and without, its embeddings
  given.

Told are CPU seconds beyond starting and loading, and the greatest resident memory. Where the rows
are more than `--exact-rows`, the search is by inverted lists, and `recall` says how many of the
exact nearest are found, for 512 queries. `--alone` leaves the others out.
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
from pipelines.embedding_files import write_embeddings
from pipelines.storage import Folder
from pipelines.transforms.blocks import table_of
from pipelines.transforms.tables import write_table
from schemas.ids import text_id
from schemas.layout import OF_TEXTS, SCREENED_TEXTS, embeddings_folder, part_name
from schemas.rows import TextPair

_PART = 25_000
_HEAP = 50  # rows
_RECIPE = """
output = "out"
seed = 1
[[sources]]
name = "made"
task = "text-pair"
format = "table"
path = "none.parquet"
[screen]
[[score.teachers]]
model = "teacher"
[mine]
kinds = ["text-text"]
exact_rows = {exact_rows}
cross_language = 0.0
[mine.negatives]
range_max = {range_max}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--k", type=int, default=100, help="candidates of a query")
    parser.add_argument("--blocks", type=int, default=13, help="of 8,192 queries")
    parser.add_argument("--exact-rows", type=int, default=1_000_000)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder to make the data in, and to leave them")
    parser.add_argument("--run", help="one of the processes; for the benchmark itself")
    args = parser.parse_args()
    if args.run:
        print(json.dumps(globals()[f"run_{args.run}"](args)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        if not (folder / "recipe.toml").exists():
            make(folder, args)
        compare(folder, args)


def compare(folder: Path, args: argparse.Namespace) -> None:
    names = {"build": "pairmill, building", "ours": "pairmill"}
    if not args.alone:
        names |= {"bare": "faiss", "theirs_faiss": "theirs, faiss", "theirs": "theirs"}
    told = {name: _measured(name, folder, args) for name in names}
    base = told["ours"]
    rows = [
        (
            names[name],
            f"{of['queries']:,}",
            f"{of['seconds']:.1f}",
            f"{1000 * of['seconds'] / max(1, of['queries']):.3f}",
            f"{of['seconds'] / base['seconds']:.2f}",
            f"{of['mib']:,}",
        )
        for name, of in told.items()
    ]
    show(("", "queries", "CPU s", "ms a query", "of pairmill's", "MiB at most"), rows)
    for name in ("theirs_faiss", "theirs"):
        if name in told:
            same = told[name]["negatives"] == base["negatives"]
            print(f"{names[name]}: {'the same' if same else 'OTHER'} negatives")
    if base["recall"] is not None:
        print(f"recall {base['recall']:.4f}")


def _measured(name: str, folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    of = [
        f"--{key.replace('_', '-')}={getattr(args, key)}" for key in ("rows", "dim", "k", "blocks")
    ]
    command = [sys.executable, "-m", "benchmarks.mine", f"--run={name}", f"--keep={folder}", *of]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | threads)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(
    seconds: float, queries: int, negatives: Any = None, recall: Any = None
) -> dict[str, Any]:
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    of = {"seconds": seconds, "queries": queries, "mib": mib}
    return of | {"negatives": negatives, "recall": recall}


# Data


def make(folder: Path, args: argparse.Namespace) -> None:
    """Lays out text pairs and embeddings of chance as `score` leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    output = Folder(str(folder / "out"))
    random = np.random.default_rng(0)
    heaps = random.normal(size=(args.rows // _HEAP, args.dim)).astype(np.float32)
    for part, first in enumerate(range(0, args.rows, _PART)):
        numbers = range(first, min(first + _PART, args.rows))
        shape = (len(numbers), args.dim)
        base = heaps[random.integers(0, len(heaps), len(numbers))]
        base = base + random.normal(size=shape).astype(np.float32)
        near = base + 0.6 * random.normal(size=shape).astype(np.float32)
        rows = {f"query {n}": row for n, row in zip(numbers, _unit(base), strict=True)}
        rows |= {f"passage {n}": row for n, row in zip(numbers, _unit(near), strict=True)}
        pairs = [_pair(number) for number in numbers]
        write_table(output / SCREENED_TEXTS, part_name(part), table_of(TextPair, pairs))
        texts = sorted(rows, key=text_id)
        ids = pa.table({"text_id": [text_id(text) for text in texts]})
        embeddings = np.stack([rows[text] for text in texts])
        write_embeddings(output / embeddings_folder(0, OF_TEXTS), part, ids, embeddings)
    record = {"stage": "score", "version": 1, "fingerprint": "f", "reads": {}, "counts": {}}
    record |= {"started": 0.0, "seconds": 0.0, "limit": None, "libraries": {}}
    output.write("ledger/score/_stage.json", json.dumps(record).encode())
    (folder / "teacher").mkdir()
    (folder / "teacher/config.json").write_text("{}")
    recipe = _RECIPE.format(exact_rows=args.exact_rows, range_max=args.k - 1)
    (folder / "recipe.toml").write_text(recipe)


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def _pair(number: int) -> TextPair:
    query, passage = f"query {number}", f"passage {number}"
    ids = text_id(query), text_id(passage)
    return TextPair(*ids, query, passage, "en", "en", "made", f"made:none:{number}", "", "{}")


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
    recall = _recall(mining) if plan.spaces[0].rows > stage._rules.exact_rows else None
    return _told(seconds, queries, _digest(negatives), recall) | {"mib": memory}


def _recall(mining: Any) -> float:
    """Of the exact nearest, the share that the search finds, for some queries."""
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
    names = [
        seek(mining.prepared, mining.plan, rules, 1, few)[OWN].names.tolist()
        for rules in (mining.rules, exact)
    ]
    both = [len({*a} & {*b}) for a, b in zip(*names, strict=True)]
    return sum(both) / sum(map(len, names[1]))


def _embeddings(args: argparse.Namespace) -> dict[str, np.ndarray]:
    """Of every text."""
    from pipelines.embedding_files import read_ids, read_npy
    from pipelines.nearest import units

    folder = Folder(str(args.keep / "out")) / embeddings_folder(0, OF_TEXTS)
    found = {}
    for part in range(-(-args.rows // _PART)):
        ids = read_ids(folder, part, "text_id").to_pylist()
        found |= dict(zip(ids, units(read_npy(folder, part)), strict=True))
    return found


def _matrices(args: argparse.Namespace) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Queries that are asked, all passages, and the embeddings of both."""
    of = _embeddings(args)
    queries = json.loads((args.keep / "asked.json").read_text())
    passages = [f"passage {number}" for number in range(args.rows)]
    asked, every = (
        np.stack([of[text_id(text)] for text in texts]) for texts in (queries, passages)
    )
    return queries, passages, asked, every


def run_bare(args: argparse.Namespace) -> dict[str, Any]:
    """faiss, and nothing else."""
    import faiss

    queries, _, asked, every = _matrices(args)
    begun = time.process_time()
    index = faiss.IndexFlatIP(args.dim)
    index.add(every)
    for first in range(0, len(asked), 8_192):
        index.search(asked[first : first + 8_192], args.k)
    return _told(time.process_time() - begun, len(queries))


def run_theirs_faiss(args: argparse.Namespace) -> dict[str, Any]:
    return run_theirs(args, use_faiss=True)


def run_theirs(args: argparse.Namespace, use_faiss: bool = False) -> dict[str, Any]:
    """sentence-transformers, whose encoder has the embeddings already."""
    warnings.simplefilter("ignore")
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
    told = _told(seconds, len(queries))
    negatives = {row["query"]: [row[f"negative_{at}"] for at in range(1, 8)] for row in mined}
    return told | {"negatives": _digest(negatives)}


def _digest(negatives: dict[str, list[str]]) -> str:
    from schemas.ids import digest

    return digest(json.dumps(sorted(negatives.items())))


if __name__ == "__main__":
    main()
