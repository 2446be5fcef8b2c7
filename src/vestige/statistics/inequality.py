"""Measures of inequality over members, each with its standard error: many samples at once.

All functions take values, ascending, and weights (members with each value), both of shape (samples, values), so that
a million members cost as little as a thousand. Standard errors come from influence functions: the variance of what
each member adds to the measure, over the number of members.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Measures of each sample, and their standard errors; shape (samples, measures) or (samples,).

    NaN where all values of a sample are zero.
    """

    estimates: "Floats"
    errors: "Floats"


@dataclass(frozen=True)
class Sums:
    """Running sums of samples, from which every measure follows.

    Attributes:
        values, weights: as given, shape (samples, values).
        members: members up to and with each value.
        held: what they hold.
        squares: the sum of its squares.
    """

    values: "Floats"
    weights: "Floats"
    members: "Floats"
    held: "Floats"
    squares: "Floats"

    @classmethod
    def of(cls, values: "Floats", weights: "Floats") -> "Sums":
        """Sums of samples of values (ascending) and weights."""
        amounts = weights * values
        return cls(
            values,
            weights,
            np.cumsum(weights, axis=1),
            np.cumsum(amounts, axis=1),
            np.cumsum(amounts * values, axis=1),
        )

    @property
    def size(self) -> "Floats":
        """Members of each sample."""
        return self.members[:, -1]

    @property
    def mean(self) -> "Floats":
        """Mean value of each sample."""
        mean: Floats = self.held[:, -1] / self.size
        return mean


def gini(sums: Sums) -> Measured:
    """Gini coefficient of a whole population (no small-sample correction).

    Source:
        Half the mean absolute difference over the mean, through ranks: Cowell (2011), Measuring Inequality, appendix A;
        standard error: Davidson (2009), Journal of Econometrics 150, 30-40, equation 15.
    """
    size, mean = sums.size[:, np.newaxis], sums.mean[:, np.newaxis]
    rank = (sums.members - sums.weights / 2) / size
    below = (sums.held - sums.weights * sums.values / 2) / size
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = 2 * np.sum(sums.weights * sums.values * rank, axis=1, keepdims=True) / (size * mean) - 1
        influence = -(spread + 1) * sums.values + 2 * (sums.values * rank - below)
        return _with_error(sums, spread[:, 0], influence / mean)


def theil(sums: Sums) -> Measured:
    """Theil's index: the mean of share times log share, 0 (all alike) to log(size) (one has all).

    Source:
        Theil (1967), Economics and Information Theory, chapter 4; standard error by the delta method: Cowell (1989),
        Review of Income and Wealth 35, 193-198.
    """
    size, mean = sums.size[:, np.newaxis], sums.mean[:, np.newaxis]
    logs = sums.values * np.log(np.where(sums.values > 0, sums.values, 1.0))
    middle = np.sum(sums.weights * logs, axis=1, keepdims=True) / size
    with np.errstate(invalid="ignore", divide="ignore"):
        index = middle / mean - np.log(mean)
        influence = logs / mean - (middle + mean) / mean**2 * sums.values
        return _with_error(sums, index[:, 0], influence)


def _with_error(sums: Sums, estimates: "Floats", influence: "Floats") -> Measured:
    size = sums.size
    middle = np.sum(sums.weights * influence, axis=1) / size
    variance = np.sum(sums.weights * (influence - middle[:, np.newaxis]) ** 2, axis=1) / size
    known = sums.held[:, -1] > 0
    return Measured(np.where(known, estimates, np.nan), np.where(known, np.sqrt(variance / size), np.nan))


def lorenz_curve(sums: Sums, parts: "Floats") -> Measured:
    """Share of the total held by the least active part of the members, straight between members.

    Args:
        sums: of the samples.
        parts: parts of the population, 0 to 1, shape (parts,).

    Source:
        Gastwirth (1971), Econometrica 39, 1037-1039; standard error: Beach and Davidson (1983), Review of Economic
        Studies 50, 723-735.
    """
    shares = np.full((len(sums.values), parts.size), np.nan)
    errors = np.full_like(shares, np.nan)
    for row in map(int, np.flatnonzero(sums.held[:, -1] > 0)):
        reached = sums.members[row] / sums.size[row]
        share = sums.held[row] / sums.held[row, -1]
        shares[row] = np.interp(parts, np.concatenate(([0.0], reached)), np.concatenate(([0.0], share)))
        places = np.minimum(np.searchsorted(reached, parts), reached.size - 1)
        errors[row] = _lorenz_errors(sums, row, places, shares[row])
    return Measured(shares, errors)


def _lorenz_errors(sums: Sums, row: int, places: "NDArray[np.int64]", shares: "Floats") -> "Floats":
    """From the variance of max(quantile - value, 0) + share * value, which running sums give."""
    quantile, size = sums.values[row, places], sums.size[row]
    members, held, squares = (part[row, places] for part in (sums.members, sums.held, sums.squares))
    mean, of_squares = sums.mean[row], sums.squares[row, -1]
    first = (quantile * members - held) / size + shares * mean
    second = quantile**2 * members - 2 * quantile * held + squares
    second = (second + 2 * shares * (quantile * held - squares) + shares**2 * of_squares) / size
    errors: Floats = np.sqrt(np.maximum(second - first**2, 0) / size) / mean
    return errors


def coverage_curve(sums: Sums, parts: "Floats") -> Measured:
    """Smallest part of the members who account for a part of everything: the Lorenz curve, read the other way.

    Args:
        sums: of the samples.
        parts: parts of everything, between 0 and 1, shape (parts,).
    """
    needed = np.full((len(sums.values), parts.size), np.nan)
    errors = np.full_like(needed, np.nan)
    for row in map(int, np.flatnonzero(sums.held[:, -1] > 0)):
        reached = np.concatenate(([0.0], sums.members[row] / sums.size[row]))
        share = np.concatenate(([0.0], sums.held[row] / sums.held[row, -1]))
        least = np.interp(1 - parts, share, reached)
        needed[row] = 1 - least
        places = np.minimum(np.searchsorted(reached[1:], least), reached.size - 2)
        slope = sums.values[row, places] / sums.mean[row]
        errors[row] = _lorenz_errors(sums, row, places, 1 - parts) / np.where(slope > 0, slope, np.nan)
    return Measured(needed, errors)
