"""Whom to remove first: the strategies, reinsertion, and the area under the dismantling curve."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import numpy as np
from scipy import sparse

from vestige.network.disruption import betweenness_kernels, order_kernels, partition_kernels, path_kernels
from vestige.statistics.compiled import FloatArray, IndexArray, IntArray

CUTS: Final = (0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
"""Sizes of the largest component, as shares, at which reinsertion may begin; the best of them is taken."""
RADIUS: Final = 2
"""Radius of collective influence; Morone and Makse (2015) gain little beyond 2 or 3."""
DAMPING: Final = 0.85
"""Of PageRank (Brin and Page 1998)."""
PAGERANK_STEPS: Final = 200
TOLERANCE: Final = 1e-10
SMALLEST_PART: Final = 0.005
"""Share of the nodes below which generalised network dismantling leaves a component alone."""
KRYLOV_STEPS: Final = 40
_THREADS: Final = 2
RANDOM_NUMBERS: Final = 100_003
"""Random numbers that choose sources of betweenness, used in turn."""


class Strategy(StrEnum):
    """An order of removal that follows from the network."""

    RANDOM = "random"
    DEGREE = "degree"
    ADAPTIVE_DEGREE = "adaptive-degree"
    BETWEENNESS = "betweenness"
    ADAPTIVE_BETWEENNESS = "adaptive-betweenness"
    COLLECTIVE_INFLUENCE = "collective-influence"
    COREHD = "corehd"
    PAGERANK = "pagerank"
    NETWORK_DISMANTLING = "network-dismantling"
    BEST_OF = "best-of"
    """The best of all of these with reinsertion, by the area under the curve."""


ADAPTIVE: Final = frozenset(Strategy) - {Strategy.RANDOM, Strategy.DEGREE, Strategy.BETWEENNESS, Strategy.PAGERANK}
"""Strategies that look at the network again after each removal."""
CANDIDATES: Final = (
    Strategy.ADAPTIVE_DEGREE,
    Strategy.COREHD,
    Strategy.COLLECTIVE_INFLUENCE,
    Strategy.NETWORK_DISMANTLING,
    Strategy.ADAPTIVE_BETWEENNESS,
)
"""Strategies that `Strategy.BEST_OF` chooses from."""


@dataclass(frozen=True)
class OrderSettings:
    """How much is computed for betweenness.

    Attributes:
        work: visits of ties that one computation of betweenness may take; where more are needed to be exact, a random
            part of the nodes are sources (Brandes and Pich 2007).
        fewest_sources: sources at least.
        batch: share of the largest component removed before betweenness is computed again; at least one node.
        exact_work: the same limit for static betweenness, which is computed once.
    """

    work: float = 1e6
    fewest_sources: int = 16
    batch: float = 0.002
    exact_work: float = 1e9


@dataclass(frozen=True, eq=False)
class Neighbours:
    """An undirected network as compiled code takes it.

    Attributes:
        starts: offsets of each node's neighbours. Shape (nodes + 1,).
        others: the neighbours, each tie in both directions.
    """

    starts: IntArray
    others: IndexArray

    @classmethod
    def of(cls, matrix: sparse.csr_array) -> Self:
        """From a symmetric matrix without a diagonal; weights are left out."""
        return cls(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32))

    @classmethod
    def from_pairs(cls, first: IntArray, second: IntArray, nodes: int) -> Self:
        """From pairs of nodes, in any order; repeated ones count once, a node's tie to itself not at all."""
        apart = first != second
        rows = np.concatenate([first[apart], second[apart]])
        columns = np.concatenate([second[apart], first[apart]])
        matrix = sparse.csr_array((np.ones(rows.size), (rows, columns)), shape=(nodes, nodes))
        matrix.sum_duplicates()
        return cls.of(matrix)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.starts.size - 1

    @property
    def degree(self) -> IntArray:
        """Neighbours of each node."""
        return np.diff(self.starts)

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Both ends of every tie, each tie once, the lower end first."""
        rows = np.repeat(np.arange(self.size), self.degree)
        lower = rows < self.others
        return rows[lower], self.others[lower].astype(np.int64)

    def matrix(self) -> sparse.csr_array:
        """As a symmetric matrix of ones."""
        return sparse.csr_array((np.ones(self.others.size), self.others, self.starts), shape=(self.size, self.size))


def removal_order(
    neighbours: Neighbours,
    strategy: Strategy,
    *,
    generator: np.random.Generator,
    cost: FloatArray | None = None,
    reinsertion: bool = False,
    settings: OrderSettings | None = None,
) -> IntArray:
    """Every node once, the first to be removed first; equals in random order.

    Args:
        neighbours: the network, as far as it is known.
        strategy: what decides.
        generator: decides between equals, and draws sources and starting vectors.
        cost: of removing each node, above 0; scores are divided by it. None for 1 each.
        reinsertion: whether the order is bettered by `reinserted`.
        settings: how much is computed for betweenness.
    """
    charged = np.ones(neighbours.size) if cost is None else np.asarray(cost, dtype=np.float64)
    if strategy is Strategy.BEST_OF:
        return _best_of(neighbours, charged, generator, settings or OrderSettings())
    order = _MAKERS[strategy](neighbours, charged, generator, settings or OrderSettings())
    return reinserted(neighbours, order, cost=charged, generator=generator) if reinsertion else order


def dismantling_area(neighbours: Neighbours, order: IntArray, cost: FloatArray | None = None) -> float:
    """Area R under the relative size of the largest component against the share removed (Schneider et al. 2011).

    With unit costs the mean over the n + 1 points from nobody to everybody removed; else each step counts by its cost.
    """
    largest, _ = path_kernels.removal_path(neighbours.starts, neighbours.others, order)
    return _area(largest, order, np.ones(order.size) if cost is None else cost)


def reinserted(
    neighbours: Neighbours, order: IntArray, *, generator: np.random.Generator, cost: FloatArray | None = None
) -> IntArray:
    """The order with its first part put in a better order, or as it was where nothing is better.

    The nodes removed until the largest component is a certain share of all are put back, always the one that makes
    the smallest component for its cost; backwards, that is an order of removal. Tried for every share in `CUTS`; the
    order with the smallest area is kept.
    """
    charged = np.ones(order.size) if cost is None else cost
    starts, others = neighbours.starts, neighbours.others
    largest, _ = path_kernels.removal_path(starts, others, order)
    noise = generator.random(order.size)
    best, best_area = order, _area(largest, order, charged)
    tried = {0}
    for cut in CUTS:
        removed = int(np.argmax(largest <= max(1.0, cut * order.size)))
        if removed in tried:
            continue
        tried.add(removed)
        candidate = path_kernels.reinserted_order(starts, others, order, removed, charged, noise)
        area = dismantling_area(neighbours, candidate, charged)
        if area < best_area:
            best, best_area = candidate, area
    return best


def largest_component(neighbours: Neighbours) -> IntArray:
    """Nodes of the largest component, ascending; the first found of equals."""
    _, labels = sparse.csgraph.connected_components(neighbours.matrix(), directed=False)
    return np.flatnonzero(labels == np.bincount(labels).argmax()) if labels.size else np.zeros(0, dtype=np.int64)


def _area(largest: IntArray, order: IntArray, cost: FloatArray) -> float:
    charged = cost[order]
    return float(np.dot(largest[:-1], charged) / charged.sum() / (order.size + 1)) if order.size else 0.0


def _best_of(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, settings: OrderSettings
) -> IntArray:
    """Two at a time, the slow ones, which come last, first."""
    own = zip(CANDIDATES, generator.spawn(len(CANDIDATES)), strict=True)

    def made(strategy: Strategy, child: np.random.Generator) -> IntArray:
        return removal_order(neighbours, strategy, generator=child, cost=cost, reinsertion=True, settings=settings)

    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = [pool.submit(made, *each) for each in reversed(list(own))]
        orders = [job.result() for job in reversed(waiting)]
    return min(orders, key=lambda order: dismantling_area(neighbours, order, cost))


def _by_score(score: FloatArray, cost: FloatArray, generator: np.random.Generator) -> IntArray:
    """Highest score for its cost first; equals in random order."""
    return np.lexsort((generator.random(score.size), -score / cost))


def _random(
    neighbours: Neighbours, _cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    return generator.permutation(neighbours.size)


def _degree(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    return _by_score(neighbours.degree.astype(np.float64), cost, generator)


def _adaptive_degree(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    noise = generator.random(neighbours.size)
    return order_kernels.adaptive_degree_order(neighbours.starts, neighbours.others, cost, noise)


def _core(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    return order_kernels.core_order(neighbours.starts, neighbours.others, cost, generator.random(neighbours.size))


def _influence(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    noise = generator.random(neighbours.size)
    return order_kernels.influence_order(neighbours.starts, neighbours.others, RADIUS, cost, noise)


def _pagerank(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    """By PageRank on the undirected network; isolated nodes give to everybody."""
    degree = neighbours.degree.astype(np.float64)
    matrix = neighbours.matrix()
    rank = np.full(neighbours.size, 1 / neighbours.size)
    giving = np.where(degree > 0, 1 / np.maximum(degree, 1), 0.0)
    for _ in range(PAGERANK_STEPS):
        lost = rank[degree == 0].sum()
        following = (1 - DAMPING + DAMPING * lost) / neighbours.size + DAMPING * (matrix @ (rank * giving))
        moved = float(np.abs(following - rank).sum())
        rank = following
        if moved < TOLERANCE:
            break
    return _by_score(np.round(rank, 15), cost, generator)


def _betweenness(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, settings: OrderSettings
) -> IntArray:
    wanted = int(settings.exact_work / max(neighbours.others.size, 1))
    sources = generator.permutation(neighbours.size)[: max(settings.fewest_sources, wanted)]
    score = np.zeros(neighbours.size)
    gone = np.zeros(neighbours.size, dtype=np.bool_)
    betweenness_kernels.add_dependencies(neighbours.starts, neighbours.others, gone, sources, score)
    return _by_score(np.round(score, 9), cost, generator)


def _adaptive_betweenness(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, settings: OrderSettings
) -> IntArray:
    return betweenness_kernels.adaptive_betweenness_order(
        neighbours.starts, neighbours.others, cost, generator.random(neighbours.size),
        generator.random(RANDOM_NUMBERS), settings.work, settings.fewest_sources, settings.batch,
    )  # fmt: skip


def _network_dismantling(
    neighbours: Neighbours, cost: FloatArray, generator: np.random.Generator, _settings: OrderSettings
) -> IntArray:
    """Nodes that cut components in two, then the others by remaining degree."""
    starts, others = neighbours.starts, neighbours.others
    smallest = max(1, int(SMALLEST_PART * neighbours.size))
    vector = generator.standard_normal(neighbours.size)
    order, done, gone = partition_kernels.partition_order(
        starts, others, cost / cost.min(initial=np.inf), vector, smallest, KRYLOV_STEPS
    )
    degree = np.where(gone, 0, neighbours.matrix() @ (~gone).astype(np.float64)).astype(np.int64)
    noise = generator.random(neighbours.size)
    order_kernels.take_by_degree(starts, others, cost, noise, degree, gone, order, done)
    return order


_Maker = Callable[[Neighbours, FloatArray, np.random.Generator, OrderSettings], IntArray]
_MAKERS: Final[Mapping[Strategy, _Maker]] = {
    Strategy.RANDOM: _random,
    Strategy.DEGREE: _degree,
    Strategy.ADAPTIVE_DEGREE: _adaptive_degree,
    Strategy.BETWEENNESS: _betweenness,
    Strategy.ADAPTIVE_BETWEENNESS: _adaptive_betweenness,
    Strategy.COLLECTIVE_INFLUENCE: _influence,
    Strategy.COREHD: _core,
    Strategy.PAGERANK: _pagerank,
    Strategy.NETWORK_DISMANTLING: _network_dismantling,
}
