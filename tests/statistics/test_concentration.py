"""Concentration against closed forms, a naive implementation, and its own definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.statistics.concentration import measure_spread
from vestige.statistics.distribution import Distribution
from vestige.statistics.inequality import Sums, coverage_curve, gini, lorenz_curve, theil
from vestige.statistics.tail_bootstrap import LEAST_SHAPE, fit_tail

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
    sums = sums_of(values)
    (curve,) = lorenz_curve(sums, parts).estimates
    assert 1 - 2 * np.trapezoid(curve, parts) == pytest.approx(gini(sums).estimates[0], abs=1e-12)


def test_theil_has_its_closed_forms():
    """Log-normal: sigma**2 / 2; Pareto: 1 / (a - 1) - log(a / (a - 1)); equal shares: 0; one has all: log(size)."""
    quantiles = (np.arange(1_000_000) + 0.5) / 1_000_000
    assert spread_of((1 - quantiles) ** (-1 / 4)).theil.value == pytest.approx(1 / 3 - np.log(4 / 3), abs=1e-4)
    assert spread_of([3] * 20).theil.value == pytest.approx(0, abs=1e-12)
    assert spread_of([0] * 49 + [3]).theil.value == pytest.approx(np.log(50))


@given(VALUES, st.floats(0.01, 0.99))
def test_coverage_is_the_lorenz_curve_read_the_other_way(values, part):
    needed = spread_of(values, cover=(part,)).coverage[part].value
    assert spread_of(values, top=(needed,)).top[needed].value == pytest.approx(part, abs=1e-9)


def test_coverage_of_a_half_by_hand():
    """10 of 20 are done by one member; 15 of 20 by two."""
    spread = spread_of([10, 5, 3, 1, 1], cover=(0.5, 0.75, 0.6))
    assert [estimate.value for estimate in spread.coverage.values()] == pytest.approx([0.2, 0.4, 0.28])


def sums_of(values):
    distinct, counts = np.unique(np.asarray(values, float), return_counts=True)
    return Sums.of(distinct[np.newaxis], counts[np.newaxis].astype(float))


def test_standard_errors_agree_with_the_plain_bootstrap():
    """Against the spread over 2,000 samples that draw every member with replacement, the textbook way."""
    values = np.random.default_rng(5).gamma(1.5, 2.0, 400)
    parts = np.array([0.5, 0.9])
    measures = (gini, theil, lambda sums: lorenz_curve(sums, parts), lambda sums: coverage_curve(sums, parts[:1]))
    generator = np.random.default_rng(6)
    draws = [sums_of(generator.choice(values, values.size)) for _ in range(2_000)]
    for measure in measures:
        spread = np.std([measure(draw).estimates[0] for draw in draws], axis=0)
        assert measure(sums_of(values)).errors[0] == pytest.approx(spread, rel=0.08)


@pytest.mark.parametrize(
    ("draw", "truth", "least"),
    [
        (lambda generator: generator.exponential(size=200), 0.5, 0.875),
        (lambda generator: generator.lognormal(0, 1.5, 500), 0.711156, 0.875),
        (lambda generator: (1 - generator.random(500)) ** (-1 / 1.5), 0.5, 0.80),
    ],
    ids=["exponential", "lognormal", "pareto"],
)
def test_intervals_cover_the_truth_about_as_often_as_they_say(draw, truth, least):
    """A short form of tools/study_concentration.py; percentile intervals cover 90, 85 and 73 % of these."""
    generator = np.random.default_rng(8)
    covered = 0
    for repeat in range(80):
        estimate = spread_of(draw(generator), replicates=200, grid=(), top=(), seed=repeat).gini
        assert estimate.low - 1e-12 <= estimate.value <= estimate.high + 1e-12
        covered += estimate.low <= truth <= estimate.high
    assert least <= covered / 80


def test_the_tail_of_a_pareto_distribution_is_found():
    generator = np.random.default_rng(2)
    shapes = [fit_tail(counted(np.floor((1 - generator.random(20_000)) ** (-1 / 2.5)))).shape for _ in range(20)]
    assert np.mean(shapes) == pytest.approx(2.5, rel=0.1)
    assert fit_tail(counted((1 - generator.random(5_000)) ** -1)).shape == LEAST_SHAPE
    tail = fit_tail(counted(np.arange(1, 500)))
    means, parts = tail.bins()
    assert parts.sum() == pytest.approx(1)
    assert means @ parts == pytest.approx(tail.threshold * tail.shape / (tail.shape - 1))


def counted(values):
    return Distribution.of(*np.unique(np.asarray(values, float), return_counts=True))


@pytest.mark.parametrize("values", [[], [0, 0], [3] * 100, [1, 2, 3], [1] * 90 + [2] * 10])
def test_no_tail_to_fit(values):
    assert fit_tail(counted(values) if values else Distribution.of([], [])) is None
    if any(values):
        assert spread_of(values, replicates=20).gini.value is not None


def test_the_seed_decides_and_nothing_else():
    values = np.arange(100)
    assert spread_of(values, replicates=50) == spread_of(values, replicates=50)
    assert spread_of(values, replicates=50) != spread_of(values, replicates=50, seed=2)


@pytest.mark.parametrize(("values", "members"), [([-1.0], [1]), ([np.nan], [1]), ([1.0], [-1]), ([1.0, 2.0], [1])])
def test_impossible_distributions_are_refused(values, members):
    with pytest.raises(ValueError, match="values"):
        Distribution.of(values, members)
