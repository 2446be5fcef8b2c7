"""Quantiles: SciPy's Harrell-Davis as an independent reference, exact intervals by ranks, coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, lognorm
from scipy.stats.mstats import hdquantiles

from vestige.statistics.distribution import Distribution
from vestige.statistics.quantiles import order_statistic_ranks, quantiles

PARTS = (0.01, 0.1, 0.5, 0.75, 0.9, 0.99)


def distribution(values):
    return Distribution.of(list(values), [1] * len(values))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 5), st.floats(0, 1e6)), min_size=2, max_size=200))
def test_harrell_davis_is_that_of_scipy(values):
    ours = [own.value for own in quantiles(distribution(values), PARTS)]
    assert ours == pytest.approx(np.asarray(hdquantiles(np.array(values, float), PARTS)), rel=1e-9, abs=1e-9)


def test_a_large_sample_gives_the_same_as_scipy():
    values = np.random.default_rng(1).lognormal(1, 1.5, 30_000).round(2)
    ours = [own.value for own in quantiles(distribution(values), PARTS)]
    assert ours == pytest.approx(np.asarray(hdquantiles(values, PARTS)), rel=1e-9)


def test_one_huge_value_among_zeros_has_a_finite_interval():
    """The error is thousands of times the estimate, and its exponential would overflow."""
    values = distribution([0.0] * 9 + [1e6])
    (own,) = quantiles(values, (0.1,))
    assert own.value < 1
    assert own.value <= own.high <= 1e7


def test_the_error_is_maritz_and_jarretts():
    """Their estimate is the standard deviation of the values under the Harrell-Davis weights; here by brute force."""
    from scipy.stats import beta
    from scipy.stats.mstats import mjci

    values = np.sort(np.random.default_rng(2).gamma(2, 3, 60))
    (own,) = quantiles(distribution(values), (0.5,))
    weights = np.diff(beta.cdf(np.arange(61) / 60, 30.5, 30.5))
    error = math.sqrt(weights @ values**2 - (weights @ values) ** 2)
    half = 1.959963984540054 * error / (1 + own.value)
    assert (own.low, own.high) == pytest.approx(np.expm1([np.log1p(own.value) - half, np.log1p(own.value) + half]))
    # SciPy's mjci uses p * n + 0.5 for the parameter of the weights (Wilcox), so that it differs a little.
    assert error == pytest.approx(float(mjci(values, [0.5])[0]), rel=0.05)


@given(st.integers(1, 3000), st.floats(0.001, 0.999))
def test_ranks_enclose_the_quantile_often_enough_and_no_narrower_pair_does(size, part):
    low, high = order_statistic_ranks(size, part, 0.95)
    below = binom.cdf((low or 0) - 1, size, part)
    above = binom.sf((size + 1 if high is None else high) - 1, size, part)
    assert below <= 0.025 + 1e-12
    assert above <= 0.025 + 1e-12
    if low is not None and low < size:
        assert binom.cdf(low, size, part) > 0.025 - 1e-12


def test_known_ranks_of_the_median_of_ten():
    """David and Nagaraja (2003), section 7.1: the 2nd and 9th of ten enclose the median with 97.9 %."""
    assert order_statistic_ranks(10, 0.5, 0.95) == (2, 9)
    (own,) = quantiles(distribution(range(1, 11)), (0.5,))
    assert (own.order_low, own.order_high, own.observed) == (2.0, 9.0, 5.0)


def test_a_small_sample_has_no_interval_by_ranks():
    (own,) = quantiles(distribution([3.0, 4.0]), (0.5,))
    assert (own.order_low, own.order_high) == (None, None)


def test_all_alike_leaves_no_doubt():
    (own,) = quantiles(Distribution.of([4.0], [50]), (0.9,))
    assert (own.value, own.observed, own.order_low) == (4.0, 4.0, 4.0)
    assert (own.low, own.high) == pytest.approx((4.0, 4.0))


def test_nobody_has_no_quantile():
    with pytest.raises(ValueError, match="needs a member"):
        quantiles(Distribution.of([], []), (0.5,))


@pytest.mark.slow
def test_intervals_cover_in_their_short_form():
    """`make study-profile` in small: log-normal activity, 150 members, 300 forums; a 95 % interval within 4 points."""
    law, generator = lognorm(1.5, scale=5), np.random.default_rng(3)
    parts = (0.1, 0.5, 0.9)
    hits = np.zeros((3, 2))
    for _ in range(300):
        for place, own in enumerate(quantiles(distribution(law.rvs(150, random_state=generator)), parts)):
            truth = law.ppf(parts[place])
            hits[place] += (own.low <= truth <= own.high, own.order_low <= truth <= own.order_high)
    assert ((hits / 300 > 0.91) & (hits / 300 < 0.99)).all(), hits / 300
