"""From staged source tables to the dataset's tables, driven by the schema alone.

Two generations of working tables: `_raw_T` holds a source's assembly, with the source's ids; `_kept_T` holds what
lies in the window and can be resolved, with dense ids of what it points to, in the order of its own source id
(`_source`); `_id_T` maps a source id to the dense id. Everything dropped is counted and becomes a finding.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from graphlib import TopologicalSorter
from typing import Final

from vestige.dataset.schema import TABLES, Column, ColumnType, Table
from vestige.derive.contract import Source, TableRead
from vestige.derive.staging import Staging
from vestige.derive.window import PERIOD, Window, chosen_end, plausible_periods
from vestige.errors import SourceError
from vestige.results import Finding, Severity

MADE_LATER: Final = {"forum", "pseudonym", "seq"}
"""Columns that no assembly supplies."""

_DEFAULTS: Final = {"attachments": "0", "is_opening": "FALSE", "weight": "1"}
_ENGINE_TYPES: Final = {ColumnType.FLAG: "BOOLEAN", ColumnType.FLOAT: "DOUBLE"}


@dataclass
class Assembled:
    """What assembly left in the working tables.

    Attributes:
        window: the observed span; None without any dated event.
        rows: dataset table to its rows; only tables that the source supplies.
        kept: source table to the rows of the dataset that come from it.
        empty: table.column that is null in every row.
        findings: what was dropped, and what the source is known to hide.
    """

    window: Window | None = None
    rows: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def own_id(table: Table) -> str | None:
    """The column that holds a table's own dense id, such as "post"; None for a table without one."""
    ids = [name for name in table.key if name != "forum"]
    return ids[0] if ids else None


def own_is_unique(table: Table) -> bool:
    """Whether the table's own id alone tells its rows apart; a message has a row for each recipient."""
    return len(table.key) == len(("forum", "own"))


def moment_of(table: Table) -> str | None:
    """The time that decides whether a row lies in the window; None for a table without one."""
    times = [column.name for column in table.columns if column.kind is ColumnType.TIME and column.in_window]
    return times[0] if times else None


def supplied_columns(table: Table) -> Iterator[Column]:
    """The columns that an assembly may supply."""
    made = MADE_LATER | ({"kind"} if table.name == "section" else set())
    return (column for column in table.columns if column.name not in made)


def collect_raw(staging: Staging, source: Source, present: Mapping[str, TableRead]) -> tuple[str, ...]:
    """Run every part of the assembly whose source table is there; returns the dataset tables supplied."""
    supplied = []
    for name, parts in source.assembly.items():
        table = TABLES[name]
        there = [(number, select) for number, (origin, select) in enumerate(parts.items()) if present[origin].present]
        if not there:
            continue
        supplied.append(name)
        columns = ", ".join(_definition(column) for column in supplied_columns(table))
        staging.run(f'CREATE TABLE "_raw_{name}" ({columns}, _origin UTINYINT)')
        for number, select in there:
            staging.run(f'INSERT INTO "_raw_{name}" BY NAME SELECT *, {number} AS _origin FROM ({select})')
    return tuple(name for name in _resolution_order() if name in supplied)


def count_findings(staging: Staging, source: Source) -> list[Finding]:
    """What the source is known to hide, where it does."""
    found = []
    for known in source.findings:
        (count,) = staging.row(known.count)
        if count:
            found.append(Finding(known.code, known.severity, known.text.format(count=f"{count:,}")))
    return found


def find_window(staging: Staging, supplied: tuple[str, ...], last_day: date | None) -> Window | None:
    """The observed span; None without any dated event."""
    moments = [(name, moment) for name in supplied if (moment := moment_of(TABLES[name]))]
    if not moments:
        return None
    counts: dict[int, int] = {}
    for name, moment in moments:
        query = f'SELECT "{moment}" // {PERIOD}, count(*) FROM "_raw_{name}" WHERE "{moment}" IS NOT NULL GROUP BY 1'
        for period, count in staging.rows(query):
            counts[period] = counts.get(period, 0) + count
    periods = plausible_periods(counts)
    if periods is None:
        return None
    low, high = periods[0] * PERIOD, (periods[1] + 1) * PERIOD - 1
    extremes = " UNION ALL ".join(
        f'SELECT min("{moment}") AS low, max("{moment}") AS high FROM "_raw_{name}" '
        f'WHERE "{moment}" BETWEEN {low} AND {high}'
        for name, moment in moments
    )
    start, latest = staging.row(f"SELECT min(low), max(high) FROM ({extremes})")
    return Window(start, chosen_end(start, latest, last_day), latest)


def keep_rows(
    staging: Staging,
    source: Source,
    supplied: tuple[str, ...],
    window: Window | None,
    member_order: Callable[[list[int]], list[bytes]] | None = None,
) -> Assembled:
    """Resolve, drop and order the rows of every supplied table; the raw tables are gone afterwards.

    Members are numbered in the order of their own numbers, or of what `member_order` makes of these.
    """
    assembled = Assembled(window=window)
    for name in supplied:
        keeper = _Keeper(staging, TABLES[name], supplied, window, member_order if name == "member" else None)
        keeper.keep(assembled)
        for number, origin in enumerate(source.assembly[name]):
            kept = keeper.kept_by_origin.get(number, 0)
            assembled.kept[origin] = max(assembled.kept.get(origin, 0), kept)
        staging.run(f'DROP TABLE "_raw_{name}"')
    return assembled


class _Keeper:
    """Keeps the rows of one table."""

    def __init__(
        self,
        staging: Staging,
        table: Table,
        supplied: tuple[str, ...],
        window: Window | None,
        order: Callable[[list[int]], list[bytes]] | None,
    ) -> None:
        self._staging = staging
        self._order = order
        self._table = table
        self._window = window
        self._own = own_id(table)
        self._moment = moment_of(table)
        self._columns = [column for column in supplied_columns(table) if column.name != self._own]
        self._references = [
            column
            for column in self._columns
            if column.references in supplied and column.references != table.name and column.kind is ColumnType.ID
        ]
        self.kept_by_origin: dict[int, int] = {}

    def keep(self, assembled: Assembled) -> None:
        """Make `_kept_T` and `_id_T`, and note counts and findings."""
        name = self._table.name
        select = f"SELECT {self._kept_columns()} " + self._kept_rows(f'(SELECT * FROM "_raw_{name}" WHERE {{part}})')
        self._staging.create_in_parts(f'"_kept_{name}"', select, f"_raw_{name}")
        if self._own:
            self._put_in_order()
            if self._order is not None:
                self._put_in_another_order(self._order)
            self._number()
        self._resolve_own_kind()
        rows, *filled = self._counts("_kept_", self._optional())
        assembled.rows[name] = rows
        assembled.empty += [
            f"{name}.{column.name}"
            for column, count in zip(self._optional(), filled, strict=True)
            if rows and not count
        ]
        assembled.findings += self._losses(rows, filled)
        self.kept_by_origin = dict(self._staging.rows(f'SELECT _origin, count(*) FROM "_kept_{name}" GROUP BY 1'))

    def _optional(self) -> list[Column]:
        return [column for column in self._columns if column.nullable]

    def _kept_columns(self) -> str:
        chosen = [f'r."{self._own}" AS _source'] if self._own else []
        chosen += [f'{self._kept_value(column)} AS "{column.name}"' for column in self._columns]
        return ", ".join([*chosen, "r._origin"])

    def _kept_value(self, column: Column) -> str:
        if column in self._references:
            return f'"i_{column.name}".id'
        if column.kind is ColumnType.TIME and column.in_window and self._window:
            return f'CASE WHEN {_inside(column.name, self._window)} THEN r."{column.name}" END'
        if column.kind is ColumnType.ID and column.references not in {self._table.name, None}:
            return "NULL::BIGINT"  # the source supplies no such table
        if column.kind is ColumnType.INTEGER and column.nullable and column.minimum is not None:
            return f'CASE WHEN r."{column.name}" >= {column.minimum} THEN r."{column.name}" END'
        return f'r."{column.name}"'

    def _kept_rows(self, raw: str) -> str:
        joins = [
            f'{"LEFT" if column.nullable else "INNER"} JOIN "_id_{column.references}" "i_{column.name}" '
            f'ON "i_{column.name}".source = r."{column.name}"'
            for column in self._references
        ]
        conditions = [f'r."{self._own}" IS NOT NULL'] if self._own else []
        if self._moment and self._window and self._window.end < self._window.latest:
            conditions.append(f"NOT coalesce({self._late()}, FALSE)")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"FROM {raw} r {' '.join(joins)} {where}"

    def _late(self) -> str:
        if self._window is None:
            return "FALSE"
        return f'r."{self._moment}" > {self._window.end} AND r."{self._moment}" <= {self._window.latest}'

    def _put_in_order(self) -> None:
        name = self._table.name
        by = "_source" if own_is_unique(self._table) else f"_source, {self._quoted(self._table.key[2:])}"
        if own_is_unique(self._table) and self._unordered() == 0:
            return
        self._staging.run(f'CREATE TABLE _ordered AS SELECT * FROM "_kept_{name}" ORDER BY {by}')
        self._staging.run(f'DROP TABLE "_kept_{name}"')
        self._staging.run(f'ALTER TABLE _ordered RENAME TO "_kept_{name}"')
        if own_is_unique(self._table) and self._unordered():
            raise SourceError(
                f"two rows of {name} have the same id",
                hint="the source holds a table twice, or two forums in one; export one forum once",
            )

    def _put_in_another_order(self, order: Callable[[list[int]], list[bytes]]) -> None:
        import pyarrow as pa

        name = self._table.name
        numbers = [number for (number,) in self._staging.rows(f'SELECT _source FROM "_kept_{name}"')]
        made = order(numbers)
        by_made = sorted(range(len(numbers)), key=made.__getitem__)
        self._staging.create("_place", "number BIGINT, place BIGINT", [])
        places = [
            pa.array([numbers[place] for place in by_made], pa.int64()),
            pa.array(range(len(by_made)), pa.int64()),
        ]
        self._staging.insert("_place", pa.table(places, ["number", "place"]))
        self._staging.run(
            f'CREATE TABLE _ordered AS SELECT k.* FROM "_kept_{name}" k JOIN _place p ON p.number = k._source '
            "ORDER BY p.place"
        )
        self._staging.run(f'DROP TABLE "_kept_{name}"')
        self._staging.run("DROP TABLE _place")
        self._staging.run(f'ALTER TABLE _ordered RENAME TO "_kept_{name}"')

    def _unordered(self) -> int:
        query = f'SELECT _source, lag(_source) OVER () AS before FROM "_kept_{self._table.name}"'
        count: int = self._staging.row(f"SELECT count(*) FROM ({query}) WHERE before >= _source")[0]
        return count

    def _number(self) -> None:
        rows = f'SELECT _source FROM "_kept_{self._table.name}"'
        if not own_is_unique(self._table):
            rows = f"SELECT DISTINCT _source FROM ({rows}) ORDER BY _source"
        self._staging.run(
            f'CREATE TABLE "_id_{self._table.name}" AS '
            f"SELECT _source AS source, row_number() OVER () - 1 AS id FROM ({rows})"
        )

    def _resolve_own_kind(self) -> None:
        """References of a table to itself need its own ids, which exist only now."""
        name = self._table.name
        for column in self._columns:
            if column.references == name and self._counts("_kept_", [column])[1]:
                self._staging.create_in_parts(
                    "_resolved",
                    f'SELECT k.* REPLACE (i.id AS "{column.name}") '
                    f'FROM (SELECT * FROM "_kept_{name}" WHERE {{part}}) k '
                    f'LEFT JOIN "_id_{name}" i ON i.source = k."{column.name}" ORDER BY k._source',
                    f"_kept_{name}",
                )
                self._staging.run(f'DROP TABLE "_kept_{name}"')
                self._staging.run(f'ALTER TABLE _resolved RENAME TO "_kept_{name}"')

    def _counts(self, generation: str, columns: list[Column]) -> tuple[int, ...]:
        counted = ", ".join(["count(*)", *(f'count("{column.name}")' for column in columns)])
        return self._staging.row(f'SELECT {counted} FROM "{generation}{self._table.name}"')

    def _losses(self, rows: int, filled: list[int]) -> Iterator[Finding]:
        name = self._table.name
        raw_rows, *raw_filled = self._counts("_raw_", self._optional())
        if raw_rows > rows:
            late = (
                self._staging.row(f'SELECT count(*) FROM "_raw_{name}" r WHERE {self._late()}')[0]
                if self._moment
                else 0
            )
            if late:
                yield _note(
                    "rows-outside-window", f"{late:,} rows of {name} lie after the window's end and were left out"
                )
            if raw_rows - rows > late:
                yield _caution(
                    "rows-unresolved",
                    f"{raw_rows - rows - late:,} rows of {name} point to something that is not there and were left out",
                )
        for column, before, after in zip(self._optional(), raw_filled, filled, strict=True):
            if column.name == self._moment == "at" and 0 < before < raw_rows:
                text = f"{raw_rows - before:,} rows of {name} have no time, or one that no calendar of the engine holds"
                yield _note("times-unknown", text)
            if before > after:
                lost = before - after if raw_rows == rows else self._lost(column)
                if lost and column.kind is ColumnType.TIME:
                    yield _note(
                        "times-outside-window",
                        f"{lost:,} times in {name}.{column.name} lie outside the window: now null",
                    )
                elif lost and column.kind is ColumnType.INTEGER:
                    yield _caution(
                        "numbers-too-small",
                        f"{lost:,} numbers in {name}.{column.name} are below {column.minimum}: now null",
                    )
                elif lost:
                    yield _caution(
                        "references-unresolved",
                        f"{lost:,} rows have a {name}.{column.name} that is not there: now null",
                    )

    def _lost(self, column: Column) -> int:
        if column.references == self._table.name:
            return 0  # counted where it points to: the rows it pointed to were left out
        rows = self._kept_rows(f'"_raw_{self._table.name}"')
        count: int = self._staging.row(
            f"SELECT count(*) {rows} {'AND' if 'WHERE' in rows else 'WHERE'} "
            f'r."{column.name}" IS NOT NULL AND ({self._kept_value(column)}) IS NULL'
        )[0]
        return count

    @staticmethod
    def _quoted(names: tuple[str, ...]) -> str:
        return ", ".join(f'"{name}"' for name in names)


def _inside(column: str, window: Window) -> str:
    return f'r."{column}" BETWEEN {window.start} AND {window.end}'


def _definition(column: Column) -> str:
    kind = _ENGINE_TYPES.get(column.kind, "BIGINT")
    if column.enum is not None:
        words = ", ".join(f"'{member.value}'" for member in column.enum)
        kind = f"ENUM ({words})"
    elif column.kind is ColumnType.CODE:
        kind = "VARCHAR"
    elif column.kind is ColumnType.PSEUDONYM:
        kind = "BIGINT[]"  # two halves of a keyed pseudonym
    default = f" DEFAULT {_DEFAULTS[column.name]}" if column.name in _DEFAULTS else ""
    required = " NOT NULL" if column.enum is not None and not column.nullable else ""
    return f'"{column.name}" {kind}{default}{required}'


def _resolution_order() -> tuple[str, ...]:
    """Every table after those it points to."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for table in TABLES.values():
        pointed = {column.references for column in table.columns if column.references} - {table.name, "forum"}
        sorter.add(table.name, *sorted(pointed))
    return tuple(sorter.static_order())


def _note(code: str, text: str) -> Finding:
    return Finding(code, Severity.NOTE, text)


def _caution(code: str, text: str) -> Finding:
    return Finding(code, Severity.CAUTION, text)
