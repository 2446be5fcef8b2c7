"""Numbers on their way from a source to a dataset, in an embedded DuckDB with a memory limit.

Only numbers and the schema's own enum strings ever enter it, so the files it spills to hold nothing else. Every
engine error is replaced by a clean one after its `except` block: the engine's own message may quote a value.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from vestige.derive.contract import SourceTable
from vestige.errors import OutputError, SourceError, VestigeError

if TYPE_CHECKING:
    import pyarrow as pa

_Returned = TypeVar("_Returned")

BATCH_ROWS: Final = 1 << 16
"""Small enough to stay in the cache between the engine and the file: four times as many take half as long again."""
BUFFERED_BYTES: Final = 128 << 20
"""Batches are put into the engine together: each insertion costs ten times what a row does. Tables that come to less
altogether are never put into it: the engine reads them where they lie."""

LARGE_BYTES: Final = 600 << 20
"""What is staged beyond this moves to a file: of a table in memory, marks of nulls and narrow columns cannot spill."""

PART_ROWS: Final = 1 << 21
"""Rows of a large table that are joined at one time."""

SPILL_FOLDER: Final = ".spill"
_NO_ROOM: Final = ("No space left", "max_temp_directory_size", "disk quota")


class Staging:
    """Staged tables of numbers; a context manager that lets go of the engine.

    Args:
        folder: where spill files may lie; it should be on the output's disk and is not cleaned here.
        memory: bytes the engine may hold before it spills.
    """

    def __init__(self, folder: Path, *, memory: int) -> None:
        import duckdb

        self._error = duckdb.Error
        self._buffer: dict[str, list[pa.RecordBatch]] = {}
        self._buffered = 0
        self._declared: dict[str, dict[str, str]] = {}
        self._in_place: set[str] = set()
        self._staged = 0
        self._file: Path | None = folder / "staged"
        self._connection = duckdb.connect(
            config={
                "memory_limit": f"{memory // 1_000_000}MB",
                "temp_directory": str(folder),
                "threads": 1,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
                "default_null_order": "nulls_first",
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._buffer.clear()
        self._connection.close()

    def declare(self, tables: Iterable[SourceTable]) -> None:
        """Create the staged tables, empty, with every declared column."""
        for table in tables:
            kinds = {column.name: "BIGINT[]" if column.is_list else "BIGINT" for column in table.columns}
            columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
            self.run(f'CREATE TABLE "{table.name}" ({columns})')
            self._declared[table.name] = kinds

    def create(self, table: str, columns: str, rows: Sequence[str]) -> None:
        """Create a small table of rows written as SQL, such as "(1, 'vip')": numbers and checked codes only."""
        self.run(f"CREATE TABLE {table} ({columns})")
        if rows:
            self.run(f"INSERT INTO {table} VALUES {', '.join(rows)}")

    def take(self, table: str, batch: "pa.RecordBatch") -> None:
        """Stage a reader's batch; columns it lacks are null."""
        self._buffer.setdefault(table, []).append(batch)
        self._buffered += batch.nbytes
        if self._buffered >= BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Put the buffered batches into the engine."""
        import pyarrow as pa

        while self._buffer:
            table, batches = self._buffer.popitem()
            self._declared.pop(table, None)
            self.insert(table, pa.Table.from_batches(batches))
        self._staged += self._buffered
        self._buffered = 0
        if self._staged > LARGE_BYTES and self._file is not None:
            self._move_to(self._file)
            self._file = None

    def _move_to(self, file: Path) -> None:
        """Go on in a file of the engine's own, where every byte of a table can leave memory; no write is logged."""
        from vestige.dataset.duckdb_session import quoted_text

        self.run("SET force_compression = 'uncompressed'")  # it is read again soon: packing costs more than it saves
        self.run("PRAGMA disable_checkpoint_on_shutdown")
        self.run(f"ATTACH {quoted_text(str(file))} AS staged (RECOVERY_MODE no_wal_writes)")
        tables = self.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'")
        for (table,) in tables:
            self.run(f'CREATE TABLE staged."{table}" AS FROM memory."{table}"')
            self.run(f'DROP TABLE memory."{table}"')
        self.run("USE staged")

    def settle(self) -> None:
        """Everything is staged: what is still in the buffer stays there, unless the engine has a part of its table."""
        import pyarrow as pa

        for table in [table for table in self._buffer if table in self._declared]:
            rows = pa.Table.from_batches(self._buffer.pop(table))
            kinds = self._declared[table]
            there = set(rows.schema.names)
            columns = ", ".join(
                f'"{name}"' if name in there else f'NULL::{kind} AS "{name}"' for name, kind in kinds.items()
            )
            self._in_place.add(table)
            self.run(f'DROP TABLE "{table}"')
            self._register(f"_place_{table}", rows)
            self.run(f'CREATE VIEW "{table}" AS SELECT {columns} FROM "_place_{table}"')
        self.flush()

    def drop(self, table: str) -> None:
        """Let go of a table, wherever it lies."""
        if table not in self._in_place:
            self.run(f'DROP TABLE "{table}"')
            return
        self.run(f'DROP VIEW "{table}"')
        self._guarded(lambda: self._connection.unregister(f"_place_{table}"))

    def insert(self, table: str, rows: "pa.Table") -> None:
        """Append Arrow rows to a table of the engine, by column name."""
        if rows.num_columns and rows.num_rows:
            self._register("_rows", rows)
            self.run(f'INSERT INTO "{table}" BY NAME SELECT * FROM _rows')
            self._guarded(lambda: self._connection.unregister("_rows"))

    def _register(self, name: str, rows: "pa.Table") -> None:
        self._guarded(lambda: self._connection.register(name, rows))

    def run(self, statement: str) -> None:
        """Run a statement.

        Raises:
            OutputError: no room left to spill to.
            SourceError: the engine refused.
        """
        self._guarded(lambda: self._connection.execute(statement))

    def create_in_parts(self, made: str, select: str, table: str) -> None:
        """Create a table by a SELECT that joins a large table: part after part of its rows, in their order.

        A join of two tables that are both far beyond the limit fails, however much it may spill; one of a part and a
        table builds on the part.

        Args:
            made: the new table.
            select: with `{part}` for a condition on the rows of `table`.
            table: the large table.
        """
        rows = 0 if table in self._in_place else self.row(f'SELECT coalesce(max(rowid), 0) + 1 FROM "{table}"')[0]
        if rows <= PART_ROWS:
            self.run(f"CREATE TABLE {made} AS {select.format(part='TRUE')}")
            return
        self.run(f"CREATE TABLE {made} AS {select.format(part='FALSE')}")
        for start in range(0, rows, PART_ROWS):
            part = f"rowid >= {start} AND rowid < {start + PART_ROWS}"
            self.run(f"INSERT INTO {made} {select.format(part=part)}")

    def row(self, query: str) -> tuple[Any, ...]:
        """The first row of a query; errors as for `run`."""
        return self.rows(query)[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query with a small answer; errors as for `run`."""
        found: list[tuple[Any, ...]] = self._guarded(lambda: self._connection.execute(query).fetchall())
        return found

    def batches(self, query: str) -> Iterator["pa.RecordBatch"]:
        """The answer of a query as Arrow batches, one in memory at a time; errors as for `run`."""
        reader = self._guarded(lambda: self._connection.sql(query).to_arrow_reader(BATCH_ROWS))
        while True:
            batch = self._guarded(lambda: next(reader, None))
            if batch is None:
                return
            yield batch

    def _guarded(self, call: Callable[[], _Returned]) -> _Returned:
        try:
            return call()
        except (self._error, OSError, MemoryError) as error:
            failure = _translated(error)
        raise failure


def _translated(error: BaseException) -> VestigeError:
    message = str(error)
    if any(part.lower() in message.lower() for part in _NO_ROOM):
        return OutputError("the disk is full; nothing was written", hint="free some room or choose another --out")
    kind = type(error).__name__
    return SourceError(
        "the numbers read could not be assembled",
        where=f"engine: {kind}",
        hint="check that the source is of the software named; otherwise report this line",
    )
