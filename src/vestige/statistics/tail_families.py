"""Distributions that compete for a tail of counts: likelihoods over the whole numbers from a least value on.

Continuous families are rounded: the chance of k is that of lying between k - 1/2 and k + 1/2, given at least the
least value. Each family is written in terms of u = log(value / least), so that the log-normal and the stretched
exponential approach a power law as their second parameter approaches its limit, and the search stays well behaved
where Clauset, Shalizi and Newman (2009) warn that it does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_CURVATURE: Final = 1e-4
"""Of the log-normal, 1 / sigma**2: over ten natural-log units it then bends the log-density by 0.005."""
LEAST_SHAPE: Final = 1e-3
"""Of the stretched exponential."""
_STEEPEST: Final = 60.0
_LAST_DIRECT: Final = 40
_NODES: Final = 160
_LOG_OF_NOTHING: Final = 700.0


class TailFamily(StrEnum):
    """A distribution of a tail."""

    POWER_LAW = "power law"
    TRUNCATED_POWER_LAW = "power law with cut-off"
    LOGNORMAL = "log-normal"
    STRETCHED_EXPONENTIAL = "stretched exponential"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True)
class TailFit:
    """One family fitted to a tail by maximum likelihood.

    Attributes:
        family: which.
        parameters: name to value: `alpha`; `alpha`, `rate`; `mu`, `sigma`; `shape`, `scale`; `rate`.
        log_likelihood: of the tail.
        at_limit: the likelihood still rises where the family has become a power law in all but name.
    """

    family: TailFamily
    parameters: Mapping[str, float]
    log_likelihood: float
    at_limit: bool

    @property
    def criterion(self) -> float:
        """Akaike's criterion; smaller is better."""
        return 2 * len(self.parameters) - 2 * self.log_likelihood


def fit_families(
    values: "Floats", counts: "NDArray[np.int64]", alpha: float
) -> "dict[TailFamily, tuple[TailFit, Floats]]":
    """Fit every family to a tail.

    Args:
        values: distinct whole values of the tail, ascending, at least two; the first is the least value of the law.
        counts: members with each.
        alpha: the power law's maximum-likelihood exponent.

    Returns:
        Each family's fit and log-chance of each value.
    """
    tail = _Tail(values, counts.astype(np.float64))
    fits = [
        tail.known(TailFamily.POWER_LAW, {"alpha": alpha}, power_law(values, alpha)),
        tail.known(TailFamily.EXPONENTIAL, {"rate": tail.rate}, exponential(values, tail.rate)),
        _lognormal(tail, alpha),
        _stretched(tail, alpha),
        _truncated(tail, alpha),
    ]
    return {fit.family: (fit, chances) for fit, chances in fits}


def power_law(values: "Floats", alpha: float) -> "Floats":
    """Log-chance of each value under a discrete power law that starts at the first."""
    from vestige.statistics.heavy_tail_kernels import scaled_zeta

    first = float(values[0])
    chances: Floats = -alpha * np.log(values / first) - np.log(scaled_zeta(alpha, first, first))
    return chances


def exponential(values: "Floats", rate: float) -> "Floats":
    """Log-chance of each value under a geometric distribution that starts at the first."""
    chances: Floats = np.log(-np.expm1(-rate)) - rate * (values - values[0])
    return chances


def lognormal(values: "Floats", mu: float, sigma: float) -> "Floats":
    """Log-chance of each value under a rounded log-normal distribution, given at least the first."""
    from scipy.special import log_ndtr

    return _rounded(values, lambda edges: log_ndtr((mu - np.log(edges)) / sigma))


def stretched_exponential(values: "Floats", shape: float, weight: float) -> "Floats":
    """Log-chance of each value under a rounded Weibull distribution, given at least the first.

    `weight` is (edge / scale) ** shape at the lower edge of the first value.
    """
    edge = values[0] - 0.5
    return _rounded(values, lambda edges: -weight * np.expm1(shape * np.log(edges / edge)))


def truncated_power_law(values: "Floats", alpha: float, rate: float) -> "Floats":
    """Log-chance of each value under a power law with an exponential cut-off, from the first value on."""
    first = float(values[0])
    whole = np.log(_cut_off_sum(alpha, rate, first))
    chances: Floats = -alpha * np.log(values / first) - rate * (values - first) - whole
    return chances


def _rounded(values: "Floats", log_survival: "Callable[[Floats], Floats]") -> "Floats":
    """Log of the chance to lie within half a unit of each value, given at least the first."""
    lower, upper = log_survival(values - 0.5), log_survival(values + 0.5)
    drop = np.minimum(upper - lower, -np.finfo(float).tiny)
    chances: Floats = lower + np.log(-np.expm1(drop)) - lower[0]
    return chances


def _cut_off_sum(alpha: float, rate: float, first: float) -> float:
    """The sum of (k / first) ** -alpha * exp(-rate * (k - first)) over k from `first` on: Euler-Maclaurin.

    The integral's substitution t = point * exp(v) makes its integrand smooth whatever the exponent.
    """
    point = first + _LAST_DIRECT
    direct = np.arange(first, point)
    total = float(np.sum(np.exp(-alpha * np.log(direct / first) - rate * (direct - first))))
    term = np.exp(-alpha * np.log(point / first) - rate * (point - first))
    slope = alpha / point + rate
    third = slope**3 + 3 * slope * alpha / point**2 + 2 * alpha / point**3
    turning = rate * point
    nodes, weights = _legendre()
    end = _where_nothing_is_left(alpha, turning)
    places = (nodes + 1) / 2 * end
    integrand = np.exp((1 - alpha) * places - turning * np.expm1(places))
    integral = point * float(weights @ integrand) * end / 2
    return total + float(term) * (integral + 0.5 + slope / 12 - third / 720)


def _where_nothing_is_left(alpha: float, turning: float) -> float:
    """Where the log of the integrand has fallen by 40: the cut-off's place, or the power law's if that is sooner."""
    cut = float(np.log1p(_LOG_OF_NOTHING / turning))
    return min(cut, 40 / (alpha - 1)) if alpha > 1 else cut


@cache
def _legendre() -> "tuple[Floats, Floats]":
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


@dataclass(frozen=True)
class _Tail:
    """The data, and how a family is searched for."""

    values: "Floats"
    counts: "Floats"

    @property
    def rate(self) -> float:
        """Maximum-likelihood rate of the exponential."""
        return float(np.log1p(1 / (self.values @ self.counts / self.counts.sum() - self.values[0])))

    def known(
        self, family: TailFamily, parameters: dict[str, float], chances: "Floats", *, at_limit: bool = False
    ) -> "tuple[TailFit, Floats]":
        """A fit whose parameters are known."""
        return TailFit(family, parameters, float(self.counts @ chances), at_limit), chances

    def search(
        self,
        chances: "Callable[[Floats], Floats]",
        starts: list[tuple[float, float]],
        bounds: tuple[tuple[float, float], tuple[float, float]],
    ) -> "Floats":
        """The likeliest pair of parameters within bounds, by Nelder and Mead's simplex from several starts."""
        from scipy.optimize import minimize

        size = self.counts.sum()

        def loss(pair: "Floats") -> float:
            with np.errstate(all="ignore"):
                value = -float(self.counts @ chances(pair)) / size
            return value if np.isfinite(value) else 1e300

        best = None
        options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4_000, "maxfev": 4_000}
        for start in starts:
            inside = [min(max(value, low), high) for value, (low, high) in zip(start, bounds, strict=True)]
            found = minimize(loss, inside, method="Nelder-Mead", bounds=bounds, options=options)
            if best is None or found.fun < best.fun:
                best = found
        if best is None:
            raise ValueError("a search needs a start")
        again = minimize(loss, best.x, method="Nelder-Mead", bounds=bounds, options=options)
        return np.asarray(again.x if again.fun <= best.fun else best.x, np.float64)


def _lognormal(tail: _Tail, alpha: float) -> "tuple[TailFit, Floats]":
    """In terms of the slope of the log-density at the least value, less 1, and its curvature 1 / sigma**2."""
    base = float(np.log(tail.values[0]))

    def usual(pair: "Floats") -> tuple[float, float]:
        variance = float(np.exp(-pair[1]))
        return base - float(pair[0]) * variance, variance**0.5

    logs = np.log(tail.values)
    mean = float(tail.counts @ logs / tail.counts.sum())
    variance = max(float(tail.counts @ (logs - mean) ** 2 / tail.counts.sum()), 1e-3)
    starts = [(alpha - 1, np.log(0.01)), ((base - mean) / variance, -np.log(variance)), (0.0, 0.0)]
    bounds = ((-_STEEPEST, _STEEPEST), (np.log(LEAST_CURVATURE), np.log(1e4)))
    pair = tail.search(lambda given: lognormal(tail.values, *usual(given)), starts, bounds)
    mu, sigma = usual(pair)
    at_limit = bool(pair[1] < np.log(2 * LEAST_CURVATURE))
    return tail.known(
        TailFamily.LOGNORMAL, {"mu": mu, "sigma": sigma}, lognormal(tail.values, mu, sigma), at_limit=at_limit
    )


def _stretched(tail: _Tail, alpha: float) -> "tuple[TailFit, Floats]":
    """In terms of log(weight * shape), which becomes log(alpha - 1) as the shape vanishes, and log(shape)."""
    edge = float(tail.values[0] - 0.5)

    def usual(pair: "Floats") -> tuple[float, float]:
        shape = float(np.exp(pair[1]))
        return shape, float(np.exp(pair[0])) / shape

    at_exponential = np.log(max(tail.rate * edge, 1e-300))
    starts = [(np.log(alpha - 1), np.log(0.01)), (np.log(alpha - 1), np.log(0.3)), (at_exponential, 0.0)]
    bounds = ((-50.0, 10.0), (np.log(LEAST_SHAPE), np.log(50.0)))
    pair = tail.search(lambda given: stretched_exponential(tail.values, *usual(given)), starts, bounds)
    shape, weight = usual(pair)
    parameters = {"shape": shape, "scale": float(np.exp(np.log(edge) - np.log(weight) / shape))}
    chances = stretched_exponential(tail.values, shape, weight)
    return tail.known(TailFamily.STRETCHED_EXPONENTIAL, parameters, chances, at_limit=bool(shape < 2 * LEAST_SHAPE))


def _truncated(tail: _Tail, alpha: float) -> "tuple[TailFit, Floats]":
    """In terms of the exponent and the log of the rate; a rate of nothing is the power law itself."""
    least = 1e-4 / float(tail.values[-1])
    mean = float(tail.values @ tail.counts / tail.counts.sum())
    starts = [(alpha, np.log(10 * least)), (alpha - 0.5, -np.log(mean)), (0.0, np.log(tail.rate))]
    bounds = ((-10.0, _STEEPEST), (np.log(least), np.log(50.0)))
    pair = tail.search(
        lambda given: truncated_power_law(tail.values, float(given[0]), float(np.exp(given[1]))), starts, bounds
    )
    exponent, rate = float(pair[0]), float(np.exp(pair[1]))
    chances = truncated_power_law(tail.values, exponent, rate)
    at_limit = bool(rate < 2 * least)
    if at_limit:
        exponent, rate, chances = alpha, 0.0, power_law(tail.values, alpha)
    return tail.known(TailFamily.TRUNCATED_POWER_LAW, {"alpha": exponent, "rate": rate}, chances, at_limit=at_limit)
