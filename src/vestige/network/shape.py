"""Figures of a network's shape: density, clustering, assortativity, centralisation, reciprocity, components."""

from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from vestige.network.null_models import below, next_state
from vestige.statistics.compiled import IntArray, compiled
from vestige.statistics.ranking import rank_correlation

EXACT_WEDGES: Final = 3_000_000
"""Pairs of ties at a node up to which clustering is counted; above, this many are drawn."""
SAMPLED_WEDGES: Final = 200_000
"""Standard error at most 0.0011 (binomial; Schank and Wagner 2005)."""


def pattern(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix with 1 for each stored value."""
    return sparse.csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)


def density(ties: int, nodes: int, *, directed: bool) -> float | None:
    """Ties over possible ties; None with fewer than two nodes."""
    possible = nodes * (nodes - 1) / (1 if directed else 2)
    return ties / possible if possible else None


def transitivity(joined: sparse.csr_array, *, seed: int) -> float | None:
    """Share of the pairs of ties at a node whose other ends are tied as well (Wasserman and Faust 1994, 6.6).

    Counted up to 3 million such pairs; above, estimated from 200,000 drawn at random.

    Args:
        joined: symmetric, sorted indices, no diagonal.
        seed: of the draw.

    Returns:
        None where no node has two ties.
    """
    degree = np.diff(joined.indptr).astype(np.float64)
    wedges = degree * (degree - 1) / 2
    total = float(wedges.sum())
    if total == 0:
        return None
    indptr, indices = joined.indptr.astype(np.int64), joined.indices.astype(np.int64)
    if total <= EXACT_WEDGES:
        closed = _closed_all(indptr, indices)
        return closed / total
    generator = np.random.default_rng(seed)
    centres = generator.choice(degree.size, SAMPLED_WEDGES, p=wedges / total)
    closed = _closed_drawn(indptr, indices, centres, np.uint64(generator.integers(1 << 62)))
    return closed / SAMPLED_WEDGES


def degree_assortativity(joined: sparse.csr_array) -> float | None:
    """Pearson correlation of the degrees at both ends of a tie (Newman 2002); None where degrees do not vary."""
    degree = np.diff(joined.indptr).astype(np.float64)
    one = np.repeat(degree, np.diff(joined.indptr))
    return _correlation(one, degree[joined.indices])


def centralisation(joined: sparse.csr_array) -> float | None:
    """Degree centralisation: 1 for a star, 0 where all have the same degree (Freeman 1978); None under three nodes."""
    nodes = joined.shape[0]
    if nodes < 3:  # noqa: PLR2004 - a star needs three
        return None
    degree = np.diff(joined.indptr).astype(np.float64)
    return float((degree.max() - degree).sum() / ((nodes - 1) * (nodes - 2)))


def reciprocity(adjacency: sparse.csr_array) -> float | None:
    """Share of directed ties that are returned; None without ties."""
    own = pattern(adjacency)
    return float(own.multiply(own.T).sum() / own.nnz) if own.nnz else None


def component_sizes(joined: sparse.csr_array) -> IntArray:
    """Nodes of each component, largest first."""
    if not joined.shape[0]:
        return np.zeros(0, dtype=np.int64)
    _, label = connected_components(joined, directed=False)
    return -np.sort(-np.bincount(label)).astype(np.int64)


def two_mode_component_sizes(membership: sparse.csr_array) -> IntArray:
    """Members of each component of a two-mode network, largest first."""
    members = membership.shape[0]
    whole = sparse.block_array([[None, membership], [membership.T, None]], format="csr")
    _, label = connected_components(whole, directed=False)
    return -np.sort(-np.bincount(label[:members])).astype(np.int64)


def two_mode_assortativity(membership: sparse.csr_array) -> float | None:
    """Pearson correlation, over members and their threads, of threads joined and thread size."""
    joined = np.diff(membership.indptr).astype(np.float64)
    sizes = np.bincount(membership.indices, minlength=membership.shape[1]).astype(np.float64)
    return _correlation(np.repeat(joined, np.diff(membership.indptr)), sizes[membership.indices])


def size_against_activity(membership: sparse.csr_array) -> float | None:
    """Spearman correlation, over threads with two members or more, of size and its members' mean number of threads.

    Below 0: large threads are written by less active members. A thread of many is bound to have many occasional
    writers, so that the figure says little without its null model.
    """
    joined = np.diff(membership.indptr).astype(np.float64)
    sizes = np.bincount(membership.indices, minlength=membership.shape[1])
    total = np.bincount(membership.indices, np.repeat(joined, np.diff(membership.indptr)), membership.shape[1])
    shared = sizes > 1
    if np.unique(sizes[shared]).size < 2:  # noqa: PLR2004 - nothing varies
        return None
    mean = total[shared] / sizes[shared]
    if np.unique(mean).size < 2:  # noqa: PLR2004 - nothing varies
        return None
    return rank_correlation(sizes[shared].astype(np.float64), mean)


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    if one.size < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:  # noqa: PLR2004 - nothing varies
        return None
    return float(np.corrcoef(one, other)[0, 1])


@compiled
def _has(indices: IntArray, start: int, end: int, wanted: int) -> bool:
    """Whether a sorted row holds a column."""
    while start < end:
        middle = (start + end) // 2
        if indices[middle] < wanted:
            start = middle + 1
        elif indices[middle] > wanted:
            end = middle
        else:
            return True
    return False


@compiled
def _closed_all(indptr: IntArray, indices: IntArray) -> int:
    closed = 0
    for node in range(indptr.size - 1):
        for first in range(indptr[node], indptr[node + 1]):
            row = indices[first]
            for second in range(first + 1, indptr[node + 1]):
                closed += _has(indices, indptr[row], indptr[row + 1], indices[second])
    return closed


@compiled
def _closed_drawn(indptr: IntArray, indices: IntArray, centres: IntArray, seed: np.uint64) -> int:
    closed, state = 0, seed
    for node in centres:
        degree = indptr[node + 1] - indptr[node]
        state = next_state(state)
        first = below(state, degree)
        state = next_state(state)
        second = below(state, degree - 1)
        second += second >= first
        row = indices[indptr[node] + first]
        closed += _has(indices, indptr[row], indptr[row + 1], indices[indptr[node] + second])
    return closed
