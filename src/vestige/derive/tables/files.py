"""Chosen columns of a CSV or Parquet file, batch by batch, as bytes or in the file's types; errors quote no cell."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vestige.derive.dump.formats import SNIFFED, Packing, packing_of
from vestige.derive.dump.unpack import open_stream
from vestige.errors import SourceError, raise_clean

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES: Final = 4 << 20
BATCH_ROWS: Final = 1 << 16
_ARROWS_NAME: Final = {Packing.PLAIN: None, Packing.GZIP: "gzip", Packing.ZSTANDARD: "zstd"}
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_WHAT_TO_DO: Final = "check what was named and the file; every row must have as many cells as the first"


@dataclass(frozen=True)
class TableFile:
    """A file of a table.

    Attributes:
        path: where it is; Parquet if it ends so, else CSV.
        where: what errors call it.
        delimiter: between the cells of a CSV file.
        header: names of a CSV file's columns, where its first line does not name them.
    """

    path: Path
    where: str
    delimiter: str = ","
    header: tuple[str, ...] = ()


@contextmanager
def reading(file: TableFile) -> Iterator[None]:
    """Arrow's own messages quote rows; within the block they become clean errors.

    Raises:
        SourceError: the file cannot be read.
    """
    import pyarrow as pa

    failed = False
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        failed = True
    if failed:
        what = "a file cannot be read as what its name says"
        raise_clean(SourceError(what, where=file.where, hint=_WHAT_TO_DO))


def batches_of(file: TableFile, columns: Mapping[str, str]) -> "Iterator[tuple[pa.RecordBatch, int]]":
    """Batches of chosen columns, with the bytes of the file that were read so far.

    Args:
        file: the file; read within `reading(file)`.
        columns: name in the file to what errors call it.

    Raises:
        SourceError: the file or a column is not there, or a row has another number of cells.
    """
    if not file.path.is_file():
        raise SourceError("a file that was named is not there", where=file.where, hint="check its path")
    if file.path.name.lower().endswith(".parquet"):
        return _parquet_batches(file, columns)
    return _csv_batches(file, columns)


@contextmanager
def _opened(file: TableFile) -> "Iterator[tuple[pa.NativeFile, pa.NativeFile]]":
    """A CSV file as it lies on disk, and its decompressed bytes, both read by Arrow alone.

    Arrow reads ahead in a thread of its own. Through a Python object that thread would wait for the interpreter's lock
    while the interpreter, letting go of the reader, waits for the thread: for ever.
    """
    import pyarrow as pa

    with open_stream(file.path, _refuse_utf16):
        pass
    with file.path.open("rb") as stream:
        packing = packing_of(stream.read(SNIFFED))
    if packing not in _ARROWS_NAME:
        raise SourceError("a table cannot be packed so", where=file.where, hint="unpack it, or use gzip or Zstandard")
    with pa.OSFile(str(file.path)) as raw:
        name = _ARROWS_NAME[packing]
        yield raw, pa.CompressedInputStream(raw, name) if name else raw


def _parquet_batches(file: TableFile, columns: Mapping[str, str]) -> "Iterator[tuple[pa.RecordBatch, int]]":
    import pyarrow.parquet as pq

    with pq.ParquetFile(file.path, pre_buffer=False) as found:
        _refuse_missing(file, columns, found.schema_arrow.names)
        size, rows, done = file.path.stat().st_size, max(found.metadata.num_rows, 1), 0
        for batch in found.iter_batches(BATCH_ROWS, columns=list(columns)):
            done += batch.num_rows
            yield batch, size * done // rows


def _csv_batches(file: TableFile, columns: Mapping[str, str]) -> "Iterator[tuple[pa.RecordBatch, int]]":
    import pyarrow as pa
    import pyarrow.csv as pc

    bad: list[int | None] = []

    def refuse(row: "pc.InvalidRow") -> str:
        bad.append(row.number)
        return "error"

    _refuse_missing(file, columns, _header(file))
    with _opened(file) as (raw, unpacked):
        try:
            reader = pc.open_csv(
                unpacked,
                read_options=pc.ReadOptions(
                    use_threads=False, block_size=BLOCK_BYTES, column_names=list(file.header) or None
                ),
                parse_options=pc.ParseOptions(
                    delimiter=file.delimiter, newlines_in_values=True, invalid_row_handler=refuse
                ),
                convert_options=pc.ConvertOptions(
                    check_utf8=False, include_columns=list(columns), column_types=dict.fromkeys(columns, pa.binary())
                ),
            )
            for batch in reader:
                _refuse_second_header(file, batch)
                yield batch, raw.tell()
        except pa.ArrowInvalid:
            if not bad:
                raise
    if bad:
        where = f"{file.where}, row {bad[0]}"
        raise SourceError("a row has another number of cells than the first", where=where, hint=_WHAT_TO_DO)


def _refuse_second_header(file: TableFile, batch: "pa.RecordBatch") -> None:
    """Names of columns in place of cells: two files were joined, and their rows would count twice or as members."""
    import pyarrow.compute as pc

    if file.header or batch.num_columns < len(("one", "other")):
        return
    names = iter(batch.schema.names)
    again = pc.equal(batch.column(0), next(names).encode())
    for place, name in enumerate(names, 1):
        again = pc.and_(again, pc.equal(batch.column(place), name.encode()))
    if pc.any(again).as_py():
        raise SourceError(
            "the line that names the columns stands again", where=file.where, hint="were two files joined? map each"
        )


def _header(file: TableFile) -> list[str]:
    import pyarrow.csv as pc

    with _opened(file) as (_, unpacked):
        options = pc.ReadOptions(use_threads=False, column_names=list(file.header) or None)
        found = pc.open_csv(
            unpacked,
            read_options=options,
            parse_options=pc.ParseOptions(delimiter=file.delimiter),
        )
        return list(found.schema.names)


def _refuse_missing(file: TableFile, columns: Mapping[str, str], present: Sequence[str]) -> None:
    missing = [shown for name, shown in columns.items() if name not in present]
    if missing or any(present.count(name) > 1 for name in columns):
        what = "a column that was named is not in its file" if missing else "a file names a column twice"
        where = f"{file.where}: {', '.join(missing)}" if missing else file.where
        raise SourceError(what, where=where, hint="names are as in the file's first line; is the delimiter right?")


def _refuse_utf16(head: bytes) -> None:
    if head.startswith(_UTF16):
        raise SourceError("a CSV file is in UTF-16", hint="save it as UTF-8")
