"""`vestige careers DIR`: onset, duration, escalation, attainment of roles, and forecasts for groups."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vestige.cli.app import app
from vestige.cli.console import progress_bar
from vestige.cli.figures import print_json, print_results, write_results
from vestige.dataset.engine import Engine
from vestige.errors import DatasetError
from vestige.inputs import read_table_file
from vestige.outputs import check_folder_output
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.dataset import Dataset
    from vestige.disclosure.result import FiguresResult
    from vestige.progress import Progress


@app.command()
def careers(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the dataset")],
    outcome: Annotated[str, typer.Option(help="post, thread, view, download, reaction or message")] = "post",
    role: Annotated[
        list[str] | None,
        typer.Option(help="attainment of this role; may be repeated; else every role that a log dates"),
    ] = None,
    covariates: Annotated[
        str, typer.Option(help="of the hazard: posts, recent-posts, thanks, posted-early, tenure; empty for none")
    ] = "posts,thanks",
    external: Annotated[
        Path | None, typer.Option(metavar="FILE", help="more covariates: CSV or Parquet with pseudonym, at, numbers")
    ] = None,
    clock: Annotated[str, typer.Option(help="of the hazard: registration or calendar")] = "registration",
    leaving_after: Annotated[int, typer.Option(help="days of silence that end a career")] = 180,
    family: Annotated[
        str, typer.Option(help="of trends: quasi-poisson, poisson or negative-binomial")
    ] = "quasi-poisson",
    early: Annotated[int, typer.Option(help="forecast: months after registration that are known")] = 3,
    later: Annotated[int, typer.Option(help="forecast: months after those that are foretold; 0 for no forecast")] = 6,
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="this forum alone")] = None,
    out: Annotated[Path | None, typer.Option(help="new folder for tables, charts and rows by pseudonym")] = None,
    overwrite: Annotated[bool, typer.Option("--replace", help="replace what stands at --out")] = False,
    engine: Annotated[Engine, typer.Option(help="where reductions run")] = Engine.DUCKDB,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """How members develop: onset, frequency, duration, versatility, escalation, and who attains a role."""
    from vestige.careers import AttainmentSettings, CareerSettings, ForecastSettings
    from vestige.dataset import open_dataset
    from vestige.dataset.schema import Role

    if out is not None:
        check_folder_output(out, replace=overwrite)
    named = tuple(part.strip() for part in covariates.split(",") if part.strip())
    career = CareerSettings(outcome=outcome, forum=forum, leaving_after=leaving_after, family=family)  # type: ignore[arg-type] # checked there
    attainments = [
        AttainmentSettings(role=each, forum=forum, leaving_after=leaving_after, clock=clock, covariates=named)  # type: ignore[arg-type] # checked there
        for each in role or [role.value for role in Role if role is not Role.REGISTERED]
    ]
    foretold = ForecastSettings(outcome, early, later, forum=forum) if later else None
    more = None if external is None else read_table_file(external)
    with open_dataset(folder, engine=engine) as dataset, progress_bar(quiet=quiet or as_json) as progress:
        results = _run(dataset, career, attainments, foretold, more, chosen=bool(role), seed=seed, progress=progress)
    if out is not None:
        rows = {f"{name}-members": found.member_rows() for name, found in results.items() if name != "forecast"}
        write_results(out, results, rows, replace=overwrite)
    if as_json:
        print_json(results)
    else:
        print_results(results)


def _run(
    dataset: "Dataset", career: Any, attainments: list[Any], foretold: Any, external: "pa.Table | None", *,  # noqa: ANN401 - settings, loaded lazily
    chosen: bool, seed: int, progress: "Progress",
) -> "dict[str, Any]":  # fmt: skip
    """Every analysis that the dataset allows; what was asked for by name must be there."""
    from vestige.careers import fit_attainment, forecast_activity, measure_careers

    results: dict[str, FiguresResult] = {"careers": measure_careers(dataset, settings=career, progress=progress)}
    notes = []
    for settings in attainments:
        try:
            found = fit_attainment(dataset, settings=settings, external=external, seed=seed, progress=progress)
        except DatasetError:
            if chosen:
                raise
            continue
        if chosen or found.shown:
            results[f"attained-{settings.role.value}"] = found
        else:
            notes.append(f"Few attained the role {settings.role.value} while observed; --role shows what can be shown.")
    if foretold is not None:
        try:
            results["forecast"] = forecast_activity(dataset, settings=foretold, seed=seed, progress=progress)
        except DatasetError as error:
            notes.append(f"No forecast: {error}.")
    more = tuple(Finding("not-shown", Severity.NOTE, text) for text in notes)
    results["careers"] = replace(results["careers"], findings=(*results["careers"].findings, *more))
    return results
