"""Rules of rows, as DuckDB SQL that follows from the schema: one scan for most, a sort only where order is broken."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from vestige.dataset.duckdb_session import quoted_name as name_of
from vestige.dataset.duckdb_session import quoted_text
from vestige.dataset.manifest import TimeResolution
from vestige.dataset.schema import CODE_PATTERN, PSEUDONYM_PATTERN, TABLES, Column, ColumnType, Table
from vestige.dataset.violations import Rule, Violation

_MICROSECONDS: Final = {
    TimeResolution.SECOND: 1_000_000,
    TimeResolution.MINUTE: 60_000_000,
    TimeResolution.HOUR: 3_600_000_000,
    TimeResolution.DAY: 86_400_000_000,
}
_EXTENT: Final = "extent"


@dataclass(frozen=True)
class RowContext:
    """What the rules of rows depend on beside the schema.

    Attributes:
        present: tables that the dataset has, readable or not.
        usable: table to the columns that can be checked; a view of that name holds them.
        resolution: of every stored time.
        codes: "table.column" to the neutral codes that may stand there.
    """

    present: Collection[str]
    usable: Mapping[str, frozenset[str]]
    resolution: TimeResolution
    codes: Mapping[str, Collection[str]]

    def has(self, table: str, *columns: str) -> bool:
        """Whether columns of a table can be checked."""
        return set(columns) <= self.usable.get(table, frozenset())


def row_violations(session: duckdb.DuckDBPyConnection, context: RowContext) -> Iterator[Violation]:
    """Every rule of rows that is broken; the views must exist. A table whose data cannot be decoded is unreadable."""
    facts: dict[str, _IdFacts] = {}
    broken = set()
    for table in _numbered_tables(context):
        try:
            facts[table] = _id_facts(session, table)
        except duckdb.Error:
            broken.add(table)
    context = replace(context, usable={table: names for table, names in context.usable.items() if table not in broken})
    dense = {table for table, fact in facts.items() if fact.dense}
    _create_extent(session, context, dense)
    for table in context.usable:
        try:
            yield from list(_of_table(session, TABLES[table], context, facts))
        except duckdb.Error:
            broken.add(table)
    yield from (Violation(table, "", Rule.UNREADABLE, 1) for table in broken)


def _of_table(
    session: duckdb.DuckDBPyConnection, table: Table, context: RowContext, facts: "Mapping[str, _IdFacts]"
) -> Iterator[Violation]:
    dense = {name for name, fact in facts.items() if fact.dense}
    if table.name in facts:
        yield from facts[table.name].violations
    yield from _scan(session, table, context, dense)
    yield from _dangling(session, table, context, dense)
    yield from _keys(session, table, context, facts)
    yield from _sequence(session, table, context)
    yield from _at_most_one(session, table, context)


@dataclass(frozen=True)
class _IdFacts:
    """Whether a table's own ids run 0, 1, 2, ... within each forum, and what is wrong when they do not."""

    dense: bool
    unique: bool
    violations: tuple[Violation, ...]


def _own_id(table: Table) -> str | None:
    return next((column.name for column in table.columns if column.is_dense), None)


def _numbered_tables(context: RowContext) -> list[str]:
    return [table for table in context.usable if (own := _own_id(TABLES[table])) and context.has(table, "forum", own)]


def _id_facts(session: duckdb.DuckDBPyConnection, table: str) -> _IdFacts:
    own = _own_id(TABLES[table])
    assert own is not None  # noqa: S101 - only called for numbered tables
    within = "0" if own == "forum" else '"forum"'
    ids = f"FROM {name_of(table)} WHERE {name_of(own)} IS NOT NULL AND {within} IS NOT NULL"
    if _ascending(session, table, own, within):
        counted = f"SELECT {within} AS f, count(*), min({name_of(own)}), max({name_of(own)}), count(*) {ids} GROUP BY f"
    else:
        counted = (
            f"SELECT {within} AS f, count(*), min({name_of(own)}), max({name_of(own)}), "
            f"count(DISTINCT {name_of(own)}) FILTER (WHERE {name_of(own)} >= 0) {ids} GROUP BY f"
        )
    rows = session.execute(counted).fetchall()
    gaps = sum(max(0, largest + 1 - different) for _, _, _, largest, different in rows)
    unique = all(count == different for _, count, _, _, different in rows)
    dense = not gaps and all(smallest >= 0 for _, _, smallest, _, _ in rows)
    found = (Violation(table, own, Rule.NOT_DENSE, gaps),) if gaps else ()
    return _IdFacts(dense, unique, found)


def _ascending(session: duckdb.DuckDBPyConnection, table: str, column: str, within: str) -> bool:
    """Whether a column only grows within blocks of one forum, in the files' order: one pass without a sort."""
    row = session.execute(
        f"SELECT 1 FROM (SELECT {within} AS f, {name_of(column)} AS v, lag(f) OVER () AS previous_f, "
        f"lag(v) OVER () AS previous FROM {name_of(table)}) "
        "WHERE f IS NULL OR v IS NULL OR f < previous_f OR (f = previous_f AND v <= previous) LIMIT 1"
    ).fetchone()
    return row is None


def _create_extent(session: duckdb.DuckDBPyConnection, context: RowContext, dense: Collection[str]) -> None:
    """One row a forum: its window, and how many ids each dense table has there."""
    window = ["NULL::TIMESTAMP AS window_start", "NULL::TIMESTAMP AS window_end"]
    if context.has("forum", "forum", "window_start", "window_end"):
        window = ["min(window_start) AS window_start", "max(window_end) AS window_end"]
    listed = "forum" if context.has("forum", "forum") else "(SELECT NULL::BIGINT AS forum)"
    parts = [f"(SELECT forum, true AS known, {', '.join(window)} FROM {listed} WHERE forum IS NOT NULL GROUP BY forum)"]
    columns = ["forum", "known", "window_start", "window_end"]
    for table in sorted(set(dense) - {"forum"}):
        own = _own_id(TABLES[table])
        counted = name_of(f"n_{table}")
        parts.append(f"(SELECT forum, max({name_of(str(own))}) + 1 AS {counted} FROM {name_of(table)} GROUP BY forum)")
        columns.append(counted)
    joined = parts[0] + "".join(f" FULL JOIN {part} USING (forum)" for part in parts[1:])
    session.execute(f"CREATE OR REPLACE TEMP TABLE {_EXTENT} AS SELECT {', '.join(columns)} FROM {joined}")


def _scan(
    session: duckdb.DuckDBPyConnection, table: Table, context: RowContext, dense: Collection[str]
) -> Iterator[Violation]:
    """All rules that look at one row and its forum's extent, counted in one pass."""
    rules = [
        (column.name, rule, condition)
        for column in table.columns
        if context.has(table.name, column.name)
        for rule, condition in _conditions(table, column, context, dense)
    ]
    rules += [
        (last, Rule.INTERVAL, f"t.{name_of(first)} > t.{name_of(last)}")
        for first, last in table.intervals
        if context.has(table.name, first, last)
    ]
    if not rules:
        return
    counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for _, _, condition in rules)
    extent = f"LEFT JOIN {_EXTENT} AS e ON t.forum = e.forum" if context.has(table.name, "forum") else ""
    found = session.execute(f"SELECT {counts} FROM {name_of(table.name)} AS t {extent}").fetchone() or ()
    for (column, rule, _), count in zip(rules, found, strict=True):
        if count:
            yield Violation(table.name, column, rule, count)


def _conditions(
    table: Table, column: Column, context: RowContext, dense: Collection[str]
) -> Iterator[tuple[Rule, str]]:
    value = f"t.{name_of(column.name)}"
    if not column.nullable:
        yield Rule.NULL, f"{value} IS NULL"
    if column.minimum is not None:
        yield Rule.BELOW_MINIMUM, f"{value} < {column.minimum}"
    if column.kind is ColumnType.FLOAT:
        yield Rule.NOT_FINITE, f"NOT isfinite({value})"
    yield from _string_conditions(table, column, context, value)
    if column.kind is ColumnType.TIME:
        fine = f"epoch_us({value}) % {_MICROSECONDS[context.resolution]} <> 0"
        yield Rule.TOO_FINE, f"CASE WHEN isfinite({value}) THEN {fine} ELSE {value} IS NOT NULL END"
        if column.in_window and context.has(table.name, "forum"):
            yield Rule.OUTSIDE_WINDOW, f"{value} < e.window_start OR {value} > e.window_end"
    if column.references == "forum" and (context.has("forum", "forum") or "forum" not in context.present):
        yield Rule.DANGLING, f"{value} IS NOT NULL AND e.known IS NULL"
    elif column.references in dense and context.has(table.name, "forum"):
        count = f"e.{name_of(f'n_{column.references}')}"
        yield Rule.DANGLING, f"{value} < 0 OR ({value} IS NOT NULL AND ({count} IS NULL OR {value} >= {count}))"


def _string_conditions(table: Table, column: Column, context: RowContext, value: str) -> Iterator[tuple[Rule, str]]:
    if column.kind is ColumnType.ENUM and column.enum is not None:
        yield Rule.NOT_IN_ENUM, f"{value} NOT IN ({_texts([member.value for member in column.enum])})"
    if column.kind is ColumnType.PSEUDONYM:
        yield Rule.NOT_A_PSEUDONYM, f"NOT regexp_full_match({value}, {quoted_text(PSEUDONYM_PATTERN)})"
    if column.kind is ColumnType.CODE:
        listed = context.codes.get(f"{table.name}.{column.name}", ())
        unlisted = f"{value} NOT IN ({_texts(listed)})" if listed else f"{value} IS NOT NULL"
        yield Rule.NOT_A_LISTED_CODE, f"{unlisted} OR NOT regexp_full_match({value}, {quoted_text(CODE_PATTERN)})"


def _texts(texts: Collection[str]) -> str:
    return ", ".join(quoted_text(text) for text in texts)


def _dangling(
    session: duckdb.DuckDBPyConnection, table: Table, context: RowContext, dense: Collection[str]
) -> Iterator[Violation]:
    """References that the extent cannot decide: to tables whose ids are not dense, or that are not there."""
    for column in table.columns:
        target = column.references
        if target is None or target == "forum" or target in dense or not context.has(table.name, "forum", column.name):
            continue
        missing = f"t.{name_of(column.name)} IS NOT NULL"
        if context.has(target, "forum", target):
            same = f"r.forum = t.forum AND r.{name_of(target)} = t.{name_of(column.name)}"
            missing += f" AND NOT EXISTS (SELECT 1 FROM {name_of(target)} AS r WHERE {same})"
        elif target in context.present:
            continue
        dangling = f"SELECT count(*) FROM {name_of(table.name)} AS t WHERE {missing}"
        yield from _counted(session, Violation(table.name, column.name, Rule.DANGLING, 0), dangling)


def _keys(
    session: duckdb.DuckDBPyConnection, table: Table, context: RowContext, facts: Mapping[str, _IdFacts]
) -> Iterator[Violation]:
    if not table.key or not context.has(table.name, *table.key):
        return
    own = _own_id(table)
    if table.name in facts and facts[table.name].unique and set(table.key) <= {"forum", own}:
        return
    keys = ", ".join(name_of(name) for name in table.key)
    yield from _counted(session, Violation(table.name, "", Rule.DUPLICATE_KEY, 0), _repeats(table.name, keys))


def _sequence(session: duckdb.DuckDBPyConnection, table: Table, context: RowContext) -> Iterator[Violation]:
    if table.sequence is None or not context.has(table.name, "forum", *table.sequence):
        return
    place, time = table.sequence
    if _in_order(session, table.name, place, time):
        return
    keys = f'"forum", {name_of(place)}'
    repeats = _repeats(table.name, keys)
    yield from _counted(session, Violation(table.name, place, Rule.DUPLICATE_SEQUENCE, 0), repeats)
    against = (
        f"SELECT count(*) FROM (SELECT {name_of(time)} AS v, max({name_of(time)}) OVER (PARTITION BY forum ORDER BY "
        f"{name_of(place)} GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest "
        f"FROM {name_of(table.name)} WHERE {name_of(place)} IS NOT NULL) WHERE v < latest"
    )
    yield from _counted(session, Violation(table.name, place, Rule.SEQUENCE_AGAINST_TIME, 0), against)


def _in_order(session: duckdb.DuckDBPyConnection, table: str, place: str, time: str) -> bool:
    """Whether the files hold the rows in their true order, with times that never go back: one pass, no sort."""
    if not _ascending(session, table, place, '"forum"'):
        return False
    for (forum,) in session.execute(f"SELECT DISTINCT forum FROM {name_of(table)}").fetchall():
        row = session.execute(
            f"SELECT 1 FROM (SELECT {name_of(time)} AS v, max({name_of(time)}) OVER "
            f"(ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS latest FROM {name_of(table)} WHERE forum = ?) "
            "WHERE v < latest LIMIT 1",
            [forum],
        ).fetchone()
        if row is not None:
            return False
    return True


def _at_most_one(session: duckdb.DuckDBPyConnection, table: Table, context: RowContext) -> Iterator[Violation]:
    if table.at_most_one is None or not context.has(table.name, "forum", *table.at_most_one):
        return
    flag, within = table.at_most_one
    yield from _counted(
        session,
        Violation(table.name, flag, Rule.MORE_THAN_ONE, 0),
        _repeats(table.name, f'"forum", {name_of(within)}', name_of(flag)),
    )


def _repeats(table: str, keys: str, condition: str = "true") -> str:
    """Rows beyond the first of each key."""
    return (
        f"SELECT coalesce(sum(n - 1), 0)::BIGINT FROM (SELECT count(*) AS n FROM {name_of(table)} "
        f"WHERE {condition} GROUP BY {keys} HAVING count(*) > 1)"
    )


def _counted(session: duckdb.DuckDBPyConnection, violation: Violation, query: str) -> Iterator[Violation]:
    (count,) = session.execute(query).fetchone() or (0,)
    if count:
        yield Violation(violation.table, violation.column, violation.rule, count)
