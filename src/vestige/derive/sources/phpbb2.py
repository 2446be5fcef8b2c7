"""phpBB 2.0.

What it can supply:

    member          users (user -1 is every guest and every deleted author)
    role_spell      users.user_level (administrators, moderators), auth_access (moderators of sections, by groups),
                    user_group + groups (the custodian's map), banlist (banned, without a date)
    section         categories and forums
    thread          topics, without the shadows that moved threads leave behind
    post            posts; attachments (counted)
    object          attachments + attachments_desc (extension "Attachment Mod"; the package itself has none)
    message         privmsgs: the copies of one message put together by sender, recipient and moment
    view            users (last visit)
    sanction        banlist (without a date and without who did it)

and what it cannot: reactions, read-marks, warnings, who removed, moved or merged what, who downloaded (a counter
only), which post a post replies to. Facts: phpBB's own schema and code of 2.0.x; times are seconds since the epoch, 0
is unset.
"""

from typing import Final

from vestige.dataset.schema import Software
from vestige.derive.contract import Cell, Source, SourceColumn, SourceFinding
from vestige.derive.sources.declaring import declare_table, size_band
from vestige.results import Severity

_CATEGORY: Final = 1 << 32
"""Added to a category's number: categories and forums count apart, and both are sections."""


_TABLES: Final = (
    declare_table(
        "users",
        SourceColumn("username", Cell.HANDLE),
        key="user_id",
        numbers="user_active user_level",
        seconds="user_regdate user_lastvisit user_session_time",
        required=True,
    ),
    declare_table("groups", key="group_id", numbers="group_single_user"),
    declare_table("user_group", key="group_id user_id", numbers="user_pending"),
    declare_table("auth_access", key="group_id", numbers="auth_mod"),
    declare_table("categories", key="cat_id"),
    declare_table("forums", key="forum_id", numbers="cat_id", required=True),
    declare_table(
        "topics",
        key="topic_id",
        numbers="forum_id topic_poster topic_status topic_first_post_id topic_moved_id topic_views",
        seconds="topic_time",
        required=True,
    ),
    declare_table(
        "posts",
        SourceColumn("post_time", Cell.SECONDS, required=True),
        key="post_id topic_id poster_id",
        numbers="forum_id",
        seconds="post_edit_time",
        required=True,
    ),
    declare_table(
        "privmsgs",
        key="privmsgs_id privmsgs_from_userid privmsgs_to_userid",
        numbers="privmsgs_type",
        seconds="privmsgs_date",
    ),
    declare_table("banlist", key="ban_id ban_userid"),
    declare_table("attachments", key="attach_id", numbers="post_id user_id_1"),
    declare_table("attachments_desc", key="attach_id", numbers="filesize download_count", seconds="filetime"),
)

_MEMBER = """
SELECT user_id AS member, CASE WHEN user_id > 0 THEN user_regdate END AS registered_at,
       CASE WHEN user_id > 0 THEN 'member' ELSE 'guest' END AS kind, username AS linked_pseudonym
FROM users
"""

_LEVELS = """
SELECT user_id AS member, 'registered' AS role, NULL AS rank, 'snapshot' AS evidence FROM users WHERE user_id > 0
UNION ALL
SELECT user_id, CASE user_level WHEN 1 THEN 'administrator' ELSE 'moderator' END,
       CASE user_level WHEN 1 THEN 0 ELSE 1 END, 'snapshot'
FROM users WHERE user_id > 0 AND user_level IN (1, 2)
"""

_MAPPED = """
SELECT m.user_id AS member, c.role, min(c.rank) AS rank, 'snapshot' AS evidence
FROM user_group m JOIN groups g ON g.group_id = m.group_id JOIN custodian_group c ON c.id = m.group_id
WHERE m.user_id > 0 AND coalesce(m.user_pending, 0) = 0 AND coalesce(g.group_single_user, 0) = 0
GROUP BY m.user_id, c.role
"""

_SECTION_MODERATORS = """
SELECT DISTINCT m.user_id AS member, 'moderator' AS role, 1 AS rank, 'snapshot' AS evidence
FROM auth_access a JOIN user_group m ON m.group_id = a.group_id AND coalesce(m.user_pending, 0) = 0
WHERE a.auth_mod = 1 AND m.user_id > 0
  AND m.user_id NOT IN (SELECT user_id FROM users WHERE user_level IN (1, 2))
"""

_BANS = "SELECT DISTINCT ban_userid AS member FROM banlist WHERE ban_userid > 0"
_IS_SHADOW = "(coalesce(topic_moved_id, 0) > 0 OR coalesce(topic_status, 0) = 2)"

_THREAD = f"""
SELECT topic_id AS thread, nullif(forum_id, 0) AS section, nullif(topic_poster, 0) AS starter,
       topic_time AS created_at, 'visible' AS state, topic_views AS views
FROM topics WHERE NOT {_IS_SHADOW}
"""

_POST = """
WITH told AS (
    SELECT t.topic_id, p.post_id FROM topics t
    JOIN posts p ON p.post_id = t.topic_first_post_id AND p.topic_id = t.topic_id
), opening AS (
    SELECT post_id FROM told
    UNION ALL
    SELECT min(p.post_id) AS post_id FROM posts p ANTI JOIN told ON told.topic_id = p.topic_id GROUP BY p.topic_id
), attached AS (
    SELECT post_id, count(DISTINCT attach_id) AS attachments FROM attachments WHERE post_id > 0 GROUP BY post_id
)
SELECT p.post_id AS post, p.topic_id AS thread, nullif(p.forum_id, 0) AS section, nullif(p.poster_id, 0) AS author,
       p.post_time AS at, o.post_id IS NOT NULL AS is_opening, p.post_edit_time AS edited_at, 'visible' AS state,
       coalesce(a.attachments, 0) AS attachments
FROM posts p
LEFT JOIN opening o ON o.post_id = p.post_id
LEFT JOIN attached a ON a.post_id = p.post_id
"""

_OBJECT = f"""
SELECT d.attach_id AS object, nullif(a.uploader, 0) AS uploader, d.filetime AS at,
       {size_band("d.filesize")} AS size_band, d.download_count AS downloads
FROM attachments_desc d
LEFT JOIN (SELECT attach_id, min(user_id_1) AS uploader FROM attachments GROUP BY attach_id) a
       ON a.attach_id = d.attach_id
"""

_MESSAGE = """
SELECT min(privmsgs_id) AS message, nullif(sender, 0) AS sender, recipient, moment AS at
FROM (
    SELECT privmsgs_id, privmsgs_from_userid AS sender, privmsgs_to_userid AS recipient, privmsgs_date AS moment,
           row_number() OVER (PARTITION BY privmsgs_from_userid, privmsgs_to_userid, privmsgs_date,
                              coalesce(privmsgs_type, 0) IN (2, 4) ORDER BY privmsgs_id) AS place
    FROM privmsgs
)
GROUP BY sender, recipient, moment, place
"""
"""Types 2 and 4 are the sender's own copies, made when the recipient reads; what either holds twice was sent twice."""

_VISIT = """
SELECT user_id AS member, greatest(user_lastvisit, user_session_time) AS at, 'visit' AS kind
FROM users WHERE user_id > 0 AND greatest(user_lastvisit, user_session_time) IS NOT NULL
"""

_ASSEMBLY: Final = {
    "member": {"users": _MEMBER},
    "role_spell": {
        "users": _LEVELS,
        "user_group": _MAPPED,
        "auth_access": _SECTION_MODERATORS,
        "banlist": f"SELECT member, 'banned' AS role, 'snapshot' AS evidence FROM ({_BANS})",
    },
    "section": {
        "forums": f"SELECT forum_id AS section, nullif(cat_id, 0) + {_CATEGORY} AS parent FROM forums",
        "categories": f"SELECT cat_id + {_CATEGORY} AS section FROM categories",
    },
    "thread": {"topics": _THREAD},
    "post": {"posts": _POST},
    "message": {"privmsgs": _MESSAGE},
    "view": {"users": _VISIT},
    "object": {"attachments_desc": _OBJECT},
    "sanction": {"banlist": f"SELECT member, 'ban' AS kind FROM ({_BANS})"},
}

_ABSENT: Final = {
    "moderation": "phpBB 2 keeps no log of what moderators do",
    "reaction": "phpBB 2 has no reactions",
    "download": "the extension counts an attachment's downloads and does not log who made them",
    "external_event": "not in a forum's own records; the custodian knows them",
    "post.parent_post": "phpBB 2 does not record which post a post replies to",
    "object.class": "needs a list of hashes that stays outside",
    "role_spell.start_at": "phpBB 2 keeps no dates of roles",
    "role_spell.end_at": "phpBB 2 keeps no dates of roles",
    "sanction.at": "phpBB 2 keeps no dates of bans",
    "sanction.until": "bans of phpBB 2 have no end",
    "sanction.by": "phpBB 2 does not record who banned",
}

_FINDINGS: Final = (
    SourceFinding(
        "deleted-authors-collapsed",
        Severity.CAUTION,
        "{count} posts are by guests or deleted authors, kept under one account that is never counted as a member",
        "SELECT count(*) FROM posts WHERE poster_id = -1",
    ),
    SourceFinding(
        "unmapped-groups",
        Severity.CAUTION,
        "{count} of the forum's own groups have no role in the custodian's map: their members count as registered",
        """SELECT count(*) FROM groups g ANTI JOIN custodian_group c ON c.id = g.group_id
           WHERE coalesce(g.group_single_user, 0) = 0""",
    ),
    SourceFinding(
        "accounts-not-active",
        Severity.NOTE,
        "{count} accounts are not active: never activated, or deactivated by hand",
        "SELECT count(*) FROM users WHERE user_id > 0 AND user_active = 0",
    ),
    SourceFinding(
        "moved-threads",
        Severity.NOTE,
        "{count} shadows of moved threads were left out: the threads themselves are there",
        f"SELECT count(*) FROM topics WHERE {_IS_SHADOW}",
    ),
    SourceFinding(
        "removed-posts",
        Severity.CAUTION,
        "{count} posts are here; what moderators or authors removed is gone without a trace",
        "SELECT count(*) FROM posts",
    ),
    SourceFinding(
        "address-bans",
        Severity.NOTE,
        "{count} bans are of addresses and name no member: they were left out",
        "SELECT count(*) FROM banlist WHERE coalesce(ban_userid, 0) <= 0",
    ),
    SourceFinding(
        "last-visits-only",
        Severity.NOTE,
        "{count} views are last visits: phpBB keeps no earlier ones",
        f"SELECT count(*) FROM ({_VISIT})",
    ),
)

PHPBB2: Final = Source(
    software=Software.PHPBB2,
    title="phpBB 2.0",
    tables=_TABLES,
    detect=("posts_text", "privmsgs_text", "posts", "topics", "forums", "users", "auth_access"),
    assembly=_ASSEMBLY,
    absent=_ABSENT,
    findings=_FINDINGS,
    group_table=("groups", "group_id", "group_name"),
    section_table=("forums", "forum_id", "forum_name"),
)
