"""The two engines that read a dataset: DuckDB, embedded, and Spark, for data that outgrew one machine.

Both give the same Ibis tables: the schema's columns and types, times as plain UTC timestamps. An expression looks
at the files it stands on before it runs: a file that changed since its checksum was verified stops it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from vestige.dataset.schema import TABLES, ColumnType
from vestige.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir


class Engine(StrEnum):
    """Where reductions run."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class Connection(Protocol):
    """What a dataset needs of an engine."""

    def read_files(self, table: str, files: "Sequence[FileState]") -> "ir.Table":
        """The verified files of one table, as an Ibis table in the schema's types."""

    def close(self) -> None:
        """Let go of everything that was opened; closing twice is fine."""


def connect(engine: Engine | str) -> Connection:
    """A new connection to an engine, in UTC, that never reaches for a network.

    Raises:
        SettingsError: there is no such engine.
        EngineError: Spark's package or Java 17 or newer is missing, or Spark does not start.
    """
    if engine not in list(Engine):
        raise SettingsError("there is no such engine", hint=f"choose one of {', '.join(Engine)}")
    if Engine(engine) is Engine.DUCKDB:
        from vestige.dataset.duckdb_engine import connect_duckdb

        return connect_duckdb()
    from vestige.dataset.spark_engine import connect_spark

    return connect_spark()


_IBIS_TYPES: Final = {
    ColumnType.ID: "int64",
    ColumnType.INTEGER: "int64",
    ColumnType.FLOAT: "float64",
    ColumnType.FLAG: "boolean",
    ColumnType.TIME: "timestamp(6)",
    ColumnType.ENUM: "string",
    ColumnType.CODE: "string",
    ColumnType.PSEUDONYM: "string",
}


def ibis_schema(table: str) -> "ibis.Schema":
    """The Ibis schema of a table; KeyError if the dataset schema has no such table.

    Every column may be null here: Ibis carries "not null" through outer joins, `lag` and `lead`, where nulls
    arise, and then fails to collect them.
    """
    import ibis

    return ibis.schema({column.name: _IBIS_TYPES[column.kind] for column in TABLES[table].columns})


@dataclass(frozen=True)
class FileState:
    """What tells a changed or exchanged file from the one whose checksum was verified.

    The kernel moves `ctime` on every change of content, name or permissions, and no program can set it back.
    """

    file: Path
    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, file: Path) -> Self:
        """The state now; DatasetError when the file is gone or cannot be read."""
        try:
            found = file.stat()
        except OSError:
            found = None
        if found is None:
            raise DatasetError("a file of the dataset is gone", where=file.name, hint="open the dataset again")
        return cls(file, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def check_unchanged(states: Iterable[FileState]) -> None:
    """Raise DatasetError if a file is no longer the one that was verified."""
    for state in states:
        if FileState.of(state.file) != state:
            raise DatasetError(
                "a file was changed while the dataset was open",
                where=state.file.name,
                hint="open the dataset again",
            )
