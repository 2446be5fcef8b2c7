"""How well measures find role holders, with what uncertainty, and whether better than plain activity does.

Members are compared within strata: all members at one moment, with the holders whose role began then. A role's holders
stand among those who were active before it began and did not hold it yet. Where times are unknown there is one stratum.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from vestige.network.measures import Measure
from vestige.network.role_settings import Criterion
from vestige.statistics.comparisons import holm, sign_flip_test
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray
from vestige.statistics.ranking import Placed, Places, places, ranks


@dataclass(frozen=True, eq=False)
class Stratum:
    """Members who are compared with each other.

    Attributes:
        members: ids, ascending. Shape (members,).
        holders: who of them takes up the role at this moment. Shape (members,).
        scores: of each measure, higher is more central. Shape (members,) each.
        moment: when, ISO date; None where times do not count.
    """

    members: IntArray
    holders: BoolArray
    scores: Mapping[Measure, FloatArray] = field(repr=False)
    moment: str | None = None


@dataclass(frozen=True, eq=False)
class Standing:
    """Every holder's standing by one measure, over all strata.

    Attributes:
        parts: everybody's place, one a stratum.
        places: of the holders, strata after each other.
    """

    parts: tuple[Placed, ...]
    places: Places

    def contributions(self, criterion: Criterion) -> FloatArray:
        """What each holder adds to the mean that is the criterion."""
        return self.places.placement if criterion is Criterion.AREA else self.places.precision

    def value(self, criterion: Criterion) -> float:
        """The criterion over all holders."""
        return float(self.contributions(criterion).mean())


@dataclass(frozen=True)
class Interval:
    """A value with its bootstrap interval; None where too few replicates define it."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AccuracyRow:
    """How well one measure finds the holders.

    Attributes:
        measure: the measure.
        area: chance that a holder stands above another member.
        precision: average precision.
        precision_at: share of holders among the first k, by k.
        recall_at: share of the holders who are among the first k, by k.
    """

    measure: Measure
    area: Interval
    precision: Interval
    precision_at: Mapping[int, Interval]
    recall_at: Mapping[int, Interval]


@dataclass(frozen=True)
class DifferenceRow:
    """One measure against one baseline.

    Attributes:
        measure: the measure.
        baseline: the activity it is compared with.
        criterion: by which.
        difference: measure less baseline, with its bootstrap interval.
        p_value: of no difference, by flipping the signs of the holders' paired differences.
        corrected: the same, corrected for all comparisons by this criterion (Holm 1979).
    """

    measure: Measure
    baseline: Measure
    criterion: Criterion
    difference: Interval
    p_value: float
    corrected: float


def standing(strata: Sequence[Stratum], measure: Measure) -> Standing:
    """Standing of the holders by a measure."""
    parts = tuple(Placed.of(stratum.scores[measure], stratum.holders) for stratum in strata)
    return Standing(parts, _joined([places(part) for part in parts]))


def _joined(parts: Sequence[Places]) -> Places:
    return Places(*(np.concatenate([getattr(part, name) for part in parts])
                    for name in ("placement", "precision", "above", "level")))  # fmt: skip


def measure_accuracy(
    strata: Sequence[Stratum], measures: Sequence[Measure], baselines: Sequence[Measure], *, first: Sequence[int],
    replicates: int, confidence: float, seed: int,
) -> tuple[tuple[AccuracyRow, ...], tuple[DifferenceRow, ...]]:  # fmt: skip
    """Accuracy of each measure, and of each against each baseline, from the same bootstrap samples.

    Holders and others are drawn with replacement apart from each other, each member in all strata at once.

    Args:
        strata: members who are compared.
        measures: all measures.
        baselines: those of plain activity among them.
        first: numbers of members at the top.
        replicates: bootstrap samples.
        confidence: such as 0.95.
        seed: of the draws.

    Source:
        Percentile bootstrap of Efron and Tibshirani (1993). Few holders make every interval wide, and rightly so.
    """
    found = {measure: standing(strata, measure) for measure in measures}
    names = _statistics(first)
    drawn = {measure: np.full((replicates, len(names)), np.nan) for measure in measures}
    for run, weights in enumerate(_draws(strata, replicates, seed)):
        for measure, own in found.items():
            drawn[measure][run] = _weighted(strata, own, weights, first)
    point = {measure: _weighted(strata, own, None, first) for measure, own in found.items()}
    tail = (1 - confidence) / 2

    def interval(value: float, draws: FloatArray) -> Interval:
        known = draws[np.isfinite(draws)]
        if known.size < max(replicates / 2, 1):
            return Interval(value, None, None)
        return Interval(value, *map(float, np.quantile(known, (tail, 1 - tail))))

    accuracy = tuple(_accuracy_row(measure, point[measure], drawn[measure], first, interval) for measure in measures)
    rows: list[DifferenceRow] = []
    for place, criterion in enumerate(Criterion):
        pairs = [(one, two) for one, two in product(measures, baselines) if one not in baselines]
        tests = [_difference_test(found[one], found[two], criterion, seed) for one, two in pairs]
        for (one, two), p_value, corrected in zip(pairs, tests, holm(tests), strict=True):
            difference = float(point[one][place] - point[two][place])
            draws = drawn[one][:, place] - drawn[two][:, place]
            rows.append(DifferenceRow(one, two, criterion, interval(difference, draws), p_value, corrected))
    return accuracy, tuple(rows)


def _difference_test(one: Standing, two: Standing, criterion: Criterion, seed: int) -> float:
    return sign_flip_test(one.contributions(criterion) - two.contributions(criterion), draws=9999, seed=seed)


def _statistics(first: Sequence[int]) -> tuple[str, ...]:
    return ("area", "precision", *(f"precision at {k}" for k in first), *(f"recall at {k}" for k in first))


def _accuracy_row(
    measure: Measure,
    point: FloatArray,
    drawn: FloatArray,
    first: Sequence[int],
    interval: Callable[[float, FloatArray], Interval],
) -> AccuracyRow:
    made = [interval(float(value), drawn[:, place]) for place, value in enumerate(point)]
    count = len(first)
    return AccuracyRow(
        measure, made[0], made[1],
        dict(zip(first, made[2 : 2 + count], strict=True)), dict(zip(first, made[2 + count :], strict=True)),
    )  # fmt: skip


def _draws(strata: Sequence[Stratum], replicates: int, seed: int) -> Iterator[list[FloatArray]]:
    """Weights of the members of each stratum, by replicate."""
    everybody = np.unique(np.concatenate([stratum.members for stratum in strata]))
    held = np.unique(np.concatenate([stratum.members[stratum.holders] for stratum in strata]))
    is_holder = np.isin(everybody, held)
    groups = [np.flatnonzero(is_holder), np.flatnonzero(~is_holder)]
    rows = [np.searchsorted(everybody, stratum.members) for stratum in strata]
    generator = np.random.default_rng(seed)
    for _ in range(replicates):
        weight = np.zeros(everybody.size)
        for group in groups:
            if group.size:
                weight += np.bincount(group[generator.integers(group.size, size=group.size)], minlength=everybody.size)
        yield [weight[own] for own in rows]


def _weighted(
    strata: Sequence[Stratum], own: Standing, weights: Sequence[FloatArray] | None, first: Sequence[int]
) -> FloatArray:
    """Area, precision, then precision and recall at each k; NaN when no holder was drawn."""
    if weights is None:
        found, counted = own.places, np.ones(own.places.placement.size)
    else:
        found = _joined([places(part, weight) for part, weight in zip(own.parts, weights, strict=True)])
        counted = np.concatenate([weight[part.sought] for part, weight in zip(own.parts, weights, strict=True)])
    total = counted.sum()
    if total == 0:
        return np.full(2 + 2 * len(first), np.nan)
    within = np.array([counted @ found.within(k) for k in first])
    most = np.array([k * len(strata) for k in first], dtype=np.float64)
    return np.concatenate(
        ([counted @ found.placement / total, counted @ found.precision / total], within / most, within / total)
    )


def percentiles(scores: FloatArray) -> FloatArray:
    """Share of the members who stand lower, ties counted half: 1 at the top, 0 at the bottom. Shape (members,)."""
    return 1 - (ranks(scores) - 1) / max(scores.size - 1, 1)
