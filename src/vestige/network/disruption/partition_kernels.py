"""Compiled: generalised network dismantling: cut the largest component in two where the cut is cheap, and go on.

Source:
    Ren, Gleinig, Helbing and Antulov-Fantulin (2019), PNAS 116, 6554-6559: the second eigenvector of the node-weighted
    Laplacian halves the component, and a cheap vertex cover of the ties between the halves is removed.
"""

import heapq

import numpy as np

from vestige.statistics.compiled import BoolArray, FloatArray, IndexArray, IntArray, compiled

SHORTEST = 1e-9
"""A Krylov space ends where the next vector is shorter than this."""
RESTARTS = 2
"""Krylov spaces for a cut, each from the last one's best vector."""


@compiled
def partition_order(
    starts: IntArray, others: IndexArray, cost: FloatArray, vector: FloatArray, smallest: int, steps: int
) -> tuple[IntArray, int, BoolArray]:
    """Nodes to remove until no component has more than `smallest` nodes.

    Args:
        starts: offsets of the neighbours.
        others: the neighbours.
        cost: of each node, at least 1.
        vector: where the search for an eigenvector starts, random; changed.
        smallest: size of a component that is left alone.
        steps: vectors of a Krylov space. Every cut starts from the last one's vector.

    Returns:
        An array whose first entries are the nodes to remove, how many there are, and who is gone.
    """
    nodes = starts.size - 1
    gone = np.zeros(nodes, np.bool_)
    found = np.zeros(nodes, np.bool_)
    order = np.empty(nodes, np.int64)
    queue = np.empty(nodes, np.int64)
    work = np.empty(nodes)
    weight = np.empty(nodes)
    crossing = np.zeros(nodes, np.int64)
    done = 0
    heap = [(np.int64(0), np.int64(0)) for _ in range(0)]
    _queue_parts(starts, others, gone, found, queue, np.arange(nodes), smallest, heap)
    found[:] = False
    while len(heap) > 0:
        _, start = heapq.heappop(heap)
        size = component_of(starts, others, gone, found, queue, start)
        part = queue[:size].copy()
        found[part] = False
        for _ in range(RESTARTS):
            _lanczos(starts, others, gone, cost, part, vector, work, steps)
        before = done
        done = _cover_crossing(starts, others, gone, cost, part, vector, crossing, weight, order, done)
        if done == before:
            order[done] = _hub(starts, others, gone, part)
            gone[order[done]] = True
            done += 1
        _queue_parts(starts, others, gone, found, queue, part, smallest, heap)
        found[part] = False
    return order, done, gone


@compiled
def _queue_parts(
    starts: IntArray,
    others: IndexArray,
    gone: BoolArray,
    found: BoolArray,
    queue: IntArray,
    part: IntArray,
    smallest: int,
    heap: list[tuple[np.int64, np.int64]],
) -> None:
    """Put the components among some nodes on the heap, the largest on top, unless they are small."""
    for node in part:
        if not gone[node] and not found[node]:
            size = component_of(starts, others, gone, found, queue, np.int64(node))
            if size > smallest:
                heapq.heappush(heap, (np.int64(-size), np.int64(node)))


@compiled
def component_of(
    starts: IntArray, others: IndexArray, gone: BoolArray, found: BoolArray, queue: IntArray, start: np.int64
) -> int:
    """The nodes of a component into `queue`, marked in `found`; returns how many."""
    head, tail = 0, 1
    queue[0] = start
    found[start] = True
    while head < tail:
        node = queue[head]
        head += 1
        for place in range(starts[node], starts[node + 1]):
            other = others[place]
            if not gone[other] and not found[other]:
                found[other] = True
                queue[tail] = other
                tail += 1
    return tail


@compiled
def _lanczos(
    starts: IntArray,
    others: IndexArray,
    gone: BoolArray,
    cost: FloatArray,
    part: IntArray,
    vector: FloatArray,
    work: FloatArray,
    steps: int,
) -> None:
    """Turn `vector` into an approximate second eigenvector of the node-weighted Laplacian on a component.

    A tie of i and j weighs cost i + cost j - 1. The smallest Ritz vector of a Krylov space orthogonal to the constant
    vector, with full reorthogonalisation; the power iteration of the source needs very many more steps where a few
    nodes have very many ties.
    """
    size = part.size
    basis = np.empty((steps, size))
    alpha = np.zeros(steps)
    beta = np.zeros(steps)
    basis[0] = vector[part]
    kept = 0
    while kept < steps:
        row = basis[kept]
        row -= row.mean()
        for earlier in range(kept):
            row -= np.dot(basis[earlier], row) * basis[earlier]
        length = np.sqrt(np.dot(row, row))
        if length < SHORTEST:
            break
        row /= length
        beta[kept] = length
        product = _laplacian_times(starts, others, gone, cost, part, row, work)
        alpha[kept] = np.dot(row, product)
        kept += 1
        if kept < steps:
            basis[kept] = product
    if kept == 0:
        return
    matrix = np.diag(alpha[:kept])
    for place in range(1, kept):
        matrix[place, place - 1] = beta[place]
        matrix[place - 1, place] = beta[place]
    combination = np.linalg.eigh(matrix)[1][:, 0]
    found = np.zeros(size)
    for place in range(kept):
        found += combination[place] * basis[place]
    vector[part] = found


@compiled
def _laplacian_times(
    starts: IntArray,
    others: IndexArray,
    gone: BoolArray,
    cost: FloatArray,
    part: IntArray,
    row: FloatArray,
    work: FloatArray,
) -> FloatArray:
    """The node-weighted Laplacian of a component times a vector; `work` has a place for every node."""
    work[part] = row
    product = np.empty(part.size)
    for place in range(part.size):
        node = part[place]
        total = 0.0
        for step in range(starts[node], starts[node + 1]):
            other = others[step]
            if not gone[other]:
                total += (cost[node] + cost[other] - 1) * (row[place] - work[other])
        product[place] = total
    return product


@compiled
def _cover_crossing(
    starts: IntArray,
    others: IndexArray,
    gone: BoolArray,
    cost: FloatArray,
    part: IntArray,
    vector: FloatArray,
    crossing: IntArray,
    weight: FloatArray,
    order: IntArray,
    done: int,
) -> int:
    """Remove a vertex cover of the ties between the two signs of `vector`; returns the new number of removed.

    Clarkson's greedy cover (1983) costs at most twice the cheapest. A node's price per tie only rises, so that an
    outdated entry of the heap is a lower bound.
    """
    heap = [(0.0, np.int64(0)) for _ in range(0)]
    for node in part:
        crossing[node] = 0
        weight[node] = cost[node]
        for place in range(starts[node], starts[node + 1]):
            other = others[place]
            if not gone[other] and (vector[other] > 0) != (vector[node] > 0):
                crossing[node] += 1
        if crossing[node] > 0:
            heap.append((weight[node] / crossing[node], np.int64(node)))
    heapq.heapify(heap)
    while len(heap) > 0:
        key, node = heapq.heappop(heap)
        if crossing[node] == 0:
            continue
        price = weight[node] / crossing[node]
        if price > key:
            heapq.heappush(heap, (price, node))
            continue
        order[done] = node
        done += 1
        gone[node] = True
        crossing[node] = 0
        for place in range(starts[node], starts[node + 1]):
            other = others[place]
            if not gone[other] and (vector[other] > 0) != (vector[node] > 0):
                crossing[other] -= 1
                weight[other] = max(0.0, weight[other] - price)
    return done


@compiled
def _hub(starts: IntArray, others: IndexArray, gone: BoolArray, part: IntArray) -> np.int64:
    """The node of a component with most neighbours: removed where the vector halves nothing."""
    best, most = np.int64(part[0]), -1
    for node in part:
        degree = 0
        for place in range(starts[node], starts[node + 1]):
            if not gone[others[place]]:
                degree += 1
        if degree > most:
            best, most = np.int64(node), degree
    return best
