"""Default settings reach the best known log-likelihood of every stored fit, or better.

References: the Stata plug-in `traj` (Jones and Nagin, build 6 January 2024), e.g. for the Cambridge data
`traj, var(c1-c23) indep(t1-t23) model(logit) order(2 2)`; crimCV 1.0.0 (`crimCV(y, ng, dpolyp=2, dpolyl=2)`); and
the best of many starts of any package ("best known"). Where ours is more than 0.01 above, the reference stopped at a
lower optimum; `BETTER` names those, so that a search that gets worse is seen.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trajectories.reference import columns, records, simulated, stata_fits, table, toronto
from trajectories.stata_cases import CASES, Case, matched_groups, our_parameter, plugin_errors
from vestige.trajectories import Panel, TrajectoryResult, TrajectorySettings, fit_trajectories

CLOSE = 0.01


def _fit(panel: Panel, **settings: object) -> TrajectoryResult:
    return fit_trajectories(panel, settings=TrajectorySettings(**settings))


def test_ten_thousand_members_and_six_groups_reach_the_optimum_that_the_plugin_misses(shared: Path) -> None:
    fits = records(shared, "sim_zip_N10000.fits")
    best = next(fit["best_loglik"] for fit in fits if fit["K"] == 6 and "best_loglik" in fit)
    plugin = next(fit["loglik"] for fit in fits if fit["K"] == 6 and fit.get("package") == "Stata traj plugin")
    fit = _fit(simulated(shared, "sim_zip_N10000"), groups=6, order=2, zero_order=1)
    assert fit.log_likelihood == pytest.approx(best, abs=CLOSE)
    assert fit.log_likelihood - plugin == pytest.approx(2653.8, abs=0.1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_plugins_fits_are_reached_or_beaten(shared: Path, case: Case) -> None:
    """Where both end at one optimum, everything the plug-in printed is the same.

    Its covariance is the inverse observed information times something between 1 and n / (n - 1); hence the tolerance of
    2 / n. With sampling weights its errors are neither model-based nor clustered and are not compared. It draws paths
    with exposure or covariates at one member's values, so these are not compared either.
    """
    reference = stata_fits(shared, case.file)[case.name]
    fit = fit_trajectories(case.panel(shared), settings=case.model())
    assert fit.converged
    assert fit.log_likelihood - reference["loglik"] == pytest.approx(case.gain, abs=CLOSE)
    assert fit.criteria.parameters == reference["n_params"]
    if case.gain:
        return
    order = matched_groups(fit, reference["plot"])
    assert fit.criteria.bic_members == pytest.approx(reference["BIC_n_subjects"], abs=CLOSE)
    assert fit.criteria.bic_observations == pytest.approx(reference["BIC_N_data"], abs=CLOSE)
    assert 100 * fit.shares[order] == pytest.approx(reference["group_pct"], abs=1e-3)
    assert np.bincount(fit.assignments - 1, minlength=fit.classes)[order].tolist() == reference["assigned_counts"]
    average = [fit.posterior[fit.assignments == group + 1, group].mean() for group in order]
    assert average == pytest.approx(reference["APP"], abs=1e-5)
    _check_parameters(case, fit, reference, order)
    panel = fit.panels[0]
    if panel.exposure is None and panel.covariates is None:
        _check_bands(case, fit, np.array(reference["plot"], dtype=np.float64), order)


def _check_parameters(case: Case, fit: TrajectoryResult, reference: dict[str, Any], order: np.ndarray) -> None:
    members = fit.criteria.members
    compared = 0
    for name, value in reference["params"].items():
        found = our_parameter(fit, name, order)
        if name in case.edges or found is None:
            continue
        estimate, error = found
        assert estimate == pytest.approx(value, abs=1e-3 * max(1.0, error)), name
        if fit.panels[0].weights is None:
            factor = np.sqrt(members / (members - 1))
            assert error * factor == pytest.approx(reference["se"][name], rel=max(5e-3, 2.0 / members)), name
        compared += 1
    assert compared == len(set(reference["params"]) - case.edges)


def _check_bands(case: Case, fit: TrajectoryResult, plot: np.ndarray, order: np.ndarray) -> None:
    groups, times = fit.classes, plot[:, 0]
    observed = np.array(fit.table("trajectories").column("observed").to_pylist()).reshape(groups, times.size)
    for theirs, ours in enumerate(order):
        predicted = plot[:, 1 + groups + theirs]
        assert fit.curves(0, times)[ours].expected == pytest.approx(predicted, rel=1e-4, abs=1e-4)
        assert observed[ours] == pytest.approx(plot[:, 1 + theirs], abs=1e-4)
        if f"interc{theirs + 1}" not in case.edges and fit.panels[0].weights is None:
            width = plot[:, 2 + 2 * groups + 2 * theirs] - predicted
            found = 1.959964 * plugin_errors(fit, ours, times)
            assert found == pytest.approx(width, rel=max(5e-3, 2.0 / fit.criteria.members), abs=1e-4)


def test_every_stored_fit_of_the_plugin_is_tested(shared: Path) -> None:
    files = sorted((shared / "data" / "gbtm").glob("*.ref_stata.json"))
    stored = {(file.name.split(".")[0], name) for file in files for name in stata_fits(shared, file.name.split(".")[0])}
    several = {entry for entry in stored if entry[1].startswith(("JOINT", "MULTI"))}
    assert stored - several == {(case.file, case.name) for case in CASES}


def test_montreal_target_is_a_known_lower_optimum(shared: Path) -> None:
    """The plug-in's -1597.51346 for orders 1 3 2 is among our optima, 3.08 below the best."""
    data = table(shared, "SAS_montreal_opposition138")
    panel = Panel(columns(data, "O{}", 1, 7), columns(data, "T{}", 1, 7)[0])
    fit = _fit(panel, family="cnorm", groups=3, order=(1, 3, 2), minimum=0.0, maximum=10.0)
    found = np.array(fit.table("optima").column("log_likelihood").to_pylist())
    assert np.abs(found - -1597.51346).min() < CLOSE


@pytest.mark.parametrize("groups", [2, 3, 4, 5])
def test_toronto_contacts_reach_the_best_known_optimum(shared: Path, groups: int) -> None:
    best = records(shared, "crimCV_TO1.best_known")[f"TO1 zip order3 iorder1 K{groups}"]
    fit = _fit(toronto(shared), groups=groups, order=3, zero_order=1)
    assert fit.log_likelihood == pytest.approx(best["best_loglik"], abs=CLOSE)
    assert sorted(fit.shares) == pytest.approx(sorted(best["pi"]), abs=1e-3)


CRIMCV = {
    ("crimCV_TO1", "ZIPt", 1): 0.0, ("crimCV_TO1", "ZIPt", 2): 0.0, ("crimCV_TO1", "ZIPt", 3): 0.0,
    ("crimCV_TO1", "ZIPt", 4): 18.575, ("crimCV_TO1", "ZIP", 1): 187.767, ("crimCV_TO1", "ZIP", 2): 0.0,
    ("crimCV_TO1", "ZIP", 3): 46.946, ("crimCV_TO1adj", "ZIPt", 1): 12.839, ("crimCV_TO1adj", "ZIPt", 2): 0.0,
    ("crimCV_TO1adj", "ZIPt", 3): 34.618, ("crimCV_TO1adj", "ZIPt", 4): 36.399, ("crimCV_TO1adj", "ZIP", 1): 0.0,
    ("crimCV_TO1adj", "ZIP", 2): 0.0, ("crimCV_TO1adj", "ZIP", 3): 0.0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "model", "groups"), CRIMCV)
def test_crimcv(shared: Path, name: str, model: str, groups: int) -> None:
    """crimCV keeps tau at or above zero; in TO1adj with one group the best tau is negative.

    In TO1 with four groups a tau has no bound: the optimum lies at the limit, where the group is told to be.
    """
    stored = records(shared, f"{name}.ref_crimCV")
    reference = next(fit for fit in stored if fit["model"] == model and fit["ng"] == groups)
    gain = CRIMCV[name, model, groups]
    family = "zip-tau" if model == "ZIPt" else "zip"
    fit = _fit(toronto(shared, name), family=family, groups=groups, order=2, zero_order=2)
    assert fit.log_likelihood - reference["loglik"] == pytest.approx(gain, abs=CLOSE)
    assert fit.converged
    codes = {finding.code for finding in fit.findings}
    assert ("unbounded-tau" in codes) == ((name, model, groups) == ("crimCV_TO1", "ZIPt", 4))
    if gain:
        return
    frame = fit.table("parameters").to_pandas()
    order = np.argsort(np.argsort(_coefficients(frame, "curve")[:, 0]))
    theirs = np.argsort(np.argsort(np.array(reference["beta_power_t"])[:, 0]))
    matched = np.array([int(np.flatnonzero(order == place)[0]) for place in theirs])
    assert fit.shares[matched] == pytest.approx(np.atleast_1d(reference["share"]), abs=1e-3)
    for part, stored_name in (("curve", "beta_power_t"), ("zero", "gamma_power_t"), ("tau", "tau")):
        if reference[stored_name] is not None:
            expected = np.array(reference[stored_name]).reshape(groups, -1)
            assert _coefficients(frame, part)[matched] == pytest.approx(expected, abs=5e-3)


def _coefficients(frame: pd.DataFrame, part: str) -> np.ndarray:
    """(groups, coefficients) estimates of one part."""
    rows = frame[frame["part"] == part]
    return rows["estimate"].to_numpy().reshape(rows["group"].nunique(), -1)


PAQUID = {1: 0.0, 2: 0.0, 3: 0.0}


@pytest.mark.parametrize("groups", PAQUID)
def test_paquid_with_times_of_each_members_own(shared: Path, groups: int) -> None:
    """lcmm 2.2.1: hlme(MMSE ~ age65 + I(age65^2), random = ~-1, mixture, ng), gridsearch with 20 repetitions."""
    reference = next(fit for fit in records(shared, "lcmm_paquid.ref_lcmm") if fit["ng"] == groups)
    data = table(shared, "lcmm_paquid").dropna(subset=["MMSE"])
    order = data.groupby("ID").cumcount()
    wide = data.assign(wave=order).pivot_table(index="ID", columns="wave", values=["MMSE", "age"])
    times = (wide["age"].to_numpy(dtype=np.float64) - 65.0) / 10.0
    panel = Panel(wide["MMSE"].to_numpy(dtype=np.float64), np.nan_to_num(times))
    fit = _fit(panel, family="cnorm", groups=groups, order=2)
    assert fit.log_likelihood - reference["loglik"] == pytest.approx(PAQUID[groups], abs=CLOSE)
    assert -2 * fit.criteria.bic_members == pytest.approx(reference["BIC_n_subjects_lower_better"], abs=CLOSE)
    assert sorted(fit.shares) == pytest.approx(sorted(np.atleast_1d(reference["share"])), abs=1e-3)
    frame = fit.table("parameters").to_pandas()
    for name, stored in (("intercept", "intercept"), ("linear", "age65"), ("quadratic", "I(age65^2)")):
        ours = frame[(frame["part"] == "curve") & (frame["name"] == name)]["estimate"]
        expected = [value for key, value in reference["best"].items() if key.split(" class")[0] == stored]
        assert sorted(ours) == pytest.approx(sorted(expected[-groups:]), abs=5e-3)
    assert frame.set_index("part").loc["sigma", "estimate"] == pytest.approx(reference["best"]["stderr"], abs=1e-3)


KINDS = {
    "zip": {"family": "zip", "zero_order": 1},
    "zip constant zeros": {"family": "zip", "zero_order": 0},
    "zip quadratic zeros": {"family": "zip", "zero_order": 2},
    "pois": {"family": "poisson"},
    "norm": {"family": "cnorm"},
    "norm own sigma": {"family": "cnorm", "spread_scope": "group"},
}
OTHER_KINDS = {
    ("zip", "autotraj"): "zip constant zeros",
    ("zip", "enochloy"): "zip quadratic zeros",
    ("norm", "flexmix"): "norm own sigma",
    ("norm", "gbmt"): "norm own sigma",
}
"""What a package fits instead of a linear zero part, or of one sigma for all groups."""


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        *((name, groups) for name in ("sim_zip_N500", "sim_pois_N500", "sim_norm_N500") for groups in (3, 4, 5, 6)),
        ("sim_zip_N2000", 6), ("sim_pois_N2000", 6), ("sim_zip_N10000", 3),
    ],
)  # fmt: skip
def test_no_package_beats_the_default_search_on_simulated_files(shared: Path, name: str, groups: int) -> None:
    """Every stored fit of every package: Stata, crimCV, flexmix, lcmm, gbmt, trajeR, and Python projects."""
    kind = name.split("_")[1]
    rivals = [fit for fit in records(shared, f"{name}.fits") if fit["K"] == groups and "package" in fit]
    best = next(fit for fit in records(shared, f"{name}.fits") if fit["K"] == groups and "best_loglik" in fit)
    kinds = {OTHER_KINDS.get((kind, rival["package"]), kind) for rival in rivals} | {kind}
    fits = {own: _fit(simulated(shared, name), groups=groups, order=2, **KINDS[own]) for own in kinds}
    assert fits[kind].log_likelihood == pytest.approx(best["best_loglik"], abs=CLOSE)
    assert sorted(fits[kind].shares) == pytest.approx(sorted(best["pi"]), abs=1e-3)
    for rival in rivals:
        own = fits[OTHER_KINDS.get((kind, rival["package"]), kind)]
        assert own.log_likelihood >= rival["loglik"] - CLOSE, rival["package"]
        if rival["package"] == "flexmix" and abs(own.log_likelihood - rival["loglik"]) < CLOSE:
            assert sorted(own.shares) == pytest.approx(sorted(rival["share"]), abs=2e-3)
