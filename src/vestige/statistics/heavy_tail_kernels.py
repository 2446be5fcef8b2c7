"""The discrete power law's inner loops, compiled: its normalising sum, its exponent, its distance, its random numbers.

A sum is scaled by its first term's base, so that steep laws over large values do not vanish. Importing this module
loads Numba; only fits of heavy tails do.
"""

from typing import Final

import numpy as np

from vestige.statistics.compiled import FloatArray, IntArray, compiled

LEAST_EXPONENT: Final = 1.000_1
GREATEST_EXPONENT: Final = 60.0
"""Range of the exponent; at 60 the second value is 1e-18 times as frequent as the first, already from 1 on."""

_DIRECT: Final = 14.0
_STEP: Final = 1e-5
_PRECISION: Final = 1e-10
_BEYOND_ALL: Final = 1e300
_LAST_DIGIT: Final = 1e-15


@compiled
def scaled_zeta(exponent: float, first: float, base: float) -> float:
    """The sum of (k / base) ** -exponent over k = first, first + 1, and so on without end.

    Source:
        Hurwitz's zeta function by the Euler-Maclaurin formula: Johansson (2015), Numerical Algorithms 69, 253-270.
    """
    total = 0.0
    point = first
    while point < _DIRECT + exponent:
        total += (point / base) ** -exponent
        point += 1.0
    term = (point / base) ** -exponent
    square = point * point
    third = exponent * (exponent + 1) * (exponent + 2)
    fifth = third * (exponent + 3) * (exponent + 4)
    seventh = fifth * (exponent + 5) * (exponent + 6)
    correction = exponent / 12 - third / (720 * square) + fifth / (30240 * square * square)
    correction -= seventh / (1209600 * square * square * square)
    return float(total + term * (point / (exponent - 1) + 0.5 + correction / point))


@compiled
def _mean_log(exponent: float, first: float) -> float:
    """Expected log of value over `first` under the power law that starts at `first`."""
    above = np.log(scaled_zeta(exponent + _STEP, first, first))
    below = np.log(scaled_zeta(exponent - _STEP, first, first))
    return float((below - above) / (2 * _STEP))


@compiled
def likeliest_exponent(first: float, mean_log: float) -> float:
    """Maximum-likelihood exponent of a discrete power law, by regula falsi with the Illinois rule.

    Args:
        first: least value of the law.
        mean_log: mean of log(value / first) over what was observed; above 0.

    Returns:
        The exponent, kept between LEAST_EXPONENT and GREATEST_EXPONENT.

    Source:
        Clauset, Shalizi and Newman (2009), SIAM Review 51, equation 3.6.
    """
    low, high = LEAST_EXPONENT, GREATEST_EXPONENT
    low_gap = _mean_log(low, first) - mean_log
    high_gap = _mean_log(high, first) - mean_log
    if low_gap <= 0:
        return low
    if high_gap >= 0:
        return high
    guess = 1 + 1 / (mean_log + np.log(first / (first - 0.5)))
    guess = min(max(guess, low + _STEP), high - _STEP)
    side = 0
    for _ in range(200):
        gap = _mean_log(guess, first) - mean_log
        if gap > 0:
            low, low_gap = guess, gap
            if side == 1:
                high_gap /= 2
            side = 1
        else:
            high, high_gap = guess, gap
            if side == -1:
                low_gap /= 2
            side = -1
        previous = guess
        guess = (low * high_gap - high * low_gap) / (high_gap - low_gap)
        if abs(guess - previous) < _PRECISION * guess:
            break
    return float(guess)


@compiled
def _distance(values: FloatArray, counts: IntArray, start: int, size: float, exponent: float, limit: float) -> float:
    """Greatest gap between the tail's distribution function and the power law's; stops once above `limit`."""
    first = values[start]
    whole = scaled_zeta(exponent, first, first)
    seen = 0.0
    worst = 0.0
    for place in range(start, values.size):
        below = 1 - scaled_zeta(exponent, values[place], first) / whole
        gap = abs(seen / size - below)
        seen += counts[place]
        reached = 1 - scaled_zeta(exponent, values[place] + 1, first) / whole
        worst = max(worst, gap, abs(seen / size - reached))
        if worst > limit:
            break
    return worst


@compiled
def best_start(values: FloatArray, counts: IntArray, least_tail: int, only: int) -> tuple[int, float, float]:
    """Where the power law begins: the value from which on it lies nearest to the data.

    Args:
        values: distinct values, ascending, at least 1.
        counts: members with each.
        least_tail: members that a tail must have at least; it must also hold two distinct values.
        only: the one place to look at; -1 looks at all.

    Returns:
        Place among the values (-1: no tail is large enough), exponent there, distance there.

    Source:
        Clauset, Shalizi and Newman (2009), SIAM Review 51, equation 3.9.
    """
    size = 0.0
    logs = 0.0
    best, best_exponent, best_distance = -1, 0.0, np.inf
    for place in range(values.size - 1, -1, -1):
        size += counts[place]
        logs += counts[place] * np.log(values[place])
        if place == values.size - 1 or size < least_tail or (only >= 0 and place != only):
            continue
        exponent = likeliest_exponent(values[place], logs / size - np.log(values[place]))
        distance = _distance(values, counts, place, size, exponent, best_distance)
        if distance <= best_distance:
            best, best_exponent, best_distance = place, exponent, distance
    return best, best_exponent, best_distance


@compiled
def tail_values(chances: FloatArray, exponent: float, first: float, values: FloatArray) -> None:
    """Random values of a discrete power law by inversion: doubling, then halving.

    Args:
        chances: uniform numbers in (0, 1], the chance of a value at least as large.
        exponent: of the law.
        first: least value of the law.
        values: set, one a chance; exact up to 2**53, rounded to what a float holds beyond.

    Source:
        Clauset, Shalizi and Newman (2009), SIAM Review 51, appendix D.
    """
    whole = scaled_zeta(exponent, first, first)
    for place in range(chances.size):
        low, high = first, 2 * first
        while scaled_zeta(exponent, high, first) / whole >= chances[place] and high < _BEYOND_ALL:
            low, high = high, 2 * high
        while high - low > max(1.0, low * _LAST_DIGIT):
            middle = np.floor((low + high) / 2)
            if scaled_zeta(exponent, middle, first) / whole >= chances[place]:
                low = middle
            else:
                high = middle
        values[place] = low
