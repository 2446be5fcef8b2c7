"""Random datasets that keep every rule, and corruptions that break one, both made from the schema.

A new table or column is covered without a change here, unless it brings a rule of a new sort.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vestige.dataset import ForumEntry, Manifest, TimeResolution, seal_manifest
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import TABLES, Column, ColumnType, Software, Table
from vestige.dataset.violations import Rule

CANARY = "Secret Handle <a@b.example>"
START = datetime.fromisoformat("2020-01-01")
HOURS = 5000
END = START + timedelta(hours=HOURS)
CODES = {
    f"{table.name}.{column.name}": ("alpha", "beta-2", "gamma")
    for table in TABLES.values()
    for column in table.columns
    if column.kind is ColumnType.CODE and table.name != "forum"
}
Row = dict[str, Any]
Tables = dict[str, list[Row]]


def valid_tables(seed: int, *, forums: int = 2, largest: int = 8) -> Tables:
    """Rows of every table that keep every rule; in true order for even seeds, shuffled for odd ones."""
    rng = np.random.default_rng(seed)
    tables: Tables = {name: [] for name in TABLES}
    for forum in range(forums):
        sizes = {name: int(rng.integers(1, largest)) for name in TABLES}
        for table in TABLES.values():
            if table.name != "forum":
                rows = [_row(rng, table, number, forum, sizes) for number in range(sizes[table.name])]
                tables[table.name] += _obey(rng, table, rows)
        tables["forum"].append(_forum(rng, forum))
    if seed % 2:
        for rows in tables.values():
            rng.shuffle(rows)
    return tables


def _forum(rng: np.random.Generator, forum: int) -> Row:
    row = _row(rng, TABLES["forum"], forum, forum, {})
    window = {"window_start": START, "window_end": END}
    return {**row, **window, "code": f"forum-{forum}", "software": "simulated", "online_from": START, "online_to": None}


def _row(rng: np.random.Generator, table: Table, number: int, forum: int, sizes: dict[str, int]) -> Row:
    row: Row = {}
    for column in table.columns:
        if column.name == "forum":
            row["forum"] = forum
        elif column.nullable and rng.random() < 0.3:
            row[column.name] = None
        elif column.is_dense:
            row[column.name] = number
        else:
            row[column.name] = _value(rng, table, column, sizes)
    return row


def _value(rng: np.random.Generator, table: Table, column: Column, sizes: dict[str, int]) -> Any:
    if column.references:
        return int(rng.integers(sizes[column.references]))
    if column.enum is not None:
        return str(rng.choice([member.value for member in column.enum]))
    lowest = -5 if column.minimum is None else column.minimum
    return {
        ColumnType.INTEGER: lambda: int(rng.integers(lowest, lowest + 9)),
        ColumnType.FLOAT: lambda: float(lowest + rng.random()),
        ColumnType.FLAG: lambda: bool(rng.random() < 0.5),
        ColumnType.TIME: lambda: START + timedelta(hours=int(rng.integers(0, HOURS + 1))),
        ColumnType.CODE: lambda: str(rng.choice(CODES.get(f"{table.name}.{column.name}", ("alpha",)))),
        ColumnType.PSEUDONYM: lambda: rng.bytes(16).hex(),
    }[column.kind]()


def _obey(rng: np.random.Generator, table: Table, rows: list[Row]) -> list[Row]:
    """The rules that tie columns or rows together."""
    for first, last in table.intervals:
        for row in rows:
            if row[first] and row[last] and row[first] > row[last]:
                row[first], row[last] = row[last], row[first]
    if table.sequence:
        place, time = table.sequence
        times = sorted(row[time] for row in rows if row[time])
        for number, row in enumerate(rows):
            row[place] = number * 3
            row[time] = times.pop(0) if row[time] else None
    if table.at_most_one:
        flag, within = table.at_most_one
        marked = set()
        for row in rows:
            row[flag] = row[flag] and row[within] not in marked
            marked |= {row[within]} if row[flag] else set()
    if table.key and not any(TABLES[table.name].column(name).is_dense for name in table.key[-1:]):
        return list({tuple(row[name] for name in table.key): row for row in rows}.values())
    return rows


def codes() -> dict[str, tuple[str, ...]]:
    return dict(CODES)


def a_manifest(tables: Tables) -> Manifest:
    return Manifest(
        forums=tuple(ForumEntry(row["forum"], row["code"], Software.SIMULATED) for row in tables["forum"]),
        time_resolution=TimeResolution.HOUR,
        codes=codes(),
    )


def write_unchecked(folder: Path, tables: Tables, manifest: Manifest) -> Path:
    """Write rows as they are, broken or not, with a manifest that fits the files."""
    folder.mkdir()
    for name, rows in tables.items():
        schema = pa.schema([pa.field(field.name, field.type) for field in arrow_schema(name)])
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / f"{name}.parquet", store_schema=False)
    seal_manifest(folder, manifest)
    return folder


@dataclass(frozen=True)
class Corruption:
    """One way to break one rule: `rows` changes the rows of a table in place."""

    table: str
    column: str
    rule: Rule
    rows: Callable[[list[Row]], None]

    def __str__(self) -> str:
        return f"{self.table}.{self.column}-{self.rule.value}"


def corruptions() -> list[Corruption]:
    """Every way to break a rule of rows, for every column that has the rule."""
    return [found for table in TABLES.values() for found in (*_of_columns(table), *_of_table(table))]


def _of_columns(table: Table) -> Iterator[Corruption]:
    for column in table.columns:
        for rule, value in _bad_values(column):
            yield Corruption(table.name, column.name, rule, _setter(column.name, value))


def _bad_values(column: Column) -> Iterator[tuple[Rule, Any]]:
    if not column.nullable:
        yield Rule.NULL, None
    if column.minimum is not None:
        yield Rule.BELOW_MINIMUM, column.minimum - 1
    if column.references:
        yield Rule.DANGLING, 10**6
    if column.is_dense:
        yield Rule.NOT_DENSE, 10**5
    yield from _bad_contents(column)


def _bad_contents(column: Column) -> Iterator[tuple[Rule, Any]]:
    match column.kind:
        case ColumnType.ENUM:
            yield from ((Rule.NOT_IN_ENUM, text) for text in (CANARY, "", "VISIBLE"))
        case ColumnType.PSEUDONYM:
            yield from ((Rule.NOT_A_PSEUDONYM, text) for text in (CANARY, "", "A" * 32, "0" * 33, "0" * 32 + "\n"))
        case ColumnType.CODE:
            yield from ((Rule.NOT_A_LISTED_CODE, text) for text in (CANARY, "", "unlisted"))
        case ColumnType.FLOAT:
            yield from ((Rule.NOT_FINITE, number) for number in (float("nan"), float("inf")))
        case ColumnType.TIME:
            yield Rule.TOO_FINE, START + timedelta(hours=1, microseconds=1)
            if column.in_window:
                yield Rule.OUTSIDE_WINDOW, START - timedelta(hours=1)
                yield Rule.OUTSIDE_WINDOW, END + timedelta(hours=1)
        case _:
            pass


def _setter(name: str, value: Any) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        rows[-1][name] = value

    return change


def _of_table(table: Table) -> Iterator[Corruption]:
    if table.key:
        yield Corruption(table.name, "", Rule.DUPLICATE_KEY, lambda rows: rows.append(dict(rows[0])))
    for first, last in table.intervals:
        yield Corruption(table.name, last, Rule.INTERVAL, _swapped(first, last))
    if table.sequence:
        place, time = table.sequence
        yield Corruption(table.name, place, Rule.DUPLICATE_SEQUENCE, _twice(place, same={}))
        yield Corruption(table.name, place, Rule.SEQUENCE_AGAINST_TIME, _against(place, time))
    if table.at_most_one:
        flag, _ = table.at_most_one
        yield Corruption(table.name, flag, Rule.MORE_THAN_ONE, _twice("", same={flag: True}))


def _swapped(first: str, last: str) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        rows[-1].update({first: END, last: START})

    return change


def _twice(place: str, same: Row) -> Callable[[list[Row]], None]:
    """A copy of the first row under a key of its own, except where `place` shall repeat."""

    def change(rows: list[Row]) -> None:
        rows[0].update(same)
        copy = dict(rows[0])
        copy["post"] = 1 + max(row["post"] or 0 for row in rows)
        if place != "seq":
            copy["seq"] = 1 + max(row["seq"] or 0 for row in rows)
            copy["at"] = None
        rows.append(copy)

    return change


def _against(place: str, time: str) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        own = [row for row in rows if row["forum"] == rows[0]["forum"] and row[place] is not None]
        first = min(own, key=lambda row: row[place])
        first[time] = END
        post = 1 + max(row["post"] or 0 for row in rows)
        rows.append({**first, "post": post, place: 10**6, time: START, "is_opening": False})

    return change
