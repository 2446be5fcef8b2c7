"""Responses of two values (logit) and shares between 0 and 1 (beta)."""

from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray
from vestige.trajectories.families.base import Jets, log_sigmoid, sigmoid

PRECISION_LIMIT = 25.0


class BernoulliLogit:
    """A yes or no; predictor 0 is the log-odds of yes."""

    predictors = ("curve",)

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return np.where(response > 0, log_sigmoid(predictors[0]), log_sigmoid(-predictors[0]))

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`."""
        chance = sigmoid(predictors[0])
        return Jets(self.log_density(response, predictors), (response - chance,), {(0, 0): -chance * (1.0 - chance)})

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return sigmoid(predictors[0])

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        chance = sigmoid(predictors[0])
        return (chance * (1.0 - chance),)

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        return (generator.random(predictors[0].shape) < sigmoid(predictors[0])).astype(np.float64)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`; the only positive response is 1."""
        return np.zeros_like(response)

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        if not np.isin(response, (0.0, 1.0)).all():
            return "the responses hold other values than 0 and 1"
        if np.unique(response).size < 2:  # noqa: PLR2004 - both values
            return "every response is the same: there is no path to find"
        return None

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return response

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        del variance
        chance = np.clip(mean, 0.01, 0.99)
        return (np.log(chance / (1.0 - chance)),)


class Beta:
    """Shares strictly between 0 and 1; predictor 0 is the log-odds of the mean, predictor 1 the log precision.

    Source: Ferrari and Cribari-Neto (2004).
    """

    predictors = ("curve", "precision")

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        from scipy.special import gammaln

        precision = np.exp(np.clip(predictors[1], -PRECISION_LIMIT, PRECISION_LIMIT))
        one, other = sigmoid(predictors[0]) * precision, sigmoid(-predictors[0]) * precision
        constant = gammaln(precision) - gammaln(one) - gammaln(other)
        return np.asarray(constant + (one - 1.0) * np.log(response) + (other - 1.0) * np.log1p(-response))

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`."""
        from scipy.special import polygamma, psi

        precision = np.exp(np.clip(predictors[1], -PRECISION_LIMIT, PRECISION_LIMIT))
        mean = sigmoid(predictors[0])
        one, other = mean * precision, (1.0 - mean) * precision
        gap_one, gap_other = np.log(response) - psi(one), np.log1p(-response) - psi(other)
        bend_one, bend_other = -polygamma(1, one), -polygamma(1, other)
        move = precision * mean * (1.0 - mean)
        slope_spread = one * gap_one + other * gap_other + precision * psi(precision)
        first = (move * (gap_one - gap_other), slope_spread)
        second = {
            (0, 0): move**2 * (bend_one + bend_other) + move * (1.0 - 2.0 * mean) * (gap_one - gap_other),
            (0, 1): move * (gap_one - gap_other + one * bend_one - other * bend_other),
            (1, 1): slope_spread + one**2 * bend_one + other**2 * bend_other + precision**2 * polygamma(1, precision),
        }
        return Jets(self.log_density(response, predictors), first, second)

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return sigmoid(predictors[0])

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        mean = sigmoid(predictors[0])
        return (mean * (1.0 - mean), np.zeros_like(mean))

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        precision = np.exp(np.clip(predictors[1], -PRECISION_LIMIT, PRECISION_LIMIT))
        mean = sigmoid(predictors[0])
        return np.clip(generator.beta(mean * precision, (1.0 - mean) * precision), 1e-12, 1.0 - 1e-12)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`."""
        del response
        return None

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        if (response <= 0).any() or (response >= 1).any():
            return "the responses do not lie strictly between 0 and 1"
        return "every response is the same: there is no path to find" if np.unique(response).size == 1 else None

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return np.log(response) - np.log1p(-response)

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        mean = np.clip(mean, 0.02, 0.98)
        precision = np.clip(mean * (1.0 - mean) / np.maximum(variance, 1e-6) - 1.0, 0.5, 1e4)
        return (np.log(mean / (1.0 - mean)), np.log(precision))
