"""What a MariaDB server makes of a dump, and what the dump reader makes of it, are the same rows."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import SHARED
from servers import MariadbServer, PostgresqlServer, mariadb_server, postgresql_server
from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, ReadReport, Source, SourceColumn, SourceTable
from vestige.derive.dump import DumpReader

DUMPS = {
    "phpbb320_orochi_centos.sql": ("phpbb_posts", "phpbb_topics"),
    "smf216_lightportal_adminer.sql": ("smf_messages", "smf_boards"),
    "flarum1_flarumite_dev.sql": ("discussions", "posts"),
    "vanilla_2014_tests_data_dump.sql": ("GDN_Discussion", "GDN_Comment"),
}
OPTIONS = {
    "default": [],
    "one row a statement": ["--skip-extended-insert"],
    "complete inserts": ["--complete-insert"],
    "hexadecimal": ["--hex-blob"],
    "compact": ["--compact"],
    "rows only": ["--no-create-info", "--complete-insert", "--skip-triggers"],
    "replace": ["--replace", "--skip-add-locks", "--skip-comments"],
    "ignore": ["--insert-ignore", "--skip-quote-names"],
    "ansi": ["--compatible=ansi"],
    "databases": ["--databases", "restored"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[MariadbServer]:
    with mariadb_server() as running:
        yield running


def _restore(server: MariadbServer, dump: bytes) -> None:
    server.run("DROP DATABASE IF EXISTS restored; CREATE DATABASE restored;")
    server.run(dump, "restored")


def _lines(server: MariadbServer, sql: str) -> list[list[str]]:
    return [line.split("\t") for line in server.run(sql, "restored").decode().splitlines()]


def _counted(server: MariadbServer) -> dict[str, int]:
    tables = [line[0] for line in _lines(server, "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")]
    counts = _lines(server, ";".join(f"SELECT count(*) FROM `{table}`" for table in tables))
    return {table: int(count) for table, (count,) in zip(tables, counts, strict=True)}


def _integers(server: MariadbServer) -> dict[str, list[str]]:
    """Integer columns of every table; neither `text` nor anything that could hold it is ever asked for."""
    columns = _lines(
        server,
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'restored'"
        " AND data_type IN ('int', 'mediumint', 'smallint', 'tinyint') ORDER BY ordinal_position",
    )
    found: dict[str, list[str]] = {}
    for table, column in columns:
        found.setdefault(table, []).append(column)
    return found


def _read(file: Path, tables: dict[str, list[str]], detect: tuple[str, ...]) -> tuple[ReadReport, dict]:
    declared = tuple(
        SourceTable(table, tuple(SourceColumn(name, Cell.INTEGER) for name in columns))
        for table, columns in tables.items()
    )
    source = Source(Software.PHPBB, "any", declared, detect, {})
    batches: dict[str, list] = {}
    report = DumpReader(file, source, prefix="").read(
        declared, lambda table, batch: batches.setdefault(table, []).append(batch)
    )
    return report, batches


def _sums(batches: dict[str, list], columns: list[str], table: str) -> list[list[int]]:
    sums = []
    for column in columns:
        cells = [cell for batch in batches.get(table, []) for cell in batch[column].to_pylist()]
        sums.append([sum(cell for cell in cells if cell is not None), sum(cell is not None for cell in cells)])
    return sums


def _compare(server: MariadbServer, file: Path, detect: tuple[str, ...]) -> int:
    """Counts of every table, and count and sum of every integer column, by server and by reader."""
    counted, integers = _counted(server), _integers(server)
    report, batches = _read(file, {table: integers.get(table, []) for table in counted}, detect)
    assert {read.table: read.rows for read in report.tables} == counted
    tables = [table for table in integers if table in counted]
    picked = (", ".join(f"ifnull(sum(`{name}`), 0), count(`{name}`)" for name in integers[table]) for table in tables)
    queries = (f"SELECT {columns} FROM `{table}`" for table, columns in zip(tables, picked, strict=True))
    for table, line in zip(tables, _lines(server, ";".join(queries)), strict=True):
        restored = [[int(line[at]), int(line[at + 1])] for at in range(0, len(line), 2)]
        assert _sums(batches, integers[table], table) == restored, table
    return sum(counted.values())


@pytest.fixture(scope="module")
def board(server: MariadbServer) -> MariadbServer:
    """A server that holds the public phpBB board."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared beside the repository: real public data, not part of it")
    _restore(server, (SHARED / "data" / "forum-dumps" / "phpbb320_orochi_centos.sql").read_bytes())
    return server


@pytest.mark.mariadb
@pytest.mark.parametrize("options", OPTIONS)
def test_dumped_again(board: MariadbServer, tmp_path: Path, options: str) -> None:
    server = board
    tool = shutil.which("mariadb-dump")
    assert tool is not None
    command = [tool, "--no-defaults", f"--socket={server.socket}", f"--user={server.account}", *OPTIONS[options]]
    dump = subprocess.run([*command, *([] if "restored" in command else ["restored"])], capture_output=True, check=True)
    file = tmp_path / "again.sql"
    file.write_bytes(dump.stdout)
    detect = ("phpbb_posts", "phpbb_topics")
    if options == "rows only":
        counted = {table: count for table, count in _counted(server).items() if count}
        report, _ = _read(file, {table: [] for table in counted}, detect)
        assert {read.table: read.rows for read in report.tables} == counted
    else:
        assert _compare(server, file, detect) == 3298


@pytest.mark.mariadb
@pytest.mark.parametrize("name", DUMPS)
def test_public_dumps(server: MariadbServer, shared: Path, name: str) -> None:
    file = shared / "data" / "forum-dumps" / name
    _restore(server, _for_mariadb(file.read_bytes()))
    assert _compare(server, file, DUMPS[name]) > 50


def _for_mariadb(dump: bytes) -> bytes:
    """A collation of MySQL 8 that this MariaDB does not know; and no database of the dump's own."""
    return dump.replace(b"utf8mb4_0900_ai_ci", b"utf8mb4_unicode_ci").replace(b"USE `smf`;", b"")


@pytest.mark.mariadb
def test_every_kind_of_column(server: MariadbServer, tmp_path: Path) -> None:
    """Blobs of all bytes, bits, dates, numbers, generated columns, triggers, views, and names that need quotes."""
    server.run("DROP DATABASE IF EXISTS restored; CREATE DATABASE restored CHARACTER SET utf8mb4;")
    server.run(
        "CREATE TABLE posts (id int PRIMARY KEY, blob_ longblob, flag bit(5), at datetime(6), "
        "price decimal(9,2), ratio double, `odd `` name, (x` text, twice int AS (id * 2) STORED, kind varchar(9));"
        "CREATE TABLE topics (id int) COMMENT 'it''s; (a)';"
        "CREATE TRIGGER before_ BEFORE UPDATE ON posts FOR EACH ROW SET NEW.price = 1;"
        "CREATE VIEW seen AS SELECT id FROM posts;",
        "restored",
    )
    every = "".join(f"{byte:02x}" for byte in range(256))
    for key in range(1, 40):
        server.run(
            f"INSERT INTO posts (id, blob_, flag, at, price, ratio, `odd `` name, (x`, kind) VALUES ({key}, "
            f"unhex('{every[key * 2 :]}'), {key % 32}, '2020-02-{key % 28 + 1:02d} 01:02:03.000004', -{key}.50, -1e-7, "
            f"'a\\\\\\'b);--', 'b\\'c')",
            "restored",
        )
    tables = (
        SourceTable(
            "posts",
            (
                SourceColumn("id"),
                SourceColumn("flag"),
                SourceColumn("at", Cell.MOMENT),
                SourceColumn("kind", Cell.WORD, vocabulary={b"b'c": 7}),
            ),
        ),
    )
    source = Source(Software.PHPBB, "any", tables, ("posts", "topics"), {})
    for options in ([], ["--hex-blob"], ["--skip-extended-insert", "--hex-blob"], ["--default-character-set=gbk"]):
        command = ["mariadb-dump", "--no-defaults", f"--socket={server.socket}", "--user=root", *options, "restored"]
        file = tmp_path / "kinds.sql"
        file.write_bytes(subprocess.run(command, capture_output=True, check=True).stdout)
        rows: list[dict] = []
        DumpReader(file, source).read(tables, lambda _, batch, rows=rows: rows.extend(batch.to_pylist()))
        assert [row["id"] for row in rows] == list(range(1, 40)), options
        assert [row["flag"] for row in rows] == [key % 32 for key in range(1, 40)]
        assert {row["kind"] for row in rows} == {7}
        assert all(row["at"] % 1_000_000 == 4 for row in rows)


PG_OPTIONS = {
    "plain": [],
    "custom": ["-Fc"],
    "custom, not compressed": ["-Fc", "-Z0"],
    "inserts": ["--inserts", "--rows-per-insert=7"],
    "column inserts": ["--column-inserts", "--on-conflict-do-nothing"],
    "clean, another encoding": ["--clean", "--if-exists", "--create", "--encoding=GB18030"],
    "rows only": ["--data-only", "--disable-triggers"],
}


@pytest.mark.postgres
def test_a_public_postgresql_dump_in_every_layout(shared: Path, tmp_path: Path) -> None:
    """The archive, and what a server that restored it dumps again: counts of every table, sums of every integer."""
    file = shared / "data" / "forum-dumps" / "discourse_v320_testing_database.pgdmp"
    with postgresql_server() as server:
        tool = [str(server.binaries / "pg_restore"), "-h", str(server.socket), "-U", server.account]
        server.run("CREATE DATABASE restored")
        subprocess.run([*tool, "-d", "restored", "--no-owner", str(file)], capture_output=True, check=False)
        counted = _pg_counted(server)
        integers = _pg_integers(server)
        restored = _pg_sums(server, integers)
        assert len(counted) == 229
        files = [file]
        for name, options in PG_OPTIONS.items():
            files.append(tmp_path / f"{name}.dump")
            dump = [str(server.binaries / "pg_dump"), *tool[1:], *options, "restored"]
            with files[-1].open("wb") as out:
                subprocess.run(dump, stdout=out, check=True)
        for one in files:
            report, batches = _read(
                one, {table: list(integers.get(table, ())) for table in counted}, ("topics", "posts")
            )
            assert {read.table: read.rows for read in report.tables} == counted, one.name
            sums = {table: _sums(batches, list(columns), table) for table, columns in integers.items()}
            assert sums == restored, one.name


def _pg_counted(server: PostgresqlServer) -> dict[str, int]:
    names = server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", "restored").split()
    counts = server.run(";".join(f'SELECT count(*) FROM public."{name}"' for name in names), "restored").split()
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _pg_integers(server: PostgresqlServer) -> dict[str, dict[str, str]]:
    """Integer and boolean columns of every table, each as a number that can be summed."""
    query = """SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
               AND data_type IN ('integer', 'bigint', 'smallint', 'boolean')
               AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public') ORDER BY 1, 2"""
    found: dict[str, dict[str, str]] = {}
    for line in server.run(query, "restored").splitlines():
        table, column, kind = line.split("|")
        found.setdefault(table, {})[column] = f'"{column}"::int' if kind == "boolean" else f'"{column}"'
    return found


def _pg_sums(server: PostgresqlServer, integers: dict[str, dict[str, str]]) -> dict[str, list[list[int]]]:
    queries = []
    for table, columns in integers.items():
        picked = ", ".join(f"coalesce(sum({number}), 0), count({number})" for number in columns.values())
        queries.append(f'SELECT {picked} FROM public."{table}"')
    found = {}
    for table, line in zip(integers, server.run(";".join(queries), "restored").splitlines(), strict=True):
        cells = [int(cell) for cell in line.split("|")]
        found[table] = [cells[at : at + 2] for at in range(0, len(cells), 2)]
    return found
