"""Exported code was run in R on exported data (tools/run_exported_code.py); here are the numbers that came back.

28 November 2026, R 4.2.2, trajeR 0.11.1 and crimCV 1.0.0 built from their published sources. trajeR was run twice: from
Vestige's optimum, as exported, and without `paraminit`, from its own start. Both ended within 1e-5 of Vestige's
log-likelihood in every case but one: with covariates its zero-inflated model stops without `paraminit`. The Stata code
follows the syntax of traj.ado (May 2023) and was not run.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from trajectories.exported_cases import CASES, QUICK
from vestige.errors import SettingsError
from vestige.trajectories import (
    DualTrajectorySettings,
    MultiTrajectorySettings,
    Panel,
    PathSettings,
    TrajectoryResult,
    export_code,
    export_data,
    fit_dual_trajectories,
    fit_multi_trajectories,
    fit_trajectories,
)

LOGLIKS_IN_R = {
    "poisson, orders 0 2": -1417.8120742,
    "poisson, risk factors": -1388.72603858,
    "zip, zero orders 1 0": -1327.96049824,
    "zip, missing": -1255.61683174,
    "zip, covariates": -1327.91322371,
    "zip, risk factors, reference group 2": -1327.36768552,
    "logit": -493.370400525,
    "logit, covariates": -491.741002241,
    "cnorm, limits": -1006.0092728,
    "cnorm, sigma a group": -854.003362521,
    "cnorm, missing, covariates, risk factors": -953.316006887,
    "beta": 481.69279281,
    "beta, covariates": 483.933023614,
    "zip-tau": -1139.73010035,
    "zip-tau, missing": -1086.146,
}
OWN_STARTS = {
    "poisson, risk factors": (-0.3764537, -0.5524957, 1.2027844, 0.4934210, -0.5202580, 0.1572450, -0.2594289),
    "zip, zero orders 1 0": (
        -0.1583690, -0.4222602, 1.1660287, 0.5097987, -0.7352276, 0.3209502, -0.9885856, -0.4070838
    ),
    "logit, covariates": (
        -0.82085359, -1.24441870, 0.06747789, 0.07095084, 2.74594995, 0.93895033, -0.05664698, -0.34127243, -0.50074171
    ),
    "cnorm, sigma a group": (
        -0.2635193, -0.4052172, 1.2160887, 0.4369653, 0.6425582, 0.4529778, -0.4059032
    ),
    "beta": (
        -0.3674201, -0.6645097, 1.2434047, 0.5525377, float(np.exp(2.0027404)), float(np.exp(3.0702703)), -0.6046194
    ),
}  # fmt: skip
"""trajeR's estimates from its own start, in Vestige's order; its precision is a logarithm."""


def _fit(name: str) -> TrajectoryResult:
    panel, settings = CASES[name]
    return fit_trajectories(panel(), settings=settings)


@pytest.mark.parametrize("name", CASES)
def test_the_exported_model_has_the_same_likelihood_in_r(name: str) -> None:
    fit = _fit(name)
    assert fit.log_likelihood == pytest.approx(LOGLIKS_IN_R[name], abs=1e-3 if "tau" in name else 1e-5)
    code = export_code(fit, "r")
    assert code.count("(") == code.count(")")
    if name in OWN_STARTS:
        assert fit.estimates.values == pytest.approx(OWN_STARTS[name], abs=5e-4, rel=5e-4)


def test_the_start_is_in_trajers_order() -> None:
    """Zeros of the first group, membership of the second, curves, covariates; ran in R with this very start."""
    fit = _fit("logit, covariates")
    rows = {(row["part"], row["group"], row["name"]): row["estimate"] for row in fit.table("parameters").to_pylist()}
    order = [("membership", 2, "constant")]
    order += [("curve", group, name) for group in (1, 2) for name in ("intercept", "linear")]
    order += [("curve", group, name) for group in (1, 2) for name in ("a", "b")]
    text = export_code(fit, "r").partition("paraminit = c(")[2].partition(")")[0]
    assert [float(own) for own in text.split(", ")] == pytest.approx([0.0, *(rows[key] for key in order)], rel=1e-8)


def test_exported_data_hold_what_the_code_names() -> None:
    fit = _fit("cnorm, missing, covariates, risk factors")
    table = export_data(fit)
    numbered = [f"{name}{period}" for name in ("y", "t", "a", "b") for period in range(1, 7)]
    assert table.column_names == ["id", *numbered, "x", "z"]
    values = np.column_stack([table.column(f"y{period}").to_numpy() for period in range(1, 7)])
    assert np.array_equal(values, fit.panels[0].dense(), equal_nan=True)
    assert table.column("y1").null_count == 25
    assert table.column("b6").to_numpy() == pytest.approx(fit.panels[0].covariates[:, 5, 1])


def test_names_that_a_package_would_mistake_are_replaced() -> None:
    panel, settings = CASES["zip, missing"]
    factors = np.random.default_rng(3).normal(size=(150, 2))
    named, twice = (
        fit_trajectories(replace(panel(), risk_factors=factors, risk_factor_names=names), settings=settings)
        for names in (("y1", "age of entry"), ("q", "Q"))
    )
    assert export_data(named).column_names[-2:] == ["x1_", "x2_"]
    assert "risk(x1_ x2_)" in export_code(named, "stata")
    with pytest.raises(SettingsError, match="one name"):
        export_data(twice)


STATA: dict[str, tuple[str, ...]] = {
    "poisson, orders 0 2": ("model(zip)", "order(0 2)"),
    "zip, zero orders 1 0": ("model(zip)", "order(1 1)", "iorder(1 0)"),
    "zip, covariates": ("tcov(a1-a6 b1-b6)",),
    "zip, risk factors, reference group 2": ("risk(x z)", "refgroup(2)"),
    "logit": ("var(y1-y6)", "indep(t1-t6)", "model(logit)", "order(1 1)"),
    "cnorm, limits": ("model(cnorm)", "min(-1)", "max(2)"),
    "cnorm, sigma a group": ("sigmabygroup", "min(-31)", "max(32)"),
    "beta": ("model(beta)", "iorder(0 0)"),
}
"""Options of traj.ado, which wants max for cnorm, refgroup with risk alone, and risk from two groups on."""


@pytest.mark.parametrize("name", STATA)
def test_stata_code_states_every_option(name: str) -> None:
    code = export_code(_fit(name), "stata", data="other.csv")
    for option in STATA[name]:
        assert f" {option} " in code.replace("\n", " ") or f"traj, {option}" in code, option
    assert 'import delimited using "other.csv", clear case(preserve)' in code
    assert ("iorder" in code) == (name.startswith("zip") or name == "beta")
    assert ("sigmabygroup" in code) == (name == "cnorm, sigma a group")


def _shifted(**changes: object) -> TrajectoryResult:
    panel = CASES["zip, missing"][0]()
    ones = np.ones(panel.values.shape)
    layers = {"exposure": ones, "weights": np.linspace(0.5, 1.5, panel.rows), "frequencies": np.full(panel.rows, 2.0)}
    panel = replace(panel, **{name: layers[name] for name in layers if changes.pop(name, False)})
    return fit_trajectories(panel, settings=replace(CASES["zip, missing"][1], **changes))


def test_options_that_only_stata_has() -> None:
    assert "expos(e1-e6)" in export_code(_shifted(exposure=True), "stata")
    assert "weight(w)" in export_code(_shifted(weights=True), "stata")
    assert "dropout(1 1)" in export_code(_dropping(), "stata")
    assert "iorder(0)" in export_code(_shifted(zero_scope="common"), "stata")
    plain = export_code(_shifted(reference_group=2), "stata")
    assert "refgroup" not in plain
    one = fit_trajectories(
        CASES["poisson, risk factors"][0](), settings=replace(CASES["logit"][1], family="zip", groups=1)
    )
    assert "risk(" not in export_code(one, "stata")


def _dropping() -> TrajectoryResult:
    values = CASES["logit"][0]().values.copy()
    values[::4, 4:] = np.nan
    settings = replace(CASES["logit"][1], dropout_order=1)
    return fit_trajectories(Panel(values, CASES["logit"][0]().times), settings=settings)


@pytest.mark.parametrize(
    ("made", "language", "message"),
    [
        (lambda: _shifted(exposure=True), "r", "no exposure"),
        (lambda: _shifted(weights=True), "r", "no weights"),
        (_dropping, "r", "no drop-out"),
        (lambda: _shifted(zero_scope="common"), "r", "common to all groups"),
        (lambda: _shifted(family="negbin"), "r", "no negbin"),
        (lambda: _shifted(family="negbin"), "stata", "no negbin"),
        (lambda: _shifted(groups=1), "r", "needs two groups"),
        (lambda: _shifted(basis="spline", order=2), "stata", "splines"),
        (lambda: _shifted(frequencies=True), "stata", "collapsed"),
        (lambda: _shifted(family="zip-tau", order=0), "r", "order 0"),
    ],
)
def test_what_a_package_lacks_is_refused(made: Callable[[], TrajectoryResult], language: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        export_code(made(), language)


def test_several_outcomes_in_stata() -> None:
    """`multgroups` with numbered options for shared groups; the joint model has the numbers alone."""
    counts, yes = CASES["poisson, orders 0 2"][0](), CASES["logit"][0]()
    paths = (PathSettings(family="poisson", order=1), PathSettings(family="logit", order=0))
    multi = fit_multi_trajectories([counts, yes], settings=MultiTrajectorySettings(paths, groups=2, search=QUICK))
    code = export_code(multi, "stata")
    assert "traj, multgroups(2) " in code
    assert "var1(y1_1-y1_6)" in code
    assert "model2(logit)" in code
    assert "order2(0 0)" in code
    dual = fit_dual_trajectories(counts, yes, settings=DualTrajectorySettings(paths, groups=(2, 2), search=QUICK))
    code = export_code(dual, "stata")
    assert "multgroups" not in code
    assert "order1(1 1)" in code
    assert "t2_1" in export_data(dual).column_names
    with pytest.raises(SettingsError, match="one outcome"):
        export_code(dual, "r")
