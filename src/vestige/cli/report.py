"""`vestige report DIR --out FILE`: everything known about a dataset, as one page for a reader."""

from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.cli.trajectory_input import numbers_of_groups
from vestige.dataset.engine import Engine


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the dataset")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="page to write, such as report.html")],
    replace: Annotated[bool, typer.Option("--replace", help="replace an existing page")] = False,
    engine: Annotated[Engine, typer.Option(help="where reductions run")] = Engine.DUCKDB,
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="report on this forum alone")] = None,
    study: Annotated[Path | None, typer.Option(metavar="DIR", help="add the chapters of a study of case files")] = None,
    trajectories: Annotated[
        str | None, typer.Option(metavar="GROUPS", help="add a chapter on posting paths: numbers of groups, as 1:6")
    ] = None,
    chapters: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="CHAPTER",
            help="add a chapter, such as network; may be repeated; a name that is none lists them",
        ),
    ] = None,
    member: Annotated[
        str | None, typer.Option(metavar="PSEUDONYM", help="show one member's place in the chapter profile")
    ] = None,
    overrides: Annotated[
        Path | None, typer.Option(metavar="FILE", help="decisions to let out figures that are held back")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """One self-contained page: no script, nothing loaded from anywhere, fit to print."""
    from vestige.dataset import open_dataset
    from vestige.dataset.manifest import lies_in_dataset
    from vestige.disclosure import read_overrides
    from vestige.errors import OutputError
    from vestige.outputs import staged_file
    from vestige.report import ReportSettings, build_report

    if lies_in_dataset(out):
        raise OutputError("a page in a dataset's folder would make it invalid", hint="choose another --out")
    groups = () if trajectories is None else numbers_of_groups(trajectories, "--trajectories")
    decided = () if overrides is None else read_overrides(overrides)
    with staged_file(out, replace=replace) as target, progress_bar(quiet=quiet) as progress:
        with open_dataset(folder, engine=engine) as dataset:
            settings = ReportSettings(forum, study, groups, tuple(chapters or ()), member, decided)
            made = build_report(dataset, settings=settings, seed=seed, progress=progress)
        target.write_text(made.html, encoding="utf-8")
    if not quiet:
        print_line(f"{made.title}: {len(made.chapters)} chapters, {len(made.html.encode()) / 1000:,.0f} kB")
