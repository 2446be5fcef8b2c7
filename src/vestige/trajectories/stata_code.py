"""A fitted model as a call of Stata's `traj` (Jones and Nagin 2007, 2013), whose rules the checks below are."""

from typing import TYPE_CHECKING, Final

from vestige.errors import SettingsError
from vestige.trajectories.export_data import WEIGHT, ColumnNames, beyond_limits, column_names, risk_names
from vestige.trajectories.predict import path_settings
from vestige.trajectories.settings import (
    ZERO_FAMILIES,
    Basis,
    DualTrajectorySettings,
    Family,
    MultiTrajectorySettings,
    PathSettings,
    Scope,
)

if TYPE_CHECKING:
    from vestige.trajectories.histories import Panel
    from vestige.trajectories.result import TrajectoryResult

MODELS: Final = {
    Family.POISSON: "zip", Family.ZIP: "zip", Family.LOGIT: "logit", Family.CNORM: "cnorm", Family.BETA: "beta"
}  # fmt: skip
MOST_OUTCOMES: Final = 6


def stata_code(result: "TrajectoryResult", data: str) -> str:
    """The call that fits the same model to the file `data`; SettingsError where traj does not have it."""
    paths = path_settings(result.settings)
    _refuse(result, paths)
    groups = _groups(result)
    options = [f"multgroups({groups[0]})"] if isinstance(result.settings, MultiTrajectorySettings) else []
    parts = zip(paths, result.panels, column_names(result.panels), groups, strict=True)
    for number, (path, panel, names, own) in enumerate(parts, 1):
        options += _outcome(path, panel, names, own, str(number) if len(paths) > 1 else "")
    options += _membership(result)
    first = "traj, " + options[0]
    fitted = f"log-likelihood {result.log_likelihood:.6f} in Vestige {result.provenance.version}"
    return (
        f"* {result.classes} groups, {fitted}\n"
        f"* {data}: the table of export_data, a row a member\n"
        f'import delimited using "{data}", clear case(preserve)\n' + " ///\n    ".join([first, *options[1:]]) + "\n"
    )


def _outcome(path: PathSettings, panel: "Panel", names: ColumnNames, groups: int, mark: str) -> list[str]:
    """Options of one outcome, `mark` its number where there are several."""
    options = [
        f"var{mark}({_range(names, names.response)})", f"indep{mark}({_range(names, names.time)})",
        f"model{mark}({MODELS[path.family]})", f"order{mark}({_joined(path.orders(groups))})",
    ]  # fmt: skip
    if path.family in ZERO_FAMILIES:
        zero = path.zero_orders(groups)
        options.append(f"iorder{mark}({zero[0] if path.zero_scope is Scope.COMMON else _joined(zero)})")
    if path.family is Family.BETA:
        options.append(f"iorder{mark}({0 if path.spread is Scope.COMMON else _joined((0,) * groups)})")
    if path.family is Family.CNORM:
        low, high = beyond_limits(panel, path)
        options += [f"min{mark}({low:.12g})", f"max{mark}({high:.12g})"]
        options += ["sigmabygroup"] if path.spread is Scope.GROUP else []
    if panel.exposure is not None:
        options.append(f"expos{mark}({_range(names, names.exposure)})")
    if names.covariates:
        options.append(f"tcov{mark}({' '.join(_range(names, name) for name in names.covariates)})")
    if path.dropout_order is not None:
        options.append(f"dropout{mark}({_joined((path.dropout_order,) * groups)})")
    return options


def _membership(result: "TrajectoryResult") -> list[str]:
    lead, options = result.panels[0], []
    if lead.risk_factor_names and result.classes > 1:
        kind = "multrisk" if isinstance(result.settings, MultiTrajectorySettings) else "risk"
        options.append(f"{kind}({' '.join(risk_names(lead))})")
        reference = getattr(result.settings, "reference_group", 1)
        options += [f"refgroup({reference})"] if reference != 1 else []
    if lead.weights is not None:
        options.append(f"weight({WEIGHT})")
    return options


def _refuse(result: "TrajectoryResult", paths: tuple[PathSettings, ...]) -> None:
    several, dual = len(paths) > 1, isinstance(result.settings, DualTrajectorySettings)
    missing = [path.family for path in paths if path.family not in MODELS]
    sigmas = {path.spread for path in paths if path.family is Family.CNORM}
    faults = (
        (bool(missing), f"traj has no {missing[0].value if missing else ''} model"),
        (any(path.basis is Basis.SPLINE for path in paths), "traj has no natural splines"),
        (len(paths) > MOST_OUTCOMES, f"traj takes {MOST_OUTCOMES} outcomes at most"),
        (len(sigmas) > 1, "traj has one scope of sigma for all outcomes"),
        (
            several and not dual and any(path.dropout_order is not None for path in paths),
            "traj's drop-out in a multi-trajectory model is not ours",
        ),
        (dual and any(path.family is Family.BETA for path in paths), "traj has no joint model with beta"),
        (
            dual and bool(result.panels[0].risk_factor_names),
            "risk factors of traj's joint model move the first outcome's groups alone",
        ),
    )
    for wrong, text in faults:
        if wrong:
            raise SettingsError(text, hint="export the tables instead")


def _groups(result: "TrajectoryResult") -> list[int]:
    if isinstance(result.settings, DualTrajectorySettings):
        return list(result.settings.groups)
    return [result.classes] * len(result.panels)


def _range(names: ColumnNames, name: str) -> str:
    columns = names.numbered(name)
    return f"{columns[0]}-{columns[-1]}"


def _joined(orders: tuple[int, ...]) -> str:
    return " ".join(str(order) for order in orders)
