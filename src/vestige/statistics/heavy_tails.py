"""Heavy tails of counts (posts a member, degrees): a power law fitted by likelihood, tested, and set against rivals.

The recipe is that of Clauset, Shalizi and Newman (2009), SIAM Review 51, 661-703: the least value of the law by the
smallest Kolmogorov-Smirnov distance, its exponent by maximum likelihood, goodness of fit by a semi-parametric
bootstrap that chooses the least value anew each time, and likelihood-ratio tests against other distributions of the
same tail. That no rival wins is no proof of a power law, and most tails allow several families.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import erfc, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.progress import COMPILING, Progress, Step, ignore_progress
from vestige.statistics.concentration import Estimate
from vestige.statistics.tail_families import TailFamily, TailFit, fit_families

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vestige.statistics.distribution import Distribution

    Floats = NDArray[np.float64]
    Counts = NDArray[np.int64]

MINIMUM_TAIL: Final = 50
"""Members that a tail must have: below about 50 the exponent is biased (Clauset, Shalizi and Newman, section 3.4)."""
IMPLAUSIBLE: Final = 0.1
"""Goodness of fit at or below which a power law is ruled out (as above, section 4.1)."""
UNDECIDED: Final = 0.1
"""Two-sided p-value above which a comparison favours neither distribution (as above, section 5.1)."""

_NESTED: Final = {
    (TailFamily.POWER_LAW, TailFamily.TRUNCATED_POWER_LAW): 0.5,
    (TailFamily.EXPONENTIAL, TailFamily.TRUNCATED_POWER_LAW): 1.0,
    (TailFamily.EXPONENTIAL, TailFamily.STRETCHED_EXPONENTIAL): 1.0,
}
"""A family within another, and the weight of chi-square: 1/2 where the smaller lies at the larger's edge."""
_SPREAD_OUT: Final = 20_000
"""Values of a simulated tail that are drawn by one multinomial; the few beyond are drawn one by one."""
_SAME: Final = 1e-9


@dataclass(frozen=True)
class Comparison:
    """Two families on one tail.

    Attributes:
        first, second: the families; where one is a special case of the other, it is the first.
        statistic: Vuong's, positive where the first is likelier; for nested families the log-likelihood ratio.
        p_value: two-sided; for nested families, of the smaller one being enough.
        nested: whether the first is a special case of the second.
    """

    first: TailFamily
    second: TailFamily
    statistic: float
    p_value: float
    nested: bool

    @property
    def favoured(self) -> TailFamily | None:
        """The likelier family where the data decide at all, else None."""
        if self.p_value > UNDECIDED:
            return None
        return self.first if self.statistic > 0 else self.second


@dataclass(frozen=True)
class HeavyTail:
    """A tail of counts.

    Attributes:
        size: members with at least one.
        x_min: least value of the law.
        x_min_range: 95 % of the bootstrap samples choose a value in this range; None without samples.
        tail: members at or above it.
        alpha: exponent with its 95 % interval, given the least value.
        alpha_free: the same with the least value chosen anew in each bootstrap sample; None without samples.
        distance: Kolmogorov-Smirnov distance between tail and power law.
        goodness: share of simulated power laws at least as far from their fit; None without samples.
        replicates: bootstrap samples.
        fits: each family on this tail, likeliest by Akaike's criterion first.
        comparisons: every pair of families.
    """

    size: int
    x_min: int
    x_min_range: tuple[int, int] | None
    tail: int
    alpha: Estimate
    alpha_free: Estimate | None
    distance: float
    goodness: float | None
    replicates: int
    fits: Mapping[TailFamily, TailFit]
    comparisons: tuple[Comparison, ...]

    @property
    def plausible(self) -> bool | None:
        """Whether the tail may be a power law; None where that was not tested."""
        return None if self.goodness is None else self.goodness > IMPLAUSIBLE

    @property
    def standing(self) -> tuple[TailFamily, ...]:
        """Families that no other family beats."""
        beaten = {
            loser
            for each in self.comparisons
            if each.favoured is not None
            for loser in (each.first, each.second)
            if loser is not each.favoured
        }
        return tuple(family for family in self.fits if family not in beaten)


def fit_heavy_tail(
    distribution: "Distribution",
    *,
    x_min: int | None = None,
    minimum_tail: int = MINIMUM_TAIL,
    replicates: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> HeavyTail | None:
    """Fit a discrete power law and its rivals to the tail of a distribution of counts.

    Args:
        distribution: whole numbers; zeros take no part.
        x_min: least value of the law; None looks for it.
        minimum_tail: members that a tail must have.
        replicates: bootstrap samples for goodness of fit and free intervals; 0 leaves both out. About 1 / (4 e**2)
            samples give the goodness to within e (Clauset, Shalizi and Newman 2009, section 4.1).
        seed: of the bootstrap.
        progress: called once a bootstrap sample.

    Returns:
        None where no tail has that many members and two distinct values.

    Raises:
        ValueError: a value is no whole number, or an argument is outside its range.
    """
    progress = progress or ignore_progress
    positive = distribution.positive()
    values, counts = positive.values, positive.members
    if (values != np.floor(values)).any():
        raise ValueError("a tail of counts needs whole numbers")
    if minimum_tail < 2 or replicates < 0 or (x_min is not None and x_min < 1):  # noqa: PLR2004 - a tail is plural
        raise ValueError("needs minimum_tail >= 2, replicates >= 0 and x_min >= 1")
    found = _best(values, counts, minimum_tail, x_min, progress)
    if found is None:
        return None
    cut = found.place
    tail_values, tail_counts = values[cut:], counts[cut:]
    fitted = fit_families(tail_values, tail_counts, found.alpha)
    goodness, x_mins, alphas = _bootstrap(values, counts, found, minimum_tail, x_min, replicates, seed, progress)
    return HeavyTail(
        size=positive.size,
        x_min=int(values[cut]),
        x_min_range=_ends(x_mins),
        tail=int(tail_counts.sum()),
        alpha=_given_start(found.alpha, float(values[cut]), int(tail_counts.sum())),
        alpha_free=_free(found.alpha, alphas),
        distance=found.distance,
        goodness=goodness,
        replicates=replicates,
        fits={fit.family: fit for fit in sorted((fit for fit, _ in fitted.values()), key=lambda fit: fit.criterion)},
        comparisons=tuple(_compare(fitted, tail_counts)),
    )


@dataclass(frozen=True)
class _Start:
    """Where a power law begins, and how well it fits from there."""

    place: int
    alpha: float
    distance: float


def _best(
    values: "Floats", counts: "Counts", minimum_tail: int, x_min: int | None, progress: Progress
) -> _Start | None:
    only = -1
    if x_min is not None:
        values = np.where(values < x_min, -1.0, values)
        only = int(np.searchsorted(values, x_min))
        if only >= values.size:
            return None
    from vestige.statistics import heavy_tail_kernels

    if not heavy_tail_kernels.best_start.signatures:  # type: ignore[attr-defined] # Numba's dispatcher
        progress(Step(COMPILING, 0, None))
    place, alpha, distance = heavy_tail_kernels.best_start(values, counts, minimum_tail, only)
    return _Start(place, alpha, distance) if place >= 0 else None


def _given_start(alpha: float, first: float, size: int) -> Estimate:
    """Interval from the observed information: the second derivative of the log of the normalising sum."""
    from vestige.statistics.heavy_tail_kernels import scaled_zeta

    step = 1e-3
    low, middle, high = (np.log(scaled_zeta(alpha + shift, first, first)) for shift in (-step, 0.0, step))
    half = 1.959964 / sqrt(size * float(low - 2 * middle + high) / step**2)
    return Estimate(alpha, max(1.0, alpha - half), alpha + half)


def _compare(fitted: "Mapping[TailFamily, tuple[TailFit, Floats]]", counts: "Counts") -> Iterator[Comparison]:
    """Every pair: Vuong (1989), Econometrica 57, 307-333; nested ones by the likelihood ratio (Self and Liang 1987)."""
    size = float(counts.sum())
    for pair in combinations(TailFamily, 2):
        first, second = pair if pair not in {(b, a) for a, b in _NESTED} else pair[::-1]
        difference = fitted[first][1] - fitted[second][1]
        ratio = float(counts @ difference)
        weight = _NESTED.get((first, second))
        if weight is not None:
            p_value = min(1.0, weight * erfc(sqrt(max(0.0, -ratio))))
            yield Comparison(first, second, ratio, 1.0 if ratio >= -_SAME else p_value, nested=True)
            continue
        spread = sqrt(float(counts @ (difference - ratio / size) ** 2) / (size - 1))
        statistic = 0.0 if spread < _SAME else ratio / (sqrt(size) * spread)
        yield Comparison(first, second, statistic, erfc(abs(statistic) / sqrt(2)), nested=False)


def _bootstrap(
    values: "Floats",
    counts: "Counts",
    found: _Start,
    minimum_tail: int,
    x_min: int | None,
    replicates: int,
    seed: int,
    progress: Progress,
) -> "tuple[float | None, list[float], list[float]]":
    """Goodness of fit (simulated from the fit), and least values and exponents of samples drawn from the data."""
    if not replicates:
        return None, [], []
    generator = np.random.default_rng(seed)
    size = int(counts.sum())
    further, x_mins, alphas = 0, [], []
    simulator = _Simulator(values, counts, found)
    for done in range(replicates):
        progress(Step("heavy tail", done, replicates, "samples"))
        simulated = _best(*simulator.draw(generator), minimum_tail, x_min, ignore_progress)
        further += simulated is None or simulated.distance >= found.distance
        drawn = generator.multinomial(size, counts / size)
        kept = drawn > 0
        again = _best(values[kept], drawn[kept], minimum_tail, x_min, ignore_progress)
        if again is not None:
            x_mins.append(float(values[kept][again.place]))
            alphas.append(again.alpha)
    progress(Step("heavy tail", replicates, replicates, "samples"))
    return further / replicates, x_mins, alphas


class _Simulator:
    """Samples that follow the fitted power law in the tail and the data below it."""

    def __init__(self, values: "Floats", counts: "Counts", found: _Start) -> None:
        from vestige.statistics.heavy_tail_kernels import scaled_zeta

        self._body = values[: found.place]
        self._first, self._alpha = float(values[found.place]), found.alpha
        self._spread = np.arange(self._first, self._first + _SPREAD_OUT)
        whole = scaled_zeta(self._alpha, self._first, self._first)
        inside = (self._spread / self._first) ** -self._alpha / whole
        self._beyond = min(1.0, scaled_zeta(self._alpha, self._first + _SPREAD_OUT, self._first) / whole)
        size = int(counts.sum())
        in_tail = float(counts[found.place :].sum()) / size
        parts = np.concatenate([counts[: found.place] / size, in_tail * inside, [in_tail * self._beyond]])
        self._size, self._chances = size, parts / parts.sum()

    def draw(self, generator: np.random.Generator) -> "tuple[Floats, Counts]":
        """One sample, collapsed to distinct values and counts."""
        from vestige.statistics.heavy_tail_kernels import tail_values

        counts = generator.multinomial(self._size, self._chances)
        largest = np.empty(int(counts[-1]))
        if largest.size:
            tail_values(self._beyond * (1 - generator.random(largest.size)), self._alpha, self._first, largest)
        beyond, of_beyond = np.unique(largest, return_counts=True)
        values = np.concatenate([self._body, self._spread, beyond])
        drawn = np.concatenate([counts[:-1], of_beyond])
        return values[drawn > 0], drawn[drawn > 0].astype(np.int64)


def _ends(draws: list[float]) -> tuple[int, int] | None:
    if not draws:
        return None
    low, high = np.quantile(draws, (0.025, 0.975), method="inverted_cdf")
    return int(low), int(high)


def _free(alpha: float, draws: list[float]) -> Estimate | None:
    if not draws:
        return None
    low, high = np.quantile(draws, (0.025, 0.975))
    return Estimate(alpha, float(low), float(high))
