"""How members' ties spread over communities, compiled: one pass over the ties for each partition."""

import numpy as np

from vestige.statistics.compiled import FloatArray, IndexArray, compiled


@compiled
def add_spread(
    indptr: IndexArray, indices: IndexArray, weight: FloatArray, labels: IndexArray, inside: FloatArray,
    squares: FloatArray,
) -> None:  # fmt: skip
    """Add, per member, what ties tell of one partition.

    Args:
        indptr: of the symmetric matrix of ties, shape (members + 1,).
        indices: shape (arcs,).
        weight: shape (arcs,).
        labels: community of each member, from 0. Shape (members,).
        inside: gains the weight of ties within the member's own community. Shape (members,).
        squares: gains the sum over communities of the squared weight of ties into each. Shape (members,).
    """
    total = np.zeros(labels.max() + 1, np.float64)
    for member in range(indptr.size - 1):
        for arc in range(indptr[member], indptr[member + 1]):
            total[labels[indices[arc]]] += weight[arc]
        inside[member] += total[labels[member]]
        for arc in range(indptr[member], indptr[member + 1]):
            community = labels[indices[arc]]
            squares[member] += total[community] ** 2
            total[community] = 0.0
