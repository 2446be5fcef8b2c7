"""The schema in Arrow's types, and Parquet files in that schema."""

from collections.abc import Iterable
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


def arrow_schema(table: str) -> pa.Schema:
    """The Arrow schema of a table; KeyError if the dataset schema has no such table."""
    return pa.schema(
        [pa.field(column.name, ARROW_TYPES[column.kind], column.nullable) for column in TABLES[table].columns]
    )


def write_parquet(file: Path, table: str, data: pa.Table | Iterable[pa.RecordBatch]) -> int:
    """Write one table's rows in the schema's columns and types; returns the number of rows.

    Args:
        file: path of the new Parquet file.
        table: name of the table.
        data: an Arrow table, or batches of one.

    Raises:
        DatasetError: the table is unknown, or a column is unknown or missing.
    """
    if table not in TABLES:
        raise DatasetError(f"there is no table {table!r}", hint=f"the schema has {', '.join(TABLES)}")
    schema = arrow_schema(table)
    batches = data.to_batches(max_chunksize=1 << 20) if isinstance(data, pa.Table) else data
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(_conform(batch, table, schema))
            rows += batch.num_rows
    return rows


def _conform(batch: pa.RecordBatch, table: str, schema: pa.Schema) -> pa.Table:
    unknown = sorted(set(batch.schema.names) - set(schema.names))
    missing = sorted(set(schema.names) - set(batch.schema.names))
    if unknown or missing:
        raise DatasetError(
            f"table {table!r} has columns that do not fit the schema",
            where=f"unknown: {len(unknown)}, missing: {', '.join(missing) or 'none'}",
            hint="see docs/reference/dataset.md",
        )
    return pa.Table.from_batches([batch]).select(schema.names).cast(schema)
