"""`vestige trajectories INPUT`: group-based trajectory models of a dataset or of a wide table."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.dataset.engine import Engine
from vestige.errors import SettingsError
from vestige.outputs import check_folder_output, staged_folder

if TYPE_CHECKING:
    from vestige.trajectories import Panel, SelectionResult, TrajectoryResult, TrajectorySettings

LARGEST_SEARCH = 40

Choice = TypeVar("Choice", bound=StrEnum)


@app.command()
def trajectories(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="folder of a dataset, or a wide CSV or Parquet file")],
    groups: Annotated[str, typer.Option(help="numbers of groups: 6, 1:8 or 2,4,6")] = "1:6",
    family: Annotated[str, typer.Option(help="poisson, zip, zip-tau, negbin, zinb, logit, cnorm or beta")] = "zip",
    order: Annotated[str, typer.Option(help="order of the curve, 0-5; or one a group: 1,3,2")] = "2",
    zero_order: Annotated[str, typer.Option(help="order of the zero part, -1 for none; or one a group")] = "0",
    common_zero: Annotated[bool, typer.Option("--common-zero", help="one zero part for all groups")] = False,
    spread: Annotated[str | None, typer.Option(help="common or group: sigma, dispersion, precision or tau")] = None,
    spline: Annotated[bool, typer.Option("--spline", help="natural cubic spline with ORDER columns")] = False,
    minimum: Annotated[float | None, typer.Option("--min", help="lower limit of a censored normal")] = None,
    maximum: Annotated[float | None, typer.Option("--max", help="upper limit of a censored normal")] = None,
    dropout: Annotated[int | None, typer.Option(help="drop-out model with 0, 1 or 2 lagged responses")] = None,
    robust: Annotated[bool, typer.Option("--robust", help="standard errors clustered by member (sandwich)")] = False,
    starts: Annotated[int, typer.Option(min=1, help="starting points of each model")] = 20,
    stability: Annotated[bool, typer.Option("--stability", help="fit random halves as well, and compare")] = False,
    outcome: Annotated[str, typer.Option(help="dataset: post, thread, view, download, reaction or message")] = "post",
    clock: Annotated[str, typer.Option(help="dataset: calendar, or registration (months since)")] = "calendar",
    before: Annotated[str, typer.Option(help="dataset: months before registration are missing or zero")] = "missing",
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="dataset: this forum alone")] = None,
    engine: Annotated[Engine, typer.Option(help="dataset: where reductions run")] = Engine.DUCKDB,
    columns: Annotated[str | None, typer.Option(help="file: response columns, such as y1:y20")] = None,
    identifier: Annotated[str | None, typer.Option("--id", help="file: column of the member")] = None,
    times: Annotated[
        str | None, typer.Option(help="file: numbers (-1,0,1) or columns (t1:t20); else 1, 2, ...")
    ] = None,
    exposure: Annotated[str | None, typer.Option(help="file: columns of the exposure")] = None,
    covariate: Annotated[
        list[str] | None, typer.Option(help="file: time-varying covariate, as name=c1:c20; may be repeated")
    ] = None,
    risk: Annotated[str | None, typer.Option(help="file: columns of risk factors of membership")] = None,
    weight: Annotated[str | None, typer.Option(help="file: column of sampling weights")] = None,
    out: Annotated[Path | None, typer.Option(help="new folder for tables, charts and code")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace what stands at --out")] = False,
    seed: Annotated[int, typer.Option(min=0, help="same data, settings and seed: same answer")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print one record a model instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Find groups of members who follow the same path over time, and how firm that finding is."""
    from vestige.trajectories import (
        Basis,
        Before,
        Clock,
        Family,
        PanelSettings,
        Scope,
        SearchSettings,
        SelectionSettings,
        TrajectorySettings,
        select_trajectories,
    )

    if out is not None:
        check_folder_output(out, replace=replace)
    curve = _orders(order, "--order")
    numbers = numbers_of_groups(groups, "--groups")
    first = numbers[0] if isinstance(curve, int) else len(curve)
    model = TrajectorySettings(
        family=_choice(Family, family, "--family"), groups=first, order=curve,
        zero_order=_orders(zero_order, "--zero-order"), zero_scope=Scope.COMMON if common_zero else Scope.GROUP,
        spread_scope=None if spread is None else _choice(Scope, spread, "--spread"),
        basis=Basis.SPLINE if spline else Basis.POLYNOMIAL,
        minimum=minimum, maximum=maximum, dropout_order=dropout, robust=robust, search=SearchSettings(starts=starts),
    )  # fmt: skip
    if source.is_dir():
        _refuse(columns=columns, id=identifier, times=times, exposure=exposure, covariate=covariate, risk=risk)
        wanted = PanelSettings(
            outcome, _choice(Clock, clock, "--clock"), _choice(Before, before, "--before"), forum=forum
        )
        panel = _dataset_panel(source, wanted, engine)
    else:
        panel = _file_panel(source, columns, identifier, times, exposure, covariate or [], risk, weight)
    settings = SelectionSettings(model=model, groups=numbers, split_halves=stability)
    with progress_bar(quiet=quiet or as_json) as progress:
        result = select_trajectories(panel, settings=settings, seed=seed, progress=progress)
    if out is not None:
        _write(out, result, private=not source.is_dir(), replace=replace)
    if as_json:
        print_line(json.dumps([_record(fit) for fit in result.fits], indent=1, allow_nan=False))
    else:
        _print(result)


def _dataset_panel(folder: Path, settings: Any, engine: Engine) -> "Panel":  # noqa: ANN401 - loaded lazily
    from vestige.dataset import open_dataset
    from vestige.trajectories import build_panel

    with open_dataset(folder, engine=engine) as dataset:
        return build_panel(dataset, settings=settings)


def _file_panel(
    file: Path, columns: str | None, identifier: str | None, times: str | None, exposure: str | None,
    covariates: list[str], risk: str | None, weight: str | None,
) -> "Panel":  # fmt: skip
    from vestige.trajectories import read_table, wide_panel

    if columns is None:
        raise SettingsError("a file needs the columns of the responses", hint="pass --columns, such as y1:y20")
    pairs = [text.partition("=") for text in covariates]
    if any(not last for _, _, last in pairs):
        raise SettingsError("a covariate is given as name=columns", hint="for example --covariate income=c1:c20")
    return wide_panel(
        read_table(file), columns, identifier=identifier, times=_times(times), exposure=exposure,
        covariates={name: own for name, _, own in pairs}, risk=risk.split(",") if risk else (), weight=weight,
    )  # fmt: skip


def _times(text: str | None) -> list[float] | str | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text


def _choice(kind: type[Choice], text: str, option: str) -> Choice:
    if text not in set(kind):
        raise SettingsError(f"{option} has no such choice", hint=f"choose one of {', '.join(kind)}")
    return kind(text)


def _orders(text: str, option: str) -> int | tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().lstrip("-").isdigit() for part in parts):
        raise SettingsError(f"{option} takes a whole number, or one a group", hint="for example 2 or 1,3,2")
    orders = tuple(int(part) for part in parts)
    return orders[0] if len(orders) == 1 else orders


def numbers_of_groups(text: str, option: str) -> tuple[int, ...]:
    """Numbers of groups as written for an option: 6, 1:8 or 2,4,6; raises SettingsError for anything else."""
    first, colon, last = text.partition(":")
    parts = [first, last] if colon else text.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise SettingsError(f"{option} takes a number, a range or a list", hint="for example 6, 1:8 or 2,4,6")
    numbers = [int(part) for part in parts]
    found = tuple(range(numbers[0], numbers[1] + 1)) if colon else tuple(numbers)
    if not found or min(found) < 1 or max(found) > LARGEST_SEARCH:
        raise SettingsError(f"{option} must lie between 1 and {LARGEST_SEARCH}", hint="for example 1:8")
    return found


def _refuse(**options: object) -> None:
    for name, value in options.items():
        if value:
            raise SettingsError(f"--{name} belongs to a file, not to a dataset", hint="leave it out")


def _record(fit: "TrajectoryResult") -> dict[str, object]:
    criteria = fit.criteria
    settings: TrajectorySettings = fit.settings  # type: ignore[assignment] # select_trajectories fits one outcome
    return {
        "groups": fit.classes, "family": settings.family.value,
        "order": settings.order if isinstance(settings.order, int) else list(settings.order),
        "log_likelihood": fit.log_likelihood, "parameters": criteria.parameters, "members": criteria.members,
        "observations": criteria.observations, "bic_members": criteria.bic_members,
        "bic_observations": criteria.bic_observations, "aic": criteria.aic,
        "shares": [float(own) for own in fit.shares],
        "starts": fit.search.starts, "starts_polished": fit.search.polished, "starts_at_best": fit.starts_at_best,
        "converged": fit.converged, "seed": fit.provenance.seed,
        "findings": [finding.code for finding in fit.findings],
    }  # fmt: skip


def _print(result: "SelectionResult") -> None:
    print_line(result.summary())
    best = result.best()
    print_line(
        f"BIC (members) prefers {best.classes} group{'s' if best.classes > 1 else ''}; the table decides nothing."
    )
    for group, share in enumerate(best.shares, 1):
        print_line(f"  group {group}: {share:.1%} of the members")
    for finding in best.findings:
        print_line(f"{finding.severity.value}: {finding.text}")


def _write(out: Path, result: "SelectionResult", *, private: bool, replace: bool) -> None:
    """Tables, charts and code of every model; of a dataset only what the disclosure policy lets out."""
    import pyarrow.parquet as pq
    import vl_convert

    from vestige.trajectories import export_code, released_tables

    with staged_folder(out, replace=replace) as folder:
        pq.write_table(result.table("models"), folder / "models.parquet")
        (folder / "summary.txt").write_text(result.summary(), encoding="utf-8")
        (folder / "models.json").write_text(
            json.dumps([_record(fit) for fit in result.fits], indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
        svg = vl_convert.vegalite_to_svg(result.plot().to_json())
        (folder / "selection.svg").write_text(svg, encoding="utf-8")
        for place, fit in enumerate(result.fits, 1):
            own = folder / f"{place:02d}-groups-{fit.classes}"
            own.mkdir()
            tables = {name: fit.table(name) for name in fit.table_names} if private else released_tables(fit)
            for name, table in tables.items():
                pq.write_table(table, own / f"{name}.parquet")
            svg = vl_convert.vegalite_to_svg(fit.plot("trajectories").to_json())
            (own / "trajectories.svg").write_text(svg, encoding="utf-8")
            for language, file in (("stata", "model.do"), ("r", "model.R")):
                code = _code(export_code, fit, language)
                if code:
                    (own / file).write_text(code, encoding="utf-8")


def _code(export: Any, fit: "TrajectoryResult", language: str) -> str | None:  # noqa: ANN401 - loaded lazily
    try:
        return str(export(fit, language))
    except SettingsError:
        return None
