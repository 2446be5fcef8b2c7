"""One test per option of sim_features_N600 against the Stata plug-in (build 6 January 2024).

Every model is `traj, model(zip) order(2 2 2) ...` on 12 waves at times -1 to 1 unless its name says otherwise. The
plug-in's standard errors are those of the inverse observed information times n / (n - 1), n = 600.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trajectories.reference import columns, stata_fits, table
from vestige.trajectories import (
    DualTrajectorySettings,
    MultiTrajectorySettings,
    Panel,
    PathSettings,
    TrajectoryResult,
    TrajectorySettings,
    fit_dual_trajectories,
    fit_multi_trajectories,
    fit_trajectories,
)

CLOSE = 0.01
TIMES = np.linspace(-1.0, 1.0, 12)
STATA_ERROR = np.sqrt(600 / 599)
NAMES = {
    "intercept": "interc", "linear": "linear", "quadratic": "quadra", "tc": "G", "constant": "const", "x": "G"
}  # fmt: skip


def _panel(shared: Path, responses: str = "y", *extras: str) -> Panel:
    data = table(shared, "sim_features_N600")
    more: dict[str, Any] = {}
    if "risk" in extras:
        more |= {"risk_factors": data[["x"]].to_numpy(), "risk_factor_names": ("x",)}
    if "exposure" in extras:
        more["exposure"] = columns(data, "ex{}", 1, 12)
    if "covariate" in extras:
        more |= {"covariates": columns(data, "tc{}", 1, 12)[:, :, None], "covariate_names": ("tc",)}
    if "weight" in extras:
        more["weights"] = data["w"].to_numpy()
    return Panel(columns(data, responses + "{}", 1, 12), TIMES, **more)


def _check(shared: Path, name: str, fit: TrajectoryResult, *, errors: bool = True) -> None:
    reference = stata_fits(shared, "sim_features_N600")[name]
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)
    assert fit.criteria.parameters == reference["n_params"]
    assert fit.criteria.bic_members == pytest.approx(reference["BIC_n_subjects"], abs=CLOSE)
    assert fit.criteria.bic_observations == pytest.approx(reference["BIC_N_data"], abs=CLOSE)
    assert 100 * fit.shares == pytest.approx(reference["group_pct"], abs=0.02)
    for row in fit.table("parameters").to_pylist():
        key = _stata_name(row)
        if row["outcome"] == "outcome" and key in reference["params"]:
            assert row["estimate"] == pytest.approx(
                reference["params"][key], abs=2e-3 * max(1.0, row["standard_error"])
            )
            if errors:
                assert row["standard_error"] * STATA_ERROR == pytest.approx(reference["se"][key], rel=5e-3)


def _stata_name(row: dict[str, Any]) -> str:
    if row["part"] == "zero":
        power = ("intercept", "linear", "quadratic").index(row["name"])
        return f"alpha{power}" if row["group"] is None else f"alpha{power}G{row['group']}"
    return f"{NAMES.get(row['name'], row['name'])}{row['group']}"


ZIP: dict[str, Any] = {"family": "zip", "groups": 3, "order": 2, "zero_order": 0}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("poisson", {"family": "poisson"}),
        ("zip iorder(0) [ONE common alpha]", {"zero_scope": "common"}),
        ("zip iorder(0 0 0)", {}),
        ("zip iorder(-1 0 1)", {"zero_order": (-1, 0, 1)}),
        ("zip iorder(0 0 0) order(0 1 2)", {"order": (0, 1, 2)}),
    ],
)
def test_orders_and_zero_parts(shared: Path, name: str, settings: dict[str, Any]) -> None:
    _check(shared, name, fit_trajectories(_panel(shared), settings=TrajectorySettings(**(ZIP | settings))))


@pytest.mark.parametrize(
    ("name", "responses", "extras"),
    [
        ("zip expos", "y", ["exposure"]),
        ("zip tcov", "y", ["covariate"]),
        ("zip missing MAR 12% (ym)", "ym", []),
        ("zip no dropout model (yd)", "yd", []),
    ],
)
def test_data_options(shared: Path, name: str, responses: str, extras: list[str]) -> None:
    fit = fit_trajectories(_panel(shared, responses, *extras), settings=TrajectorySettings(**ZIP))
    _check(shared, name, fit)


def test_sampling_weights(shared: Path) -> None:
    """With weights the plug-in's errors are not the model-based ones; estimates and likelihood agree."""
    fit = fit_trajectories(_panel(shared, "y", "weight"), settings=TrajectorySettings(**ZIP))
    _check(shared, "zip weight(w)", fit, errors=False)


def test_all_options_together(shared: Path) -> None:
    panel = _panel(shared, "y", "exposure", "covariate", "risk", "weight")
    fit = fit_trajectories(panel, settings=TrajectorySettings(**ZIP))
    reference = stata_fits(shared, "sim_features_N600")["zip expos tcov risk weight"]
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)


@pytest.mark.parametrize(("name", "group"), [("zip risk(x)", 1), ("zip risk(x) refgroup(3)", 3)])
def test_risk_factors_and_reference_group(shared: Path, name: str, group: int) -> None:
    fit = fit_trajectories(_panel(shared, "y", "risk"), settings=TrajectorySettings(**ZIP, reference_group=group))
    _check(shared, name, fit)
    reference = stata_fits(shared, "sim_features_N600")[name]
    rows = [row for row in fit.table("parameters").to_pylist() if row["part"] == "membership"]
    assert {row["group"] for row in rows} == {1, 2, 3} - {group}
    for row in rows:
        assert row["estimate"] == pytest.approx(reference["params"][_stata_name(row)], abs=1e-3)
        assert row["standard_error"] * STATA_ERROR == pytest.approx(reference["se"][_stata_name(row)], rel=5e-3)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_drop_out(shared: Path, order: int) -> None:
    fit = fit_trajectories(_panel(shared, "yd"), settings=TrajectorySettings(**ZIP, dropout_order=order))
    name = f"zip dropout[{order}, {order}, {order}] (yd)"
    _check(shared, name, fit)
    reference = stata_fits(shared, "sim_features_N600")[name]
    for row in fit.table("parameters").to_pylist():
        if row["outcome"] == "outcome drop-out":
            lag = 0 if row["name"] == "intercept" else int(row["name"].removeprefix("lag"))
            assert row["estimate"] == pytest.approx(reference["params"][f"drop{lag}G{row['group']}"], abs=3e-3)


def test_logit(shared: Path) -> None:
    fit = fit_trajectories(_panel(shared, "z"), settings=TrajectorySettings(family="logit", groups=2, order=1))
    _check(shared, "logit z order[1,1]", fit)


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
        _panel(shared), _panel(shared, "z"), settings=DualTrajectorySettings(paths, groups=groups)
    )
    reference = stata_fits(shared, "sim_features_N600")[name]
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)
    assert fit.criteria.parameters == reference["n_params"]
    joint = fit.shares.reshape(groups)
    assert sorted(100 * joint.sum(axis=1)) == pytest.approx(sorted(reference["group_pct"]), abs=0.02)
    rows = fit.table("conditional").to_pylist()
    assert sum(row["second_given_first"] for row in rows) == pytest.approx(groups[0])


def test_multi_trajectory_model(shared: Path) -> None:
    paths = (PathSettings(family="zip", order=2, zero_order=0), PathSettings(family="logit", order=1))
    fit = fit_multi_trajectories(
        [_panel(shared), _panel(shared, "z")], settings=MultiTrajectorySettings(paths, groups=3)
    )
    reference = stata_fits(shared, "sim_features_N600")["MULTI multgroups(3) zip y + logit z order[1,1,1]"]
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)
    assert fit.criteria.parameters == reference["n_params"]
    assert sorted(100 * fit.shares) == pytest.approx(sorted(reference["group_pct"]), abs=0.02)
