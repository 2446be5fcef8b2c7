"""Tables of the case-file commands as aligned plain text, which diffs well."""

from datetime import date
from typing import TYPE_CHECKING

from vestige.cli.console import print_line

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.casefiles.tables import FootnotedTable


def print_table(table: "pa.Table") -> None:
    """A table with a heading, columns aligned, null as a dash."""
    _print([list(table.column_names), *([_cell(value) for value in row.values()] for row in table.to_pylist())])


def print_footnoted(table: "FootnotedTable") -> None:
    """A table for readers, each cell followed by the letters of its footnotes."""
    rows = [
        [f"{cell}({mark})" if mark else cell for cell, mark in zip(row, marks, strict=True)]
        for row, marks in zip(table.rows, table.marks, strict=True)
    ]
    _print([list(table.columns), *rows])
    for letter, note in table.notes:
        print_line(f"({letter}) {note}")


def _print(cells: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return value.isoformat() if isinstance(value, date) else str(value)
