"""Does curation pay? One small model, trained as long on the raw pool, the curated one, the truth.

    python -m benchmarks.outcome sample
    python -m benchmarks.outcome sample --cross-fitted captions
    python -m benchmarks.outcome emoji [--data FOLDER]
    python -m benchmarks.outcome emoji --cross-fitted captions --trusted --threshold precision=0.7

The pool is a sample world, whose own defects it has, or a folder of emoji with their names, and in
either a share of the good captions is exchanged for those of other pictures. It goes through the
commands as users' pools do: `raw` is gathered and packed, `curated` also screened (the sample
world), scored and selected, and `oracle` is gathered and packed of the rows
alone that are known to be good. The model of `configs/train/quickstart.toml` is trained on each
with each seed, and judged by R@10 on pictures and sentences that no pool has. What counts is how
much of the way from raw to oracle is made by curation; with a way of under 5 points it says little.

The teacher of the sample world is the one that ships; that of emoji is trained on the true names of
half of the concepts, and results are shown for those and for the others. `--cross-fitted` has the
pool judge itself instead: a model for each fold, of pictures or of captions, trained on the others'
noisy captions, and with `--trusted` on those true names besides. Such a one is less sure, so that
less precision is to be asked of it. With `--rounds 2` what stays by such models'
judgement trains new ones, which judge the whole pool.

Nothing tells the pipeline the share of mismatches, and seeds change the models alone, not the pool.
"""

import argparse
import json
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from benchmarks.harness import ROOT
from benchmarks.outcome_worlds import World, emoji_world, pairmill, sample_world, write_rows
from benchmarks.tiny_teacher import SHIPPED
from filters.thresholds import EVERY, Level
from schemas.languages import ALL
from schemas.layout import KEPT, PICTURE_BRANCH

ARMS = ("raw", "curated", "oracle")
_PLAN = ROOT / "configs" / "train" / "quickstart.toml"
_EMOJI = ROOT.parent / "shared" / "data" / "emoji"
_PAIRS = "out/shards/pairs"
_TASKS = ("text-to-image", "image-to-text")
_SAMPLE_ROWS = 30_000
_FOLDS = 3
_FEW = 1000  # rows that are curated sooner than workers start
_LEAST_GAP = 0.05

Found = dict[tuple[str, str, str], list[float]]
"""R@10 by seed; by arm, gallery and task."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
      folder: to work in.
      batch: pictures in a batch.
      steps: of each training.
      teacher_steps: of the teacher's, or of each of its models.
      seeds: how many.
      threshold: `[select.threshold]`.
      cross_fitted: of what the folds are of a teacher made for the pool; None: it is not.
      trusted: whether such a teacher's models are trained on the trusted rows besides.
      rounds: such teachers made, each of what the one before has kept.
    """

    folder: Path
    batch: int
    steps: int
    teacher_steps: int
    seeds: int
    threshold: dict[str, Any]
    cross_fitted: str | None
    trusted: bool
    rounds: int


def compare(world: World, asked: Asked) -> Found:
    """Curates, trains and evaluates; says how it goes."""
    good = [row for row, is_good in zip(world.rows, world.is_good, strict=True) if is_good]
    for arm, rows in (("raw", world.rows), ("oracle", good), ("curated", world.rows)):
        write_rows(asked.folder / arm / "pairs.parquet", rows)
    for arm in ("raw", "oracle"):
        curate(asked.folder / arm, world)
    screen = {"screen": world.screen} if world.screen else {}
    teacher = make_teacher(world, asked, screen)
    curate(asked.folder / "curated", world, **screen, **judged_by(teacher, asked))
    for arm in ARMS:
        print(f"{arm:<9}{what_is_in(asked.folder / arm, world, arm)}", flush=True)
    print(f"{teacher.name}: {what_is_said(asked.folder / 'curated' / 'out', world)}", flush=True)
    found: Found = defaultdict(list)
    for seed in range(asked.seeds):
        for arm in ARMS:
            model = train(asked.folder / arm, f"seed-{seed}", asked.batch, asked.steps, seed=seed)
            for gallery, table in world.galleries.items():
                for task, recall in judge(model, table).items():
                    found[arm, gallery, task].append(recall)
            shown = "  ".join(
                f"{name} {task} {recalls[-1]:.3f}"
                for (of, name, task), recalls in found.items()
                if of == arm
            )
            print(f"{arm:<9}seed {seed}: {shown}", flush=True)
    return found


def curate(folder: Path, world: World, **tables: Any) -> None:
    """Curates `pairs.parquet` of a folder by a recipe of these tables."""
    source = {
        "name": "pool",
        "format": "table",
        "path": "pairs.parquet",
        "url_column": "image",
        "caption_column": "text",
        "language_column": "language",
    }
    gather = {"image_size": world.image_size, "pictures_per_shard": 2000, "allow_local_files": True}
    pack = {"samples_per_shard": 2000}
    recipe = {"output": "out", "sources": [source], "gather": gather, **tables, "pack": pack}
    (folder / "recipe.toml").write_text(tomli_w.dumps(recipe), "utf-8")
    alone = ("--", "--direct_num_workers=1") if len(world.rows) < _FEW else ()
    pairmill("curate", folder / "recipe.toml", *alone)


def make_teacher(world: World, asked: Asked, screen: dict[str, Any]) -> Path:
    """The teacher's folder: what ships, or what is trained on trusted rows or on the pool."""
    if not (asked.cross_fitted or world.trusted):
        return SHIPPED
    size, trusted = (asked.batch, asked.teacher_steps), asked.folder / "trusted"
    if asked.trusted or not asked.cross_fitted:
        write_rows(trusted / "pairs.parquet", world.trusted)
        curate(trusted, world)
    if not asked.cross_fitted:
        return train(trusted, "teacher", *size)
    folder, judged = asked.folder / "curated", dict[str, Any]()
    folds = {"folds": _FOLDS, "folds_of": asked.cross_fitted}
    known = {"path": str(trusted / _PAIRS), "trusted": True, "weight": 0.5}
    besides = [known] if asked.trusted else []
    for turn in range(asked.rounds):
        curate(folder, world, **screen, **judged)  # its shards: selection goes on from here
        teacher = train(folder, f"teacher-{turn}", *size, besides, **folds)
        judged = judged_by(teacher, asked)
    return teacher


def judged_by(teacher: Path, asked: Asked) -> dict[str, Any]:
    """Tables of a recipe that scores with a teacher and selects by that."""
    score = {"teachers": [{"model": str(teacher)}]}
    return {"score": score, "select": {"threshold": asked.threshold}}


def train(
    folder: Path,
    name: str,
    batch: int,
    steps: int,
    besides: Sequence[dict[str, Any]] = (),
    **settings: Any,
) -> Path:
    """Trains the quickstart's model on a folder's pairs, and on what is named besides.

    Returns where it, or the teacher, lies.
    """
    plan = tomllib.loads(_PLAN.read_text("utf-8"))
    _, stage, _ = plan["stages"]  # of pairs and texts
    del stage["texts"]  # what is compared are captions of pictures
    stage |= {"images": [{"path": _PAIRS}, *besides], "image_batch": batch, "steps": steps}
    stage["warmup_steps"] = min(stage["warmup_steps"], steps // 4)
    del plan["evaluations"]
    plan |= {"output": name, "languages": list(ALL), "stages": [stage], **settings}
    path = folder / f"{name}.toml"
    path.write_text(tomli_w.dumps(plan), "utf-8")
    pairmill("train", path)
    return folder / name if "folds" in settings else folder / name / "model"


def judge(model: Path, gallery: Path) -> dict[str, float]:
    """R@10 over all languages, by task."""
    scores = model.parent / f"{gallery.stem}.json"
    dim = json.loads((model / "config.json").read_text("utf-8"))["projection_dim"]
    pairmill("evaluate", model, gallery, "--dims", dim, "--json", scores)
    results = json.loads(scores.read_text("utf-8"))["results"]
    return {result["task"]: result["scores"][0]["values"]["R@10"] for result in results}


def what_is_in(folder: Path, world: World, arm: str) -> str:
    """How many captions were packed, how many of them are good, and how many of all good ones."""
    output = folder / "out"
    tables = [output / of.captions for of in KEPT.values() if (output / of.captions).exists()]
    rows = rows_of(tables[-1]).values()
    good = len(rows) if arm == "oracle" else sum(world.is_good[row] for row in rows)
    share = good / max(1, len(rows))
    return f"{len(rows):,} captions, {share:.1%} good; {good / sum(world.is_good):.1%} of all good"


def what_is_said(output: Path, world: World) -> str:
    """How well a teacher tells the pool's good captions, and the estimates made of its scores."""
    rows = rows_of(output / KEPT["gather"].captions)
    columns = ["caption_id", "fold", "cosine", "language"]
    scores = read_parts(output / PICTURE_BRANCH.scores, columns)
    good = np.array([world.is_good[rows[id_]] for id_ in scores["caption_id"].to_pylist()])
    fold, cosine, language = (scores[name].to_numpy() for name in columns[1:])
    area = f"AUROC {auroc(cosine, fold, good):.3f}"
    told = json.loads((output / PICTURE_BRANCH.thresholds).read_text("utf-8"))["thresholds"]
    errors = [
        of["mismatched"] - (~good[language == of["language"]]).mean()
        for of in told
        if of["source"] == EVERY and of["level"] == Level.LANGUAGE and of["mismatched"] is not None
    ]
    if not errors:
        return area
    return f"{area}; mismatched by language off by {min(errors):+.3f} to {max(errors):+.3f}"


def auroc(scores: np.ndarray, folds: np.ndarray, good: np.ndarray) -> float:
    """The chance that a good one scores higher than another of its fold, whose scale is its own."""
    above = [
        np.searchsorted(np.sort(scores[of & ~good]), scores[of & good]) / (of & ~good).sum()
        for of in (folds == fold for fold in np.unique(folds))
    ]
    return float(np.concatenate(above).mean())


def rows_of(captions: Path) -> dict[str, int]:
    """The pool's row of each caption in a table, by id."""
    table = read_parts(captions, ["caption_id", "row"])
    ids, rows = (column.to_pylist() for column in table.columns)
    return {id_: int(row.rpartition(":")[2]) for id_, row in zip(ids, rows, strict=True)}


def read_parts(folder: Path, columns: list[str]) -> pa.Table:
    """Some columns of all parts of a table."""
    parts = sorted(folder.glob("*.parquet"))
    return pa.concat_tables([pq.read_table(path, columns=columns) for path in parts])


def table_of(found: Found, galleries: list[str]) -> list[str]:
    """R@10 by arm, mean and range over the seeds, and how much of the way was made."""
    names = [(gallery, task) for gallery in galleries for task in _TASKS]
    lines = [f"{'R@10':<22}" + "".join(f"{f'{gallery}, {task}':>26}" for gallery, task in names)]
    for arm in ARMS:
        cells = [_cell(found[arm, *name]) for name in names]
        lines.append(f"{arm:<22}" + "".join(f"{cell:>26}" for cell in cells))
    ways = [[mean(found[arm, *name]) for arm in ARMS] for name in names]
    gaps = [f"{100 * (oracle - raw):.1f} points" for raw, _, oracle in ways]
    lines.append(f"{'raw to oracle':<22}" + "".join(f"{gap:>26}" for gap in gaps))
    closed = [
        f"{(curated - raw) / (oracle - raw):.0%}" if oracle - raw >= _LEAST_GAP else "too narrow"
        for raw, curated, oracle in ways
    ]
    lines.append(f"{'closed by curation':<22}" + "".join(f"{share:>26}" for share in closed))
    return lines


def _cell(recalls: list[float]) -> str:
    return f"{mean(recalls):.3f} ({min(recalls):.3f}-{max(recalls):.3f})"


def main() -> None:
    """Prints how it goes and the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("world", choices=["sample", "emoji"])
    parser.add_argument("--cross-fitted", choices=["pictures", "captions"], help="the folds' kind")
    parser.add_argument("--trusted", action="store_true", help="its models see emoji's true names")
    parser.add_argument("--rounds", type=int, default=1, choices=(1, 2, 3), help="of cross-fitted")
    parser.add_argument("--rows", type=int, help="of the pool; default: 30,000, all emoji")
    parser.add_argument("--mismatched", type=float, default=0.5, help="share of the good rows")
    parser.add_argument("--threshold", default="precision=0.95", help="or break-even …")
    parser.add_argument("--batch", type=int, default=256, help="pictures in a batch")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--teacher-steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=_EMOJI, help="the folder of emoji")
    parser.add_argument("--folder", type=Path, help="kept afterwards; default: a temporary one")
    given = parser.parse_args()
    if given.rounds > 1 and not given.cross_fitted:
        parser.error("--rounds must come with --cross-fitted, whose teachers are made in each")
    if given.trusted and (given.world != "emoji" or not given.cross_fitted):
        parser.error("--trusted must come with emoji, of which some is known, and --cross-fitted")
    by, _, value = given.threshold.partition("=")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        world = (
            sample_world(folder, given.rows or _SAMPLE_ROWS, given.mismatched)
            if given.world == "sample"
            else emoji_world(folder, given.data, given.rows, given.mismatched)
        )
        asked = Asked(
            folder,
            given.batch,
            given.steps,
            given.teacher_steps,
            given.seeds,
            {"by": by, "value": float(value)} if value else {"by": by},
            given.cross_fitted,
            given.trusted,
            given.rounds,
        )
        found = compare(world, asked)
    print("\n".join(table_of(found, list(world.galleries))))


if __name__ == "__main__":
    main()
