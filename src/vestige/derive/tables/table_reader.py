"""Reader of CSV and Parquet: the mapped columns as numbers, batch by batch; no other column is ever made.

Words (of ids, of enums) exist as Arrow arrays of one batch and become numbers here; they never reach the engine.
"""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vestige.derive.contract import ReadReport, SourceColumn, SourceTable, TableRead, Take
from vestige.derive.dump.unpack import ByteStream, open_stream
from vestige.derive.tables.table_map import MappedTable
from vestige.derive.tables.table_source import ROW
from vestige.errors import DumpError, SourceError, raise_clean
from vestige.progress import Progress, Step
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES: Final = 4 << 20
BATCH_ROWS: Final = 1 << 16
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_WHAT_TO_DO: Final = "check the map and the file; every row must have as many cells as the first"


class TableReader:
    """Reads the mapped columns of the mapped files.

    Args:
        tables: the map.
    """

    def __init__(self, tables: Sequence[MappedTable]) -> None:
        self._tables = tables
        self._doubts: Counter[tuple[str, str]] = Counter()
        self._done = 0
        self._rows = 0

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        """Read every mapped file.

        Raises:
            SourceError: a file or column is missing, a file is no CSV or Parquet, a cell is no number.
        """
        total = sum(table.file.stat().st_size for table in self._tables if table.file.is_file())
        declared = {table.name: {column.name: column for column in table.columns} for table in tables}
        reads = []
        for table in self._tables:
            rows = 0
            with _clean(table):
                for batch, consumed in _batches(table):
                    take(table.name, self._numbers(table, declared[table.name], batch, rows))
                    rows += batch.num_rows
                    progress(Step("read", self._done + consumed, total, "bytes", self._rows + rows))
            self._done += table.file.stat().st_size
            self._rows += rows
            reads.append(TableRead(table.name, present=True, rows=rows))
        return ReadReport(tuple(reads), total, tuple(self._findings()))

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:  # noqa: ARG002 - the protocol
        """A map of tables names its groups and sections by itself."""
        return {}

    def _numbers(
        self, table: MappedTable, declared: Mapping[str, SourceColumn], batch: "pa.RecordBatch", before: int
    ) -> "pa.RecordBatch":
        import pyarrow as pa

        from vestige.derive.tables.table_cells import Cells

        arrays: dict[str, pa.Array] = {ROW: pa.array(range(before, before + batch.num_rows), pa.int64())}
        for column in table.columns:
            name = column.target.name
            if column.column is None or name not in declared:  # a handle is declared when linking was chosen only
                continue
            cells = Cells(declared[name], column, f"{table.name}.{name}", table.nulls)
            arrays[name] = cells.numbers(batch.column(column.column))
            self._doubts.update({(table.name, f"{name}:{doubt}"): count for doubt, count in cells.doubts.items()})
        return pa.RecordBatch.from_pydict(arrays)

    def _findings(self) -> Iterator[Finding]:
        for (table, what), count in sorted(self._doubts.items()):
            name, _, doubt = what.partition(":")
            text = {
                "unreadable": "times do not fit the map's format and are unknown",
                "twice": "local times came twice, when clocks went back: the first was taken",
                "never": "local times never were, as clocks went forward: read an hour on",
            }[doubt]
            if count:
                severity = Severity.NOTE if doubt == "twice" else Severity.CAUTION
                yield Finding(f"table-times-{doubt}", severity, f"{table}.{name}: {count:,} {text}")


class _Unpacked(io.RawIOBase):
    """A decompressed stream as Arrow reads it."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override] # any writable buffer
        return self._stream.readinto(memoryview(room).cast("B"))


@contextmanager
def _clean(table: MappedTable) -> Iterator[None]:
    """Arrow's own messages quote rows."""
    import pyarrow as pa

    failed = False
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        failed = True
    if failed:
        what = "a file of the map cannot be read as what its name says"
        raise_clean(SourceError(what, where=table.name, hint=_WHAT_TO_DO))


def _batches(table: MappedTable) -> "Iterator[tuple[pa.RecordBatch, int]]":
    if not table.file.is_file():
        raise SourceError("a file that the map names is not there", where=table.name, hint="paths begin at the map")
    names = list(dict.fromkeys(column.column for column in table.columns if column.column is not None))
    if table.file.name.lower().endswith(".parquet"):
        return _parquet_batches(table, names)
    return _csv_batches(table, names)


def _parquet_batches(table: MappedTable, names: list[str]) -> "Iterator[tuple[pa.RecordBatch, int]]":
    import pyarrow.parquet as pq

    with pq.ParquetFile(table.file, pre_buffer=False) as found:
        _refuse_missing(table, names, found.schema_arrow.names)
        size, rows, done = table.file.stat().st_size, max(found.metadata.num_rows, 1), 0
        for batch in found.iter_batches(BATCH_ROWS, columns=names):
            done += batch.num_rows
            yield batch, size * done // rows


def _csv_batches(table: MappedTable, names: list[str]) -> "Iterator[tuple[pa.RecordBatch, int]]":
    import pyarrow as pa
    import pyarrow.csv as pc

    bad: list[int | None] = []

    def refuse(row: "pc.InvalidRow") -> str:
        bad.append(row.number)
        return "error"

    _refuse_missing(table, names, _header(table))
    with open_stream(table.file, _refuse_utf16) as stream:
        try:
            reader = pc.open_csv(
                pa.PythonFile(_Unpacked(stream), "r"),
                read_options=pc.ReadOptions(
                    use_threads=False, block_size=BLOCK_BYTES, column_names=list(table.names) or None
                ),
                parse_options=pc.ParseOptions(
                    delimiter=table.delimiter, newlines_in_values=True, invalid_row_handler=refuse
                ),
                convert_options=pc.ConvertOptions(
                    check_utf8=False, include_columns=names, column_types=dict.fromkeys(names, pa.binary())
                ),
            )
            for batch in reader:
                yield batch, stream.consumed
        except pa.ArrowInvalid:
            if not bad:
                raise
    if bad:
        where = f"{table.name}, row {bad[0]}"
        raise SourceError("a row has another number of cells than the first", where=where, hint=_WHAT_TO_DO)
    if stream.cut_short:
        raise DumpError("the file ends too early", where=table.name, hint="get the whole file")


def _header(table: MappedTable) -> list[str]:
    import pyarrow as pa
    import pyarrow.csv as pc

    with open_stream(table.file, _refuse_utf16) as stream:
        options = pc.ReadOptions(use_threads=False, column_names=list(table.names) or None)
        found = pc.open_csv(
            pa.PythonFile(_Unpacked(stream), "r"),
            read_options=options,
            parse_options=pc.ParseOptions(delimiter=table.delimiter),
        )
        return list(found.schema.names)


def _refuse_missing(table: MappedTable, names: Sequence[str], present: Sequence[str]) -> None:
    missing = [
        column.target.name for column in table.columns if column.column is not None and column.column not in present
    ]
    doubled = [name for name in names if present.count(name) > 1]
    if missing or doubled:
        what = "a column that the map names is not in its file" if missing else "a file names a column twice"
        where = f"{table.name}: {', '.join(missing)}" if missing else table.name
        raise SourceError(what, where=where, hint="names are as in the file's first line; is the delimiter right?")


def _refuse_utf16(head: bytes) -> None:
    if head.startswith(_UTF16):
        raise SourceError("a CSV file is in UTF-16", hint="save it as UTF-8")
