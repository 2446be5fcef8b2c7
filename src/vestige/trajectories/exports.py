"""The Stata and R code that states a fitted model, for a reader who wants to run it elsewhere."""

from enum import StrEnum

from vestige.errors import SettingsError
from vestige.trajectories.predict import path_settings
from vestige.trajectories.result import TrajectoryResult
from vestige.trajectories.settings import (
    NO_ZERO_PART,
    ZERO_FAMILIES,
    Basis,
    Family,
    PathSettings,
    Scope,
    TrajectorySettings,
    chosen,
)

STATA_MODELS = {
    Family.POISSON: "zip", Family.ZIP: "zip", Family.LOGIT: "logit", Family.CNORM: "cnorm", Family.BETA: "beta"
}  # fmt: skip
TRAJER_MODELS = {
    Family.POISSON: "POIS", Family.ZIP: "ZIP", Family.LOGIT: "LOGIT", Family.CNORM: "CNORM", Family.BETA: "BETA"
}  # fmt: skip


class Language(StrEnum):
    """Where the code runs."""

    STATA = "stata"
    R = "r"


def export_code(result: TrajectoryResult, language: Language | str) -> str:
    """Code that fits the same model with Stata's `traj` (Jones and Nagin) or R's trajeR, crimCV where it is ZIP-tau.

    Responses are y1, y2, ..., times t1, t2, ...; both packages start once by default and may stop at a lower optimum.

    Raises:
        SettingsError: a model that the package does not have.
    """
    if not isinstance(result.settings, TrajectorySettings):
        raise SettingsError("code is written for models of one outcome", hint="state the outcomes apart")
    if result.settings.basis is Basis.SPLINE:
        raise SettingsError("neither package has natural splines", hint="export the tables instead")
    target = chosen(Language, language, "language")
    return _stata(result) if target is Language.STATA else _r(result)


def _stata(result: TrajectoryResult) -> str:
    settings = path_settings(result.settings)[0]
    if settings.family not in STATA_MODELS:
        raise SettingsError(f"traj has no {settings.family.value} model", hint="export the tables instead")
    panel, groups = result.panels[0], result.classes
    periods = panel.periods
    options = [f"model({STATA_MODELS[settings.family]})", f"order({_joined(settings.orders(groups))})"]
    if settings.family in ZERO_FAMILIES:
        zero = settings.zero_orders(groups)
        options.append(f"iorder({zero[0] if settings.zero_scope is Scope.COMMON else _joined(zero)})")
    if settings.family is Family.CNORM:
        options += [f"{name}({limit:g})" for name, limit in _limits(result, settings)]
        options += ["sigmabygroup"] if settings.spread is Scope.GROUP else []
    if panel.exposure is not None:
        options.append(f"expos(e1-e{periods})")
    if panel.covariate_names:
        options.append(f"tcov({' '.join(f'{name}1-{name}{periods}' for name in panel.covariate_names)})")
    if panel.risk_factor_names:
        options.append(f"risk({' '.join(panel.risk_factor_names)})")
    if panel.weights is not None:
        options.append("weight(w)")
    if settings.dropout_order is not None:
        options.append(f"dropout({_joined((settings.dropout_order,) * groups)})")
    reference = getattr(result.settings, "reference_group", 1)
    options += [f"refgroup({reference})"] if reference != 1 else []
    return (
        f"* {groups} groups, log-likelihood {result.log_likelihood:.6f} in Vestige {result.provenance.version}\n"
        f"traj, var(y1-y{periods}) indep(t1-t{periods}) ///\n    " + " ///\n    ".join(options) + "\n"
    )


def _r(result: TrajectoryResult) -> str:
    settings, panel = path_settings(result.settings)[0], result.panels[0]
    fitted = f"log-likelihood {result.log_likelihood:.6f} in Vestige {result.provenance.version}"
    head = f"# {result.classes} groups, {fitted}\n"
    if panel.exposure is not None or panel.weights is not None or settings.dropout_order is not None:
        raise SettingsError("trajeR has no exposure, weights or drop-out", hint="export the tables instead")
    return head + (_crimcv(result, settings) if settings.family is Family.ZIP_TAU else _trajer(result, settings))


def _crimcv(result: TrajectoryResult, settings: PathSettings) -> str:
    orders = set(settings.orders(result.classes))
    panel = result.panels[0]
    if len(orders) > 1 or panel.covariate_names or panel.risk_factor_names or settings.spread is Scope.COMMON:
        raise SettingsError("crimCV has one order and no covariates", hint="export the tables instead")
    arguments = f'as.matrix(y), ng = {result.classes}, dpolyp = {orders.pop()}, model = "ZIPt"'
    return f"library(crimCV)  # a negative number is a missing response\nfit <- crimCV({arguments})\n"


def _trajer(result: TrajectoryResult, settings: PathSettings) -> str:
    """The call of trajeR 1.0; versions before count the groups in `degre` and know no `ng`."""
    groups, panel = result.classes, result.panels[0]
    zero = settings.zero_orders(groups)
    inflated = settings.family is Family.ZIP
    if settings.family not in TRAJER_MODELS or (
        inflated and (settings.zero_scope is Scope.COMMON or NO_ZERO_PART in zero)
    ):
        raise SettingsError("trajeR and crimCV have no such model", hint="export the tables instead")
    arguments = [
        "Y = as.matrix(y)", "A = as.matrix(t)", f"ng = {groups}  # not before trajeR 1.0",
        f"degre = c({_joined(settings.orders(groups), ', ')})",
        f'Model = "{TRAJER_MODELS[settings.family]}"', 'Method = "L"',
    ]  # fmt: skip
    if inflated:
        arguments.append(f"degre.nu = c({_joined(zero, ', ')})")
    if settings.family is Family.CNORM:
        arguments += [f"{'ymin' if name == 'min' else 'ymax'} = {limit:g}" for name, limit in _limits(result, settings)]
        arguments.append(f"ssigma = {'FALSE' if settings.spread is Scope.GROUP else 'TRUE'}")
    if panel.risk_factor_names:
        arguments.append("Risk = as.matrix(risk)")
    if panel.covariate_names:
        arguments.append("TCOV = as.matrix(w)")
    reference = getattr(result.settings, "reference_group", 1)
    arguments += [f"refgr = {reference}"] if reference != 1 else []
    body = "\n".join(_with_comma(line, last=line is arguments[-1]) for line in arguments)
    note = f"  # y, t: one column a time, {panel.periods} columns; w: those of each covariate side by side"
    return f"library(trajeR){note}\nfit <- trajeR(\n{body}\n)\n"


def _with_comma(line: str, *, last: bool) -> str:
    code, mark, comment = line.partition("  #")
    return f"  {code}{'' if last else ','}{mark}{comment}"


def _limits(result: TrajectoryResult, settings: PathSettings) -> list[tuple[str, float]]:
    """Limits as the packages want them; without one, a number no response reaches."""
    import numpy as np

    responses = result.panels[0].dense()
    low, high = float(np.nanmin(responses)), float(np.nanmax(responses))
    beyond = 10.0 * max(high - low, 1.0)
    return [
        ("min", low - beyond if settings.minimum is None else settings.minimum),
        ("max", high + beyond if settings.maximum is None else settings.maximum),
    ]


def _joined(orders: tuple[int, ...] | list[int], separator: str = " ") -> str:
    return separator.join(str(order) for order in orders)
