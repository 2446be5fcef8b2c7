"""SMF 2.1 as a dump: groups in one column and a packed list, removed posts on the recycling board, logs in JSON.

Facts of the format: groups 1 and 2 are the installer's, 4 to 8 depend on the number of posts; a message that is removed
alone becomes a topic of the recycling board; a read-mark is the number of the forum's newest message of that moment.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import Package, PackageTable

_VIP: Final = 9
_BOARD: Final = "(SELECT max(section) + 1 FROM section)"
_REMOVER: Final = "(SELECT min(member) FROM member WHERE role = 'administrator')"
_NEWEST: Final = "(SELECT max(post) FROM post p WHERE p.moment <= {0}.moment)"
_ALONE: Final = """
SELECT p.* FROM post p JOIN thread t ON t.thread = p.thread AND t.state <> 'deleted' WHERE p.state = 'deleted'
"""
_SUBJECT: Final = "to_json(text_of('log_actions.extra'))"

_MEMBERS: Final = """
SELECT member AS id_member, text_of('members.member_name') || member AS member_name,
       text_of('members.real_name') || member AS real_name, registered_at AS date_registered,
       coalesce(last_visit_at, 0) AS last_login, posts,
       CASE held WHEN 'administrator' THEN 1 WHEN 'moderator' THEN 2 ELSE 0 END AS id_group,
       CASE held WHEN 'vip' THEN '9' ELSE '' END AS additional_groups, 4 + member % 5 AS id_post_group,
       CASE WHEN banned_at IS NULL THEN 1 ELSE 11 END AS is_activated
FROM member
LEFT JOIN (SELECT member, any_value(new_role) AS held FROM role_change WHERE new_role <> 'banned' GROUP BY member)
USING (member)
WHERE kind = 'member'
"""

_TOPICS: Final = f"""
SELECT thread AS id_topic, CASE WHEN state = 'deleted' THEN {_BOARD} ELSE section END AS id_board,
       first_post AS id_first_msg, last_post AS id_last_msg, coalesce(starter, 0) AS id_member_started,
       CASE WHEN state = 'deleted' THEN section ELSE 0 END AS id_previous_board, 0 AS id_previous_topic,
       posts - 1 AS num_replies, views AS num_views, 0 AS id_redirect_topic
FROM thread
UNION ALL
SELECT (SELECT max(thread) FROM thread) + post, {_BOARD}, post, post, coalesce(author, 0), section, thread, 0, 0, 0
FROM ({_ALONE})
UNION ALL
SELECT (SELECT max(thread) FROM thread) + (SELECT max(post) FROM post) + number, section, 0, 0, starter, 0, 0, 0, 0,
       thread
FROM thread WHERE number % 40 = 1
"""

_POSTS: Final = f"""
SELECT p.post AS id_msg, CASE WHEN a.post IS NULL THEN p.thread ELSE (SELECT max(thread) FROM thread) + p.post END
           AS id_topic, CASE WHEN p.state = 'deleted' THEN {_BOARD} ELSE p.section END AS id_board,
       p.moment AS poster_time, coalesce(p.author, 0) AS id_member, coalesce(p.edited_at, 0) AS modified_time,
       CASE WHEN p.state = 'unapproved' THEN 0 ELSE 1 END AS approved
FROM post p LEFT JOIN ({_ALONE}) a ON a.post = p.post
"""

_ACTION: Final = (
    """CASE kind WHEN 'close' THEN 'lock' WHEN 'stick' THEN 'sticky' WHEN 'edit' THEN 'modify' ELSE kind END"""
)

_LOG: Final = f"""
SELECT row_number() OVER (ORDER BY moment, action, member) AS id_action, 1 + member % 3 AS id_log,
       moment AS log_time, staff AS id_member, action, extra, id_board, id_topic, id_msg
FROM (
    SELECT moment, {_REMOVER} AS staff, 'added_to_group' AS action, member,
           '{{"group":' || {_SUBJECT} || ',"member":' || member || '}}' AS extra,
           0 AS id_board, 0 AS id_topic, 0 AS id_msg
    FROM role_change WHERE new_role <> 'banned'
    UNION ALL
    SELECT moment, staff, 'ban', member, '{{"member":"' || member || '","new":1,"type":"user"}}', 0, 0, 0
    FROM sanction WHERE kind = 'ban'
    UNION ALL
    SELECT moment, {_REMOVER}, 'delete', author, '{{"topic":' || thread || ',"subject":' || {_SUBJECT} || ',"member":"'
           || author || '","board":' || section || '}}', 0, 0, 0
    FROM ({_ALONE}) WHERE number % 3 = 0 AND author > 0
    UNION ALL
    SELECT created_at, starter, 'lock', starter, '{{"topic":' || thread || '}}', 0, 0, 0 FROM thread
    WHERE number % 9 = 0 AND starter IS NOT NULL
    UNION ALL
    SELECT moment, staff, {_ACTION}, owner, CASE kind
               WHEN 'move' THEN '{{"board_from":' || from_section || ',"subject":' || {_SUBJECT} || '}}'
               WHEN 'split' THEN '{{"new_topic":' || target_thread || '}}'
               WHEN 'edit' THEN '{{"member":"' || owner || '"}}' ELSE '[]' END,
           CASE kind WHEN 'move' THEN to_section ELSE subject_section END, subject, coalesce(post, 0)
    FROM moderation
)
"""

_TABLES: Final = {
    "attachments": PackageTable(
        """id_attach key, id_thumb id, id_msg id, id_member medium, attachment_type flag, filename varchar(255),
        file_hash varchar(40), fileext varchar(8), size id, downloads medium, mime_type varchar(128), approved flag 1
        | PRIMARY(id_attach)""",
        """SELECT object AS id_attach, post AS id_msg, 0 AS attachment_type, bytes AS size, downloads FROM object
           UNION ALL SELECT (SELECT max(object) FROM object) + n, n, 3, 100, 0 FROM filler""",
    ),
    "ban_groups": PackageTable(
        """id_ban_group key, name varchar(20), ban_time time, expire_time int(10)_unsigned?, cannot_access flag,
        cannot_register flag, cannot_post flag, cannot_login flag, reason varchar(255), notes text
        | PRIMARY(id_ban_group)""",
        """SELECT sanction AS id_ban_group, moment AS ban_time, until AS expire_time, 1 AS cannot_access
           FROM sanction WHERE kind = 'ban'
           UNION ALL SELECT 1000000 + n, 1420070400, NULL, 1 FROM filler WHERE n < 5""",
    ),
    "ban_items": PackageTable(
        """id_ban key, id_ban_group small, ip_low varbinary(16)?, ip_high varbinary(16)?, hostname varchar(255),
        email_address varchar(255), id_member medium, hits medium | PRIMARY(id_ban)""",
        """SELECT sanction AS id_ban, sanction AS id_ban_group, member AS id_member FROM sanction WHERE kind = 'ban'
           UNION ALL SELECT 1000000 + n, 1000000 + n, 0 FROM filler WHERE n < 5""",
    ),
    "boards": PackageTable(
        """id_board key, id_cat small 1, id_parent small, board_order smallint(5), member_groups varchar(255),
        name varchar(255), description text, redirect varchar(255) | PRIMARY(id_board)""",
        f"""SELECT section AS id_board, coalesce(parent, 0) AS id_parent, position AS board_order FROM section
            UNION ALL SELECT {_BOARD}, 0, 99""",
    ),
    "log_actions": PackageTable(
        """id_action key, id_log flag 1, log_time time, id_member medium, ip varbinary(16)?, action varchar(30),
        id_board small, id_topic medium, id_msg id, extra text | PRIMARY(id_action)""",
        _LOG,
    ),
    "log_comments": PackageTable(
        """id_comment key, id_member medium, member_name varchar(80), comment_type varchar(8), id_recipient medium,
        recipient_name varchar(255), log_time int(10), id_notice medium, counter tinyint(3), body text
        | PRIMARY(id_comment)""",
        """SELECT sanction AS id_comment, staff AS id_member, 'warning' AS comment_type, member AS id_recipient,
                  moment AS log_time, 10 AS counter
           FROM sanction WHERE kind = 'warning'
           UNION ALL SELECT 1000000 + n, n, 'modset', n, 1420070400, 0 FROM filler""",
    ),
    "log_group_requests": PackageTable(
        """id_request key, id_member medium, id_group small, time_applied time, reason text, status flag,
        id_member_acted medium, member_name_acted varchar(255), time_acted time, act_reason text
        | PRIMARY(id_request)"""
    ),
    "log_online": PackageTable(
        "session varchar(128), log_time int(10), id_member medium, ip varbinary(16)?, url varchar(2048)"
    ),
    "log_topics": PackageTable(
        "id_member medium, id_topic medium, id_msg id | PRIMARY(id_member;id_topic)",
        f"""SELECT member AS id_member, thread AS id_topic, coalesce({_NEWEST.format("r")}, 0) AS id_msg
            FROM read_mark r""",
    ),
    "member_logins": PackageTable(
        "id_login key, id_member medium, time int(10), ip varbinary(16)?, ip2 varbinary(16)? | PRIMARY(id_login)"
    ),
    "membergroups": PackageTable(
        """id_group key, group_name varchar(80), description text, online_color varchar(20), min_posts mediumint(9) -1,
        icons varchar(255), group_type small | PRIMARY(id_group)""",
        f"""SELECT n AS id_group, text_of('membergroups.group_name') || n AS group_name,
                   CASE WHEN n BETWEEN 4 AND 8 THEN 50 * (n - 4) ELSE -1 END AS min_posts
            FROM filler WHERE n <= {_VIP}""",
    ),
    "members": PackageTable(
        """id_member key, member_name varchar(80), date_registered time, posts medium, id_group small,
        lngfile varchar(255), last_login time, real_name varchar(255), buddy_list text, passwd varchar(64),
        email_address varchar(255), personal_text varchar(255), website_url varchar(255), signature text,
        usertitle varchar(255), member_ip varbinary(16)?, secret_question varchar(255), secret_answer varchar(64),
        is_activated flag 1, additional_groups varchar(255), id_post_group small, warning tinyint(4)
        | PRIMARY(id_member)""",
        _MEMBERS,
    ),
    "messages": PackageTable(
        """id_msg key, id_topic medium, id_board small, poster_time time, id_member medium, subject varchar(255),
        poster_name varchar(255), poster_email varchar(255), poster_ip varbinary(16)?, modified_time time,
        modified_name varchar(255), modified_reason varchar(255), body text, icon varchar(16), approved flag 1,
        likes small | PRIMARY(id_msg)""",
        _POSTS,
    ),
    "moderators": PackageTable(
        "id_board small, id_member medium | PRIMARY(id_board;id_member)",
        """SELECT (SELECT min(section) FROM section) AS id_board, member AS id_member FROM member
           WHERE role = 'moderator' AND kind = 'member'""",
    ),
    "personal_messages": PackageTable(
        """id_pm key, id_pm_head id, id_member_from medium, deleted_by_sender flag, from_name varchar(255),
        msgtime time, subject varchar(255), body text | PRIMARY(id_pm)""",
        """SELECT message AS id_pm, message AS id_pm_head, coalesce(sender, 0) AS id_member_from, moment AS msgtime
           FROM envelope""",
    ),
    "pm_recipients": PackageTable(
        "id_pm id, id_member medium, bcc flag, is_read flag, deleted flag | PRIMARY(id_pm;id_member)",
        "SELECT message AS id_pm, recipient AS id_member, recipient % 5 = 0 AS deleted FROM message",
    ),
    "settings": PackageTable(
        "variable varchar(255), value text | PRIMARY(variable)",
        f"""SELECT 'recycle_board' AS variable, {_BOARD}::VARCHAR AS value UNION ALL SELECT 'recycle_enable', '1'
            UNION ALL SELECT text_of('settings.variable') || n, text_of('settings.value') || n FROM filler""",
    ),
    "topics": PackageTable(
        """id_topic key, is_sticky flag, id_board small, id_first_msg id, id_last_msg id, id_member_started medium,
        id_previous_board smallint(6), id_previous_topic mediumint(9), num_replies id, num_views id, locked flag,
        id_redirect_topic medium, approved flag 1 | PRIMARY(id_topic)""",
        _TOPICS,
    ),
    "user_likes": PackageTable(
        "id_member medium, content_type char(6), content_id id, like_time time | content(content_id)",
        """SELECT giver AS id_member, 'msg' AS content_type, post AS content_id, moment AS like_time FROM reaction
           UNION ALL SELECT n, 'other', n, 1420070400 FROM filler""",
    ),
}

SMF: Final = Package(
    software=Software.SMF,
    prefix="smf_",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    bodies=frozenset({"messages.body", "personal_messages.body"}),
    held={
        "member": "SELECT member, registered_at, kind FROM member WHERE kind <> 'bot'",
        "section": f"SELECT section, parent FROM section UNION ALL SELECT {_BOARD}, NULL",
        "post": """SELECT post, thread, section, author, moment AS at, is_opening, edited_at, state, attachments
                   FROM post""",
        "reaction": "SELECT giver, receiver, post, moment AS at, 'like' AS kind, weight FROM reaction",
        "view": f"""SELECT r.member, p.moment AS at, r.thread, r.kind
                    FROM read_mark r JOIN post p ON p.post = {_NEWEST.format("r")}
                    UNION ALL SELECT member, moment, NULL, kind FROM last_visit""",
        "sanction": f"""SELECT member, staff AS "by", kind, moment AS at, CASE WHEN kind = 'ban' THEN until END AS until
                        FROM sanction
                        UNION ALL
                        SELECT author, {_REMOVER}, 'removal', moment, NULL FROM ({_ALONE})
                        WHERE number % 3 = 0 AND author > 0 AND author <> {_REMOVER}""",
        "moderation": f"""SELECT staff AS "by", kind, moment AS at, thread, post,
                                 CASE WHEN kind = 'edit' THEN nullif(owner, 0) END AS member, from_section, to_section,
                                 target_thread FROM moderation
                          UNION ALL
                          SELECT {_REMOVER}, 'delete', moment, thread, NULL, author, NULL, NULL, NULL
                          FROM ({_ALONE}) WHERE number % 3 = 0 AND author > 0
                          UNION ALL
                          SELECT nullif(starter, 0), 'close', created_at, thread, NULL, NULL, NULL, NULL, NULL
                          FROM thread WHERE number % 9 = 0 AND starter IS NOT NULL""",
        "role_spell": """SELECT member, role, start_at, CASE WHEN role = 'banned' THEN end_at END AS end_at
                         FROM _role_spell WHERE role <> 'registered'""",
    },
)
