"""Kaplan-Meier on collapsed times against lifelines and R."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from vestige.statistics.survival import kaplan_meier

LIVES = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=60)


def collapsed(lives):
    times = sorted({time for time, _ in lives})
    return kaplan_meier(
        times,
        [sum(time == other for other, _ in lives) for time in times],
        [sum(time == other and ended for other, ended in lives) for time in times],
    )


@given(LIVES)
def test_agrees_with_lifelines(lives):
    curve = collapsed(lives)
    peer = KaplanMeierFitter().fit([time for time, _ in lives], [ended for _, ended in lives])
    limits = peer.confidence_interval_survival_function_
    for place, time in enumerate(curve.times):
        assert curve.survival[place] == pytest.approx(float(peer.predict(time)), abs=1e-12)
        if 0 < curve.survival[place] < 1:
            assert curve.low[place] == pytest.approx(float(limits.iloc[:, 0][time]), abs=1e-9)
            assert curve.high[place] == pytest.approx(float(limits.iloc[:, 1][time]), abs=1e-9)


def test_aml_agrees_with_r():
    """Leukaemia (Miller 1997), maintained group. R 4.2, survival.

    library(survival); a <- subset(aml, x == "Maintained")
    f <- survfit(Surv(time, status) ~ 1, a, conf.type = "log-log"); summary(f, times = c(9, 31)); quantile(f, 0.5)
    survival .909 .491; lower .508 .167; upper .987 .753; median 31, 95 % 13 to NA
    """
    times = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161]
    ended = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
    curve = collapsed(list(zip(times, map(bool, ended), strict=True)))
    at_nine, at_31 = curve.at(9), curve.at(31)
    assert at_nine == (
        10,
        pytest.approx(0.909, abs=5e-4),
        pytest.approx(0.508, abs=5e-4),
        pytest.approx(0.987, abs=5e-4),
    )
    assert at_31[1:] == (pytest.approx(0.491, abs=5e-4), pytest.approx(0.167, abs=5e-4), pytest.approx(0.753, abs=5e-4))
    assert curve.median() == (31.0, 13.0, None)


def test_nothing_and_everything():
    assert kaplan_meier([], [], []).at(3) == (0, 1.0, 1.0, 1.0)
    assert kaplan_meier([], [], []).median() == (None, None, None)
    all_at_once = kaplan_meier([2.0], [5], [5])
    assert all_at_once.at(1.9)[1] == 1
    assert all_at_once.at(2.0)[1:] == (0.0, 0.0, 0.0)


def test_intervals_cover():
    """Exponential lives censored at a fixed time: pointwise coverage at the median."""
    generator = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        lives = np.ceil(generator.exponential(100, 80))
        seen = np.minimum(lives, generator.integers(60, 200, 80))
        low, high = collapsed(list(zip(seen, lives <= seen, strict=True))).at(69)[2:]
        hits += low <= np.exp(-0.69) <= high
    assert 0.92 <= hits / 300 <= 0.98


@pytest.mark.parametrize("arguments", [([1, 1], [1, 1], [0, 0]), ([1], [1], [2]), ([1], [1, 2], [0])])
def test_refuses_nonsense(arguments):
    with pytest.raises(ValueError, match=r"times must|ended must"):
        kaplan_meier(*arguments)
