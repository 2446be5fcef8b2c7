"""`vestige merge`: several forums in one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line, progress_bar

if TYPE_CHECKING:
    from vestige.dataset.merging import MergeResult


@app.command()
def merge(
    datasets: Annotated[
        list[Path], typer.Argument(metavar="DIR DIR ...", help="Folders of the datasets.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="New folder for the merged dataset.", show_default=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Replace what stands at --out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no closing table.")] = False,
) -> None:
    """Join datasets made under one key into one dataset of several forums."""
    from vestige.dataset.merging import merge_datasets

    with progress_bar(quiet=quiet) as progress:
        result = merge_datasets(datasets, out, replace_existing=replace, progress=progress)
    if not quiet:
        _print_result(result)


def _print_result(result: "MergeResult") -> None:
    print_line(f"{'forum':>5}  {'code':<42}software")
    for forum in result.manifest.forums:
        print_line(f"{forum.forum:>5}  {forum.code:<42}{forum.software.value}")
    print_line()
    print_line(f"{'dataset table':<20}{'rows':>14}")
    for entry in result.manifest.files:
        print_line(f"{entry.table:<20}{entry.rows:>14,}")
    if result.findings:
        print_line()
        print_line("Findings:")
        for finding in result.findings:
            print_line(f"  {finding.severity.value:<9}{finding.text}")
    print_line()
    print_line(result.summary())
