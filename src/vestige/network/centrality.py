"""Positions that follow from degrees, weights and walks: no shortest paths, so they are quick at any size."""

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from vestige.network.path_kernels import core_numbers
from vestige.network.ties import Ties, pattern
from vestige.statistics.compiled import FloatArray

if TYPE_CHECKING:
    from collections.abc import Callable

DAMPING: Final = 0.85
"""Chance to go on along a tie (Brin and Page 1998)."""
_WALK_TOLERANCE: Final = 1e-10
_MOST_WALKS: Final = 500
_SMALL: Final = 64
"""Members up to which eigenvectors are found densely: Lanczos needs some room."""


def row_sums(matrix: sparse.csr_array) -> FloatArray:
    """Sum of each row, shape (rows,)."""
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).reshape(-1)


def column_sums(matrix: sparse.csr_array) -> FloatArray:
    """Sum of each column, shape (columns,)."""
    return np.asarray(matrix.sum(axis=0), dtype=np.float64).reshape(-1)


def page_rank(adjacency: sparse.csr_array, *, symmetric: bool = False) -> FloatArray:
    """PageRank along weighted ties, from giver to receiver; who gives nothing starts anew anywhere.

    Args:
        adjacency: row gives to column, shape (members, members).
        symmetric: whether the matrix is its own transpose, which then need not be made.

    Returns:
        Shares that sum to 1, shape (members,).

    Source:
        Brin and Page (1998); dangling nodes as in Langville and Meyer (2004), section 3.1.
    """
    members = adjacency.shape[0]
    given = row_sums(adjacency)
    silent = given == 0
    scale = np.divide(1.0, given, out=np.zeros(members), where=~silent)
    arriving = adjacency if symmetric else sparse.csr_array(adjacency.T)
    rank = np.full(members, 1.0 / members)
    for _ in range(_MOST_WALKS):
        moved = arriving @ (rank * scale)
        following = DAMPING * (moved + rank[silent].sum() / members) + (1 - DAMPING) / members
        change = np.abs(following - rank).sum()
        rank = following
        if change < _WALK_TOLERANCE:
            break
    return np.asarray(rank)


def eigenvector(joined: sparse.csr_array) -> FloatArray:
    """Leading eigenvector of the symmetric weights within the largest component, largest entry 1; 0 elsewhere.

    Source:
        Bonacich (1972), Factoring and weighting approaches to status scores and clique identification.
    """
    mask = np.zeros(joined.shape[0])
    if not joined.nnz:
        return mask
    mask[largest_component(joined)] = 1.0
    return _leading(mask, lambda vector: mask * (joined @ vector)) * mask


def two_mode_hits(membership: sparse.csr_array) -> FloatArray:
    """Hub scores of members in the two-mode network, largest entry 1; 0 outside its largest component.

    A member scores by the threads joined, a thread by the members who joined it; nothing is projected.

    Source:
        Kleinberg (1999), Authoritative sources in a hyperlinked environment; for two-mode data it is the eigenvector
        centrality of Faust (1997).
    """
    members = membership.shape[0]
    whole = sparse.block_array([[None, membership], [membership.T, None]], format="csr")
    inside = largest_component(sparse.csr_array(whole))
    rows, columns = inside[inside < members], inside[inside >= members] - members
    part = sparse.csr_array(membership[rows][:, columns])
    turned = sparse.csr_array(part.T)
    scores = np.zeros(members)
    scores[rows] = _leading(np.ones(rows.size), lambda vector: part @ (turned @ vector)) if part.nnz else 0.0
    return scores


def largest_component(joined: sparse.csr_array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Nodes of the largest component, ascending; of equals, the one with the lowest node."""
    if joined.shape[0] == 0:
        return np.zeros(0, np.int64)
    _, labels = csgraph.connected_components(joined, directed=False)
    return np.flatnonzero(labels == np.bincount(labels).argmax())


def _leading(start: FloatArray, apply: "Callable[[FloatArray], FloatArray]") -> FloatArray:
    """Leading eigenvector of a symmetric, non-negative operator that is connected where `start` is not 0."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    size = start.size
    if size <= _SMALL:
        vector = np.linalg.eigh(np.column_stack([apply(unit) for unit in np.eye(size)]))[1][:, -1]
    else:
        operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
        vector = eigsh(operator, k=1, which="LA", v0=start, tol=1e-8, maxiter=20 * size)[1][:, 0]
    positive = np.abs(vector)
    return np.asarray(positive / positive.max())


def reciprocity(adjacency: sparse.csr_array) -> FloatArray:
    """Share of the ties each member gives that are returned; NaN for members who give none."""
    given = np.diff(adjacency.indptr)
    ones = sparse.csr_array((np.ones(adjacency.nnz), adjacency.indices, adjacency.indptr), shape=adjacency.shape)
    returned = row_sums(sparse.csr_array(ones.multiply(ones.T)))
    return np.asarray(np.divide(returned, given, out=np.full(given.size, np.nan), where=given > 0))


def k_core(ties: Ties) -> FloatArray:
    """Core number of each member, ties of either direction counting once (Seidman 1983)."""
    begins, indices = pattern(ties.joined)
    core = np.zeros(ties.size, np.int32)
    core_numbers(begins, indices, core)
    return core.astype(np.float64)
