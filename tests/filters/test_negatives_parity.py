"""The same negatives as sentence-transformers mines, from the same embeddings and parameters."""

import itertools
import warnings
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset

from filters.negatives import ABSENT, Candidates, NegativeRules, choose, negative_faults

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from sentence_transformers.util import dot_score, mine_hard_negatives, pairwise_dot_score

ANCHORS, PASSAGES, DIM = 300, 380, 24


class Encoder:
    """An encoder whose embeddings are known: of texts, by their numbers."""

    device = torch.device("cpu")
    similarity = staticmethod(dot_score)
    similarity_pairwise = staticmethod(pairwise_dot_score)

    def __init__(self, queries: np.ndarray, passages: np.ndarray) -> None:
        self._of = {"q": queries, "p": passages}

    def encode_query(self, texts: list[str], **_: Any) -> np.ndarray:
        return np.stack([self._of[text[0]][int(text[1:])] for text in texts])

    encode_document = encode_query

    def get_embedding_dimension(self) -> int:
        return DIM


def made() -> tuple[np.ndarray, np.ndarray]:
    """Queries in a few heaps, as those of real texts are, and passages, most near their query."""
    random = np.random.default_rng(1)
    heaps = random.normal(size=(12, DIM))
    queries = heaps[random.integers(0, 12, ANCHORS)] + 0.7 * random.normal(size=(ANCHORS, DIM))
    near = queries[np.arange(PASSAGES) % ANCHORS]
    passages = near + random.uniform(0.3, 1.2, (PASSAGES, 1)) * random.normal(size=near.shape)
    return units(queries), units(passages)


def units(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


QUERIES, CORPUS = made()
# The first passages answer the queries in order, 40 queries have two answers, and the rest none.
PAIRS = [(at, at) for at in range(ANCHORS)] + [(at, ANCHORS + at) for at in range(40)]


def theirs(rules: NegativeRules, use_faiss: bool) -> dict[int, list[int]]:
    mined = mine_hard_negatives(
        Dataset.from_dict(
            {"query": [f"q{q}" for q, _ in PAIRS], "answer": [f"p{p}" for _, p in PAIRS]}
        ),
        Encoder(QUERIES, CORPUS),  # type: ignore[arg-type]
        corpus=[f"p{at}" for at in range(PASSAGES)],
        range_min=rules.range_min,
        range_max=rules.range_max,
        max_score=rules.max_score,
        min_score=rules.min_score,
        absolute_margin=rules.absolute_margin,
        relative_margin=rules.relative_margin,
        num_negatives=rules.num_negatives,
        use_faiss=use_faiss,
        verbose=False,
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in mined:
        query, negative = int(row["query"][1:]), int(row["negative"][1:])
        if int(row["answer"][1:]) == query:
            found[query].append(negative)
    return dict(found)


def ours(rules: NegativeRules) -> dict[int, list[int]]:
    """With the slow search: all cosines, sorted. Every anchor counts the most positives of any."""
    scores = QUERIES @ CORPUS.T
    most = np.full(ANCHORS, 2)
    ranks = rules.last_ranks(most)
    depth = min(int(rules.depths(most)[0]), PASSAGES)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    answers = defaultdict(list)
    for query, passage in PAIRS:
        answers[query].append(passage)
    is_positive = np.array([np.isin(order[q], answers[q]) for q in range(ANCHORS)])
    nothing = np.zeros(order.shape, np.bool_)
    candidates = Candidates(
        present=~nothing,
        scores=np.take_along_axis(scores, order, axis=1),
        is_positive=is_positive,
        distances=np.full(order.shape, 256),
        same_document=nothing,
        same_text=nothing,
        is_repeated=nothing,
        standings=np.full(order.shape, -np.inf, np.float32),
        own_scores=np.ones(order.shape, np.float32),
    )
    least = np.array([scores[q, answers[q]].min() for q in range(ANCHORS)])
    columns = choose(
        negative_faults(candidates, least, rules), ranks, np.zeros(order.shape, np.uint64), rules
    )
    found = {
        q: [int(order[q, c]) for c in row if c != ABSENT] for q, row in enumerate(columns.tolist())
    }
    return {q: row for q, row in found.items() if row}


GRID = [
    {"num_negatives": n, "range_min": low, "range_max": high, "relative_margin": None} | guard
    for (n, low, high), guard in itertools.product(
        [(3, 0, None), (7, 0, 40), (5, 4, 9), (2, 10, None), (7, 0, 400)],
        [
            {},
            {"max_score": 0.55},
            {"min_score": 0.3},
            {"absolute_margin": 0.1},
            {"relative_margin": 0.05},
            {"relative_margin": 0.3, "absolute_margin": 0.02, "max_score": 0.7, "min_score": 0.1},
        ],
    )
]


@pytest.mark.parametrize("use_faiss", [False, True])
@pytest.mark.parametrize("parameters", GRID, ids=str)
def test_the_negatives_are_theirs(parameters: dict[str, Any], use_faiss: bool) -> None:
    rules = NegativeRules(**parameters)
    found = ours(rules)
    assert sum(map(len, found.values())) > ANCHORS / 4
    assert found == theirs(rules, use_faiss)
