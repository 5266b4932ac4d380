import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from filters.duplicates import DuplicateRules
from pipelines import closing, near
from pipelines.duplicates import CANDIDATES, ChooseBest, find_groups
from pipelines.recipe import Recipe, Source
from pipelines.stages import Run
from pipelines.storage import Folder
from pipelines.transforms.blocks import hash_buckets
from pipelines.transforms.tables import read_table, write_table
from schemas.ids import digest
from schemas.layout import part_name

Row = dict[str, Any]
Verdict = tuple[str, str, str, int]
LARGEST = 12


def hashes(dice: np.random.Generator) -> Iterator[str]:
    """Hashes of unlike pictures, each with copies of a few bits' difference, in chains, too."""
    for _ in range(60):
        bits = dice.integers(0, 2, 256, dtype=np.uint8)
        yield np.packbits(bits).tobytes().hex()
        for _ in range(int(dice.integers(0, 5))):
            bits = bits.copy()
            bits[dice.choice(256, int(dice.integers(0, 40)), replace=False)] ^= 1
            yield np.packbits(bits).tobytes().hex()


def chain(dice: np.random.Generator) -> Iterator[str]:
    """Each hash is near the next and far from the one after it."""
    bits = dice.integers(0, 2, 256, dtype=np.uint8)
    for step in range(2 * LARGEST):
        bits[9 * step : 9 * step + 9] ^= 1
        bits[240 + step % 12] ^= 1
        yield np.packbits(bits).tobytes().hex()


def candidates(seed: int) -> list[Row]:
    dice = np.random.default_rng(seed)
    rows = [
        {
            "uid": digest(str(seed), str(number)),
            "sha256": digest(pdq, str(number // 3)) * 2,
            "pdq": pdq,
            "pdq_quality": int(dice.choice([0, 49, 50, 100], p=[0.05, 0.05, 0.1, 0.8])),
            "pixels": int(dice.integers(1, 4)) * 1000,
            "caption_quality": float(dice.integers(0, 3)),
        }
        for number, pdq in enumerate([*hashes(dice), *chain(dice)])
    ]
    same = [row | {"uid": digest(row["uid"])} for row in rows[::7]]
    return rows + same


def slow(rows: list[Row], rules: DuplicateRules) -> set[Verdict]:
    """Union-find over all pairs, then the best of each group, or of what is left of it."""
    ranked = sorted(rows, key=lambda row: (-row["pixels"], -row["caption_quality"], row["uid"]))
    roots = list(range(len(ranked)))
    bits = [int(row["pdq"], 16) for row in ranked]

    def root(node: int) -> int:
        while roots[node] != node:
            node = roots[node]
        return node

    def alike(one: int, other: int) -> bool:
        if rules.exact and ranked[one]["sha256"] == ranked[other]["sha256"]:
            return True
        clear = min(ranked[n]["pdq_quality"] for n in (one, other)) >= rules.min_pdq_quality
        distance = (bits[one] ^ bits[other]).bit_count()
        return rules.near and clear and distance <= rules.max_distance

    for one, other in itertools.combinations(range(len(ranked)), 2):
        if alike(one, other):
            low, high = sorted((root(one), root(other)))
            roots[high] = low
    kept: dict[int, int] = {}
    for node in range(len(ranked)):
        group = [other for other in range(len(ranked)) if root(other) == root(node)]
        if len({bits[other] for other in group}) <= rules.largest_group:
            kept[node] = root(node)
        else:
            better = [n for n in group if n < node and kept[n] == n and alike(n, node)]
            kept[node] = min(better, default=node)
    return {
        (
            ranked[node]["uid"],
            ranked[best]["uid"],
            "duplicate-bytes"
            if ranked[node]["sha256"] == ranked[best]["sha256"]
            else "near-duplicate",
            (bits[node] ^ bits[best]).bit_count(),
        )
        for node, best in kept.items()
        if node != best
    }


Find = Callable[..., set[Verdict]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    numbers = itertools.count()

    def find_them(
        rows: list[Row], rules: DuplicateRules, parts: int = 3, workers: int = 1
    ) -> set[Verdict]:
        folder = Folder(str(tmp_path / str(next(numbers))))
        write_candidates(folder / "candidates", rows, parts)
        run = run_of(folder, workers)
        find_duplicates(run, folder / "work", folder / "candidates", rules)
        return verdicts(folder / "work" / "duplicates", parts)

    return find_them


def find_duplicates(run: Run, work: Folder, candidates: Folder, rules: DuplicateRules) -> None:
    groups = find_groups(run, work, candidates, rules)
    with run.pipeline(run.workers) as pipeline:
        _ = pipeline | ChooseBest(work, candidates, groups, rules)


def run_of(folder: Folder, workers: int) -> Run:
    source = Source(name="world", format="table", path="pairs.parquet")
    recipe = Recipe(output=folder.uri, sources=(source,))
    return Run(recipe, None, (), (), workers, lambda _: None)


def write_candidates(folder: Folder, rows: list[Row], parts: int) -> None:
    table = pa.Table.from_pylist(rows, CANDIDATES)
    buckets = hash_buckets("uid", parts)(table)
    for part in range(parts):
        write_table(folder, part_name(part), table.filter(pa.array(buckets == part)))


def verdicts(folder: Folder, parts: int) -> set[Verdict]:
    found = [read_table(folder, part_name(part)) for part in range(parts)]
    for part, table in enumerate(found):
        assert (hash_buckets("uid", parts)(table) == part).all()
        assert table["uid"].to_pylist() == sorted(table["uid"].to_pylist())
    return {tuple(row.values()) for table in found for row in table.to_pylist()}


RULES = [
    DuplicateRules(largest_group=LARGEST),
    DuplicateRules(largest_group=1),
    DuplicateRules(max_distance=12, min_pdq_quality=0, largest_group=LARGEST),
    DuplicateRules(exact=False, largest_group=LARGEST),
    DuplicateRules(near=False),
]


@pytest.mark.parametrize("rules", RULES, ids=repr)
def test_what_beam_finds_is_what_a_slow_union_find_does(find: Find, rules: DuplicateRules) -> None:
    rows = candidates(1)
    found = find(rows, rules)
    assert found == slow(rows, rules)
    assert len(found) > 20


def test_nothing_is_found_where_nothing_is_asked_for(find: Find) -> None:
    assert find(candidates(1), DuplicateRules(exact=False, near=False)) == set()
    assert find([], DuplicateRules()) == set()
    assert find(candidates(1)[:1], DuplicateRules()) == set()


def test_neither_order_nor_cut_nor_workers_change_the_result(
    find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = candidates(3)
    expected = find(rows, RULES[0])
    assert find(rows[::-1], RULES[0], parts=1) == expected
    assert find(rows[5:] + rows[:5], RULES[0], parts=8, workers=2) == expected
    monkeypatch.setattr(near, "_BUCKET_ROWS", 60)
    monkeypatch.setattr(near, "_EDGES_HELD", 2)
    monkeypatch.setattr(closing, "_BUCKET_EDGES", 50)  # so that the rounds are run
    assert find(rows, RULES[0], parts=2) == expected


def test_each_step_is_taken_up_where_it_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, folder = candidates(4), Folder(str(tmp_path))
    write_candidates(folder / "candidates", rows, 2)
    monkeypatch.setattr(closing, "_BUCKET_EDGES", 50)
    run, done = run_of(folder, 1), 0
    pipeline = Run.pipeline

    def stop_after(run: Run, pieces: int) -> Any:
        nonlocal done
        done += 1
        if done % 2 == 0:
            raise KeyboardInterrupt
        return pipeline(run, pieces)

    monkeypatch.setattr(Run, "pipeline", stop_after)
    for _ in range(100):
        try:
            find_duplicates(run, folder / "work", folder / "candidates", RULES[0])
            break
        except KeyboardInterrupt:
            continue
    assert done > 6  # a pipeline was run at each try, and none of them twice
    assert verdicts(folder / "work" / "duplicates", 2) == slow(rows, RULES[0])
