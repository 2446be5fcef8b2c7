"""XenForo 2 and 1 as dumps: words and lists in varbinary columns, standing in flags and groups, logs of both.

Facts of the format: groups 3 and 4 are the installer's; `change_log` holds names among the changes of groups; a
conversation is one row with its members beside it; nodes may be pages; 1.x has likes and a log of its own for accounts.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import Package, PackageTable

_VIP: Final = 5
_GONE: Final = """(SELECT min(member) FROM member WHERE kind = 'member' AND posts > 0 AND role = 'registered'
                   AND member NOT IN (SELECT member FROM role_change))"""
"""An account that was removed while its posts were kept."""

_STATE: Final = "CASE state WHEN 'visible' THEN 'visible' WHEN 'unapproved' THEN 'moderated' ELSE 'deleted' END"
_MORE: Final = "CASE {} WHEN 'administrator' THEN '2,3' WHEN 'moderator' THEN '2,4' WHEN 'vip' THEN '5' ELSE '' END"

_USER: Final = f"""
SELECT member AS user_id, text_of('user.username') || member AS username, 2 AS user_group_id,
       CASE WHEN banned_at IS NULL THEN {_MORE.format("role")} ELSE '' END AS secondary_group_ids,
       registered_at AS register_date, coalesce(last_visit_at, 0) AS last_activity, posts AS message_count,
       banned_at IS NULL AND role = 'administrator' AS is_admin,
       banned_at IS NULL AND role = 'moderator' AS is_moderator, banned_at IS NOT NULL AS is_banned,
       'valid' AS user_state
FROM member WHERE kind = 'member' AND member <> {_GONE}
"""

_CHANGES: Final = f"""
SELECT row_number() OVER (ORDER BY moment, change, field) AS log_id, member, moment AS edit_date, 1 AS edit_user_id,
       field, old_value, new_value
FROM (
    SELECT change, member, moment, 'secondary_group_ids' AS field, {_MORE.format("old_role")} AS old_value,
           {_MORE.format("new_role")} AS new_value
    FROM role_change
    UNION ALL
    SELECT change, member, moment, flag, CASE WHEN old_role = role THEN '1' ELSE '0' END,
           CASE WHEN new_role = role THEN '1' ELSE '0' END
    FROM role_change, (VALUES ('is_admin', 'administrator'), ('is_moderator', 'moderator'), ('is_banned', 'banned'))
        AS flags (flag, role)
    UNION ALL
    SELECT 0, member, last_visit_at, 'username', text_of('{{table}}.old_value') || member,
           text_of('{{table}}.new_value') || member
    FROM member WHERE kind = 'member' AND member % 7 = 0 AND last_visit_at IS NOT NULL
)
WHERE old_value <> new_value
"""

_THREAD: Final = f"""
SELECT thread AS thread_id, section AS node_id, posts - 1 AS reply_count, views AS view_count, starter AS user_id,
       created_at AS post_date, 1 AS discussion_open, {_STATE} AS discussion_state, '' AS discussion_type,
       first_post AS first_post_id, last_post_at AS last_post_date, last_post AS last_post_id,
       last_poster AS last_post_user_id
FROM thread
UNION ALL
SELECT (SELECT max(thread) FROM thread) + row_number() OVER (ORDER BY thread), section, 0, 0, starter, created_at, 1,
       'visible', 'redirect', first_post, last_post_at, last_post, last_poster
FROM thread WHERE number % 40 = 1
"""

_POST: Final = f"""
SELECT post AS post_id, thread AS thread_id, author AS user_id, moment AS post_date,
       CASE WHEN thread IN (SELECT thread FROM thread WHERE state <> 'visible') THEN 'visible' ELSE {_STATE} END
           AS message_state,
       attachments AS attach_count, number - 1 AS position, coalesce(edited_at, 0) AS last_edit_date,
       CASE WHEN edited_at IS NULL THEN 0 ELSE author END AS last_edit_user_id, (edited_at IS NOT NULL) AS edit_count
FROM post
"""

_REMOVED: Final = """
SELECT thread AS number, 'thread' AS type, starter AS author, created_at AS moment FROM thread WHERE state = 'deleted'
UNION ALL
SELECT p.post, 'post', p.author, p.moment FROM post p JOIN thread t ON t.thread = p.thread
WHERE p.state = 'deleted' AND t.state <> 'deleted'
"""
_REMOVER: Final = """CASE WHEN number % 3 > 0 THEN (SELECT min(member) FROM member WHERE role = 'administrator')
                     ELSE author END"""
_ERASED: Final = """
SELECT member, last_visit_at AS moment, (SELECT max(member) FROM member WHERE role = 'administrator') AS staff
FROM member WHERE kind = 'member' AND role = 'registered' AND member % 5 = 0 AND last_visit_at IS NOT NULL
"""
"""Posts of which nothing is left but a moderator's log entry."""

_REACTION: Final = "reaction % 7 > 0"
_SECTIONS: Final = """
SELECT section AS node_id, coalesce(parent, 0) AS parent_node_id,
       CASE WHEN section % 5 = 0 THEN 'Category' ELSE 'Forum' END AS node_type_id, position AS display_order,
       word_of('node.title') || section AS title
FROM section
UNION ALL
SELECT (SELECT max(section) FROM section) + n, 0, ['Page', 'LinkForum'][n], 99, word_of('node.title')
FROM filler WHERE n <= 2
"""

_ACTS: Final = """
(SELECT moment, staff, CASE kind WHEN 'edit' THEN 'post' ELSE 'thread' END,
       CASE WHEN kind = 'edit' THEN post WHEN step = 0 THEN target_thread ELSE subject END, coalesce(owner, 0),
       CASE kind WHEN 'merge' THEN 'merge_target' WHEN 'close' THEN 'lock'
                 WHEN 'split' THEN ['post_move_target', 'post_move_source'][1 + step] ELSE kind END,
       CASE kind WHEN 'edit' THEN subject ELSE 0 END,
       CASE kind WHEN 'move' THEN to_json({'from': word_of('node.title') || from_section})::VARCHAR ELSE '[]' END
FROM (SELECT *, unnest(CASE kind WHEN 'split' THEN [0, 1] ELSE [1] END) AS step FROM moderation) ORDER BY act, step)
"""

_TABLES: Final = {
    "attachment": PackageTable(
        """attachment_id key, data_id id, content_type varbinary(25), content_id id, attach_date time,
        temp_hash varchar(32), unassociated flag, view_count id | PRIMARY(attachment_id)""",
        """SELECT object AS attachment_id, object + 7 AS data_id, 'post' AS content_type, post AS content_id,
                  moment AS attach_date, downloads AS view_count FROM object""",
    ),
    "attachment_data": PackageTable(
        """data_id key, user_id id, upload_date time, filename varchar(100), file_size id, file_hash varchar(32),
        file_path varchar(250), width id, height id, attach_count id | PRIMARY(data_id)""",
        """SELECT object + 7 AS data_id, uploader AS user_id, moment AS upload_date, bytes AS file_size
           FROM object""",
    ),
    "change_log": PackageTable(
        """log_id key, content_type varbinary(25), content_id id, edit_user_id id, edit_date time, field varchar(100),
        old_value text, new_value text, protected flag | PRIMARY(log_id) edit_date(edit_date)""",
        f"""SELECT log_id, 'user' AS content_type, member AS content_id, edit_user_id, edit_date, field, old_value,
                   new_value FROM ({_CHANGES.format(table="change_log")})""",
    ),
    "content_vote": PackageTable(
        """vote_id key, content_type varbinary(25), content_id id, vote_user_id id, content_user_id id,
        is_content_user_counted flag, score int(11), vote_date time | PRIMARY(vote_id)""",
        f"""SELECT reaction AS vote_id, 'post' AS content_type, post AS content_id, giver AS vote_user_id,
                   receiver AS content_user_id, CASE WHEN reaction % 2 = 0 THEN 1 ELSE -1 END AS score,
                   moment AS vote_date FROM reaction WHERE NOT ({_REACTION})""",
    ),
    "conversation_master": PackageTable(
        """conversation_id key, title varchar(150), user_id id, username varchar(50), start_date time,
        open_invite flag, conversation_open flag 1, reply_count id, recipient_count id, first_message_id id,
        last_message_date time, last_message_id id, last_message_user_id id, last_message_username varchar(50),
        recipients mediumblob | PRIMARY(conversation_id)""",
        """SELECT message + 3 AS conversation_id, sender AS user_id, moment AS start_date,
                  len(recipients) + 1 AS recipient_count, message AS first_message_id,
                  serialised(recipients, 'conversation_master.recipients') AS recipients FROM envelope""",
    ),
    "conversation_message": PackageTable(
        """message_id key, conversation_id id, message_date time, user_id id, username varchar(50),
        message mediumtext, attach_count small, ip_id id | PRIMARY(message_id)""",
        """SELECT message AS message_id, message + 3 AS conversation_id, moment AS message_date, sender AS user_id
           FROM envelope""",
    ),
    "conversation_recipient": PackageTable(
        """conversation_id id, user_id id, recipient_state enum(active;deleted;deleted_ignored), last_read_date time
        | PRIMARY(conversation_id;user_id)""",
        """SELECT message + 3 AS conversation_id, recipient AS user_id,
                  CASE WHEN recipient % 3 = 0 THEN 'deleted' ELSE 'active' END AS recipient_state FROM message
           UNION ALL SELECT message + 3, sender, 'active' FROM envelope""",
    ),
    "data_registry": PackageTable(
        "data_key varbinary(25), data_value mediumblob, last_update time", "SELECT 1 AS last_update FROM filler"
    ),
    "deletion_log": PackageTable(
        """content_type varbinary(25), content_id id, delete_date time, delete_user_id id,
        delete_username varchar(50), delete_reason varchar(100) | PRIMARY(content_type;content_id)""",
        f"""SELECT type AS content_type, number AS content_id, moment AS delete_date, {_REMOVER} AS delete_user_id
            FROM ({_REMOVED})""",
    ),
    "draft": PackageTable(
        """draft_id key, draft_key varbinary(75), user_id id, last_update time, message mediumtext,
        extra_data mediumblob | PRIMARY(draft_id)"""
    ),
    "moderator": PackageTable(
        "user_id id, is_super_moderator flag, extra_user_group_ids varbinary(255) | PRIMARY(user_id)",
        """SELECT member AS user_id, member % 2 = 0 AS is_super_moderator, '' AS extra_user_group_ids FROM member
           WHERE role = 'moderator' AND banned_at IS NULL""",
    ),
    "moderator_log": PackageTable(
        """moderator_log_id key, log_date time, user_id id, ip_address varbinary(16), content_type varbinary(25),
        content_id id, content_user_id id, content_username varchar(50), content_title varchar(150),
        content_url text, discussion_content_type varchar(25), discussion_content_id id, action varchar(25),
        action_params mediumblob | PRIMARY(moderator_log_id)""",
        f"""SELECT row_number() OVER () AS moderator_log_id, *, 'thread' AS discussion_content_type FROM (
            SELECT moment AS log_date, staff AS user_id, 'post' AS content_type, 999999 AS content_id,
                   member AS content_user_id, 'delete_hard' AS action, 0 AS discussion_content_id,
                   to_json({{'reason': text_of('moderator_log.action_params')}})::VARCHAR AS action_params
            FROM ({_ERASED})
            UNION ALL
            SELECT moment, {_REMOVER}, type, number, coalesce(author, 0), 'delete_soft', 0, '[]' FROM ({_REMOVED})
            UNION ALL {_ACTS})""",
    ),
    "node": PackageTable(
        """node_id key, title varchar(50), description text, node_name varchar(50), node_type_id varbinary(25),
        parent_node_id id, display_order id 1, lft id, rgt id, depth id | PRIMARY(node_id)""",
        _SECTIONS,
    ),
    "post": PackageTable(
        """post_id key, thread_id id, user_id id, username varchar(50), post_date time, message mediumtext, ip_id id,
        message_state enum(visible;moderated;deleted), attach_count small, warning_id id,
        warning_message varchar(255), position id, last_edit_date time, last_edit_user_id id, edit_count id,
        embed_metadata blob | PRIMARY(post_id) thread_id_post_date(thread_id;post_date)""",
        _POST,
    ),
    "reaction": PackageTable(
        "reaction_id key, text_color varchar(100), reaction_score int(11) 1, image_url varchar(200)"
        " | PRIMARY(reaction_id)",
        "SELECT n AS reaction_id, [1, 2, -1][n] AS reaction_score FROM filler WHERE n <= 3",
    ),
    "reaction_content": PackageTable(
        """reaction_content_id key, reaction_id id, content_type varbinary(25), content_id id, reaction_user_id id,
        reaction_date time, content_user_id id, is_counted flag 1 | PRIMARY(reaction_content_id)""",
        f"""SELECT reaction AS reaction_content_id, 1 + reaction % 3 AS reaction_id, 'post' AS content_type,
                   post AS content_id, giver AS reaction_user_id, moment AS reaction_date,
                   receiver AS content_user_id FROM reaction WHERE {_REACTION}
            UNION ALL
            SELECT 1000000 + n, 1, 'profile_post', n, n, 0, n FROM filler""",
    ),
    "session_activity": PackageTable(
        """user_id id, unique_key varbinary(16), ip varbinary(16), controller_name varbinary(100),
        controller_action varbinary(75), view_state enum(valid;error), params varbinary(100), view_date time,
        robot_key varbinary(25)"""
    ),
    "thread": PackageTable(
        """thread_id key, node_id id, title varchar(150), reply_count id, view_count id, user_id id,
        username varchar(50), post_date time, sticky flag, discussion_state enum(visible;moderated;deleted),
        discussion_open flag 1, discussion_type varchar(50), first_post_id id, last_post_date time, last_post_id id,
        last_post_user_id id, last_post_username varchar(50), prefix_id id, tags mediumblob, custom_fields mediumblob
        | PRIMARY(thread_id) node_id(node_id)""",
        _THREAD,
    ),
    "thread_read": PackageTable(
        "thread_read_id key, user_id id, thread_id id, thread_read_date time | PRIMARY(thread_read_id)",
        "SELECT member AS user_id, thread AS thread_id, moment AS thread_read_date FROM read_mark",
    ),
    "thread_reply_ban": PackageTable(
        """thread_reply_ban_id key, thread_id id, user_id id, ban_date time, expiry_date time, reason varchar(100),
        ban_user_id id | PRIMARY(thread_reply_ban_id)""",
        """SELECT sanction AS thread_reply_ban_id, 1 AS thread_id, member AS user_id, moment AS ban_date,
                  coalesce(until, 0) AS expiry_date, coalesce(staff, 0) AS ban_user_id
           FROM sanction WHERE kind = 'warning' AND sanction % 4 = 0""",
    ),
    "user": PackageTable(
        """user_id key, username varchar(50), username_date time, email varchar(120), custom_title varchar(50),
        language_id id, style_id id, timezone varchar(50), visible flag 1, user_group_id id,
        secondary_group_ids varbinary(255), display_style_group_id id, permission_combination_id id,
        message_count id, register_date time, last_activity time, avatar_date time, gravatar varchar(120),
        user_state enum(valid;email_confirm;email_confirm_edit;email_bounce;moderated;rejected;disabled),
        is_moderator flag, is_admin flag, is_banned flag, reaction_score int(11), warning_points id, is_staff flag,
        secret_key varbinary(32) | PRIMARY(user_id) !username(username)""",
        _USER,
    ),
    "user_authenticate": PackageTable(
        "user_id id, scheme_class varchar(80), data mediumblob | PRIMARY(user_id)",
        f"SELECT member AS user_id FROM member WHERE kind = 'member' AND member <> {_GONE}",
    ),
    "user_ban": PackageTable(
        """user_id id, ban_user_id id, ban_date time, end_date time, user_reason varchar(255), triggered flag
        | PRIMARY(user_id) ban_date(ban_date)""",
        """SELECT member AS user_id, coalesce(staff, 0) AS ban_user_id, moment AS ban_date,
                  coalesce(until, 0) AS end_date FROM sanction WHERE kind = 'ban'""",
    ),
    "user_group": PackageTable(
        """user_group_id key, title varchar(50), display_style_priority id, username_css text, user_title varchar(100),
        banner_css_class varchar(75), banner_text varchar(100) | PRIMARY(user_group_id)""",
        "SELECT n AS user_group_id, text_of('user_group.title') || n AS title FROM filler WHERE n <= 5",
    ),
    "user_profile": PackageTable(
        """user_id id, dob_day small, signature mediumtext, website text, location varchar(50), following text,
        ignored text, about mediumtext, custom_fields mediumblob | PRIMARY(user_id)""",
        f"SELECT member AS user_id FROM member WHERE kind = 'member' AND member <> {_GONE}",
    ),
    "warning": PackageTable(
        """warning_id key, content_type varbinary(25), content_id id, content_title varchar(255), user_id id,
        warning_date time, warning_user_id id, warning_definition_id id, title varchar(255), notes text, points small,
        expiry_date time, is_expired flag, extra_user_group_ids varbinary(255) | PRIMARY(warning_id)""",
        """SELECT sanction AS warning_id, 'post' AS content_type, post AS content_id, member AS user_id,
                  moment AS warning_date, coalesce(staff, 0) AS warning_user_id, coalesce(until, 0) AS expiry_date,
                  '' AS extra_user_group_ids FROM sanction WHERE kind = 'warning' AND sanction % 4 > 0""",
    ),
}

_LIKED: Final = PackageTable(
    """like_id key, content_type varbinary(25), content_id id, like_user_id id, like_date time, content_user_id id
    | PRIMARY(like_id)""",
    """SELECT reaction AS like_id, 'post' AS content_type, post AS content_id, giver AS like_user_id,
              moment AS like_date, receiver AS content_user_id FROM reaction""",
)
_USER_CHANGES: Final = PackageTable(
    """log_id key, user_id id, edit_user_id id, edit_date time, field varchar(100), old_value text, new_value text
    | PRIMARY(log_id) edit_date(edit_date)""",
    f"""SELECT log_id, member AS user_id, edit_user_id, edit_date, field, old_value, new_value
        FROM ({_CHANGES.format(table="user_change_log")})""",
)
_ONLY_IN_2: Final = frozenset({"change_log", "content_vote", "reaction", "reaction_content"})
_TABLES_1: Final = dict(
    sorted(
        {
            **{name: table for name, table in _TABLES.items() if name not in _ONLY_IN_2},
            "liked_content": _LIKED,
            "user_change_log": _USER_CHANGES,
        }.items()
    )
)

_HELD: Final = {
    "member": f"""SELECT member, CASE WHEN member <> {_GONE} THEN registered_at END AS registered_at,
                         CASE WHEN member = {_GONE} THEN 'deleted' ELSE kind END AS kind FROM member
                  WHERE kind <> 'bot'""",
    "post": """SELECT post, thread, section, author, moment AS at, is_opening, NULL AS parent_post, edited_at, state,
                      attachments FROM post""",
    "role_spell": "SELECT member, role, start_at, end_at FROM _role_spell WHERE role <> 'registered'",
    "view": f"""SELECT member, moment AS at, thread, kind FROM read_mark
                UNION ALL SELECT member, moment, NULL, kind FROM last_visit WHERE member <> {_GONE}""",
    "moderation": f"""SELECT staff AS "by", kind, moment AS at, thread, post, nullif(owner, 0) AS member, from_section,
                             to_section, target_thread FROM moderation
                      UNION ALL
                      SELECT nullif({_REMOVER}, 0), 'remove', r.moment,
                             CASE r.type WHEN 'thread' THEN r.number END, CASE r.type WHEN 'post' THEN r.number END,
                             nullif(r.author, 0), NULL, NULL, NULL FROM ({_REMOVED}) r
                      UNION ALL
                      SELECT staff, 'delete', moment, NULL, NULL, member, NULL, NULL, NULL FROM ({_ERASED})""",
    "sanction": f"""SELECT member, staff AS "by", moment AS at, until,
                           CASE WHEN kind = 'warning' AND sanction % 4 = 0 THEN 'restriction' ELSE kind END AS kind
                    FROM sanction
                    UNION ALL
                    SELECT author, userid, moment, NULL, 'removal'
                    FROM (SELECT author, moment, {_REMOVER} AS userid FROM ({_REMOVED}))
                    WHERE author > 0 AND userid <> author
                    UNION ALL SELECT member, staff, moment, NULL, 'removal' FROM ({_ERASED})""",
}
_REACTIONS_2: Final = f"""
SELECT giver, receiver, post, moment AS at,
       CASE WHEN NOT ({_REACTION}) THEN CASE WHEN reaction % 2 = 0 THEN 'up' ELSE 'down' END
            WHEN reaction % 3 = 0 THEN 'like' ELSE 'other' END AS kind,
       CASE WHEN NOT ({_REACTION}) THEN CASE WHEN reaction % 2 = 0 THEN 1 ELSE -1 END
            ELSE [1, 2, -1][1 + reaction % 3] END AS weight
FROM reaction
"""
_BODIES: Final = frozenset({"post.message", "conversation_message.message"})

XENFORO: Final = Package(
    software=Software.XENFORO,
    prefix="xf_",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    bodies=_BODIES,
    held={**_HELD, "reaction": _REACTIONS_2},
    charset="utf8mb4 COLLATE=utf8mb4_general_ci",
)
XENFORO_1: Final = Package(
    software=Software.XENFORO,
    prefix="xf_",
    tables=_TABLES_1,
    own_groups={_VIP: Role.VIP},
    bodies=_BODIES,
    held={**_HELD, "reaction": "SELECT giver, receiver, post, moment AS at, 'like' AS kind, 1 AS weight FROM reaction"},
    charset="utf8 COLLATE=utf8_general_ci",
)
