"""Read a dataset's folder, and write one."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from vestige.dataset.engine import Connection, Engine, FileState, check_unchanged, connect
from vestige.dataset.manifest import FILE_NAME, FILE_PATTERN, FileEntry, Manifest
from vestige.dataset.manifest_text import foreign_strings
from vestige.dataset.schema import TABLES
from vestige.errors import DatasetError
from vestige.outputs import staged_folder

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

NOT_SUPPLIED: Final = "the source does not supply it"


class Dataset:
    """An opened dataset; use it as a context manager, or `close` it.

    A table's files are hashed once, before their first read. From then on every expression looks at the files'
    size, times and inode before it runs, and stops when one is no longer the file that was hashed. What is changed
    in the middle of one execution is not noticed; `arrow` has no such gap: it parses the very bytes it hashed.

    Attributes:
        path: the dataset's folder.
        manifest: what it says about itself.
        engine: where `table` expressions run.
    """

    def __init__(self, path: Path, manifest: Manifest, engine: Engine, connection: Connection) -> None:
        self.path = path
        self.manifest = manifest
        self.engine = engine
        self._connection: Connection | None = connection
        self._opened: dict[str, ir.Table] = {}

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are present."""
        return self.manifest.tables

    def table(self, name: str) -> "ir.Table":
        """An Ibis table in the schema's columns and types; its files are verified before the first read.

        Raises:
            DatasetError: the table is unknown or absent, a file is missing, was changed or does not fit the schema,
                or the dataset is closed.
        """
        if self._connection is None:
            raise DatasetError("the dataset is closed", hint="open it again")
        if name not in self._opened:
            states = [verified_file(self.path, entry) for entry in self._entries(name)]
            for state in states:
                refuse_other_schema(name, state.file)
            self._opened[name] = self._connection.read_files(name, states)
        return self._opened[name]

    def arrow(self, name: str) -> "pa.Table":
        """The whole table as Arrow, columns as in the schema; for small tables.

        Raises:
            DatasetError: as for `table`.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from vestige.dataset.arrow import arrow_schema

        parts = []
        for entry in self._entries(name):
            content = _content(self.path, entry)
            refuse_other_schema(name, pa.BufferReader(content))
            parts.append(pq.read_table(pa.BufferReader(content)))
        whole, schema = pa.concat_tables(parts, promote_options="permissive"), arrow_schema(name)
        if any(whole[field.name].null_count and not field.nullable for field in schema):
            raise DatasetError(f"table {name!r} has nulls where none may stand", hint="run `vestige validate` on it")
        return whole.cast(schema)

    def close(self) -> None:
        """Let go of the engine's connection; closing twice is fine."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._opened.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Dataset(engine={self.engine.value!r}, tables={self.tables!r}, digest={self.manifest.digest[:12]!r})"

    def _entries(self, name: str) -> tuple[FileEntry, ...]:
        if name not in TABLES:
            raise DatasetError(f"there is no table {name!r}", hint=f"the schema has {', '.join(TABLES)}")
        entries = self.manifest.files_of(name)
        if not entries:
            reason = self.manifest.absent.get(name, NOT_SUPPLIED)
            raise DatasetError(f"table {name!r} is absent: {reason}", hint="see the manifest's `absent`")
        return entries


def open_dataset(path: str | Path, *, engine: Engine | str = Engine.DUCKDB) -> Dataset:
    """Open a dataset folder.

    Args:
        path: folder made by derivation or simulation.
        engine: "duckdb" (embedded) or "spark" (local session, or the one already running).

    Raises:
        DatasetError: not a dataset.
        SettingsError: no such engine.
        EngineError: the engine is not available.
    """
    folder = Path(path).absolute()
    manifest = Manifest.read(folder)
    connection = connect(engine)
    return Dataset(folder, manifest, Engine(engine), connection)


def write_dataset(
    path: str | Path,
    tables: Mapping[str, "pa.Table | Iterable[pa.RecordBatch]"],
    manifest: Manifest,
    *,
    replace_existing: bool = False,
) -> Manifest:
    """Write tables as a dataset, whole or not at all.

    Args:
        path: the new folder.
        tables: table name to Arrow data; columns as in the schema, cast to its types, in any order.
        manifest: its `files` and `created_at` are filled in here.
        replace_existing: whether a folder at `path` may be replaced.

    Returns:
        The manifest as written.

    Raises:
        OutputError: `path` exists or cannot be written.
        DatasetError: a table or column is unknown or missing.
    """
    from vestige.dataset.arrow import write_parquet

    with staged_folder(Path(path), replace=replace_existing) as folder:
        for name, data in tables.items():
            write_parquet(folder / f"{name}.parquet", name, data)
        return seal_manifest(folder, manifest)


def seal_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Describe every table's files of a staged folder in the manifest, and write it there.

    A table lies in `TABLE.parquet`, or in `TABLE-1.parquet`, `TABLE-2.parquet`, ...

    Args:
        folder: unfinished dataset folder that holds the Parquet files.
        manifest: everything but `files` and `created_at`; a table that is neither present nor explained in `absent`
            is given a general reason.

    Raises:
        DatasetError: a string of the manifest is no code, name or plain sentence of its own.
    """
    files = tuple(
        FileEntry(name, file.name, file_digest(file), file.stat().st_size, _row_count(file))
        for name in TABLES
        for file in _files_of(folder, name)
    )
    unexplained = set(TABLES) - {entry.table for entry in files} - set(manifest.absent)
    sealed = replace(
        manifest,
        files=files,
        absent={**manifest.absent, **{name: NOT_SUPPLIED for name in TABLES if name in unexplained}},
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    foreign = foreign_strings(sealed)
    if foreign:
        raise DatasetError(
            "the manifest holds strings that are no code, name or plain sentence",
            where=", ".join(sorted(foreign)),
            hint="see vestige/dataset/manifest_text.py",
        )
    (folder / FILE_NAME).write_text(sealed.to_json(), encoding="utf-8")
    return sealed


def file_digest(file: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def empty_tables() -> "dict[str, pa.Table]":
    """Every table of the schema with no rows, as Arrow."""
    from vestige.dataset.arrow import arrow_schema

    return {name: arrow_schema(name).empty_table() for name in TABLES}


def _files_of(folder: Path, table: str) -> list[Path]:
    pattern = re.compile(FILE_PATTERN.format(table=table), re.ASCII)
    found = [file for file in folder.iterdir() if pattern.fullmatch(file.name)]
    return sorted(found, key=lambda file: (len(file.name), file.name))


def _row_count(file: Path) -> int:
    import pyarrow.parquet as pq

    rows: int = pq.read_metadata(file).num_rows
    return rows


def verified_file(folder: Path, entry: FileEntry) -> FileState:
    """The state of a file whose bytes match the manifest.

    Raises:
        DatasetError: it is missing, unreadable, or not what the manifest says.
    """
    file = _plain_file(folder, entry)
    before = FileState.of(file)
    _refuse_other_bytes(entry, file_digest(file))
    check_unchanged([before])
    return before


def _content(folder: Path, entry: FileEntry) -> bytes:
    """A file's bytes, which match the manifest."""
    content = _plain_file(folder, entry).read_bytes()
    _refuse_other_bytes(entry, hashlib.sha256(content).hexdigest())
    return content


def _plain_file(folder: Path, entry: FileEntry) -> Path:
    file = folder / entry.path
    if file.is_symlink() or not file.is_file():
        raise DatasetError("a file of the dataset is missing", where=entry.table, hint="get the dataset again")
    if not os.access(file, os.R_OK):
        raise DatasetError("a file of the dataset cannot be read", where=entry.table, hint="check its permissions")
    return file


def _refuse_other_bytes(entry: FileEntry, digest: str) -> None:
    if digest != entry.sha256:
        raise DatasetError(
            "a file does not match its checksum in the manifest",
            where=entry.table,
            hint="it was changed or damaged; get the dataset again",
        )


def refuse_other_schema(table: str, source: "Path | pa.BufferReader") -> None:
    """DatasetError unless a Parquet file has exactly the schema's columns and types; nullability may differ."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from vestige.dataset.arrow import arrow_schema

    try:
        found: pa.Schema | None = pq.read_schema(source)
    except (OSError, pa.ArrowException):
        found = None
    wanted = arrow_schema(table)
    if found is None or found.names != wanted.names or found.types != wanted.types:
        raise DatasetError(
            f"a file of table {table!r} does not fit the schema", hint="run `vestige validate` on the dataset"
        )
