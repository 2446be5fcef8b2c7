"""Real dumps of five packages: derived without saying which, validated, counted against servers that restored them."""

import pyarrow.parquet as pq
import pytest

from derive.commands import run_here
from derive.restored import DATABASE, FIXTURES, restored_counts
from vestige.dataset.manifest import Manifest
from vestige.dataset.validation import validate_dataset

EXPECTED = {
    "phpbb320_orochi_centos.sql": {"member": 147, "section": 2, "thread": 100, "post": 100},
    "smf216_lightportal_adminer.sql": {"member": 2, "section": 1, "thread": 1, "post": 1, "view": 3},
    "flarum1_flarumite_dev.sql": {"member": 3, "section": 1, "thread": 0, "post": 0, "view": 3},
    "vanilla_2014_tests_data_dump.sql": {"member": 2, "section": 1, "thread": 1, "post": 2, "role_spell": 1},
    "discourse_v320_testing_database.pgdmp": {
        "member": 4, "section": 4, "thread": 7, "post": 10, "message": 2, "view": 6, "object": 2, "role_spell": 5,
    },
}  # fmt: skip
"""Rows as counted by hand in the dump, or by a query on the restored tables."""


@pytest.mark.mariadb
@pytest.mark.postgres
@pytest.mark.xdist_group("mariadb")
@pytest.mark.parametrize("name", FIXTURES)
def test_rows_read_are_the_rows_that_a_restore_holds(request, shared, tmp_path, name):
    file = shared / "data" / "forum-dumps" / name
    key = tmp_path / "forum.key"
    assert run_here("new-key", key)[0] == 0
    command = ("derive", file, "--out", tmp_path / "dataset", "--key", key, "--forum", "real", "--quiet")
    assert run_here(*command) == (0, b"", b"")
    assert validate_dataset(tmp_path / "dataset").violations == ()
    manifest = Manifest.read(tmp_path / "dataset")
    assert manifest.forums[0].software is FIXTURES[name][0]
    of_mysql = file.suffix == ".sql"
    mariadb = request.getfixturevalue("mariadb") if of_mysql else None
    postgresql = None if of_mysql else request.getfixturevalue("postgresql")
    counts = restored_counts(file, mariadb, postgresql)
    assert {count.table: count.read for count in manifest.source_counts} == counts
    rows = {table: sum(entry.rows for entry in manifest.files_of(table)) for table in EXPECTED[name]}
    assert rows == EXPECTED[name]
    if name.startswith("phpbb"):
        query = "SELECT count(*) FROM phpbb_users WHERE user_type = 2 AND user_id <> 1"
        kinds = pq.read_table(tmp_path / "dataset" / "member.parquet")["kind"].to_pylist()
        assert kinds.count("bot") == int(mariadb.run(query, DATABASE))
