"""XenForo: what a simulated dump does not show, on small tables with the answer beside them.

Everything else is compared row by row in `simulate/test_packages.py`.
"""

from derive.derivations import assert_valid, derive, findings, rows
from derive.readers import from_rows
from derive.test_vbulletin import T0, hours
from vestige.dataset.schema import Role
from vestige.derive.group_map import CustodianMap, GroupRole
from vestige.derive.sources.xenforo import XENFORO

VIP = CustodianMap({5: GroupRole(Role.VIP)})


def board(**more):
    """Members 1 (administrator), 2, 3 (of group 5), 4 (never confirmed); author 9 has no account any more."""
    user = from_rows(
        """
        user_id user_group_id register_date user_state is_admin is_moderator is_banned
        1       2             0             1          1        0            0
        2       2             0             1          0        0            0
        3       2             0             1          0        1            0
        4       1             0             2          0        0            0
        """
    )
    post = from_rows(
        """
        post_id thread_id user_id post_date message_state
        1       1         2       1         1
        2       1         9       2         1
        3       1         0       3         1
        """
    )
    return {
        "user": {**hours(user, "register_date"), "secondary_group_ids": [[3], [], [5], []]},
        "user_group": {"user_group_id": [1, 2, 3, 4, 5]},
        "node": from_rows("node_id parent_node_id node_type_id\n 1 0 2\n 2 1 1\n 3 0 -1"),
        "thread": hours(from_rows("thread_id node_id user_id post_date discussion_state\n 1 2 2 1 1"), "post_date"),
        "post": hours(post, "post_date"),
        **more,
    }


def held(result):
    found = rows(result, "role_spell", "member", "role", "start_at", "end_at", "evidence", origin=T0)
    return sorted((row for row in found if row[1] != "registered"), key=str)


def test_standing_comes_from_flags_groups_and_states(tmp_path):
    result = derive(tmp_path, board(), source=XENFORO, custodian_map=VIP)
    assert held(result) == [
        (1, "administrator", None, None, "snapshot"),
        (3, "moderator", None, None, "snapshot"),
        (3, "vip", None, None, "snapshot"),
        (4, "restricted", None, None, "snapshot"),
    ]
    assert_valid(result)


def test_promotions_and_payments_date_roles_of_which_the_log_says_nothing(tmp_path):
    more = {
        "user_group_promotion": {"promotion_id": [7], "extra_user_group_ids": [[5]]},
        "user_group_promotion_log": hours(from_rows("promotion_id user_id promotion_date\n 7 3 4"), "promotion_date"),
        "user_upgrade": {"user_upgrade_id": [8], "extra_group_ids": [[5]]},
        "user_upgrade_expired": hours(
            from_rows("user_id user_upgrade_id start_date end_date\n 2 8 5 6"), "start_date", "end_date"
        ),
    }
    views = hours(from_rows("user_id thread_id thread_read_date\n 2 1 9"), "thread_read_date")
    result = derive(tmp_path, board(**more, thread_read=views), source=XENFORO, custodian_map=VIP)
    assert (2, "vip", 5, 6, "log") in held(result)
    assert (3, "vip", 4, None, "log") in held(result)


def test_authors_without_an_account_stay_apart_from_guests(tmp_path):
    result = derive(tmp_path, board(), source=XENFORO)
    assert rows(result, "member", "member", "kind")[::5] == [(0, "guest"), (5, "deleted")]
    assert rows(result, "post", "author") == [(2,), (5,), (0,)]
    assert findings(result)["deleted-accounts"].startswith("1 ")


def test_pages_and_links_are_no_sections(tmp_path):
    assert rows(derive(tmp_path, board(), source=XENFORO), "section", "section", "parent") == [(0, None), (1, 0)]


def test_everybody_in_a_conversation_but_the_sender_receives_its_messages(tmp_path):
    message = from_rows("message_id conversation_id user_id message_date\n 1 1 2 1\n 2 1 3 2")
    members = from_rows("conversation_id user_id\n 1 2\n 1 3\n 1 4")
    tables = board(conversation_message=hours(message, "message_date"), conversation_recipient=members)
    result = derive(tmp_path, tables, source=XENFORO)
    found = rows(result, "message", "message", "sender", "recipient")
    assert found == [(0, 2, 3), (0, 2, 4), (1, 3, 2), (1, 3, 4)]
    assert findings(result)["joined-later"].startswith("1 ")
