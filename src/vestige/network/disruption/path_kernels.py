"""Compiled: components while nodes are removed, computed backwards by union-find, and reinsertion.

A network is `starts` (nodes + 1) and `others`: the neighbours of node v are others[starts[v] : starts[v + 1]], each tie
in both directions. To take nodes away is slow to follow, to put them back is not: a removal sequence is walked from
its end, joining components (Newman and Ziff 2001).
"""

import heapq

import numpy as np

from vestige.statistics.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled

SLACK = 0.02
"""Reinsertion takes a node whose component would be at most this much larger than the smallest one known."""


@compiled
def root_of(parent: IntArray, node: int) -> int:
    """The representative of a node's component, halving the way there."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def put_back(starts: IntArray, others: IndexArray, parent: IntArray, size: IntArray, node: int) -> float:
    """Put a node back and join it to its neighbours; sizes above 0 mark who is there.

    Returns:
        How many pairs of nodes have become connected.
    """
    size[node] = 1
    pairs = 0.0
    for place in range(starts[node], starts[node + 1]):
        if size[others[place]] == 0:
            continue
        large, small = root_of(parent, node), root_of(parent, others[place])
        if large != small:
            if size[large] < size[small]:
                large, small = small, large
            pairs += float(size[large]) * float(size[small])
            parent[small] = large
            size[large] += size[small]
    return pairs


@compiled
def removal_path(starts: IntArray, others: IndexArray, order: IntArray) -> tuple[IntArray, FloatArray]:
    """Largest component and connected pairs after each removal.

    Args:
        starts: offsets of the neighbours.
        others: the neighbours.
        order: every node once, first removed first.

    Returns:
        Size of the largest component and number of connected pairs after 0, 1, ..., n removals.
    """
    nodes = order.size
    parent = np.arange(nodes)
    size = np.zeros(nodes, np.int64)
    largest = np.zeros(nodes + 1, np.int64)
    pairs = np.zeros(nodes + 1)
    for left in range(nodes - 1, -1, -1):
        node = order[left]
        pairs[left] = pairs[left + 1] + put_back(starts, others, parent, size, node)
        largest[left] = max(largest[left + 1], size[root_of(parent, node)])
    return largest, pairs


@compiled
def reinserted_order(
    starts: IntArray, others: IndexArray, order: IntArray, removed: int, cost: FloatArray, noise: FloatArray
) -> IntArray:
    """The first `removed` nodes in a better order: put back first what makes the smallest component for its cost.

    Args:
        starts: offsets of the neighbours.
        others: the neighbours.
        order: every node once, first removed first.
        removed: how many of the first to order anew.
        cost: of removing each node, above 0.
        noise: of each node, to decide between equals.

    Source:
        Greedy reinsertion of Braunstein et al. (2016), PNAS 113, 12368-12373, carried on until nobody is left to put
        back, which orders the whole set. Merged sizes only grow, so that an outdated entry of the heap is a lower
        bound and the first up-to-date one is the smallest. An entry counts as up to date within `SLACK`: else every
        node beside the largest component would be looked at again whenever that grows by one.
    """
    nodes = order.size
    parent = np.arange(nodes)
    size = np.zeros(nodes, np.int64)
    seen = np.full(nodes, -1, np.int64)
    better = order.copy()
    for place in range(nodes - 1, removed - 1, -1):
        put_back(starts, others, parent, size, order[place])
    waiting = [(0.0, noise[order[place]], order[place]) for place in range(removed)]
    heapq.heapify(waiting)
    left = removed
    visit = 0
    while left > 0:
        key, chance, node = heapq.heappop(waiting)
        visit += 1
        now = _merged_size(starts, others, parent, size, seen, visit, node) / cost[node]
        if now > key * (1.0 + SLACK):
            heapq.heappush(waiting, (now, chance, node))
            continue
        left -= 1
        better[left] = node
        put_back(starts, others, parent, size, node)
    return better


@compiled
def _merged_size(
    starts: IntArray, others: IndexArray, parent: IntArray, size: IntArray, seen: IntArray, visit: int, node: int
) -> int:
    """Size of the component that a node would be in, were it put back; `seen` holds each root's last visit."""
    merged = 1
    for place in range(starts[node], starts[node + 1]):
        if size[others[place]] > 0:
            root = root_of(parent, others[place])
            if seen[root] != visit:
                seen[root] = visit
                merged += size[root]
    return merged


@compiled
def sampled_efficiency(starts: IntArray, others: IndexArray, gone: BoolArray, sources: IntArray) -> float:
    """Sum of 1 / distance from some sources to all others; a source that is gone reaches nobody."""
    nodes = starts.size - 1
    distance = np.full(nodes, -1, np.int32)
    queue = np.empty(nodes, np.int32)
    total = 0.0
    for source in sources:
        if gone[source]:
            continue
        head, tail = 0, 1
        queue[0] = source
        distance[source] = 0
        while head < tail:
            node = queue[head]
            head += 1
            for place in range(starts[node], starts[node + 1]):
                other = others[place]
                if distance[other] < 0 and not gone[other]:
                    distance[other] = distance[node] + 1
                    total += 1.0 / distance[other]
                    queue[tail] = other
                    tail += 1
        for place in range(tail):
            distance[queue[place]] = -1
    return total
