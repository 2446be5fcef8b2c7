"""What several source files write alike: tables of plain columns, sizes in bands."""

from vestige.derive.contract import Cell, SourceColumn, SourceTable

_BANDS = ((100_000, "under-100kb"), (1_000_000, "under-1mb"), (10_000_000, "under-10mb"), (100_000_000, "under-100mb"))


def declare_table(
    name: str,
    *others: SourceColumn,
    key: str = "",
    numbers: str = "",
    seconds: str = "",
    moments: str = "",
    required: bool = False,
) -> SourceTable:
    """A table of which mostly numbers and times are read.

    Args:
        name: its name without the prefix.
        others: columns of other kinds.
        key: columns of integers that must be there, parted by blanks.
        numbers: columns of integers that may be missing.
        seconds: columns of seconds since the epoch that may be missing.
        moments: columns of dates and times in UTC that may be missing.
        required: whether the table must be there.
    """
    columns = [SourceColumn(column, required=True) for column in key.split()]
    columns += [SourceColumn(column) for column in numbers.split()]
    columns += [SourceColumn(column, Cell.SECONDS) for column in seconds.split()]
    columns += [SourceColumn(column, Cell.MOMENT) for column in moments.split()]
    return SourceTable(name, (*columns, *others), required=required)


def size_band(column: str) -> str:
    """SQL that puts a size in bytes into the schema's bands."""
    bands = " ".join(f"WHEN {column} < {size} THEN '{band}'" for size, band in _BANDS)
    return f"CASE {bands} WHEN {column} IS NOT NULL THEN 'larger' END"
