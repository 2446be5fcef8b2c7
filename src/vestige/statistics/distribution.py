"""A distribution collapsed to its distinct values: a million members are a few thousand rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Distribution:
    """How many members have each value.

    Attributes:
        values: distinct values, ascending, not negative.
        members: members with each value, at least 1 each.
    """

    values: "NDArray[np.float64]"
    members: "NDArray[np.int64]"

    @classmethod
    def of(cls, values: Sequence[float], members: Sequence[int]) -> Self:
        """Collect values and counts in any order; equal values are added up, empty ones dropped.

        Raises:
            ValueError: a value is negative or not finite, a count is negative, or the lengths differ.
        """
        found = np.asarray(values, np.float64)
        counts = np.asarray(members, np.int64)
        if found.shape != counts.shape or found.ndim != 1:
            raise ValueError("values and members must be of one length")
        if not np.isfinite(found).all() or (found < 0).any() or (counts < 0).any():
            raise ValueError("values must be finite and not negative, counts not negative")
        distinct, place = np.unique(found, return_inverse=True)
        summed = np.zeros(distinct.size, np.int64)
        np.add.at(summed, place, counts)
        return cls(distinct[summed > 0], summed[summed > 0])

    @property
    def size(self) -> int:
        """Number of members."""
        return int(self.members.sum())

    @property
    def total(self) -> float:
        """Sum over all members."""
        return float(self.values @ self.members)

    def positive(self) -> Self:
        """The members whose value is not zero."""
        return type(self)(self.values[self.values > 0], self.members[self.values > 0])
