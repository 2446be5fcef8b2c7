"""Bad input is a clear error or a finding; never NaN estimates without a word."""

import numpy as np
import pytest

from vestige.errors import SettingsError
from vestige.trajectories import (
    Panel,
    SearchSettings,
    SelectionSettings,
    TrajectorySettings,
    fit_trajectories,
    select_trajectories,
)

QUICK = SearchSettings(starts=6, polished=4, split_merge_rounds=1)


def _counts(members: int = 60) -> np.ndarray:
    return np.random.default_rng(0).poisson(1.5, (members, 5)).astype(float)


def _with(value: float) -> np.ndarray:
    counts = _counts()
    counts[3, 2] = value
    return counts


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (_with(-1.0), "negative"),
        (_with(0.5), "fractions"),
        (_with(np.inf), "infinite"),
        (_with(3e9), "above two thousand million"),
        (np.zeros((30, 5)), "every count is zero"),
        (_counts(1), "one member"),
        (np.full((20, 5), np.nan), "no observed response"),
        (np.array([["a", "b"]]), "table of numbers"),
        (np.ones(5), "table of numbers"),
    ],
)
def test_impossible_counts_are_refused(values: np.ndarray, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        fit_trajectories(values, settings=TrajectorySettings(groups=2, order=1, search=QUICK))
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": np.ones(5)}, "same time"),
        ({"times": np.array([1, 2, 3, 4, np.nan])}, "times holds missing"),
        ({"identifiers": np.array([0] * 60)}, "identifier occurs twice"),
        ({"weights": np.zeros(60)}, "weights must be positive"),
        ({"exposure": np.zeros((60, 5))}, "exposure of an observed cell is not positive"),
        ({"exposure": np.full((60, 5), np.inf)}, "exposure of an observed cell is not positive"),
        ({"exposure": np.full((60, 5), np.nan)}, "exposure of an observed cell is not positive"),
        ({"weights": np.full(60, np.nan)}, "weights must be positive"),
        ({"exposure": np.ones((60, 4))}, "panel's shape"),
        ({"risk_factors": np.full((60, 1), np.nan), "risk_factor_names": ("x",)}, "risk_factors holds missing"),
    ],
)
def test_impossible_panels_are_refused(changes: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Panel(**({"values": _counts(), "times": np.arange(5.0)} | changes))


def test_models_the_data_cannot_carry_are_refused() -> None:
    with pytest.raises(SettingsError, match="distinct histories"):
        fit_trajectories(np.tile([[0.0, 1.0], [1.0, 0.0]], (5, 1)), settings=TrajectorySettings(groups=3, order=0))
    with pytest.raises(SettingsError, match="distinct times"):
        fit_trajectories(_counts()[:, :2], settings=TrajectorySettings(groups=1, order=2))
    exposed = Panel(_counts() / 10.0, np.arange(5.0), exposure=np.ones((60, 5)))
    with pytest.raises(SettingsError, match="exposure belongs to counts"):
        fit_trajectories(exposed, settings=TrajectorySettings(family="cnorm", groups=2, order=1))
    panel = Panel(_counts(), np.arange(5.0), risk_factors=np.ones((60, 1)), risk_factor_names=("x",))
    with pytest.raises(SettingsError, match="same for everybody"):
        fit_trajectories(panel, settings=TrajectorySettings(groups=2, order=1))


def test_settings_that_contradict_themselves_are_refused() -> None:
    for changes in (
        {"groups": 0}, {"order": 6}, {"order": (1, 2)}, {"reference_group": 4}, {"confidence": 1.0}, {"minimum": 0.0},
        {"zero_scope": "common", "zero_order": (0, 0, 1)}, {"dropout_order": 3},
        {"family": "cnorm", "minimum": 1.0, "maximum": 0.0}, {"basis": "spline", "order": (1, 2, 3)},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            TrajectorySettings(**({"groups": 3} | changes))


def test_perfect_separation_is_a_finding() -> None:
    """One half never says yes: its log-odds run to minus infinity."""
    values = np.zeros((80, 12))
    values[:40] = np.random.default_rng(1).random((40, 12)) < 0.8
    fit = fit_trajectories(values, settings=TrajectorySettings(family="logit", groups=2, order=1, search=QUICK))
    assert "separation" in {finding.code for finding in fit.findings}
    assert np.isfinite(fit.estimates.values).all()
    assert fit.shares == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_risk_factor_that_separates_the_groups_is_a_finding() -> None:
    """It tells the groups apart without error: its coefficient runs to infinity and has no standard error."""
    generator = np.random.default_rng(0)
    high = generator.random(150) < 0.4
    values = generator.poisson(np.where(high, 6.0, 0.5)[:, None], (150, 5)).astype(float)
    risk = np.where(high, 3.0, -3.0)[:, None]
    panel = Panel(values, np.arange(5.0), risk_factors=risk, risk_factor_names=("x",))
    fit = fit_trajectories(panel, settings=TrajectorySettings(family="poisson", groups=2, order=0, search=QUICK))
    assert "not-identified" in {finding.code for finding in fit.findings}
    rows = [row for row in fit.table("parameters").to_pylist() if row["part"] == "membership"]
    assert all(np.isfinite(row["estimate"]) and np.isnan(row["standard_error"]) for row in rows)


@pytest.mark.parametrize("values", [np.ones((60, 5, 1)), np.tile(np.arange(5.0)[None, :, None], (60, 1, 1))])
def test_a_covariate_that_time_determines_is_a_finding(values: np.ndarray) -> None:
    panel = Panel(_counts(), np.arange(5.0), covariates=values, covariate_names=("c",))
    fit = fit_trajectories(panel, settings=TrajectorySettings(family="poisson", groups=1, order=1, search=QUICK))
    assert "not-identified" in {finding.code for finding in fit.findings}
    assert np.isfinite(fit.estimates.values).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_covariate_that_is_no_number_is_refused(value: float) -> None:
    covariates = np.ones((60, 5, 1))
    covariates[2, 1] = value
    panel = Panel(_counts(), np.arange(5.0), covariates=covariates, covariate_names=("c",))
    with pytest.raises(SettingsError, match="time-varying covariate is missing"):
        fit_trajectories(panel, settings=TrajectorySettings(groups=2, order=1, search=QUICK))


def test_a_collapsed_sigma_never_wins_silently() -> None:
    """Five members repeat one number: with a sigma of its own, that group's likelihood has no bound."""
    generator = np.random.default_rng(2)
    values = np.vstack([generator.normal(0, 1, (60, 5)), np.full((5, 5), 7.0)])
    settings = TrajectorySettings(family="cnorm", groups=2, order=0, spread_scope="group")
    fit = fit_trajectories(values, settings=settings)
    codes = {finding.code for finding in fit.findings}
    assert codes & {"collapsed-spread", "degenerate-set-aside"}
    assert np.isfinite(fit.log_likelihood)


def test_a_search_passes_over_degenerate_models_and_says_so() -> None:
    """With two groups a sigma collapses, and BIC would like it; one group is what remains."""
    values = np.vstack([np.random.default_rng(2).normal(0, 1, (60, 5)), np.full((5, 5), 7.0)])
    model = TrajectorySettings(family="cnorm", groups=2, order=0, spread_scope="group", search=QUICK)
    result = select_trajectories(values, settings=SelectionSettings(model=model, groups=(1, 2), split_halves=False))
    assert result.fits[1].criteria.bic_members > result.fits[0].criteria.bic_members
    assert result.best().classes == 1
    assert [finding.code for finding in result.findings] == ["degenerate-model"]


def test_too_many_groups_for_the_data_are_said() -> None:
    values = np.tile(np.array([[0.0, 2.0, 1.0], [5.0, 4.0, 6.0], [1.0, 0.0, 2.0]]), (30, 1))
    fit = fit_trajectories(values, settings=TrajectorySettings(family="poisson", groups=3, order=0, search=QUICK))
    assert fit.findings
    assert not np.isnan(fit.estimates.values).any()
