"""What a server that restored a public dump holds of each table that its package declares."""

import subprocess
from pathlib import Path

from servers import MariadbServer, PostgresqlServer
from vestige.dataset.schema import Software
from vestige.derive.opening import source_of

FIXTURES = {
    "phpbb320_orochi_centos.sql": (Software.PHPBB, "phpbb_"),
    "smf216_lightportal_adminer.sql": (Software.SMF, "smf_"),
    "flarum1_flarumite_dev.sql": (Software.FLARUM, ""),
    "vanilla_2014_tests_data_dump.sql": (Software.VANILLA, "GDN_"),
    "discourse_v320_testing_database.pgdmp": (Software.DISCOURSE, ""),
}
"""File in `forum-dumps`, its package, and the prefix of its tables."""

DATABASE = "real_dump"


def restored_counts(file: Path, mariadb: MariadbServer | None, postgresql: PostgresqlServer | None) -> dict[str, int]:
    """Rows of each declared table that there is, by its name without prefix, in a server that restored the dump."""
    software, prefix = FIXTURES[file.name]
    declared = [table.name for table in source_of(software).tables]
    if file.suffix == ".sql":
        assert mariadb is not None
        return _of_mariadb(file, prefix, declared, mariadb)
    assert postgresql is not None
    return _of_postgresql(file, declared, postgresql)


def _of_mariadb(file: Path, prefix: str, declared: list[str], server: MariadbServer) -> dict[str, int]:
    server.run(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE}")
    # a collation of MySQL 8 that MariaDB does not know, and no database of the dump's own
    dump = file.read_bytes().replace(b"utf8mb4_0900_ai_ci", b"utf8mb4_unicode_ci").replace(b"USE `smf`;", b"")
    server.run(dump, DATABASE)
    names = server.run("SHOW TABLES", DATABASE).decode().split()
    there = [table for table in declared if prefix + table in names]
    counts = server.run(";".join(f"SELECT count(*) FROM `{prefix}{table}`" for table in there), DATABASE).split()
    return {table: int(count) for table, count in zip(there, counts, strict=True)}


def _of_postgresql(file: Path, declared: list[str], server: PostgresqlServer) -> dict[str, int]:
    server.run(f"DROP DATABASE IF EXISTS {DATABASE}")
    server.run(f"CREATE DATABASE {DATABASE}")
    tool = [str(server.binaries / "pg_restore"), "-h", str(server.socket), "-U", server.account, "--no-owner"]
    subprocess.run([*tool, "-d", DATABASE, str(file)], capture_output=True, check=False)  # an extension is missing
    names = server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", DATABASE).split()
    there = [table for table in declared if table in names]
    counts = server.run(";".join(f'SELECT count(*) FROM "{table}"' for table in there), DATABASE).split()
    return {table: int(count) for table, count in zip(there, counts, strict=True)}
