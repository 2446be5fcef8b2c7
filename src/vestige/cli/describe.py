"""`vestige describe DIR`: the first look at a dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.dataset.engine import Engine

if TYPE_CHECKING:
    from vestige.activity import DescribeResult

_MONTHS_SHOWN = 12
_ROWS_SHOWN = 15
_LEGEND = "[c]: suppressed, fewer than 10 members or a figure that would give one away. [x]: not available. "
_ROUNDED = "Counts are rounded to 5."
_NOT_PRINTED = {"lorenz"}


@app.command()
def describe(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the dataset")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    engine: Annotated[Engine, typer.Option(help="where reductions run")] = Engine.DUCKDB,
    forum: Annotated[str | None, typer.Option(metavar="CODE", help="describe this forum alone")] = None,
    overrides: Annotated[
        Path | None, typer.Option(metavar="FILE", help="decisions to let out figures that are held back")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of the bootstrap")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Growth, participation and concentration; every figure passes the disclosure policy."""
    from vestige.activity import DescribeSettings, describe_dataset
    from vestige.dataset import open_dataset
    from vestige.disclosure import overriding, read_overrides

    decided = () if overrides is None else read_overrides(overrides)
    with (
        open_dataset(folder, engine=engine) as dataset,
        progress_bar(quiet=quiet or as_json) as progress,
        overriding(decided),
    ):
        result = describe_dataset(dataset, settings=DescribeSettings(forum=forum), seed=seed, progress=progress)
        plain = result.to_plain()  # checks every table, and that every override let something out
    if as_json:
        import json

        print_line(json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _print(result)


def _print(result: "DescribeResult") -> None:
    from vestige.cli.tables import output_console, print_table

    console = output_console()
    for table in result.safe_tables:
        if table.name not in _NOT_PRINTED:
            print_table(console, table, most=_MONTHS_SHOWN if table.name == "months" else _ROWS_SHOWN)
            for decision in table.decisions:
                if decision.override is not None:
                    console.print(f"{table.title}. {decision.words}")
    for finding in result.findings:
        console.print(f"{finding.severity.value}: {finding.text}")
    console.print(_LEGEND + _ROUNDED, style="dim")
    console.print(f"Dataset {result.provenance.dataset_digest}, Vestige {result.provenance.version}", style="dim")
