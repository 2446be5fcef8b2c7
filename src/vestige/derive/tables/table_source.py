"""A map of tables as a source: what is read, and how the dataset follows.

| dataset | from | note |
|---|---|---|
| any table but `forum` | the file that the map names for it | columns as mapped, constants as given |
| member, thread, section, object | its own file, or whatever the other tables point to | where it has no file |
| the opening post of a thread | its first post in time | where the map does not say |
"""

from collections.abc import Iterator, Sequence
from typing import Final

from vestige.dataset.schema import TABLES, ColumnType, MemberKind, Software, State
from vestige.derive.contract import UNKNOWN_WORD, Cell, Source, SourceColumn, SourceFinding, SourceTable
from vestige.derive.tables.table_map import GIVEN, HANDLE, ROW_NUMBERED, MappedColumn, MappedTable
from vestige.results import Severity

ROW: Final = "row"
"""Staged column with the number of each row of its file."""
_IMPLIED: Final = ("member", "thread", "section", "object")


def source_of_tables(tables: Sequence[MappedTable]) -> Source:
    """The source that a map describes."""
    assembly: dict[str, dict[str, str]] = {}
    for table in tables:
        assembly.setdefault(table.table, {})[table.name] = _select(table)
    for name in _IMPLIED:
        if name not in assembly and (pointing := list(_references(tables, name))):
            assembly[name] = {pointing[0][0].name: _implied(name, tables)}
    absent = {name: "the map names no file for it" for name in TABLES if name not in {"forum", *assembly}}
    for name in {table.table for table in tables}:
        mapped = {column.target.name for table in tables if table.table == name for column in table.columns}
        empty = [column.name for column in TABLES[name].columns if column.nullable and column.name not in mapped]
        absent |= {f"{name}.{column}": "the map names no column for it" for column in empty}
    return Source(
        software=Software.TABLES,
        title="Tables (CSV or Parquet, by a map)",
        tables=tuple(_table(table) for table in tables),
        detect=tuple(table.name for table in tables),
        assembly=assembly,
        absent=absent,
        findings=tuple(finding for table in tables for finding in _findings(table)),
    )


def _table(table: MappedTable) -> SourceTable:
    columns = [SourceColumn(ROW), *(_source_column(column) for column in table.columns if column.column is not None)]
    return SourceTable(table.name, tuple(columns), required=True)


def _source_column(column: MappedColumn) -> SourceColumn:
    name, kind = column.target.name, column.target.kind
    if name == HANDLE:
        return SourceColumn(name, Cell.HANDLE)
    if kind is ColumnType.TIME:
        return SourceColumn(name, Cell.MOMENT)
    if column.target.enum is not None or kind is ColumnType.FLAG:
        vocabulary = {theirs.encode(): _number(column, ours) for theirs, ours in column.words.items()}
        return SourceColumn(name, Cell.WORD, vocabulary=vocabulary or _own_words(column))
    return SourceColumn(name, Cell.ACCOUNT if column.text else Cell.INTEGER)


def _own_words(column: MappedColumn) -> dict[bytes, int]:
    """Without a list of words, the file is taken to use the schema's."""
    if column.target.enum is None:
        return {b"false": 0, b"true": 1, b"0": 0, b"1": 1}
    return {member.value.encode(): number for number, member in enumerate(column.target.enum)}


def _number(column: MappedColumn, word: str) -> int:
    if column.target.enum is None:
        return int(word == "true")
    return [member.value for member in column.target.enum].index(word)


def _select(table: MappedTable) -> str:
    """The rows of one file in the schema's columns; a row whose word is unknown and may not be is left out."""
    chosen = [f'{_value(column)} AS "{column.target.name}"' for column in table.columns]
    missing = [column.name for column in TABLES[table.table].columns if table.find(column.name) is None]
    chosen += [f'"{ROW}" AS "{name}"' for name in missing if (table.table, name) in ROW_NUMBERED]
    chosen += [f"'{given}' AS \"{name}\"" for name in missing if (given := GIVEN.get((table.table, name)))]
    chosen += [f"{_opening(table)} AS is_opening"] if _infers_openings(table) else []
    known = [
        f"({_value(column)}) IS NOT NULL"
        for column in table.columns
        if column.target.enum is not None and not column.target.nullable and column.column is not None
    ]
    where = f" WHERE {' AND '.join(known)}" if known else ""
    return f'SELECT {", ".join(chosen)} FROM "{table.name}"{where}'


def _value(column: MappedColumn) -> str:
    name = f'"{column.target.name}"'
    if column.column is None:
        return f"'{column.value}'" if isinstance(column.value, str) else str(column.value).upper()
    if column.target.enum is not None:
        cases = " ".join(f"WHEN {number} THEN '{word.value}'" for number, word in enumerate(column.target.enum))
        rest = f"'{column.otherwise}'" if column.otherwise is not None else "NULL"
        return f"CASE {name} {cases} ELSE {rest} END"
    if column.target.kind is ColumnType.FLAG:
        return f"coalesce({name} = 1, FALSE)"
    return name


def _infers_openings(table: MappedTable) -> bool:
    thread = table.find("thread")
    return table.table == "post" and table.find("is_opening") is None and bool(thread and thread.column)


def _opening(table: MappedTable) -> str:
    when = '"at" NULLS LAST, ' if (at := table.find("at")) and at.column else ""
    return f'row_number() OVER (PARTITION BY "thread" ORDER BY {when}"{ROW}") = 1'


def _references(tables: Sequence[MappedTable], name: str) -> Iterator[tuple[MappedTable, MappedColumn]]:
    """Every mapped column that points to a table."""
    for table in tables:
        for column in table.columns:
            if column.target.references == name:
                yield table, column


def _implied(name: str, tables: Sequence[MappedTable]) -> str:
    """Rows of a table without a file of its own: whatever the others point to."""
    pointing = [
        f'SELECT {_value(column)} AS "{name}" FROM "{table.name}"' for table, column in _references(tables, name)
    ]
    every = f'SELECT DISTINCT "{name}" FROM ({" UNION ALL ".join(pointing)}) WHERE "{name}" IS NOT NULL'
    if name == "member":
        return f"SELECT member, '{MemberKind.MEMBER}' AS kind FROM ({every})"
    if name != "thread":
        return every
    posts = [f'SELECT {_first(table)} FROM "{table.name}"' for table in tables if table.table == "post"]
    if not posts:
        return f"SELECT thread, '{State.VISIBLE}' AS state FROM ({every})"
    return (
        f"SELECT e.thread, '{State.VISIBLE}' AS state, f.starter, f.created_at, f.section FROM ({every}) e LEFT JOIN ("
        'SELECT thread, arg_min(author, place) AS starter, min("at") AS created_at, arg_min(section, place) AS section '
        f"FROM ({' UNION ALL BY NAME '.join(posts)}) GROUP BY thread) f ON f.thread = e.thread"
    )


def _first(table: MappedTable) -> str:
    """What a post tells of its thread; null where it is not mapped."""
    chosen = []
    for name in ("thread", "author", "section", "at"):
        column = table.find(name)
        chosen.append(f'{"NULL::BIGINT" if column is None else _value(column)} AS "{name}"')
    at = table.find("at")
    when = '"at"' if at is not None and at.column else "NULL::BIGINT"
    return f'{", ".join(chosen)}, row(coalesce({when}, {1 << 62}), "{ROW}") AS place'


def _findings(table: MappedTable) -> Iterator[SourceFinding]:
    for column in table.columns:
        if column.target.enum is None or column.column is None or column.otherwise is not None:
            continue
        name = column.target.name
        fate = "are unknown here" if column.target.nullable else "were left out"
        yield SourceFinding(
            "words-not-in-the-map",
            Severity.CAUTION,
            f"{{count}} rows of {table.name} have no {name} that the map knows and {fate}",
            f'SELECT count(*) FROM "{table.name}" WHERE coalesce("{name}", {UNKNOWN_WORD}) = {UNKNOWN_WORD}',
        )
    if _infers_openings(table):
        yield SourceFinding(
            "openings-inferred",
            Severity.NOTE,
            "the map does not say which of {count} posts open a thread: the first in time was taken for it",
            f'SELECT count(*) FROM "{table.name}"',
        )
