"""Proportions and their intervals."""

from math import sqrt
from statistics import NormalDist


def wilson_interval(successes: int, trials: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion, without continuity correction.

    Args:
        successes: count, 0 to `trials`.
        trials: count, at least 1.
        confidence: between 0 and 1.

    Returns:
        Lower and upper end, both in [0, 1].

    Raises:
        ValueError: an argument is outside its range.

    Source:
        Wilson (1927), JASA 22, 209-212; method 3 of Newcombe (1998), Statistics in Medicine 17, 857-872.
    """
    if trials < 1 or not 0 <= successes <= trials or not 0 < confidence < 1:
        raise ValueError("needs 0 <= successes <= trials, trials >= 1 and 0 < confidence < 1")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    proportion = successes / trials
    scale = 1 + z * z / trials
    centre = (proportion + z * z / (2 * trials)) / scale
    half = z * sqrt(proportion * (1 - proportion) / trials + z * z / (4 * trials * trials)) / scale
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high
