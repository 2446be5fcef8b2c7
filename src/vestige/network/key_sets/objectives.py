"""The measures as objectives: the value of a set, and of each way to enlarge it."""

from typing import Final, Protocol

import numpy as np
from scipy import sparse

from vestige.errors import SettingsError
from vestige.network.disruption.orders import Neighbours
from vestige.network.disruption.path_kernels import sampled_efficiency
from vestige.network.graph import Network
from vestige.network.key_sets.fragmentation_kernels import pairs_without_each
from vestige.network.key_sets.settings import KeySetMeasure, KeySetSettings
from vestige.statistics.compiled import FloatArray, IntArray

MOST_ENTRIES: Final = 60_000_000
"""Pairs of members within reach that are held in memory, 12 bytes each."""


class Objective(Protocol):
    """A measure of sets of nodes; larger is better."""

    size: int

    def value(self, chosen: IntArray) -> float:
        """The measure of a set."""

    def extended(self, chosen: IntArray) -> FloatArray:
        """The measure of the set with each further node; -inf where a node is in the set or not tried."""


def objective_of(network: Network, settings: KeySetSettings) -> Objective:
    """The objective that the settings ask for.

    Raises:
        SettingsError: reach that is too far for so large a network.
    """
    if settings.measure is KeySetMeasure.FRAGMENTATION:
        return Fragmentation(Neighbours.of(network.joined()))
    if settings.measure is KeySetMeasure.DISTANCE_FRAGMENTATION:
        return DistanceFragmentation(Neighbours.of(network.joined()), settings.candidates)
    steps = settings.steps if settings.measure is KeySetMeasure.REACH else None
    return Reach(_closeness(network.adjacency, steps))


class Fragmentation:
    """F: share of the pairs left who cannot reach each other."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self.size = neighbours.size

    def value(self, chosen: IntArray) -> float:
        """One less a member is looked at, and the value without it and the others is read off."""
        if chosen.size == 0:
            graph = self._neighbours.matrix()
            sizes = np.bincount(sparse.csgraph.connected_components(graph, directed=False)[1]).astype(np.float64)
            return self._share(float((sizes * (sizes - 1) / 2).sum()), self.size)
        return float(self.extended(chosen[:-1])[chosen[-1]])

    def extended(self, chosen: IntArray) -> FloatArray:
        """All at once, by one depth-first walk."""
        gone = np.zeros(self.size, dtype=np.bool_)
        gone[chosen] = True
        pairs = pairs_without_each(self._neighbours.starts, self._neighbours.others, gone)
        values = np.array([self._share(float(own), self.size - chosen.size - 1) for own in pairs])
        values[gone] = -np.inf
        return values

    @staticmethod
    def _share(pairs: float, left: int) -> float:
        """Nobody can be kept apart from nobody: a single member left counts as fragmented."""
        return 1.0 if left <= 1 else 1.0 - 2.0 * pairs / (left * (left - 1))


class DistanceFragmentation:
    """DF: 1 minus the mean reciprocal distance among those left."""

    def __init__(self, neighbours: Neighbours, candidates: int | None) -> None:
        self._neighbours = neighbours
        self.size = neighbours.size
        ranked = np.argsort(-neighbours.degree, kind="stable")
        self._tried = np.sort(ranked if candidates is None else ranked[:candidates])

    def value(self, chosen: IntArray) -> float:
        """By a breadth-first walk from everybody left."""
        gone = np.zeros(self.size, dtype=np.bool_)
        gone[chosen] = True
        left = self.size - chosen.size
        if left < 2:  # noqa: PLR2004 - a pair
            return 1.0
        sources = np.flatnonzero(~gone)
        total = sampled_efficiency(self._neighbours.starts, self._neighbours.others, gone, sources)
        return 1.0 - float(total) / (left * (left - 1))

    def extended(self, chosen: IntArray) -> FloatArray:
        """One candidate after another."""
        values = np.full(self.size, -np.inf)
        for node in np.setdiff1d(self._tried, chosen):
            values[node] = self.value(np.append(chosen, node))
        return values


class Reach:
    """Mean over all members of the best closeness to a member of the set."""

    def __init__(self, closeness: sparse.csr_array) -> None:
        self._closeness = closeness
        self.size = int(closeness.shape[0])

    def value(self, chosen: IntArray) -> float:
        """Of the set."""
        return float(self._covered(chosen).sum()) / self.size

    def extended(self, chosen: IntArray) -> FloatArray:
        """All at once: what each row adds beyond what is covered."""
        covered = self._covered(chosen)
        rows = self._closeness
        gains = sparse.csr_array(
            (np.maximum(rows.data - covered[rows.indices], 0), rows.indices, rows.indptr), shape=rows.shape
        ).sum(axis=1)
        values = (covered.sum() + np.asarray(gains).reshape(-1)) / self.size
        values[chosen] = -np.inf
        return np.asarray(values, dtype=np.float64)

    def _covered(self, chosen: IntArray) -> FloatArray:
        covered = np.zeros(self.size)
        for node in chosen:
            low, high = self._closeness.indptr[node], self._closeness.indptr[node + 1]
            own = self._closeness.indices[low:high]
            covered[own] = np.maximum(covered[own], self._closeness.data[low:high])
        return covered


def _closeness(adjacency: sparse.csr_array, steps: int | None) -> sparse.csr_array:
    """Row to column: 1 within so many steps; without a limit 1 / distance, and 1 to oneself. Ties in their direction.

    Raises:
        SettingsError: more pairs than `MOST_ENTRIES`.
    """
    nodes = adjacency.shape[0]
    ties = sparse.csr_array(
        (np.ones(adjacency.nnz, dtype=np.float32), adjacency.indices, adjacency.indptr), shape=adjacency.shape
    )
    found = sparse.csr_array(sparse.eye_array(nodes, format="csr", dtype=np.float32))
    border, distance = found, 0
    while border.nnz and (steps is None or distance < steps):
        distance += 1
        further = sparse.csr_array(border @ ties)
        further.data[:] = 1
        known = sparse.csr_array(found > 0)
        border = sparse.csr_array(further - further.multiply(known))
        border.eliminate_zeros()
        if found.nnz + border.nnz > MOST_ENTRIES:
            raise SettingsError(
                "too many members are within reach of each other to hold them all",
                where=f"{nodes:,} members", hint="choose reach with 1 step, or fragmentation",
            )  # fmt: skip
        found = sparse.csr_array(found + border * np.float32(1.0 if steps is not None else 1.0 / distance))
    return found
