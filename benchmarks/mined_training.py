"""Do mined negatives teach more than random ones? One small model, trained as long on either.

    python -m benchmarks.mined_training [sample|sentences] [--seeds 3] [--times 1] [--batch 64]

`sample` is a sample world, mined by the teacher that ships: pictures with captions that almost fit
and captions with near pictures, judged on other pictures of it. `sentences` are NTREX's news, each
language's asking for the English: texts with texts that almost answer, mined by a model that was
trained on them with the batch's own negatives alone, and judged on the sentences left out.

A model is trained on pairs first, for each seed, and from there on triplets: `mined` as
`pairmill mine` and `pack` leave them, and `random`, the same anchors and positives in the same
order with as many negatives drawn from the same language. All else is equal. Everybody's negatives
in a batch stand against each: the smaller `--batch`, the less random ones teach. A smaller one has
more steps, so that as many triplets are seen.
"""

import argparse
import json
import random
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from benchmarks.harness import ROOT
from benchmarks.outcome_worlds import pairmill
from model.tokens import learn_tokenizer
from model.training import train
from pipelines.plan_file import read_plan
from schemas.languages import ALL
from schemas.layout import IMAGE_TO_TEXT, TEXT_TEXT, TEXT_TO_IMAGE, packed_triplets

_PLAN = ROOT / "configs" / "train" / "quickstart.toml"
_DATA = ROOT.parent / "shared" / "data"
_ARMS = ("random", "mined")
_ANSWERED = "en"
_ASKING = ("de", "es", "fr", "ru")
_LEFT_OUT = 3  # one sentence in so many
_TRIPLETS = 3_200  # that a model sees
_SCORES = ("R@1", "R@10")

Found = dict[tuple[str, str, str], list[float]]
"""Scores by seed; by arm, task and score."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is trained on, and what judges.

    Attributes:
      folder: to work in; `out` is what was curated.
      pairs: data of the first stage, by `images` or `texts`.
      triplets: likewise of the second; `{arm}` in a path is one of `_ARMS`.
      judged: an evaluation set's table.
      model: of the plan.
      settings: of both stages.
      steps: of the first.
      triplet_batches: of the second: how many, and triplets in each.
    """

    folder: Path
    pairs: dict[str, Any]
    triplets: dict[str, Any]
    judged: Path
    model: dict[str, Any]
    settings: dict[str, Any]
    steps: int
    triplet_batches: tuple[int, int]

    @property
    def triplet_settings(self) -> dict[str, Any]:
        """Of the second stage alone."""
        _, size = self.triplet_batches
        sizes = {f"{kind.removesuffix('s')}_batch": size for kind in self.triplets}
        return {"learning_rate": 1e-3, "warmup_steps": 10} | sizes


def triplet_batches(times: int, size: int) -> tuple[int, int]:
    """How many batches of a size see all triplets that are to be seen, and the size.

    >>> triplet_batches(1, 64), triplet_batches(1, 16)
    ((50, 64), (200, 16))
    """
    return times * _TRIPLETS // size, size


def sample_trial(folder: Path, times: int, batch: int) -> Trial:
    """A sample world, curated and mined, and another one's pictures."""
    pairmill("sample", folder, "--rows", 3_000, "--seed", 31, "--defects", 0, "--models")
    held = ("--rows", 1_200, "--seed", 32, "--defects", 0)
    pairmill("sample", folder / "held-out", *held)
    recipe = tomllib.loads((folder / "recipe.toml").read_text("utf-8"))
    del recipe["translate"], recipe["select"]
    recipe["sources"] = recipe["sources"][:1]
    recipe["mine"] = mine_table(IMAGE_TO_TEXT, TEXT_TO_IMAGE)
    (folder / "recipe.toml").write_text(tomli_w.dumps(recipe), "utf-8")
    pairmill("curate", folder / "recipe.toml")
    triplets = [
        {"path": f"{{arm}}/{kind}", "pictures": "out/shards/pairs", "negatives": negatives}
        for kind, negatives in ((IMAGE_TO_TEXT, 4), (TEXT_TO_IMAGE, 1))
    ]
    return Trial(
        folder,
        {"images": [{"path": "out/shards/pairs"}]},
        {"images": triplets},
        folder / "held-out" / "pairs.parquet",
        small_model(),
        {"image_batch": 64, "token_dropout": 0.0},
        100 * times,
        triplet_batches(times, batch),
    )


def sentences_trial(folder: Path, data: Path, times: int, batch: int) -> Trial:
    """NTREX's sentences in pairs, mined by a model of the first stage."""
    sentences = pq.read_table(data / "ntrex" / "sentences.parquet").to_pylist()
    spoken = [{code: row[code] for code in (*_ASKING, _ANSWERED)} for row in sentences]
    seen = [row for number, row in enumerate(spoken) if number % _LEFT_OUT]
    held = [row for number, row in enumerate(spoken) if not number % _LEFT_OUT]
    judged = folder / "held-out.parquet"
    write_table(judged, held)
    asked = [
        {
            "query": row[code],
            "positive": row[_ANSWERED],
            "query_language": code,
            "language": _ANSWERED,
        }
        for row in seen
        for code in _ASKING
    ]
    write_table(folder / "texts.parquet", asked)
    curate_sentences(folder, {})
    # Learned tokens would begin alike, and texts alone could not tell them apart.
    texts = [text for row in seen for text in row.values()]
    learn_tokenizer(texts, small_model()["learned_tokens"]).save_pretrained(folder / "tokenizer")
    trial = Trial(
        folder,
        {"texts": [{"path": "out/shards/texts"}]},
        {"texts": [{"path": f"{{arm}}/{TEXT_TEXT}", "negatives": 4}]},
        judged,
        small_model() | {"learned_tokens": 0, "tokenizer": str(folder / "tokenizer")},
        {"text_batch": 64, "text_length": 48, "token_dropout": 0.0},
        120 * times,
        triplet_batches(times, batch),
    )
    teacher = first_stage(trial, "teacher", seed=100)
    score = {"teachers": [{"model": str(teacher)}]}
    curate_sentences(folder, {"score": score, "mine": mine_table(TEXT_TEXT)})
    return trial


def mine_table(*kinds: str) -> dict[str, Any]:
    """Of a recipe: four negatives, all in the language that random ones are drawn from."""
    return {"kinds": [*kinds], "cross_language": 0.0, "negatives": {"num_negatives": 4}}


def curate_sentences(folder: Path, tables: dict[str, Any]) -> None:
    """Packs `texts.parquet`, and mines it where the tables say so."""
    source = {
        "name": "news",
        "task": "text-pair",
        "format": "table",
        "path": "texts.parquet",
        "query_language_column": "query_language",
        "language_column": "language",
    }
    recipe = {
        "output": "out",
        "sources": [source],
        "gather": {},
        "screen": {},
        **tables,
        "pack": {},
    }
    (folder / "recipe.toml").write_text(tomli_w.dumps(recipe), "utf-8")
    pairmill("curate", folder / "recipe.toml")


def write_table(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)


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


def first_stage(trial: Trial, name: str, seed: int) -> Path:
    """Trains a model on pairs; returns its folder."""
    stage = {"learning_rate": 3e-3, "warmup_steps": 30, **trial.pairs}
    return trained(trial, name, trial.model, stage, trial.steps, seed)


def small_model() -> dict[str, Any]:
    """The quickstart's."""
    model: dict[str, Any] = tomllib.loads(_PLAN.read_text("utf-8"))["model"]
    return model


def trained(
    trial: Trial, name: str, model: dict[str, Any], stage: dict[str, Any], steps: int, seed: int
) -> Path:
    """Trains a model and judges it at the end; returns its folder."""
    about = {"name": "one", "steps": steps, "image_loss": {"temperature": 0.05}}
    plan = {
        "output": name,
        "seed": seed,
        "languages": list(ALL),
        "model": model,
        "stages": [about | trial.settings | stage],
        "running": {"loaders": 0, "log_every": 40, "checkpoint_every": 10_000},
        "evaluations": [{"name": "held-out", "data": str(trial.judged)}],
    }
    path = trial.folder / f"{name}.toml"
    path.write_text(tomli_w.dumps(plan), "utf-8")
    folder = train(read_plan(str(path)), lambda _: None)
    assert folder is not None
    return folder


def scores_of(model: Path) -> dict[tuple[str, str], float]:
    """What a training was judged at, at its end, by task and score."""
    lines = (model.parent / "metrics.jsonl").read_text("utf-8").splitlines()
    judged = [line for line in map(json.loads, lines) if "evaluation" in line]
    return {
        (task, score): value
        for key, value in judged[-1].items()
        if key.startswith("held-out/")
        for _, task, score in [key.split("/")]
        if score in _SCORES
    }


def compare(trial: Trial, seeds: int) -> Found:
    """Trains every arm with every seed; says how it goes."""
    lay_out_arms(trial.folder)
    found: Found = defaultdict(list)
    for seed in range(seeds):
        first = first_stage(trial, f"pairs-{seed}", seed)
        keep(found, "before", first)
        for arm in _ARMS:
            data = {
                kind: [one | {"path": one["path"].format(arm=arm)} for one in sets]
                for kind, sets in trial.triplets.items()
            }
            stage = trial.triplet_settings | data
            steps, _ = trial.triplet_batches
            begun = {"checkpoint": str(first)}
            keep(found, arm, trained(trial, f"{arm}-{seed}", begun, stage, steps, seed))
        print("\n".join(table_of(found)), flush=True)
    return found


def keep(found: Found, arm: str, model: Path) -> None:
    for name, value in scores_of(model).items():
        found[arm, *name].append(value)


def table_of(found: Found) -> list[str]:
    """Scores by arm: mean, then each seed's."""
    names = list(dict.fromkeys(name[1:] for name in found))
    lines = [f"{'':<9}" + "".join(f"{' '.join(name):>38}" for name in names)]
    for arm in ("before", *_ARMS):
        cells = [found[arm, *name] for name in names]
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
    parser.add_argument("--times", type=int, default=1, help="as many steps as by default")
    parser.add_argument("--batch", type=int, default=64, help="triplets in a batch")
    parser.add_argument("--data", type=Path, default=_DATA, help="the folder that ntrex/ is in")
    parser.add_argument("--folder", type=Path, help="kept afterwards; default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        tables = {}
        for name in given.trials:
            (folder / name).mkdir(parents=True)
            made = (
                sample_trial(folder / name, given.times, given.batch)
                if name == "sample"
                else sentences_trial(folder / name, given.data, given.times, given.batch)
            )
            tables[name] = table_of(compare(made, given.seeds))
    for name, lines in tables.items():
        print(name, *lines, sep="\n")


if __name__ == "__main__":
    main()
