"""Aalen-Johansen and Kaplan-Meier against R's survival and cmprsk, and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestige.careers.incidence import EventHistories, cumulative_incidence
from vestige.errors import SettingsError

TIMES = np.array([3, 5, 5, 7, 9, 9, 9, 12, 14, 15, 15, 18, 20, 20, 21, 24, 25, 27, 30, 30, 31, 33, 36, 36, 40, 41, 44,
                  45, 45, 48.0])  # fmt: skip
CAUSES = np.array([1, 2, 0, 1, 1, 2, 0, 1, 2, 0, 1, 1, 2, 1, 0, 2, 1, 0, 0, 1, 2, 1, 0, 2, 1, 0, 1, 2, 1, 0])
AT = np.array([6, 12, 24, 36, 46.0])


def histories_of(entry, end, cause, causes):
    return EventHistories(np.asarray(entry, float), np.asarray(end, float), np.asarray(cause, np.int64), causes)


def test_two_causes_equal_r_survival_and_cmprsk():
    """R 4.2, survival 3.5-3: summary(survfit(Surv(t, factor(s, 0:2)) ~ 1), times = c(6, 12, 24, 36, 46)).

    cmprsk 2.2-11, timepoints(cuminc(t, s), c(6, 12, 24, 36, 46)), gives the same estimates; its variance (Gray's) is
    a fifth larger where few are left at risk, and the same within 3 % before.
    """
    found = cumulative_incidence(histories_of(np.zeros(30), TIMES, CAUSES, 2), AT)
    estimates = [
        [0.0333333333333, 0.1385399892646, 0.250549481594, 0.383188970817, 0.580263801389],
        [0.0333333333333, 0.0679012345679, 0.182442014860, 0.278968462487, 0.349352330549],
    ]
    errors = [
        [0.0327730693417, 0.0643841725899, 0.0823208949746, 0.0970502063325, 0.1097354220727],
        [0.0327730693417, 0.0463765498589, 0.0741849553355, 0.0910490004841, 0.1040320214479],
    ]
    assert found.incidence == pytest.approx(np.transpose(estimates), rel=1e-9)
    assert found.error == pytest.approx(np.transpose(errors), rel=1e-9)


def test_one_cause_equals_kaplan_meier_with_greenwood_and_log_log_intervals():
    """R 4.2, survival 3.5-3: summary(survfit(Surv(t, s == 1) ~ 1, conf.type = "log-log"), times = ...)."""
    found = cumulative_incidence(histories_of(np.zeros(30), TIMES, CAUSES == 1, 1), AT)
    reference = np.array(
        [
            [0.966666666667, 0.0327730693417, 0.7860836040194, 0.995236339577],
            [0.856146001074, 0.0668050282208, 0.6598306290968, 0.943632318869],
            [0.729547970840, 0.0883373113967, 0.5120659120221, 0.861946212683],
            [0.551986030847, 0.1126115461678, 0.3120360028937, 0.738454902560],
            [0.229994179520, 0.1311075886349, 0.0431415958328, 0.502987520104],
        ]
    )
    survival = np.column_stack([1 - found.incidence, found.error, 1 - found.high, 1 - found.low])
    assert survival == pytest.approx(reference, rel=1e-9)


def test_delayed_entry_equals_r_survival():
    """R 4.2: e <- t * 0.3 * (seq_along(t) %% 3 == 0); survfit(Surv(e, t, s == 1) ~ 1, conf.type = "log-log")."""
    entry = TIMES * 0.3 * ((np.arange(30) + 1) % 3 == 0)
    found = cumulative_incidence(histories_of(entry, TIMES, CAUSES == 1, 1), AT)
    reference = np.array(
        [
            [0.954545454545, 0.0444094736781, 0.7187028534239, 0.993469602440],
            [0.828324567994, 0.0780317745077, 0.6053220905646, 0.931769613096],
            [0.705840484005, 0.0932333837526, 0.4807262976872, 0.847311121997],
            [0.534048620173, 0.1125392810869, 0.2976771917252, 0.722737086104],
            [0.222520258405, 0.1273896601269, 0.0419732041278, 0.490559227382],
        ]
    )
    survival = np.column_stack([1 - found.incidence, found.error, 1 - found.high, 1 - found.low])
    assert survival == pytest.approx(reference, rel=1e-9)


def test_rounding_never_makes_more_than_everybody():
    """Of 24 members who begin one by one, sums of the shares exceed 1 in the last digit."""
    for members in range(2, 60):
        found = cumulative_incidence(
            histories_of(np.zeros(members), np.arange(1.0, members + 1), np.ones(members), 1), np.array([members])
        )
        assert found.incidence[-1, 0] == pytest.approx(1)
        assert found.incidence.max() <= 1
        assert found.high.max() <= 1


def test_members_are_at_risk_after_entry_until_their_end():
    found = cumulative_incidence(histories_of([0, 2, 4], [5, 5, 6], [1, 0, 1], 1), np.array([2.0, 3.0, 5.0, 6.0, 7.0]))
    assert found.at_risk.tolist() == [1, 2, 3, 1, 0]
    assert found.events[:, 0].tolist() == [0, 0, 1, 2, 2]


def test_without_censoring_it_is_the_share_of_members():
    found = cumulative_incidence(
        histories_of([0, 0, 0, 0, 0], [1, 2, 2, 3, 4], [1, 2, 1, 1, 2], 2), np.array([2.0, 4.0])
    )
    assert found.incidence == pytest.approx(np.array([[0.4, 0.2], [0.6, 0.4]]))
    assert found.error[0] == pytest.approx(np.sqrt([0.4 * 0.6 / 5, 0.2 * 0.8 / 5]))
    assert found.at_risk.tolist() == [4, 1]


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 3)), min_size=1, max_size=60).map(
        lambda pairs: tuple(np.array(column) for column in zip(*pairs, strict=True))
    )
)
def test_causes_sum_to_the_incidence_of_any_cause(found):
    end, cause = found
    at = np.arange(0.0, 21.0)
    apart = cumulative_incidence(histories_of(np.zeros(end.size), end, cause, 3), at)
    together = cumulative_incidence(histories_of(np.zeros(end.size), end, cause > 0, 1), at)
    assert apart.incidence.sum(axis=1) == pytest.approx(together.incidence[:, 0], abs=1e-12)
    assert (np.diff(apart.incidence, axis=0) >= -1e-12).all()
    assert ((apart.low <= apart.incidence + 1e-12) & (apart.incidence <= apart.high + 1e-12)).all()
    assert np.isfinite(apart.error).all()


@pytest.mark.parametrize(
    ("entry", "end", "cause", "words"),
    [
        ([0.0], [0.0], [1], "end after it begins"),
        ([0.0], [np.nan], [1], "finite"),
        ([0.0], [1.0], [3], "out of range"),
        ([0.0, 1.0], [1.0], [1], "one value a member"),
    ],
)
def test_impossible_histories_are_refused(entry, end, cause, words):
    with pytest.raises(SettingsError, match=words):
        histories_of(entry, end, cause, 2)
