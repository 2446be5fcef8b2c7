"""`vestige disclosure-check DIR`: how far a dataset's own records single members out."""

from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import progress_bar
from vestige.cli.figures import print_json, print_results
from vestige.dataset.engine import Engine


@app.command("disclosure-check")
def disclosure_check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of the dataset")],
    engine: Annotated[Engine, typer.Option(help="where reductions run")] = Engine.DUCKDB,
    seed: Annotated[int, typer.Option(min=0, help="of the draws")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress bar")] = False,
) -> None:
    """Members singled out by known moments, by registration, role and posts, and by small sections."""
    from vestige.dataset import open_dataset
    from vestige.disclosure.exposure import check_disclosure

    with open_dataset(folder, engine=engine) as dataset, progress_bar(quiet=quiet or as_json) as progress:
        result = check_disclosure(dataset, seed=seed, progress=progress)
    if as_json:
        print_json({"disclosure": result})
    else:
        print_results({"disclosure": result})
