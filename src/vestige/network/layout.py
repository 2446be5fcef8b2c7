"""Where to draw the nodes of a network: near those they are tied to, apart from the rest, also with 100,000 of them.

Each node keeps its strongest ties only, since all ties together draw a ball of wool. The network is then shrunk by
joining each node to its strongest neighbour, again and again; the smallest one is laid out first, and each larger one
starts from the places of the one before (Walshaw 2003). Places move by stochastic gradient steps along ties and away
from randomly drawn nodes (Tang, Liu, Zhang and Mei 2016, LargeVis). One thread, one seed: one picture.
"""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from vestige.network.null_models import below, next_state
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray, compiled

TIES_KEPT: Final = 6
"""Strongest ties that each node keeps; a tie stays if either end keeps it."""
SMALLEST: Final = 60
"""Nodes below which nothing is shrunk any more."""
_PASSES_FIRST: Final = 400
_STEPS_AT_MOST: Final = 60_000_000
_PASSES: Final = (30, 120)
_APART: Final = 5
_LEVELS: Final = 30
_GROUP: Final = 4
_LEASH: Final = 0.02
"""Pull that does not fade with distance, so that no node is lost that an early step threw far out."""
_GRAVITY: Final = 0.001
"""Pull to the middle, which keeps components together that no tie joins."""


def strongest_ties(joined: sparse.csr_array, kept: int = TIES_KEPT) -> sparse.csr_array:
    """A symmetric matrix with each node's strongest ties; equal weights go to the neighbour with fewer ties.

    A tie to somebody who is tied to everybody says least about where a node belongs.

    Args:
        joined: symmetric, shape (nodes, nodes).
        kept: ties a node keeps.
    """
    degree = np.diff(joined.indptr)
    rows = np.repeat(np.arange(joined.shape[0]), degree)
    order = np.lexsort((degree[joined.indices], -joined.data, rows))
    place = np.arange(rows.size) - joined.indptr[rows]
    chosen = order[place < kept]
    half = sparse.csr_array((joined.data[chosen], (rows[chosen], joined.indices[chosen])), shape=joined.shape)
    both = sparse.csr_array(half.maximum(half.T))
    both.sort_indices()
    return both


def drawn_nodes(joined: sparse.csr_array, smallest_share: float = 0.002) -> BoolArray:
    """Nodes worth a place: those in components of at least 3 nodes and of this share of the largest."""
    count, component = connected_components(joined, directed=False)
    sizes = np.bincount(component, minlength=count)
    least = max(3, smallest_share * sizes.max(initial=0))
    enough: BoolArray = sizes[component] >= least
    return enough


def place_nodes(joined: sparse.csr_array, *, seed: int) -> FloatArray:
    """Positions of all nodes, shape (nodes, 2), about 0 and of no unit; the same seed gives the same places.

    Args:
        joined: symmetric weights, without a diagonal.
        seed: of all that is random.
    """
    generator = np.random.default_rng(seed)
    levels = [strongest_ties(joined)]
    parents: list[IntArray] = []
    while levels[-1].shape[0] > SMALLEST and len(levels) < _LEVELS:
        parent = _merged(levels[-1], generator)
        smaller = _shrunk(levels[-1], parent)
        if smaller.shape[0] > 0.9 * levels[-1].shape[0]:
            break
        parents.append(parent)
        levels.append(smaller)
    places = generator.normal(0.0, 1.0, (levels[-1].shape[0], 2))
    for depth in range(len(levels) - 1, -1, -1):
        if depth < len(parents):
            larger = np.sqrt(levels[depth].shape[0] / max(len(places), 1))
            places = larger * places[parents[depth]] + generator.normal(0.0, 0.3, (levels[depth].shape[0], 2))
        first = depth == len(levels) - 1
        _settle(places, levels[depth], generator, passes=_PASSES_FIRST if first else None)
    return np.asarray(places - places.mean(axis=0), dtype=np.float64)


def _settle(places: FloatArray, ties: sparse.csr_array, generator: np.random.Generator, *, passes: int | None) -> None:
    rows = np.repeat(np.arange(ties.shape[0], dtype=np.int64), np.diff(ties.indptr))
    if not rows.size:
        return
    if passes is None:
        low, high = _PASSES
        passes = int(np.clip(_STEPS_AT_MOST // (rows.size * (_APART + 1)), low, high))
    order = generator.permutation(rows.size)
    columns = ties.indices.astype(np.int64)
    seed = np.uint64(generator.integers(1 << 62))
    _descend(places, rows[order], columns[order], passes, _APART, seed)


def _merged(ties: sparse.csr_array, generator: np.random.Generator) -> IntArray:
    """The number, from 0, of the merged node that each node becomes part of."""
    parent = np.full(ties.shape[0], -1, dtype=np.int64)
    order = generator.permutation(ties.shape[0])
    count = _join(order, ties.indptr.astype(np.int64), ties.indices.astype(np.int64), ties.data, parent)
    return parent if count else np.arange(ties.shape[0], dtype=np.int64)


def _shrunk(ties: sparse.csr_array, parent: IntArray) -> sparse.csr_array:
    size = int(parent.max()) + 1
    rows = np.repeat(np.arange(ties.shape[0]), np.diff(ties.indptr))
    smaller = sparse.csr_array((ties.data, (parent[rows], parent[ties.indices])), shape=(size, size))
    smaller.sum_duplicates()
    smaller.setdiag(0.0)
    smaller.eliminate_zeros()
    return strongest_ties(smaller, 2 * TIES_KEPT)


@compiled
def _join(order: IntArray, indptr: IntArray, indices: IntArray, data: FloatArray, parent: IntArray) -> int:
    """Join nodes in a random order to the strongest neighbour that is not yet in a group of four; returns groups."""
    count = 0
    size = np.zeros(order.size, dtype=np.int64)
    for node in order:
        if parent[node] >= 0:
            continue
        best, strength = -1, 0.0
        for place in range(indptr[node], indptr[node + 1]):
            other = indices[place]
            free = parent[other] < 0 or size[parent[other]] < _GROUP
            if free and data[place] > strength:
                best, strength = other, data[place]
        if best >= 0 and parent[best] >= 0:
            parent[node] = parent[best]
        else:
            parent[node] = count
            if best >= 0:
                parent[best] = count
                size[count] += 1
            count += 1
        size[parent[node]] += 1
    return count


@compiled
def _descend(places: FloatArray, source: IntArray, target: IntArray, passes: int, apart: int, seed: np.uint64) -> None:
    """Move both ends of each tie towards each other, and its source away from `apart` random nodes; steps shrink."""
    state = seed
    nodes = places.shape[0]
    for turn in range(passes):
        step = 1.0 - turn / passes
        for tie in range(source.size):
            one, other = source[tie], target[tie]
            across, along = places[one, 0] - places[other, 0], places[one, 1] - places[other, 1]
            pull = -2.0 / (1.0 + across * across + along * along) - _LEASH
            places[one, 0] -= step * _GRAVITY * places[one, 0]
            places[one, 1] -= step * _GRAVITY * places[one, 1]
            move_across = step * min(4.0, max(-4.0, pull * across))
            move_along = step * min(4.0, max(-4.0, pull * along))
            places[one, 0] += move_across
            places[one, 1] += move_along
            places[other, 0] -= move_across
            places[other, 1] -= move_along
            for _ in range(apart):
                state = next_state(state)
                other = below(state, nodes)
                if other == one:
                    continue
                across, along = places[one, 0] - places[other, 0], places[one, 1] - places[other, 1]
                square = across * across + along * along
                push = 2.0 / ((0.01 + square) * (1.0 + square))
                places[one, 0] += step * min(4.0, max(-4.0, push * across))
                places[one, 1] += step * min(4.0, max(-4.0, push * along))
