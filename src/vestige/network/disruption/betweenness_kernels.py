"""Compiled: betweenness, of everybody at once or of the largest component again after each removal."""

import heapq

import numpy as np

from vestige.network.disruption.partition_kernels import component_of
from vestige.statistics.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled


@compiled
def add_dependencies(
    starts: IntArray, others: IndexArray, gone: BoolArray, sources: IntArray, score: FloatArray
) -> None:
    """Add to `score` each node's dependencies, summed over the sources (Brandes 2001).

    Over all sources this is betweenness over ordered pairs; over a random part of them, that times the part's share.
    """
    nodes = starts.size - 1
    distance = np.full(nodes, -1, np.int32)
    paths = np.zeros(nodes)
    dependency = np.zeros(nodes)
    queue = np.empty(nodes, np.int32)
    for source in sources:
        head, tail = 0, 1
        queue[0] = source
        distance[source] = 0
        paths[source] = 1
        while head < tail:
            node = queue[head]
            head += 1
            for place in range(starts[node], starts[node + 1]):
                other = others[place]
                if gone[other]:
                    continue
                if distance[other] < 0:
                    distance[other] = distance[node] + 1
                    queue[tail] = other
                    tail += 1
                if distance[other] == distance[node] + 1:
                    paths[other] += paths[node]
        for place in range(tail - 1, 0, -1):
            node = queue[place]
            share = (1 + dependency[node]) / paths[node]
            for step in range(starts[node], starts[node + 1]):
                other = others[step]
                if not gone[other] and distance[other] == distance[node] - 1:
                    dependency[other] += paths[other] * share
            score[node] += dependency[node]
        for place in range(tail):
            node = queue[place]
            distance[node] = -1
            paths[node] = 0
            dependency[node] = 0


@compiled
def adaptive_betweenness_order(
    starts: IntArray,
    others: IndexArray,
    cost: FloatArray,
    noise: FloatArray,
    draws: FloatArray,
    work: float,
    fewest: int,
    batch: float,
) -> IntArray:
    """Every node: always from the largest component, by betweenness within it, computed again after each batch.

    Args:
        starts: offsets of the neighbours.
        others: the neighbours.
        cost: of each node; betweenness is divided by it.
        noise: of each node, to decide between equals.
        draws: uniform numbers that choose sources, used in turn.
        work: ties that one computation may visit; a component that needs no more is computed exactly, in a larger
            one a random part of its nodes are sources.
        fewest: sources at least.
        batch: share of the component that is removed before betweenness is computed again; at least one node.
    """
    nodes = starts.size - 1
    gone = np.zeros(nodes, np.bool_)
    found = np.zeros(nodes, np.bool_)
    score = np.zeros(nodes)
    order = np.empty(nodes, np.int64)
    queue = np.empty(nodes, np.int64)
    done, drawn = 0, 0
    heap = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for node in range(nodes):
        if not found[node]:
            size = component_of(starts, others, gone, found, queue, np.int64(node))
            heapq.heappush(heap, (np.int64(-size), np.int64(node)))
    found[:] = False
    while len(heap) > 0:
        _, start = heapq.heappop(heap)
        size = component_of(starts, others, gone, found, queue, start)
        part = queue[:size].copy()
        ties = 0
        for node in part:
            found[node] = False
            score[node] = 0
            ties += starts[node + 1] - starts[node]
        wanted = min(size, max(fewest, int(work / max(ties, 1))))
        for place in range(wanted):
            if wanted == size:
                break
            other = place + int(draws[drawn % draws.size] * (size - place))
            drawn += 1
            part[place], part[other] = part[other], part[place]
        if size > 2:
            add_dependencies(starts, others, gone, part[:wanted], score)
        taken = max(1, int(size * batch))
        for node in _highest(part, score, cost, noise, taken):
            order[done] = node
            done += 1
            gone[node] = True
        for node in part:
            if not gone[node] and not found[node]:
                size = component_of(starts, others, gone, found, queue, np.int64(node))
                heapq.heappush(heap, (np.int64(-size), np.int64(node)))
        for node in part:
            found[node] = False
    return order


@compiled
def _highest(part: IntArray, score: FloatArray, cost: FloatArray, noise: FloatArray, taken: int) -> IntArray:
    """The nodes of a component with the highest score for their cost, highest first."""
    if taken == 1:
        best = part[0]
        for node in part:
            ahead = score[node] / cost[node] - score[best] / cost[best]
            if ahead > 0 or (ahead == 0 and noise[node] < noise[best]):
                best = node
        return np.array([best])
    heap = [(-score[node] / cost[node], noise[node], node) for node in part]
    heapq.heapify(heap)
    chosen = np.empty(taken, np.int64)
    for place in range(taken):
        chosen[place] = heapq.heappop(heap)[2]
    return chosen
