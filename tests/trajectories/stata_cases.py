"""Every stored fit of the Stata plug-in: its data, the settings that state the same model, and how the two are matched.

The plug-in is `traj` of Jones and Nagin, build 6 January 2024. Its names of parameters and its conventions are in the
README beside the reference data.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm

from trajectories.reference import columns, table, toronto
from vestige.trajectories import Panel, TrajectoryResult, TrajectorySettings

POWERS = {"interc": "intercept", "linear": "linear", "quadra": "quadratic", "cubic": "cubic"}


@dataclass(frozen=True)
class Case:
    """One stored fit of one outcome.

    Attributes:
        file: stem of the data file.
        name: of the fit in its JSON.
        panel: reads the data.
        settings: of `TrajectorySettings`.
        gain: how far our best log-likelihood lies above the plug-in's, which stopped at a lower optimum; 0 where both
            are the same optimum, which then is compared number by number.
        edges: the plug-in's names of parameters at the edge of what is possible, which neither package determines.
    """

    file: str
    name: str
    panel: Callable[[Path], Panel] = field(repr=False)
    settings: dict[str, Any]
    gain: float = 0.0
    edges: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"

    def model(self) -> TrajectorySettings:
        """The settings."""
        return TrajectorySettings(**self.settings)


def _wide(file: str, pattern: str, first: int, last: int, times: str | None = None) -> Callable[[Path], Panel]:
    def read(shared: Path) -> Panel:
        data = table(shared, file)
        at = np.arange(float(first), last + 1.0) if times is None else columns(data, times, first, last)[0]
        return Panel(columns(data, pattern, first, last), at)

    return read


def _with_risk(read: Callable[[Path], Panel], file: str, *names: str) -> Callable[[Path], Panel]:
    def reader(shared: Path) -> Panel:
        risk = table(shared, file)[list(names)].to_numpy(dtype=np.float64)
        return replace(read(shared), risk_factors=risk, risk_factor_names=tuple(name.lower() for name in names))

    return reader


def _with_covariate(read: Callable[[Path], Panel], file: str, pattern: str, last: int) -> Callable[[Path], Panel]:
    def reader(shared: Path) -> Panel:
        values = columns(table(shared, file), pattern, 1, last)[:, :, None]
        return replace(read(shared), covariates=values, covariate_names=("covariate",))

    return reader


def _toronto_exposed(shared: Path) -> Panel:
    """The plug-in replaces an exposure below 1e-6 by 1e-6."""
    risk = columns(table(shared, "crimCV_TO1Risk"), "R{}", 8, 38)
    return replace(toronto(shared), exposure=np.maximum(risk, 1e-6))


def _features(responses: str = "y", *extras: str) -> Callable[[Path], Panel]:
    def read(shared: Path) -> Panel:
        data = table(shared, "sim_features_N600")
        more: dict[str, Any] = {}
        if "risk" in extras:
            more |= {"risk_factors": data[["x"]].to_numpy(), "risk_factor_names": ("x",)}
        if "exposure" in extras:
            more["exposure"] = columns(data, "ex{}", 1, 12)
        if "covariate" in extras:
            more |= {"covariates": columns(data, "tc{}", 1, 12)[:, :, None], "covariate_names": ("covariate",)}
        if "weight" in extras:
            more["weights"] = data["w"].to_numpy()
        return Panel(columns(data, responses + "{}", 1, 12), np.linspace(-1.0, 1.0, 12), **more)

    return read


def feature_panel(shared: Path, responses: str) -> Panel:
    """One outcome of sim_features_N600."""
    return _features(responses)(shared)


_CAMBRIDGE = "SAS_cambridge195_binary"
_MONTREAL = "SAS_montreal_opposition138"
_EPILEPSY = "MASS_epil_wide"
_convictions = _wide(_CAMBRIDGE, "C{}", 1, 23, "T{}")
_opposition = _wide(_MONTREAL, "O{}", 1, 7, "T{}")
_seizures = _wide(_EPILEPSY, "y{}", 1, 4)


def _logit(*orders: int) -> dict[str, Any]:
    return {"family": "logit", "groups": len(orders), "order": orders}


def _cnorm(*orders: int, **more: Any) -> dict[str, Any]:
    return {"family": "cnorm", "groups": len(orders), "order": orders, "minimum": 0.0, "maximum": 10.0} | more


def _counts(groups: int, order: int, zero: int | None = None, **more: Any) -> dict[str, Any]:
    zeros = {"family": "poisson"} if zero is None else {"family": "zip", "zero_order": zero}
    return {"groups": groups, "order": order} | zeros | more


def _toronto_name(groups: int, order: int, zero: int) -> str:
    return f"zip order{[order] * groups} iorder{[zero] * groups} t=(age-23)/10"


def _adjusted(shared: Path) -> Panel:
    return toronto(shared, "crimCV_TO1adj")


ZIP = _counts(3, 2, 0)
CASES = (
    *(
        Case(_CAMBRIDGE, f"logit order{list(orders)}", _convictions, _logit(*orders), gain, frozenset(edges))
        for orders, gain, edges in (
            ((0,), 0.0, ()), ((2,), 0.0, ()), ((2, 2), 0.0, ()), ((3, 3), 0.0, ()), ((0, 3, 2), 0.594, ()),
            ((0, 2, 2), 0.0, ()), ((0, 3, 3), 0.0, ("interc1",)), ((2, 2, 2), 0.280, ()),
        )
    ),
    Case(_CAMBRIDGE, "logit order[2, 2] risk(DARING REARING)",
         _with_risk(_convictions, _CAMBRIDGE, "DARING", "REARING"), _logit(2, 2)),
    Case(_MONTREAL, "cnorm min0 max10 order[2, 2]", _opposition, _cnorm(2, 2)),
    Case(_MONTREAL, "cnorm min0 max10 order[3, 3, 3]", _opposition, _cnorm(3, 3, 3)),
    Case(_MONTREAL, "cnorm min0 max10 order[1, 3, 2]", _opposition, _cnorm(1, 3, 2), 3.083),
    Case(_MONTREAL, "cnorm min0 max10 order[2, 2, 2, 2]", _opposition, _cnorm(2, 2, 2, 2), 1.889),
    Case(_MONTREAL, "cnorm order[1,3,2] sigmabygroup", _opposition, _cnorm(1, 3, 2, spread_scope="group"), 3.035),
    Case(_MONTREAL, "cnorm order[1,3,2] risk(SCOLMER SCOLPER)",
         _with_risk(_opposition, _MONTREAL, "SCOLMER", "SCOLPER"), _cnorm(1, 3, 2), 3.713),
    Case(_EPILEPSY, "poisson order[1]", _seizures, _counts(1, 1)),
    Case(_EPILEPSY, "poisson order[1, 1]", _seizures, _counts(2, 1)),
    Case(_EPILEPSY, "poisson order[1, 1, 1]", _seizures, _counts(3, 1)),
    Case(_EPILEPSY, "poisson order[0, 0, 0]", _seizures, _counts(3, 0), 6.059),
    Case(_EPILEPSY, "zip order[1,1] iorder[0]", _seizures, _counts(2, 1, 0, zero_scope="common")),
    Case(_EPILEPSY, "poisson order[1,1,1] risk(trt)", _with_risk(_seizures, _EPILEPSY, "trt"), _counts(3, 1)),
    *(
        Case("crimCV_TO1", _toronto_name(groups, 3, 1), toronto, _counts(groups, 3, 1), gain)
        for groups, gain in ((1, 0.0), (2, 0.0), (3, 18.230), (4, 6.967), (5, 33.292))
    ),
    *(
        Case("crimCV_TO1", f"poisson order{[2] * groups} t=(age-23)/10", toronto, _counts(groups, 2), gain)
        for groups, gain in ((2, 0.0), (3, 14.306), (4, 0.0))
    ),
    *(
        Case("crimCV_TO1", f"zip order{[2] * groups} iorder{[0] * groups} expos(Risk) t=(age-23)/10",
             _toronto_exposed, _counts(groups, 2, 0))
        for groups in (2, 3)
    ),
    *(
        Case("crimCV_TO1adj", _toronto_name(groups, 2, 2), _adjusted, _counts(groups, 2, 2), gain)
        for groups, gain in ((2, 0.0), (3, 90.613), (4, 129.038))
    ),
    Case("trajeR_CNORM2gr", "cnorm order[2,2] uncensored sigmabygroup", _wide("trajeR_CNORM2gr", "Y{}", 1, 5),
         {"family": "cnorm", "groups": 2, "spread_scope": "group"}),
    Case("trajeR_POIS2gr", "poisson order[2,2]", _wide("trajeR_POIS2gr", "Y{}", 1, 5), _counts(2, 2)),
    Case("trajeR_ZIP2gr", "zip order[2,2] iorder[1,1]", _wide("trajeR_ZIP2gr", "Y{}", 1, 5), _counts(2, 2, 1)),
    Case("trajeR_ZIP2gr", "zip order[2,2] iorder[1,1] risk(X1)",
         _with_risk(_wide("trajeR_ZIP2gr", "Y{}", 1, 5), "trajeR_ZIP2gr", "X1"), _counts(2, 2, 1)),
    Case("trajeR_ZIP2gr", "zip order[2,2] iorder[1,1] tcov(W)",
         _with_covariate(_wide("trajeR_ZIP2gr", "Y{}", 1, 5), "trajeR_ZIP2gr", "W{}", 5), _counts(2, 2, 1)),
    Case("trajeR_dataNORM01", "cnorm order[2,2,2] uncensored", _wide("trajeR_dataNORM01", "Y{}", 1, 5),
         {"family": "cnorm", "groups": 3}),
    Case("trajeR_dataNORM01", "cnorm order[2,2,2] uncensored sigmabygroup", _wide("trajeR_dataNORM01", "Y{}", 1, 5),
         {"family": "cnorm", "groups": 3, "spread_scope": "group"}),
    *(
        Case("sim_features_N600", name, panel, ZIP | changes)
        for name, panel, changes in (
            ("poisson", _features(), {"family": "poisson"}),
            ("zip iorder(0) [ONE common alpha]", _features(), {"zero_scope": "common"}),
            ("zip iorder(0 0 0)", _features(), {}),
            ("zip iorder(-1 0 1)", _features(), {"zero_order": (-1, 0, 1)}),
            ("zip iorder(0 0 0) order(0 1 2)", _features(), {"order": (0, 1, 2)}),
            ("zip risk(x)", _features("y", "risk"), {}),
            ("zip risk(x) refgroup(3)", _features("y", "risk"), {"reference_group": 3}),
            ("zip expos", _features("y", "exposure"), {}),
            ("zip tcov", _features("y", "covariate"), {}),
            ("zip weight(w)", _features("y", "weight"), {}),
            ("zip expos tcov risk weight", _features("y", "exposure", "covariate", "risk", "weight"), {}),
            ("zip missing MAR 12% (ym)", _features("ym"), {}),
            ("zip dropout[0, 0, 0] (yd)", _features("yd"), {"dropout_order": 0}),
            ("zip dropout[1, 1, 1] (yd)", _features("yd"), {"dropout_order": 1}),
            ("zip dropout[2, 2, 2] (yd)", _features("yd"), {"dropout_order": 2}),
            ("zip no dropout model (yd)", _features("yd"), {}),
        )
    ),
    Case("sim_features_N600", "logit z order[1,1]", _features("z"), _logit(1, 1)),
)  # fmt: skip


def matched_groups(fit: TrajectoryResult, rows: list[list[float]], outcome: int = 0) -> np.ndarray:
    """For each of the plug-in's groups (rows of its plot: time, observed, predicted, limits), ours from 0."""
    plot = np.array(rows, dtype=np.float64)
    groups = len(fit.curves(outcome))
    theirs = plot[:, 1 + groups : 1 + 2 * groups]
    ours = np.column_stack([curve.expected for curve in fit.curves(outcome, plot[:, 0])])
    return linear_sum_assignment(np.abs(theirs[:, :, None] - ours[:, None, :]).sum(axis=0))[1]


def plugin_errors(fit: TrajectoryResult, group: int, times: np.ndarray) -> np.ndarray:
    """Standard errors of a group's expected path as the plug-in computes them, from our covariance.

    Its bands are those of the delta method for Poisson, logit and uncensored normal models. For zero-inflated counts
    it leaves the rate out of the derivative in the zero part, and for a censored normal it turns the sign of the
    derivative of sigma (phi(low) - phi(high)) and leaves sigma's own error out: ours are checked against finite
    differences (test_properties).
    """
    settings = fit.settings
    limited = settings.minimum is not None
    if settings.family != "zip" and not limited:
        return fit.curves(0, times)[group].error
    frame = fit.table("parameters").to_pandas()
    outcome = frame["outcome"] == "outcome"
    own = outcome & ((frame["group"] == group + 1) | frame["group"].isna())
    estimates, covariance = fit.estimates.values, fit.estimates.covariance  # noqa: PD011 - no pandas here
    curve = frame.index[own & (frame["part"] == "curve") & frame["name"].isin(POWERS.values())]
    powers = np.vander(times, len(curve), increasing=True)
    mean = powers @ estimates[curve]
    if limited:
        sigma = estimates[frame.index[own & (frame["part"] == "sigma")][0]]
        low, high = (settings.minimum - mean) / sigma, (settings.maximum - mean) / sigma
        slope = norm.cdf(high) - norm.cdf(low) - 2.0 * (low * norm.pdf(low) - high * norm.pdf(high))
        design, rows = powers * slope[:, None], curve
    else:
        zero = frame.index[own & (frame["part"] == "zero")]
        zeros = np.vander(times, len(zero), increasing=True)
        chance = 1.0 / (1.0 + np.exp(-zeros @ estimates[zero])) if len(zero) else np.zeros(times.size)
        design = np.hstack(
            [powers * (np.exp(mean) * (1.0 - chance))[:, None], -zeros * (chance * (1 - chance))[:, None]]
        )
        rows = curve.append(zero)
    return np.sqrt(np.einsum("ti,ij,tj->t", design, covariance[np.ix_(rows, rows)], design))


def our_parameter(fit: TrajectoryResult, name: str, order: np.ndarray) -> tuple[float, float] | None:
    """Estimate and standard error of the parameter that the plug-in calls so; None where its name is ambiguous.

    Membership is a contrast of two of our classes, since the plug-in numbers its groups otherwise.
    """
    frame = fit.table("parameters").to_pandas()
    found = _membership(fit, frame, name, order)
    if found is None:
        chosen = _path_parameter(frame, name, order)
        if chosen is None:
            return None
        weights = np.zeros(len(frame))
        weights[chosen] = 1.0
        found = weights
    estimates, spread = fit.estimates.values, fit.estimates.covariance  # noqa: PD011 - no pandas here
    return float(found @ estimates), float(np.sqrt(found @ spread @ found))


def _path_parameter(frame: pd.DataFrame, name: str, order: np.ndarray) -> int | None:
    patterns = (
        (r"(interc|linear|quadra|cubic)(\d)$", lambda match: ("curve", POWERS[match[1]], match[2])),
        (r"alpha(\d)(?:G(\d))?$", lambda match: ("zero", tuple(POWERS.values())[int(match[1])], match[2])),
        (r"sigma(\d)?$", lambda match: ("sigma", "sigma", match[1])),
        (r"drop(\d)G(\d)$", lambda match: ("curve", "intercept" if match[1] == "0" else f"lag{match[1]}", match[2])),
        (r"G(\d)$", lambda match: ("curve", "covariate", match[1])),
    )
    for pattern, read in patterns:
        match = re.match(pattern, name)
        if match:
            part, column, group = read(match)
            rows = frame[(frame["part"] == part) & (frame["name"] == column)]
            rows = rows[rows["outcome"].str.endswith("drop-out") == name.startswith("drop")]
            if group is not None and rows["group"].notna().any():
                rows = rows[rows["group"] == order[int(group) - 1] + 1]
            return int(rows.index[0]) if len(rows) == 1 else None
    return None


def _membership(fit: TrajectoryResult, frame: pd.DataFrame, name: str, order: np.ndarray) -> np.ndarray | None:
    """The contrast of a membership parameter.

    The plug-in calls the last risk factor G and a covariate G too. With both, the stored G2, G3, ... are the risk
    factor's, which were printed later, and G1 is the covariate's, since the first group has no membership parameter.
    """
    match = re.match(r"(theta|const|G)(\d)$", name)
    risks = fit.panels[0].risk_factor_names
    if match is None:
        return None
    if match[1] == "G" and (not risks or (fit.panels[0].covariate_names and match[2] == "1")):
        return None
    column = risks[-1] if match[1] == "G" else "constant"
    base = fit.settings.reference_group if match[1] != "theta" and fit.settings.reference_group != 1 else 1
    weights = np.zeros(len(frame))
    for group, sign in ((int(match[2]), 1.0), (base, -1.0)):
        rows = frame[(frame["part"] == "membership") & (frame["name"] == column)]
        rows = rows[rows["group"] == order[group - 1] + 1]
        weights[rows.index] += sign
    return weights
