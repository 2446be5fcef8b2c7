"""Bootstrap over members on a collapsed distribution."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.statistics.distribution import Distribution

_CELLS_AT_ONCE: Final = 1_000_000
"""Weights held in memory at a time, as 8-byte numbers."""

Statistic = Callable[["NDArray[np.float64]", "NDArray[np.int64]"], "NDArray[np.float64]"]


def bootstrap_percentiles(
    distribution: "Distribution", statistic: Statistic, *, replicates: int, confidence: float, seed: int
) -> "NDArray[np.float64]":
    """Percentile intervals of a vector of statistics, drawing whole members with replacement.

    Drawing n members from n is one multinomial draw over the distinct values, so the cost depends on how many
    distinct values there are, not on how many members.

    Args:
        distribution: values and members, with at least one member.
        statistic: takes the values, shape (values,), and weights, shape (replicates, values); returns one row a
            replicate. Rows may hold NaN where a replicate leaves the statistic undefined; those are passed over.
        replicates: number of bootstrap samples.
        confidence: such as 0.95.
        seed: of a generator of its own.

    Returns:
        Lower and upper ends, shape (2, statistics); NaN where the statistic is never defined.

    Source:
        Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    generator = np.random.default_rng(seed)
    size = distribution.size
    chances = distribution.members / size
    chunk = max(1, _CELLS_AT_ONCE // chances.size)
    draws = [
        statistic(distribution.values, generator.multinomial(size, chances, size=min(chunk, replicates - start)))
        for start in range(0, replicates, chunk)
    ]
    tail = (1 - confidence) / 2
    return _quantiles(np.concatenate(draws), (tail, 1 - tail))


def _quantiles(draws: "NDArray[np.float64]", levels: tuple[float, float]) -> "NDArray[np.float64]":
    ends = np.full((2, draws.shape[1]), np.nan)
    for place, column in enumerate(draws.T):
        defined = column[np.isfinite(column)]
        if defined.size:
            ends[:, place] = np.quantile(defined, levels)
    return ends
