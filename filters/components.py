"""Which nodes of a graph hang together? Steps that need no more than a node's own edges at once.

Large-star and small-star (Kiveris et al. 2014, "Connected Components in MapReduce and Beyond",
section 3), repeated in turn, leave every node with one edge, to the smallest node that it hangs
together with. Neither makes more edges than there were.
"""

import numpy as np
from numpy.typing import NDArray

Nodes = NDArray[np.int64]

Edges = tuple[Nodes, Nodes]
"""Pairs of nodes, shape [edges] each: from the larger to the smaller in all that is returned."""


def large_star(nodes: Nodes, neighbours: Nodes) -> Edges:
    """Ties the larger neighbours of each node to the smallest of its neighbours and itself.

    Args:
      nodes: shape [rows]; all of a node's neighbours must be here.
      neighbours: of these.
    """
    smallest = np.minimum(nodes, _smallest(nodes, neighbours))
    larger = neighbours > nodes
    return distinct(neighbours[larger], smallest[larger])


def small_star(nodes: Nodes, neighbours: Nodes) -> Edges:
    """Ties each node and its neighbours, all smaller, to the smallest of these; as `large_star`."""
    smallest = _smallest(nodes, neighbours)
    children = np.concatenate([nodes, neighbours])
    parents = np.concatenate([smallest, smallest])
    others = children != parents
    return distinct(children[others], parents[others])


def closed(left: Nodes, right: Nodes) -> Edges:
    """The same at one go, for edges that all fit in memory, in any order and direction.

    >>> [nodes.tolist() for nodes in closed(np.array([9, 5, 2]), np.array([7, 2, 4]))]
    [[4, 5, 9], [2, 2, 7]]
    """
    nodes, at = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, other = at[: len(left)], at[len(left) :]
    roots = np.arange(len(nodes))
    while not np.array_equal(roots[one], roots[other]):
        from_roots, to_roots = roots[one], roots[other]
        lowest = np.minimum(from_roots, to_roots)
        np.minimum.at(roots, from_roots, lowest)
        np.minimum.at(roots, to_roots, lowest)
        while not np.array_equal(roots, roots[roots]):
            roots = roots[roots]
    children = roots != np.arange(len(nodes))
    return nodes[children], nodes[roots[children]]


def distinct(left: Nodes, right: Nodes) -> Edges:
    """Each edge once, in order."""
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    new = np.ones(len(left), dtype=bool)
    new[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return left[new], right[new]


def _smallest(nodes: Nodes, neighbours: Nodes) -> Nodes:
    """The smallest neighbour of the node in each row."""
    distinct_nodes, at = np.unique(nodes, return_inverse=True)
    smallest = np.full(len(distinct_nodes), np.iinfo(np.int64).max)
    np.minimum.at(smallest, at, neighbours)
    return smallest[at]
