"""Escalation: trends against R's glm, and what has none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.careers.settings import Family
from vestige.careers.slopes import MonthlyCounts, fit_slopes

RISING = [0, 2, 1, 0, 3, 4, 2, 6, 5, 9]
FALLING = [8, 3, 5, 2, 0, 1, 1, 0]
RESTLESS = [9, 0, 1, 14, 0, 2, 0, 5, 0, 0, 1, 0]


def counts_of(*histories):
    cells = [(row, period, count) for row, own in enumerate(histories) for period, count in enumerate(own) if count]
    row, period, count = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    return MonthlyCounts(row, period, count, np.array([len(own) for own in histories]))


def slopes_of(family, *histories):
    return fit_slopes(counts_of(*histories), np.ones(len(histories), bool), family)


def test_poisson_equals_r():
    """R 4.2: t <- (seq_along(y) - 1) / 12; summary(glm(y ~ t, family = poisson))$coefficients["t", 1:2].

    glm stops at a relative change of 1e-8 of the deviance, hence 1e-6.
    """
    found = slopes_of(Family.POISSON, RISING, FALLING)
    assert found.slope == pytest.approx([3.445868680446, -5.54085023675], rel=1e-6)
    assert found.error == pytest.approx([0.889814837505, 1.56660042795], rel=1e-5)


def test_quasi_poisson_equals_r_where_counts_scatter_more_than_poisson():
    """R 4.2: summary(glm(w ~ t, family = quasipoisson)); a dispersion below 1, as of RISING, counts as 1 here."""
    found = slopes_of(Family.QUASI_POISSON, RESTLESS, RISING)
    assert found.slope[0] == pytest.approx(-2.70682619227, rel=1e-6)
    assert found.error == pytest.approx([1.72275587633, 0.889814837505], rel=1e-5)
    assert found.degrees.tolist() == [10, 8]


def test_negative_binomial_equals_r_at_the_same_dispersion(monkeypatch):
    """R 4.2, MASS: f <- glm(y ~ t, family = negative.binomial(theta = 4)); summary(f, dispersion = 1)."""
    monkeypatch.setattr("vestige.careers.slopes._common_dispersion", lambda counts, rows: 1 / 4)
    found = slopes_of(Family.NEGATIVE_BINOMIAL, RISING, FALLING)
    assert found.slope == pytest.approx([3.47052063569, -5.58806264410], rel=1e-6)
    assert found.error == pytest.approx([1.17660848366, 1.97759323326], rel=1e-5)


def test_the_common_dispersion_is_recovered():
    generator = np.random.default_rng(5)
    true = 0.5
    time = (np.arange(36) - 17.5) / 12
    rates = np.exp(1.5 + generator.normal(0, 0.4, (800, 1)) * time)
    counts = generator.negative_binomial(1 / true, 1 / (1 + true * rates))
    found = slopes_of(Family.NEGATIVE_BINOMIAL, *counts.tolist())
    assert found.dispersion == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize("history", [[5, 0, 0, 0], [0, 0, 0, 5]])
def test_events_in_an_outer_month_alone_have_no_finite_trend(history):
    found = slopes_of(Family.POISSON, history, [1, 0, 0, 1])
    assert np.isnan(found.slope[0])
    assert np.isnan(found.interval(0.95)[0][0])
    assert found.slope[1] == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.integers(0, 30), min_size=4, max_size=40))
def test_turning_time_around_turns_the_trend_around(history):
    if sum(history[1:-1]) == 0:
        return
    there, back = (slopes_of(Family.POISSON, order) for order in (history, history[::-1]))
    assert back.slope == pytest.approx(-there.slope, abs=1e-6)
    assert back.error == pytest.approx(there.error, rel=1e-5)


def test_intervals_cover_the_true_trend():
    """2,000 members, counts of a gamma-Poisson mixture by month; a correct 95 % interval covers within 94 to 96 %."""
    generator = np.random.default_rng(11)
    time = (np.arange(30) - 14.5) / 12
    rates = np.exp(1.2 + 0.5 * time) * generator.gamma(3.0, 1 / 3.0, (2_000, 30))
    low, high = slopes_of(Family.QUASI_POISSON, *generator.poisson(rates).tolist()).interval(0.95)
    assert 0.935 <= ((low <= 0.5) & (high >= 0.5)).mean() <= 0.965
