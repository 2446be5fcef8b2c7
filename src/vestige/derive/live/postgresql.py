"""PostgreSQL, through psycopg: the server puts a row into one field of bytes, eight a number, for compiled code.

So psycopg makes one object a row instead of one a cell. Packed cells and names become numbers at once.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vestige.derive.contract import TEXT_CELLS, UNKNOWN_WORD, Cell, SourceColumn
from vestige.derive.dump.state import NO_MORE_RECORDS
from vestige.derive.live.address import PASSWORD_VARIABLE, LiveAddress
from vestige.derive.live.answer import READ_RECORDS, Answer, read_answer
from vestige.derive.live.faults import LostConnectionError, refused_query
from vestige.derive.live.plan import Asked, TablePlan
from vestige.derive.packed_codes import LONGEST_TEXT
from vestige.errors import ConnectionFailedError

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

BATCH_ROWS: Final = 1 << 12
_CURSOR: Final = "vestige"
_END: Final = NO_MORE_RECORDS.to_bytes(4, "big")
CONNECT_SECONDS: Final = 20
_INTEGERS: Final = {"int2", "int4", "int8", "oid"}
_MOMENTS: Final = {"date", "timestamp", "timestamptz"}
_TEXTS: Final = {"text", "varchar", "bpchar", "citext"}

_LOST_CLASSES: Final = ("08", "57P")
_DENIED_CLASSES: Final = ("28", "3D", "42501")

_Returned = TypeVar("_Returned")


class PostgresqlDatabase:
    """A PostgreSQL server.

    Args:
        address: where it is.
        password: the account's password; None leaves it to libpq (password file, socket).
    """

    def __init__(self, address: LiveAddress, password: str | None) -> None:
        self._address = address
        self._password = password
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def connect(self) -> None:
        """Open a connection; UTC, repeatable read, read only, one snapshot for all that follows.

        Raises:
            ConnectionFailedError: psycopg is not installed, the server cannot be reached or refuses the account.
        """
        self.close()
        driver = _driver()
        denied = failed = False
        try:
            self._connection = driver.connect(
                host=self._address.socket or self._address.host,
                port=self._address.port,
                user=self._address.account,
                password=self._password,
                dbname=self._address.database,
                connect_timeout=CONNECT_SECONDS,
                application_name="vestige",
                options="-c default_transaction_read_only=on -c timezone=UTC -c search_path=pg_catalog",
            )
            self._connection.isolation_level = driver.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
        except Exception as error:  # noqa: BLE001 - whatever it says may name the account
            failed = True
            words = str(error)
            denied = any(part in words for part in ("authentication", "password", "role", "database", "pg_hba"))
        if denied:
            raise ConnectionFailedError(
                "the database refused the account or the database's name",
                hint=f"check the account and {PASSWORD_VARIABLE}; see the guide on live databases",
            )
        if failed:
            raise ConnectionFailedError("the database cannot be reached", hint="check host, port or socket")

    def close(self) -> None:
        """Let go of the connection, also in the middle of an answer."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()
            connection.close()

    def catalogue(self) -> dict[str, dict[str, str]]:
        """Tables and columns of the schema that the account may read."""
        found: dict[str, dict[str, str]] = {}
        query = "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = %s"
        for table, column, kind in self._run(query, (self._address.schema,)):
            found.setdefault(table, {})[column] = kind
        return found

    def row_estimates(self) -> dict[str, int]:
        """What the last ANALYZE counted."""
        query = """SELECT c.relname, c.reltuples::int8 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = %s"""
        return {table: max(rows, 0) for table, rows in self._run(query, (self._address.schema,))}

    def ask(self, column: SourceColumn, kind: str) -> Asked | None:
        """How to ask for a column of a type."""
        name = _quoted(column.name)
        if column.cell in TEXT_CELLS:
            return _text(column, name, kind)
        if column.cell is Cell.WORD:
            return Asked(column, _word(name, column.vocabulary))
        if column.cell in {Cell.MOMENT, Cell.LOCAL_MOMENT}:
            number = f"CASE WHEN isfinite({name}) THEN (extract(epoch FROM {name}) * 1000000)::int8 END"
            return Asked(column, number) if kind in _MOMENTS else None
        return _integer(column, name, kind)

    def holds(self, table: str, condition: str) -> bool:
        """Whether any row of a table meets a condition."""
        return bool(self._run(f"SELECT 1 FROM {self._table(table)} WHERE {condition} LIMIT 1"))

    def batches(self, plan: TablePlan, damaged: Counter[tuple[str, str]]) -> "Iterator[pa.RecordBatch]":
        """The asked rows in numbers, from a cursor of the server's."""
        numbers = ", ".join(asked.number for asked in plan.columns)
        query = f"SELECT record_send(ROW({numbers})) FROM {self._table(plan.name)}"
        cursor = self._guarded(lambda connection: connection.cursor(_CURSOR, binary=True))
        try:
            self._guarded(lambda _: cursor.execute(query.encode()))
            records = _Records(lambda: self._guarded(lambda _: cursor.fetchmany(BATCH_ROWS)))
            yield from read_answer(Answer(records.readinto, READ_RECORDS, alone=True), plan, damaged)
        finally:
            with suppress(Exception):  # the server may be gone, and with it the cursor
                cursor.close()

    def pairs(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        """Ids and names, for the custodian's map: the one place where text stays text."""
        query = f"SELECT {_quoted(id_column)}, {_quoted(name_column)}::text FROM {self._table(table)}"
        return {int(key): name or "" for key, name in self._run(query)}

    def _table(self, name: str) -> str:
        return f"{_quoted(self._address.schema)}.{_quoted(name)}"

    def _run(self, query: str, values: tuple[str, ...] | None = None) -> list[tuple[Any, ...]]:
        def run(connection: "psycopg.Connection[tuple[Any, ...]]") -> list[tuple[Any, ...]]:
            return connection.execute(query.encode(), values).fetchall()

        return self._guarded(run)

    def _guarded(self, work: "Callable[[psycopg.Connection[tuple[Any, ...]]], _Returned]") -> _Returned:
        """Do some work with the connection, and replace whatever error comes of it."""
        if self._connection is None:
            raise LostConnectionError
        state = ""
        try:
            return work(self._connection)
        except Exception as error:  # noqa: BLE001 - whatever it says may quote a cell or the account
            state = getattr(error, "sqlstate", None) or ""
        raise refused_query(
            state, lost=not state or state.startswith(_LOST_CLASSES), denied=state.startswith(_DENIED_CLASSES)
        )


def _driver() -> Any:  # noqa: ANN401 - the module itself
    try:
        import psycopg
    except ImportError:
        psycopg = None  # type: ignore[assignment]
    if psycopg is None:
        raise ConnectionFailedError("psycopg is not installed", hint="pip install 'vestige[postgres]'")
    return psycopg


class _Records:
    """Fetched rows, one field of bytes each, as a stream."""

    def __init__(self, fetch: Callable[[], list[tuple[Any, ...]]]) -> None:
        self._fetch = fetch
        self._left = memoryview(b"")
        self._ended = False

    def readinto(self, room: memoryview) -> int:
        """Fill the room with what is left of a batch, or of the next; behind the last one an end, and nothing more."""
        if not self._left and not self._ended:
            records = self._fetch()
            self._ended = not records
            self._left = memoryview(_END if self._ended else b"".join([record for (record,) in records]))
        count = min(len(self._left), len(room))
        room[:count], self._left = self._left[:count], self._left[count:]
        return count


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _integer(column: SourceColumn, name: str, kind: str) -> Asked | None:
    if kind in _INTEGERS:
        return Asked(column, f"{name}::int8")
    if kind == "bool":
        return Asked(column, f"{name}::int4::int8")
    if kind == "numeric":
        return Asked(column, f"{name}::int8", f"{name} <> trunc({name})")
    if kind in _TEXTS:
        text = f"nullif({name}::text, '')"
        return Asked(column, f"{text}::int8", f"{text} !~ '^[-+]?[0-9]{{1,18}}$'")
    return None


def _text(column: SourceColumn, name: str, kind: str) -> Asked | None:
    """The cell's bytes, in UTF-8."""
    if kind in _TEXTS | _INTEGERS | {"json", "jsonb"}:
        name = f"convert_to({name}::text, 'UTF8')"
    elif kind != "bytea":
        return None
    return Asked(column, f"substring({name} FROM 1 FOR {LONGEST_TEXT + 1})")


def _word(name: str, vocabulary: Mapping[bytes, int]) -> str:
    """A word's number, compared byte by byte inside the server."""
    text = f"convert_to({name}::text, 'UTF8')"
    known = " ".join(f"WHEN {text} = '\\x{word.hex()}'::bytea THEN {number}" for word, number in vocabulary.items())
    return f"CASE WHEN {name} IS NULL THEN NULL {known} ELSE {UNKNOWN_WORD} END::int8"
