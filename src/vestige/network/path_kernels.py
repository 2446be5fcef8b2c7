"""Shortest paths from given nodes, compiled: betweenness and harmonic closeness in one go.

Nodes are rows of a compressed matrix whose weights play no part: a tie's weight is strength, not length. Callers run
one call a thread, each with sums of its own, since a compiled function holds no lock.
"""

import numpy as np

from vestige.statistics.compiled import FloatArray, IndexArray, compiled


@compiled
def add_paths(
    indptr: IndexArray, indices: IndexArray, sources: IndexArray, between: FloatArray, harmonic: FloatArray
) -> None:
    """Add what shortest paths from the sources give to every node.

    Args:
        indptr: of the matrix, shape (nodes + 1,).
        indices: of the matrix, shape (arcs,).
        sources: nodes that paths start from.
        between: gains, per node, the sum over sources and ends of the share of shortest paths through it. (nodes,)
        harmonic: gains, per node, the sum over sources of 1 / distance from the source. (nodes,)

    Source:
        Brandes (2001), A faster algorithm for betweenness centrality, Journal of Mathematical Sociology 25, 163-177.
    """
    nodes = indptr.size - 1
    distance = np.empty(nodes, np.int32)
    paths = np.empty(nodes, np.float64)
    passed = np.empty(nodes, np.float64)
    queue = np.empty(nodes, np.int32)
    for source in sources:
        distance[:] = -1
        passed[:] = 0.0
        distance[source] = 0
        paths[source] = 1.0
        queue[0] = source
        begin, reached, steps = 0, 1, 0
        while begin < reached:
            end = reached
            steps += 1
            for place in range(begin, end):
                node = queue[place]
                for arc in range(indptr[node], indptr[node + 1]):
                    other = indices[arc]
                    if distance[other] == -1:
                        distance[other] = steps
                        paths[other] = paths[node]
                        queue[reached] = other
                        reached += 1
                    elif distance[other] == steps:
                        paths[other] += paths[node]
            for place in range(end, reached):
                harmonic[queue[place]] += 1.0 / steps
            begin = end
        for place in range(reached - 1, 0, -1):
            node = queue[place]
            farther = distance[node] + 1
            share = 0.0
            for arc in range(indptr[node], indptr[node + 1]):
                other = indices[arc]
                if distance[other] == farther:
                    share += (1.0 + passed[other]) / paths[other]
            passed[node] = share * paths[node]
            between[node] += passed[node]


@compiled
def core_numbers(indptr: IndexArray, indices: IndexArray, core: IndexArray) -> None:
    """The largest k for which a node belongs to a part in which everybody has k ties.

    Args:
        indptr: of a symmetric matrix without a diagonal, shape (nodes + 1,).
        indices: of the matrix, shape (arcs,).
        core: filled with the core numbers, shape (nodes,).

    Source:
        Batagelj and Zaversnik (2003), An O(m) algorithm for cores decomposition of networks.
    """
    nodes = indptr.size - 1
    largest = 0
    for node in range(nodes):
        core[node] = indptr[node + 1] - indptr[node]
        largest = max(largest, core[node])
    begin = np.zeros(largest + 2, np.int32)
    for node in range(nodes):
        begin[core[node] + 1] += 1
    for degree in range(1, largest + 2):
        begin[degree] += begin[degree - 1]
    order = np.empty(nodes, np.int32)
    place = np.empty(nodes, np.int32)
    filled = begin[: largest + 1].copy()
    for node in range(nodes):
        place[node] = filled[core[node]]
        order[place[node]] = node
        filled[core[node]] += 1
    for step in range(nodes):
        node = order[step]
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if core[other] > core[node]:
                degree = core[other]
                first = begin[degree]
                moved = order[first]
                if moved != other:
                    order[first], order[place[other]] = other, moved
                    place[moved], place[other] = place[other], first
                begin[degree] += 1
                core[other] -= 1
