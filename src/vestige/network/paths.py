"""Betweenness and harmonic closeness: from every member where that can be done, else from a random part of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from vestige.network.communities import seeded_networkit
from vestige.network.path_kernels import add_paths
from vestige.network.ties import pattern
from vestige.statistics.compiled import FloatArray, IntArray
from vestige.statistics.ranking import rank_correlation

if TYPE_CHECKING:
    from networkit import Graph

CHUNKS: Final = 8
"""Sums that are kept apart and added in order: the same numbers on any number of processors."""
_THREADS: Final = 2
_FEWEST_ENDS: Final = 3


@dataclass(frozen=True, eq=False)
class Paths:
    """What shortest paths tell.

    Attributes:
        betweenness: share of the shortest paths between two others that pass each member. Shape (members,).
        harmonic: mean of 1 / distance to each other member. Shape (members,).
        sources: members that paths were started from.
        exact: whether those were all that have ties.
        agreement: rank correlation of betweenness between two halves of the sources; None where exact.
    """

    betweenness: FloatArray
    harmonic: FloatArray
    sources: int
    exact: bool
    agreement: float | None


def shortest_paths(matrix: sparse.csr_array, *, sources: int | None, seed: int) -> Paths:
    """Betweenness and harmonic closeness, every tie being one step long.

    Args:
        matrix: row gives to column, shape (members, members).
            Paths follow directions, and harmonic closeness is that of paths to the member.
        sources: members to start from, drawn at random; None for all.
        seed: of the draw.

    Source:
        Brandes and Pich (2007), Centrality estimation in large networks; Eppstein and Wang (2004), Fast approximation
        of centrality, for closeness. Harmonic closeness: Marchiori and Latora (2000); Boldi and Vigna (2014).
    """
    members = matrix.shape[0]
    having = np.flatnonzero(np.diff(matrix.indptr))
    drawn = having
    if sources is not None and sources < having.size:
        drawn = np.random.default_rng(seed).permutation(having)[:sources]
    exact = drawn.size == having.size
    between, harmonic = _sums(matrix, drawn)
    own = np.zeros(members)
    own[drawn] = 1.0
    scale = having.size / max(drawn.size, 1)
    ends = max((members - 1) * (members - 2), 1)
    started = np.maximum(drawn.size - own, 1)
    possible = having.size - (np.diff(matrix.indptr) > 0)
    return Paths(
        betweenness=between.sum(axis=0) * scale / ends,
        harmonic=harmonic.sum(axis=0) / started * possible / max(members - 1, 1),
        sources=drawn.size,
        exact=exact,
        agreement=None if exact else rank_correlation(between[0::2].sum(axis=0), between[1::2].sum(axis=0)),
    )


def _sums(matrix: sparse.csr_array, sources: IntArray) -> tuple[FloatArray, FloatArray]:
    begins, indices = pattern(matrix)
    between, harmonic = np.zeros((2, CHUNKS, matrix.shape[0]))
    parts = [sources[chunk::CHUNKS].astype(np.int32) for chunk in range(CHUNKS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda chunk: add_paths(begins, indices, parts[chunk], between[chunk], harmonic[chunk]),
                      range(CHUNKS)))  # fmt: skip
    return between, harmonic


@dataclass(frozen=True, eq=False)
class TopBetweenness:
    """The members with the highest betweenness, estimated with a guarantee.

    Attributes:
        members: rows, highest first.
        scores: estimated share of shortest paths, in the same order.
        error: no score is farther off than this ...
        chance: ... but with this probability, for all members together.
    """

    members: IntArray
    scores: FloatArray
    error: float
    chance: float


@dataclass(frozen=True)
class TopSearch:
    """How the highest betweenness is looked for.

    Attributes:
        error: largest error of a share of shortest paths.
        chance: probability that an error is larger.
        top: how many members to return.
    """

    error: float = 0.01
    chance: float = 0.1
    top: int = 20


def top_betweenness(graph: "Graph", wanted: TopSearch, *, seed: int) -> TopBetweenness:
    """The highest betweenness by adaptive sampling of paths; ranks far below the top mean little.

    Args:
        graph: undirected, in NetworKit's form; weights play no part.
        wanted: error, chance and number of members.
        seed: of the sampling.

    Source:
        Borassi and Natale (2016), KADABRA is an adaptive algorithm for betweenness via random approximation.
    """
    members = graph.numberOfNodes()
    if members < _FEWEST_ENDS or graph.numberOfEdges() == 0:
        return TopBetweenness(np.zeros(0, np.int64), np.zeros(0), wanted.error, wanted.chance)
    with seeded_networkit(seed) as networkit:
        search = networkit.centrality.KadabraBetweenness(graph, wanted.error, wanted.chance, True)
        search.run()
        nodes = np.array(search.topkNodesList(), dtype=np.int64)
        scores = np.array(search.topkScoresList(), dtype=np.float64)
    order = np.lexsort((nodes, -scores))[: wanted.top]
    # NetworKit 11.2 counts every sampled path twice, and divides by the pairs that include the member itself.
    share = scores[order] / 2 * (members / (members - 2))
    return TopBetweenness(nodes[order], share, wanted.error * members / (members - 2), wanted.chance)
