"""Live databases: rows per CPU-second of the readers beside plain fetches of the same columns by drivers."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from vestige.derive.contract import Cell, SourceColumn, SourceTable
from vestige.derive.live.address import Engine, LiveAddress
from vestige.derive.live.mysql import MysqlDatabase
from vestige.derive.live.postgresql import PostgresqlDatabase
from vestige.derive.live.reader import Database, LiveReader
from vestige.progress import ignore_progress

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

ROWS = 1_000_000
COLUMNS = ("post_id", "topic_id", "forum_id", "poster_id", "post_time", "post_edit_time", "post_visibility")
POSTS = SourceTable(
    "posts",
    tuple(SourceColumn(name, Cell.SECONDS if name.endswith("time") else Cell.INTEGER) for name in COLUMNS),
    required=True,
)
NUMBERS = "{n}, {n} % 90000, {n} % 50, {n} % 20000, 1300000000 + {n}, 0, 1, '{text}'"
TABLE = f"CREATE TABLE phpbb_posts ({', '.join(f'{name} INT NOT NULL' for name in COLUMNS)}, post_text TEXT NOT NULL)"
TEXT = "lorem ipsum " * 15


def _fetch_mysql(socket: str) -> int:
    import pymysql
    from pymysql.cursors import SSCursor

    connection = pymysql.connect(unix_socket=socket, user="root", database="forum")
    rows = 0
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM phpbb_posts")
        while batch := cursor.fetchmany(1 << 15):
            rows += len(batch)
    connection.close()
    return rows


def _fetch_mysqlclient(socket: str) -> int:
    from MySQLdb import connect
    from MySQLdb.cursors import SSCursor

    connection = connect(unix_socket=socket, user="root", database="forum", cursorclass=SSCursor)
    rows = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM phpbb_posts")
        while batch := cursor.fetchmany(1 << 15):
            rows += len(batch)
    connection.close()
    return rows


def _fetch_postgresql(socket: str) -> int:
    import psycopg

    rows = 0
    with psycopg.connect(host=socket, user="owner", dbname="forum") as connection, connection.cursor("c") as cursor:
        cursor.itersize = 1 << 15
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM phpbb_posts".encode())
        for _ in cursor:
            rows += 1
    return rows


@contextmanager
def _mysql() -> Iterator[tuple[str, Database]]:
    from servers import mariadb_server

    with mariadb_server() as server:
        values = NUMBERS.format(n="seq", text=TEXT)
        server.run(
            f"CREATE DATABASE forum; USE forum; {TABLE}; INSERT INTO phpbb_posts SELECT {values} FROM seq_1_to_{ROWS}"
        )
        yield (
            str(server.socket),
            MysqlDatabase(LiveAddress(Engine.MYSQL, "root", None, None, "forum", socket=str(server.socket)), ""),
        )


@contextmanager
def _postgresql() -> Iterator[tuple[str, Database]]:
    from servers import postgresql_server

    with postgresql_server() as server:
        server.run("CREATE DATABASE forum")
        values = NUMBERS.format(n="n", text=TEXT)
        server.run(f"{TABLE}; INSERT INTO phpbb_posts SELECT {values} FROM generate_series(1, {ROWS}) n", "forum")
        address = LiveAddress(Engine.POSTGRESQL, "owner", None, None, "forum", socket=str(server.socket))
        yield str(server.socket), PostgresqlDatabase(address, None)


def _timed(work: Callable[[], int]) -> tuple[float, float]:
    begin, wall = time.process_time(), time.perf_counter()
    if work() != ROWS:
        raise RuntimeError("rows were lost")
    return time.process_time() - begin, time.perf_counter() - wall


def _compare(server: str, database: Database, fetches: dict[str, Callable[[], int]]) -> None:
    def read() -> int:
        reader = LiveReader(database, ("posts",))
        return reader.read((POSTS,), lambda *_: None, ignore_progress).tables[0].rows

    mine = min(_timed(read) for _ in range(3))
    print(f"{server:12} {'vestige':12} {ROWS / mine[0]:14,.0f} {'':>9} {mine[1]:8.2f}")
    for driver, fetch in fetches.items():
        try:
            theirs = min(_timed(fetch) for _ in range(3))
        except ImportError:
            print(f"{server:12} {driver:12} is not installed")
            continue
        line = f"{ROWS / theirs[0]:14,.0f} {mine[0] / theirs[0]:9.2f} {theirs[1]:8.2f} {mine[1] / theirs[1]:9.2f}"
        print(f"{server:12} {driver:12} {line}")


def main() -> None:
    os.environ.pop("VESTIGE_REQUIRE_SERVERS", None)
    print(f"{ROWS:,} posts, {len(COLUMNS)} columns of numbers; goal: within 1.5 times of mysqlclient and psycopg")
    print(f"{'':25} {'rows/CPU-s':>14} {'CPU ratio':>9} {'wall s':>8} {'ratio':>9}")
    for name, server, fetches in (
        ("MariaDB", _mysql, {"mysqlclient": _fetch_mysqlclient, "PyMySQL": _fetch_mysql}),
        ("PostgreSQL", _postgresql, {"psycopg": _fetch_postgresql}),
    ):
        try:
            with server() as (socket, database):
                _compare(name, database, {driver: partial(fetch, socket) for driver, fetch in fetches.items()})
        except pytest.skip.Exception as reason:
            print(f"{name:12} {reason}")


if __name__ == "__main__":
    main()
