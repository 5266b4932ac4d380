"""`mine` with a cross-encoder: what it refuses, and that the others are sentence-transformers'."""

import json
import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset

from filters.cross_encoders import CrossEncoderRules, are_answers
from model.loaded_cross_encoder import LoadedCrossEncoder
from pipelines import packages
from pipelines.errors import RecipeError
from pipelines.recipe_file import read_recipe
from tests.conftest import curate
from tests.model.cross_encoders import cross_encoder
from tests.pipelines.made_embeddings import DIM, MadeWorld, unit
from tests.pipelines.test_mine import differences, mined, negatives

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sentence_transformers import CrossEncoder
    from sentence_transformers.util import dot_score, mine_hard_negatives, pairwise_dot_score

WORDS = ["a", "red", "circle", "above", "blue", "square", "Ein", "roter", "Kreis"]
PAIRS = 90
DEPTH = 40
TEXTS = """
kinds = ["text-text"]
cross_language = 0.0
{crossed}
[mine.negatives]
num_negatives = 3
range_max = 40
overlook = ["relative-margin"]
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cross_encoder(tmp_path_factory.mktemp("crossed") / "model")


def said(number: int) -> str:
    """A text of its own for each number, of words that the tiny tokenizer knows."""
    places = [number // len(WORDS) ** at % len(WORDS) for at in range(3)]
    return " ".join(WORDS[place] for place in places)


def made(folder: Path) -> MadeWorld:
    """Queries in heaps, and what answers them."""
    world, random = MadeWorld(folder), np.random.default_rng(5)
    heaps = random.normal(size=(6, DIM))
    for number in range(PAIRS):
        row = unit(heaps[number % 6] + 0.5 * random.normal(size=DIM))
        near = unit(row + 0.3 * random.normal(size=DIM))
        world.pair(said(number), said(number + 300), (row, near))
    return world


def half(of: np.ndarray) -> np.ndarray:
    return unit(of.astype(np.float16).astype(np.float64)).astype(np.float32)


def asking(model: Path, bounds: dict[str, float]) -> str:
    told = ", ".join(f"{name} = {value}" for name, value in bounds.items())
    return TEXTS.format(crossed=f'cross_encoder = {{model = "{model}", device = "cpu", {told}}}')


class Encoder:
    """An encoder whose embeddings are known."""

    device = torch.device("cpu")
    similarity = staticmethod(dot_score)
    similarity_pairwise = staticmethod(pairwise_dot_score)

    def __init__(self, texts: dict[str, np.ndarray]) -> None:
        self._texts = texts

    def encode_query(self, texts: list[str], **_: Any) -> np.ndarray:
        return np.stack([half(self._texts[text]) for text in texts])

    encode_document = encode_query

    def get_embedding_dimension(self) -> int:
        return DIM


def theirs(world: MadeWorld, model: Path, bounds: dict[str, float]) -> dict[str, list[str]]:
    """All that theirs takes, in the order of cosines: theirs is that of the cross-encoder."""
    columns = {
        "query": [query for query, *_ in world.pairs],
        "answer": [answer for _, answer, *_ in world.pairs],
    }
    taken = mine_hard_negatives(
        Dataset.from_dict(columns),
        Encoder(world.texts),  # type: ignore[arg-type]
        cross_encoder=CrossEncoder(str(model), device="cpu"),
        range_max=DEPTH,
        num_negatives=DEPTH,
        output_format="triplet",
        verbose=False,
        **bounds,
    )
    found = defaultdict(list)
    for row in taken:
        found[row["query"]].append(row["negative"])
    return {
        query: sorted(
            of, key=lambda text: -float(half(world.texts[query]) @ half(world.texts[text]))
        )
        for query, of in found.items()
    }


BOUNDS = [
    {"max_score": 0.5},
    {"relative_margin": 0.05},
    {"absolute_margin": 0.1, "max_score": 0.7},
]


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_the_negatives_are_the_nearest_of_theirs(
    tmp_path: Path, model: Path, bounds: dict[str, float]
) -> None:
    world = made(tmp_path)
    rows = mined(world.write(asking(model, bounds)))
    expected = theirs(world, model, bounds)
    full = {query: of[:3] for query, of in expected.items() if len(of) >= 3}
    assert len(full) > PAIRS / 3
    assert {row["anchor"]: negatives(row) for row in rows} == full
    assert not differences(tmp_path)
    told = json.loads((tmp_path / "out/ledger/mine/negatives.json").read_text())["told"]
    assert told["text-text\tnearest\tcross-encoder"] > PAIRS / 3


def test_it_is_asked_of_what_cheaper_guards_left_and_of_no_more_than_is_needed(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    refused: list[bool] = []
    score, rules = LoadedCrossEncoder.score, CrossEncoderRules(max_score=0.5)

    def counting(self: LoadedCrossEncoder, pairs: Sequence[tuple[str, str]]) -> Any:
        scores = score(self, pairs)
        asked.extend(pairs)
        refused.extend(are_answers(scores, scores, rules).tolist())
        return scores

    monkeypatch.setattr(LoadedCrossEncoder, "score", counting)
    world = made(tmp_path)
    rows = mined(world.write(asking(model, {"max_score": 0.5}) + "max_score = 0.6"))
    assert len(asked) == len({*asked}) > PAIRS
    answers = {query: answer for query, answer, *_ in world.pairs}
    for query, text in asked:
        assert text != answers[query]
        assert float(half(world.texts[query]) @ half(world.texts[text])) <= 0.6 + 1e-5
    told = json.loads((tmp_path / "out/ledger/mine/negatives.json").read_text())["told"]
    assert told["text-text\tnearest\tcross-encoder"] == sum(refused)
    taken = sum(3 for _ in rows)
    of_full = [pair for pair, no in zip(asked, refused, strict=True) if not no]
    assert taken <= len(of_full) <= taken + 2 * (PAIRS - len(rows))


def test_another_bound_mines_again_and_the_same_does_not(tmp_path: Path, model: Path) -> None:
    world = made(tmp_path)
    one = mined(world.write(asking(model, {"max_score": 0.5})))
    events = curate(world.rewrite(asking(model, {"max_score": 0.5})), stages=("mine",))
    assert [event["event"] for event in events] == ["skipped"]
    assert mined(world.rewrite(asking(model, {"max_score": 0.45}))) != one


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (
            'cross_encoder = {model = "./none", max_score = 0.5}',
            "mine.cross_encoder.model must be a checkpoint's folder .* there is no folder .*none",
        ),
        (
            'cross_encoder = {model = "teacher"}',
            "mine.cross_encoder.max_score, absolute_margin or relative_margin must be given",
        ),
        (
            'kinds = ["image-to-text"]\ncross_encoder = {model = "teacher", max_score = 0.5}',
            "mine.cross_encoder must go with text-text in mine.kinds, .* got image-to-text",
        ),
    ],
)
def test_impossible_recipes_are_refused(tmp_path: Path, mine: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        read_recipe(str(MadeWorld(tmp_path).write(mine)))


def test_what_is_not_installed_is_told(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: name != "torch" or None)
    recipe = made(tmp_path).write(asking(model, {"max_score": 0.5}))
    words = r"mine.cross_encoder needs torch, .* pip install 'pairmill\[train\]'"
    with pytest.raises(RecipeError, match=words):
        curate(recipe, stages=("mine",))
