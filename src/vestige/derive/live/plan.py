"""What is asked of a live database: the declared columns it has, each as an expression that yields a number."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from vestige.derive.contract import SourceColumn, SourceTable
from vestige.errors import SourceError

Catalogue = Mapping[str, Mapping[str, str]]
"""Table name to its columns, each with the server's name of its type."""

Expression = Callable[[SourceColumn, str], "Asked | None"]
"""How a server turns a column of a type into a number; None when it cannot."""


@dataclass(frozen=True)
class Asked:
    """One column as it is asked for.

    Attributes:
        column: as declared.
        number: SQL that yields its number (seconds for SECONDS).
        malformed: SQL that is true where the cell is no such number; None where the type rules that out.
    """

    column: SourceColumn
    number: str
    malformed: str | None = None


@dataclass(frozen=True)
class TablePlan:
    """One declared table that the database has.

    Attributes:
        declared: the declaration.
        name: the table's own name, prefix included.
        columns: what is asked for.
        missing: declared optional columns that it lacks.
    """

    declared: SourceTable
    name: str
    columns: tuple[Asked, ...]
    missing: tuple[str, ...]


def find_prefixes(names: Collection[str], detect: Sequence[str], prefix: str | None) -> list[str]:
    """Every prefix under which all tables that identify a package stand; of one that is given, itself or none."""
    first = detect[0]
    candidates = {name.removesuffix(first) for name in names if name.endswith(first)} if prefix is None else {prefix}
    return sorted(each for each in candidates if all(each + name in names for name in detect))


def find_prefix(names: Sequence[str], detect: Sequence[str], prefix: str | None) -> str:
    """The prefix of a forum's tables, found or given.

    Args:
        names: all table names.
        detect: table names without prefix that identify the package.
        prefix: the prefix given, or None to find it.

    Raises:
        SourceError: no forum of this package, or more than one; no name is repeated.
    """
    found = find_prefixes(set(names), detect, prefix)
    if len(found) > 1:
        raise SourceError(
            f"the database holds {len(found)} forums of this package", hint="choose one with --prefix PREFIX"
        )
    if not found:
        raise SourceError(
            "the database holds no forum of this package",
            where=f"looked for {', '.join(detect)}, with {'any' if prefix is None else 'the given'} prefix",
            hint="check the database's name, --software and --prefix, and that the account may read the tables",
        )
    return found[0]


def plan_table(table: SourceTable, prefix: str, catalogue: Catalogue, expression: Expression) -> TablePlan | None:
    """How to ask for a table; None if the database lacks it.

    Raises:
        SourceError: a required table or column is missing, or a column is of a type that cannot be its kind.
    """
    present = catalogue.get(prefix + table.name)
    lacking = [column.name for column in table.columns if column.required and column.name not in (present or ())]
    if table.required and present is None:
        raise SourceError("a required table is missing", where=table.name, hint="check --software and --prefix")
    if present is not None and lacking:
        raise SourceError(
            "required columns are missing, or the account may not read them",
            where=f"{table.name}: {', '.join(lacking)}",
            hint="grant SELECT on the columns listed in the documentation, or check --software",
        )
    if present is None:
        return None
    asked = []
    for column in table.columns:
        if column.name not in present:
            continue
        one = expression(column, present[column.name])
        if one is None:
            raise SourceError(
                f"a column's type cannot be read as {column.cell}",
                where=f"{table.name}.{column.name}",
                hint="check --software; a changed schema needs a source file of its own",
            )
        asked.append(one)
    missing = tuple(column.name for column in table.columns if column.name not in present)
    return TablePlan(table, prefix + table.name, tuple(asked), missing)
