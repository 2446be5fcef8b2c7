"""phpBB's log: who joined and left which group when, and what moderators did, from names that no dataset keeps."""

import pytest

from derive.derivations import KEY, assert_valid, findings, rows
from derive.leaks import disclosed
from vestige.dataset.schema import Role
from vestige.derive.group_map import CustodianMap, GroupRole
from vestige.derive.opening import open_source
from vestige.derive.pipeline import DeriveSettings, derive_dataset

T0 = 1_400_000_400
HOUR = 3600
CANARY = "canary-41aa"
NAMES = {10: f"{CANARY} Anna", 11: f"{CANARY}, Ben", 12: f"{CANARY} \\ Zoë's", 13: f"{CANARY} Carl"}
TRADERS = f"{CANARY} &amp; traders, all"


def php(*strings):
    parts = (f'i:{place};s:{len(text.encode())}:"{text}";' for place, text in enumerate(strings))
    return f"a:{len(strings)}:{{{''.join(parts)}}}"


def sql(value):
    return str(value) if isinstance(value, int) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def insert(table, *values):
    listed = ",\n ".join(f"({','.join(map(sql, row))})" for row in values)
    return f"INSERT INTO `phpbb_{table}` VALUES {listed};\n"


def log(hour, kind, operation, *strings, actor=2, reportee=0, post=0):
    data = php(*strings) if strings else ""
    return (kind, actor, reportee, post, T0 + hour * HOUR, operation, data)


ADMIN, MOD, USER = 0, 1, 3
ENTRIES = [
    log(1, ADMIN, "LOG_USERS_ADDED", TRADERS, f"{NAMES[10]}, {NAMES[12]}"),
    log(2, ADMIN, "LOG_GROUP_REMOVE", TRADERS, NAMES[10]),
    log(3, ADMIN, "LOG_USERS_ADDED", "Global moderators", NAMES[10]),
    log(3, ADMIN, "LOG_USERS_ADDED", "Registered users", NAMES[10]),
    log(4, ADMIN, "LOG_GROUP_REMOVE", "Administratoren", NAMES[11]),
    log(5, ADMIN, "LOG_USERS_ADDED", f"{CANARY} gone", NAMES[11]),
    log(5, ADMIN, "LOG_USERS_ADDED", TRADERS, f"{CANARY} unknown"),
    log(6, USER, "LOG_USER_GROUP_JOIN", TRADERS, actor=13, reportee=13),
    log(7, USER, "LOG_USER_GROUP_RESIGN", TRADERS, actor=13, reportee=13),
    log(8, ADMIN, "LOG_USERS_ADDED", TRADERS, NAMES[12]),
    log(9, MOD, "LOG_DELETE_POST", f"{CANARY}, subject", NAMES[13], f"{CANARY} reason", actor=10),
    log(9, MOD, "LOG_DELETE_POST", f"{CANARY}", NAMES[10], "own post", actor=10),
    log(9, MOD, "LOG_MERGE", CANARY),
    log(9, MOD, "LOG_MOVE", CANARY, CANARY),
    log(10, USER, "LOG_USER_INACTIVE_USER", reportee=13),
    log(12, USER, "LOG_USER_ACTIVE_USER", reportee=13),
    log(13, ADMIN, "LOG_CONFIG", "x"),
    (ADMIN, 2, 0, 0, T0, "LOG_USERS_ADDED", f"a:2:{{{CANARY}"),
]
DUMP = (
    "-- MySQL dump 10.13\n"
    "CREATE TABLE `phpbb_users` (`user_id` int, `user_type` tinyint, `username` varchar(255),\n"
    " `username_clean` varchar(255), `user_regdate` int);\n"
    + insert("users", (1, 2, "Anonymous", "anonymous", 0), (2, 3, f"{CANARY} F", f"{CANARY} f", T0),
             *((number, 0, name, name.lower(), T0) for number, name in NAMES.items()))
    + "CREATE TABLE `phpbb_groups` (`group_id` int, `group_type` tinyint, `group_name` varchar(255));\n"
    + insert("groups", (2, 3, "REGISTERED"), (4, 3, "GLOBAL_MODERATORS"), (5, 3, "ADMINISTRATORS"), (8, 1, TRADERS))
    + "CREATE TABLE `phpbb_user_group` (`user_id` int, `group_id` int, `user_pending` tinyint);\n"
    + insert("user_group", (10, 2, 0), (10, 4, 0), (11, 4, 0), (12, 8, 0), (13, 2, 0))
    + "CREATE TABLE `phpbb_forums` (`forum_id` int, `parent_id` int, `forum_name` text);\n"
    + insert("forums", (1, 0, CANARY))
    + "CREATE TABLE `phpbb_topics` (`topic_id` int, `forum_id` int, `topic_title` text, `topic_poster` int,\n"
    " `topic_time` int, `topic_first_post_id` int, `topic_moved_id` int, `topic_visibility` tinyint);\n"
    + insert("topics", (1, 1, CANARY, 10, T0, 1, 0, 1))
    + "CREATE TABLE `phpbb_posts` (`post_id` int, `topic_id` int, `forum_id` int, `poster_id` int, `post_time` int,\n"
    " `post_text` text, `post_visibility` tinyint);\n"
    + insert("posts", (1, 1, 1, 10, T0, CANARY, 1), (2, 1, 1, 12, T0 + 20 * HOUR, "x", 1))
    + "CREATE TABLE `phpbb_privmsgs` (`msg_id` int, `author_id` int, `message_time` int, `message_text` text,\n"
    " `to_address` text, `bcc_address` text);\n"
    + insert("privmsgs", (1, 10, T0, CANARY, "u_11:g_8:u_12", "u_13"), (2, 10, T0, CANARY, "u_11", ""),
             (3, 11, T0, CANARY, CANARY, ""))
    + "CREATE TABLE `phpbb_privmsgs_to` (`msg_id` int, `user_id` int, `author_id` int, `folder_id` int);\n"
    + insert("privmsgs_to", (1, 12, 10, 0), (1, 10, 10, -1))
    + "CREATE TABLE `phpbb_log` (`log_id` int, `log_type` tinyint, `user_id` int, `reportee_id` int, `post_id` int,\n"
    " `log_time` int, `log_operation` text, `log_data` mediumtext);\n"
    + insert("log", *((number, *entry) for number, entry in enumerate(ENTRIES, 1)))
    + "-- Dump completed\n"
)  # fmt: skip


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    place = tmp_path_factory.mktemp("log") / "place"
    place.mkdir()
    (place.parent / "forum.sql").write_text(DUMP)
    result = derive_dataset(
        open_source(str(place.parent / "forum.sql")),
        place / "dataset",
        key=KEY,
        forum_code="forum-a",
        settings=DeriveSettings(link_handles=True),
        custodian_map=CustodianMap({8: GroupRole(Role.VIP, 1)}),
    )
    assert disclosed({CANARY}, place, result.summary().encode(), repr(result.findings).encode()) == set()
    return result


def hours(result, table, *columns):
    return sorted(rows(result, table, *columns, origin=T0 * 1_000_000), key=repr)


FOUNDER, ANNA, BEN, ZOE, CARL = range(1, 6)


def test_the_dataset_is_valid(derived):
    assert_valid(derived)
    assert derived.manifest.forums[0].software == "phpbb"
    assert [kind and bool(word) for kind, word in rows(derived, "member", "kind", "linked_pseudonym")] == [
        False,
        *[True] * 5,
    ]


def test_roles_are_dated_by_the_log(derived):
    assert hours(derived, "role_spell", "member", "role", "rank", "start_at", "end_at", "evidence") == sorted(
        [
            (FOUNDER, "administrator", 0, None, None, "snapshot"),
            (ANNA, "registered", None, None, None, "snapshot"),
            (ANNA, "vip", 1, 1, 2, "log"),
            (ANNA, "moderator", 0, 3, None, "log"),
            (BEN, "administrator", 1, None, 4, "log"),
            (BEN, "moderator", 0, None, None, "snapshot"),
            (ZOE, "vip", 1, 1, None, "log"),
            (CARL, "registered", None, None, None, "snapshot"),
            (CARL, "vip", 1, 6, 7, "log"),
        ],
        key=repr,
    )


def test_sanctions_come_from_the_log(derived):
    assert hours(derived, "sanction", "member", "by", "kind", "at", "until") == sorted(
        [(CARL, ANNA, "removal", 9, None), (CARL, FOUNDER, "restriction", 10, 12)], key=repr
    )


def test_what_moderators_did_comes_from_the_log(derived):
    columns = ("by", "kind", "at", "member", "from_section", "to_section")
    assert hours(derived, "moderation", *columns) == sorted(
        [
            (ANNA, "delete", 9, CARL, None, None),
            (ANNA, "delete", 9, ANNA, None, None),
            (FOUNDER, "merge", 9, None, None, None),
            (FOUNDER, "move", 9, None, 0, 0),
        ],
        key=repr,
    )


def test_what_the_log_cannot_tell_is_counted(derived):
    found = findings(derived)
    assert found["log-names-unresolved"].startswith("3 ")
    assert found["packed-cells-damaged"].startswith("1 cells of log.log_data")


def test_recipients_who_removed_their_copy_come_from_the_address(derived):
    assert hours(derived, "message", "message", "sender", "recipient") == [
        (0, ANNA, BEN),
        (0, ANNA, ZOE),
        (0, ANNA, CARL),
        (1, ANNA, BEN),
    ]
    assert findings(derived)["messages-without-recipient"].startswith("1 ")
