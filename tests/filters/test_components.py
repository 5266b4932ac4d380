from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from filters.components import Edges, closed, distinct, large_star, small_star

Pairs = list[tuple[int, int]]

graphs = st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=40)
chains = st.permutations(range(30)).map(lambda nodes: list(pairwise(nodes)))


def slow(pairs: Pairs) -> dict[int, int]:
    """Each node's smallest companion, by union-find; nodes alone and the smallest are left out."""
    roots = {node: node for pair in pairs for node in pair}

    def root(node: int) -> int:
        return node if roots[node] == node else root(roots[node])

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        roots[high] = low
    return {node: root(node) for node in roots if root(node) != node}


def arrays(pairs: Pairs) -> Edges:
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return left, right


def as_dict(edges: Edges) -> dict[int, int]:
    children, parents = edges
    assert len(set(children.tolist())) == len(children)
    return dict(zip(children.tolist(), parents.tolist(), strict=True))


@settings(deadline=None)
@given(graphs | chains)
def test_closing_at_one_go_is_union_find(pairs: Pairs) -> None:
    assert as_dict(closed(*arrays(pairs))) == slow(pairs)


@settings(deadline=None)
@given(graphs | chains)
def test_stars_in_turn_end_in_the_same_and_never_grow(pairs: Pairs) -> None:
    left, right = arrays([(max(pair), min(pair)) for pair in pairs if pair[0] != pair[1]])
    edges = distinct(left, right)
    for _ in range(100):
        nodes, neighbours = (np.concatenate(both) for both in (edges, edges[::-1]))
        large = large_star(nodes, neighbours)
        assert len(large[0]) <= len(edges[0])
        after = small_star(*large)
        assert len(after[0]) <= len(edges[0])
        if np.array_equal(after[0], edges[0]) and np.array_equal(after[1], edges[1]):
            break
        edges = after
    assert as_dict(edges) == slow(pairs)
