"""Reader of a live database: one read-only snapshot, declared columns only, one new attempt after a lost connection.

No message of a driver is ever shown or chained, since it may quote a cell or the account.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from vestige.derive.contract import ReadReport, Source, SourceTable, TableRead, Take
from vestige.derive.live.faults import LostConnectionError
from vestige.derive.live.plan import Asked, Catalogue, TablePlan, find_prefix, find_prefixes, plan_table
from vestige.errors import ConnectionFailedError, SourceError
from vestige.progress import COMPILING, Progress, Step
from vestige.results import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

    from vestige.derive.contract import SourceColumn

HELD_BYTES: Final = 256 << 20
"""Batches of a table are held back until it is complete, up to this size: what is held can be read again."""


class Database(Protocol):
    """One kind of server. Every method raises LostConnectionError or a clean SourceError, and nothing else."""

    def connect(self) -> None:
        """Open a connection with one read-only, consistent snapshot; a former one is let go of."""

    def close(self) -> None:
        """Let go of the connection."""

    def catalogue(self) -> Catalogue:
        """Tables and columns that the account may read."""

    def row_estimates(self) -> Mapping[str, int]:
        """About how many rows each table has."""

    def ask(self, column: "SourceColumn", kind: str) -> Asked | None:
        """How to ask for a column of a type."""

    def holds(self, table: str, condition: str) -> bool:
        """Whether any row of a table meets a condition."""

    def batches(self, plan: TablePlan, damaged: Counter[tuple[str, str]]) -> "Iterator[pa.RecordBatch]":
        """The asked rows in numbers, as `answer.read_answer` gives them."""

    def pairs(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        """Ids and names, for the custodian's map."""


def detect_live(database: Database, sources: Sequence[Source], prefix: str | None = None) -> Source:
    """The package whose identifying tables a database has.

    Raises:
        ConnectionFailedError: no connection.
        SourceError: it has those of none, or of several.
    """
    names: frozenset[str] | None = None
    try:
        database.connect()
        names = frozenset(database.catalogue())
    except LostConnectionError:
        names = None
    finally:
        database.close()
    if names is None:
        raise _lost("the list of tables")
    found = [source for source in sources if find_prefixes(names, source.detect, prefix)]
    if not found:
        found = [source for source in sources if find_prefixes(names, source.granted_detect, prefix)]
    if not found:
        raise SourceError(
            "the database holds no forum of a package that is known, or the account may not read its tables",
            hint="see --software and --prefix, and the guide on live databases",
        )
    if len(found) > 1:
        titles = ", ".join(source.software for source in found)
        raise SourceError("the database may be of several packages", where=titles, hint="say which with --software")
    return found[0]


class LiveReader:
    """Reads the declared columns of the declared tables from a live database.

    Args:
        database: the server.
        detect: table names without prefix that identify the package.
        prefix: prefix of the forum's tables; found when None.
    """

    def __init__(self, database: Database, detect: Sequence[str], prefix: str | None = None) -> None:
        self._database = database
        self._detect = tuple(detect)
        self._prefix = prefix
        self._connected = False
        self._losses = 0
        self._moments = 1
        self._damaged: Counter[tuple[str, str]] = Counter()

    def read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        """Read each declared table that the database has, all in one snapshot.

        Raises:
            ConnectionFailedError: no connection, or it was lost twice, or after rows had been handed on.
            SourceError: wrong software, a required table or column is missing, a cell is of another kind.
        """
        from vestige.derive.live.answer import KERNELS
        from vestige.derive.native import is_compiled, load_kernels

        if not is_compiled(KERNELS):
            progress(Step(COMPILING, 0, 1))
            load_kernels(KERNELS)  # before a server waits for it
        try:
            return self._read(tables, take, progress)
        finally:
            self._close()

    def names(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        """For the custodian's own map only."""
        lost = False
        names: Mapping[int, str] = {}
        try:
            self._connect()
            prefix = find_prefix(list(self._database.catalogue()), self._detect, self._prefix)
            names = self._database.pairs(prefix + table, id_column, name_column)
        except LostConnectionError:
            lost = True
        finally:
            self._close()
        if lost:
            raise _lost(table)
        return names

    def _read(self, tables: Sequence[SourceTable], take: Take, progress: Progress) -> ReadReport:
        plans, total = self._prepare(tables)
        counted = 0
        found = []
        for table in tables:
            plan = plans[table.name]
            if plan is None:
                found.append(TableRead(table.name, present=False, rows=0))
                continue
            rows = self._read_table(plan, take, progress, counted, total)
            counted += rows
            found.append(TableRead(table.name, present=True, rows=rows, missing=plan.missing))
        return ReadReport(tuple(found), None, self._findings())

    def _prepare(self, tables: Sequence[SourceTable]) -> tuple[dict[str, TablePlan | None], int]:
        """What to ask, and about how many rows there are."""
        while True:
            try:
                self._connect()
                catalogue = self._database.catalogue()
                prefix = find_prefix(list(catalogue), self._detect, self._prefix)
                ask = self._database.ask
                plans = {table.name: plan_table(table, prefix, catalogue, ask) for table in tables}
                estimates = self._database.row_estimates()
            except LostConnectionError:
                self._lose()
            else:
                return plans, sum(estimates.get(plan.name, 0) for plan in plans.values() if plan is not None)
            if self._losses > 1:
                raise _lost("the list of tables")

    def _connect(self) -> None:
        if not self._connected:
            self._database.connect()
            self._connected = True

    def _close(self) -> None:
        self._database.close()
        self._connected = False

    def _lose(self) -> None:
        self._connected = False
        self._losses += 1

    def _read_table(self, plan: TablePlan, take: Take, progress: Progress, before: int, total: int) -> int:
        """Hand on the rows of one table; starts it again once if the connection breaks while all are still held."""
        while True:
            held: list[pa.RecordBatch] = []
            damaged: Counter[tuple[str, str]] = Counter()
            size = handed = 0
            rows: int = 0
            try:
                self._connect()
                self._refuse_malformed(plan)
                for batch in self._database.batches(plan, damaged):
                    rows += batch.num_rows
                    size += batch.nbytes
                    held.append(batch)
                    if size > HELD_BYTES:
                        handed += _hand_on(plan, held, take)
                    done = before + rows
                    progress(Step("read", done, max(total, done), "rows", done))
            except LostConnectionError:
                self._lose()
                self._moments = 2
            else:
                _hand_on(plan, held, take)
                self._damaged += damaged
                return rows
            if self._losses > 1 or handed:
                raise _lost(plan.declared.name, rows)

    def _refuse_malformed(self, plan: TablePlan) -> None:
        for asked in plan.columns:
            if asked.malformed is not None and self._database.holds(plan.name, asked.malformed):
                raise SourceError(
                    f"a cell cannot be read as {asked.column.cell}",
                    where=f"{plan.declared.name}.{asked.column.name}",
                    hint="check --software; a changed schema needs a source file of its own",
                )

    def _findings(self) -> tuple[Finding, ...]:
        from vestige.derive.text_cells import damage_findings

        damaged = damage_findings(self._damaged)
        if self._moments == 1:
            return damaged
        text = "the connection was lost once and opened again: tables read before and after are of two moments"
        return (Finding("connection-lost", Severity.CAUTION, text), *damaged)


def _hand_on(plan: TablePlan, held: "list[pa.RecordBatch]", take: Take) -> int:
    """Give the held batches away; returns their rows."""
    rows: int = sum(batch.num_rows for batch in held)
    for batch in held:
        take(plan.declared.name, batch)
    held.clear()
    return rows


def _lost(where: str, rows: int | None = None) -> ConnectionFailedError:
    return ConnectionFailedError(
        "the connection to the database was lost",
        where=where if rows is None else f"{where}, after {rows} rows",
        hint="run again; if it happens again, derive from a dump instead",
    )
