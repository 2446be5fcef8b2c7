"""Discourse: a script of pg_dump, an archive of it and the live server give the same tables; corners told by hand."""

import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from derive.commands import run_here
from derive.derivations import assert_valid, derive, findings, rows
from derive.leaks import disclosed
from derive.readers import from_rows
from vestige.derive.leaving_out import RegistrationResolution
from vestige.derive.sources.discourse import DISCOURSE
from vestige.simulate import DumpSettings, preset_settings, simulate_forum
from vestige.simulate.packages import package_canaries, package_of, package_settings, write_package_dump

HOUR = 3_600_000_000
ORIGIN = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def hours(columns, *names):
    """Columns of hours after the origin as microseconds since the epoch."""
    return {
        name: [None if value is None else ORIGIN + value * HOUR for value in values] if name in names else values
        for name, values in columns.items()
    }


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_script_archive_and_live_server_give_the_same_tables(postgresql, tmp_path):
    package = package_of("discourse")
    forum = simulate_forum(settings=preset_settings("posting-groups", members=40, months=6), seed=3)
    settings = package_settings(package, DumpSettings(layout=package.layout, text_bytes=60))
    script, archive = tmp_path / "forum.sql", tmp_path / "forum.pgdmp"
    write_package_dump(script, forum, package, settings=settings)
    postgresql.run("DROP DATABASE IF EXISTS discourse")
    postgresql.run("CREATE DATABASE discourse")
    tool = ["-h", str(postgresql.socket), "-U", postgresql.account]
    psql = [str(postgresql.binaries / "psql"), *tool, "-q", "-v", "ON_ERROR_STOP=1", "discourse", "-f", str(script)]
    restored = subprocess.run(psql, capture_output=True, check=False)
    assert restored.returncode == 0, restored.stderr[:500]
    with archive.open("wb") as out:
        subprocess.run([str(postgresql.binaries / "pg_dump"), *tool, "-Fc", "discourse"], stdout=out, check=True)
    live = f"postgresql://{postgresql.account}@/discourse?socket={postgresql.socket}"
    key = tmp_path / "forum.key"
    assert run_here("new-key", key)[0] == 0
    written = []
    words = {word for words in package_canaries(forum.seed, package).values() for word in words if len(word) > 11}
    for source in (script, archive, live):
        out = tmp_path / "dataset"
        command = ("derive", source, "--out", out, "--key", key, "--forum", "d", "--quiet", "--link-handles")
        assert run_here(*command) == (0, b"", b""), source
        assert disclosed(words, out) == set()
        written.append({file.name: file.read_bytes() for file in sorted(out.glob("*.parquet"))})
        shutil.rmtree(out)
    assert written[0] == written[1] == written[2]
    assert written[0]["post.parquet"]


USERS = from_rows("""
id  admin moderator trust_level created_at suspended_at suspended_till silenced_till
-2  1     0         4           0          -            -              -
-1  1     0         4           0          -            -              -
1   1     0         4           0          -            -              -
2   0     0         1           0          40           90             -
3   0     1         2           0          -            -              60
4   0     0         0           0          -            -              -
""")
HISTORIES = from_rows("""
id action acting_user_id target_user_id previous_value new_value created_at
1  32     -1             1              -              -         5
2  2      1              2              0              3         10
3  15     -              2              3              1         20
4  10     1              2              -              -         30
5  11     1              2              -              -         35
6  10     1              2              -              -         40
7  34     1              4              -              -         12
8  35     1              4              -              -         22
9  30     3              3              -              -         50
10 3      1              -              -1             -1        51
""")
CATEGORIES = {"id": [1], "parent_category_id": [None]}
TOPICS = from_rows("""
id archetype category_id user_id visible created_at deleted_at
1  -1        1           1       1       1          -
2  1         -           2       1       2          -
3  -1        1           -       0       3          9
""")
POSTS = from_rows("""
id topic_id post_number user_id post_type reply_to_post_number version hidden user_deleted
1 1 1 1 1 - 1 0 0
2 1 2 2 1 1 2 1 0
3 1 3 1 3 - 1 0 0
4 1 4 - 1 3 1 0 0
5 1 5 2 1 2 1 0 0
6 1 6 4 1 2 1 0 1
7 2 1 2 1 - 1 0 0
8 2 2 1 1 - 1 0 0
9 3 1 - 1 - 1 0 0
""") | from_rows("""
deleted_by_id created_at last_version_at deleted_at
- 1 1 -
- 2 4 -
- 3 3 -
- 4 4 -
1 5 5 8
- 6 6 -
- 7 7 -
- 20 20 -
- 3 3 9
""")
TABLES = {
    "users": hours(USERS, "created_at", "suspended_at", "suspended_till", "silenced_till"),
    "user_histories": hours(HISTORIES, "created_at"),
    "categories": CATEGORIES,
    "topics": hours(TOPICS, "created_at", "deleted_at"),
    "posts": hours(POSTS, "created_at", "last_version_at", "deleted_at"),
    "topic_allowed_users": hours({"topic_id": [2, 2, 2], "user_id": [1, 2, 3], "created_at": [2, 2, 15]}, "created_at"),
    "topic_allowed_groups": {"topic_id": [2], "group_id": [50]},
    "groups": {"id": [0, 1, 50]},
    "group_users": hours({"user_id": [4, 1], "group_id": [50, 50], "created_at": [18, 0]}, "created_at"),
    "post_actions": hours(
        {
            "id": [1, 2, 3, 4],
            "post_id": [2, 2, 7, 4],
            "user_id": [1, 3, 1, 1],
            "post_action_type_id": [2, 2, 2, 4],
            "created_at": [6, 6, 6, 6],
            "deleted_at": [None, 7, None, None],
        },
        "created_at",
        "deleted_at",
    ),
    "upload_references": {"upload_id": [1, 2], "target_type": [1, -1], "target_id": [2, 2]},
    "post_uploads": {"post_id": [2, 1], "upload_id": [1, 3]},
}


@pytest.fixture
def result(tmp_path):
    made = derive(tmp_path, TABLES, source=DISCOURSE, time_resolution="hour")
    assert_valid(made)
    return made


def test_accounts_and_deleted_authors(result):
    assert rows(result, "member", "member", "kind") == [
        (0, "bot"), (1, "system"), (2, "deleted"), (3, "member"), (4, "member"), (5, "member"), (6, "member"),
    ]  # fmt: skip


def test_roles_and_since_when(result):
    held = rows(result, "role_spell", "member", "role", "rank", "start_at", "end_at", "evidence", origin=ORIGIN)
    assert sorted(held, key=repr) == sorted(
        [
            (3, "administrator", 0, 5.0, None, "log"),
            (3, "full", 0, None, None, "snapshot"),
            (4, "registered", 2, 0.0, 10.0, "log"),
            (4, "full", 1, 10.0, 20.0, "log"),
            (4, "registered", 1, 20.0, None, "log"),
            (4, "banned", None, 30.0, 35.0, "log"),
            (4, "banned", None, 40.0, None, "snapshot"),
            (5, "moderator", 0, None, None, "snapshot"),
            (5, "registered", 0, None, None, "snapshot"),
            (5, "restricted", None, 50.0, None, "snapshot"),
            (6, "moderator", 0, 12.0, 22.0, "log"),
            (6, "registered", 2, None, None, "snapshot"),
        ],
        key=repr,
    )


def test_registration_cut_to_the_month_is_cut_where_a_role_began_with_it(tmp_path):
    users = dict(TABLES["users"])
    users["created_at"] = [moment if at == 0 else moment + 3 * HOUR for at, moment in enumerate(users["created_at"])]
    tables = {**TABLES, "users": users}
    plain = derive(tmp_path, tables, source=DISCOURSE, time_resolution="hour")
    assert 3.0 in {row[0] for row in rows(plain, "role_spell", "start_at", origin=ORIGIN)}
    made = derive(tmp_path, tables, source=DISCOURSE, registration_resolution=RegistrationResolution.MONTH)
    began = {row[0] for row in rows(made, "role_spell", "start_at", origin=ORIGIN)}
    joined = {row[0] for row in rows(made, "member", "registered_at", origin=ORIGIN)}
    assert joined - {None} == {0.0}
    assert began == {None, 0.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 12.0}
    assert_valid(made)


def test_posts_replies_states_and_attachments(result):
    assert rows(result, "post", "author", "parent_post", "state", "is_opening", "edited_at", "attachments",
                origin=ORIGIN) == [
        (3, None, "visible", True, None, 1),
        (4, 0, "unapproved", False, 4.0, 1),
        (2, None, "visible", False, None, 0),
        (4, 1, "deleted", False, None, 0),
        (6, 1, "deleted", False, None, 0),
        (2, None, "deleted", True, None, 0),
    ]  # fmt: skip
    assert findings(result)["software-notes-left-out"].startswith("1 posts")
    assert rows(result, "reaction", "giver", "receiver", "post") == [(3, 4, 1)]


def test_messages_go_to_those_who_were_there(result):
    assert rows(result, "message", "message", "sender", "recipient") == [
        (0, 4, 3), (1, 3, 4), (1, 3, 5), (1, 3, 6),
    ]  # fmt: skip


def test_sanctions(result):
    given = rows(result, "sanction", "member", "by", "kind", "at", "until", origin=ORIGIN)
    assert sorted(given, key=repr) == sorted(
        [
            (4, 3, "ban", 30.0, 35.0),
            (4, 3, "ban", 40.0, 90.0),
            (5, 5, "restriction", 50.0, 60.0),
            (4, 3, "removal", 8.0, None),
        ],
        key=repr,
    )
