"""`vestige activity DIR`: volume, concentration, participation and visits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import progress_bar
from vestige.cli.figures import print_json, print_results, write_results
from vestige.dataset.engine import Engine
from vestige.errors import SettingsError
from vestige.outputs import check_folder_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vestige.activity import VolumeSettings
    from vestige.dataset import Dataset
    from vestige.disclosure.result import FiguresResult
    from vestige.progress import Progress

_ROWS_SHOWN = 14


@app.command()
def activity(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the dataset")],
    by: Annotated[str, typer.Option(help="how time is cut: day, week or month")] = "month",
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="this forum alone")] = None,
    gap: Annotated[int, typer.Option(metavar="MINUTES", help="a longer pause ends a visit")] = 30,
    quiet_days: Annotated[int, typer.Option(help="days of silence after which a thread has ended")] = 90,
    few_posts: Annotated[int, typer.Option(help="posts up to which a member is a lurker, by the wider definition")] = 3,
    out: Annotated[Path | None, typer.Option(help="new folder for tables and charts")] = None,
    overwrite: Annotated[bool, typer.Option("--replace", help="replace what stands at --out")] = False,
    engine: Annotated[Engine, typer.Option(help="where reductions run")] = Engine.DUCKDB,
    seed: Annotated[int, typer.Option(min=0, help="of everything random")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """What every member does, also those who never post: volume, participation, visits, concentration."""
    from vestige.activity import Period, VolumeSettings
    from vestige.dataset import open_dataset

    if out is not None:
        check_folder_output(out, replace=overwrite)
    if by not in set(Period):
        raise SettingsError("--by has no such choice", hint=f"choose one of {', '.join(Period)}")
    volume = VolumeSettings(forum=forum, period=Period(by), quiet_days=quiet_days)
    with open_dataset(folder, engine=engine) as dataset, progress_bar(quiet=quiet or as_json) as progress:
        results = _measure(dataset, volume, few_posts, gap, seed=seed, progress=progress)
    if out is not None:
        write_results(out, results, {}, replace=overwrite)
    if as_json:
        print_json(results)
    else:
        print_results(results, most=_ROWS_SHOWN)


def _measure(
    dataset: "Dataset", volume: "VolumeSettings", few_posts: int, gap: int, *, seed: int, progress: "Progress"
) -> "Mapping[str, FiguresResult]":
    from vestige.activity import (
        ConcentrationSettings,
        ParticipationSettings,
        SessionSettings,
        measure_concentration,
        measure_participation,
        measure_sessions,
        measure_volume,
    )

    forum = volume.forum
    participation = ParticipationSettings(forum=forum, few_posts=few_posts)
    visits = SessionSettings(forum=forum, gap_minutes=gap)
    concentration = ConcentrationSettings(forum=forum)
    return {
        "volume": measure_volume(dataset, settings=volume, progress=progress),
        "participation": measure_participation(dataset, settings=participation, progress=progress),
        "visits": measure_sessions(dataset, settings=visits, progress=progress),
        "concentration": measure_concentration(dataset, settings=concentration, seed=seed, progress=progress),
    }
