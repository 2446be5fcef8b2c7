"""`vestige trajectories INPUT`: group-based trajectory models of a dataset or of a wide table."""

from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.cli.trajectory_input import (
    DatasetOptions,
    FileOptions,
    ModelOptions,
    model_of,
    numbers_of_groups,
    opened_source,
)
from vestige.dataset.engine import Engine
from vestige.outputs import check_folder_output


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
    search_orders: Annotated[
        bool, typer.Option("--search-orders", help="raise and lower each group's order while BIC gains")
    ] = False,
    highest_order: Annotated[int, typer.Option(help="highest order that --search-orders tries")] = 3,
    starts: Annotated[int, typer.Option(min=1, help="starting points of each model")] = 20,
    stability: Annotated[bool, typer.Option("--stability", help="fit random halves as well, and compare")] = False,
    outcome: Annotated[str, typer.Option(help="dataset: post, thread, view, download, reaction or message")] = "post",
    clock: Annotated[str, typer.Option(help="dataset: calendar, or registration (months since)")] = "calendar",
    before: Annotated[str, typer.Option(help="dataset: months before registration are missing or zero")] = "missing",
    after_ban: Annotated[str, typer.Option(help="dataset: months after a lasting ban are missing or zero")] = "missing",
    removed: Annotated[
        str, typer.Option(help="dataset: posts deleted later, or never approved, are left-out or counted")
    ] = "left-out",
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="dataset: this forum alone")] = None,
    engine: Annotated[Engine, typer.Option(help="dataset: where reductions run")] = Engine.DUCKDB,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="dataset, with --engine spark: histories stay there, in so many parts")
    ] = None,
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
    traits: Annotated[
        str | None,
        typer.Option(help="profile the groups: all, or role,section,registered,...; file: columns, with --id"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="new folder for tables, charts and code")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace what stands at --out")] = False,
    seed: Annotated[int, typer.Option(min=0, help="same data, settings and seed: same answer")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print one record a model instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Find groups of members who follow the same path over time, and how firm that finding is."""
    from vestige.cli.trajectory_output import json_text, print_result, write_result
    from vestige.trajectories import SelectionSettings, select_trajectories

    if out is not None:
        check_folder_output(out, replace=replace)
    numbers = numbers_of_groups(groups, "--groups")
    options = ModelOptions(
        family, order, zero_order, common_zero, spread, spline, minimum, maximum, dropout, robust, starts
    )
    settings = SelectionSettings(
        model=model_of(options, numbers), groups=numbers, search_orders=search_orders, highest_order=highest_order,
        split_halves=stability,
    )  # fmt: skip
    dataset = DatasetOptions(outcome, clock, before, after_ban, removed, forum, engine, partitions)
    file = FileOptions(columns, identifier, times, exposure, covariate or [], risk, weight)
    with opened_source(source, dataset, file, traits) as found:
        with progress_bar(quiet=quiet or as_json) as progress:
            result = select_trajectories(found.panel, settings=settings, seed=seed, progress=progress)
        if out is not None:
            write_result(out, result, found, replace=replace)
        if as_json:
            print_line(json_text(result))
        else:
            print_result(result, found)
