"""`vestige sources`: what can be read, and what each package can supply."""

from typing import TYPE_CHECKING, Annotated

import typer

from vestige.cli.app import app
from vestige.cli.console import print_line
from vestige.errors import SettingsError

if TYPE_CHECKING:
    from vestige.derive.contract import Source


@app.command("sources")
def sources(
    software: Annotated[str | None, typer.Option(help="One package: what is read of it, and what it lacks.")] = None,
) -> None:
    """List the forum packages that can be read, and which tables of the dataset each can supply."""
    from vestige.derive.features import FEATURES, LEGEND, feature_rows
    from vestige.derive.opening import known_software, source_of

    if software is None:
        table = [("--software", *FEATURES), *feature_rows()]
        widths = [max(len(cell) for cell in column) + 2 for column in zip(*table, strict=True)]
        for row in table:
            print_line("".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
        print_line()
        print_line(f"{LEGEND} More: vestige sources --software NAME")
        return
    chosen = next((known for known in known_software() if known.value == software), None)
    if chosen is None:
        raise SettingsError(
            "--software takes no such value", hint=f"choose one of {', '.join(each.value for each in known_software())}"
        )
    _describe(source_of(chosen))


def _describe(source: "Source") -> None:
    print_line(source.title)
    print_line()
    print_line("Read (* required), every other byte being skipped:")
    for table in source.tables:
        columns = ", ".join(f"{column.name}{'*' * column.required}" for column in table.columns)
        print_line(f"  {table.name + '*' * table.required:<20} {columns}")
    print_line()
    print_line("Supplied, and from which tables:")
    for name, parts in source.assembly.items():
        print_line(f"  {name:<20} {', '.join(parts)}")
    print_line()
    print_line("Not supplied, and why:")
    for what, why in source.absent.items():
        print_line(f"  {what:<20} {why}")
