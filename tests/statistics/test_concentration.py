"""Concentration against closed forms, a naive implementation, and its own definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.statistics.bootstrap import bootstrap_percentiles
from vestige.statistics.concentration import gini, lorenz_curve, measure_spread
from vestige.statistics.distribution import Distribution

SETTINGS = {"top": (0.01, 0.1), "grid": (0.0, 0.5, 1.0), "confidence": 0.95, "seed": 1}
VALUES = st.lists(st.integers(0, 50), min_size=1, max_size=60).filter(any)


def spread_of(values, **options):
    values = np.asarray(values, float)
    return measure_spread(
        Distribution.of(values, np.ones(values.size, int)), **{**SETTINGS, "replicates": 0, **options}
    )


def naive_gini(values):
    """Half the mean absolute difference between all pairs, over the mean: O(n squared), by definition."""
    values = np.asarray(values, float)
    return np.abs(values[:, None] - values[None, :]).mean() / (2 * values.mean())


def naive_top_share(values, part):
    """Take members one by one from the most active, the last in proportion."""
    wanted, taken = len(values) * part, 0.0
    for value in sorted(values, reverse=True):
        taken += value * min(1.0, max(0.0, wanted))
        wanted -= 1
    return taken / sum(values)


@given(VALUES)
def test_gini_is_half_the_relative_mean_difference(values):
    assert spread_of(values).gini.value == pytest.approx(naive_gini(values), abs=1e-12)


@given(VALUES, st.floats(0, 1))
def test_top_share_takes_the_most_active_first(values, part):
    assert spread_of(values, top=(part,)).top[part].value == pytest.approx(naive_top_share(values, part), abs=1e-12)


@given(VALUES, st.integers(2, 40))
def test_collapsing_and_copying_change_nothing(values, copies):
    distinct, counts = np.unique(values, return_counts=True)
    collapsed = measure_spread(Distribution.of(distinct, counts * copies), replicates=0, **SETTINGS)
    assert collapsed.gini.value == pytest.approx(spread_of(values).gini.value, abs=1e-12)
    assert collapsed.top[0.1].value == pytest.approx(spread_of(values).top[0.1].value, abs=1e-12)


def test_pareto_has_its_closed_form():
    """Pareto with shape a: Gini 1/(2a-1), top share p**(1-1/a); quantile grid of a million members, a = 2.5."""
    shape, size = 2.5, 1_000_000
    values = (1 - (np.arange(size) + 0.5) / size) ** (-1 / shape)
    spread = spread_of(values)
    assert spread.gini.value == pytest.approx(1 / (2 * shape - 1), abs=2e-4)
    assert spread.top[0.1].value == pytest.approx(0.1 ** (1 - 1 / shape), abs=2e-4)
    assert spread.top[0.01].value == pytest.approx(0.01 ** (1 - 1 / shape), abs=5e-4)
    assert spread.lorenz[0.5].value == pytest.approx(1 - 0.5 ** (1 - 1 / shape), abs=2e-4)


def test_uniform_and_exponential_have_theirs():
    quantiles = (np.arange(200_000) + 0.5) / 200_000
    assert spread_of(quantiles).gini.value == pytest.approx(1 / 3, abs=1e-5)
    assert spread_of(-np.log1p(-quantiles)).gini.value == pytest.approx(1 / 2, abs=1e-4)


def test_the_extremes():
    assert spread_of([7] * 30).gini.value == pytest.approx(0.0, abs=1e-12)
    assert spread_of([0] * 49 + [3]).gini.value == pytest.approx(1 - 1 / 50)
    assert spread_of([0, 0, 0]) is None
    assert measure_spread(Distribution.of([], []), replicates=10, **SETTINGS) is None


def test_the_area_under_the_lorenz_curve_gives_the_gini():
    values = np.random.default_rng(3).negative_binomial(0.2, 0.01, 500)
    distribution = Distribution.of(*np.unique(values, return_counts=True))
    parts = np.linspace(0, 1, distribution.size + 1)
    (curve,) = lorenz_curve(distribution.values, distribution.members[np.newaxis], parts)
    assert 1 - 2 * np.trapezoid(curve, parts) == pytest.approx(
        gini(distribution.values, distribution.members), abs=1e-12
    )


def test_multinomial_weights_are_the_same_bootstrap_as_drawing_members():
    """Against drawing every member with replacement, the textbook way, over 4,000 replicates."""
    values = np.random.default_rng(5).negative_binomial(0.5, 0.05, 300).astype(float)
    spread = spread_of(values, replicates=4_000)
    generator = np.random.default_rng(6)
    naive = []
    for _ in range(4_000):
        draw = np.sort(generator.choice(values, values.size))
        ranks = np.arange(1, draw.size + 1)
        naive.append(2 * (ranks @ draw) / (draw.size * draw.sum()) - (draw.size + 1) / draw.size)
    low, high = np.quantile(naive, [0.025, 0.975])
    assert (spread.gini.low, spread.gini.high) == pytest.approx((low, high), abs=0.004)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Exponential values, true Gini 1/2, 400 samples of 200 members: between 90 and 98 % of the intervals cover it."""
    generator = np.random.default_rng(8)
    covered = 0
    for repeat in range(400):
        estimate = spread_of(generator.exponential(size=200), replicates=200, seed=repeat).gini
        covered += estimate.low <= 0.5 <= estimate.high
    assert 0.90 <= covered / 400 <= 0.98


def test_the_seed_decides_and_nothing_else():
    values = np.arange(100)
    assert spread_of(values, replicates=50) == spread_of(values, replicates=50)
    assert spread_of(values, replicates=50) != spread_of(values, replicates=50, seed=2)


def test_chunks_do_not_change_the_draws(monkeypatch):
    distribution = Distribution.of(np.arange(40), np.full(40, 3))
    whole = bootstrap_percentiles(distribution, _mean, replicates=60, confidence=0.9, seed=4)
    monkeypatch.setattr("vestige.statistics.bootstrap._CELLS_AT_ONCE", 100)
    np.testing.assert_array_equal(
        bootstrap_percentiles(distribution, _mean, replicates=60, confidence=0.9, seed=4), whole
    )


def _mean(values, weights):
    return ((weights @ values) / weights.sum(axis=-1))[:, np.newaxis]


def test_a_statistic_that_is_never_defined_has_no_interval():
    ends = bootstrap_percentiles(
        Distribution.of([0.0], [5]),
        lambda _, weights: np.full((len(weights), 1), np.nan),
        replicates=9,
        confidence=0.9,
        seed=1,
    )
    assert np.isnan(ends).all()


@pytest.mark.parametrize(("values", "members"), [([-1.0], [1]), ([np.nan], [1]), ([1.0], [-1]), ([1.0, 2.0], [1])])
def test_impossible_distributions_are_refused(values, members):
    with pytest.raises(ValueError, match="values"):
        Distribution.of(values, members)
