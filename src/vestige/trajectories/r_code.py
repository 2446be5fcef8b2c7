"""A fitted model as a call of R's trajeR (Noel and Schiltz), or of crimCV (Nielsen et al. 2014) where it is ZIP-tau."""

from typing import TYPE_CHECKING, Final

import numpy as np

from vestige.errors import SettingsError
from vestige.trajectories.export_data import ColumnNames, beyond_limits, column_names, risk_names
from vestige.trajectories.inference import reported
from vestige.trajectories.settings import NO_ZERO_PART, Basis, Family, Scope, TrajectorySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.trajectories.result import TrajectoryResult

MODELS: Final = {
    Family.POISSON: "POIS", Family.ZIP: "ZIP", Family.LOGIT: "LOGIT", Family.CNORM: "CNORM", Family.BETA: "BETA"
}  # fmt: skip
STEPS: Final = 1000
EVEN: Final = 1e-9


def r_code(result: "TrajectoryResult", data: str) -> str:
    """The call that fits the same model to the file `data`; SettingsError where neither package has it."""
    settings, panel = result.settings, result.panels[0]
    if not isinstance(settings, TrajectorySettings):
        raise SettingsError("R code is written for models of one outcome", hint="export the Stata code, or the tables")
    _refuse(
        (settings.basis is Basis.SPLINE, "trajeR and crimCV have no natural splines"),
        (panel.weights is not None, "trajeR and crimCV have no weights"),
        (settings.dropout_order is not None, "trajeR and crimCV have no drop-out model"),
    )
    tau = settings.family is Family.ZIP_TAU
    names = column_names(result.panels)[0]
    fitted = f"log-likelihood {result.log_likelihood:.6f} in Vestige {result.provenance.version}"
    return (
        f"# {result.classes} groups, {fitted}\n"
        f"# {data}: the table of export_data, a row a member\n"
        f"library({'crimCV' if tau else 'trajeR'})\n"
        f'data <- read.csv("{data}")\n'
        f"columns <- function(name) as.matrix(data[paste0(name, 1:{names.periods})])\n"
        f"{_crimcv(result, settings, names) if tau else _trajer(result, settings, names)}"
    )


def _crimcv(result: "TrajectoryResult", settings: TrajectorySettings, names: ColumnNames) -> str:
    """The call of crimCV, whose own times run evenly from 0 to 1: its polynomials are ours of evenly spaced times."""
    panel, orders = result.panels[0], set(settings.orders(result.classes))
    steps = np.diff(panel.times) if panel.times.ndim == 1 else np.zeros(0)
    _refuse(
        (len(orders) > 1, "crimCV has one order for all groups"),
        (min(orders) == 0, "crimCV has no curves of order 0"),
        (bool(panel.covariate_names or panel.risk_factor_names), "crimCV has no covariates and no risk factors"),
        (settings.spread is Scope.COMMON, "crimCV has a tau a group"),
        (
            steps.size == 0 or bool(np.ptp(steps) > EVEN * np.abs(steps).max()),
            "crimCV takes evenly spaced times that are the same for everybody",
        ),
        (
            panel.exposure is not None,
            "crimCV leaves the exposure out of the chance of a structural zero, Vestige does not",
        ),
    )
    return (
        f'y <- columns("{names.response}")\n'
        "y[is.na(y)] <- -1  # missing\n"
        f'fit <- crimCV(\n  y, ng = {result.classes}, dpolyp = {orders.pop()}, model = "ZIPt"\n)\n'
        "print(fit$llike)\n"
    )


def _trajer(result: "TrajectoryResult", settings: TrajectorySettings, names: ColumnNames) -> str:
    """The call of trajeR 0.11, from Vestige's optimum on.

    Without errors (hessian = FALSE), since with them its steps are so short that it ends near where it began.
    """
    groups, panel, family = result.classes, result.panels[0], settings.family
    zero, inflated = settings.zero_orders(groups), family is Family.ZIP
    common_zero = inflated and settings.zero_scope is Scope.COMMON
    _refuse(
        (family not in MODELS, f"trajeR and crimCV have no {family.value} model"),
        (groups == 1, "trajeR needs two groups"),
        (panel.exposure is not None, "trajeR has no exposure"),
        (common_zero, "trajeR has no zero part common to all groups"),
        (inflated and NO_ZERO_PART in zero, "trajeR's zero-inflated groups all have a zero part"),
        (family is Family.POISSON and bool(names.covariates), "trajeR's Poisson model stops with covariates"),
        (family is Family.BETA and settings.spread is Scope.COMMON, "trajeR's beta has a precision a group"),
    )
    lines = [
        f'Y = columns("{names.response}"), A = columns("{names.time}")',
        f'ng = {groups}, degre = {_vector(settings.orders(groups))}, Model = "{MODELS[family]}", Method = "L"',
        f"hessian = FALSE, itermax = {STEPS}",
    ]
    if inflated:
        lines.append(f"degre.nu = {_vector(zero)}")
    if family is Family.BETA:
        lines.append(f"degre.phi = {_vector((0,) * groups)}")
    if family is Family.CNORM:
        low, high = beyond_limits(panel, settings)
        lines.append(f"ymin = {low:.12g}, ymax = {high:.12g}, ssigma = {str(settings.spread is Scope.COMMON).upper()}")
    if panel.risk_factor_names:
        chosen = ", ".join(f'"{name}"' for name in risk_names(panel))
        lines.append(f"Risk = as.matrix(data[c({chosen})])")
    if names.covariates:
        layers = ", ".join(f'columns("{name}")' for name in names.covariates)
        lines.append(f"TCOV = cbind({layers})")
    lines.append(f"paraminit = {_vector(_optimum(result, settings))}")
    return (
        "# paraminit is Vestige's optimum; without it trajeR starts on its own and may stop lower\n"
        "fit <- trajeR(\n  " + ",\n  ".join(lines) + "\n)\nprint(fit$Likelihood)\n"
    )


def _optimum(result: "TrajectoryResult", settings: TrajectorySettings) -> list[float]:
    """The parameters in trajeR's order: membership against the first group, curves, zeros or spread, covariates."""
    size, covariates = result.parameters.size, set(result.panels[0].covariate_names)
    found = reported(
        result.search.evaluator, result.parameters, np.zeros((size, size)), np.ones(size, dtype=np.bool_), 0
    )
    parts: dict[str, list[float]] = {"membership": [], "curve": [], "spread": [], "covariate": []}
    for row, value in zip(found.rows, found.values, strict=True):
        if row.part == "membership":
            parts["membership"].append(value)
        elif row.part == "curve":
            parts["covariate" if row.name in covariates else "curve"].append(value)
        elif row.part == "precision":
            parts["spread"].append(float(np.log(value)))
        else:
            parts["spread"] += [value] * (result.classes if row.group is None else 1)
    # trajeR 0.11 drops the first group's zeros, but for Poisson, where it expects none.
    columns = 0 if settings.family is Family.POISSON else 1 + len(result.panels[0].risk_factor_names)
    return [0.0] * columns + [value for own in parts.values() for value in own]


def _refuse(*faults: tuple[bool, str]) -> None:
    for wrong, text in faults:
        if wrong:
            raise SettingsError(text, hint="export the tables instead")


def _vector(numbers: "Sequence[float]") -> str:
    return f"c({', '.join(f'{number:.10g}' for number in numbers)})"
