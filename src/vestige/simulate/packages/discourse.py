"""Discourse 3 as a script of pg_dump: COPY blocks, booleans as `t` and `f`, times in UTC without a zone.

Facts of the format: personal messages are topics of their own archetype; soft deletion is `deleted_at`; likes are
`post_actions` of type 2, withdrawn ones keep their row; the log of staff numbers what was done; views of threads and
days of visits are kept as dates.
"""

from typing import Final

from vestige.dataset.schema import Role, Software
from vestige.simulate.dump_layout import DumpLayout
from vestige.simulate.packages.package import UNCOUNTED_OBJECTS, Package, PackageTable

_VIP: Final = 41
_DAY: Final = 86_400
_FOR_EVER: Final = 1_000 * 365 * _DAY
_REMOVER: Final = "(SELECT min(member) FROM member WHERE role = 'administrator')"
_ON: Final = "strftime(datetime(moment), '%Y-%m-%d')"
_TIME: Final = "timestamp_without_time_zone?"
_DATES: Final = f"created_at {_TIME}, updated_at {_TIME}"

_USERS: Final = f"""
SELECT member AS id, text_of('users.username') || member AS username, text_of('users.username_lower') || member
           AS username_lower, role = 'administrator' AS admin, role = 'moderator' AS moderator, 1 AS trust_level,
       datetime(registered_at) AS created_at, datetime(last_visit_at) AS last_seen_at,
       datetime(banned_at) AS suspended_at, datetime(banned_at + {_FOR_EVER}) AS suspended_till
FROM member WHERE kind = 'member'
UNION ALL
SELECT n - 3, text_of('users.username') || 'x' || n, text_of('users.username_lower') || 'x' || n, TRUE, FALSE, 4,
       datetime(1400000000), NULL, NULL, NULL
FROM filler WHERE n <= 2
"""

_HISTORIES: Final = """
SELECT row_number() OVER (ORDER BY moment, action, member) AS id, action, staff AS acting_user_id,
       member AS target_user_id, datetime(moment) AS created_at,
       CASE WHEN action = 15 THEN '0' WHEN action = 3 THEN text_of('user_histories.previous_value') END
           AS previous_value,
       CASE WHEN action = 15 THEN '1' WHEN action = 3 THEN text_of('user_histories.new_value') END AS new_value,
       topic AS topic_id
FROM (
    SELECT moment, CASE new_role WHEN 'administrator' THEN 32 ELSE 34 END AS action, -1 AS staff, member,
           NULL::BIGINT AS topic
    FROM role_change WHERE new_role IN ('administrator', 'moderator')
    UNION ALL SELECT moment, 10, staff, member, NULL FROM sanction WHERE kind = 'ban'
    UNION ALL SELECT registered_at + 3600, 15, NULL, member, NULL FROM member WHERE kind = 'member' AND member % 3 = 0
    UNION ALL SELECT moment, 53, staff, NULL, thread FROM moderation WHERE kind = 'edit'
    UNION ALL SELECT registered_at, 3, -1, NULL, NULL FROM member WHERE kind = 'member' AND member % 9 = 0
)
"""

_TOPICS: Final = """
SELECT thread AS id, section AS category_id, starter AS user_id, TRUE AS visible, 'regular' AS archetype,
       datetime(created_at) AS created_at, CASE WHEN state = 'deleted' THEN datetime(last_post_at) END AS deleted_at,
       posts AS posts_count, views
FROM thread
UNION ALL
SELECT (SELECT max(thread) FROM thread) + message, NULL, sender, TRUE, 'private_message', datetime(moment), NULL, 1, 0
FROM envelope
"""

_POSTS: Final = f"""
SELECT p.post AS id, p.thread AS topic_id, p.number AS post_number, p.author AS user_id, 1 AS post_type,
       q.number AS reply_to_post_number, CASE WHEN p.edited_at IS NULL THEN 1 ELSE 2 END AS version,
       p.state = 'unapproved' AS hidden, FALSE AS user_deleted, datetime(p.moment) AS created_at,
       datetime(coalesce(p.edited_at, p.moment)) AS last_version_at,
       CASE WHEN p.state = 'deleted' THEN datetime(p.moment) END AS deleted_at,
       CASE WHEN p.state = 'deleted' AND p.number % 3 = 0 THEN {_REMOVER} END AS deleted_by_id,
       NULL AS action_code
FROM post p LEFT JOIN post q ON q.post = p.parent_post
UNION ALL
SELECT (SELECT max(post) FROM post) + message, (SELECT max(thread) FROM thread) + message, 1, sender, 1, NULL, 1, FALSE,
       FALSE, datetime(moment), datetime(moment), NULL, NULL, NULL
FROM envelope
UNION ALL
SELECT (SELECT max(post) FROM post) + (SELECT max(message) FROM envelope) + thread, thread, posts + 1, {_REMOVER}, 3,
       NULL, 1, FALSE, FALSE, datetime(last_post_at), datetime(last_post_at), NULL, NULL, text_of('posts.action_code')
FROM thread WHERE number % 40 = 1
UNION ALL
SELECT 2 * (SELECT max(post) + (SELECT max(message) FROM envelope) + (SELECT max(thread) FROM thread) FROM post) + act,
       thread, 100000 + act, staff, 3, NULL, 1, FALSE, FALSE, datetime(moment), datetime(moment), NULL, NULL,
       CASE kind WHEN 'close' THEN 'closed.enabled' ELSE 'pinned_globally.enabled' END
FROM moderation WHERE kind IN ('close', 'stick')
"""

_LIKES: Final = """
SELECT reaction AS id, post AS post_id, giver AS user_id, 2 AS post_action_type_id, datetime(moment) AS created_at,
       NULL::TIMESTAMP AS deleted_at
FROM reaction
UNION ALL
SELECT (SELECT max(reaction) FROM reaction) + reaction, post, giver, CASE WHEN reaction % 2 = 0 THEN 2 ELSE 4 END,
       datetime(moment), datetime(moment)
FROM reaction WHERE reaction % 20 = 0
"""

_ALLOWED: Final = """
SELECT row_number() OVER (ORDER BY message, member) AS id, (SELECT max(thread) FROM thread) + message AS topic_id,
       member AS user_id, datetime(moment) AS created_at
FROM (
    SELECT message, recipient AS member, moment FROM message
    UNION SELECT message, sender, moment FROM envelope
)
"""

_TABLES: Final = {
    "users": PackageTable(
        f"""id integer, username character_varying(60)?, name character_varying(120)?, seen_notification_id bigint,
        last_posted_at {_TIME}, password_hash character_varying(64)?, salt character_varying(32)?, active boolean true,
        username_lower character_varying(60)?, last_seen_at {_TIME}, admin boolean false, trust_level integer,
        approved boolean true, suspended_at {_TIME}, suspended_till {_TIME}, date_of_birth date?,
        moderator boolean false, title character_varying(255)?, staged boolean false, silenced_till {_TIME},
        secure_identifier character_varying(255)?, {_DATES}""",
        _USERS,
    ),
    "user_emails": PackageTable(f"id integer, user_id integer, email character_varying(513)?, {_DATES}"),
    "groups": PackageTable(
        f"""id integer, name character_varying(255)?, automatic boolean false, bio_raw text?, bio_cooked text?,
        full_name character_varying(255)?, {_DATES}""",
        f"""SELECT n AS id, text_of('groups.name') || n AS name, n < {_VIP} AS automatic
            FROM unnest([0, 1, 2, 3, 10, 11, 12, 13, 14, {_VIP}]) AS listed (n)""",
    ),
    "group_users": PackageTable(
        f"id integer, group_id integer, user_id integer, owner boolean false, {_DATES}",
        f"""SELECT row_number() OVER (ORDER BY group_id, member) AS id, group_id, member AS user_id,
                   datetime(moment) AS created_at
            FROM (SELECT {_VIP} AS group_id, member, moment FROM role_change WHERE new_role = 'vip'
                  UNION ALL SELECT 10, member, registered_at FROM member WHERE kind = 'member')""",
    ),
    "group_histories": PackageTable(
        f"""id integer, group_id integer, acting_user_id integer, target_user_id integer?, action integer,
        subject character_varying(255)?, prev_value text?, new_value text?, {_DATES}""",
        f"""SELECT row_number() OVER (ORDER BY member) AS id, {_VIP} AS group_id, -1 AS acting_user_id,
                   member AS target_user_id, 2 AS action, datetime(moment) AS created_at
            FROM role_change WHERE new_role = 'vip'""",
    ),
    "user_histories": PackageTable(
        f"""id integer, action integer, acting_user_id integer?, target_user_id integer?, details text?,
        context character_varying(255)?, ip_address character_varying(45)?, email character_varying(255)?,
        subject text?, previous_value text?, new_value text?, topic_id integer?, {_DATES}""",
        _HISTORIES,
    ),
    "moved_posts": PackageTable(
        f"""id integer, old_topic_id integer?, old_post_id integer?, new_topic_id integer,
        new_topic_title character_varying(255)?, new_post_id integer, created_new_topic boolean false,
        user_id integer?, {_DATES}""",
        """SELECT 2 * act + n AS id, thread AS old_topic_id, target_thread AS new_topic_id, first_post AS new_post_id,
                  TRUE AS created_new_topic, staff AS user_id, datetime(moment // 60 * 60 + n) AS created_at
           FROM moderation, filler WHERE kind = 'split' AND n <= 2""",
    ),
    "user_warnings": PackageTable(
        f"id integer, topic_id integer, user_id integer, created_by_id integer, {_DATES}",
        """SELECT sanction AS id, member AS user_id, staff AS created_by_id, datetime(moment) AS created_at
           FROM sanction WHERE kind = 'warning'""",
    ),
    "categories": PackageTable(
        f"""id integer, name character_varying(50)?, color character_varying(6)?, description text?, slug
        character_varying(255)?, position integer?, parent_category_id integer?, {_DATES}""",
        "SELECT section AS id, parent AS parent_category_id, position FROM section",
    ),
    "topics": PackageTable(
        f"""id integer, title character_varying(255)?, last_posted_at {_TIME}, {_DATES}, views integer,
        posts_count integer, user_id integer?, deleted_at {_TIME}, category_id integer?, visible boolean true,
        archetype character_varying(255)?, slug character_varying(255)?, excerpt character_varying(1000)?,
        fancy_title character_varying(400)?""",
        _TOPICS,
    ),
    "posts": PackageTable(
        f"""id integer, user_id integer?, topic_id integer, post_number integer, raw text, cooked text, {_DATES},
        reply_to_post_number integer?, deleted_at {_TIME}, post_type integer, hidden boolean false,
        last_version_at {_TIME}, user_deleted boolean false, deleted_by_id integer?, edit_reason
        character_varying(255)?, version integer, raw_email text?, action_code character_varying(255)?""",
        _POSTS,
    ),
    "post_actions": PackageTable(
        f"id integer, post_id integer, user_id integer, post_action_type_id integer, deleted_at {_TIME}, {_DATES}",
        _LIKES,
    ),
    "post_search_data": PackageTable(
        "post_id integer, search_data text?, raw_data text?, locale character_varying(255)?",
        "SELECT post AS post_id FROM post",
    ),
    "topic_allowed_users": PackageTable(f"id integer, user_id integer, topic_id integer, {_DATES}", _ALLOWED),
    "topic_views": PackageTable(
        "topic_id integer, viewed_at date?, user_id integer?, ip_address character_varying(45)?",
        f"SELECT thread AS topic_id, {_ON} AS viewed_at, member AS user_id FROM read_mark",
    ),
    "topic_users": PackageTable(
        f"user_id integer, topic_id integer, last_visited_at {_TIME}, first_visited_at {_TIME}",
        "SELECT member AS user_id, thread AS topic_id, datetime(moment) AS last_visited_at FROM read_mark",
    ),
    "user_visits": PackageTable(
        "id integer, user_id integer, visited_at date?, posts_read integer, mobile boolean false",
        f"""SELECT row_number() OVER (ORDER BY member) AS id, member AS user_id, {_ON} AS visited_at
            FROM last_visit""",
    ),
    "uploads": PackageTable(
        f"""id integer, user_id integer?, original_filename character_varying(255)?, filesize bigint, url
        character_varying(255)?, sha1 character_varying(40)?, extension character_varying(10)?, {_DATES}""",
        """SELECT object AS id, uploader AS user_id, bytes AS filesize, datetime(moment) AS created_at FROM object
           UNION ALL SELECT -n, -1, 5000, datetime(1400000000) FROM filler WHERE n <= 3""",
    ),
    "upload_references": PackageTable(
        f"id integer, upload_id bigint, target_type character_varying(255)?, target_id bigint, {_DATES}",
        """SELECT object AS id, object AS upload_id, 'Post' AS target_type, post AS target_id FROM object
           UNION ALL SELECT 100000 + n, n, 'UserAvatar', n FROM filler""",
    ),
    "site_settings": PackageTable(f"id integer, name character_varying(255)?, value text?, {_DATES}"),
    "drafts": PackageTable(f"id integer, user_id integer, draft_key character_varying(50)?, data text?, {_DATES}"),
}

_UNTIL: Final = f"CASE WHEN kind = 'ban' THEN moment + {_FOR_EVER} END"

DISCOURSE: Final = Package(
    software=Software.DISCOURSE,
    prefix="",
    tables=_TABLES,
    own_groups={_VIP: Role.VIP},
    guest=None,
    layout=DumpLayout.PG_DUMP,
    bodies=frozenset({"posts.raw", "posts.cooked", "post_search_data.raw_data"}),
    held={
        "moderation": """SELECT staff AS "by", kind, thread, NULL AS post, target_thread, NULL AS member,
                                CASE kind WHEN 'split' THEN moment // 60 * 60 + 1 ELSE moment END AS at,
                                NULL AS from_section, NULL AS to_section
                         FROM moderation WHERE kind NOT IN ('move', 'merge')""",
        "object": UNCOUNTED_OBJECTS,
        "member": """SELECT member, registered_at, kind FROM member WHERE kind = 'member'
                     UNION ALL SELECT * FROM (VALUES (-2, 1400000000, 'bot'), (-1, 1400000000, 'system'),
                                                     (0, NULL, 'deleted'))""",
        "thread": """SELECT thread, section, coalesce(starter, 0) AS starter, created_at, state, views FROM thread""",
        "post": """SELECT post, thread, section, coalesce(author, 0) AS author, moment AS at, is_opening, parent_post,
                          edited_at, state, attachments
                   FROM post""",
        "reaction": """SELECT giver, coalesce(receiver, 0) AS receiver, post, moment AS at, 'like' AS kind, weight
                       FROM reaction""",
        "view": f"""SELECT member, moment AS at, thread, kind FROM read_mark
                    UNION ALL SELECT member, moment // {_DAY} * {_DAY}, thread, 'thread' FROM read_mark
                    UNION ALL SELECT member, moment // {_DAY} * {_DAY}, NULL, kind FROM last_visit""",
        "sanction": f"""SELECT member, staff AS "by", kind, moment AS at, {_UNTIL} AS until FROM sanction
                        UNION ALL
                        SELECT author, {_REMOVER}, 'removal', moment, NULL FROM post
                        WHERE state = 'deleted' AND number % 3 = 0 AND author <> {_REMOVER}""",
        "role_spell": "SELECT member, role, start_at, NULL AS end_at FROM _role_spell WHERE role <> 'registered'",
    },
)
