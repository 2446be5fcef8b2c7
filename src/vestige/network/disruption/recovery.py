"""A network that answers removals: those who lost a tie look for a new one, newcomers take empty places."""

import itertools
from typing import Final

import numpy as np

from vestige.network.disruption.orders import Neighbours
from vestige.network.disruption.settings import RecoverySettings, Rewiring
from vestige.statistics.compiled import BoolArray, IntArray

MOST_DRAWS: Final = 1000
"""Draws in search of one member in proportion to ties; about the mean over the highest degree succeed."""
MOST_TRIES: Final = 20
"""Members asked before a tie is given up; nearly all are free to be chosen."""


class LivingNetwork:
    """A network under removal and recovery; its ties change, its places do not.

    Attributes:
        gone: whose place is empty now. Shape (nodes,).
    """

    def __init__(self, neighbours: Neighbours, settings: RecoverySettings, generator: np.random.Generator) -> None:
        bounds = neighbours.starts
        self._ties = [set(neighbours.others[low:high].tolist()) for low, high in itertools.pairwise(bounds)]
        self._settings = settings
        self._generator = generator
        self._most = 0
        self.gone: BoolArray = np.zeros(neighbours.size, dtype=np.bool_)

    def remove(self, nodes: IntArray) -> None:
        """Remove members together, then let the others recover."""
        self._most = max(map(len, self._ties), default=0)
        bereft = [(int(node), self._cut(int(node))) for node in nodes]
        for node, former in bereft:
            left = sorted(other for other in former if not self.gone[other])
            if self._settings.replaced > 0 and self._generator.random() < self._settings.replaced:
                self._replace(node, left)
            if self._settings.rewiring is not Rewiring.NONE:
                for other in left:
                    if self._generator.random() < self._settings.rewired:
                        self._join(other, self._partner(other, left))

    def neighbours(self) -> Neighbours:
        """The network as it is now; empty places have no ties."""
        sizes = np.array([len(own) for own in self._ties], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        others = np.fromiter((other for own in self._ties for other in sorted(own)), dtype=np.int32, count=starts[-1])
        return Neighbours(starts, others)

    def _cut(self, node: int) -> set[int]:
        former = self._ties[node]
        self._ties[node] = set()
        self.gone[node] = True
        for other in former:
            self._ties[other].discard(node)
        return former

    def _replace(self, node: int, former: list[int]) -> None:
        self.gone[node] = False
        kept = self._generator.random(len(former)) < self._settings.inherited
        for other, stays in zip(former, kept, strict=True):
            if stays:
                self._join(node, other)

    def _join(self, node: int, other: int | None) -> None:
        if other is not None and other != node:
            self._ties[node].add(other)
            self._ties[other].add(node)

    def _partner(self, node: int, bereft: list[int]) -> int | None:
        """Somebody present, without a tie to the member yet; None where there is nobody."""
        if self._settings.rewiring is Rewiring.DISTANCE:
            near = sorted({far for own in self._ties[node] for far in self._ties[own]} - self._ties[node] - {node})
            choices = near or [other for other in bereft if other != node and other not in self._ties[node]]
            if choices:
                return int(choices[int(self._generator.integers(len(choices)))])
        for _ in range(MOST_TRIES):
            other = self._anybody()
            if other is not None and other != node and other not in self._ties[node]:
                return other
        return None

    def _anybody(self) -> int | None:
        """A member who is there: any, or one in proportion to ties (the end of a random tie)."""
        node = int(self._generator.integers(self.gone.size))
        if self.gone[node]:
            return None
        if self._settings.rewiring is Rewiring.DEGREE:
            return self._by_degree()
        return node

    def _by_degree(self) -> int | None:
        """In proportion to ties, by rejection: a random member is taken with a chance of ties / the most ties."""
        for _ in range(MOST_DRAWS):
            node = int(self._generator.integers(self.gone.size))
            if not self.gone[node] and self._generator.random() * self._most < len(self._ties[node]):
                return node
        return None
