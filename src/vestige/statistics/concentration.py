"""How unequally something is spread over members: Gini, Theil, top shares, curves; with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vestige.statistics.inequality import Measured, Sums, coverage_curve, gini, lorenz_curve, theil
from vestige.statistics.tail_bootstrap import Scale, studentised_intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.statistics.distribution import Distribution


@dataclass(frozen=True)
class Estimate:
    """A point estimate with its interval; None where an interval is undefined."""

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
        theil: Theil's index, 0 (all alike) to log(size) (one has all).
        top: share of the total held by the most active part, by that part.
        lorenz: share of the total held by the least active part, by that part.
        coverage: smallest part of the members who hold a part of the total, by that part.
    """

    size: int
    total: float
    gini: Estimate
    theil: Estimate
    top: dict[float, Estimate]
    lorenz: dict[float, Estimate]
    coverage: dict[float, Estimate]


def measure_spread(
    distribution: "Distribution",
    *,
    top: Sequence[float],
    grid: Sequence[float],
    cover: Sequence[float] = (),
    replicates: int,
    confidence: float,
    seed: int,
) -> Concentration | None:
    """Concentration with intervals from a studentised bootstrap over members, semi-parametric in the tail.

    Args:
        distribution: value of each member.
        top: parts of the population, such as 0.01 for the most active hundredth.
        grid: parts of the population at which the Lorenz curve is wanted.
        cover: parts of the total at which the coverage curve is wanted, such as 0.5 for half of everything.
        replicates: bootstrap samples; 0 leaves the intervals out.
        confidence: such as 0.95.
        seed: of the bootstrap.

    Returns:
        None where nothing is spread: no members, or all values zero.
    """
    if distribution.size == 0 or distribution.total == 0:
        return None
    statistic = _Statistic(np.array([*(1 - part for part in top), *grid]), len(top), np.array(cover, np.float64))
    whole = Sums.of(distribution.values[np.newaxis], distribution.members[np.newaxis].astype(np.float64))
    (point,) = statistic(whole).estimates
    scales = [Scale.UNIT, Scale.POSITIVE, *[Scale.UNIT] * (point.size - 2)]
    ends = (
        studentised_intervals(distribution, statistic, scales, replicates=replicates, confidence=confidence, seed=seed)
        if replicates
        else np.full((2, point.size), np.nan)
    )
    estimates = [
        Estimate(float(value), _known(low), _known(high)) for value, low, high in zip(point, *ends, strict=True)
    ]
    rest = iter(estimates[2:])
    curve_ends = {0.0: Estimate(0.0, 0.0, 0.0), 1.0: Estimate(1.0, 1.0, 1.0)}
    return Concentration(
        size=distribution.size,
        total=distribution.total,
        gini=estimates[0],
        theil=estimates[1],
        top={part: next(rest) for part in top},
        lorenz={part: curve_ends.get(part, each) for part, each in zip(grid, rest, strict=False)},
        coverage={part: next(rest) for part in cover},
    )


@dataclass(frozen=True)
class _Statistic:
    """Gini, Theil, top shares, Lorenz curve and coverage curve, in that order.

    Attributes:
        parts: of the population, those of the top shares first.
        tops: how many of them are top shares.
        cover: parts of the total.
    """

    parts: "NDArray[np.float64]"
    tops: int
    cover: "NDArray[np.float64]"

    def __call__(self, sums: Sums) -> Measured:
        curve = lorenz_curve(sums, self.parts)
        shares = curve.estimates.copy()
        shares[:, : self.tops] = 1 - shares[:, : self.tops]
        coverage = coverage_curve(sums, self.cover)
        both = (gini(sums), theil(sums))
        return Measured(
            np.column_stack([*(each.estimates for each in both), shares, coverage.estimates]),
            np.column_stack([*(each.errors for each in both), curve.errors, coverage.errors]),
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
