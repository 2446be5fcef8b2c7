"""How well an order of members finds some of them: area under the curve, average precision, hits among the first k.

Only the places of the members to be found matter. Everybody else is counted in cells between and beside their scores,
so that a bootstrap replicate of a hundred thousand members costs one count of cells. Weights say how often a member
stands in a replicate. Equal scores are treated as an order that is not known.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Placed:
    """Where the sought members stand among all, by one score.

    Attributes:
        sought: which members are sought, shape (members,).
        cell: of each member: 2 j + 1 when tied with the j-th highest distinct score of a sought member, an even number
            between two such cells otherwise; 0 is above all. Shape (members,).
        cells: number of cells.
    """

    sought: "NDArray[np.bool_]"
    cell: "NDArray[np.int64]"
    cells: int

    @classmethod
    def of(cls, scores: "NDArray[np.float64]", sought: "NDArray[np.bool_]") -> "Placed":
        """Place everybody.

        Args:
            scores: higher comes first; NaN comes last of all. Shape (members,).
            sought: which members are sought, shape (members,).

        Raises:
            ValueError: shapes differ, or nobody or everybody is sought.
        """
        if scores.shape != sought.shape or scores.ndim != 1:
            raise ValueError("scores and sought members must be of one length")
        if not sought.any() or sought.all():
            raise ValueError("some members, and not all, must be sought")
        known = np.where(np.isnan(scores), -np.inf, scores)
        steps = -np.unique(-known[sought])
        left = np.searchsorted(-steps, -known, side="left")
        tied = np.searchsorted(-steps, -known, side="right") > left
        return cls(sought, 2 * left + tied, 2 * steps.size + 1)


@dataclass(frozen=True)
class Places:
    """The standing of each sought member; sums over them, with their weights, give the usual measures.

    Attributes:
        placement: share of the others who stand lower, ties counted half: the mean is the area under the curve.
        precision: share of the sought among those who stand as high or higher: the mean is the average precision.
        above: weight of everybody who stands higher.
        level: weight of everybody at the same score, the member included.
    """

    placement: "NDArray[np.float64]"
    precision: "NDArray[np.float64]"
    above: "NDArray[np.float64]"
    level: "NDArray[np.float64]"

    def within(self, first: int) -> "NDArray[np.float64]":
        """Chance of each sought member to be among the first k, ties in random order.

        Source:
            McSherry and Najork (2008), Computing information retrieval performance measures efficiently in the
            presence of tied scores, ECIR, 414-421.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = np.clip((first - self.above) / self.level, 0.0, 1.0)
        return np.where(self.level > 0, chance, 0.0)


def places(placed: Placed, weight: "NDArray[np.float64] | None" = None) -> Places:
    """Standing of the sought members.

    Args:
        placed: everybody's cell.
        weight: how often each member counts; None for once. Shape (members,).

    Returns:
        One entry a sought member, in the order of the members; 0 where the weights leave nobody to compare with.

    Source:
        Hanley and McNeil (1982) for the area as a share of pairs; ties as in Bamber (1975).
    """
    counted = np.ones(placed.cell.size) if weight is None else np.asarray(weight, np.float64)
    others = np.bincount(placed.cell[~placed.sought], counted[~placed.sought], placed.cells)
    sought = np.bincount(placed.cell[placed.sought], counted[placed.sought], placed.cells)
    own = placed.cell[placed.sought]
    others_above, sought_above = np.cumsum(others) - others, np.cumsum(sought) - sought
    all_others = others.sum()
    lower = all_others - others_above - others / 2
    everybody = others_above + others + sought_above + sought
    with np.errstate(divide="ignore", invalid="ignore"):
        placement = np.where(all_others > 0, lower / all_others, 0.0)
        precision = np.where(everybody > 0, (sought_above + sought) / everybody, 0.0)
    above = np.asarray(others_above + sought_above, np.float64)
    return Places(placement[own], precision[own], above[own], np.asarray(others + sought, np.float64)[own])


def area_under_curve(scores: "NDArray[np.float64]", sought: "NDArray[np.bool_]") -> float:
    """Chance that a sought member stands above another, ties counted half (Hanley and McNeil 1982)."""
    return float(places(Placed.of(scores, sought)).placement.mean())


def average_precision(scores: "NDArray[np.float64]", sought: "NDArray[np.bool_]") -> float:
    """Mean, over sought members, of the share of the sought among those who stand as high or higher.

    The step-wise sum of precision over recall, without interpolation (Davis and Goadrich 2006); its value for a random
    order is about the share of the sought.
    """
    return float(places(Placed.of(scores, sought)).precision.mean())


def precision_at(scores: "NDArray[np.float64]", sought: "NDArray[np.bool_]", first: int) -> float:
    """Expected share of the sought among the first k."""
    return float(places(Placed.of(scores, sought)).within(first).sum() / first)


def recall_at(scores: "NDArray[np.float64]", sought: "NDArray[np.bool_]", first: int) -> float:
    """Expected share of the sought who are among the first k."""
    return float(places(Placed.of(scores, sought)).within(first).mean())


def ranks(scores: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Rank of each member: 1 is the highest score, ties share the mean of their ranks, NaN comes last.

    Args:
        scores: shape (members,).
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    _, place, count = np.unique(-known, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], np.float64)


def rank_correlation(one: "NDArray[np.float64]", two: "NDArray[np.float64]") -> float | None:
    """Spearman's rank correlation, ties at their mean rank; None where either is constant.

    Args:
        one: scores, shape (members,).
        two: scores of the same members.
    """
    first, second = ranks(one), ranks(two)
    first, second = first - first.mean(), second - second.mean()
    scale = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / scale) if scale > 0 else None
