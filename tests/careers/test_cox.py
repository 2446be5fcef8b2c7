"""Cox's model in counting-process form against R's survival, lifelines and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.careers.cox import RiskRows, check_proportionality, fit_cox
from vestige.errors import ModelError

START = [0, 5, 0, 0, 3, 8, 2, 0, 0, 4, 0, 6, 0, 1, 0, 0]
STOP = [5, 9, 7, 3, 8, 12, 7, 4, 12, 11, 6, 10, 3, 7, 12, 9]
EVENT = [0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1]
X = [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]
Z = [0.5, 0.7, 1.2, 0.3, 0.9, 1.1, 2, 0.4, 0.1, 0.6, 1.5, 1.6, 0.2, 0.8, 0.3, 1.4]


def rows_of(start, stop, event, *covariates):
    columns = np.stack([np.asarray(column, float) for column in covariates], axis=1)
    return RiskRows(np.asarray(start, float), np.asarray(stop, float), np.asarray(event, bool), columns)


def test_equals_r_survival_with_delayed_entry_changing_covariates_and_ties():
    """R 4.2, survival 3.5-3:

    f <- coxph(Surv(start, stop, event) ~ x + z, d, ties = "efron")
    coef(f); vcov(f); f$loglik; f$score; residuals(f, "schoenfeld")

    R stops at a relative change of 1e-9 of the log-likelihood, hence 1e-6 on estimates.
    """
    fit = fit_cox(rows_of(START, STOP, EVENT, X, Z))
    assert fit.coefficients == pytest.approx([1.215682404762, 0.965150046527], rel=1e-6)
    assert fit.covariance == pytest.approx(
        np.array([[0.7208986397582, -0.0527704859748], [-0.0527704859748, 0.5828786281528]]), rel=1e-5
    )
    assert fit.null_log_likelihood == pytest.approx(-13.631106835, rel=1e-9)
    assert fit.log_likelihood == pytest.approx(-11.318752286, rel=1e-9)
    assert fit.score_statistic == pytest.approx(4.52796716838, rel=1e-9)
    assert fit.event_times.tolist() == [3, 7, 7, 9, 9, 10, 11]
    schoenfeld = [
        (0.310493006877, -1.1767411812366), (0.296865938280, -0.0943533448606), (0.296865938280, 0.7056466551394),
        (0.325397778746, -0.2714754420405), (-0.674602221254, 0.4285245579595), (-0.688885174374, 0.6239307191186),
        (0.133864733446, -0.2155319640798),
    ]  # fmt: skip
    assert fit.schoenfeld == pytest.approx(np.array(schoenfeld), abs=1e-6)


def test_proportionality_equals_lifelines():
    """lifelines 0.30: CoxPHFitter().fit(frame, "stop", "event"); proportional_hazard_test(fit, frame, "rank").

    lifelines ranks times without ties between distinct ones, so the data have none.
    """
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    generator = np.random.default_rng(3)
    frame = pd.DataFrame({"x": generator.integers(0, 2, 80).astype(float), "z": generator.normal(size=80)})
    frame["stop"] = generator.exponential(np.exp(-0.5 * frame.x - 0.4 * frame.z))
    frame["event"] = generator.random(80) < 0.7
    peer = CoxPHFitter().fit(frame, "stop", "event", fit_options={"precision": 1e-10})
    theirs = proportional_hazard_test(peer, frame, time_transform="rank")
    fit = fit_cox(rows_of(np.zeros(80), frame.stop, frame.event, frame.x, frame.z))
    assert fit.coefficients == pytest.approx(peer.params_.to_numpy(), rel=1e-5)
    found = check_proportionality(fit)
    assert found.statistic == pytest.approx(theirs.test_statistic, rel=1e-4)
    assert found.p_value == pytest.approx(theirs.p_value, rel=1e-4)


def test_one_binary_covariate_without_ties_has_the_log_rank_score():
    """Three events at 1, 2, 3 among a, b, a, b: by hand, U = sum(x - mean) and V = sum(mean (1 - mean))."""
    fit = fit_cox(rows_of([0, 0, 0, 0], [1, 2, 3, 4], [1, 1, 1, 0], [1, 0, 1, 0]))
    means = np.array([2 / 4, 1 / 3, 1 / 2])
    score = (np.array([1, 0, 1]) - means).sum()
    assert fit.score_statistic == pytest.approx(score**2 / (means * (1 - means)).sum())


@st.composite
def histories(draw):
    members = draw(st.integers(12, 40))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    stop = generator.integers(2, 12, members).astype(float)
    start = np.floor(stop * generator.random(members) * 0.7)
    return start, stop, generator.random(members) < 0.6, generator.normal(size=members), generator.normal(size=members)


@given(histories())
def test_cutting_a_row_in_two_or_moving_all_times_changes_nothing(found):
    start, stop, event, x, z = found
    if not event.any():
        return
    try:
        whole = fit_cox(rows_of(start, stop, event, x, z))
    except ModelError:
        return
    middle = (start + stop) / 2
    cut = fit_cox(
        rows_of(np.r_[start, middle], np.r_[middle, stop], np.r_[np.zeros(len(event)), event], np.r_[x, x], np.r_[z, z])
    )
    moved = fit_cox(rows_of(start * 3 + 7, stop * 3 + 7, event, 5 * x + 2, z))
    assert cut.coefficients == pytest.approx(whole.coefficients, abs=1e-5)
    assert cut.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-9)
    assert moved.coefficients * [5, 1] == pytest.approx(whole.coefficients, abs=1e-5)
    assert cut.schoenfeld.sum(axis=0) == pytest.approx(np.zeros(2), abs=1e-4)


@pytest.mark.parametrize(
    ("event", "x", "words"),
    [
        ([0, 0, 0, 0], [1, 0, 1, 0], "nobody has the event"),
        ([1, 1, 0, 1], [2, 2, 2, 2], "does not vary"),
        ([1, 1, 0, 0], [1, 1, 0, 0], "separates"),
    ],
)
def test_what_cannot_be_estimated_is_refused(event, x, words):
    with pytest.raises(ModelError, match=words):
        fit_cox(rows_of([0, 0, 0, 0], [1, 2, 3, 4], event, x))


def test_covariates_that_determine_one_another_are_refused():
    with pytest.raises(ModelError, match="determine one another"):
        fit_cox(rows_of(START, STOP, EVENT, X, [1 - value for value in X]))
