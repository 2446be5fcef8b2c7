"""phpBB 2.0 as a dump: Latin-1 tables, texts apart from what they belong to, a copy of a message for each side.

Facts of the format: user -1, who has a row, is every guest and every deleted author; every account has a group of its
own (`group_single_user`), through which moderators of sections get their rights; a message's second copy, the sender's,
is made when it is read; shadows of moved threads have status 2.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import Package, PackageTable

_VIP: Final = 1
_OWN: Final = 10
"""Added to a member's number for the number of the group that is his own."""

_MESSAGES: Final = """
SELECT row_number() OVER (ORDER BY message, position, kind) AS privmsgs_id, kind AS privmsgs_type,
       sender AS privmsgs_from_userid, recipient AS privmsgs_to_userid, moment AS privmsgs_date
FROM (
    SELECT message, position, sender, recipient, moment, [1, 0, 3, 5][1 + (message + recipient) % 4] AS kind
    FROM message
    UNION ALL
    SELECT message, position, sender, recipient, moment, 2 FROM message WHERE (message + recipient) % 4 IN (1, 2)
)
"""

_TABLES: Final = {
    "attachments": PackageTable(
        "attach_id medium, post_id medium, privmsgs_id medium, user_id_1 mediumint(8), user_id_2 mediumint(8) "
        "| attach_id_post_id(attach_id;post_id)",
        "SELECT object AS attach_id, post AS post_id, coalesce(uploader, -1) AS user_id_1 FROM object",
    ),
    "attachments_desc": PackageTable(
        """attach_id key, physical_filename varchar(255), real_filename varchar(255), download_count medium,
        comment varchar(255), extension varchar(100), mimetype varchar(100), filesize id, filetime time, thumbnail flag
        | PRIMARY(attach_id)""",
        "SELECT object AS attach_id, downloads AS download_count, bytes AS filesize, moment AS filetime FROM object",
    ),
    "auth_access": PackageTable(
        "group_id mediumint(8), forum_id small, auth_view flag, auth_mod flag | group_id(group_id)",
        f"""SELECT member + {_OWN} AS group_id, 1 AS forum_id, (role = 'moderator')::INT AS auth_mod FROM member
            WHERE kind <> 'guest' AND role IN ('moderator', 'vip')""",
    ),
    "banlist": PackageTable(
        "ban_id key, ban_userid mediumint(8), ban_ip char(8), ban_email varchar(255) | PRIMARY(ban_id)",
        """SELECT row_number() OVER () AS ban_id, member AS ban_userid FROM (
               SELECT DISTINCT member FROM sanction WHERE kind = 'ban' UNION ALL SELECT 0)""",
    ),
    "categories": PackageTable(
        "cat_id key, cat_title varchar(100), cat_order medium | PRIMARY(cat_id)",
        "SELECT 1 AS cat_id",
    ),
    "forums": PackageTable(
        """forum_id small, cat_id medium, forum_name varchar(150), forum_desc text, forum_status small,
        forum_order medium, forum_posts medium, forum_topics medium | PRIMARY(forum_id)""",
        "SELECT section AS forum_id, 1 AS cat_id, position AS forum_order FROM section",
    ),
    "groups": PackageTable(
        """group_id key, group_type tinyint(4) 1, group_name varchar(40), group_description varchar(255),
        group_moderator mediumint(8), group_single_user flag 1 | PRIMARY(group_id)""",
        f"""SELECT {_VIP} AS group_id, 0 AS group_single_user
            UNION ALL SELECT member + {_OWN}, 1 FROM member WHERE kind <> 'guest'""",
    ),
    "posts": PackageTable(
        """post_id key, topic_id medium, forum_id small, poster_id mediumint(8), post_time time, poster_ip char(8),
        post_username varchar(25), enable_sig flag, post_edit_time time, post_edit_count small
        | PRIMARY(post_id) topic_id(topic_id)""",
        """SELECT post AS post_id, thread AS topic_id, section AS forum_id, coalesce(author, -1) AS poster_id,
                  moment AS post_time, coalesce(edited_at, 0) AS post_edit_time FROM post""",
    ),
    "posts_text": PackageTable(
        "post_id medium, bbcode_uid char(10), post_subject char(60), post_text text | PRIMARY(post_id)",
        "SELECT post AS post_id FROM post",
    ),
    "privmsgs": PackageTable(
        """privmsgs_id key, privmsgs_type tinyint(4), privmsgs_subject varchar(255), privmsgs_from_userid mediumint(8),
        privmsgs_to_userid mediumint(8), privmsgs_date time, privmsgs_ip char(8) | PRIMARY(privmsgs_id)""",
        _MESSAGES,
    ),
    "privmsgs_text": PackageTable(
        "privmsgs_text_id medium, privmsgs_bbcode_uid char(10), privmsgs_text text | PRIMARY(privmsgs_text_id)",
        f"SELECT privmsgs_id AS privmsgs_text_id FROM ({_MESSAGES})",
    ),
    "sessions": PackageTable(
        """session_id char(32), session_user_id mediumint(8), session_start time, session_ip char(8)
        | PRIMARY(session_id)"""
    ),
    "topics": PackageTable(
        """topic_id key, forum_id small, topic_title char(60), topic_poster mediumint(8), topic_time time,
        topic_views medium, topic_replies medium, topic_status small, topic_type small, topic_first_post_id medium,
        topic_last_post_id medium, topic_moved_id medium | PRIMARY(topic_id) forum_id(forum_id)""",
        """SELECT thread AS topic_id, section AS forum_id, coalesce(starter, -1) AS topic_poster,
                  created_at AS topic_time, views AS topic_views, posts - 1 AS topic_replies,
                  number % 2 AS topic_status, first_post AS topic_first_post_id, last_post AS topic_last_post_id,
                  0 AS topic_moved_id
           FROM thread
           UNION ALL
           SELECT (SELECT max(thread) FROM thread) + row_number() OVER (ORDER BY thread), section,
                  coalesce(starter, -1), created_at, 0, 0, 2, first_post, last_post, thread
           FROM thread WHERE number % 20 = 0""",
    ),
    "user_group": PackageTable(
        "group_id mediumint(8), user_id mediumint(8), user_pending flag | group_id(group_id)",
        f"""SELECT member + {_OWN} AS group_id, member AS user_id FROM member WHERE kind <> 'guest'
            UNION ALL SELECT {_VIP}, member FROM member WHERE role = 'vip'""",
    ),
    "users": PackageTable(
        """user_id mediumint(8), user_active flag 1, username varchar(25), user_password varchar(32),
        user_session_time time, user_lastvisit time, user_regdate time, user_level tinyint(4), user_posts medium,
        user_lang varchar(255), user_dateformat varchar(14), user_avatar varchar(100), user_email varchar(255),
        user_icq varchar(15), user_website varchar(100), user_from varchar(100), user_sig text, user_aim varchar(255),
        user_occ varchar(100), user_interests varchar(255), user_actkey varchar(32) | PRIMARY(user_id)""",
        """SELECT member AS user_id, coalesce(registered_at, 0) AS user_regdate, posts AS user_posts,
                  coalesce(last_visit_at, 0) AS user_lastvisit,
                  CASE role WHEN 'administrator' THEN 1 WHEN 'moderator' THEN 2 ELSE 0 END AS user_level
           FROM member
           UNION ALL SELECT -1, 0, 0, 0, 0""",
    ),
}

PHPBB2: Final = Package(
    software=Software.PHPBB2,
    prefix="phpbb_",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    guest=None,
    first_member=2,
    charset="latin1",
    bodies=frozenset({"posts_text.post_text", "privmsgs_text.privmsgs_text"}),
    held={
        "member": """SELECT member, registered_at, 'member' AS kind FROM member WHERE kind <> 'guest'
                     UNION ALL SELECT -1, NULL, 'guest'""",
        "section": "SELECT section, 4294967297 AS parent FROM section UNION ALL SELECT 4294967297, NULL",
        "thread": """SELECT thread, section, coalesce(starter, -1) AS starter, created_at, 'visible' AS state, views
                     FROM thread""",
        "object": "SELECT object, size_band, coalesce(uploader, -1) AS uploader, moment AS at, downloads FROM object",
        "post": """SELECT post, thread, section, coalesce(author, -1) AS author, moment AS at, is_opening, edited_at,
                          NULL AS parent_post, 'visible' AS state, attachments FROM post""",
        "reaction": "",
        "message": """SELECT 1000 * message + position AS message, sender, recipient, moment AS at FROM message""",
        "view": "SELECT member, moment AS at, NULL AS thread, kind FROM last_visit",
        "sanction": """SELECT DISTINCT member, NULL AS "by", kind, NULL AS at, NULL AS until FROM sanction
                       WHERE kind = 'ban'""",
        "role_spell": """SELECT member, role, NULL AS start_at, NULL AS end_at FROM member WHERE role <> 'registered'
                         UNION ALL
                         SELECT DISTINCT member, 'banned', NULL, NULL FROM sanction WHERE kind = 'ban'""",
    },
)
