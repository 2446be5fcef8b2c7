"""How unequally something is spread over members: Lorenz curve, Gini coefficient, share of the most active.

All functions take values and weights (members with each value), so that a million members cost as little as a
thousand. Weights may have leading axes, one row a bootstrap replicate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vestige.statistics.bootstrap import bootstrap_percentiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.statistics.distribution import Distribution


@dataclass(frozen=True)
class Estimate:
    """A point estimate with its interval; None where a bootstrap interval is undefined."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Concentration:
    """Concentration in one population.

    Attributes:
        size: number of members.
        total: sum of their values.
        gini: Gini coefficient, 0 (all alike) to 1 - 1/size (one has all).
        top: share of the total held by the most active part, by that part.
        lorenz: share of the total held by the least active part, by that part.
    """

    size: int
    total: float
    gini: Estimate
    top: dict[float, Estimate]
    lorenz: dict[float, Estimate]


def measure_spread(
    distribution: "Distribution",
    *,
    top: Sequence[float],
    grid: Sequence[float],
    replicates: int,
    confidence: float,
    seed: int,
) -> Concentration | None:
    """Concentration with bootstrap intervals over members.

    Args:
        distribution: value of each member.
        top: parts of the population, such as 0.01 for the most active hundredth.
        grid: parts of the population at which the Lorenz curve is wanted.
        replicates: bootstrap samples; 0 leaves the intervals out.
        confidence: such as 0.95.
        seed: of the bootstrap.

    Returns:
        None where nothing is spread: no members, or all values zero.
    """
    if distribution.size == 0 or distribution.total == 0:
        return None

    parts = np.array([*(1 - part for part in top), *grid])

    def statistic(values: "NDArray[np.float64]", weights: "NDArray[np.int64]") -> "NDArray[np.float64]":
        curve = lorenz_curve(values, weights, parts)
        curve[:, : len(top)] = 1 - curve[:, : len(top)]
        return np.column_stack([gini(values, weights), curve])

    (point,) = statistic(distribution.values, distribution.members[np.newaxis])
    ends = (
        bootstrap_percentiles(distribution, statistic, replicates=replicates, confidence=confidence, seed=seed)
        if replicates
        else np.full((2, point.size), np.nan)
    )
    estimates = [
        Estimate(float(value), _known(low), _known(high)) for value, low, high in zip(point, *ends, strict=True)
    ]
    return Concentration(
        size=distribution.size,
        total=distribution.total,
        gini=estimates[0],
        top=dict(zip(top, estimates[1:], strict=False)),
        lorenz=dict(zip(grid, estimates[1 + len(top) :], strict=True)),
    )


def gini(values: "NDArray[np.float64]", weights: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Gini coefficient of a whole population (no small-sample correction).

    Args:
        values: distinct values, ascending, shape (values,).
        weights: members with each value, shape (..., values).

    Returns:
        Shape (...); NaN where all values are zero.

    Source:
        Half the mean absolute difference over the mean, through ranks: Cowell (2011), Measuring Inequality, appendix A.
    """
    size = weights.sum(axis=-1, dtype=np.float64)
    below = np.cumsum(weights, axis=-1, dtype=np.float64) - weights
    rank_sums = weights * (below + (weights + 1) / 2)
    total = weights @ values
    with np.errstate(invalid="ignore", divide="ignore"):
        spread: NDArray[np.float64] = 2 * (rank_sums @ values) / (size * total) - (size + 1) / size
    return np.where(total > 0, spread, np.nan)


def lorenz_curve(
    values: "NDArray[np.float64]", weights: "NDArray[np.int64]", parts: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """Share of the total held by the least active part of the members, straight between members.

    Args:
        values: distinct values, ascending, shape (values,).
        weights: members with each value, shape (replicates, values).
        parts: parts of the population, 0 to 1, shape (parts,).

    Returns:
        Shape (replicates, parts); NaN where all values are zero.

    Source:
        Gastwirth (1971), Econometrica 39, 1037-1039.
    """
    members = np.cumsum(weights, axis=1, dtype=np.float64)
    held = np.cumsum(weights * values, axis=1)
    curve = np.full((len(weights), parts.size), np.nan)
    for row in np.flatnonzero(held[:, -1] > 0):
        reached = np.concatenate(([0.0], members[row] / members[row, -1]))
        share = np.concatenate(([0.0], held[row] / held[row, -1]))
        curve[row] = np.interp(parts, reached, share)
    return curve


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
