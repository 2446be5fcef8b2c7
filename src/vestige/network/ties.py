"""What positions are measured on: ties, threads and activity of the same members, in the same order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from vestige.network.edges import joined_matrix
from vestige.network.measures import ACTIVITY, TRAITS, Measure, Needs
from vestige.network.settings import Projection, ProjectionSettings
from vestige.statistics.compiled import FloatArray, IndexArray, IntArray


@dataclass(frozen=True, eq=False)
class Ties:
    """Records of some members.

    Attributes:
        adjacency: row gives to column, no diagonal; symmetric when undirected. Shape (members, members).
        directed: whether ties run from one to the other.
        incidence: posts by member and thread; None where ties come from a plain list. Shape (members, threads).
        projection: how `adjacency` follows from `incidence`; None where it does not.
        days: 1 for each member and day with a post; None where days are not known. Shape (members, days).
        activity: what each member did. Shape (members,) each.
    """

    adjacency: sparse.csr_array = field(repr=False)
    directed: bool
    incidence: sparse.csr_array | None = field(default=None, repr=False)
    projection: ProjectionSettings | None = None
    days: sparse.csr_array | None = field(default=None, repr=False)
    activity: Mapping[Measure, FloatArray] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Number of members."""
        return int(self.adjacency.shape[0])

    @cached_property
    def joined(self) -> sparse.csr_array:
        """The symmetric matrix: the adjacency where undirected, else both directions' weights summed."""
        return joined_matrix(self.adjacency, directed=self.directed)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What can be measured."""
        return tuple(measure for measure, traits in TRAITS.items() if self._has(measure, traits.needs))

    @property
    def baselines(self) -> tuple[Measure, ...]:
        """Measures of plain activity; of a list of ties, plain counts of what each member gave and received."""
        known = tuple(measure for measure in ACTIVITY if measure in self.activity)
        return known or ((Measure.OUT_STRENGTH, Measure.IN_STRENGTH) if self.directed else (Measure.STRENGTH,))

    def _has(self, measure: Measure, needs: Needs) -> bool:
        if needs is Needs.ACTIVITY:
            return measure in self.activity
        if needs is Needs.INCIDENCE:
            return self.incidence is not None
        return needs is Needs.TIES or self.directed

    @cached_property
    def membership(self) -> sparse.csr_array | None:
        """Who wrote in which threads, 1 or nothing."""
        if self.incidence is None:
            return None
        ones = np.ones(self.incidence.nnz)
        return sparse.csr_array((ones, self.incidence.indices, self.incidence.indptr), shape=self.incidence.shape)


def pattern(matrix: sparse.csr_array) -> tuple[IndexArray, IndexArray]:
    """Begins and indices of a matrix in 32 bits, as compiled functions take them."""
    return matrix.indptr.astype(np.int32, copy=False), matrix.indices.astype(np.int32, copy=False)


def joining_threads(sizes: IntArray, projection: ProjectionSettings) -> tuple[IntArray, FloatArray]:
    """Threads that join members, and what each adds to a tie.

    Args:
        sizes: members of each thread.
        projection: weighting and limit.
    """
    kept = np.flatnonzero((sizes > 1) & (sizes <= (projection.largest_thread or sizes.max(initial=0))))
    return kept, np.ones(kept.size) if projection.weighting is Projection.COUNT else 1.0 / (sizes[kept] - 1)
