"""Where one value lies among others: the percentile by mid-rank, with intervals."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import NormalDist

_HALF = 0.5
"""Added to each of the three counts where the spread of a score is estimated (Jeffreys), so that it is never zero."""


class RankInterval(StrEnum):
    """How the interval of a percentile is made."""

    WILSON = "wilson"
    """Score interval: its coverage is close to what is asked for on average (Wilson, 1927)."""
    CLOPPER_PEARSON = "clopper-pearson"
    """Exact interval: its coverage is at least what is asked for, mostly more (Clopper and Pearson, 1934)."""


@dataclass(frozen=True)
class Rank:
    """How many others lie below a value, on it and above it; at least one other."""

    below: int
    equal: int
    above: int

    @property
    def others(self) -> int:
        """How many others there are."""
        return self.below + self.equal + self.above

    @property
    def percentile(self) -> float:
        """Part of the others that lies below, those on the value counted half (mid-rank), 0 to 1."""
        return (self.below + self.equal / 2) / self.others


def rank_interval(rank: Rank, *, kind: RankInterval, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of the percentile in the population that the others are a sample of.

    Each other scores 1, 1/2 or 0. Without ties this is a proportion and its usual interval. With ties the score varies
    less than that of a proportion, by the share of ties over 4; the interval is that of a proportion with as many more
    observations as make up for it.

    Args:
        rank: counts, at least one other.
        kind: which interval.
        confidence: between 0 and 1.

    Returns:
        Lower and upper end, both in [0, 1].

    Raises:
        ValueError: an argument is outside its range.

    Source:
        Wilson (1927), JASA 22, 209-212; Clopper and Pearson (1934), Biometrika 26, 404-413; the effective number of
        observations as in Korn and Graubard (1998), Survey Methodology 24, 193-201.
    """
    if rank.others < 1 or min(rank.below, rank.equal, rank.above) < 0 or not 0 < confidence < 1:
        raise ValueError("needs at least one other, no negative count and 0 < confidence < 1")
    size = rank.others * _gain_by_ties(rank)
    if kind is RankInterval.WILSON:
        return _wilson(rank.percentile, size, confidence)
    return _clopper_pearson(rank.percentile, size, confidence)


def _gain_by_ties(rank: Rank) -> float:
    """Variance of a proportion over the variance of the mid-rank score; 1 without ties."""
    if rank.equal == 0:
        return 1.0
    size = rank.others + 3 * _HALF
    equal = (rank.equal + _HALF) / size
    mean = (rank.below + _HALF) / size + equal / 2
    return mean * (1 - mean) / (mean * (1 - mean) - equal / 4)


def _wilson(share: float, size: float, confidence: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    scale = 1 + z * z / size
    centre = (share + z * z / (2 * size)) / scale
    half = z * sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / scale
    return (0.0 if share == 0 else max(0.0, centre - half)), (1.0 if share == 1 else min(1.0, centre + half))


def _clopper_pearson(share: float, size: float, confidence: float) -> tuple[float, float]:
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    below, above = share * size, (1 - share) * size
    low = 0.0 if below == 0 else float(beta.ppf(tail, below, above + 1))
    high = 1.0 if above == 0 else float(beta.ppf(1 - tail, below + 1, above))
    return low, high
