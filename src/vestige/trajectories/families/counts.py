"""Poisson and negative binomial counts. The curve is the logarithm of the rate."""

import math
from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray, compiled
from vestige.trajectories.families.base import Jets, count_fault

RATE_LIMIT = 60.0
DISPERSION_FLOOR = -18.0
SMALL_COUNT = 256
LOG_FACTORIALS = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, 1024.0)))])


def _rate(predictor: FloatArray) -> FloatArray:
    return np.exp(np.clip(predictor, -700.0, RATE_LIMIT))


def _log_factorial(response: FloatArray) -> FloatArray:
    from scipy.special import gammaln

    return np.asarray(gammaln(response + 1.0), dtype=np.float64)


class Poisson:
    """Poisson counts; predictor 0 is the log rate."""

    predictors = ("curve",)

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        log_rate = np.minimum(predictors[0], RATE_LIMIT)
        return response * log_rate - np.exp(log_rate) - _log_factorial(response)

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`."""
        value, slope, bend = np.empty((3, *predictors[0].shape))
        _poisson_jets(response[:, 0], predictors[0], LOG_FACTORIALS, value, slope, bend)
        return Jets(value, (slope,), {(0, 0): bend})

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return _rate(predictors[0])

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        return (_rate(predictors[0]),)

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        return generator.poisson(np.minimum(_rate(predictors[0]), 1e17)).astype(np.float64)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`."""
        return -_log_factorial(response)

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        return count_fault(response)

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return np.log1p(response)

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        del variance
        return (np.log(np.maximum(mean, 1e-3)),)


class NegativeBinomial:
    """NB2 counts (variance mu + alpha mu^2); predictor 0 is the log rate, predictor 1 log alpha (Hilbe 2011, ch. 8)."""

    predictors = ("curve", "dispersion")

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return self._terms(response, predictors, derivatives=False)[0]

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`."""
        value, rate, alpha, slope, curvature = self._terms(response, predictors, derivatives=True)
        scaled = alpha * rate
        share = scaled / (1.0 + scaled)
        weight = response + 1.0 / alpha
        bend = weight * share / (1.0 + scaled)
        first = (response - weight * share, slope + np.log1p(scaled) / alpha - weight * share)
        second = {
            (0, 0): -bend,
            (0, 1): share / alpha - bend,
            (1, 1): curvature - np.log1p(scaled) / alpha + 2.0 * share / alpha - bend,
        }
        return Jets(value, first, second)

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return _rate(predictors[0])

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        rate = _rate(predictors[0])
        return (rate, np.zeros_like(rate))

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        alpha = np.exp(np.clip(predictors[1], DISPERSION_FLOOR, 20.0))
        rate = _rate(predictors[0]) * generator.gamma(1.0 / alpha) * alpha
        return generator.poisson(np.minimum(rate, 1e17)).astype(np.float64)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`; the dispersion bends it."""
        del response
        return None

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        return count_fault(response)

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return np.log1p(response)

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        mean = np.maximum(mean, 1e-3)
        alpha = np.clip((variance - mean) / mean**2, 0.05, 5.0)
        return (np.log(mean), np.log(alpha))

    def _terms(
        self, response: FloatArray, predictors: Sequence[FloatArray], *, derivatives: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        log_rate = np.minimum(predictors[0], RATE_LIMIT)
        rate = np.exp(log_rate)
        log_alpha = np.clip(predictors[1], DISPERSION_FLOOR, 20.0)
        alpha = np.exp(log_alpha)
        counts = np.broadcast_to(response, rate.shape)
        sums = np.zeros((3, *rate.shape))
        rising_sums(np.ascontiguousarray(counts).ravel(), np.ascontiguousarray(alpha).ravel(), sums.reshape(3, -1))
        _large_counts(counts, alpha, sums, derivatives=derivatives)
        value = sums[0] - _log_factorial(response) + response * log_rate
        value -= (response + 1.0 / alpha) * np.log1p(alpha * rate)
        return value, rate, alpha, sums[1], sums[2]


@compiled
def _poisson_jets(
    response: FloatArray, predictor: FloatArray, factorials: FloatArray, value: FloatArray, slope: FloatArray,
    bend: FloatArray,
) -> None:  # fmt: skip
    """Set the log-density and its derivatives in the log rate, all (cells, groups)."""
    for cell in range(predictor.shape[0]):
        count = response[cell]
        base = factorials[int(count)] if count < factorials.size else math.lgamma(count + 1.0)
        for group in range(predictor.shape[1]):
            log_rate = min(predictor[cell, group], RATE_LIMIT)
            rate = math.exp(log_rate)
            value[cell, group] = count * log_rate - rate - base
            slope[cell, group] = count - rate
            bend[cell, group] = -rate


@compiled
def rising_sums(counts: FloatArray, alphas: FloatArray, sums: FloatArray) -> None:
    """Sums over j < count of log(1 + alpha j) and its two derivatives in log alpha, for counts up to SMALL_COUNT.

    Args:
        counts: (cells,) whole numbers.
        alphas: (cells,) dispersion.
        sums: (3, cells), filled in place; exact where a difference of two log-gammas would cancel.
    """
    for cell in range(counts.size):
        if counts[cell] <= SMALL_COUNT:
            alpha = alphas[cell]
            total, slope, curvature = 0.0, 0.0, 0.0
            for step in range(int(counts[cell])):
                grown = 1.0 + alpha * step
                total += np.log(grown)
                slope += alpha * step / grown
                curvature += alpha * step / (grown * grown)
            sums[0, cell] = total
            sums[1, cell] = slope
            sums[2, cell] = curvature


def _large_counts(counts: FloatArray, alpha: FloatArray, sums: FloatArray, *, derivatives: bool) -> None:
    from scipy.special import gammaln, polygamma, psi

    large = counts > SMALL_COUNT
    if not large.any():
        return
    count, size = counts[large], 1.0 / alpha[large]
    sums[0][large] = gammaln(count + size) - gammaln(size) - count * np.log(size)
    if derivatives:
        rise = size * (psi(count + size) - psi(size))
        bend = size**2 * (polygamma(1, count + size) - polygamma(1, size))
        sums[1][large] = count - rise
        sums[2][large] = rise + bend
