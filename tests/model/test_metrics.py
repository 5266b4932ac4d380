import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sklearn.metrics import ndcg_score
from torch import Tensor

from model.metrics import Relevance, retrieval, spearman

torch.set_num_threads(1)


def made(queries: int, items: int, width: int, seed: int) -> tuple[Tensor, Tensor, Relevance]:
    """Random features and, for each query, from one to fourteen random answers of random gains."""
    generator = torch.Generator().manual_seed(seed)
    answers = [
        (query, int(item))
        for query in range(queries)
        for item in torch.randperm(items, generator=generator)[: 1 + (5 * query + seed) % 14]
    ]
    asked, found = torch.tensor(answers).T
    order = torch.randperm(len(asked), generator=generator)
    gains = torch.randint(1, 4, (len(asked),), generator=generator).double()
    return (
        torch.randn(queries, width, generator=generator),
        torch.randn(items, width, generator=generator),
        Relevance(asked[order], found[order], gains),
    )


def cosines(queries: Tensor, gallery: Tensor) -> Tensor:
    return F.normalize(queries, dim=-1) @ F.normalize(gallery, dim=-1).T


# --- parity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [3, 16])
def test_ndcg_equals_scikit_learns(seed: int, size: int) -> None:
    queries, gallery, relevance = made(30, 50, 16, seed)
    gains = torch.zeros(30, 50, dtype=torch.float64)
    gains[relevance.queries, relevance.items] = relevance.gains
    ours = retrieval(queries[:, :size], gallery[:, :size], relevance)
    scores = cosines(queries[:, :size], gallery[:, :size])
    for row in range(30):
        theirs = ndcg_score(gains[row : row + 1], scores[row : row + 1], k=10)
        assert ours.ndcg[row].item() == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("coarse", [False, True])
def test_all_equals_sentence_transformers(seed: int, coarse: bool) -> None:
    queries, gallery, relevance = made(40, 60, 8, seed)
    relevance = Relevance.of_pairs(relevance.queries, relevance.items)
    if coarse:  # features of few values, so that many scores are equal
        queries, gallery = (F.one_hot(f.argmax(1), 8).float() for f in (queries, gallery))
    answers: dict[str, set[str]] = {}
    for query, item in zip(relevance.queries.tolist(), relevance.items.tolist(), strict=True):
        answers.setdefault(f"{query:03}", set()).add(f"{item:03}")
    evaluator = InformationRetrievalEvaluator(
        queries={f"{query:03}": "" for query in range(40)},
        corpus={f"{item:03}": "" for item in range(60)},
        relevant_docs=answers,
        mrr_at_k=[60],
        ndcg_at_k=[10],
        accuracy_at_k=[1, 5, 10],
    )
    theirs = evaluator.compute_metrics(
        [
            [{"corpus_id": f"{item:03}", "score": score} for item, score in enumerate(row)]
            for row in cosines(queries, gallery).tolist()
        ]
    )
    expected = {f"R@{k}": theirs["accuracy@k"][k] for k in (1, 5, 10)}
    expected |= {"nDCG@10": theirs["ndcg@k"][10], "MRR": theirs["mrr@k"][60]}
    assert retrieval(queries, gallery, relevance).means() == pytest.approx(expected, abs=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30),
    st.sampled_from([torch.float32, torch.float64, torch.int64]),
)
@settings(deadline=None)
def test_spearman_equals_scipys(rows: list[tuple[int, int]], dtype: torch.dtype) -> None:
    left, right = torch.tensor(rows, dtype=dtype).T
    if len(left.unique()) == 1 or len(right.unique()) == 1:
        assert math.isnan(spearman(left, right))
    else:
        theirs = spearmanr(left.numpy(), right.numpy()).statistic
        assert spearman(left, right) == pytest.approx(theirs, abs=1e-12)


def test_spearman_on_random_scores() -> None:
    generator = np.random.default_rng(1)
    left, right = generator.normal(size=(2, 1000))
    right += left
    theirs = spearmanr(left, right).statistic
    ours = spearman(torch.from_numpy(left), torch.from_numpy(right))
    assert ours == pytest.approx(theirs, abs=1e-12)
    assert 0.6 < ours < 0.8


# --- blocks, order, ties --------------------------------------------------------------------------


@given(seed=st.integers(0, 99), at_once=st.integers(1, 400))
@settings(max_examples=20, deadline=None)
def test_blocks_change_nothing(seed: int, at_once: int) -> None:
    queries, gallery, relevance = made(9, 20, 4, seed)
    whole = retrieval(queries, gallery, relevance)
    blocks = retrieval(queries, gallery, relevance, scores_at_once=at_once)
    assert torch.equal(blocks.reciprocal_rank, whole.reciprocal_rank)
    assert torch.equal(blocks.ndcg, whole.ndcg)
    assert all(torch.equal(blocks.hits[k], whole.hits[k]) for k in whole.hits)


@given(seed=st.integers(0, 99), scale=st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_neither_the_order_of_the_gallery_nor_lengths_matter(seed: int, scale: float) -> None:
    queries, gallery, relevance = made(9, 20, 4, seed)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(seed))
    moved = Relevance(relevance.queries, order.argsort()[relevance.items], relevance.gains)
    one = retrieval(queries, gallery, relevance).means()
    assert retrieval(queries * scale, gallery[order], moved).means() == pytest.approx(one)


def test_a_collapsed_model_does_not_look_perfect() -> None:
    features = torch.ones(100, 8)
    rows = torch.arange(100)
    means = retrieval(features, features, Relevance.of_pairs(rows, rows)).means()
    assert means["R@1"] == 0.01
    assert means["R@10"] == 0.1


def test_a_later_answer_counts_for_its_own_rank_and_the_first_for_mrr() -> None:
    gallery = torch.tensor([[math.cos(a), math.sin(a)] for a in (0.0, 0.1, 0.2, 0.3)])
    relevance = Relevance.of_pairs(torch.tensor([0, 0]), torch.tensor([3, 1]))
    scores = retrieval(torch.tensor([[1.0, 0.0]]), gallery, relevance)  # ranks 2 and 4
    assert scores.reciprocal_rank.tolist() == [0.5]
    assert [scores.hits[k].item() for k in (1, 5, 10)] == [0, 1, 1]
    ideal = 1 + 1 / math.log2(3)
    assert scores.ndcg.item() == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)


def test_means_by_language() -> None:
    features, rows = torch.eye(4), torch.arange(4)
    scores = retrieval(features, features, Relevance.of_pairs(rows, torch.tensor([0, 1, 3, 2])))
    assert scores.means(torch.tensor([0, 1]))["R@1"] == 1
    assert scores.means(torch.tensor([2, 3]))["R@1"] == 0
    assert scores.means(torch.tensor([False, True, True, False]))["R@1"] == 0.5


def test_half_precision_features_are_scored_in_float32() -> None:
    queries, gallery, relevance = made(20, 40, 16, 1)
    half = queries.bfloat16(), gallery.bfloat16()
    assert (
        retrieval(*half, relevance).means()
        == retrieval(*(f.float() for f in half), relevance).means()
    )


# --- refusals -------------------------------------------------------------------------------------


def test_features_that_are_not_finite_are_refused() -> None:
    rows = torch.arange(3)
    for bad in (math.nan, math.inf):
        broken = torch.eye(3)
        broken[1, 1] = bad
        with pytest.raises(ValueError, match="gallery must be finite"):
            retrieval(torch.eye(3), broken, Relevance.of_pairs(rows, rows))
        with pytest.raises(ValueError, match="both columns must be finite"):
            spearman(broken[1], torch.ones(3))


@pytest.mark.parametrize(
    ("queries", "items", "told"),
    [
        ([0, 1], [0, 1], "every query must have an answer, got none for 2"),
        ([0, 1, 3], [0, 1, 2], r"queries of relevance must be in \[0, 3\), got \[0, 1, 3\]"),
        ([0, 1, 2], [0, 1, 4], r"items of relevance must be in \[0, 4\), got \[0, 1, 4\]"),
        ([0, 1, 2], [-1, 1, 2], r"items of relevance must be in \[0, 4\)"),
        ([], [], "every query must have an answer, got none for 0"),
        ([0, 0], [1, 1], "a pair of query and item must stand once"),
        ([0, 0], [1], "must be .p. each"),
    ],
)
def test_answers_that_cannot_be_are_refused(
    queries: list[int], items: list[int], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        retrieval(
            torch.eye(3, 4),
            torch.eye(4),
            Relevance.of_pairs(
                torch.tensor(queries, dtype=torch.int64), torch.tensor(items, dtype=torch.int64)
            ),
        )


@pytest.mark.parametrize("gain", [0.0, -1.0, math.nan, math.inf])
def test_gains_must_be_above_zero(gain: float) -> None:
    row = torch.tensor([0])
    with pytest.raises(ValueError, match="gains must be finite and above 0"):
        Relevance(row, row, torch.tensor([gain]))


def test_shapes_that_do_not_fit_are_refused() -> None:
    row = torch.tensor([0])
    with pytest.raises(ValueError, match=r"got \[1, 3\] and \[1, 4\]"):
        retrieval(torch.ones(1, 3), torch.ones(1, 4), Relevance.of_pairs(row, row))
    with pytest.raises(ValueError, match=r"got \[2\] and \[3\]"):
        spearman(torch.ones(2), torch.ones(3))
