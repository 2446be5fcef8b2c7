"""What a MariaDB server makes of a dump, and what the dump reader makes of it, are the same rows."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import SHARED
from servers import MariadbServer, mariadb_server
from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, ReadReport, Source, SourceColumn, SourceTable
from vestige.derive.dump import DumpReader

pytestmark = pytest.mark.mariadb

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


@pytest.mark.parametrize("name", DUMPS)
def test_public_dumps(server: MariadbServer, shared: Path, name: str) -> None:
    file = shared / "data" / "forum-dumps" / name
    _restore(server, _for_mariadb(file.read_bytes()))
    assert _compare(server, file, DUMPS[name]) > 50


def _for_mariadb(dump: bytes) -> bytes:
    """A collation of MySQL 8 that this MariaDB does not know; and no database of the dump's own."""
    return dump.replace(b"utf8mb4_0900_ai_ci", b"utf8mb4_unicode_ci").replace(b"USE `smf`;", b"")


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
