"""A real dump of a phpBB 3.2 board, derived, validated, and counted against a MariaDB that restored it."""

import pyarrow.parquet as pq
import pytest

from derive.commands import run_here
from vestige.dataset.manifest import Manifest

DUMP = "data/forum-dumps/phpbb320_orochi_centos.sql"
DERIVED = {"member": "users", "section": "forums", "thread": "topics", "post": "posts"}


@pytest.fixture
def derived(shared, tmp_path):
    key = tmp_path / "forum.key"
    assert run_here("new-key", key)[0] == 0
    command = ("derive", shared / DUMP, "--out", tmp_path / "dataset", "--key", key, "--forum", "orochi", "--quiet")
    assert run_here(*command) == (0, b"", b"")
    return tmp_path / "dataset"


def test_the_derived_dataset_is_valid(derived):
    status, _, error = run_here("validate", derived)
    assert (status, error) == (0, b"")


@pytest.mark.mariadb
@pytest.mark.xdist_group("mariadb")
def test_rows_read_are_the_rows_that_a_restore_holds(derived, shared, mariadb):
    mariadb.run("DROP DATABASE IF EXISTS real_dump; CREATE DATABASE real_dump")
    mariadb.run((shared / DUMP).read_bytes(), "real_dump")
    manifest = Manifest.read(derived)
    for count in manifest.source_counts:
        restored = int(mariadb.run(f"SELECT count(*) FROM phpbb_{count.table}", "real_dump"))
        assert count.read == restored, count.table
    for table, source in DERIVED.items():
        rows = int(mariadb.run(f"SELECT count(*) FROM phpbb_{source}", "real_dump"))
        assert sum(entry.rows for entry in manifest.files_of(table)) == rows
    bots = int(mariadb.run("SELECT count(*) FROM phpbb_users WHERE user_type = 2 AND user_id <> 1", "real_dump"))
    kinds = pq.read_table(derived / "member.parquet")["kind"].to_pylist()
    assert kinds.count("bot") == bots
