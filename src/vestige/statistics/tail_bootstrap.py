"""Intervals for measures of inequality that hang on a few very active members.

A percentile interval cannot hold a member busier than the busiest one seen, and falls short where the tail is heavy.
Here each measure is studentised on a scale without bounds, and samples are drawn from the data below a threshold and
from a fitted Pareto distribution above it (Cowell and Flachaire 2007).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.statistics.inequality import Measured, Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.statistics.distribution import Distribution

    Floats = NDArray[np.float64]

TAIL_EXPONENT: Final = 0.6
"""The fitted tail holds n ** 0.6 of n members (the order that Cowell and Flachaire 2007, section 4, suggest)."""
FEWEST_IN_TAIL: Final = 5
LEAST_SHAPE: Final = 1.5
"""Heaviest tail that samples are drawn from. Nobody's activity is unbounded: with shapes near 1, where the mean is
infinite, intervals would leave the data behind and no longer hold the estimate itself (docs/validation)."""
_CELLS_AT_ONCE: Final = 1_000_000
"""Weights held in memory at a time, as 8-byte numbers."""
_BINS: Final = 400
_TOP_BIN: Final = 1e-9
"""Part of the tail in the last bin of the population that samples are drawn from."""

Statistic = Callable[[Sums], Measured]


class Scale(Enum):
    """The scale on which a measure is studentised: the one on which it has no bounds."""

    UNIT = "unit"
    """Between 0 and 1: the log of the odds."""
    POSITIVE = "positive"
    """Above 0: the log."""


@dataclass(frozen=True)
class ParetoTail:
    """A fitted tail.

    Attributes:
        start: number of distinct values below the tail.
        threshold: value at which the tail begins.
        shape: Pareto's shape, by Hill's estimator.
        whole: whether the values are whole numbers, to which draws are rounded.
    """

    start: int
    threshold: float
    shape: float
    whole: bool

    def draw(self, generator: np.random.Generator, size: tuple[int, int]) -> "Floats":
        """Values of the tail, ascending along the second axis."""
        drawn = self.threshold * (1 - generator.random(size)) ** (-1 / self.shape)
        drawn.sort(axis=1)
        return np.round(drawn) if self.whole else drawn

    def bins(self) -> "tuple[Floats, Floats]":
        """The distribution in bins that narrow to the top: the mean of each, and its part of the tail."""
        edges = np.append(np.geomspace(1, _TOP_BIN, _BINS), 0.0)
        power = 1 - 1 / self.shape
        parts = -np.diff(edges)
        return self.threshold * -np.diff(edges**power) / power / parts, parts


def fit_tail(distribution: "Distribution") -> ParetoTail | None:
    """The Pareto tail of the most active members, or None where there are too few, or too few different values.

    Source:
        Hill (1975), Annals of Statistics 3, 1163-1174; counts are taken as rounded: a tail over 7 begins at 7.5.
    """
    values, members = distribution.values, distribution.members
    positive = int(members[values > 0].sum())
    above = np.cumsum(members[::-1])[::-1]
    wanted = positive**TAIL_EXPONENT
    start = int(np.argmin(np.abs(above - wanted))) if values.size else 0
    tail = int(above[start]) if values.size else 0
    if start == 0 or values[start - 1] <= 0 or tail < FEWEST_IN_TAIL or values.size - start < FEWEST_IN_TAIL:
        return None
    whole = bool((values == np.floor(values)).all())
    threshold = float(values[start - 1]) + (0.5 if whole else 0.0)
    logs = members[start:] @ np.log(values[start:] / threshold) / tail
    return ParetoTail(start, threshold, max(LEAST_SHAPE, 1 / float(logs)), whole)


def studentised_intervals(
    distribution: "Distribution",
    statistic: Statistic,
    scales: Sequence[Scale],
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> "Floats":
    """Intervals of a vector of measures.

    Args:
        distribution: value of each member; at least one is not zero.
        statistic: measures of samples with their standard errors.
        scales: of each measure.
        replicates: bootstrap samples.
        confidence: such as 0.95.
        seed: of a generator of its own.

    Returns:
        Lower and upper ends, shape (2, measures), widened to hold the estimate if they do not. NaN where a measure has
        no standard error, such as the point (1, 1) of a Lorenz curve.

    Source:
        Studentised: Davidson (2009), Journal of Econometrics 150, 30-40; semi-parametric: Cowell and Flachaire (2007),
        Journal of Econometrics 141, 1044-1072.
    """
    tail = fit_tail(distribution)
    unit = np.array([scale is Scale.UNIT for scale in scales])
    here, error_here = _transformed(statistic(_population(distribution, None)), unit)
    there, _ = _transformed(statistic(_population(distribution, tail)), unit)
    generator = np.random.default_rng(seed)
    roots = []
    width = distribution.values.size
    chunk = max(1, _CELLS_AT_ONCE // (width + (int(distribution.members[tail.start :].sum() * 2) if tail else 0)))
    for start in range(0, replicates, chunk):
        sample = _samples(distribution, tail, generator, min(chunk, replicates - start))
        drawn, error = _transformed(statistic(sample), unit)
        with np.errstate(invalid="ignore", divide="ignore"):
            roots.append((drawn - there) / error)
    lower, upper = _quantiles(np.concatenate(roots), (1 - confidence) / 2)
    lower, upper = np.minimum(lower, 0.0), np.maximum(upper, 0.0)
    ends = np.stack([here[0] - upper * error_here[0], here[0] - lower * error_here[0]])
    with np.errstate(over="ignore"):
        found: Floats = np.where(unit, 1 / (1 + np.exp(-ends)), np.exp(ends))
    return found


def _transformed(measured: Measured, unit: "NDArray[np.bool_]") -> "tuple[Floats, Floats]":
    """Estimates and standard errors on the scale without bounds; NaN where the estimate lies on a bound."""
    value, error = measured.estimates, measured.errors
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = (error > 0) & (value > 0) & (~unit | (value < 1))
        moved = np.where(unit, np.log(value / (1 - value)), np.log(value))
        stretched = np.where(unit, error / (value * (1 - value)), error / value)
    return np.where(inside, moved, np.nan), np.where(inside, stretched, np.nan)


def _population(distribution: "Distribution", tail: ParetoTail | None) -> Sums:
    """What samples are drawn from: the data, with their tail replaced by the fitted one."""
    if tail is None:
        return Sums.of(distribution.values[np.newaxis], distribution.members[np.newaxis].astype(np.float64))
    means, parts = tail.bins()
    members = float(distribution.members[tail.start :].sum())
    values = np.concatenate([distribution.values[: tail.start], means])
    weights = np.concatenate([distribution.members[: tail.start], members * parts])
    return Sums.of(values[np.newaxis], weights[np.newaxis])


def _samples(distribution: "Distribution", tail: ParetoTail | None, generator: np.random.Generator, count: int) -> Sums:
    """Samples of whole members: one multinomial draw over the distinct values, and the tail's own values."""
    size = distribution.size
    if tail is None:
        weights = generator.multinomial(size, distribution.members / size, size=count).astype(np.float64)
        return Sums.of(np.broadcast_to(distribution.values, weights.shape), weights)
    body = distribution.members[: tail.start]
    in_tail = float(distribution.members[tail.start :].sum())
    drawn = generator.multinomial(size, np.append(body, in_tail) / size, size=count)
    most = int(drawn[:, -1].max())
    values = tail.draw(generator, (count, most))
    order = generator.random((count, most)).argsort(axis=1)
    kept = (order < drawn[:, -1:]).astype(np.float64)
    low = np.broadcast_to(distribution.values[: tail.start], (count, tail.start))
    return Sums.of(np.concatenate([low, values], axis=1), np.concatenate([drawn[:, :-1], kept], axis=1))


def _quantiles(roots: "Floats", part: float) -> "Floats":
    ends = np.full((2, roots.shape[1]), np.nan)
    for place, column in enumerate(roots.T):
        defined = column[np.isfinite(column)]
        if defined.size:
            ends[:, place] = np.quantile(defined, (part, 1 - part))
    return ends
