"""Escalation: the trend of each member's monthly counts, with an interval."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.careers.settings import Family

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CELLS_AT_ONCE: Final = 2_000_000
_MOST_STEPS: Final = 100
_LARGEST_STEP: Final = 2.0
"""Of the log rate over the whole time observed; longer steps overshoot."""
_TOLERANCE: Final = 1e-10
_MONTHS_A_YEAR: Final = 12


@dataclass(frozen=True)
class MonthlyCounts:
    """Counts of members by month observed; only months with an event have a cell.

    Attributes:
        row: member of each cell, shape (cells,), ascending.
        period: month of each cell, from 0 at the beginning of the member's time, shape (cells,).
        count: events, shape (cells,).
        periods: months observed of each member, shape (members,).
    """

    row: "NDArray[np.int64]"
    period: "NDArray[np.int64]"
    count: "NDArray[np.int64]"
    periods: "NDArray[np.int64]"


@dataclass(frozen=True)
class Slopes:
    """Trends of the log rate a year; arrays of shape (members,), NaN where a member has none.

    Attributes:
        slope: change of the log rate a year.
        error: its standard error.
        degrees: degrees of freedom of its interval; infinite for a normal one.
        dispersion: the negative binomial's dispersion common to all; 0 for the others.
    """

    slope: "NDArray[np.float64]"
    error: "NDArray[np.float64]"
    degrees: "NDArray[np.float64]"
    dispersion: float

    def interval(self, confidence: float) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Lower and upper ends."""
        from scipy.stats import norm, t

        tail = 0.5 + confidence / 2
        finite = np.isfinite(self.degrees)
        factor = np.where(finite, t.ppf(tail, np.where(finite, self.degrees, 1.0)), norm.ppf(tail))
        return self.slope - factor * self.error, self.slope + factor * self.error


def fit_slopes(counts: MonthlyCounts, chosen: "NDArray[np.bool_]", family: Family) -> Slopes:
    """A log-linear trend of each chosen member's counts over the months observed, empty months included.

    A member whose events all lie in the first or the last month observed has no finite trend and gets none.

    Args:
        counts: monthly counts.
        chosen: which members are to have a trend, shape (members,).
        family: quasi-Poisson: a dispersion of each member's own, never taken as below 1, and Student's t. Negative
            binomial: variance mu + dispersion * mu^2 with one dispersion for all, by moments from Poisson fits.

    Source:
        McCullagh and Nelder (1989), Generalized Linear Models, chapters 6 and 9.
    """
    members = counts.periods.size
    finite = chosen & _inner_events(counts)
    slope, error = np.full(members, np.nan), np.full(members, np.nan)
    degrees = np.where(finite, np.inf, np.nan)
    rows = np.flatnonzero(finite)
    dispersion = 0.0
    if family is Family.NEGATIVE_BINOMIAL:
        dispersion = _common_dispersion(counts, rows)
    for part in _parts(rows, counts.periods):
        y, time, seen = _dense(counts, part)
        own, level, information = _trend(y, time, seen, dispersion)
        scale = 1.0
        if family is Family.QUASI_POISSON:
            pearson = np.where(seen, (y - level) ** 2 / level, 0.0).sum(axis=1)
            degrees[part] = counts.periods[part] - 2.0
            scale = np.maximum(1.0, pearson / degrees[part])
        slope[part], error[part] = own, np.sqrt(scale / information)
    return Slopes(slope, error, degrees, dispersion)


def _inner_events(counts: MonthlyCounts) -> "NDArray[np.bool_]":
    """Whether a member has events in a month that is neither the first nor the last, or in both of these."""
    first = counts.period == 0
    last = counts.period == counts.periods[counts.row] - 1
    size = counts.periods.size
    inner, at_first, at_last = (np.bincount(counts.row[where], minlength=size) > 0
                                for where in (~first & ~last, first, last))  # fmt: skip
    return inner | (at_first & at_last)


def _parts(rows: "NDArray[np.int64]", periods: "NDArray[np.int64]") -> "list[NDArray[np.int64]]":
    """Members of like length together, in parts that stay small as dense tables."""
    ordered = rows[np.argsort(periods[rows], kind="stable")]
    if not ordered.size:
        return []
    size = max(1, int(_CELLS_AT_ONCE // periods[ordered].max()))
    return [ordered[start : start + size] for start in range(0, ordered.size, size)]


def _dense(
    counts: MonthlyCounts, part: "NDArray[np.int64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]":
    """Counts (members, months), years from the middle of each member's time, and which months were observed."""
    length = counts.periods[part]
    place = np.full(counts.periods.size, -1)
    place[part] = np.arange(part.size)
    inside = place[counts.row] >= 0
    y = np.zeros((part.size, int(length.max())))
    y[place[counts.row[inside]], counts.period[inside]] = counts.count[inside]
    month = np.arange(y.shape[1])
    return y, (month - (length[:, None] - 1) / 2) / _MONTHS_A_YEAR, month < length[:, None]


def _trend(
    y: "NDArray[np.float64]", time: "NDArray[np.float64]", seen: "NDArray[np.bool_]", dispersion: float
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """Slope, expected counts, and the slope's information with the level estimated, by Fisher scoring."""
    total, months = y.sum(axis=1), seen.sum(axis=1)
    level, slope = np.log(total / months), np.zeros(total.size)
    longest = 2 * np.where(seen, time, 0).max(axis=1)
    for _ in range(_MOST_STEPS):
        expected = np.where(seen, np.exp(level[:, None] + slope[:, None] * time), 0.0)
        weight = expected / (1 + dispersion * expected)
        residual = np.where(seen, (y - expected) / (1 + dispersion * expected), 0.0)
        whole, first, second = (part.sum(axis=1) for part in (weight, weight * time, weight * time**2))
        information = second - first**2 / whole
        up, along = residual.sum(axis=1), (residual * time).sum(axis=1)
        change = (along - first / whole * up) / information
        change = np.clip(change, -_LARGEST_STEP / longest, _LARGEST_STEP / longest)
        rise = np.clip((up - first * change) / whole, -_LARGEST_STEP, _LARGEST_STEP)
        slope, level = slope + change, level + rise
        if max(np.abs(change).max(), np.abs(rise).max()) < _TOLERANCE:
            break
    return slope, np.where(seen, expected, 1.0), information


def _common_dispersion(counts: MonthlyCounts, rows: "NDArray[np.int64]") -> float:
    """By moments, with a correction for the two estimates of each member."""
    excess = square = 0.0
    for part in _parts(rows, counts.periods):
        y, time, seen = _dense(counts, part)
        _, expected, _ = _trend(y, time, seen, 0.0)
        spare = counts.periods[part] / (counts.periods[part] - 2.0)
        excess += float((spare[:, None] * np.where(seen, (y - expected) ** 2, 0) - np.where(seen, expected, 0)).sum())
        square += float(np.where(seen, expected**2, 0).sum())
    return max(0.0, excess / square) if square else 0.0
