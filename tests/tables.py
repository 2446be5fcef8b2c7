"""Small datasets for tests, written as ASCII tables with the answer beside them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from vestige.dataset import ForumEntry, Manifest, TimeResolution, write_dataset
from vestige.dataset.arrow import arrow_schema
from vestige.dataset.schema import TABLES, Column, ColumnType, Software

WINDOW = {"window_start": "2020-01-01", "window_end": "2020-03-31"}


def rows_of(text: str) -> list[dict[str, str | None]]:
    """Rows of an ASCII table: a header, then lines, cells apart by |; an empty cell is null."""
    lines = [line.strip() for line in text.strip().splitlines()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line and set(line) - set("-+| ")]
    header, *body = cells
    return [{name: cell or None for name, cell in zip(header, row, strict=True)} for row in body]


def arrow_of(name: str, text: str) -> pa.Table:
    """A table of the dataset schema; columns that the text leaves out get a harmless value."""
    rows = rows_of(text)
    columns = {
        column.name: [
            _parsed(column, row[column.name]) if column.name in row else _default(column, place)
            for place, row in enumerate(rows)
        ]
        for column in TABLES[name].columns
    }
    return pa.table(columns, schema=arrow_schema(name))


def filled(name: str, columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """A table of the dataset schema from some of its columns; the others get a harmless value."""
    size = len(next(iter(columns.values())))
    schema = arrow_schema(name)
    every = {
        column.name: columns[column.name]
        if column.name in columns
        else [_default(column, place) for place in range(size)]
        for column in TABLES[name].columns
    }
    return pa.table({field: pa.array(every[field], schema.field(field).type) for field in every}, schema=schema)


def dataset_of(folder: Path, tables: Mapping[str, str], *, absent: Mapping[str, str] | None = None) -> Path:
    """Write a dataset from ASCII tables; `forum` is, unless given, one forum observed from January to March 2020."""
    texts = dict(tables)
    texts.setdefault("forum", " | ".join(WINDOW) + "\n" + " | ".join(WINDOW.values()))
    data = {name: arrow_of(name, text) for name, text in texts.items()}
    forums = tuple(
        ForumEntry(row["forum"], row["code"], Software(row["software"])) for row in data["forum"].to_pylist()
    )
    kinds = sorted({kind for name in data if name == "section" for kind in data[name].column("kind").to_pylist()})
    manifest = Manifest(
        forums,
        TimeResolution.SECOND,
        absent=absent or {name: "the source does not record it" for name in TABLES if name not in texts},
        codes={"section.kind": tuple(kinds)},
    )
    write_dataset(folder, data, manifest)
    return folder


def _parsed(column: Column, cell: str | None) -> object:
    if cell is None:
        return None
    if column.kind in {ColumnType.ID, ColumnType.INTEGER}:
        return int(cell)
    if column.kind is ColumnType.TIME:
        return datetime.fromisoformat(cell)
    return cell == "yes" if column.kind is ColumnType.FLAG else cell


def _default(column: Column, place: int) -> object:
    if column.name in {column.references, "forum"}:
        return 0
    if column.nullable:
        return None
    if column.enum is not None:
        return next(iter(column.enum)).value
    return {
        ColumnType.ID: place,
        ColumnType.INTEGER: 0,
        ColumnType.FLAG: False,
        ColumnType.CODE: "forum-a" if column.name == "code" else "section-1",
        ColumnType.PSEUDONYM: f"{place:032x}",
    }[column.kind]
