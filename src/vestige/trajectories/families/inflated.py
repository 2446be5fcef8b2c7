"""Structural zeros on top of a count family: Lambert (1992), and crimCV's form with one tau (Nielsen et al. 2014)."""

from collections.abc import Sequence

import numpy as np

from vestige.trajectories.compiled import FloatArray, IntArray, compiled
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
        last, pairs = len(self.predictors) - 1, list(counts.second)
        value = np.empty(zero.shape)
        first, second = np.empty((last + 1, *zero.shape)), np.empty((len(pairs) + last + 1, *zero.shape))
        _inflate(
            response[:, 0], np.ascontiguousarray(zero), counts.value,
            tuple(np.ascontiguousarray(own) for own in counts.first),
            tuple(np.ascontiguousarray(own) for own in counts.second.values()), np.array(pairs), value, first, second,
        )  # fmt: skip
        pairs += [(i, last) for i in range(last + 1)]
        return Jets(value, tuple(first), dict(zip(pairs, second, strict=True)))

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
    counted_first: tuple[FloatArray, ...],
    counted_second: tuple[FloatArray, ...],
    pairs: IntArray,
    value: FloatArray,
    first: FloatArray,
    second: FloatArray,
) -> None:
    """Mix a point mass at zero into a log-density, without overflow in either tail.

    Args:
        response: (cells,).
        zero: (cells, groups) log-odds of a structural zero.
        counted: (cells, groups) log-density of the count family.
        counted_first: its derivatives, (cells, groups) each.
        counted_second: its second derivatives in `pairs`.
        pairs: (pairs, 2) predictors of each.
        value: (cells, groups) log-density of the mixture, set.
        first: (predictors, cells, groups) its derivatives, that in `zero` last, set.
        second: (pairs + predictors, cells, groups) second derivatives: `pairs`, then each predictor with `zero`, set.
    """
    last, known = first.shape[0] - 1, pairs.shape[0]
    for cell in range(zero.shape[0]):
        for group in range(zero.shape[1]):
            odds = zero[cell, group]
            small = np.exp(-abs(odds))
            tail = np.log1p(small)
            log_zero, log_count = (-tail, -odds - tail) if odds > 0.0 else (odds - tail, -tail)
            chance = (1.0 if odds > 0.0 else small) / (1.0 + small)
            total, structural = log_count + counted[cell, group], 0.0
            if response[cell] == 0.0:
                top, least = max(log_zero, total), min(log_zero, total)
                total = top + np.log1p(np.exp(least - top))
                structural = np.exp(log_zero - total)
            keep = 1.0 - structural
            spread = structural * keep
            value[cell, group] = total
            for i in range(last):
                slope = counted_first[i][cell, group]
                first[i, cell, group] = keep * slope
                second[known + i, cell, group] = -spread * slope
            for place in range(known):
                product = counted_first[pairs[place, 0]][cell, group] * counted_first[pairs[place, 1]][cell, group]
                second[place, cell, group] = keep * counted_second[place][cell, group] + spread * product
            first[last, cell, group] = structural - chance
            second[known + last, cell, group] = spread - chance * (1.0 - chance)


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
