"""What users give: one of several choices by name, TOML, and tables as files."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vestige.errors import SettingsError, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

Choice = TypeVar("Choice", bound=StrEnum)

_PARQUET: Final = frozenset({".parquet", ".pq"})


def chosen(kind: type[Choice], value: str, name: str) -> Choice:
    """The member of an enum that a text names; raises SettingsError with the choices."""
    if value not in set(kind):
        raise SettingsError(f"{name} has no such choice", hint=f"choose one of {', '.join(kind)}")
    return kind(value)


def parse_toml(text: str) -> dict[str, Any]:
    """TOML as Python reads it; what is nested too deeply for its parser is no valid TOML either.

    Raises:
        TOMLDecodeError: the text is no valid TOML.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        pass
    raise tomllib.TOMLDecodeError("nested too deeply")


def read_table_file(path: Path) -> "pa.Table":
    """A CSV or Parquet file as Arrow; no cell of it reaches an error message.

    Raises:
        SourceError: not readable as either, or two columns have one name.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    table, names = None, []
    try:
        table = parquet.read_table(path) if path.suffix.lower() in _PARQUET else csv.read_csv(path)
        names = table.column_names
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        table = None
    if table is None:
        raise SourceError(
            "the file is neither a readable CSV nor Parquet", hint="give a .csv, .csv.gz or .parquet file"
        )
    if len(set(names)) < len(names):
        raise SourceError("the file names a column twice", hint="give each column a name of its own")
    return table
