"""`mine` gives the same rows however its input, indexes and work are cut, with all it can do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipelines.made_embeddings import DIM, MadeWorld, unit
from tests.pipelines.test_mine import made, mined

ALL = """
bm25 = 0.34
cross_language = 0.34
document_column = "story"
incomplete = "complete"
[mine.negatives]
num_negatives = 3
relative_margin = 0.02
"""


def crowded(folder: Path) -> MadeWorld:
    """Queries and answers that come again: in other languages, spellings, documents and parts."""
    world, random = made(folder), np.random.default_rng(8)
    words = [f"word{number}" for number in range(30)]

    def said(of: str) -> str:
        return f"{of} " + " ".join(words[at] for at in random.zipf(1.6, size=6) % 30)

    pairs, texts = world.pairs, world.texts
    world.pairs, world.texts = [], {}
    for number, (query, answer, _, _) in enumerate(pairs):
        row, near, asked = texts[query], texts[answer], said(f"q{number}")
        story = f"story {number % 20}"
        world.pair(asked, said(f"a{number}"), (row, near), story)
        world.pair(f"{asked.upper()}?", said(f"another{number}"), (row, near), f"{story} again")
        german = f"Antwort {number % 9}", "de", f"story {number % 7}"
        world.pairs.append((asked, *german))
        world.texts[german[0]] = unit(np.random.default_rng(number % 9).normal(size=DIM))
        french = said(f"r{number}"), "fr", ""
        world.pairs.append((f"fr {asked}", *french))
        world.texts[french[0]] = unit(row + 0.2 * random.normal(size=DIM))
        world.texts[f"fr {asked}"] = row
    return world


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return mined(crowded(tmp_path_factory.mktemp("whole")).write(ALL, 1, 1))


def test_everything_is_used(rows: list[dict[str, Any]]) -> None:
    origins = {(row["kind"], origin) for row in rows for origin in row["origins"]}
    assert {
        (kind, origin)
        for kind in ("text-text", "image-to-text")
        for origin in ("nearest", "bm25", "cross-language")
    } <= origins
    crossed = {language for row in rows for language in row["negative_languages"]}
    assert {"de", "en", "fr"} <= crossed


@pytest.mark.parametrize(
    ("parts", "shards", "mine", "workers"),
    [(5, 3, "index_rows = 100000", 1), (2, 7, "index_rows = 13", 1), (3, 1, "index_rows = 40", 2)],
)
def test_cuts_and_workers_change_nothing(
    rows: list[dict[str, Any]], tmp_path: Path, parts: int, shards: int, mine: str, workers: int
) -> None:
    recipe = crowded(tmp_path).write(mine + ALL, parts, shards)
    assert mined(recipe, f"--direct_num_workers={workers}") == rows


def test_the_order_of_rows_changes_nothing(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    world = crowded(tmp_path)
    world.pairs.reverse()
    world.captions.reverse()
    assert mined(world.write(ALL, 2, 2)) == rows
