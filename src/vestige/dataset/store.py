"""Read a dataset's folder, and write one."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vestige.dataset.engine import Connection, Engine, connect
from vestige.dataset.manifest import FILE_NAME, FileEntry, Manifest
from vestige.dataset.schema import TABLES
from vestige.errors import DatasetError
from vestige.outputs import staged_folder

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


@dataclass(frozen=True)
class Dataset:
    """An opened dataset; use it as a context manager, or `close` it.

    Attributes:
        path: the dataset's folder.
        manifest: what it says about itself.
        engine: where `table` expressions run.
    """

    path: Path
    manifest: Manifest
    engine: Engine
    _connection: Connection = field(repr=False)
    _opened: dict[str, "ir.Table"] = field(default_factory=dict, repr=False)

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that are present."""
        return self.manifest.tables

    def table(self, name: str) -> "ir.Table":
        """An Ibis table; its files' checksums are verified before the first read.

        Raises:
            DatasetError: the table is unknown or absent, or a file is missing or was changed.
        """
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def arrow(self, name: str) -> "pa.Table":
        """The whole table as Arrow, columns as in the schema; for small tables.

        Raises:
            DatasetError: as for `table`.
        """
        import pyarrow.parquet as pq

        from vestige.dataset.arrow import arrow_schema

        files = self._verified_files(name)
        return pq.read_table(files, schema=arrow_schema(name))

    def close(self) -> None:
        """Let go of the engine's connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, name: str) -> "ir.Table":
        return self._connection.read_files(name, self._verified_files(name))

    def _verified_files(self, name: str) -> list[Path]:
        if name not in TABLES:
            raise DatasetError(f"there is no table {name!r}", hint=f"the schema has {', '.join(TABLES)}")
        entries = self.manifest.files_of(name)
        if not entries:
            reason = self.manifest.absent.get(name, "the source does not supply it")
            raise DatasetError(f"table {name!r} is absent: {reason}", hint="see the manifest's `absent`")
        return [_verified(self.path, entry) for entry in entries]


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
    folder = Path(path)
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
    """Describe every `TABLE.parquet` of a staged folder in the manifest, and write it there.

    Args:
        folder: unfinished dataset folder that holds the Parquet files.
        manifest: everything but `files` and `created_at`.
    """
    import pyarrow.parquet as pq

    files = []
    for name in TABLES:
        file = folder / f"{name}.parquet"
        if file.exists():
            rows = pq.read_metadata(file).num_rows
            files.append(FileEntry(name, file.name, file_digest(file), file.stat().st_size, rows))
    sealed = replace(manifest, files=tuple(files), created_at=datetime.now(UTC).isoformat(timespec="seconds"))
    (folder / FILE_NAME).write_text(sealed.to_json(), encoding="utf-8")
    return sealed


def file_digest(file: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verified(folder: Path, entry: FileEntry) -> Path:
    file = folder / entry.path
    if file.resolve().parent != folder.resolve() or not file.is_file():
        raise DatasetError("a file of the dataset is missing", where=entry.table, hint="get the dataset again")
    if file_digest(file) != entry.sha256:
        raise DatasetError(
            "a file does not match its checksum in the manifest",
            where=entry.table,
            hint="it was changed or damaged; get the dataset again",
        )
    return file


def empty_tables() -> dict[str, Any]:
    """Every table of the schema with no rows, as Arrow."""
    from vestige.dataset.arrow import arrow_schema

    return {name: arrow_schema(name).empty_table() for name in TABLES}
