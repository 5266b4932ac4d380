"""Is the share of mismatches found, and a precision reached, where nobody tells which they are?

    python -m benchmarks.thresholds [--captions 20000] [--seeds 3] [--precision 0.95]
    python -m benchmarks.thresholds --tiny-teacher [--by-language]
    python -m benchmarks.thresholds --output out --truth truth.parquet

Draws scores of matches, of shuffled pairs and of mismatches that are right in part, of several
shapes, and prints for 10, 40 and 70 % mismatched, a quarter and a half of them right in part: the
error of the estimated share with the bounds that it states, and the precision and the share of
matches kept at the threshold for a precision; beside it the share that the best threshold for that
precision keeps. With `--tiny-teacher` they are drawn from what the teacher that ships says of
pictures of a sample world in sentences that it was not taught; those right in part are wrong in one
attribute. `--by-language` draws a pool from each language's alone and decides on all of them at
once, as `select` does, so that they lean on each other. With `--output`, a finished sample world
with scores, the scores are drawn from those of its clean, its shuffled and
its hard pairs, `--easier` lower for the latter: what a better teacher would say of them.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.tiny_teacher import embed_captions
from filters.score_bins import counted
from filters.thresholds import Measured, Threshold, ThresholdRules, decide

Draw = Callable[[np.random.Generator, int], np.ndarray]

SHARES = (0.1, 0.4, 0.7)
HARD = (0.25, 0.5)
_PICTURES = 2000  # of the sample world, with captions in ten languages each


@dataclass(frozen=True, slots=True)
class Teacher:
    """How a teacher scores: matches, shuffled pairs, mismatches that are right in part."""

    matches: Draw
    shuffled: Draw
    hard: Draw


def bell(mean: float, std: float) -> Draw:
    return lambda random, n: random.normal(mean, std, n)


def skewed(start: float, width: float, skew: float) -> Draw:
    """Azzalini's skew normal."""
    share = skew / np.sqrt(1 + skew**2)

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        one, other = random.normal(size=(2, n))
        return start + width * (share * np.abs(one) + np.sqrt(1 - share**2) * other)

    return draw


def either(draws: list[Draw], shares: list[float]) -> Draw:
    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        chosen = random.choice(len(draws), n, p=shares)
        return np.choose(chosen, [of(random, n) for of in draws])

    return draw


def of_these(scores: np.ndarray) -> Draw:
    return lambda random, n: random.choice(scores, n)


def _shuffled(random: np.random.Generator, n: int) -> np.ndarray:
    return random.gamma(9, 0.1 / 3, n) - 0.25


TEACHERS = {
    "even": Teacher(bell(0.6, 0.11), _shuffled, bell(0.3, 0.12)),
    "skewed": Teacher(skewed(0.72, 0.18, -4), _shuffled, bell(0.28, 0.12)),
    "two kinds": Teacher(
        either([bell(0.65, 0.09), bell(0.5, 0.1)], [0.7, 0.3]), _shuffled, bell(0.25, 0.13)
    ),
    "heavy tails": Teacher(
        lambda random, n: 0.6 + 0.08 * random.standard_t(5, n), _shuffled, bell(0.3, 0.1)
    ),
    "skewed up": Teacher(skewed(0.47, 0.16, 3), _shuffled, bell(0.2, 0.12)),
    "many parts": Teacher(
        skewed(0.72, 0.18, -4),
        _shuffled,
        either([bell(mean, 0.1) for mean in (0.15, 0.25, 0.35, 0.4)], [0.25] * 4),
    ),
    "narrow, as CLIP": Teacher(bell(0.31, 0.045), bell(0.12, 0.03), bell(0.2, 0.035)),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one draw: see the module."""

    error: float
    low: float
    high: float
    precision: float
    recall: float
    best_recall: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """Scores of captions, which of them match, and what is counted of them and of shuffled ones."""

    scores: np.ndarray
    matches: np.ndarray
    measured: Measured


def draw(teacher: Teacher, seed: int, n: int, share: float, hard: float) -> Drawn:
    """Draws a pool of which a share is mismatched, and of these a share `hard` right in part."""
    random = np.random.default_rng(seed)
    wrong = round(n * share)
    nearly = round(wrong * hard)
    scores = np.concatenate(
        [
            teacher.matches(random, n - wrong),
            teacher.shuffled(random, wrong - nearly),
            teacher.hard(random, nearly),
        ]
    )
    measured = Measured(counted(scores), counted(teacher.shuffled(random, n)))
    return Drawn(scores, np.arange(n) < n - wrong, measured)


def outcomes(pools: dict[str, Drawn], share: float, want: float, together: bool) -> list[Outcome]:
    """What comes of each pool: decided on each alone, or on all as on languages of one recipe."""
    rules = ThresholdRules(value=want, min_group=1)
    groups = {(name, "web"): drawn.measured for name, drawn in pools.items()}
    parted = [groups] if together else [{group: of} for group, of in groups.items()]
    decided = {found.group: found for of in parted for found in decide(of, rules)}
    return [_outcome(drawn, decided[name, "web"], share, want) for name, drawn in pools.items()]


def _outcome(drawn: Drawn, found: Threshold, share: float, want: float) -> Outcome:
    scores, matches = drawn.scores, drawn.matches
    assert found.mismatched is not None
    assert found.low is not None
    assert found.high is not None
    kept = scores >= found.score
    order = np.argsort(-scores)
    precise = np.cumsum(matches[order]) / np.arange(1, len(scores) + 1) >= want
    best = matches[order][: np.flatnonzero(precise)[-1] + 1].sum() if precise.any() else 0
    return Outcome(
        found.mismatched - share,
        found.low - share,
        found.high - share,
        float(matches[kept].mean()) if kept.any() else 1.0,
        float(kept[matches].mean()),
        float(best / matches.sum()),
    )


def auroc(teacher: Teacher, hard: float) -> float:
    random = np.random.default_rng(0)
    matches = teacher.matches(random, 20_000)
    wrong = np.concatenate(
        [
            teacher.shuffled(random, round(20_000 * (1 - hard))),
            teacher.hard(random, round(20_000 * hard)),
        ]
    )
    below = np.searchsorted(np.sort(wrong), matches)
    return float(below.mean() / len(wrong))


def show(
    teachers: dict[str, Teacher], captions: int, seeds: int, want: float, together: bool
) -> None:
    print(f"{captions:,} captions, {seeds} draws each, means; wanted precision {want}")
    print(
        f"{'scores':<17}{'hard':>5}{'AUROC':>7}{'share':>6}"
        f"{'error':>8}{'bounds':>16}{'precision':>11}{'kept':>7}{'best':>7}"
    )
    by_pool = dict[tuple[float, float], list[list[Outcome]]]()  # of each seed, of each teacher
    for hard, share in product(HARD, SHARES):
        by_pool[hard, share] = [
            outcomes(
                {name: draw(of, seed, captions, share, hard) for name, of in teachers.items()},
                share,
                want,
                together,
            )
            for seed in range(seeds)
        ]
    every = [of for found in by_pool.values() for each in found for of in each]
    for number, (name, teacher) in enumerate(teachers.items()):
        for (hard, share), outcomes_of in by_pool.items():
            found = [each[number] for each in outcomes_of]
            mean = [np.mean([getattr(of, key) for of in found]) for key in Outcome.__slots__]
            error, low, high, precision, recall, best = mean
            print(
                f"{name:<17}{hard:>5}{auroc(teacher, hard):>7.3f}{share:>6}{error:>+8.3f}"
                f"{f'{low:+.3f} {high:+.3f}':>16}{precision:>11.3f}{recall:>7.3f}{best:>7.3f}"
            )
    within = np.mean([abs(of.error) <= 0.05 for of in every])
    bounded = np.mean([of.low <= 0 <= of.high for of in every])
    worst = max(abs(of.error) for of in every)
    print(f"within 0.05: {within:.1%}; within the stated bounds: {bounded:.1%}; worst {worst:.3f}")
    precisions, recalls = ([getattr(of, key) for of in every] for key in ("precision", "recall"))
    print(f"precision at least {min(precisions):.3f}, of the matches kept {min(recalls):.3f}")


def of_a_world(output: Path, truth: Path, easier: float) -> dict[str, Teacher]:
    """What the teacher of a finished output says of clean, shuffled and hard pairs."""
    scores, captions = (
        pa.concat_tables(
            [pq.read_table(path) for path in sorted((output / name).glob("*.parquet"))]
        )
        for name in ("scores", "screened/captions")
    )
    numbers = [int(row.rpartition(":")[2]) for row in captions["row"].to_pylist()]
    row_of = dict(zip(captions["caption_id"].to_pylist(), numbers, strict=True))
    defects = pq.read_table(truth)["defect"].to_pylist()
    rows = [row_of.get(id_) for id_ in scores["caption_id"].to_pylist()]
    defect = np.array(["made" if row is None else defects[row] for row in rows])
    cosines = scores["cosine"].to_numpy()
    hard = cosines[defect == "mismatched-hard"] - easier
    return {
        "the world's": Teacher(
            of_these(cosines[defect == ""]),
            of_these(scores["shuffled_cosine"].to_numpy()),
            of_these(hard),
        )
    }


def of_the_tiny_teacher(pictures: int, by_language: bool) -> dict[str, Teacher]:
    """What it says of captions, of those of other pictures and of those with a wrong attribute."""
    said, images, texts = embed_captions(pictures, seed=401)
    own = np.array([row.picture for row in said])
    defect, language = (
        np.array([getattr(row, of) for row in said]) for of in ("defect", "language")
    )
    cosines, shuffled = (
        (texts * images[(own + way) % pictures]).sum(1) for way in (0, pictures // 2)
    )
    pools = {f"the tiny one's {code}": language == code for code in np.unique(language)}
    return {
        name: Teacher(
            of_these(cosines[pool & (defect == "")]),
            of_these(shuffled[pool & (defect == "")]),
            of_these(cosines[pool & (defect == "mismatched-hard")]),
        )
        for name, pool in (pools if by_language else {"the tiny one's": own >= 0}).items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--captions", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", type=float, default=0.95)
    parser.add_argument("--tiny-teacher", action="store_true")
    parser.add_argument("--by-language", action="store_true")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--easier", type=float, default=0.0)
    asked = parser.parse_args()
    teachers = TEACHERS
    if asked.tiny_teacher:
        teachers = of_the_tiny_teacher(_PICTURES, asked.by_language)
    elif asked.output:
        teachers = of_a_world(asked.output, asked.truth, asked.easier)
    show(teachers, asked.captions, asked.seeds, asked.precision, asked.by_language)


if __name__ == "__main__":
    main()
