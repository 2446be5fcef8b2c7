"""Default settings reach the best known log-likelihood of every stored fit, or better.

References: the Stata plug-in `traj` (Jones and Nagin, build 6 January 2024), e.g. for the Cambridge data
`traj, var(c1-c23) indep(t1-t23) model(logit) order(2 2)`; crimCV 1.0.0 (`crimCV(y, ng, dpolyp=2, dpolyl=2)`); and
the best of many starts of any package ("best known"). Where ours is more than 0.01 above, the reference stopped at a
lower optimum; `BETTER` names those, so that a search that gets worse is seen.
"""

from pathlib import Path

import numpy as np
import pytest

from trajectories.reference import columns, records, simulated, stata_fits, table, toronto
from vestige.trajectories import Panel, TrajectoryResult, TrajectorySettings, fit_trajectories

CLOSE = 0.01


def _fit(panel: Panel, **settings: object) -> TrajectoryResult:
    return fit_trajectories(panel, settings=TrajectorySettings(**settings))


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("sim_zip_N500", 3), ("sim_zip_N500", 6), ("sim_zip_N2000", 6), ("sim_pois_N500", 5), ("sim_pois_N2000", 6),
        ("sim_norm_N500", 6),
    ],
)  # fmt: skip
def test_simulated_files_reach_the_best_known_optimum(shared: Path, name: str, groups: int) -> None:
    family = {"zip": "zip", "pois": "poisson", "norm": "cnorm"}[name.split("_")[1]]
    best = max(
        fit["best_loglik"]
        for fit in records(shared, f"{name}.fits")
        if fit["K"] == groups and fit["family"] == name.split("_")[1] and "best_loglik" in fit
    )
    fit = _fit(simulated(shared, name), family=family, groups=groups, order=2, zero_order=1)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(best, abs=CLOSE)
    assert fit.starts_at_best > 1


def test_ten_thousand_members_and_six_groups_reach_the_optimum_that_the_plugin_misses(shared: Path) -> None:
    fits = records(shared, "sim_zip_N10000.fits")
    best = next(fit["best_loglik"] for fit in fits if fit["K"] == 6 and "best_loglik" in fit)
    plugin = next(fit["loglik"] for fit in fits if fit["K"] == 6 and fit.get("package") == "Stata traj plugin")
    fit = _fit(simulated(shared, "sim_zip_N10000"), groups=6, order=2, zero_order=1)
    assert fit.log_likelihood == pytest.approx(best, abs=CLOSE)
    assert fit.log_likelihood - plugin == pytest.approx(2653.8, abs=0.1)


CAMBRIDGE = {
    "logit order[0]": (0,), "logit order[2]": (2,), "logit order[2, 2]": (2, 2), "logit order[3, 3]": (3, 3),
    "logit order[0, 3, 2]": (0, 3, 2), "logit order[0, 2, 2]": (0, 2, 2), "logit order[0, 3, 3]": (0, 3, 3),
    "logit order[2, 2, 2]": (2, 2, 2),
}  # fmt: skip
CAMBRIDGE_BETTER = {"logit order[0, 3, 2]": 0.594, "logit order[2, 2, 2]": 0.280}


def _cambridge(shared: Path) -> tuple[Panel, Panel]:
    data = table(shared, "SAS_cambridge195_binary")
    times = columns(data, "T{}", 1, 23)[0]
    responses = columns(data, "C{}", 1, 23)
    risk = data[["DARING", "REARING"]].to_numpy(dtype=np.float64)
    return Panel(responses, times), Panel(responses, times, risk_factors=risk, risk_factor_names=("daring", "rearing"))


@pytest.mark.parametrize("name", CAMBRIDGE)
def test_cambridge_convictions(shared: Path, name: str) -> None:
    orders = CAMBRIDGE[name]
    fit = _fit(_cambridge(shared)[0], family="logit", groups=len(orders), order=orders)
    reference = stata_fits(shared, "SAS_cambridge195_binary")[name]["loglik"]
    assert fit.log_likelihood - reference == pytest.approx(CAMBRIDGE_BETTER.get(name, 0.0), abs=CLOSE)


def test_cambridge_with_risk_factors_gives_the_same_coefficients(shared: Path) -> None:
    reference = stata_fits(shared, "SAS_cambridge195_binary")["logit order[2, 2] risk(DARING REARING)"]
    fit = _fit(_cambridge(shared)[1], family="logit", groups=2, order=2)
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)
    found = {(row["group"], row["name"]): row["estimate"] for row in fit.table("parameters").to_pylist()}
    expected = reference["params"]
    assert found[1, "intercept"] == pytest.approx(expected["interc1"], abs=1e-3)
    assert found[2, "quadratic"] == pytest.approx(expected["quadra2"], abs=2e-3)
    assert found[2, "constant"] == pytest.approx(expected["const2"], abs=1e-3)


MONTREAL = {
    "cnorm min0 max10 order[2, 2]": ((2, 2), None, 0.0),
    "cnorm min0 max10 order[3, 3, 3]": ((3, 3, 3), None, 0.0),
    "cnorm min0 max10 order[1, 3, 2]": ((1, 3, 2), None, 3.083),
    "cnorm min0 max10 order[2, 2, 2, 2]": ((2, 2, 2, 2), None, 1.889),
    "cnorm order[1,3,2] sigmabygroup": ((1, 3, 2), "group", 3.035),
}


@pytest.mark.parametrize("name", MONTREAL)
def test_montreal_opposition(shared: Path, name: str) -> None:
    orders, spread, better = MONTREAL[name]
    data = table(shared, "SAS_montreal_opposition138")
    panel = Panel(columns(data, "O{}", 1, 7), columns(data, "T{}", 1, 7)[0])
    fit = _fit(panel, family="cnorm", groups=len(orders), order=orders, minimum=0.0, maximum=10.0, spread_scope=spread)
    reference = stata_fits(shared, "SAS_montreal_opposition138")[name]["loglik"]
    assert fit.log_likelihood - reference == pytest.approx(better, abs=CLOSE)


def test_montreal_target_is_a_known_lower_optimum(shared: Path) -> None:
    """The plug-in's -1597.51346 for orders 1 3 2 is among our optima, 3.08 below the best."""
    data = table(shared, "SAS_montreal_opposition138")
    panel = Panel(columns(data, "O{}", 1, 7), columns(data, "T{}", 1, 7)[0])
    fit = _fit(panel, family="cnorm", groups=3, order=(1, 3, 2), minimum=0.0, maximum=10.0)
    found = np.array(fit.table("optima").column("log_likelihood").to_pylist())
    assert np.abs(found - -1597.51346).min() < CLOSE


EPIL = {
    "poisson order[1]": ("poisson", (1,), 0.0),
    "poisson order[1, 1]": ("poisson", (1, 1), 0.0),
    "poisson order[1, 1, 1]": ("poisson", (1, 1, 1), 0.0),
    "poisson order[0, 0, 0]": ("poisson", (0, 0, 0), 6.059),
    "zip order[1,1] iorder[0]": ("zip", (1, 1), 0.0),
}


@pytest.mark.parametrize("name", EPIL)
def test_epilepsy_seizures(shared: Path, name: str) -> None:
    family, orders, better = EPIL[name]
    data = table(shared, "MASS_epil_wide")
    panel = Panel(columns(data, "y{}", 1, 4), np.arange(1.0, 5.0))
    fit = _fit(panel, family=family, groups=len(orders), order=orders, zero_order=0, zero_scope="common")
    reference = stata_fits(shared, "MASS_epil_wide")[name]["loglik"]
    assert fit.log_likelihood - reference == pytest.approx(better, abs=CLOSE)


def test_epilepsy_bands_are_the_plugins(shared: Path) -> None:
    """Poisson, one group: the plug-in's band is the mean plus and minus 1.96 delta-method errors."""
    reference = np.array(stata_fits(shared, "MASS_epil_wide")["poisson order[1]"]["plot"])
    data = table(shared, "MASS_epil_wide")
    fit = _fit(Panel(columns(data, "y{}", 1, 4), np.arange(1.0, 5.0)), family="poisson", groups=1, order=1)
    curve = fit.curves()[0]
    assert curve.expected == pytest.approx(reference[:, 2], abs=1e-3)
    assert 1.959964 * curve.error == pytest.approx(reference[:, 4] - reference[:, 2], rel=3e-3)
    assert fit.table("trajectories").column("observed").to_pylist() == pytest.approx(reference[:, 1])


@pytest.mark.parametrize("groups", [2, 3, 4, 5])
def test_toronto_contacts_reach_the_best_known_optimum(shared: Path, groups: int) -> None:
    best = records(shared, "crimCV_TO1.best_known")[f"TO1 zip order3 iorder1 K{groups}"]
    fit = _fit(toronto(shared), groups=groups, order=3, zero_order=1)
    assert fit.log_likelihood == pytest.approx(best["best_loglik"], abs=CLOSE)
    assert sorted(fit.shares) == pytest.approx(sorted(best["pi"]), abs=1e-3)


def test_toronto_poisson_is_better_than_the_plugin(shared: Path) -> None:
    reference = stata_fits(shared, "crimCV_TO1")["poisson order[2, 2, 2] t=(age-23)/10"]["loglik"]
    fit = _fit(toronto(shared), family="poisson", groups=3, order=2)
    assert fit.log_likelihood - reference == pytest.approx(14.306, abs=CLOSE)


@pytest.mark.parametrize("groups", [2, 3])
def test_toronto_with_exposure(shared: Path, groups: int) -> None:
    """The plug-in replaces an exposure below 1e-6 by 1e-6; with the same floor the log-likelihoods agree."""
    from dataclasses import replace

    risk = columns(table(shared, "crimCV_TO1Risk"), "R{}", 8, 38)
    zeros = [0] * groups
    orders = [2] * groups
    reference = stata_fits(shared, "crimCV_TO1")[f"zip order{orders} iorder{zeros} expos(Risk) t=(age-23)/10"]
    panel = replace(toronto(shared), exposure=np.maximum(risk, 1e-6))
    fit = _fit(panel, groups=groups, order=2, zero_order=0)
    assert fit.log_likelihood == pytest.approx(reference["loglik"], abs=CLOSE)


@pytest.mark.parametrize(("groups", "better"), [(2, 0.0), (3, 90.613), (4, 129.038)])
def test_adjusted_toronto_contacts(shared: Path, groups: int, better: float) -> None:
    orders = [2] * groups
    name = f"zip order{orders} iorder{orders} t=(age-23)/10"
    reference = stata_fits(shared, "crimCV_TO1adj")[name]["loglik"]
    fit = _fit(toronto(shared, "crimCV_TO1adj"), groups=groups, order=2, zero_order=2)
    assert fit.log_likelihood - reference == pytest.approx(better, abs=CLOSE)


CRIMCV = {
    ("crimCV_TO1", "ZIPt", 1): 0.0, ("crimCV_TO1", "ZIPt", 2): 0.0, ("crimCV_TO1", "ZIPt", 3): 0.0,
    ("crimCV_TO1", "ZIP", 1): 187.767, ("crimCV_TO1", "ZIP", 2): 0.0, ("crimCV_TO1", "ZIP", 3): 46.946,
    ("crimCV_TO1adj", "ZIPt", 1): 12.839, ("crimCV_TO1adj", "ZIPt", 2): 0.0, ("crimCV_TO1adj", "ZIPt", 3): 34.618,
    ("crimCV_TO1adj", "ZIP", 1): 0.0, ("crimCV_TO1adj", "ZIP", 2): 0.0, ("crimCV_TO1adj", "ZIP", 3): 0.0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "model", "groups"), CRIMCV)
def test_crimcv(shared: Path, name: str, model: str, groups: int) -> None:
    """crimCV keeps tau at or above zero; in TO1adj with one group the best tau is negative."""
    reference = next(
        fit["loglik"] for fit in records(shared, f"{name}.ref_crimCV") if fit["model"] == model and fit["ng"] == groups
    )
    family = "zip-tau" if model == "ZIPt" else "zip"
    fit = _fit(toronto(shared, name), family=family, groups=groups, order=2, zero_order=2)
    assert fit.log_likelihood - reference == pytest.approx(CRIMCV[name, model, groups], abs=CLOSE)


def test_trajer_examples(shared: Path) -> None:
    times = np.arange(1.0, 6.0)

    def panel(name: str, **more: object) -> Panel:
        return Panel(columns(table(shared, name), "Y{}", 1, 5), times, **more)

    targets = {
        "trajeR_CNORM2gr": (-830.00707, {"family": "cnorm", "groups": 2, "spread_scope": "group"}),
        "trajeR_POIS2gr": (-488.13064, {"family": "poisson", "groups": 2}),
        "trajeR_ZIP2gr": (-527.10932, {"groups": 2, "zero_order": 1}),
        "trajeR_dataNORM01": (-3425.98419, {"family": "cnorm", "groups": 3}),
    }
    for name, (loglik, settings) in targets.items():
        assert _fit(panel(name), **settings).log_likelihood == pytest.approx(loglik, abs=CLOSE), name
    covariate = columns(table(shared, "trajeR_ZIP2gr"), "W{}", 1, 5)[:, :, None]
    fit = _fit(panel("trajeR_ZIP2gr", covariates=covariate, covariate_names=("w",)), groups=2, zero_order=1)
    assert fit.log_likelihood == pytest.approx(-526.88541, abs=CLOSE)


@pytest.mark.parametrize(("groups", "loglik"), [(1, -6271.01379747519), (2, -5813.36787695713), (3, -5616.79686325972)])
def test_paquid_with_times_of_each_members_own(shared: Path, groups: int, loglik: float) -> None:
    """lcmm 2.2.1: hlme(MMSE ~ age65 + I(age65^2), random = ~-1, mixture, ng), gridsearch with 20 repetitions."""
    data = table(shared, "lcmm_paquid").dropna(subset=["MMSE"])
    order = data.groupby("ID").cumcount()
    wide = data.assign(wave=order).pivot(index="ID", columns="wave", values=["MMSE", "age"])
    times = (wide["age"].to_numpy(dtype=np.float64) - 65.0) / 10.0
    panel = Panel(wide["MMSE"].to_numpy(dtype=np.float64), np.nan_to_num(times))
    fit = _fit(panel, family="cnorm", groups=groups, order=2)
    assert fit.log_likelihood >= loglik - CLOSE
