"""MySQL and MariaDB, through PyMySQL.

The server writes the numbers of a row into one field of digits and commas, so that PyMySQL, which is Python, has one
field a row to unpack instead of one a column. Packed cells and names come in hexadecimal digits and become numbers at
once; no other text crosses the wire.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vestige.derive.contract import TEXT_CELLS, UNKNOWN_WORD, Cell, SourceColumn
from vestige.derive.live.address import PASSWORD_VARIABLE, LiveAddress
from vestige.derive.live.plan import Asked, TablePlan
from vestige.derive.live.reader import LostConnectionError, refused_query
from vestige.derive.packed_codes import LONGEST_TEXT
from vestige.errors import ConnectionFailedError, SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    from pymysql.connections import Connection

BATCH_ROWS: Final = 1 << 15
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

    def batches(self, plan: TablePlan) -> "Iterator[pa.RecordBatch]":
        """The asked numbers, a batch at a time, from an unbuffered cursor."""
        parts = ", ',', ".join(f"IFNULL({asked.number}, '')" for asked in plan.columns)
        names = [asked.column.name for asked in plan.columns]
        cursor = self._guarded(lambda connection: connection.cursor(_driver().cursors.SSCursor))
        try:
            self._guarded(lambda _: cursor.execute(f"SELECT CONCAT({parts}) FROM {_quoted(plan.name)}"))
            while rows := self._guarded(lambda _: cursor.fetchmany(BATCH_ROWS)):
                lines = b"\n".join([row[0] for row in rows]) + b"\n"
                yield from _parsed(lines, plan, names)
        finally:
            _forget(cursor)

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
        raise refused_query(number, lost=number in _LOST or number == 0, denied=number in _DENIED)


def _driver() -> Any:  # noqa: ANN401 - the module itself
    try:
        import pymysql
        import pymysql.cursors
    except ImportError:
        pymysql = None  # type: ignore[assignment]
    if pymysql is None:
        raise ConnectionFailedError("PyMySQL is not installed", hint="pip install 'vestige[mysql]'")
    return pymysql


def _forget(cursor: Any) -> None:  # noqa: ANN401 - PyMySQL's internals are untyped
    """Let go of an answer that may be half read: PyMySQL would wait for its rest, on a connection that may be gone."""
    answer = cursor._result  # noqa: SLF001
    cursor._result = cursor.connection = None  # noqa: SLF001
    if answer is not None:
        answer.unbuffered_active = False


def _parsed(lines: bytes, plan: TablePlan, names: list[str]) -> "list[pa.RecordBatch]":
    """Lines of digits and commas as batches; nothing between two commas is null."""
    import pyarrow as pa
    from pyarrow import csv

    types = {
        asked.column.name: pa.binary() if asked.column.cell in TEXT_CELLS else pa.int64() for asked in plan.columns
    }
    read = csv.ReadOptions(column_names=names, use_threads=False, block_size=len(lines) + 1)
    convert = csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    parse = csv.ParseOptions(quote_char=False, ignore_empty_lines=False)
    batches: list[pa.RecordBatch] | None = None
    try:
        batches = csv.read_csv(pa.py_buffer(lines), read, parse, convert).to_batches()
    except pa.ArrowInvalid:
        batches = None
    if batches is None:
        raise SourceError("a number does not fit 64 bits", where=plan.declared.name, hint="derive from a dump instead")
    return [_unhexed(batch) for batch in batches]


def _unhexed(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """The batch with hexadecimal digits as the bytes they stand for."""
    import pyarrow as pa

    for index, kind in enumerate(batch.schema.types):
        if kind == pa.binary():
            cells = [bytes.fromhex(cell[1:].decode()) if cell else None for cell in batch.column(index).to_pylist()]
            batch = batch.set_column(index, batch.schema.names[index], pa.array(cells, pa.binary()))
    return batch


def _number(error: Exception) -> int:
    """The server's number of an error; 0 for a broken connection without one."""
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


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
    """The cell's bytes in hexadecimal digits behind a letter, which tells an empty one from NULL."""
    if kind in _TEXTS | {"json"}:
        name = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"
    elif kind in _INTEGERS:
        name = f"CAST({name} AS CHAR)"
    elif kind not in _BYTES:
        return None
    return Asked(column, f"CONCAT('x', HEX(LEFT({name}, {LONGEST_TEXT + 1})))")


def _word(name: str, vocabulary: Mapping[bytes, int]) -> str:
    """A word's number, compared byte by byte inside the server."""
    text = f"CAST(CONVERT({name} USING utf8mb4) AS BINARY)"
    known = " ".join(f"WHEN {text} = X'{word.hex()}' THEN {number}" for word, number in vocabulary.items())
    return f"CASE WHEN {name} IS NULL THEN NULL {known} ELSE {UNKNOWN_WORD} END"
