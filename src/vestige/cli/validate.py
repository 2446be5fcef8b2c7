"""`vestige validate`: every rule of the schema, checked at once."""

import json
from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar


@app.command()
def validate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a dataset.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Draw no progress bar.")] = False,
) -> int:
    """Check a dataset against its schema; exits with 1 when a rule is broken.

    Prints every violation at once: table, column, rule and count, never a value.
    """
    from vestige.dataset.validation import validate_dataset

    with progress_bar(quiet=quiet) as progress:
        result = validate_dataset(directory, progress=progress)
    if as_json:
        shown = {
            "valid": result.passed,
            "digest": result.provenance.dataset_digest,
            "version": result.provenance.version,
            "tables": dict(result.rows),
            "violations": result.table("violations").to_pylist(),
        }
        print_line(json.dumps(shown, indent=1))
    else:
        print_line(result.summary())
    return 0 if result.passed else 1
