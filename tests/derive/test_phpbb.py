"""phpBB: every rule of its source file, on a small forum with the answer beside it."""

import pytest

from derive.derivations import derive, findings, rows
from derive.phpbb_tables import T0, forum
from vestige.dataset.schema import Role
from vestige.derive.group_map import CustodianMap, GroupRole


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    return derive(tmp_path_factory.mktemp("phpbb"), forum())


def hours(result, table, *columns):
    return rows(result, table, *columns, origin=T0)


def test_members_are_told_from_guests_and_bots(derived):
    assert hours(derived, "member", "member", "registered_at", "kind") == [
        (0, None, "guest"),
        (1, 0, "member"),
        (2, 0, "bot"),
        (3, 1, "member"),
        (4, 2, "member"),
        (5, 3, "member"),
        (6, 4, "member"),
        (7, 5, "member"),
    ]


def test_roles_come_from_standing_groups_founders_section_moderators_and_bans(derived):
    found = hours(derived, "role_spell", "member", "role", "rank", "start_at", "end_at", "evidence")
    assert sorted(found, key=str) == sorted(
        [
            (1, "administrator", 0, None, None, "snapshot"),
            (1, "registered", None, None, None, "snapshot"),
            (3, "moderator", 0, None, None, "snapshot"),
            (3, "registered", None, None, None, "snapshot"),
            (4, "registered", None, None, None, "snapshot"),
            (5, "registered", None, None, None, "snapshot"),
            (7, "registered", None, None, None, "snapshot"),
            (7, "moderator", 1, None, None, "snapshot"),
            (4, "banned", None, 30, None, "snapshot"),
            (7, "banned", None, 13, 15, "log"),
        ],
        key=str,
    )
    assert "2 of the forum's own groups" in findings(derived)["unmapped-groups"]


def test_the_custodians_map_gives_own_groups_a_role_and_sections_a_kind(tmp_path):
    chosen = CustodianMap({8: GroupRole(Role.VIP, 2)}, {3: "trade"})
    result = derive(tmp_path, forum(), custodian_map=chosen)
    assert (4, "vip", 2) in hours(result, "role_spell", "member", "role", "rank")
    assert "1 of the forum's own groups" in findings(result)["unmapped-groups"]
    assert hours(result, "section", "section", "parent", "kind") == [(0, 1, "trade"), (1, None, "section-2")]
    assert result.manifest.codes["section.kind"] == ("section-2", "trade")
    assert result.manifest.options["groups_mapped"] == 1


def test_threads_leave_the_shadows_of_moved_ones_out(derived):
    assert hours(derived, "thread", "thread", "section", "starter", "created_at", "state") == [
        (0, 0, 3, 2, "visible"),
        (1, 0, 0, 4, "visible"),
        (2, 0, 4, 6, "deleted"),
    ]
    assert findings(derived)["moved-threads"].startswith("1 ")


def test_posts(derived):
    columns = ("post", "seq", "thread", "author", "at", "is_opening", "edited_at", "state", "attachments")
    assert hours(derived, "post", *columns) == [
        (0, 0, 0, 3, 2, True, 3, "visible", 2),
        (1, 6, 0, 4, 8, False, None, "visible", 0),
        (2, 1, 1, 0, 4, True, None, "visible", 0),
        (3, 2, 1, None, 5, False, None, "unapproved", 0),
        (4, 3, 0, 7, 5, False, None, "deleted", 0),
        (5, 4, 2, 4, 6, True, None, "deleted", 0),
        (6, 5, 2, 7, 7, False, None, "deleted", 0),
    ]
    found = findings(derived)
    assert found["rows-unresolved"].startswith("1 rows of post ")
    assert found["references-unresolved"].startswith("1 rows have a ")
    assert found["deleted-authors-collapsed"].startswith("1 posts ")


def test_objects(derived):
    assert hours(derived, "object", "object", "uploader", "at", "size_band", "class") == [
        (0, 3, 2, "under-100kb", None),
        (1, 3, 2, "under-1mb", None),
        (2, 4, 3, "under-100mb", None),
        (3, 4, 3, "larger", None),
    ]


def test_reactions(derived):
    assert hours(derived, "reaction", "giver", "receiver", "post", "at", "kind", "weight") == [
        (3, 4, None, 4, "thanks", 1),
        (3, 4, 1, None, "thanks", 1),
        (4, 3, 0, 3, "thanks", 1),
    ]


def test_messages_leave_the_senders_own_copy_out(derived):
    assert hours(derived, "message", "message", "sender", "recipient", "at") == [
        (0, 4, 3, 3),
        (0, 4, 7, 3),
        (1, 3, 3, 4),
    ]
    assert findings(derived)["messages-without-recipient"].startswith("1 ")


def test_views_are_read_marks_and_last_visits(derived):
    assert sorted(hours(derived, "view", "member", "at", "thread", "section", "kind"), key=str) == sorted(
        [
            (4, 9, 0, 0, "read-mark"),
            (4, 10, None, 1, "read-mark"),
            (1, 41, None, None, "visit"),
            (3, 30, None, None, "visit"),
            (7, 25, None, None, "visit"),
        ],
        key=str,
    )


def test_sanctions_join_ban_list_warnings_and_log_without_counting_twice(derived):
    found = hours(derived, "sanction", "member", "by", "kind", "at", "until")
    assert sorted(found, key=str) == sorted(
        [
            (4, 3, "ban", 30, None),
            (7, 1, "ban", 13, 15),
            (4, 3, "warning", 11, None),
            (7, 1, "warning", 12, None),
            (5, None, "restriction", 20, None),
            (7, 3, "removal", 9, None),
            (4, 3, "removal", 9, None),
        ],
        key=str,
    )
    assert findings(derived)["address-bans"].startswith("1 ")


def test_what_phpbb_cannot_supply_is_said(derived):
    absent = derived.manifest.absent
    assert "counts an attachment's downloads" in absent["download"]
    assert "replies to" in absent["post.parent_post"]
    assert "external_event" in absent
    assert "message" not in absent


def test_rows_read_and_kept_are_counted_by_source_table(derived):
    counts = {count.table: (count.read, count.kept) for count in derived.manifest.source_counts}
    assert counts["posts"] == (8, 7)
    assert counts["topics"] == (4, 3)
    assert counts["users"] == (8, 8)
    assert counts["privmsgs_to"] == (6, 3)
    assert counts["thanks"] == (3, 3)


def test_3_0_has_approval_instead_of_visibility(tmp_path):
    tables = forum()
    for name, prefix in (("posts", "post"), ("topics", "topic")):
        table = tables[name]
        visibility = table.pop(f"{prefix}_visibility")
        table[f"{prefix}_approved"] = [min(value, 1) for value in visibility]
        del table[f"{prefix}_delete_time"]
    del tables["posts"]["post_delete_user"]
    result = derive(tmp_path, tables)
    assert {state for (state,) in rows(result, "post", "state")} == {"visible", "unapproved"}
    missing = result.manifest.options["source_columns_missing"]
    assert set(missing["posts"]) == {"post_visibility", "post_delete_time", "post_delete_user"}


def test_tables_that_are_not_there_make_absent_tables(tmp_path):
    tables = {name: table for name, table in forum().items() if name in {"users", "forums", "topics", "posts"}}
    result = derive(tmp_path, tables)
    assert result.manifest.absent["message"] == "the source has no table privmsgs or privmsgs_to"
    assert result.manifest.absent["reaction"] == "the source has no table thanks"
    assert {"member", "thread", "post", "section", "view"} <= set(result.manifest.tables)


def test_messages_without_folders_leave_out_the_senders_row(tmp_path):
    tables = forum()
    del tables["privmsgs_to"]["folder_id"]
    assert hours(derive(tmp_path, tables), "message", "message", "recipient") == [(0, 3), (0, 7)]
