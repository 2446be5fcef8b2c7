"""`vestige casefile ...`: studies of coded case files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line

if TYPE_CHECKING:
    from vestige.casefiles.study import Row

casefile = typer.Typer(help="Coded case files: check, count, compare, report.", no_args_is_help=True)
app.add_typer(casefile, name="casefile")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="folder of the study")]


@casefile.command()
def new(
    folder: Folder,
    template: Annotated[str, typer.Option(help="see `vestige casefile templates`")] = "organised-crime-monitor",
) -> None:
    """Start a study from a template."""
    from vestige.casefiles.templates import new_study

    for name in new_study(folder, template):
        print_line(name)


@casefile.command()
def templates() -> None:
    """List the templates and the publications behind them."""
    from vestige.casefiles.templates import TEMPLATES

    for template in TEMPLATES.values():
        print_line(f"{template.name}: {template.summary} [{template.source}]")


@casefile.command()
def check(folder: Folder) -> None:
    """Check schema, ids, dates, sums and claims; exits 1 on an error or a contradicted claim."""
    from vestige.casefiles.check import check_study
    from vestige.casefiles.claims import Verdict

    found = check_study(folder)
    for problem in found.problems:
        print_line(str(problem))
    for judged in found.judgements:
        print_line(f"claim {judged.claim.code} (page {judged.claim.page}): {judged.verdict.value}")
        if judged.verdict is not Verdict.SUPPORTED:
            for row in judged.rows:
                print_line(f"  {_row_place(row)}")
    notes = len(found.problems) - len(found.errors)
    print_line(f"errors: {len(found.errors)}, notes: {notes}, claims contradicted: {len(found.contradicted)}")
    raise typer.Exit(0 if found.is_sound else 1)


def _row_place(row: "Row") -> str:
    key = row.text(row.table.removesuffix("s"))
    return f"{row.table}.csv row {row.number}" + (f" ({key})" if key else "")
