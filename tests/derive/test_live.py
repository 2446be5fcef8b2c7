"""Live readers on servers of the tests' own: what was put in comes out, as numbers, and nothing else does."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from servers import MariadbServer, PostgresqlServer
from vestige.derive.contract import Cell, Packing, ReadReport, SourceColumn, SourceTable
from vestige.derive.live.address import PASSWORD_VARIABLE, Engine, LiveAddress, is_address, parse_address
from vestige.derive.live.faults import LostConnectionError
from vestige.derive.live.mysql import MysqlDatabase
from vestige.derive.live.plan import TablePlan, find_prefix
from vestige.derive.live.postgresql import PostgresqlDatabase
from vestige.derive.live.reader import Database, LiveReader
from vestige.derive.text_cells import Texts, numbers_of
from vestige.errors import ConnectionFailedError, SourceError
from vestige.progress import Step, ignore_progress

if TYPE_CHECKING:
    import pyarrow as pa

CANARY = "canary-7f3a"
DETECT = ("users", "posts")
USERS = SourceTable(
    "users",
    (
        SourceColumn("id", required=True),
        SourceColumn("joined", Cell.SECONDS),
        SourceColumn("seen", Cell.MOMENT),
        SourceColumn("kind", Cell.WORD, vocabulary={b"STAFF": 1, "Café".encode(): 2, b"O'Neil\\": 3}),
        SourceColumn("digits"),
        SourceColumn("flag"),
        SourceColumn("points"),
        SourceColumn("later"),
    ),
    required=True,
)
POSTS = SourceTable("posts", (SourceColumn("id", required=True), SourceColumn("author")), required=True)
PACKED = SourceTable(
    "log",
    (
        SourceColumn("id", required=True),
        SourceColumn("list", Cell.NUMBERS),
        SourceColumn("data", Cell.NUMBERS, vocabulary={b"member": -1}, packing=Packing.VALUES),
        SourceColumn("who", Cell.NAME, vocabulary={"Café".encode(): 2}),
        SourceColumn("handle", Cell.HANDLE, secret=bytes(32)),
    ),
)
SERIALISED = '\'a:2:{s:4:"name";s:5:"Zoë!";s:6:"member";i:5;}\''
PACKED_ROWS = (
    f"(1, '4,5', {SERIALISED}, 'Zoë', 'Zoë', '{CANARY}'), (2, '', '{{\"member\":7}}', 'Café', 'zoë', 'x'), "
    "(3, NULL, NULL, NULL, NULL, NULL), (4, 'x', 'a:9:{', '', '', '')"
)
THANKS = SourceTable("thanks", (SourceColumn("id", required=True),))
EXPECTED = [
    {
        "id": 1,
        "joined": 1_313_612_336_000_000,
        "seen": 1_313_612_336_507_000,
        "kind": 1,
        "digits": 12,
        "flag": 1,
        "points": 7,
    },
    {"id": 2, "joined": None, "seen": None, "kind": 2, "digits": None, "flag": 0, "points": -7},
    {"id": 3, "joined": None, "seen": -100_000, "kind": 3, "digits": -5, "flag": None, "points": None},
    {"id": 2**62, "joined": None, "seen": None, "kind": -1, "digits": None, "flag": None, "points": None},
    {"id": -4, "joined": None, "seen": None, "kind": None, "digits": None, "flag": None, "points": None},
]
COLUMNS = "id, joined, seen, kind, digits, flag, points, name"
ROWS = [
    f"(1, 1313612336, '2011-08-17 20:18:56.507', 'STAFF', '12', {{yes}}, 7, '{CANARY}')",
    f"(2, 0, NULL, 'Café', '', {{no}}, -7, '{CANARY}')",
    "(3, -5, '1969-12-31 23:59:59.9', {odd}, '-5', NULL, NULL, 'x')",
    f"({2**62}, NULL, NULL, 'staff', NULL, NULL, NULL, 'x')",
    "(-4, NULL, NULL, NULL, NULL, NULL, NULL, 'x')",
]


@dataclass(frozen=True)
class Forum:
    """A server with a small forum on it.

    Attributes:
        database: opens the database as an account that may read the declared columns only.
        run: runs SQL as the owner.
        disconnect: ends all connections of that account.
        users: quoted name of the table of users.
        posts: quoted name of the table of posts.
    """

    database: Callable[[], MysqlDatabase | PostgresqlDatabase]
    run: Callable[[str], object]
    disconnect: Callable[[], None]
    users: str
    posts: str

    @property
    def at(self) -> str:
        return "@localhost" if isinstance(self.database(), MysqlDatabase) else ""

    @property
    def qualified_posts(self) -> str:
        return self.posts if self.at else f"{SCHEMA}.{self.posts}"


def _mariadb_forum(server: MariadbServer) -> Forum:
    values = ", ".join(row.format(yes="b'1'", no="b'0'", odd="'O''Neil\\\\'") for row in ROWS)
    users, posts, log = "`x``_users`", "`x``_posts`", "`x``_log`"
    server.run(
        f"""DROP DATABASE IF EXISTS forum; CREATE DATABASE forum CHARACTER SET utf8mb4; USE forum;
        CREATE TABLE {users} (id BIGINT, joined INT, seen DATETIME(6), kind VARCHAR(40) CHARACTER SET latin1,
            digits VARCHAR(20), flag BIT(1), points DECIMAL(12,0), name TEXT);
        SET NAMES utf8mb4; INSERT INTO {users} ({COLUMNS}) VALUES {values};
        CREATE TABLE {posts} (id BIGINT PRIMARY KEY, author INT UNSIGNED, body TEXT);
        INSERT INTO {posts} SELECT seq, seq MOD 7, '{CANARY}' FROM seq_1_to_100000;
        CREATE TABLE {log} (id INT, list VARBINARY(99), data TEXT, who VARCHAR(40) CHARACTER SET latin1,
            handle VARCHAR(40), body TEXT);
        INSERT INTO {log} VALUES {PACKED_ROWS};
        DROP USER IF EXISTS reader@localhost; CREATE USER reader@localhost IDENTIFIED BY 'secret';
        GRANT SELECT (id, joined, seen, kind, digits, flag, points) ON forum.{users} TO reader@localhost;
        GRANT SELECT (id, author) ON forum.{posts} TO reader@localhost;
        GRANT SELECT (id, list, data, who, handle) ON forum.{log} TO reader@localhost;"""
    )
    address = LiveAddress(Engine.MYSQL, "reader", None, None, "forum", socket=str(server.socket))

    def disconnect() -> None:
        for line in server.run("SELECT id FROM information_schema.processlist WHERE user = 'reader'").split():
            with suppress(AssertionError):
                server.run(f"KILL {int(line)}")

    return Forum(
        lambda: MysqlDatabase(address, "secret"), lambda sql: server.run(sql, "forum"), disconnect, users, posts
    )


SCHEMA = '"the ""forum"""'


def _postgresql_forum(server: PostgresqlServer) -> Forum:
    values = ", ".join(row.format(yes="true", no="false", odd="'O''Neil\\'") for row in ROWS)
    users, posts, log = '"x""_users"', '"x""_posts"', '"x""_log"'
    server.run("DROP DATABASE IF EXISTS forum")
    server.run("CREATE DATABASE forum")
    server.run(
        f"""CREATE SCHEMA {SCHEMA};
        SET search_path = {SCHEMA};
        CREATE TABLE {users} (id bigint, joined int, seen timestamp, kind varchar(40), digits text, flag boolean,
            points numeric, name text);
        INSERT INTO {users} ({COLUMNS}) VALUES {values};
        CREATE TABLE {posts} (id bigint PRIMARY KEY, author smallint, body text);
        INSERT INTO {posts} SELECT n, n % 7, '{CANARY}' FROM generate_series(1, 100000) n;
        CREATE TABLE {log} (id int, list bytea, data text, who varchar(40), handle text, body text);
        INSERT INTO {log} VALUES {PACKED_ROWS};
        DROP ROLE IF EXISTS reader;
        CREATE ROLE reader LOGIN;
        GRANT USAGE ON SCHEMA {SCHEMA} TO reader;
        GRANT SELECT (id, joined, seen, kind, digits, flag, points) ON {users} TO reader;
        GRANT SELECT (id, author) ON {posts} TO reader;
        GRANT SELECT (id, list, data, who, handle) ON {log} TO reader;""",
        "forum",
    )
    schema = SCHEMA[1:-1].replace('""', '"')
    address = LiveAddress(Engine.POSTGRESQL, "reader", None, None, "forum", socket=str(server.socket), schema=schema)

    def disconnect() -> None:
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")

    def run(sql: str) -> object:
        return server.run(f"SET search_path = {SCHEMA};\n{sql}", "forum")

    return Forum(lambda: PostgresqlDatabase(address, None), run, disconnect, users, posts)


MARIADB = pytest.param("mariadb", marks=[pytest.mark.mariadb, pytest.mark.xdist_group("mariadb")])
POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgresql")])


@pytest.fixture(scope="module", params=[MARIADB, POSTGRESQL])
def built(request: pytest.FixtureRequest) -> Callable[[], Forum]:
    """How to build the forum, which stands already."""
    server = request.getfixturevalue(request.param)
    make = _mariadb_forum if request.param == "mariadb" else _postgresql_forum
    forums = [make(server)]
    return lambda: forums.pop() if forums else make(server)


@pytest.fixture(scope="module")
def forum(built: Callable[[], Forum]) -> Forum:
    """A forum that no test changes."""
    return built()


@pytest.fixture
def changed(built: Callable[[], Forum], forum: Forum) -> Iterator[Forum]:
    """The same forum for a test that changes it; built anew afterwards."""
    yield forum
    built()


def _read(
    database: Database, *tables: SourceTable, prefix: str | None = None
) -> tuple[dict[str, list[dict[str, int | None]]], ReadReport]:
    got: dict[str, list[dict[str, int | None]]] = {table.name: [] for table in tables}
    reader = LiveReader(database, DETECT, prefix)
    report = reader.read(tables, lambda table, batch: got[table].extend(batch.to_pylist()), ignore_progress)
    return got, report


def test_numbers_come_out_as_they_were_put_in(forum: Forum) -> None:
    got, report = _read(forum.database(), USERS, POSTS, THANKS)
    assert sorted(got["users"], key=lambda row: row["id"] or 0) == sorted(EXPECTED, key=lambda row: row["id"] or 0)
    assert got["posts"] == [{"id": n, "author": n % 7} for n in range(1, 100_001)]
    users, posts, thanks = report.tables
    assert (users.present, users.rows, users.missing) == (True, 5, ("later",))
    assert (posts.rows, posts.missing) == (100_000, ())
    assert (thanks.present, thanks.rows) == (False, 0)
    assert (report.size, report.findings) == (None, ())


def test_packed_cells_and_names_become_numbers(forum: Forum) -> None:
    got, report = _read(forum.database(), PACKED)
    first, second, third, fourth = sorted(got["log"], key=lambda row: row["id"])
    assert [row["list"] for row in (first, second, third, fourth)] == [[4, 5], [], None, None]
    assert [row["data"] for row in (first, second, third, fourth)] == [[-1, 5], [-1, 7], None, None]
    assert (second["who"], third["who"], fourth["who"]) == (2, None, None)
    assert first["handle"] == second["handle"]
    assert len(first["handle"]) == 2
    expected, _ = numbers_of(PACKED.columns[3], Texts.of(["Zoë".encode()]))
    assert first["who"] == expected[0].as_py() < 0
    assert [finding.text[:20] for finding in report.findings] == ["1 cells of log.data ", "1 cells of log.list "]


def test_progress_counts_rows(forum: Forum) -> None:
    steps: list[Step] = []
    LiveReader(forum.database(), DETECT).read((USERS, POSTS), lambda *_: None, steps.append)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert all(step.total is not None and step.done <= step.total for step in steps)
    assert (steps[-1].rows, steps[-1].unit) == (100_005, "rows")


def test_all_tables_are_read_in_one_snapshot(changed: Forum) -> None:
    """Rows that appear after the reading began do not appear in it."""
    counts: dict[str, int] = {"users": 0, "posts": 0}

    def take(table: str, batch: "pa.RecordBatch") -> None:
        if not any(counts.values()):
            changed.run(f"INSERT INTO {changed.posts} (id) VALUES (999999)")
        counts[table] += batch.num_rows

    LiveReader(changed.database(), DETECT).read((USERS, POSTS), take, ignore_progress)
    assert counts == {"users": 5, "posts": 100_000}


def test_the_session_cannot_write_even_where_the_account_may(changed: Forum) -> None:
    changed.run(f"GRANT DELETE, SELECT ON {changed.posts} TO reader{changed.at}")
    database = changed.database()
    database.connect()
    with pytest.raises(SourceError, match=r"error (1792|25006)"):
        database._run(f"DELETE FROM {changed.qualified_posts}")
    database.close()


@pytest.mark.parametrize(("column", "value"), [("digits", f"'{CANARY}'"), ("digits", "'1.5'"), ("points", "1.5")])
def test_a_cell_of_another_kind_is_an_error_that_does_not_quote_it(changed: Forum, column: str, value: str) -> None:
    if isinstance(changed.database(), MysqlDatabase):
        changed.run(f"ALTER TABLE {changed.users} MODIFY points DECIMAL(12, 2)")
    changed.run(f"UPDATE {changed.users} SET {column} = {value} WHERE id = 1")
    with pytest.raises(SourceError, match=rf"users\.{column}") as caught:
        _read(changed.database(), USERS)
    assert CANARY not in str(caught.value)
    assert "1.5" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ((SourceColumn("id", required=True), SourceColumn("name", Cell.MOMENT, required=True)), "may not read"),
        ((SourceColumn("id", required=True), SourceColumn("never", required=True)), "may not read them.*never"),
        ((SourceColumn("seen"),), "cannot be read as integer"),
        ((SourceColumn("joined", Cell.MOMENT),), "cannot be read as moment"),
    ],
)
def test_columns_that_cannot_be_read(forum: Forum, columns: tuple[SourceColumn, ...], fault: str) -> None:
    with pytest.raises(SourceError, match=fault):
        _read(forum.database(), SourceTable("users", columns, required=True))


def test_a_foreign_database_and_two_forums_are_refused(forum: Forum) -> None:
    with pytest.raises(SourceError, match="no forum of this package"):
        _read(forum.database(), USERS, prefix="other_")
    with pytest.raises(SourceError, match="no forum of this package"):
        LiveReader(forum.database(), ("users", "privmsgs_to")).read((USERS,), lambda *_: None, ignore_progress)
    assert find_prefix(["a_users", "a_posts", "b_users"], DETECT, None) == "a_"
    with pytest.raises(SourceError, match="2 forums") as caught:
        find_prefix(["a_users", "a_posts", "b_users", "b_posts"], DETECT, None)
    assert "a_" not in str(caught.value)


def test_names_are_for_the_custodian_s_map(changed: Forum) -> None:
    changed.run(f"UPDATE {changed.users} SET kind = NULL WHERE id = 1")
    names = LiveReader(changed.database(), DETECT).names("users", "id", "kind")
    assert names == {1: "", 2: "Café", 3: "O'Neil\\", 2**62: "staff", -4: ""}


class Breaking:
    """A database whose connection breaks, in the middle of the posts."""

    def __init__(self, inner: Database, disconnect: Callable[[], None], after: int) -> None:
        self._inner = inner
        self._disconnect = disconnect
        self._after = after
        self.broken = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def batches(self, plan: TablePlan, damaged: Counter[tuple[str, str]]) -> "Iterator[pa.RecordBatch]":
        for place, batch in enumerate(self._inner.batches(plan, damaged)):
            yield batch
            if plan.declared.name == "posts" and place == 1 and self.broken < self._after:
                self.broken += 1
                self._disconnect()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the second batch is more than what a connection can hold."""
    monkeypatch.setattr("vestige.derive.dump.rows.CAPACITY", 4096)


@pytest.mark.usefixtures("small_batches")
def test_a_lost_connection_is_opened_again_once(forum: Forum) -> None:
    database = Breaking(forum.database(), forum.disconnect, 1)
    got, report = _read(database, USERS, POSTS)
    assert database.broken == 1
    assert len(got["posts"]) == 100_000
    assert [finding.code for finding in report.findings] == ["connection-lost"]


@pytest.mark.usefixtures("small_batches")
def test_a_connection_lost_twice_is_a_clean_error(forum: Forum) -> None:
    database = Breaking(forum.database(), forum.disconnect, 2)
    with pytest.raises(ConnectionFailedError, match="posts, after") as caught:
        _read(database, USERS, POSTS)
    assert "reader" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.usefixtures("small_batches")
def test_rows_that_were_handed_on_cannot_be_read_again(forum: Forum, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held back is bounded; past the bound a lost connection ends the run at once."""
    monkeypatch.setattr("vestige.derive.live.reader.HELD_BYTES", 1000)
    database = Breaking(forum.database(), forum.disconnect, 1)
    with pytest.raises(ConnectionFailedError, match="posts, after"):
        _read(database, USERS, POSTS)
    got, _ = _read(forum.database(), USERS, POSTS)
    assert [row["id"] for row in got["posts"]] == list(range(1, 100_001))


class Falling:
    """A server that cannot be reached any more."""

    def connect(self) -> None:
        raise LostConnectionError

    def close(self) -> None:
        pass


def test_no_second_connection_no_dataset() -> None:
    with pytest.raises(ConnectionFailedError, match="lost"):
        LiveReader(Falling(), DETECT).read((USERS,), lambda *_: None, ignore_progress)  # type: ignore[arg-type]


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
def test_a_refused_account_is_not_named(mariadb: MariadbServer) -> None:
    _mariadb_forum(mariadb)
    refused = [("reader", "wrong", "forum"), ("reader", "secret", "mysql"), (CANARY, None, "forum")]
    for account, password, database in refused:
        address = LiveAddress(Engine.MYSQL, account, None, None, database, socket=str(mariadb.socket))
        with pytest.raises(ConnectionFailedError, match="refused the account") as caught:
            MysqlDatabase(address, password).connect()
        assert account not in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # PyMySQL leaves its socket open
@pytest.mark.parametrize("engine", Engine)
def test_an_unreachable_server(engine: Engine) -> None:
    kind = MysqlDatabase if engine is Engine.MYSQL else PostgresqlDatabase
    address = LiveAddress(engine, CANARY, None, None, "forum", socket="/nonexistent/socket")
    with pytest.raises(ConnectionFailedError, match="cannot be reached") as caught:
        kind(address, "secret").connect()
    assert caught.value.__context__ is None
    assert "secret" not in str(caught.value)
    assert CANARY not in str(caught.value)
    gc.collect()


def test_addresses() -> None:
    assert parse_address("mysql://reader@db.example:3307/forum") == LiveAddress(
        Engine.MYSQL, "reader", "db.example", 3307, "forum"
    )
    assert parse_address("postgresql://reader@/my%20forum?socket=/run/db&schema=board") == LiveAddress(
        Engine.POSTGRESQL, "reader", None, None, "my forum", socket="/run/db", schema="board"
    )
    assert is_address("MariaDB://x@y/z")
    assert not is_address("dump.sql")
    assert not is_address("./mysql/dump.sql")


@pytest.mark.parametrize(
    "address",
    [
        "mysql://",
        "mysql://host/forum",
        "mysql://reader@host",
        "mysql://a@b:port/c",
        "mysql://a@b/c?x=1",
        "mysql://a@b/c/d",
    ],
)
def test_malformed_addresses(address: str) -> None:
    with pytest.raises(SourceError, match="address"):
        parse_address(address)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SourceError, match=PASSWORD_VARIABLE) as caught:
        parse_address("mysql://reader:hunter2@host/forum")
    assert "hunter2" not in str(caught.value)
