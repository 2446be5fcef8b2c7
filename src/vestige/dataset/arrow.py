"""The schema in Arrow's types, and Parquet files in that schema."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from vestige.dataset.schema import TABLES, ColumnType
from vestige.errors import DatasetError

ARROW_TYPES: Final = {
    ColumnType.ID: pa.int64(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.FLAG: pa.bool_(),
    ColumnType.TIME: pa.timestamp("us"),
    ColumnType.ENUM: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.PSEUDONYM: pa.string(),
}
"""Times carry no zone: they are UTC by the schema, and both engines then read the same plain timestamp."""

ROW_GROUP: Final = 1 << 20
"""Rows of a Parquet row group: the unit in which engines skip, share out and hold data."""


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema of a table; KeyError if the dataset schema has no such table."""
    return pa.schema(
        [pa.field(column.name, ARROW_TYPES[column.kind], column.nullable) for column in TABLES[table].columns]
    )


def write_parquet(file: Path, table: str, data: pa.Table | Iterable[pa.RecordBatch]) -> int:
    """Write one table's rows in the schema's columns and types; returns the number of rows.

    The file holds the columns and nothing else: no metadata of the data given, and no dictionary of values that
    no row uses.

    Args:
        file: path of the new Parquet file.
        table: name of the table.
        data: an Arrow table, or batches of one.

    Raises:
        DatasetError: the table is unknown, a column is unknown or missing, or a value does not fit its type.
    """
    if table not in TABLES:
        raise DatasetError(f"there is no table {table!r}", hint=f"the schema has {', '.join(TABLES)}")
    schema = arrow_schema(table)
    batches = data.to_batches() if isinstance(data, pa.Table) else data
    rows = 0
    numbering = _numbering_columns(table)
    unique = {column.name for column in TABLES[table].columns if column.kind is ColumnType.PSEUDONYM}
    options = {
        "compression": "zstd",
        "store_schema": False,
        "use_dictionary": [name for name in schema.names if name not in numbering | unique],
        "column_encoding": dict.fromkeys(numbering, "DELTA_BINARY_PACKED"),
    }
    with pq.ParquetWriter(file, schema, **options) as writer:
        for part in _grouped(batches):
            writer.write_table(_conform(part, table, schema), row_group_size=ROW_GROUP)
            rows += part.num_rows
    return rows


def _numbering_columns(table: str) -> set[str]:
    """Columns of dense ids and of the true order: stored as differences, in half the time a dictionary takes."""
    ids = {column.name for column in TABLES[table].columns if column.kind is ColumnType.ID and column.name != "forum"}
    sequence = TABLES[table].sequence
    return ids | ({sequence[0]} if sequence else set())


def _grouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches joined until they fill a row group, so that many small ones do not make many small groups."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _conform(part: pa.Table, table: str, schema: pa.Schema) -> pa.Table:
    unknown = set(part.schema.names) - set(schema.names)
    missing = sorted(set(schema.names) - set(part.schema.names))
    if unknown or missing or len(part.schema.names) != len(schema.names):
        raise DatasetError(
            f"table {table!r} has columns that do not fit the schema",
            where=f"unknown: {len(unknown)}, missing: {', '.join(missing) or 'none'}",
            hint="see docs/reference/dataset.md",
        )
    bad = [field.name for field in schema if not _fits(part[field.name], field)]
    if bad:
        raise DatasetError(
            f"table {table!r} has values that do not fit the schema",
            where=", ".join(bad),
            hint="see docs/reference/dataset.md for types and for where null may stand",
        )
    chosen = part.select(schema.names)
    if chosen.schema.types == schema.types:  # a cast loads a slow module, even where there is nothing to cast
        return pa.Table.from_arrays(chosen.columns, schema=schema)
    return chosen.cast(schema)


def _fits(column: pa.ChunkedArray, field: pa.Field) -> bool:
    """Whether a column can be cast without loss; Arrow's own message would quote the value that cannot."""
    if column.null_count and not field.nullable:
        return False
    if column.type == field.type:
        return True
    try:
        column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True
