"""DuckDB as an engine: one private in-memory connection per opened dataset."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend
from ibis.expr.operations.relations import Namespace

from vestige.dataset.duckdb_session import duckdb_session, quoted_file, quoted_name
from vestige.dataset.engine import FileState, check_unchanged, ibis_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Expr


def connect_duckdb() -> "DuckDBConnection":
    """A new in-memory connection; what does not fit in memory spills to the system's temporary folder."""
    session = duckdb_session()
    session.execute("SET preserve_insertion_order = false")
    connection: DuckDBConnection = DuckDBConnection.from_connection(session)
    return connection


class DuckDBConnection(Backend):  # type: ignore[misc] # Ibis is not typed
    """Ibis's DuckDB backend that checks its files before every execution."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Ibis's own signature
        super().__init__(*args, **kwargs)
        self._states: list[FileState] = []
        self._identity = uuid4().hex

    @property
    def db_identity(self) -> str:
        """Tells this connection from every other, so that Ibis refuses to mix tables of two datasets."""
        return self._identity

    def read_files(self, table: str, files: Sequence[FileState]) -> ir.Table:
        """A view over the files, columns named one by one, so that nothing is inferred from their paths."""
        paths = ", ".join(quoted_file(state.file) for state in files)
        schema = ibis_schema(table)
        columns = ", ".join(quoted_name(name) for name in schema.names)
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted_name(table)} AS "
            f"SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false, union_by_name = false)"
        )
        self._states += files
        return ops.DatabaseTable(
            name=table, schema=schema, source=self, namespace=Namespace(catalog="temp", database="main")
        ).to_expr()

    def to_pyarrow_batches(
        self,
        expr: "Expr",
        /,
        *,
        params: Mapping[Any, Any] | None = None,
        limit: int | str | None = None,
        chunk_size: int = 1_000_000,
        **_: Any,  # noqa: ANN401 - Ibis's own signature
    ) -> "pa.RecordBatchReader":
        """A stream of batches; Ibis 12's own calls a method that DuckDB 2 no longer has."""
        relation = self._to_duckdb_relation(expr, params=params, limit=limit)
        return relation.to_arrow_reader(chunk_size).cast(expr.as_table().schema().to_pyarrow())

    def _create_cached_table(self, name: str, expr: ir.Table) -> ir.Table:
        """A temporary table in memory; Ibis 12's own way to it calls a method that DuckDB 2 deprecates."""
        self._run_pre_execute_hooks(expr)
        self.con.execute(f'CREATE TEMP TABLE "{name}" AS {self.compile(expr)}')
        return ops.DatabaseTable(
            name=name, schema=expr.schema(), source=self, namespace=Namespace(catalog="temp", database="main")
        ).to_expr()

    def _drop_cached_table(self, name: str) -> None:
        self.con.execute(f'DROP TABLE IF EXISTS "{name}"')

    def close(self) -> None:
        """Close the connection."""
        self.con.close()

    def _run_pre_execute_hooks(self, expr: "Expr") -> None:
        check_unchanged(self._states)
        super()._run_pre_execute_hooks(expr)
