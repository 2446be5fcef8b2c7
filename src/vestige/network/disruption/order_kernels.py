"""Compiled: whom to remove next, by degree, CoreHD and collective influence.

All three scores only fall as nodes are removed, so an outdated entry of the heap is an upper bound: the first
up-to-date one on top is the largest, and nothing else needs to be computed again.
"""

import heapq

import numpy as np

from vestige.statistics.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled

LARGEST_RADIUS = 2
"""Beyond it a removal can bring new nodes to the ball's edge, and collective influence may rise."""


@compiled
def adaptive_degree_order(starts: IntArray, others: IndexArray, cost: FloatArray, noise: FloatArray) -> IntArray:
    """Every node, the one with most remaining neighbours for its cost first; `noise` decides between equals."""
    nodes = starts.size - 1
    degree = starts[1:] - starts[:-1]
    gone = np.zeros(nodes, np.bool_)
    order = np.empty(nodes, np.int64)
    take_by_degree(starts, others, cost, noise, degree, gone, order, 0)
    return order


@compiled
def take_by_degree(
    starts: IntArray,
    others: IndexArray,
    cost: FloatArray,
    noise: FloatArray,
    degree: IntArray,
    gone: BoolArray,
    order: IntArray,
    done: int,
) -> None:
    """Fill `order` from place `done` with those who are left, by remaining degree; `gone` and `degree` are changed."""
    nodes = starts.size - 1
    heap = [(-degree[node] / cost[node], noise[node], node) for node in range(nodes) if not gone[node]]
    heapq.heapify(heap)
    while len(heap) > 0:
        key, chance, node = heapq.heappop(heap)
        now = -degree[node] / cost[node]
        if now > key:
            heapq.heappush(heap, (now, chance, node))
            continue
        order[done] = node
        done += 1
        gone[node] = True
        for place in range(starts[node], starts[node + 1]):
            degree[others[place]] -= 1


@compiled
def core_order(starts: IntArray, others: IndexArray, cost: FloatArray, noise: FloatArray) -> IntArray:
    """Every node by CoreHD: the highest degree within the 2-core until there is none, then trees at their centre.

    Source:
        Zdeborova, Zhang and Zhou (2016), Scientific Reports 6, 37954.
    """
    nodes = starts.size - 1
    degree = starts[1:] - starts[:-1]
    gone = np.zeros(nodes, np.bool_)
    peeled = np.zeros(nodes, np.bool_)
    order = np.empty(nodes, np.int64)
    done = 0
    _peel(starts, others, degree, peeled, np.arange(nodes))
    heap = [(-degree[node] / cost[node], noise[node], node) for node in range(nodes) if not peeled[node]]
    heapq.heapify(heap)
    while len(heap) > 0:
        key, chance, node = heapq.heappop(heap)
        if peeled[node]:
            continue
        now = -degree[node] / cost[node]
        if now > key:
            heapq.heappush(heap, (now, chance, node))
            continue
        order[done] = node
        done += 1
        gone[node] = True
        peeled[node] = True
        for place in range(starts[node], starts[node + 1]):
            degree[others[place]] -= 1
        _peel(starts, others, degree, peeled, others[starts[node] : starts[node + 1]].astype(np.int64))
    _break_trees(starts, others, gone, order, done)
    return order


@compiled
def _peel(starts: IntArray, others: IndexArray, degree: IntArray, peeled: BoolArray, suspects: IntArray) -> None:
    """Take nodes of degree below 2 off the core, and those who fall below 2 by it; `degree` is that in the core."""
    waiting = [node for node in suspects if not peeled[node] and degree[node] < 2]
    for node in waiting:
        peeled[node] = True
    while len(waiting) > 0:
        node = waiting.pop()
        for place in range(starts[node], starts[node + 1]):
            other = others[place]
            degree[other] -= 1
            if not peeled[other] and degree[other] < 2:
                peeled[other] = True
                waiting.append(np.int64(other))


@compiled
def _break_trees(starts: IntArray, others: IndexArray, gone: BoolArray, order: IntArray, done: int) -> None:
    """Fill `order` from place `done`: always the largest tree, at the node that leaves the smallest largest part."""
    nodes = starts.size - 1
    queue = np.empty(nodes, np.int64)
    above = np.full(nodes, -1, np.int64)
    below = np.zeros(nodes, np.int64)
    heap = [(np.int64(0), np.int64(0)) for _ in range(0)]
    found = np.zeros(nodes, np.bool_)
    for node in range(nodes):
        if not gone[node] and not found[node]:
            size = _spread(starts, others, gone, queue, above, np.int64(node))
            for place in range(size):
                found[queue[place]] = True
            heap.append((np.int64(-size), np.int64(node)))
    heapq.heapify(heap)
    while len(heap) > 0:
        _, start = heapq.heappop(heap)
        size = _spread(starts, others, gone, queue, above, start)
        centre = _centre(starts, others, gone, queue, above, below, size)
        order[done] = centre
        done += 1
        gone[centre] = True
        for place in range(starts[centre], starts[centre + 1]):
            other = np.int64(others[place])
            if not gone[other]:
                heapq.heappush(heap, (-(size - below[centre] if above[centre] == other else below[other]), other))


@compiled
def _spread(
    starts: IntArray, others: IndexArray, gone: BoolArray, queue: IntArray, above: IntArray, start: np.int64
) -> int:
    """Nodes of a tree from a start into `queue`, each with the node it was reached from; returns how many."""
    head, tail = 0, 1
    queue[0] = start
    above[start] = -1
    while head < tail:
        node = queue[head]
        head += 1
        for place in range(starts[node], starts[node + 1]):
            other = others[place]
            if not gone[other] and other != above[node]:
                above[other] = node
                queue[tail] = other
                tail += 1
    return tail


@compiled
def _centre(
    starts: IntArray,
    others: IndexArray,
    gone: BoolArray,
    queue: IntArray,
    above: IntArray,
    below: IntArray,
    size: int,
) -> np.int64:
    """The node of a tree whose removal leaves the smallest largest part; `below` becomes sizes of subtrees."""
    best, best_left = np.int64(queue[0]), size
    for place in range(size - 1, -1, -1):
        node = queue[place]
        below[node] = 1
        largest = 0
        for step in range(starts[node], starts[node + 1]):
            other = others[step]
            if not gone[other] and other != above[node]:
                below[node] += below[other]
                largest = max(largest, below[other])
        largest = max(largest, size - below[node])
        if largest < best_left:
            best, best_left = np.int64(node), largest
    return best


@compiled
def influence_order(starts: IntArray, others: IndexArray, radius: int, cost: FloatArray, noise: FloatArray) -> IntArray:
    """Every node by collective influence: (k - 1) times the sum of k' - 1 over nodes at distance `radius`.

    Where the influence of all who are left is 0 (only trees and rings hang together), by remaining degree.

    Args:
        starts: offsets of the neighbours.
        others: the neighbours.
        radius: 1 or 2.
        cost: of each node; influence is divided by it.
        noise: of each node, to decide between equals.

    Source:
        Morone and Makse (2015), Nature 524, 65-68; Morone et al. (2016), Scientific Reports 6, 30062.
    """
    nodes = starts.size - 1
    degree = starts[1:] - starts[:-1]
    gone = np.zeros(nodes, np.bool_)
    seen = np.full(nodes, -1, np.int64)
    order = np.empty(nodes, np.int64)
    done = 0
    heap = [
        (-_influence(starts, others, degree, gone, seen, node, node, radius) / cost[node], noise[node], node)
        for node in range(nodes)
    ]
    heapq.heapify(heap)
    visit = nodes
    while len(heap) > 0 and heap[0][0] < 0:
        key, chance, node = heapq.heappop(heap)
        visit += 1
        now = -_influence(starts, others, degree, gone, seen, visit, node, radius) / cost[node]
        if now > key:
            heapq.heappush(heap, (now, chance, node))
            continue
        order[done] = node
        done += 1
        gone[node] = True
        for place in range(starts[node], starts[node + 1]):
            degree[others[place]] -= 1
    take_by_degree(starts, others, cost, noise, degree, gone, order, done)
    return order


@compiled
def _influence(
    starts: IntArray,
    others: IndexArray,
    degree: IntArray,
    gone: BoolArray,
    seen: IntArray,
    visit: int,
    node: int,
    radius: int,
) -> float:
    """Collective influence of one node; `seen` holds each node's last visit."""
    if degree[node] < 2:
        return 0.0
    seen[node] = visit
    total = 0
    for place in range(starts[node], starts[node + 1]):
        other = others[place]
        if not gone[other]:
            seen[other] = visit
            if radius == 1:
                total += degree[other] - 1
    if radius == 2:
        for place in range(starts[node], starts[node + 1]):
            near = others[place]
            if gone[near]:
                continue
            for step in range(starts[near], starts[near + 1]):
                far = others[step]
                if not gone[far] and seen[far] != visit:
                    seen[far] = visit
                    total += degree[far] - 1
    return float(degree[node] - 1) * total
