"""Compiled: the pairs still connected without each node in turn, all nodes in one pass."""

import numpy as np

from vestige.statistics.compiled import BoolArray, IndexArray, IntArray, compiled


@compiled
def pairs_without_each(starts: IntArray, others: IndexArray, gone: BoolArray) -> IntArray:
    """Connected pairs that would be left without each node, those who are gone left out; -1 for the gone.

    A depth-first walk knows, for every node, the parts below it that have no way past it (Hopcroft and Tarjan 1973);
    what is left of the component is one part more.
    """
    nodes = starts.size - 1
    entered = np.full(nodes, -1, np.int64)
    lowest = np.zeros(nodes, np.int64)
    size = np.zeros(nodes, np.int64)
    above = np.full(nodes, -1, np.int64)
    cut_off = np.zeros(nodes, np.int64)
    cut_pairs = np.zeros(nodes, np.int64)
    step = np.zeros(nodes, np.int64)
    walk = np.empty(nodes, np.int64)
    result = np.full(nodes, -1, np.int64)
    total = 0
    clock = 0
    for root in range(nodes):
        if gone[root] or entered[root] >= 0:
            continue
        first = clock
        depth = 0
        walk[0] = root
        entered[root] = lowest[root] = clock
        step[root] = starts[root]
        clock += 1
        while depth >= 0:
            node = walk[depth]
            if step[node] < starts[node + 1]:
                other = others[step[node]]
                step[node] += 1
                if gone[other] or other == above[node]:
                    continue
                if entered[other] >= 0:
                    lowest[node] = min(lowest[node], entered[other])
                else:
                    above[other] = node
                    entered[other] = lowest[other] = clock
                    step[other] = starts[other]
                    clock += 1
                    depth += 1
                    walk[depth] = other
                continue
            size[node] += 1
            depth -= 1
            upper = above[node]
            if upper >= 0:
                size[upper] += size[node]
                lowest[upper] = min(lowest[upper], lowest[node])
                if lowest[node] >= entered[upper]:
                    cut_off[upper] += size[node]
                    cut_pairs[upper] += size[node] * (size[node] - 1) // 2
        whole = clock - first
        total += whole * (whole - 1) // 2
        size[root] = whole
    _fill(entered, above, size, cut_off, cut_pairs, total, result)
    return result


@compiled
def _fill(
    entered: IntArray,
    above: IntArray,
    size: IntArray,
    cut_off: IntArray,
    cut_pairs: IntArray,
    total: int,
    result: IntArray,
) -> None:
    """From the parts below each node to the pairs left without it."""
    nodes = entered.size
    order = np.argsort(entered)
    whole = np.zeros(nodes, np.int64)
    for place in range(nodes):
        node = order[place]
        if entered[node] < 0:
            continue
        whole[node] = size[node] if above[node] < 0 else whole[above[node]]
        rest = whole[node] - 1 - cut_off[node]
        result[node] = total - whole[node] * (whole[node] - 1) // 2 + cut_pairs[node] + rest * (rest - 1) // 2
