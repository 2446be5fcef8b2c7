"""The censored normal (tobit) with either limit, both or none."""

from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.families.base import Jets

LOG_ROOT_TWO_PI = 0.5 * float(np.log(2.0 * np.pi))
SPREAD_LIMIT = 60.0


class CensoredNormal:
    """Predictor 0 is the mean of the uncensored variable, predictor 1 the log of sigma (Nagin 1999, eq. 1-3)."""

    predictors = ("curve", "sigma")

    def __init__(self, minimum: float | None, maximum: float | None) -> None:
        self._minimum = -np.inf if minimum is None else minimum
        self._maximum = np.inf if maximum is None else maximum

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        from scipy.special import log_ndtr

        mean, log_sigma = predictors[0], np.clip(predictors[1], -SPREAD_LIMIT, SPREAD_LIMIT)
        sigma = np.exp(log_sigma)
        value = -0.5 * ((response - mean) / sigma) ** 2 - log_sigma - LOG_ROOT_TWO_PI
        low, high = self._censored(response)
        if low.any():
            value[low] = log_ndtr((self._minimum - mean[low]) / sigma[low])
        if high.any():
            value[high] = log_ndtr((mean[high] - self._maximum) / sigma[high])
        return np.asarray(value, dtype=np.float64)

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`."""
        mean, log_sigma = predictors[0], np.clip(predictors[1], -SPREAD_LIMIT, SPREAD_LIMIT)
        sigma = np.exp(log_sigma)
        residual = (response - mean) / sigma
        square = residual**2
        parts = [residual / sigma, square - 1.0, -1.0 / sigma**2, -2.0 * residual / sigma, -2.0 * square]
        low, high = self._censored(response)
        for rows, limit, sign in ((low, self._minimum, -1.0), (high, self._maximum, 1.0)):
            if rows.any():
                for part, censored in zip(parts, _tail(mean[rows], sigma[rows], limit, sign), strict=True):
                    part[rows] = censored
        slope_mean, slope_sigma, bend_mean, bend_cross, bend_sigma = parts
        value = self.log_density(response, predictors)
        return Jets(value, (slope_mean, slope_sigma), {(0, 0): bend_mean, (0, 1): bend_cross, (1, 1): bend_sigma})

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        from scipy.special import ndtr

        mean, sigma = predictors[0], np.exp(np.clip(predictors[1], -SPREAD_LIMIT, SPREAD_LIMIT))
        low, high = (self._minimum - mean) / sigma, (self._maximum - mean) / sigma
        inside = ndtr(high) - ndtr(low)
        expected = mean * inside + sigma * (_phi(low) - _phi(high))
        if np.isfinite(self._minimum):
            expected = expected + self._minimum * ndtr(low)
        if np.isfinite(self._maximum):
            expected = expected + self._maximum * ndtr(-high)
        return np.asarray(expected, dtype=np.float64)

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        from scipy.special import ndtr

        mean, sigma = predictors[0], np.exp(np.clip(predictors[1], -SPREAD_LIMIT, SPREAD_LIMIT))
        low, high = (self._minimum - mean) / sigma, (self._maximum - mean) / sigma
        return (np.asarray(ndtr(high) - ndtr(low)), sigma * (_phi(low) - _phi(high)))

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        sigma = np.exp(np.clip(predictors[1], -SPREAD_LIMIT, SPREAD_LIMIT))
        return np.clip(generator.normal(predictors[0], sigma), self._minimum, self._maximum)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`."""
        del response
        return None

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        return "every response is the same: there is no path to find" if np.unique(response).size == 1 else None

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return response

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        return (mean, 0.5 * np.log(np.maximum(variance, 1e-8)))

    def _censored(self, response: FloatArray) -> tuple[np.ndarray, np.ndarray]:
        flat = response[:, 0]
        return flat <= self._minimum, flat >= self._maximum


def _phi(value: FloatArray) -> FloatArray:
    return np.exp(-0.5 * np.square(value) - LOG_ROOT_TWO_PI)


def _tail(mean: FloatArray, sigma: FloatArray, limit: float, sign: float) -> tuple[FloatArray, ...]:
    """Derivatives of log Phi(v), v = sign (mean - limit) / sigma, in the mean and in log sigma."""
    from scipy.special import log_ndtr

    score = sign * (mean - limit) / sigma
    mills = np.exp(-0.5 * score**2 - LOG_ROOT_TWO_PI - log_ndtr(score))
    bend = -mills * (score + mills)
    return (
        sign * mills / sigma,
        -score * mills,
        bend / sigma**2,
        -sign * (score * bend + mills) / sigma,
        score * mills + score**2 * bend,
    )
