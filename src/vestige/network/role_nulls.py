"""How well holders would be found if standing did not matter: other labels, equally active members, rewired ties."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vestige.network.measures import ACTIVITY, Measure
from vestige.network.null_models import curveball, rewired
from vestige.network.position_values import Effort, measure_values
from vestige.network.projection import projected_matrix
from vestige.network.rank_stability import oriented
from vestige.network.role_accuracy import Stratum, standing
from vestige.network.role_settings import Criterion, Null
from vestige.network.ties import Ties
from vestige.progress import Progress, Step
from vestige.statistics.compiled import BoolArray, FloatArray, IntArray
from vestige.statistics.ranking import Placed, places, ranks


@dataclass(frozen=True)
class NullRow:
    """A measure's accuracy beside that of a null model.

    Attributes:
        measure: the measure.
        null: the null model.
        criterion: by which.
        observed: the holders' own figure.
        mean: of the null model.
        low: its 2.5 % quantile.
        high: its 97.5 % quantile.
        p_value: chance of as much under the null model, the observed counted as one draw (Phipson and Smyth 2010).
        draws: how many.
    """

    measure: Measure
    null: Null
    criterion: Criterion
    observed: float
    mean: float
    low: float
    high: float
    p_value: float
    draws: int


def drawn_labels(
    strata: Sequence[Stratum], measures: Sequence[Measure], baseline: Measure, *, near: int, draws: int, seed: int
) -> Iterator[NullRow]:
    """Holders replaced by members drawn at random, and by members nearest to each in activity.

    Args:
        strata: members who are compared.
        measures: which measures.
        baseline: the activity that counts as near.
        near: members, besides the holder, among whom one is drawn.
        draws: how many times.
        seed: of the draws.
    """
    if not draws:
        return
    for null in (Null.LABELS, Null.EQUALLY_ACTIVE):
        generator = np.random.default_rng([seed, *null.value.encode()])
        found = {measure: np.empty((draws, len(Criterion))) for measure in measures}
        pools = [_pools(stratum, baseline, near) if null is Null.EQUALLY_ACTIVE else None for stratum in strata]
        for draw in range(draws):
            labels = [_drawn(stratum, pool, generator) for stratum, pool in zip(strata, pools, strict=True)]
            for measure in measures:
                found[measure][draw] = _accuracy(strata, measure, labels)
        for measure in measures:
            yield from _rows(measure, null, strata, found[measure])


def rewired_rows(
    stratum: Stratum, ties: Ties, rows: IntArray, measures: Sequence[Measure], *, rewirings: int, effort: Effort,
    seed: int, progress: Progress,
) -> Iterator[NullRow]:  # fmt: skip
    """The same holders in networks that keep every degree (and thread size) and nothing else.

    What such a network gives as well follows from how much members did and with how many, not from with whom.

    Args:
        stratum: members who are compared.
        ties: records of all members.
        rows: row of each compared member in them.
        measures: measures of ties.
        rewirings: how many networks.
        effort: of each.
        seed: of the rewiring.
        progress: told of each network.
    """
    wanted = [measure for measure in measures if measure not in ACTIVITY]
    found = {measure: np.empty((rewirings, len(Criterion))) for measure in wanted}
    for place, own in enumerate(np.random.SeedSequence(seed).generate_state(rewirings)):
        again = measure_values(_rewired(ties, int(own)), wanted, effort=effort, seed=seed).values
        for measure in wanted:
            scores = {measure: oriented(measure, again[measure])[rows]}
            found[measure][place] = _accuracy([replace(stratum, scores=scores)], measure, [stratum.holders])
        progress(Step("rewiring", place + 1, rewirings, "networks"))
    for measure in wanted if rewirings else ():
        yield from _rows(measure, Null.REWIRED, [stratum], found[measure])


def _rewired(ties: Ties, seed: int) -> Ties:
    if ties.membership is None or ties.projection is None:
        return replace(ties, adjacency=rewired(ties.adjacency, directed=ties.directed, seed=seed))
    shuffled = curveball(ties.membership, seed=seed)
    return replace(ties, incidence=shuffled, adjacency=projected_matrix(shuffled, ties.projection))


def _pools(stratum: Stratum, baseline: Measure, near: int) -> list[IntArray]:
    """For each holder, rows of the members nearest in activity, the holder included."""
    order = np.argsort(ranks(stratum.scores[baseline]), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    pools = []
    for row in np.flatnonzero(stratum.holders):
        first = min(max(int(place[row]) - near // 2, 0), max(order.size - near - 1, 0))
        pools.append(order[first : first + near + 1])
    return pools


def _drawn(stratum: Stratum, pools: list[IntArray] | None, generator: np.random.Generator) -> BoolArray:
    """Labels of as many members as there are holders."""
    labels = np.zeros(stratum.members.size, np.bool_)
    if pools is None:
        labels[generator.choice(labels.size, int(stratum.holders.sum()), replace=False)] = True
        return labels
    for pool in pools:
        free = pool[~labels[pool]]
        labels[generator.choice(free if free.size else np.flatnonzero(~labels))] = True
    return labels


def _accuracy(strata: Sequence[Stratum], measure: Measure, labels: Sequence[BoolArray]) -> FloatArray:
    parts = [places(Placed.of(stratum.scores[measure], own)) for stratum, own in zip(strata, labels, strict=True)]
    placement = np.concatenate([part.placement for part in parts])
    precision = np.concatenate([part.precision for part in parts])
    return np.array([placement.mean(), precision.mean()])


def _rows(measure: Measure, null: Null, strata: Sequence[Stratum], drawn: FloatArray) -> Iterator[NullRow]:
    own = standing(strata, measure)
    for place, criterion in enumerate(Criterion):
        values, observed = drawn[:, place], own.value(criterion)
        low, high = np.quantile(values, (0.025, 0.975))
        hits = int((values >= observed - 1e-12).sum())
        yield NullRow(
            measure, null, criterion, observed, float(values.mean()), float(low), float(high),
            (hits + 1) / (values.size + 1), values.size,
        )  # fmt: skip
