"""Models of several outcomes against the Stata plug-in (build 6 January 2024), sim_features_N600.

Dual: `traj, var(y1-y12) ... order(2 2) var2(z1-z12) model2(logit) order2(1 1)`; its `m2theta2Gj` is the log-odds of
group 2 of the second outcome against its group 1, given group j of the first. Multi: `traj, multgroups(3) ...`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trajectories.reference import stata_fits
from trajectories.stata_cases import POWERS, feature_panel, matched_groups
from vestige.trajectories import (
    DualTrajectorySettings,
    MultiTrajectorySettings,
    Panel,
    PathSettings,
    TrajectoryResult,
    fit_dual_trajectories,
    fit_multi_trajectories,
)

CLOSE = 0.01
STATA_ERROR = np.sqrt(600 / 599)
FILE = "sim_features_N600"


def _same(fit: TrajectoryResult, reference: dict[str, Any], stata: str, outcome: str, group: int, name: str) -> None:
    rows = fit.table("parameters").to_pylist()
    row = next(row for row in rows if (row["outcome"], row["group"], row["name"]) == (outcome, group, name))
    assert row["estimate"] == pytest.approx(reference["params"][stata], abs=1e-3), stata
    assert row["standard_error"] * STATA_ERROR == pytest.approx(reference["se"][stata], rel=5e-3), stata


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("JOINT poisson y order[2,2] + logit z order[1,1]", (2, 2)),
        ("JOINT poisson y order[2,2,2] + logit z order[1,1]", (3, 2)),
    ],
)
def test_dual_models(shared: Path, name: str, groups: tuple[int, int]) -> None:
    paths = (PathSettings(family="poisson", order=2), PathSettings(family="logit", order=1))
    fit = fit_dual_trajectories(
        feature_panel(shared, "y"), feature_panel(shared, "z"), settings=DualTrajectorySettings(paths, groups=groups)
    )
    reference = stata_fits(shared, FILE)[name]
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)
    assert fit.criteria.parameters == reference["n_params"]
    first, second = matched_groups(fit, reference["plot"]), matched_groups(fit, reference["plot2"], 1)
    margins = {(row["outcome"], row["group"]): row for row in fit.table("margins").to_pylist()}
    for theirs, ours in enumerate(first):
        assert 100 * margins["outcome1", ours + 1]["share"] == pytest.approx(reference["group_pct"][theirs], abs=1e-3)
        for stata, power in list(POWERS.items())[:3]:
            _same(fit, reference, f"{stata}{theirs + 1}", "outcome1", ours + 1, power)
    for theirs, ours in enumerate(second):
        assert 100 * margins["outcome2", ours + 1]["share"] == pytest.approx(reference["group_pct2"][theirs], abs=1e-3)
        for stata, power in (("m2intr", "intercept"), ("m2linr", "linear")):
            _same(fit, reference, f"{stata}{theirs + 1}", "outcome2", ours + 1, power)
    _check_conditional(fit, reference, first, second)


def _check_conditional(fit: TrajectoryResult, reference: dict[str, Any], first: np.ndarray, second: np.ndarray) -> None:
    """The error of a probability p is p (1 - p) times that of its log-odds."""
    rows = {(row["first_group"], row["second_group"]): row for row in fit.table("conditional").to_pylist()}
    for theirs, ours in enumerate(first):
        row = rows[ours + 1, second[1] + 1]
        chance = row["second_given_first"]
        odds = reference["params"][f"m2theta2G{theirs + 1}"]
        assert np.log(chance / (1 - chance)) == pytest.approx(odds, abs=1e-3)
        error = reference["se"][f"m2theta2G{theirs + 1}"] * chance * (1 - chance)
        assert row["second_given_first_error"] * STATA_ERROR == pytest.approx(error, rel=5e-3)
        assert row["second_given_first_low"] < chance < row["second_given_first_high"]


def test_multi_trajectory_model(shared: Path) -> None:
    paths = (PathSettings(family="zip", order=2, zero_order=0), PathSettings(family="logit", order=1))
    fit = fit_multi_trajectories(
        [feature_panel(shared, "y"), feature_panel(shared, "z")], settings=MultiTrajectorySettings(paths, groups=3)
    )
    reference = stata_fits(shared, FILE)["MULTI multgroups(3) zip y + logit z order[1,1,1]"]
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)
    assert fit.criteria.parameters == reference["n_params"]
    order = matched_groups(fit, reference["plot"])
    assert 100 * fit.shares[order] == pytest.approx(reference["group_pct"], abs=1e-3)
    assert np.bincount(fit.assignments - 1)[order].tolist() == reference["assigned_counts"]
    for theirs, ours in enumerate(order, 1):
        for stata, power in list(POWERS.items())[:3]:
            _same(fit, reference, f"{stata}G{theirs}M1", "outcome1", ours + 1, power)
        for stata, power in (("interc", "intercept"), ("linear", "linear")):
            _same(fit, reference, f"{stata}G{theirs}M2", "outcome2", ours + 1, power)


def test_risk_factors_of_a_dual_model_recover_the_truth() -> None:
    """P(second group 2 | first group) depends on x: log-odds 1.2 x - 1 given group 1, 0.5 given group 2."""
    generator = np.random.default_rng(3)
    members, times = 3000, np.linspace(-1.0, 1.0, 6)
    risk = generator.normal(size=members)
    first = generator.random(members) < 1 / (1 + np.exp(0.4 - 0.8 * risk))
    second = generator.random(members) < 1 / (1 + np.exp(-np.where(first, 0.5, 1.2 * risk - 1.0)))
    counts = generator.poisson(np.where(first, 6.0, 0.6)[:, None], (members, 6)).astype(float)
    answers = (generator.random((members, 6)) < np.where(second, 0.85, 0.1)[:, None]).astype(float)
    panel = Panel(counts, times, risk_factors=risk[:, None], risk_factor_names=("x",))
    paths = (PathSettings(family="poisson", order=0), PathSettings(family="logit", order=0))
    fit = fit_dual_trajectories(panel, Panel(answers, times), settings=DualTrajectorySettings(paths, groups=(2, 2)))
    frame = fit.table("parameters").to_pandas()
    rows = frame[frame["part"] == "membership"].set_index(["group", "name"])
    truth = {(2, "constant"): -1.0, (2, "x"): 1.2}
    for key, value in truth.items():
        assert abs(rows.loc[key, "estimate"] - value) < 3.5 * rows.loc[key, "standard_error"]
    given_second = np.zeros(len(frame))
    for group, sign in ((4, 1.0), (3, -1.0)):
        given_second[frame.index[(frame["group"] == group) & (frame["name"] == "x")]] = sign
    assert fit.wald(given_second).p_value > 1e-3
    expected = [(second & (first == one)).sum() / (first == one).sum() for one in (False, True)]
    found = [row["second_given_first"] for row in fit.table("conditional").to_pylist() if row["second_group"] == 2]
    assert found == pytest.approx(expected, abs=0.03)
