"""Quantiles of a distribution over members, with intervals that need no model of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.statistics.distribution import Distribution

_WEIGHTED: Final = 9.0
"""Standard deviations of the Beta weights beyond which a member weighs less than 1e-15."""

_FAR: Final = 10.0
"""Times the largest value seen that an interval reaches at the most."""


@dataclass(frozen=True)
class Quantile:
    """One quantile, estimated in two ways.

    Attributes:
        probability: which quantile, between 0 and 1.
        value: Harrell-Davis estimate: a weighted mean of all order statistics.
        low: lower end of its interval; never below 0.
        high: upper end.
        observed: the ordinary sample quantile: the smallest value with at least this part of the members at or below.
        order_low: lower end of the interval between two members' values; None where the sample is too small for one.
        order_high: upper end; None where the sample is too small for one.
    """

    probability: float
    value: float
    low: float
    high: float
    observed: float
    order_low: float | None
    order_high: float | None


def quantiles(
    distribution: "Distribution", probabilities: Sequence[float], *, confidence: float = 0.95
) -> tuple[Quantile, ...]:
    """Quantiles with intervals.

    The Harrell-Davis interval is the estimate plus and minus Maritz and Jarrett's standard error, on the scale of
    log(1 + value), on which a tail of counts is nearly symmetric. The order-statistic interval is exact whatever the
    distribution, and wider than asked for where values are tied.

    Args:
        distribution: value of each member; at least one member.
        probabilities: each strictly between 0 and 1.
        confidence: such as 0.95.

    Raises:
        ValueError: no member, or an argument outside its range.

    Source:
        Harrell and Davis (1982), Biometrika 69, 635-640; Maritz and Jarrett (1978), JASA 73, 194-196; the binomial
        interval: David and Nagaraja (2003), Order Statistics, section 7.1.
    """
    if distribution.size == 0 or not 0 < confidence < 1 or not all(0 < part < 1 for part in probabilities):
        raise ValueError("needs a member, and probabilities and a confidence between 0 and 1")
    reached = np.cumsum(distribution.members)
    return tuple(_quantile(distribution.values, reached, part, confidence) for part in probabilities)


def order_statistic_ranks(size: int, probability: float, confidence: float) -> tuple[int | None, int | None]:
    """Ranks, from 1, of the members whose values enclose a quantile; None where the sample is too small.

    Each end is missed with at most half of what the confidence leaves.
    """
    from scipy.stats import binom

    tail = (1 - confidence) / 2
    low = int(binom.ppf(tail, size, probability))
    high = int(binom.ppf(1 - tail, size, probability)) + 1
    return (low if low >= 1 else None), (high if high <= size else None)


def _quantile(values: "NDArray[np.float64]", reached: "NDArray[np.int64]", part: float, confidence: float) -> Quantile:
    from scipy.special import betainc

    size = int(reached[-1])
    near = _near(reached, part)
    below = betainc((size + 1) * part, (size + 1) * (1 - part), reached[near] / size)
    below[-1] = 1.0
    weights = np.diff(below, prepend=0.0)
    value = float(weights @ values[near])
    error = float(np.sqrt(weights @ (values[near] - value) ** 2))
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * error
    half = reach / (1 + value)
    ranks = order_statistic_ranks(size, part, confidence)
    low, high = (None if rank is None else _ranked(values, reached, rank) for rank in ranks)
    return Quantile(
        probability=part,
        value=value,
        low=max(0.0, float(np.expm1(np.log1p(value) - half))),
        high=_upper_end(value, reach, half, largest=float(values[-1])),
        observed=_ranked(values, reached, max(1, int(np.ceil(size * part - 1e-9)))),
        order_low=low,
        order_high=high,
    )


def _upper_end(value: float, reach: float, half: float, *, largest: float) -> float:
    """The upper end on the scale of log(1 + value), unless a few huge values among many small ones carry it away.

    There the delta method says nothing any more: the symmetric end, or `_FAR` times the largest value, bounds it.
    """
    bound = max(value + reach, _FAR * largest)
    return float(np.expm1(min(np.log1p(bound), np.log1p(value) + half)))


def _near(reached: "NDArray[np.int64]", part: float) -> slice:
    """The distinct values whose weight in the estimate is not negligible: few of a million."""
    size = int(reached[-1])
    reach = _WEIGHTED * np.sqrt(size * part * (1 - part)) + _WEIGHTED**2
    first, last = np.searchsorted(reached, (size * part - reach, size * part + reach))
    return slice(int(first), min(int(last), reached.size - 1) + 1)


def _ranked(values: "NDArray[np.float64]", reached: "NDArray[np.int64]", rank: int) -> float:
    """Value of the member of a rank, from 1."""
    return float(values[np.searchsorted(reached, rank)])
