"""Draw checked tables on the terminal. Nothing else can be drawn: these functions take a `SafeTable` only."""

from typing import TYPE_CHECKING, Final, Literal

from vestige.disclosure.policy import LABEL_KINDS, ColumnKind, ColumnRule
from vestige.disclosure.safe import SafeTable

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH: Final = 80
"""Columns when standard output is no terminal."""
_GAP: Final = 3
"""Characters between two columns of a table."""
_LONG_WORD: Final = 14


def output_console() -> "Console":
    """Standard output, 80 columns wide when it is no terminal."""
    import sys

    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False, emoji=False, markup=False)


def print_table(console: "Console", table: SafeTable, *, most: int | None = None) -> None:
    """One table; with `most`, its first rows only, and how many more there are.

    Raises:
        TypeError: anything but a `SafeTable` is given.
    """
    if not isinstance(table, SafeTable):
        raise TypeError("only a table that passed the disclosure policy may be printed")
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=Text(table.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    texts = table.texts()
    widths = _widths(
        [[rule.title, *(row[place] for row in texts)] for place, rule in enumerate(table.columns)], console
    )
    whole = None not in widths
    for rule, width in zip(table.columns, widths, strict=True):
        side: Literal["left", "right"] = "left" if rule.kind in LABEL_KINDS else "right"
        grid.add_column(Text(rule.title), justify=side, width=width, overflow="fold")
    for row in texts[:most]:
        cells = row if whole else [_broken(cell, rule) for cell, rule in zip(row, table.columns, strict=True)]
        grid.add_row(*(Text(cell, style="dim" if cell.startswith("[") else "") for cell in cells))
    console.print(grid)
    if most is not None and len(texts) > most:
        console.print(f"  and {len(texts) - most} rows more: see --json or the report", style="dim")
    if table.note:
        console.print(f"  {table.note}", style="dim")
    console.print()


def _broken(cell: str, rule: ColumnRule) -> str:
    """A long word of a declared label may break after its hyphens, where there is no room for all of it."""
    hyphened = rule.kind is ColumnKind.LABEL and len(cell) > _LONG_WORD and " " not in cell
    return cell.replace("-", "- ") if hyphened else cell


def _widths(columns: list[list[str]], console: "Console") -> list[int] | list[None]:
    """Widths that break no word, what is left going to the first columns; nothing where there is no room for that."""
    lowest = [max(len(word) for text in texts for word in text.split(" ")) for texts in columns]
    spare = console.width - sum(lowest) - _GAP * len(columns)
    if spare < 0:
        return [None] * len(columns)
    widths = []
    for low, texts in zip(lowest, columns, strict=True):
        more = min(max(map(len, texts)) - low, spare)
        spare -= more
        widths.append(low + more)
    return widths
