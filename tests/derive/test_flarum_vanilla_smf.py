"""Flarum, Vanilla and SMF: what a simulated dump does not hold, told by hand; the answer stands beside it."""

from datetime import UTC, datetime

from derive.derivations import assert_valid, derive, findings, rows
from vestige.dataset.schema import Role
from vestige.derive.group_map import CustodianMap, GroupRole
from vestige.derive.sources.flarum import FLARUM
from vestige.derive.sources.smf import SMF
from vestige.derive.sources.vanilla import VANILLA

HOUR = 3_600_000_000
ORIGIN = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def at(*values):
    """Hours after the origin as microseconds since the epoch."""
    return [None if value is None else ORIGIN + value * HOUR for value in values]


def told(result, table, *columns):
    return sorted(rows(result, table, *columns, origin=ORIGIN), key=repr)


FLARUM_FORUM = {
    "users": {
        "id": [1, 2, 3, 4],
        "joined_at": at(0, 1, 1, 2),
        "last_seen_at": at(None, 40, None, None),
        "suspended_until": at(None, None, 50, None),
    },
    "groups": {"id": [1, 2, 3, 4, 7]},
    "group_user": {"user_id": [1, 2, 4, 3], "group_id": [1, 4, 7, 7], "created_at": at(0, 5, 9, None)},
    "tags": {"id": [1, 2, 3], "parent_id": [None, 1, None], "position": [0, 0, None]},
    "discussion_tag": {"discussion_id": [1, 1, 1, 2, 3], "tag_id": [1, 2, 3, 3, 1]},
    "discussions": {
        "id": [1, 2, 3, 4],
        "user_id": [2, None, 3, 2],
        "first_post_id": [1, None, 5, 6],
        "is_private": [0, 0, 1, 1],
        "is_approved": [1, 1, 0, 1],
        "best_answer_post_id": [3, None, None, None],
        "best_answer_user_id": [2, None, None, None],
        "created_at": at(3, 4, 5, 6),
        "hidden_at": at(None, 30, None, None),
        "best_answer_set_at": at(12, None, None, None),
    },
    "posts": {
        "id": [1, 2, 3, 4, 5, 6, 7],
        "discussion_id": [1, 1, 1, 2, 3, 4, 4],
        "user_id": [2, 1, 3, None, 3, 2, 4],
        "type": [1, -1, 1, 1, 1, 1, 1],
        "created_at": at(3, 3, 7, 4, 5, 6, 25),
        "hidden_user_id": [None, None, 1, None, None, None, None],
        "hidden_at": at(None, None, 11, None, None, None, None),
        "is_approved": [1, 1, 1, 1, 0, 1, 1],
    },
    "post_mentions_post": {"post_id": [3, 3, 4], "mentions_post_id": [1, 3, 1]},
    "post_likes": {"post_id": [1, 6], "user_id": [3, 4], "created_at": at(8, 8)},
    "recipients": {
        "discussion_id": [4, 4, 4],
        "user_id": [2, 3, None],
        "group_id": [None, None, 7],
        "removed_at": at(None, 20, None),
    },
    "fof_upload_files": {"id": [9], "actor_id": [2], "post_id": [1], "size": [500_000], "created_at": at(3)},
    "fof_upload_downloads": {"file_id": [9, 9], "actor_id": [3, None], "downloaded_at": at(9, 10)},
}


def test_flarum(tmp_path):
    result = derive(tmp_path, FLARUM_FORUM, source=FLARUM, custodian_map=CustodianMap({7: GroupRole(Role.VIP)}))
    assert_valid(result)
    assert told(result, "thread", "section", "starter", "state") == [
        (0, 3, "unapproved"),
        (1, 2, "visible"),
        (2, 0, "deleted"),
    ]
    assert told(result, "post", "author", "parent_post", "state", "is_opening", "attachments") == [
        (0, None, "visible", True, 0),
        (2, None, "visible", True, 1),
        (3, 0, "deleted", False, 0),
        (3, None, "unapproved", True, 0),
    ]
    assert told(result, "reaction", "giver", "receiver", "kind", "at") == [(2, 3, "accept", 12.0), (3, 2, "like", 8.0)]
    assert told(result, "message", "message", "sender", "recipient") == [(0, 2, 3), (0, 2, 4), (1, 4, 2), (1, 4, 3)]
    assert told(result, "download", "member", "at", "object") == [(3, 9.0, 0)]
    assert told(result, "sanction", "member", "by", "kind", "at", "until") == [
        (3, 1, "removal", 11.0, None), (3, None, "ban", None, 50.0),
    ]  # fmt: skip
    roles = [row for row in told(result, "role_spell", "member", "role", "start_at") if row[1] != "registered"]
    assert roles == [
        (1, "administrator", 0.0),
        (2, "moderator", 5.0),
        (3, "banned", None),
        (3, "vip", None),
        (4, "vip", 9.0),
    ]
    assert "1 threads" in findings(result)["several-tags"]
    assert "software-notes-left-out" in findings(result)


VANILLA_FORUM = {
    "User": {
        "UserID": [1, 2, 3, 4],
        "Admin": [1, 2, 0, 0],
        "Banned": [0, 0, 2, 0],
        "Deleted": [0, 0, 0, 1],
        "DateInserted": at(0, 0, 1, 1),
    },
    "Role": {"RoleID": [8, 16, 33, 34], "Type": [4, 6, 5, -1]},
    "UserRole": {"UserID": [1, 1, 3, 4, 0], "RoleID": [16, 8, 33, 34, 8]},
    "Category": {"CategoryID": [-1, 5], "ParentCategoryID": [None, -1]},
    "Discussion": {
        "DiscussionID": [1, 2],
        "Type": [None, 1],
        "CategoryID": [5, 5],
        "InsertUserID": [3, 3],
        "DateInserted": at(2, 2),
    },
    "Comment": {
        "CommentID": [1, 2],
        "DiscussionID": [1, 1],
        "InsertUserID": [None, 4],
        "parentCommentID": [None, 1],
        "DateInserted": at(3, 4),
    },
    "Log": {
        "LogID": [1, 2, 3, 4],
        "Operation": [1, 1, -1, 1],
        "RecordType": [2, 2, 2, 1],
        "RecordID": [7, 7, 8, 9],
        "RecordUserID": [4, 4, 4, 3],
        "ParentRecordID": [1, 1, 1, None],
        "CategoryID": [5, 5, 5, 5],
        "InsertUserID": [1, 1, 1, 3],
        "RecordDate": at(5, 5, 5, 6),
        "DateInserted": at(8, 9, 9, 10),
    },
    "ActivityType": {"ActivityTypeID": [19, 15], "Name": [1, -1]},
    "Activity": {
        "ActivityID": [1, 2, 3, 4],
        "ActivityTypeID": [19, 19, 15, 19],
        "HeadlineFormat": [1, 2, -1, 1],
        "ActivityUserID": [3, 3, 3, 3],
        "RegardingUserID": [1, 1, 1, 1],
        "DateInserted": at(11, 13, 14, 15),
    },
}


def test_vanilla(tmp_path):
    result = derive(tmp_path, VANILLA_FORUM, source=VANILLA)
    assert_valid(result)
    assert told(result, "member", "member", "kind") == [
        (0, "guest"),
        (1, "member"),
        (2, "system"),
        (3, "member"),
        (4, "member"),
    ]
    assert told(result, "post", "thread", "author", "at", "parent_post", "state") == [
        (0, 0, 3.0, None, "visible"), (0, 3, 2.0, None, "visible"), (0, 4, 4.0, 1, "visible"),
        (0, 4, 5.0, None, "deleted"), (1, 3, 6.0, None, "deleted"),
    ]  # fmt: skip
    assert told(result, "role_spell", "member", "role", "rank", "start_at", "end_at") == [
        (1, "administrator", 0, None, None), (1, "registered", None, None, None),
        (3, "banned", None, 11.0, 13.0), (3, "banned", None, 15.0, None), (3, "moderator", 0, None, None),
        (4, "registered", None, None, None),
    ]  # fmt: skip
    assert told(result, "sanction", "member", "by", "kind", "at", "until") == [
        (3, 1, "ban", 11.0, 13.0), (3, 1, "ban", 15.0, None),
        (4, 1, "removal", 8.0, None), (4, 1, "removal", 9.0, None),
    ]  # fmt: skip
    assert {"moved-threads", "deleted-accounts-kept", "unmapped-groups"} <= set(findings(result))


SMF_FORUM = {
    "members": {
        "id_member": [1, 2, 3, 4, 5],
        "id_group": [1, 0, 0, 9, 0],
        "additional_groups": [[], [2], [9, 10], [], []],
        "id_post_group": [4, 4, 4, 4, 4],
        "is_activated": [1, 1, 1, 1, 11],
        "date_registered": at(0, 0, 0, 0, 0),
    },
    "membergroups": {"id_group": [1, 2, 3, 4, 9, 10], "min_posts": [-1, -1, -1, 0, -1, -1]},
    "log_group_requests": {"id_member": [3], "id_group": [9], "status": [1], "time_acted": at(6)},
    "moderators": {"id_board": [1], "id_member": [1]},
    "moderator_groups": {"id_board": [1], "id_group": [10]},
    "boards": {"id_board": [1, 2], "id_parent": [0, 0]},
    "settings": {"variable": [1, 2, -1], "value": [2, 1, -1]},
    "topics": {
        "id_topic": [1, 2, 3],
        "id_board": [1, 2, 1],
        "id_member_started": [2, 2, 2],
        "id_first_msg": [1, 3, 0],
        "id_previous_board": [0, 1, 0],
        "id_previous_topic": [0, 1, 0],
        "id_redirect_topic": [0, 0, 1],
    },
    "messages": {
        "id_msg": [1, 2, 3],
        "id_topic": [1, 1, 2],
        "id_board": [1, 1, 2],
        "id_member": [2, 0, 3],
        "poster_time": at(2, 4, 3),
        "approved": [1, 0, 1],
    },
    "ban_groups": {
        "id_ban_group": [1, 2],
        "cannot_access": [1, 0],
        "cannot_post": [0, 1],
        "ban_time": at(10, 12),
        "expire_time": at(None, 14),
    },
    "ban_items": {"id_ban": [1, 2, 3], "id_ban_group": [1, 2, 1], "id_member": [4, 3, 0]},
    "log_actions": {
        "id_action": [1, 2, 3, 4, 5],
        "action": [4, 4, 5, 6, 1],
        "extra": [[-1, 4], [-1, 2], [-1, 2], [-1, 3], [-2, 9, -1, 4]],
        "id_member": [1, 1, 2, 1, 1],
        "log_time": at(10, 7, 9, 5, 8),
    },
    "log_topics": {"id_member": [4, 5], "id_topic": [2, 1], "id_msg": [3, 0]},
}


def test_smf(tmp_path):
    result = derive(tmp_path, SMF_FORUM, source=SMF, custodian_map=CustodianMap({9: GroupRole(Role.VIP, 1)}))
    assert_valid(result)
    assert told(result, "thread", "section", "state") == [(0, "visible")]
    assert told(result, "post", "thread", "author", "state", "is_opening") == [
        (0, 0, "unapproved", False), (0, 2, "visible", True), (0, 3, "deleted", False),
    ]  # fmt: skip
    roles = [
        row for row in told(result, "role_spell", "member", "role", "start_at", "end_at") if row[1] != "registered"
    ]
    assert roles == [
        (1, "administrator", None, None),
        (2, "banned", 7.0, 9.0),
        (2, "moderator", None, None),
        (3, "moderator", None, None),
        (3, "restricted", 12.0, None),
        (3, "vip", 6.0, None),
        (4, "banned", 10.0, None),
        (4, "vip", 8.0, None),
        (5, "banned", None, None),
    ]
    assert told(result, "sanction", "member", "by", "kind", "at", "until") == [
        (2, 1, "ban", 7.0, 9.0),
        (3, 1, "removal", 5.0, None),
        (3, None, "restriction", 12.0, 14.0),
        (4, 1, "ban", 10.0, None),
    ]
    assert told(result, "view", "member", "thread", "at") == [(4, 0, 4.0)]
    assert {"moved-threads", "address-bans", "unmapped-groups", "read-marks-by-message"} <= set(findings(result))
