"""Embedded DuckDB: in memory, in UTC, without extensions from a network, spilling to the temporary folder."""

import tempfile
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb

_SETTINGS: Final = (
    "SET TimeZone = 'UTC'",
    "SET enable_progress_bar = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
)


def duckdb_session(*, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A new in-memory connection; what does not fit in memory spills to the system's temporary folder.

    Args:
        memory_limit: such as "2GB"; None for DuckDB's own default, 80 % of the machine.
    """
    connection = duckdb.connect(":memory:")
    spill = Path(tempfile.gettempdir()) / f"vestige-duckdb-{uuid4().hex}"
    for statement in (*_SETTINGS, f"SET temp_directory = {quoted_text(str(spill))}"):
        connection.execute(statement)
    if memory_limit is not None:
        connection.execute(f"SET memory_limit = {quoted_text(memory_limit)}")
    return connection


def quoted_text(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A SQL identifier; several of the schema's names, such as `at`, are reserved words."""
    return '"' + name.replace('"', '""') + '"'


def quoted_file(file: Path) -> str:
    """A SQL string literal that names one file, whatever signs its path holds: DuckDB finds no pattern in it."""
    return quoted_text("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(file)))
