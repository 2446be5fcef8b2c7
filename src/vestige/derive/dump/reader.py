"""The reader of SQL dumps: numbers of the declared columns, and not one byte of anything else."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vestige.derive.contract import Cell, ReadReport, Source, SourceColumn, SourceTable, Take
from vestige.derive.dump.names import decoded_name
from vestige.derive.dump.prefixes import Prefixes
from vestige.derive.dump.unpack import PIPE, ByteStream, open_stream
from vestige.errors import SourceError
from vestige.progress import COMPILING, Progress, Step, ignore_progress
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

STAGE: Final = "read"
TRUNCATED: Final = Finding(
    "dump-truncated",
    Severity.PROBLEM,
    "The dump ended too early; only its complete rows were read, and tables after the break are missing or partial.",
)


class DumpReader:
    """Reads one forum out of a dump file or a pipe; implements `vestige.derive.contract.Reader`.

    A pipe can be read once: either by `read` or by `names`.
    """

    def __init__(
        self, dump: Path | str, source: Source, *, prefix: str | None = None, allow_truncated: bool = False
    ) -> None:
        """Open nothing yet.

        Args:
            dump: a dump file, plain or compressed by gzip, Zstandard or xz; `-` for standard input.
            source: the forum software, for its identifying tables and the tables of the custodian's map.
            prefix: prefix of the forum's tables, or `DATABASE.PREFIX`; None to find it.
            allow_truncated: whether a dump that ends too early is read as far as its last complete row.
        """
        self._dump = dump
        self._source = source
        self._prefix = prefix
        self._allow_truncated = allow_truncated
        self._used = False
        self._names: dict[str, dict[int, str]] | None = None

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress = ignore_progress) -> ReadReport:
        """Read the declared columns of the declared tables, in the order of the dump.

        Raises:
            SourceError: no dump, wrong software, several forums, a required table or column is missing.
            DumpError: a byte cannot be placed, a cell is malformed, the dump ends too early.
        """
        return self._pass(tables, take, progress, frozenset())

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        """For the custodian's own map only: ids and names of groups or sections. Nothing else may call it.

        The first call goes through the dump once for groups and sections both, so that a pipe can be mapped.
        """
        if self._names is None:
            self._names = {}
            self._read_names()
        known = [entry[:3] for entry in (self._source.group_table, self._source.section_table) if entry is not None]
        if (table, id_column, name_column) not in known:
            raise SourceError("only the declared tables of groups and sections have names", hint="this is a defect")
        return self._names.get(table, {})

    def read_texts(self, tables: Sequence[SourceTable], column: str, take: Take) -> None:
        """For ids of sessions only: pass on tables with the bytes of one column as they are.

        Raises:
            SourceError: as for `read`.
        """
        self._pass(tables, take, ignore_progress, frozenset({column}))

    def _read_names(self) -> None:
        wanted = [entry for entry in (self._source.group_table, self._source.section_table) if entry is not None]
        tables = [
            SourceTable(
                table, (SourceColumn(id_column, required=True), SourceColumn(name_column, Cell.WORD, required=True))
            )
            for table, id_column, name_column in wanted
        ]
        found: dict[str, dict[int, str]] = {table.name: {} for table in tables}

        def take(table: str, batch: "pa.RecordBatch") -> None:
            ids, names = (column.to_pylist() for column in batch.columns)
            found[table].update(
                (key, decoded_name(name)) for key, name in zip(ids, names, strict=True) if key is not None
            )

        self._pass(tables, take, ignore_progress, frozenset(name for _, _, name in wanted))
        self._names = found

    def _pass(self, tables: Sequence[SourceTable], take: Take, progress: Progress, names: frozenset[str]) -> ReadReport:
        from vestige.derive.dump.dialects import open_walker
        from vestige.derive.dump.forums import Forums
        from vestige.derive.dump.job import KERNELS, Job
        from vestige.derive.native import is_compiled
        from vestige.derive.text_cells import damage_findings

        if self._used and self._dump == PIPE:
            raise SourceError("a pipe can be read only once", hint="give the dump as a file")
        self._used = True
        prefixes = Prefixes(self._source.title, self._source.detect, [table.name for table in tables], self._prefix)
        with open_stream(self._dump) as stream:
            window, walker = open_walker(stream, [*self._source.detect, *(table.name for table in tables)])
            if not is_compiled(KERNELS):
                progress(Step(COMPILING, 0, 1))
            job = Job(window)
            forums = Forums(job, tables, prefixes, take, names)

            def report() -> None:
                progress(_step(stream, forums.rows))

            walk = walker(window, job, forums, report, allow_truncated=self._allow_truncated)
            walk.run()
            reads = forums.finish()
            report()
        findings = ((TRUNCATED,) if walk.truncated else ()) + damage_findings(forums.damaged)
        return ReadReport(reads, size=window.base + window.end, findings=findings)


def _step(stream: ByteStream, rows: int) -> Step:
    return Step(STAGE, stream.consumed, stream.total, "bytes", rows)
