"""The interface of a family: log-density, its first two derivatives in the linear predictors, moments and draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from vestige.trajectories.compiled import FloatArray

LARGEST_COUNT: Final = 2_000_000_000


@dataclass(frozen=True)
class Jets:
    """A log-density with its derivatives, cell by cell.

    Attributes:
        value: log-density, (cells, groups).
        first: derivative in each linear predictor.
        second: second derivative for each pair of predictors (i, j), i <= j.
    """

    value: FloatArray
    first: tuple[FloatArray, ...]
    second: Mapping[tuple[int, int], FloatArray]


class FamilyModel(Protocol):
    """One distribution. Arrays are (cells, groups); `response` is (cells, 1).

    Attributes:
        predictors: names of the linear predictors, the curve's first.
    """

    @property
    def predictors(self) -> tuple[str, ...]:
        """Names of the linear predictors, the curve's first."""

    def log_density(self, response: FloatArray, predictors: Sequence[FloatArray]) -> FloatArray:
        """Log-density (or log-probability), constants included."""

    def jets(self, response: FloatArray, predictors: Sequence[FloatArray]) -> Jets:
        """Log-density with first and second derivatives."""

    def mean(self, predictors: Sequence[FloatArray]) -> FloatArray:
        """Expected response, the zero part and the limits included."""

    def mean_gradient(self, predictors: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        """Derivative of the expected response in each predictor."""

    def draw(self, predictors: Sequence[FloatArray], generator: np.random.Generator) -> FloatArray:
        """One random response a cell."""

    def positive_base(self, response: FloatArray) -> FloatArray | None:
        """(cells,) what log f(y) - log f(1) - (y - 1) curve is for each y > 0, if no parameter moves it; else None.

        With it, cells of the same time are evaluated once, and the responses enter through their sums.
        """

    def fault(self, response: FloatArray) -> str | None:
        """What is wrong with the observed responses, in words without values; None when nothing is."""

    def link(self, response: FloatArray) -> FloatArray:
        """A response on a scale on which groups differ additively, for starting values; 0 maps to 0 for counts."""

    def initial(self, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, ...]:
        """Each predictor's rough value for groups with the given mean and variance of the response."""


def sigmoid(value: FloatArray) -> FloatArray:
    """1 / (1 + exp(-value)) without overflow."""
    from scipy.special import expit

    return np.asarray(expit(value), dtype=np.float64)


def log_sigmoid(value: FloatArray) -> FloatArray:
    """Logarithm of the sigmoid, accurate in both tails."""
    from scipy.special import log_expit

    return np.asarray(log_expit(value), dtype=np.float64)


def count_fault(response: FloatArray) -> str | None:
    """Counts must be whole, not negative and no larger than 32 bits hold, and some must be positive."""
    if (response < 0).any():
        return "the counts hold negative numbers"
    if (response != np.floor(response)).any():
        return "the counts hold fractions"
    if (response > LARGEST_COUNT).any():
        return "the counts hold numbers above two thousand million"
    if not (response > 0).any():
        return "every count is zero: there is no path to find"
    return None
