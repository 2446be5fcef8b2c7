"""Structural zeros on top of a count family: Lambert (1992), and crimCV's form with one tau (Nielsen et al. 2014)."""

from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray, compiled
from vestige.trajectories.families.base import FamilyModel, Jets, count_fault, log_sigmoid, sigmoid


class ZeroInflated:
    """A count family with a structural zero; the last predictor is the log-odds of a structural zero."""

    def __init__(self, counts: FamilyModel) -> None:
        self._counts = counts
        self.predictors = (*counts.predictors, "zero")

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        zero = predictors[-1]
        value = self._counts.log_density(response, predictors[:-1])
        mixed = log_sigmoid(-zero) + value
        return np.where(response == 0, np.logaddexp(log_sigmoid(zero), mixed), mixed)

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`. The odds that a zero is structural are exp(zero) over the count family's own zero."""
        zero = predictors[-1]
        counts = self._counts.jets(response, predictors[:-1])
        value, structural, chance = np.empty_like(zero), np.zeros_like(zero), np.empty_like(zero)
        _inflate(response[:, 0], np.ascontiguousarray(zero), counts.value, value, structural, chance)
        spread = structural * (1.0 - structural)
        keep = 1.0 - structural
        last = len(self.predictors) - 1
        first = (*(keep * slope for slope in counts.first), structural - chance)
        second = {
            (i, j): keep * bend + spread * counts.first[i] * counts.first[j] for (i, j), bend in counts.second.items()
        }
        second.update({(i, last): -spread * slope for i, slope in enumerate(counts.first)})
        second[last, last] = spread - chance * (1.0 - chance)
        return Jets(value, first, second)

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return sigmoid(-predictors[-1]) * self._counts.mean(predictors[:-1])

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        keep = sigmoid(-predictors[-1])
        slopes = self._counts.mean_gradient(predictors[:-1])
        return (*(keep * slope for slope in slopes), -keep * (1.0 - keep) * self._counts.mean(predictors[:-1]))

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        counts = self._counts.draw(predictors[:-1], generator)
        structural = generator.random(counts.shape) < sigmoid(predictors[-1])
        return np.where(structural, 0.0, counts)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`; a structural zero adds no more than a constant to a positive response."""
        return self._counts.positive_base(response)

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        return count_fault(response)

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return np.log1p(response)

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        parts = self._counts.initial(mean * 1.3, variance)
        return (*parts, np.full_like(mean, -1.2))


@compiled
def _inflate(
    response: FloatArray,
    zero: FloatArray,
    counted: FloatArray,
    value: FloatArray,
    structural: FloatArray,
    chance: FloatArray,
) -> None:
    """Mix a point mass at zero into a log-density, without overflow in either tail.

    Args:
        response: (cells,).
        zero: (cells, groups) log-odds of a structural zero.
        counted: (cells, groups) log-density of the count family.
        value: (cells, groups) log-density of the mixture, set.
        structural: (cells, groups) probability that an observed zero is structural, set.
        chance: (cells, groups) probability of a structural zero, set.
    """
    for cell in range(zero.shape[0]):
        for group in range(zero.shape[1]):
            odds = zero[cell, group]
            small = np.exp(-abs(odds))
            tail = np.log1p(small)
            log_zero, log_count = (-tail, -odds - tail) if odds > 0.0 else (odds - tail, -tail)
            chance[cell, group] = (1.0 if odds > 0.0 else small) / (1.0 + small)
            mixed = log_count + counted[cell, group]
            if response[cell] == 0.0:
                top = max(log_zero, mixed)
                total = top + np.log1p(np.exp(min(log_zero, mixed) - top))
                value[cell, group] = total
                structural[cell, group] = np.exp(log_zero - total)
            else:
                value[cell, group] = mixed


class ZeroInflatedTau:
    """Counts whose log-odds of a structural zero are -tau times the log rate; the last predictor is tau."""

    def __init__(self, counts: FamilyModel) -> None:
        self._inflated = ZeroInflated(counts)
        self.predictors = (*counts.predictors, "tau")

    def _inner(self, predictors: Sequence[FloatArray]) -> list[FloatArray]:
        zero = np.clip(-predictors[-1] * predictors[0], -700.0, 700.0)
        return [*predictors[:-1], zero]

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return self._inflated.log_density(response, self._inner(predictors))

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """See `FamilyModel`; chain rule through zero = -tau * log rate."""
        inner = self._inflated.jets(response, self._inner(predictors))
        curve, tau = predictors[0], predictors[-1]
        last = len(self.predictors) - 1
        slope, bend = inner.first[last], inner.second[last, last]
        cross = inner.second[0, last]
        first = (inner.first[0] - tau * slope, *inner.first[1:last], -curve * slope)
        second = dict(inner.second)
        second[0, 0] = inner.second[0, 0] - 2.0 * tau * cross + tau**2 * bend
        second[0, last] = -slope - curve * (cross - tau * bend)
        second[last, last] = curve**2 * bend
        for middle in range(1, last):
            second[0, middle] = inner.second[0, middle] - tau * inner.second[middle, last]
            second[middle, last] = -curve * inner.second[middle, last]
        return Jets(inner.value, first, second)

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """See `FamilyModel`."""
        return self._inflated.mean(self._inner(predictors))

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        slopes = self._inflated.mean_gradient(self._inner(predictors))
        return (slopes[0] - predictors[-1] * slopes[-1], *slopes[1:-1], -predictors[0] * slopes[-1])

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """See `FamilyModel`."""
        return self._inflated.draw(self._inner(predictors), generator)

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """See `FamilyModel`; a structural zero adds no more than a constant to a positive response."""
        return self._inflated.positive_base(response)

    def fault(self, response: FloatArray) -> str | None:
        """See `FamilyModel`."""
        return count_fault(response)

    def link(self, response: FloatArray) -> FloatArray:
        """See `FamilyModel`."""
        return np.log1p(response)

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """See `FamilyModel`."""
        parts = self._inflated.initial(mean, variance)
        return (*parts[:-1], np.full_like(mean, 0.5))
