"""The passes over all members, and what they leave: sums that any number of parts of the members add up to.

The likelihood asks for these alone, so they may run over histories in memory or over partitions somewhere else.
"""

from typing import Protocol

import numpy as np

from vestige.trajectories import kernels
from vestige.trajectories.cells import Histories, slots_for
from vestige.trajectories.compiled import FloatArray


class Passes(Protocol):
    """Passes over everybody that a likelihood needs.

    Attributes:
        members: the sum of everybody's weights.
    """

    members: float

    def expectation(self, delta: FloatArray, base: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log-likelihood, and weighted posterior sums by listed cell and by kind.

        Args:
            delta: (cells, classes) log-density of a listed cell, less that of a zero where zeros are unlisted.
            base: (kinds, classes) log prior plus the log-density of a member's unlisted cells.

        Returns:
            The log-likelihood, (cells, classes) and (kinds, classes).
        """

    def covariance(
        self, delta: FloatArray, base: FloatArray, prior: FloatArray, slopes: FloatArray, base_slopes: FloatArray,
        *, robust: bool,
    ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """Upper triangles of the posterior covariance of scores, and of their outer products.

        Both are (classes * row, classes * row): a class has a row of its own, its membership before its paths.

        Args:
            delta: as in `expectation`.
            base: as in `expectation`.
            prior: (kinds, classes) membership probabilities.
            slopes: (cells, classes, path parameters of a class) derivative of `delta`.
            base_slopes: (kinds, classes, path parameters of a class) derivative of the unlisted cells.
            robust: whether the outer products are wanted; zero otherwise.
        """


class MemoryPasses:
    """Passes over histories in memory, on all cores where there are many."""

    def __init__(self, histories: Histories, cells: int, classes: int, *, threads: bool = True) -> None:
        self.members, self._threads = float(histories.weight.sum()), threads
        self._lists, self._cells, self._classes = histories, cells, classes
        bounds = histories.bounds
        if not (histories.direct_cells and histories.direct_kinds):
            merged = np.linspace(0, bounds.size - 1, slots_for(histories, cells, classes) + 1)
            bounds = bounds[merged.round().astype(np.int64)]
        self._bounds = bounds
        chunks = np.arange(bounds.size - 1)
        self._slots = np.array([chunks * (not histories.direct_cells), chunks * (not histories.direct_kinds)])

    @property
    def work(self) -> int:
        """About how many innermost steps a pass takes; none where threads are not wanted."""
        return self._threads * (self._lists.entries + 8 * self._lists.patterns) * self._classes

    def expectation(self, delta: FloatArray, base: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `Passes`."""
        lists, (cell_sums, kind_sums) = self._lists, self._empty()
        loglik = np.zeros(self._bounds.size - 1)
        kernels.expectation_pass.run(
            self.work, lists.start, lists.cells, lists.kind, lists.weight, delta, base, self._bounds, self._slots,
            cell_sums, kind_sums, loglik,
        )  # fmt: skip
        return float(loglik.sum()), _total(cell_sums), _total(kind_sums)

    def weighted(self, weighted: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums by listed cell and by kind of given (patterns, classes) weights."""
        lists, (cell_sums, kind_sums) = self._lists, self._empty()
        kernels.weighted_sums.run(
            self.work, lists.start, lists.cells, lists.kind, weighted, self._bounds, self._slots, cell_sums, kind_sums
        )
        return _total(cell_sums), _total(kind_sums)

    def covariance(
        self, delta: FloatArray, base: FloatArray, prior: FloatArray, slopes: FloatArray, base_slopes: FloatArray,
        *, robust: bool,
    ) -> tuple[FloatArray, FloatArray]:  # fmt: skip
        """See `Passes`."""
        lists, (classes, width) = self._lists, slopes.shape[1:]
        size = classes * (lists.risk.shape[1] + width)
        covariance = np.zeros((lists.bounds.size - 1, size, size))
        meat = np.zeros_like(covariance) if robust else np.zeros((1, size, size))
        kernels.information_pass.run(
            self.work * width, lists.start, lists.cells, lists.kind, lists.weight, lists.meat_weight, delta, base,
            prior, lists.risk, slopes, base_slopes, lists.bounds, robust, covariance, meat,
        )  # fmt: skip
        return covariance.sum(axis=0), meat.sum(axis=0)

    def _empty(self) -> tuple[FloatArray, FloatArray]:
        cell_slots, kind_slots = self._slots.max(axis=1) + 1
        return (
            np.zeros((cell_slots, self._cells, self._classes)),
            np.zeros((kind_slots, len(self._lists.risk), self._classes)),
        )


def _total(sums: FloatArray) -> FloatArray:
    return sums[0] if len(sums) == 1 else np.asarray(sums.sum(axis=0))
