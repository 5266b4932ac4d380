"""Do mined negatives teach more than random ones? One small model, trained as long on either.

    python -m benchmarks.mined_training [sample|sentences] [--seeds 3]

`sample` is scenes of a sample world in four languages, mined by the teacher that ships: pictures
with captions that almost fit and captions with near pictures, judged on other scenes: by retrieval,
and by whether a caption fits its picture better than the caption with one attribute altered.
`sentences` are NTREX's news, twelve languages' asking for the English: texts with texts that almost
answer, mined by a model of the first stage, as ANCE does (Xiong et al. 2021, arXiv:2007.00808), and
judged on questions left out, four languages' for each of the 1,997 sentences.

A model is trained on pairs first, for each seed, and from there on triplets: `mined` as
`pairmill mine` and `pack` leave them, and `random`, the same anchors and positives with as many
negatives drawn from the same language. They come in the same order, but that a row which stands
against one in its batch waits. All else is equal. Everybody's negatives in a batch stand against
each: the smaller the batch, the less random ones teach.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w
from PIL import Image

from benchmarks.harness import ROOT
from benchmarks.mined_trials import Trial, mine_sentences, sample_trial, sentences_trial
from model.evaluation import evaluate
from model.evaluation_report import ALL_LANGUAGES
from model.evaluation_sets import EvaluationSet
from model.teacher import Encoder, TeacherSpec, load_teacher
from model.training import train
from pipelines.plan_file import read_plan
from schemas.languages import ALL
from schemas.layout import IMAGE_TO_TEXT, TEXT_TEXT, TEXT_TO_IMAGE, packed_triplets

_DATA = ROOT.parent / "shared" / "data"
_ARMS = ("random", "mined")
_PAIRS_BATCH = {"images": 128, "texts": 64}
_EMBEDDED = 128  # at once
_TOLD_APART = "told apart"

Found = dict[tuple[str, str], list[float]]
"""Scores by seed; by arm and what was asked."""


# Random negatives


def lay_out_arms(folder: Path) -> None:
    """Puts the triplets of each arm below `mined` and `random`."""
    for kind in (IMAGE_TO_TEXT, TEXT_TO_IMAGE, TEXT_TEXT):
        packed = folder / "out" / Path(packed_triplets(kind)[0]).parent
        if not packed.exists():
            continue
        (folder / "mined").mkdir(exist_ok=True)
        (folder / "mined" / kind).symlink_to(packed)
        tables = [pq.read_table(path) for path in sorted((packed / "rows").glob("*.parquet"))]
        rows = pa.concat_tables(tables)
        for part in ("train", "rows"):
            (folder / "random" / kind / part).mkdir(parents=True)
        drawn = with_random_negatives(rows)
        columns = pq.read_schema(next((packed / "train").glob("*.parquet"))).names
        write = folder / "random" / kind
        pq.write_table(drawn, write / "rows" / "part-00000.parquet")
        pq.write_table(drawn.select(columns), write / "train" / "part-00000.parquet")


def with_random_negatives(rows: pa.Table) -> pa.Table:
    """The same triplets with negatives drawn from the positives of the same language."""
    dice = random.Random(0)
    names = [name for name in rows.column_names if name.removeprefix("negative_").isdigit()]
    pools: dict[str, list[tuple[str, str]]] = defaultdict(list)
    listed = rows.to_pylist()
    for row in listed:
        pools[row["positive_language"]].append((row["positive"], row["positive_uid"]))
    for row in listed:
        drawn: dict[str, str] = {}
        while len(drawn) < len(names):
            text, uid = dice.choice(pools[row["positive_language"]])
            if text != row["positive"] and (not uid or uid != row["positive_uid"]):
                drawn[text] = uid
        row |= dict(zip(names, drawn, strict=True)) | {"negative_uids": list(drawn.values())}
    return pa.Table.from_pylist(listed, rows.schema)


# Training


def train_on_pairs(trial: Trial, name: str, seed: int) -> Path:
    """The first stage; returns the model's folder."""
    stage = {"learning_rate": 3e-3, "warmup_steps": 30, "steps": trial.steps, **trial.pairs}
    return trained(trial, name, trial.model, stage | batch_sizes(trial.pairs, None), seed)


def train_on_triplets(trial: Trial, arm: str, begun: Path, seed: int) -> Path:
    """The second stage, from where the first ended; returns the model's folder."""
    data = {
        kind: [one | {"path": one["path"].format(arm=arm)} for one in sets]
        for kind, sets in trial.triplets.items()
    }
    steps = trial.seen // trial.batch
    stage: dict[str, Any] = {"learning_rate": trial.rate, "warmup_steps": 20, "steps": steps}
    stage |= data | batch_sizes(data, trial.batch)
    return trained(trial, f"{arm}-{seed}", {"checkpoint": str(begun)}, stage, seed)


def batch_sizes(data: dict[str, Any], size: int | None) -> dict[str, int]:
    """The plan's words for a batch of each kind of data; None: that of pairs.

    >>> batch_sizes({"images": []}, None), batch_sizes({"texts": []}, 16)
    ({'image_batch': 128}, {'text_batch': 16})
    """
    return {f"{kind.removesuffix('s')}_batch": size or _PAIRS_BATCH[kind] for kind in data}


def trained(
    trial: Trial, name: str, model: dict[str, Any], stage: dict[str, Any], seed: int
) -> Path:
    """Trains a model of one stage; returns its folder."""
    plan = {
        "output": name,
        "seed": seed,
        "languages": list(ALL),
        "model": model,
        "stages": [{"name": "one"} | trial.settings | stage],
        "running": {"loaders": 0, "log_every": 50, "checkpoint_every": 10_000},
    }
    path = trial.folder / f"{name}.toml"
    path.write_text(tomli_w.dumps(plan), "utf-8")
    folder = train(read_plan(str(path)), lambda _: None)
    assert folder is not None
    return folder


# Judging


def scores_of(model: Path, judged: Path) -> dict[str, float]:
    """R@1 of each task, and the share of altered captions that are told from the true ones."""
    encoder = load_teacher(TeacherSpec(model=str(model), dtype="float32"))
    report = evaluate(encoder, [EvaluationSet(data=str(judged))], dims=[encoder.dim])
    found = {
        f"{result.task} R@1": score.values["R@1"]
        for result in report.results
        for score in result.scores
        if score.language == ALL_LANGUAGES
    }
    if "altered" in pq.read_schema(judged).names:
        found[_TOLD_APART] = told_apart(encoder, judged)
    return found


def told_apart(encoder: Encoder, judged: Path) -> float:
    """The share of captions that fit their picture better than they do altered."""
    rows = pq.read_table(judged).to_pylist()
    better = 0
    for start in range(0, len(rows), _EMBEDDED):
        some = rows[start : start + _EMBEDDED]
        pictures = encoder.embed_images([Image.open(judged.parent / row["image"]) for row in some])
        true, altered = (_cosines(encoder, some, pictures, of) for of in ("text", "altered"))
        better += int((true > altered).sum())
    return better / len(rows)


def _cosines(
    encoder: Encoder, rows: Sequence[dict[str, Any]], pictures: np.ndarray, column: str
) -> np.ndarray:
    """Of each row's picture and text, [rows]; pictures [rows, d]."""
    texts = [row[column] for row in rows]
    embedded = encoder.embed_texts(texts, [row["language"] for row in rows])  # [rows, d]
    return np.asarray((pictures * embedded).sum(axis=1))


def compare(trial: Trial, seeds: int) -> Found:
    """Trains every arm with every seed; says how it goes."""
    lay_out_arms(trial.folder)
    found: Found = defaultdict(list)
    for seed in range(seeds):
        models = {"before": train_on_pairs(trial, f"pairs-{seed}", seed)}
        for arm in _ARMS:
            models[arm] = train_on_triplets(trial, arm, models["before"], seed)
        for arm, model in models.items():
            for asked, value in scores_of(model, trial.judged).items():
                found[arm, asked].append(value)
        print("\n".join(table_of(found)), flush=True)
    return found


def table_of(found: Found) -> list[str]:
    """Scores by arm: mean, then each seed's."""
    names = list(dict.fromkeys(asked for _, asked in found))
    lines = [f"{'':<9}" + "".join(f"{name:>38}" for name in names)]
    for arm in ("before", *_ARMS):
        cells = [found[arm, name] for name in names]
        shown = [f"{mean(of):.3f} ({', '.join(f'{one:.3f}' for one in of)})" for of in cells]
        lines.append(f"{arm:<9}" + "".join(f"{cell:>38}" for cell in shown))
    return lines


def main() -> None:
    """Prints how it goes and, at the end, a table for each trial."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trials", nargs="*", default=["sample", "sentences"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=_DATA, help="the folder that ntrex/ is in")
    parser.add_argument("--folder", type=Path, help="kept afterwards; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        tables = {}
        for name in given.trials:
            (folder / name).mkdir(parents=True)
            if name == "sample":
                trial = sample_trial(folder / name)
            else:
                trial = sentences_trial(folder / name, given.data)
                mine_sentences(folder / name, train_on_pairs(trial, "teacher", seed=100))
            tables[name] = table_of(compare(trial, given.seeds))
    for name, lines in tables.items():
        print(name, *lines, sep="\n")


if __name__ == "__main__":
    main()
