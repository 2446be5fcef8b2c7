"""MySQL and MariaDB, through PyMySQL.

PyMySQL, which is Python, connects and asks; the rows of an answer are read from its socket by compiled code. Packed
cells and names come as bytes and become numbers at once; no other text crosses the wire.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vestige.derive.contract import TEXT_CELLS, UNKNOWN_WORD, Cell, SourceColumn
from vestige.derive.live.address import PASSWORD_VARIABLE, LiveAddress
from vestige.derive.live.answer import READ_PACKETS, Answer, read_answer
from vestige.derive.live.faults import LostConnectionError, refused_query
from vestige.derive.live.plan import Asked, TablePlan
from vestige.derive.packed_codes import LONGEST_TEXT
from vestige.errors import ConnectionFailedError

if TYPE_CHECKING:
    import pyarrow as pa
    from pymysql.connections import Connection

CONNECT_SECONDS: Final = 20
READ_SECONDS: Final = 600

_INTEGERS: Final = {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}
_MOMENTS: Final = {"date", "datetime", "timestamp"}
_TEXTS: Final = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_BYTES: Final = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}

_LOST: Final = {1053, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2014, 2055}
"""Server shutdown, aborted or killed connection, network errors; server has gone away, lost connection."""
_DENIED: Final = {1044, 1045, 1049, 1142, 1143, 1227, 1698}

_Returned = TypeVar("_Returned")


class MysqlDatabase:
    """A MySQL or MariaDB server.

    Args:
        address: where it is.
        password: the account's password; None leaves it to the account's option file (`~/.my.cnf`) or the socket.
    """

    def __init__(self, address: LiveAddress, password: str | None) -> None:
        self._address = address
        self._password = password
        self._connection: Connection[Any] | None = None

    def connect(self) -> None:
        """Open a connection; UTC, repeatable read, read only, one snapshot for all that follows.

        Raises:
            ConnectionFailedError: PyMySQL is not installed, the server cannot be reached or refuses the account.
        """
        self.close()
        code = self._open()
        if code in _DENIED:
            raise ConnectionFailedError(
                "the database refused the account or the database's name",
                hint=f"check the account, its host and {PASSWORD_VARIABLE}; see the guide on live databases",
            )
        if code is not None or self._connection is None:
            raise ConnectionFailedError("the database cannot be reached", hint="check host, port or socket")
        self._run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._run("SET SESSION time_zone = '+00:00'")
        self._run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def _open(self) -> int | None:
        """Open the connection; the error's number if that fails."""
        pymysql = _driver()
        options = Path.home() / ".my.cnf"
        code: int | None = None
        try:
            self._connection = pymysql.connect(
                host=self._address.host,
                port=self._address.port or 0,
                unix_socket=self._address.socket,
                user=self._address.account,
                password=self._password or "",
                database=self._address.database,
                read_default_file=str(options) if self._password is None and options.is_file() else None,
                charset="utf8mb4",
                use_unicode=False,
                conv={},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                local_infile=False,
                autocommit=True,
            )
        except Exception as error:  # noqa: BLE001 - whatever it says may name the account
            code = _number(error)
        return code

    def close(self) -> None:
        """Let go of the connection, also in the middle of an answer."""
        connection: Any = self._connection
        self._connection = None
        if connection is not None:
            stream = connection._rfile  # noqa: SLF001 - the socket stays open as long as this does
            connection._force_close()  # noqa: SLF001 - close() would talk to a server that may be gone
            if stream is not None:
                stream.close()

    def catalogue(self) -> dict[str, dict[str, str]]:
        """Tables and columns that the account may read."""
        found: dict[str, dict[str, str]] = {}
        query = (
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = DATABASE()"
        )
        for table, column, kind in self._run(query):
            found.setdefault(table.decode(), {})[column.decode()] = kind.decode().lower()
        return found

    def row_estimates(self) -> dict[str, int]:
        """The storage engine's own estimates."""
        query = "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = DATABASE()"
        return {table.decode(): int(rows or 0) for table, rows in self._run(query)}

    def ask(self, column: SourceColumn, kind: str) -> Asked | None:
        """How to ask for a column of a type."""
        name = _quoted(column.name)
        if column.cell in TEXT_CELLS:
            return _text(column, name, kind)
        if column.cell is Cell.WORD:
            return Asked(column, _word(name, column.vocabulary))
        if column.cell in {Cell.MOMENT, Cell.LOCAL_MOMENT}:
            number = f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {name})"
            return Asked(column, number) if kind in _MOMENTS else None
        return _integer(column, name, kind)

    def holds(self, table: str, condition: str) -> bool:
        """Whether any row of a table meets a condition."""
        return bool(self._run(f"SELECT 1 FROM {_quoted(table)} WHERE {condition} LIMIT 1"))

    def batches(self, plan: TablePlan, damaged: Counter[tuple[str, str]]) -> "Iterator[pa.RecordBatch]":
        """The asked rows in numbers, read from the connection as they come."""
        query = f"SELECT {', '.join(asked.number for asked in plan.columns)} FROM {_quoted(plan.name)}"
        connection = self._connection
        try:
            self._guarded(lambda connection: connection.query(query, unbuffered=True))
            answer = self._guarded(self._answer)
            yield from read_answer(answer, plan, damaged)
        finally:
            _forget(connection)

    def _answer(self, connection: "Connection[Any]") -> Answer:
        """The rows that follow: first what PyMySQL has in its buffer, then what comes over the connection."""
        internals: Any = connection  # there is no public way to them
        stream = internals._rfile  # noqa: SLF001
        buffered = memoryview(stream.read1(len(stream.peek())))

        def readinto(room: memoryview) -> int:
            nonlocal buffered
            count = min(len(buffered), len(room))
            room[:count], buffered = buffered[:count], buffered[count:]
            return count or self._guarded(lambda _: int(stream.raw.readinto(room)))

        return Answer(readinto, READ_PACKETS, sequence=internals._next_seq_id, refused=_refused)  # noqa: SLF001

    def pairs(self, table: str, id_column: str, name_column: str) -> Mapping[int, str]:
        """Ids and names, for the custodian's map: the one place where text stays text."""
        query = f"SELECT {_quoted(id_column)}, {_quoted(name_column)} FROM {_quoted(table)}"
        return {int(key): (name or b"").decode("utf-8", "replace") for key, name in self._run(query)}

    def _run(self, query: str) -> list[tuple[Any, ...]]:
        def run(connection: "Connection[Any]") -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())

        return self._guarded(run)

    def _guarded(self, work: "Callable[[Connection[Any]], _Returned]") -> _Returned:
        """Do some work with the connection, and replace whatever error comes of it."""
        if self._connection is None:
            raise LostConnectionError
        number: int | None = None
        try:
            return work(self._connection)
        except Exception as error:  # noqa: BLE001 - whatever it says may quote a cell or the account
            number = _number(error)
        raise _refused(number)


def _driver() -> Any:  # noqa: ANN401 - the module itself
    try:
        import pymysql
        import pymysql.cursors
    except ImportError:
        pymysql = None  # type: ignore[assignment]
    if pymysql is None:
        raise ConnectionFailedError("PyMySQL is not installed", hint="pip install 'vestige[mysql]'")
    return pymysql


def _forget(connection: Any) -> None:  # noqa: ANN401 - PyMySQL's internals are untyped
    """Let go of an answer that PyMySQL did not read: it would wait for the rest, on a connection that may be gone."""
    if connection is not None and connection._result is not None:  # noqa: SLF001
        connection._result.unbuffered_active = False  # noqa: SLF001
        connection._result = None  # noqa: SLF001


def _refused(number: int) -> Exception:
    """The error that stands for the server's number; 0 for a broken connection without one."""
    return refused_query(number, lost=number in _LOST or number == 0, denied=number in _DENIED)


def _number(error: Exception) -> int:
    """The server's number of an error; 0 for a broken connection without one."""
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) and not isinstance(error, OSError) else 0


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _integer(column: SourceColumn, name: str, kind: str) -> Asked | None:
    if kind in _INTEGERS:
        return Asked(column, name)
    if kind == "bit":
        return Asked(column, f"{name} + 0")
    if kind in _TEXTS | _BYTES:
        text = f"NULLIF(CONVERT({name} USING utf8mb4), '')"
        return Asked(column, f"CAST({text} AS SIGNED)", f"NOT {text} REGEXP '^[-+]?[0-9]{{1,18}}$'")
    if kind == "decimal":
        return Asked(column, f"CAST({name} AS SIGNED)", f"{name} <> TRUNCATE({name}, 0)")
    return None


def _text(column: SourceColumn, name: str, kind: str) -> Asked | None:
    """The cell's bytes, in UTF-8."""
    if kind in _TEXTS | {"json"}:
        name = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"
    elif kind in _INTEGERS:
        name = f"CAST({name} AS CHAR)"
    elif kind not in _BYTES:
        return None
    return Asked(column, f"LEFT({name}, {LONGEST_TEXT + 1})")


def _word(name: str, vocabulary: Mapping[bytes, int]) -> str:
    """A word's number, compared byte by byte inside the server."""
    text = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"
    known = " ".join(f"WHEN {text} = X'{word.hex()}' THEN {number}" for word, number in vocabulary.items())
    return f"CASE WHEN {name} IS NULL THEN NULL {known} ELSE {UNKNOWN_WORD} END"
