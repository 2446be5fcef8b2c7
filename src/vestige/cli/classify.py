"""`vestige classify-objects`: classes of objects by hashes that were computed elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar
from vestige.errors import SettingsError


@app.command("classify-objects")
def classify_objects(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the dataset.", show_default=False)],
    hashes: Annotated[
        Path, typer.Option(help="List with the columns hash and class (CSV or Parquet).", show_default=False)
    ],
    objects: Annotated[
        Path,
        typer.Option(help="The objects' own hashes: the forum's number in object, and hash.", show_default=False),
    ],
    lookup: Annotated[Path, typer.Option(help="The lookup that derive --lookup wrote.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The custodian's key file.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="New folder; else --replace replaces the dataset.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what stands at --out, or the dataset.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")] = False,
) -> None:
    """Give objects an opaque class by a hash list; no hash enters the dataset, a log or an error."""
    from vestige.derive.classifying import classify_objects as classify
    from vestige.derive.keys import read_key

    if out is None and not replace:
        raise SettingsError("there is no place for the new dataset", hint="give --out, or --replace the old one")
    with progress_bar(quiet=quiet) as progress:
        result = classify(
            folder,
            out or folder,
            hashes=hashes,
            objects=objects,
            lookup=lookup,
            key=read_key(key),
            replace_existing=replace,
            progress=progress,
        )
    if quiet:
        return
    for label, count in result.classes.items():
        print_line(f"{label:<42}{count:>12,}")
    print_line(result.summary())
