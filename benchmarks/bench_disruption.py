"""Dismantling of 50,000 nodes: the curve by union-find beside components counted anew, and each order of removal."""

import time

import numpy as np
from scipy import sparse

from vestige.network.disruption import Neighbours, Strategy, dismantling_area, reinserted, removal_order
from vestige.network.disruption.path_kernels import removal_path

NODES, TIES, SEED, SHOWN = 50_000, 150_000, 1, 20
ORDERS = (
    Strategy.ADAPTIVE_DEGREE,
    Strategy.COREHD,
    Strategy.COLLECTIVE_INFLUENCE,
    Strategy.NETWORK_DISMANTLING,
    Strategy.ADAPTIVE_BETWEENNESS,
)


def main() -> None:
    """CPU seconds; the ratio is that of counting components again after each removal, from a sample of removals."""
    generator = np.random.default_rng(SEED)
    weight = (np.arange(NODES) + 10.0) ** -0.5
    first, second = generator.choice(NODES, size=(2, TIES), p=weight / weight.sum())
    neighbours = Neighbours.from_pairs(first, second, NODES)
    small = Neighbours.from_pairs(first[:200] % 100, second[:200] % 100, 100)
    for strategy in ORDERS:
        reinserted(small, removal_order(small, strategy, generator=generator), generator=generator)
    order = removal_order(neighbours, Strategy.ADAPTIVE_DEGREE, generator=generator)
    own, largest = _timed(lambda: removal_path(neighbours.starts, neighbours.others, order)[0])
    again, sampled = _timed(lambda: _components(neighbours, order))
    assert sampled == [int(largest[mark]) for mark in _marks()]
    anew = again * NODES / SHOWN
    print(f"curve of {NODES:,} removals  {own:8.3f} CPU s; components anew {anew:,.0f} ({anew / own:,.0f} times)")
    for strategy in ORDERS:
        spent, order = _timed(lambda own=strategy: removal_order(neighbours, own, generator=generator))
        more, better = _timed(lambda own=order: reinserted(neighbours, own, generator=generator))
        plain, best = (dismantling_area(neighbours, kept) for kept in (order, better))
        print(f"{strategy.value:22s} {spent:8.2f} CPU s, R {plain:.4f}; reinsertion {more:6.2f} CPU s, R {best:.4f}")


def _marks() -> list[int]:
    return [int(mark) for mark in np.linspace(0, NODES // 2, SHOWN)]


def _components(neighbours: Neighbours, order: np.ndarray) -> list[int]:
    matrix = neighbours.matrix()
    sizes = []
    for mark in _marks():
        left = np.sort(order[mark:])
        labels = sparse.csgraph.connected_components(matrix[left][:, left], directed=False)[1]
        sizes.append(int(np.bincount(labels).max()))
    return sizes


def _timed(work):  # noqa: ANN001, ANN202 - a lambda and whatever it returns
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result
