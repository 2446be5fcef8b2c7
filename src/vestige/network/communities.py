"""Communities of densely tied members, found again and again from other seeds (Leiden), and who ties them together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from vestige.network.community_kernels import add_spread
from vestige.network.ties import pattern
from vestige.statistics.compiled import FloatArray, IntArray

if TYPE_CHECKING:
    from networkit import Graph

LEIDEN_ROUNDS = 3


@contextmanager
def seeded_networkit(seed: int) -> Iterator[Any]:
    """NetworKit with its own generator seeded, on one thread: with more, its results depend on their number.

    Args:
        seed: of its generator, which is not NumPy's and not Python's.
    """
    import networkit

    before = networkit.getMaxNumberOfThreads()
    networkit.setNumberOfThreads(1)
    networkit.setSeed(seed % 2**31, True)
    try:
        yield networkit
    finally:
        networkit.setNumberOfThreads(before)


def networkit_graph(matrix: sparse.csr_array, *, directed: bool) -> "Graph":
    """A weighted NetworKit graph of a matrix; of a symmetric one, each pair once."""
    import networkit

    ties = sparse.coo_array(matrix if directed else sparse.triu(matrix))
    rows, columns = ties.row.astype(np.uint64), ties.col.astype(np.uint64)
    return networkit.GraphFromCoo((ties.data, (rows, columns)), n=matrix.shape[0], weighted=True, directed=directed)


@dataclass(frozen=True, eq=False)
class Communities:
    """Partitions of the same members from different seeds.

    Attributes:
        labels: community of each member, numbered from 0 by size, in each partition. Shape (partitions, members).
        modularity: of each partition (Newman and Girvan 2004).
        agreement: mean adjusted Rand index of each two partitions; 1 when all are the same, None for a single one.
    """

    labels: IntArray
    modularity: FloatArray
    agreement: float | None


def find_communities(
    joined: sparse.csr_array, *, partitions: int, seed: int, graph: "Graph | None" = None
) -> Communities:
    """Partitions of high modularity, each from a seed of its own.

    Args:
        joined: symmetric weights, shape (members, members).
        partitions: how many.
        seed: of the first; the others follow from it.
        graph: the same in NetworKit's form, where it is at hand.

    Source:
        Traag, Waltman and van Eck (2019), From Louvain to Leiden, Scientific Reports 9, 5233.
    """
    members = joined.shape[0]
    if joined.nnz == 0:
        labels = np.tile(np.arange(members), (partitions, 1))
        return Communities(labels, np.zeros(partitions), 1.0 if partitions > 1 else None)
    searched = networkit_graph(joined, directed=False) if graph is None else graph
    seeds = np.random.default_rng(seed).integers(2**31, size=partitions)
    found = []
    for own in seeds:
        with seeded_networkit(int(own)) as networkit:
            search = networkit.community.ParallelLeiden(searched, iterations=LEIDEN_ROUNDS, randomize=True)
            search.run()
            found.append(_by_size(np.array(search.getPartition().getVector(), dtype=np.int64)))
    labels = np.array(found)
    modularity = np.array([_modularity(joined, own) for own in labels])
    pairs = [adjusted_rand(one, two) for one, two in combinations(labels, 2)]
    return Communities(labels, modularity, float(np.mean(pairs)) if pairs else None)


def _by_size(labels: IntArray) -> IntArray:
    _, first, place, count = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -count))
    number = np.empty_like(order)
    number[order] = np.arange(order.size)
    return np.asarray(number[place], dtype=np.int64)


def _modularity(joined: sparse.csr_array, labels: IntArray) -> float:
    total = joined.data.sum()
    inside, _ = _spread(joined, labels[np.newaxis])
    strength = np.bincount(labels, np.asarray(joined.sum(axis=1)).reshape(-1))
    return float(inside.sum() / total - ((strength / total) ** 2).sum())


def _spread(joined: sparse.csr_array, partitions: IntArray) -> tuple[FloatArray, FloatArray]:
    """Weight within the own community, and squared weights into each, summed over partitions. (members,) each."""
    inside, squares = np.zeros((2, joined.shape[0]))
    for labels in partitions:
        add_spread(*pattern(joined), joined.data, labels.astype(np.int32), inside, squares)
    return inside, squares


def adjusted_rand(one: IntArray, two: IntArray) -> float:
    """Agreement of two partitions: 1 for the same, about 0 for unrelated ones.

    Source:
        Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2, 193-218.
    """
    table = sparse.coo_array((np.ones(one.size), (one, two))).tocsr()
    table.sum_duplicates()

    def pairs(counts: FloatArray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both = pairs(table.data)
    rows, columns = pairs(np.bincount(one).astype(float)), pairs(np.bincount(two).astype(float))
    everything = one.size * (one.size - 1) / 2
    expected = rows * columns / everything if everything else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def bridging(joined: sparse.csr_array, communities: Communities) -> tuple[FloatArray, FloatArray]:
    """How members tie communities together, as a mean over the partitions.

    Returns:
        Weight of ties into other communities, and participation coefficient: 1 less the summed squares of the shares
        of a member's weight in each community (NaN without ties). Shape (members,) each.

    Source:
        Guimera and Amaral (2005), Functional cartography of complex metabolic networks, Nature 433, equation 2.
    """
    strength = np.asarray(joined.sum(axis=1)).reshape(-1)
    inside, squares = _spread(joined, communities.labels)
    count = len(communities.labels)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 1 - squares / count / strength**2
    return strength - inside / count, np.where(strength > 0, spread, np.nan)
