"""Flarum 1 as a dump: DATETIME in UTC, tags as sections, notes of the software among the posts, nulls for the deleted.

Facts of the format: a thread in an inner tag carries the outer one too; hiding is soft deletion; what waits for
approval is private; a reply mentions the post it answers; conversations are dialogs of the extension Messages.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.packages.package import UNCOUNTED_OBJECTS, Package, PackageTable

_VIP: Final = 9
_FOR_EVER: Final = 1_000 * 365 * 86_400
_REMOVER: Final = "(SELECT min(member) FROM member WHERE role = 'administrator')"
_HIDDEN_BY: Final = f"CASE WHEN number % 3 = 0 THEN {_REMOVER} ELSE author END"

_POSTS: Final = f"""
SELECT post AS id, thread AS discussion_id, number, datetime(moment) AS created_at, author AS user_id,
       'comment' AS type, datetime(edited_at) AS edited_at, CASE WHEN state = 'deleted' THEN datetime(moment) END
           AS hidden_at, CASE WHEN state = 'deleted' THEN {_HIDDEN_BY} END AS hidden_user_id,
       CASE WHEN state = 'unapproved' THEN 1 ELSE 0 END AS is_private,
       CASE WHEN state = 'unapproved' THEN 0 ELSE 1 END AS is_approved
FROM post
UNION ALL
SELECT (SELECT max(post) FROM post) + thread, thread, posts + 1, datetime(last_post_at), starter,
       text_of('posts.type'), NULL, NULL, NULL, 0, 1
FROM thread WHERE number % 40 = 1
UNION ALL
SELECT (SELECT max(post) FROM post) + (SELECT max(thread) FROM thread) + act, subject, 100000 + act, datetime(moment),
       staff, CASE kind WHEN 'close' THEN 'discussionLocked' WHEN 'move' THEN 'discussionTagged'
                        WHEN 'merge' THEN 'discussionMerged' ELSE 'discussionSplit' END, NULL, NULL, NULL, 0, 1
FROM moderation WHERE kind IN ('close', 'move', 'merge', 'split')
"""

_GROUPS: Final = f"""
SELECT member AS user_id, CASE new_role WHEN 'administrator' THEN 1 WHEN 'moderator' THEN 4 ELSE {_VIP} END AS group_id,
       datetime(moment) AS created_at
FROM role_change WHERE new_role <> 'banned'
"""

_TABLES: Final = {
    "users": PackageTable(
        """id key, username varchar(100), email varchar(150), is_email_confirmed flag 1, password varchar(100),
        avatar_url varchar(100)?, preferences blob?, joined_at datetime?, last_seen_at datetime?, discussion_count id,
        comment_count id, suspended_until datetime?, suspend_reason text?, suspend_message text? | PRIMARY(id)""",
        f"""SELECT member AS id, text_of('users.username') || member AS username, datetime(registered_at) AS joined_at,
                   datetime(last_visit_at) AS last_seen_at, datetime(banned_at + {_FOR_EVER}) AS suspended_until
            FROM member WHERE kind = 'member'""",
    ),
    "groups": PackageTable(
        """id key, name_singular varchar(100), name_plural varchar(100), color varchar(20)?, icon varchar(100)?,
        is_hidden flag | PRIMARY(id)""",
        "SELECT n AS id, text_of('groups.name_singular') || n AS name_singular FROM filler WHERE n IN (1, 2, 3, 4, 9)",
    ),
    "group_permission": PackageTable("group_id id, permission varchar(100)"),
    "group_user": PackageTable("user_id id, group_id id, created_at datetime? | PRIMARY(user_id;group_id)", _GROUPS),
    "access_tokens": PackageTable(
        """id key, token varchar(40), user_id id, last_activity_at datetime?, created_at datetime?, type varchar(100),
        title varchar(150)?, last_ip_address varchar(45)?, last_user_agent varchar(255)? | PRIMARY(id)"""
    ),
    "tags": PackageTable(
        """id key, name varchar(100), slug varchar(100), description text?, position int(11)?, parent_id id?,
        is_hidden flag | PRIMARY(id)""",
        "SELECT section AS id, parent AS parent_id, position FROM section",
    ),
    "discussion_tag": PackageTable(
        "discussion_id id, tag_id id, created_at datetime? | PRIMARY(discussion_id;tag_id)",
        """SELECT thread AS discussion_id, section AS tag_id FROM thread WHERE section IS NOT NULL
           UNION ALL
           SELECT t.thread, s.parent FROM thread t JOIN section s ON s.section = t.section
           WHERE s.parent IS NOT NULL""",
    ),
    "discussions": PackageTable(
        """id key, title varchar(200), comment_count int(11) 1, created_at datetime?, user_id id?, first_post_id id?,
        last_posted_at datetime?, hidden_at datetime?, hidden_user_id id?, slug varchar(255), is_private flag,
        is_approved flag 1, is_locked flag | PRIMARY(id)""",
        """SELECT thread AS id, posts AS comment_count, datetime(created_at) AS created_at, starter AS user_id,
                  first_post AS first_post_id, datetime(last_post_at) AS last_posted_at,
                  CASE WHEN state = 'deleted' THEN datetime(last_post_at) END AS hidden_at
           FROM thread""",
    ),
    "posts": PackageTable(
        """id key, discussion_id id, number id?, created_at datetime?, user_id id?, type varchar(100)?,
        content mediumtext, edited_at datetime?, edited_user_id id?, hidden_at datetime?, hidden_user_id id?,
        ip_address varchar(45)?, is_private flag, is_approved flag 1 | PRIMARY(id)""",
        _POSTS,
    ),
    "post_mentions_post": PackageTable(
        "post_id id, mentions_post_id id | PRIMARY(post_id;mentions_post_id)",
        "SELECT post AS post_id, parent_post AS mentions_post_id FROM post WHERE parent_post IS NOT NULL",
    ),
    "post_likes": PackageTable(
        "post_id id, user_id id, created_at datetime? | post(post_id)",
        "SELECT post AS post_id, giver AS user_id, datetime(moment) AS created_at FROM reaction",
    ),
    "flags": PackageTable(
        """id key, post_id id, type varchar(255), user_id id?, reason varchar(255)?, reason_detail text?,
        created_at datetime? | PRIMARY(id)"""
    ),
    "dialogs": PackageTable(
        "id key, first_message_id id?, last_message_id id?, type varchar(255), created_at datetime? | PRIMARY(id)",
        "SELECT message AS id, message AS first_message_id, datetime(moment) AS created_at FROM envelope",
    ),
    "dialog_messages": PackageTable(
        "id key, dialog_id id, user_id id?, content mediumtext, created_at datetime? | PRIMARY(id)",
        """SELECT message AS id, message AS dialog_id, sender AS user_id, datetime(moment) AS created_at
           FROM envelope""",
    ),
    "dialog_user": PackageTable(
        "id key, dialog_id id, user_id id, joined_at datetime?, last_read_at datetime? | PRIMARY(id)",
        """SELECT row_number() OVER (ORDER BY message, member) AS id, message AS dialog_id, member AS user_id
           FROM (SELECT message, recipient AS member FROM message UNION SELECT message, sender FROM envelope)
           WHERE member IS NOT NULL""",
    ),
    "discussion_user": PackageTable(
        """user_id id, discussion_id id, last_read_at datetime?, last_read_post_number id?,
        subscription enum(follow;ignore)? | PRIMARY(user_id;discussion_id)""",
        "SELECT member AS user_id, thread AS discussion_id, datetime(moment) AS last_read_at FROM read_mark",
    ),
    "fof_upload_files": PackageTable(
        """id key, actor_id id?, discussion_id id?, post_id id?, base_name varchar(255), path varchar(255)?,
        url varchar(255), type varchar(255), size int(11), created_at datetime?, uuid varchar(255)? | PRIMARY(id)""",
        """SELECT object AS id, uploader AS actor_id, post AS post_id, bytes AS size, datetime(moment) AS created_at
           FROM object""",
    ),
    "notifications": PackageTable(
        "id key, user_id id, from_user_id id?, type varchar(100), data blob?, created_at datetime? | PRIMARY(id)"
    ),
}

FLARUM: Final = Package(
    software=Software.FLARUM,
    prefix="flarum_",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    guest=None,
    bodies=frozenset({"posts.content", "dialog_messages.content"}),
    held={
        "moderation": f"""SELECT staff AS "by", moment AS at, thread, NULL AS post, NULL AS member,
                                 CASE WHEN kind = 'close' AND row_number() OVER told % 2 = 0 THEN 'open' ELSE kind END
                                     AS kind, NULL AS from_section,
                                 CASE WHEN kind = 'move' AND lead(act) OVER told IS NULL THEN to_section END
                                     AS to_section, CASE WHEN kind = 'merge' THEN target_thread END AS target_thread
                          FROM moderation WHERE kind IN ('close', 'move', 'merge', 'split')
                          WINDOW told AS (PARTITION BY subject, kind ORDER BY act)
                          UNION ALL
                          SELECT {_REMOVER}, moment, thread, post, author, 'remove', NULL, NULL, NULL FROM post
                          WHERE state = 'deleted' AND number % 3 = 0 AND author <> {_REMOVER}""",
        "object": UNCOUNTED_OBJECTS,
        "member": """SELECT member, registered_at, kind FROM member WHERE kind = 'member'
                     UNION ALL SELECT 0, NULL, 'deleted'""",
        "thread": """SELECT thread, section, coalesce(starter, 0) AS starter, created_at, state, NULL::BIGINT AS views
                     FROM thread""",
        "post": """SELECT post, thread, section, coalesce(author, 0) AS author, moment AS at, is_opening, parent_post,
                          edited_at, state, attachments
                   FROM post""",
        "reaction": """SELECT giver, coalesce(receiver, 0) AS receiver, post, moment AS at, 'like' AS kind, weight
                       FROM reaction""",
        "sanction": f"""SELECT member, NULL AS "by", kind, NULL AS at, moment + {_FOR_EVER} AS until FROM sanction
                        WHERE kind = 'ban'
                        UNION ALL
                        SELECT author, {_REMOVER}, 'removal', moment, NULL FROM post
                        WHERE state = 'deleted' AND number % 3 = 0 AND author <> {_REMOVER}""",
        "role_spell": """SELECT member, role, CASE WHEN role <> 'banned' THEN start_at END AS start_at, NULL AS end_at
                         FROM _role_spell WHERE role <> 'registered'""",
    },
)
