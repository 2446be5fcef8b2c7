"""Reader of CSV and Parquet: the mapped columns as numbers, batch by batch; no other column is ever made.

Words (of ids, of enums) exist as Arrow arrays of one batch and become numbers here; they never reach the engine.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from vestige.derive.contract import ReadReport, SourceColumn, SourceTable, TableRead, Take
from vestige.derive.tables.files import TableFile, batches_of, reading
from vestige.derive.tables.table_map import MappedTable
from vestige.derive.tables.table_source import ROW
from vestige.progress import Progress, Step
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa


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
            file = TableFile(table.file, table.name, table.delimiter, table.names)
            shown = {column.column: column.target.name for column in table.columns if column.column is not None}
            with reading(file):
                for batch, consumed in batches_of(file, shown):
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
